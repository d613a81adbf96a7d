"""Why the drug is held or the session ended, for each row of pump.tables.causes; and what was decided then.

A cause that only sounds an alarm has that alarm's words.
"""

from typing import Any

from pump.tables import alarms as alarm_table
from pump.tables import causes
from toleramp.words import alarms, rows

WORDS: dict[int, str] = {}
WORDS[causes.NONE] = "no reason"
WORDS[causes.SPO2_STOP] = "SpO2 at or below the stop limit"
WORDS[causes.PULSE_STOP] = "pulse rate outside its limits"
WORDS[causes.SIGNAL_LOST] = "no valid oximeter signal"
WORDS[causes.STOP_BUTTON] = "STOP pressed at the pump"
WORDS[causes.HOST_PAUSE] = "paused from the laptop"
WORDS[causes.HOST_STOP] = "stopped from the laptop"
WORDS[causes.OVER_DELIVERY] = "more delivered than allowed"
WORDS[causes.UNDER_DELIVERY] = "less delivered than due"
WORDS[causes.UNWATCHED] = "the vital signs were no longer judged"
WORDS[causes.RUNAWAY] = "flow without a command"
WORDS[causes.DRIVE_LATE] = "motor drive late"
WORDS[causes.CLAIM] = "control and supervisor disagree"
WORDS[causes.TECHNICAL] = "technical hold"
WORDS[causes.MILD] = "mild reaction"
WORDS[causes.SEVERE] = "severe reaction"
WORDS[causes.END] = "end of the session"
WORDS[causes.MEMORY] = "memory check failed"
WORDS[causes.STEP_WAIT] = "waiting at the end of a step"
WORDS[causes.JOURNAL_FULL] = "record memory full"
WORDS[causes.NO_SCREEN] = "no screen for a minute"
WORDS[causes.POWER_OFF] = "the power was off in the session"
WORDS[causes.DRIVER_OFF] = "the motor driver is off while the drug should flow"

# What goes on after a grade, at which step; of the others nothing goes on.
DECIDED: dict[int, str] = {}
DECIDED[causes.TECHNICAL] = "technical hold, goes on at step {}"
DECIDED[causes.MILD] = "resume at step {} after a mild reaction"


def reason(code: str | None) -> str | None:
    """A cause in words, by its name; None for another name."""
    at = rows.number(causes, code)
    if at in WORDS or at == rows.NO_ROW:
        return WORDS.get(at)
    return alarms.cause(rows.name(alarm_table, causes.ALARM[at]))


def decision(code: str | None, step: Any) -> str:
    """What was decided after a hold: why (technical or mild), and the step at which the session goes on."""
    return DECIDED.get(rows.number(causes, code), "go on at step {}").format(step)


def is_reaction(code: str | None) -> bool:
    """Whether a cause is a reaction of the patient."""
    at = rows.number(causes, code)
    return at != rows.NO_ROW and causes.KIND[at] == causes.REACTION
