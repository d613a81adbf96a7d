"""The device's names in words that a nurse understands."""

from pump.tables.alarms import ROWS
from toleramp.device.names import BUTTONS, REASONS

ALARM_WORDS = {row[0]: row[3] for row in ROWS if row[3]}

EVENT_WORDS = {
    "boot": "Pump switched on",
    "self_test": "Self-test",
    "loaded": "Protocol loaded",
    "load_refused": "Protocol refused",
    "checklist_completed": "Checklist complete",
    "primed": "Line primed",
    "armed": "START pressed; waiting for the bag",
    "bag_requested": "Pump asked for a bag",
    "bag_confirmed": "Bag confirmed",
    "bag_rejected": "Bag rejected",
    "step_started": "Step started",
    "step_inserted": "Step inserted",
    "step_completed": "Step completed",
    "observation_due": "Observation due",
    "observation": "Observation entered",
    "observation_overdue": "Observation overdue",
    "paused": "Infusion held",
    "reaction": "Reaction reported",
    "locked": "Pump locked",
    "unlocked": "Pump unlocked",
    "decision": "Decided",
    "resumed": "Infusion resumed",
    "alarm_raised": "Alarm",
    "alarm_cleared": "Alarm over",
    "permit_lost": "Supervisor withdrew the permit to flow",
    "stopped": "Session stopped",
    "flush_started": "Flush started",
    "flush_completed": "Flush completed",
    "handover": "Handover",
    "power_lost": "Power lost",
    "recovered": "Recovered after power loss",
    "completed": "Session completed",
    "fault": "Fault",
    "pressed": "Button pressed",
}

# Outcome: (symbol, headline). The symbol repeats what the colour says.
OUTCOME_WORDS = {
    "completed": ("✓", "Completed"),
    "stopped": ("■", "Stopped before the end"),
    "locked": ("■", "Locked: a clinician must decide"),
    "fault": ("✕", "Ended by a fault of the device"),
    "held": ("Ⅱ", "On hold when the record ends"),
    "running": ("▶", "Still running when the record ends"),
}

ROW_WORDS = {
    "completed": "completed",
    "interrupted": "interrupted",
    "stopped": "stopped",
    "fault": "fault",
    "running": "not finished",
}


def event_words(name: str) -> str:
    """An event's name in words; an unknown name is shown as it is."""
    return EVENT_WORDS.get(name, name.replace("_", " "))


def reason_words(code: str | None) -> str:
    """A reason's code in words, a button's as it is printed on it; empty for none, an unknown code as it is."""
    if code is None or code in ("", "none"):
        return ""
    if all(name in BUTTONS for name in code.split("+")):
        return code.upper()
    return REASONS.get(code, code)


def alarm_words(code: str | None) -> str:
    """An alarm's cause as the pump itself words it; a reason or an unknown code as `reason_words` has it."""
    return ALARM_WORDS.get(code or "") or reason_words(code)
