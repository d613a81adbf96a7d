"""What the report tells of events, reasons and outcomes; the sentences are those of `toleramp.words`."""

from pump.tables import causes, events, states
from toleramp.report.rows import INTERRUPTED
from toleramp.words import alarms, rows
from toleramp.words import causes as cause_words
from toleramp.words import events as event_words
from toleramp.words.keys import is_key_code

# How a session came out, by its last state: symbol and headline. The symbol repeats what the colour says.
OUTCOMES: dict[int, tuple[str, str]] = {}
OUTCOMES[states.COMPLETED] = ("✓", "Completed")
OUTCOMES[states.STOPPED] = ("■", "Stopped before the end")
OUTCOMES[states.LOCKED] = ("■", "Locked: a clinician must decide")
OUTCOMES[states.FAULT] = ("✕", "Ended by a fault of the device")
OUTCOMES[states.HELD] = ("Ⅱ", "On hold when the record ends")
OUTCOMES[states.RUNNING] = ("▶", "Still running when the record ends")


def outcome_name(outcome: int) -> str:
    """The name of a state, or of a run that was cut short."""
    return "interrupted" if outcome == INTERRUPTED else rows.name(states, outcome)


def run_words(outcome: int) -> str:
    """How a step's run came out."""
    return "not finished" if outcome == states.RUNNING else outcome_name(outcome)


def event_title(name: str) -> str:
    """An event's name in words; an unknown name is shown as it is."""
    number = rows.number(events, name)
    return event_words.WORDS[number].title if number != rows.NO_ROW else name.replace("_", " ")


def reason(code: str | None) -> str:
    """A reason's code in words, a key's as it is printed on it; empty for none, an unknown code as it is."""
    if not code or rows.number(causes, code) == causes.NONE:
        return ""
    return code.upper() if is_key_code(code) else cause_words.reason(code) or code


def alarm_cause(code: str | None) -> str:
    """An alarm's cause as the pump itself words it; a reason or an unknown code as `reason` has it."""
    return alarms.cause(code) or reason(code)
