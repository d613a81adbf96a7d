"""Journal records as dictionaries with the names of the contract."""

from __future__ import annotations

import struct
from typing import Any

from pump.tables import messages as m
from pump.tables.alarms import NAMES

_HOLD_EVENTS = ("paused", "stopped", "locked", "fault", "decision", "resumed", "reaction")


def code_name(event: str, code: int) -> str | None:
    """The name of an event's code byte, None where it has none."""
    if event in ("alarm_raised", "alarm_cleared"):
        return str(NAMES[code]).replace("_", "-")
    if event == "load_refused":
        return m.REFUSALS[code]
    if event in _HOLD_EVENTS and code:
        return m.HOLD_CODES[code]
    return None


def named(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of an EVENT message under the names of the contract: t_ms for the time, names for the numbers."""
    event = m.EVENTS[values["kind"]]
    return {
        "seq": values["seq"],
        "t_ms": values["t_s"] * 1000 + values["t_ms"],
        "event": event,
        "state": m.STATES[values["state"]],
        "step": values["step"],
        "code": code_name(event, values["code"]),
        "arg": values["arg"],
        "rate_e4": values["rate_e4"],
        "pulses": values["pulses"],
    }


def unpack_record(record: bytes) -> dict[str, Any]:
    """One record of the journal, as `named` has it."""
    return named(dict(zip(m.EVENT[2].split(), struct.unpack(m.EVENT[1], record), strict=True)))
