"""The alarms, a row each: name, priority, what (on the screen), why, what to do.

Priorities of IEC 60601-1-8: HIGH, MEDIUM, LOW. At equal priority the row that stands first is shown.
"""

LOW, MEDIUM, HIGH = 1, 2, 3

ROWS = (
    ("none", 0, "", "", ""),
    ("spo2-stop", HIGH, "SPO2 LOW",
     "SpO2 has been at or below the stop limit for the set delay", "Held. Look at the patient, then classify"),
    ("pulse-stop", HIGH, "PULSE LIMIT",
     "The pulse rate has been outside its limits for the set delay", "Held. Look at the patient, then classify"),
    ("signal-hold", HIGH, "NO SPO2 SIGNAL",
     "No valid oximeter reading for 15 s", "Infusion held. Check probe and cable, then resume"),
    ("over-delivery", HIGH, "OVER-DELIVERY",
     "More was delivered than was due", "Clamp the line. Do not use this pump again"),
    ("under-delivery", HIGH, "UNDER-DELIVERY",
     "Less was delivered than was due", "Check line and bag. Do not use this pump again"),
    ("drive", HIGH, "DRIVE FAULT",
     "The motor's pulses do not follow the command", "Clamp the line. Do not use this pump again"),
    ("memory", HIGH, "MEMORY FAULT",
     "The stored protocol has changed", "Clamp the line. Do not use this pump again"),
    ("severe", HIGH, "SEVERE REACTION",
     "A severe reaction was reported", "Clamp, disconnect at the hub, treat through the other line"),
    ("spo2-early", MEDIUM, "SPO2 FALLING",
     "SpO2 is at or below the early limit", "Look at the patient"),
    ("signal-lost", MEDIUM, "SPO2 SIGNAL LOST",
     "No valid oximeter reading for 5 s", "Check probe and cable; held after 15 s"),
    ("held", MEDIUM, "INFUSION HELD",
     "The infusion waits for a person", "Classify the hold, then resume or end"),
    ("bag", MEDIUM, "BAG CHANGE",
     "The next bag is due", "Hang the bag that is named, then CONFIRM"),
    ("wrong-bag", MEDIUM, "WRONG BAG",
     "The code that was picked or scanned is not that of the bag asked for",
     "Take the bag off, hang the one that is named"),
    ("key-stuck", MEDIUM, "KEY STUCK",
     "A key has been down for a minute", "Free the key"),
    ("journal-full", MEDIUM, "LOG FULL",
     "The log's memory is full", "Let the session end, then pull the log"),
    ("battery-low", MEDIUM, "BATTERY LOW",
     "The battery has less than a tenth of its charge", "Connect the pump to the mains"),
    ("link-lost", LOW, "LAPTOP LOST",
     "Nothing heard from the laptop for 5 s", "The pump goes on by itself"),
    ("completed", LOW, "COMPLETED",
     "The full dose is delivered", "Start the observation time"),
)  # fmt: skip
NAMES = tuple([row[0] for row in ROWS])
PRIORITY = bytes([row[1] for row in ROWS])
WHAT = tuple([row[2].encode() for row in ROWS])
(
    NONE, SPO2_STOP, PULSE_STOP, SIGNAL_HOLD, OVER, UNDER, DRIVE, MEMORY, SEVERE, SPO2_EARLY, SIGNAL_LOST, HELD, BAG,
    WRONG_BAG, KEY, JOURNAL, BATTERY, LINK, DONE,
) = range(len(ROWS))  # fmt: skip


def described():
    """What pump and tool must agree on: names, their order and priorities."""
    return ["%s %d" % (row[0], row[1]) for row in ROWS]
