"""Names of the device that every tool says alike: reasons, decisions, buttons."""

from typing import Any

# Why the drug is held or the session ended, for each code of messages.HOLD_CODES.
REASONS = {
    "spo2-stop": "SpO2 at or below the stop limit",
    "pulse-stop": "pulse rate outside its limits",
    "signal-lost": "no valid oximeter signal",
    "stop-button": "STOP pressed at the pump",
    "host-pause": "paused from the laptop",
    "host-stop": "stopped from the laptop",
    "over-delivery": "more delivered than allowed",
    "under-delivery": "less delivered than due",
    "runaway": "flow without a command",
    "drive-late": "motor drive late",
    "claim": "control and supervisor disagree",
    "technical": "technical hold",
    "mild": "mild reaction",
    "severe": "severe reaction",
    "end": "end of the session",
    "memory": "memory check failed",
    "step-wait": "waiting at the end of a step",
    "journal-full": "record memory full",
}

# The pump's buttons in the order of their bits in pump.io, as a record's `code` has them.
BUTTONS = ("start", "confirm", "silence", "up", "down", "stop")

_DECISIONS = {
    "technical": "technical hold, goes on at step {}",
    "mild": "resume at step {} after a mild reaction",
}


def button_code(bits: int) -> str | None:
    """The buttons of a press as a code: "start", or "start+stop" for two at once; None for none."""
    names = [name for bit, name in enumerate(BUTTONS) if bits >> bit & 1]
    return "+".join(names) or (f"{bits}" if bits else None)


def button_words(code: str | None) -> str:
    """A press's code as it is printed on the keys."""
    return code.upper().replace("+", " and ") if code else "a button"


def decision_words(code: str | None, step: Any) -> str:
    """What was decided after a hold: why (technical or mild), and the step at which the session goes on."""
    return _DECISIONS.get(code or "", "go on at step {}").format(step)
