"""The alarms, a row each: name, priority, what (on the screen), why, what to do, groups (none where left out).

Priorities of IEC 60601-1-8: HIGH, MEDIUM, LOW. At equal priority the patient's come before the device's, then the row
that stands first (ALM-7).
"""

LOW, MEDIUM, HIGH = 1, 2, 3
PATIENT = 1  # follows the patient, whatever the pump's state is
REMINDS = 2  # sounds until one press, then reminds every two minutes
AT_ONCE = 8  # answers what a person has just done: it sounds, though another alarm's sound is paused
NAMED = 4  # while it is up, monitoring is not ended by keys alone: it wants a handover by name

ROWS = (
    ("none", 0, "", "", ""),
    ("spo2-stop", HIGH, "SPO2 LOW",
     "SpO2 has been at or below the stop limit for the set delay, or again and again",
     "Look at the patient; SILENCE confirms when it is over", PATIENT | NAMED),
    ("pulse-stop", HIGH, "PULSE LIMIT",
     "The pulse rate has been outside its limits for the set delay",
     "Look at the patient; SILENCE confirms when it is over", PATIENT | NAMED),
    ("signal-hold", HIGH, "NO SPO2 SIGNAL",
     "No valid oximeter reading for 15 s, or none any more from somebody whose SpO2 was low or falling",
     "Nothing flows. Check the patient, probe and cable", PATIENT),
    ("over-delivery", HIGH, "OVER-DELIVERY",
     "More was delivered than was due", "Clamp the line. Do not use this pump again"),
    ("under-delivery", HIGH, "UNDER-DELIVERY",
     "Less was delivered than was due", "Check line and bag. Do not use this pump again"),
    ("drive", HIGH, "DRIVE FAULT",
     "The motor's pulses do not follow the command", "Clamp the line. Do not use this pump again"),
    ("memory", HIGH, "MEMORY FAULT",
     "The stored protocol has changed", "Clamp the line. Do not use this pump again"),
    ("severe", HIGH, "SEVERE REACTION",
     "A severe reaction was reported", "Clamp, disconnect at the hub, treat through the other line", PATIENT | REMINDS),
    ("spo2-early", MEDIUM, "SPO2 FALLING",
     "SpO2 is at or below the early limit", "Look at the patient", PATIENT),
    ("signal-lost", MEDIUM, "SPO2 SIGNAL LOST",
     "No valid oximeter reading for 5 s", "Check probe and cable; held after 15 s", PATIENT),
    ("held", MEDIUM, "INFUSION HELD",
     "The infusion waits for a person", "Classify the hold, then resume or end"),
    ("bag", MEDIUM, "BAG CHANGE",
     "The next bag is due", "Hang the bag that is named, then CONFIRM"),
    ("bag-wrong", MEDIUM, "WRONG BAG",
     "The code that was picked or scanned is not that of the bag asked for",
     "Take the bag off, hang the one that is named", AT_ONCE),
    ("key-stuck", MEDIUM, "KEY STUCK",
     "A key has been down for a minute", "Free the key"),
    ("journal-full", MEDIUM, "LOG FULL",
     "The log's memory is full", "Let the session end, then pull the log"),
    ("battery-low", MEDIUM, "BATTERY LOW",
     "The battery lasts for less than half an hour, or there is none", "Connect the pump to the mains"),
    ("link-lost", LOW, "LAPTOP LOST",
     "Nothing heard from the laptop for 5 s", "The pump goes on by itself"),
    ("completed", LOW, "COMPLETED",
     "The full dose is delivered", "Start the observation time"),
    ("key-storm", MEDIUM, "KEYPAD FAULT",
     "Keys go down more often than people press", "Dry the keypad. Nothing starts until it is quiet for 10 s"),
    ("log-fast", LOW, "LOG FILLS FAST",
     "An event comes more often than its share of the log", "See in the log which; free the key, unplug the laptop"),
    ("screen", HIGH, "SCREEN LOST",
     "The screen does not answer", "Do not trust what it shows. Held after 60 s; use the laptop or another pump"),
    ("lights", MEDIUM, "LIGHTS LOST",
     "Lights and nurse call do not answer", "Stay within hearing of the pump"),
    ("log-lost", MEDIUM, "LOG LOST",
     "The log's memory does not keep what is written", "Keep the laptop connected; let the session end"),
    ("session-lost", HIGH, "SESSION LOST",
     "The pump started anew in a session; the dose so far is in the log",
     "Look at patient and line; nothing goes on by itself. CONFIRM when it is seen"),
    ("clock-lost", LOW, "CLOCK LOST",
     "The clock does not answer: the log has no time of day", "Note the time by hand; the session goes on"),
    ("clock-unset", LOW, "CLOCK NOT SET",
     "The clock's battery was empty, or nobody has set it: the log has no time of day",
     "Set it from the laptop after the session; have its battery changed"),
    ("clock-stopped", LOW, "CLOCK STOPPED",
     "The clock answers but stands still: the log has no time of day", "Note the time by hand; have the clock changed"),
    ("clock-jumped", LOW, "CLOCK JUMPED",
     "The clock went ahead or back by itself: the log has no time of day", "Set it from the laptop after the session"),
    ("clocks-apart", MEDIUM, "CLOCKS APART",
     "The pump's own time and its clock run apart: one of them runs at a wrong rate",
     "Compare the bag with the volume shown; have the pump checked after the session"),
    ("keyring", LOW, "KEYS DAMAGED",
     "The keyring is damaged: nobody is known, and nothing loads", "Install it again: toleramp keys install"),
    ("power-lost", HIGH, "POWER WAS LOST",
     "The power went, or the processor started anew, in a session: nothing flows",
     "Look at patient and line, then CONFIRM; what was given stands on the screen"),
    ("self-test", HIGH, "SELF-TEST FAILED",
     "A check of the pump's own parts has failed; the screen names it",
     "Nothing flows. Do as the screen says; only switching it off and on ends this"),
    ("battery-flat", HIGH, "BATTERY FLAT",
     "The battery lasts for less than 3 minutes", "Nothing flows until the pump is on the mains"),
    ("battery-5", HIGH, "BATTERY 5 MIN",
     "The battery lasts for less than 5 minutes; at 3 the flow stops", "Connect the pump to the mains now"),
    ("battery-15", MEDIUM, "BATTERY 15 MIN",
     "The battery lasts for less than 15 minutes", "Connect the pump to the mains"),
)  # fmt: skip
NAMES = tuple([row[0] for row in ROWS])
PRIORITY = bytes([row[1] for row in ROWS])
WHAT = tuple([row[2].encode() for row in ROWS])
GROUP = bytes([row[5] if len(row) > 5 else 0 for row in ROWS])
(
    NONE, SPO2_STOP, PULSE_STOP, SIGNAL_HOLD, OVER, UNDER, DRIVE, MEMORY, SEVERE, SPO2_EARLY, SIGNAL_LOST, HELD, BAG,
    WRONG_BAG, KEY, JOURNAL, BATTERY, LINK, DONE, STORM, LOG_FAST, SCREEN, LIGHTS, LOG_LOST,
    SESSION, CLOCK_LOST, CLOCK_UNSET, CLOCK_STOPPED, CLOCK_JUMPED, CLOCKS_APART, KEYRING, POWER, SELF_TEST,
    BATTERY_FLAT, BATTERY_5, BATTERY_15,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names, their order, priorities and groups."""
    return ["%s %d %d" % (row[0], row[1], GROUP[k]) for k, row in enumerate(ROWS)]
