"""A minute of the patient's vital signs as the pump's log has it (pump.tables.events), for people and for programs."""

from __future__ import annotations

import struct
from typing import Any

from pump.tables import events, messages

_NO_PULSE = 511  # in a record's argument
_BITS, _PULSE_AT = 7, 21
_HEAD = struct.calcsize(events.SIGNS)
Signs = dict[str, Any]


def _spo2(value: int) -> int | None:
    return None if value == events.SIGNS_NO_SPO2 else value


def of_arg(arg: int) -> Signs:
    """What a record's argument says: "spo2" as [lowest, mean, highest] in percent (None: no reading), "pulse_mean"."""
    values = [arg >> _BITS * k & events.SIGNS_NO_SPO2 for k in range(3)]
    spo2 = None if _spo2(values[0]) is None else values
    pulse = arg >> _PULSE_AT
    return {"spo2": spo2, "pulse_mean": None if pulse == _NO_PULSE else pulse}


def of_content(content: bytes) -> Signs | None:
    """All of a minute: "spo2" and "pulse" as [lowest, mean, highest], "readings_s", "changes" (how many), "changed" as
    [second, SpO2 or None]; None for content that is no minute's."""
    if len(content) < _HEAD:
        return None
    *values, readings_s, changes = struct.unpack_from(events.SIGNS, content)
    room = (len(content) - _HEAD) // struct.calcsize(events.SIGNS_CHANGE)
    noted = struct.unpack_from(f"<{min(changes, room)}H", content, _HEAD)
    return {
        "spo2": None if _spo2(values[0]) is None else values[:3],
        "pulse": None if values[4] == messages.NONE16 else values[3:],
        "readings_s": readings_s,
        "changes": changes,
        "changed": [[each >> _BITS, _spo2(each & events.SIGNS_NO_SPO2)] for each in noted],
    }


def _range(values: list[int], unit: str) -> str:
    low, mean, high = values
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}, mean {mean}"


def said(arg: Any, content: bytes = b"") -> str:
    """A minute in words, by its content where that is at hand."""
    known = of_content(content) if content else None
    if known is None:
        if not isinstance(arg, int) or arg < 0:
            return "no figures"
        brief = of_arg(arg)
        known = {"spo2": brief["spo2"], "pulse": brief["pulse_mean"] and [brief["pulse_mean"]] * 3, "changed": []}
    if known["spo2"] is None:
        return "no reading"
    parts = [f"SpO2 {_range(known['spo2'], ' %')}"]
    if known["pulse"]:
        parts.append(f"pulse {_range(known['pulse'], '/min')}")
    if known.get("readings_s", 60) < 59:  # noqa: PLR2004 (the first look of a minute, and the last)
        parts.append(f"readings for {known['readings_s']} s")
    changed = [f"{second} s {'none' if spo2 is None else spo2}" for second, spo2 in known["changed"]]
    return "; ".join(parts) + (f"; SpO2 from {', '.join(changed)}" if changed else "")
