"""Journal records as dictionaries with the names of the contract."""

from __future__ import annotations

import struct
from typing import Any

from pump.tables import alarms, causes, checks, events, parts, recoveries, refusals, states
from pump.tables import messages as m

_PART_AT = struct.calcsize("<IIHIHB")  # where a record says which part it is
_NONE = causes.NAMES[causes.NONE]
_NAMES: dict[int, tuple[str, ...]] = {}
_NAMES[events.OF_ALARM] = alarms.NAMES
_NAMES[events.OF_REFUSAL] = refusals.NAMES
_NAMES[events.OF_CAUSE] = causes.NAMES
_NAMES[events.OF_EVENT] = events.NAMES
_NAMES[events.OF_PART] = parts.NAMES
_NAMES[events.OF_RECOVERY] = recoveries.NAMES
_NAMES[events.OF_CHECK] = checks.NAMES


def code_name(event: int, code: int) -> str | None:
    """The name of an event's code byte, None where it has none: the event's row says in which table it is a row."""
    names = _NAMES.get(events.CODE[event])
    return None if names is None or names[code] == _NONE else names[code]


def named(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of an EVENT message under the names of the contract: t_ms for the time, names for the numbers."""
    event = events.NAMES[values["kind"]]
    return {
        "seq": values["seq"],
        "t_ms": values["t_s"] * 1000 + values["t_ms"],
        "event": event,
        "state": states.NAMES[values["state"]],
        "step": values["step"],
        "code": code_name(values["kind"], values["code"]),
        "arg": values["arg"],
        "rate_e4": values["rate_e4"],
        "pulses": values["pulses"],
    }


def is_part(record: bytes | bytearray) -> bool:
    """Whether a record is one that another goes on with: content, no event of its own."""
    return bool(record[_PART_AT])


def unpack_record(record: bytes) -> dict[str, Any]:
    """One record of the journal, as `named` has it."""
    return named(dict(zip(m.EVENT[2].split(), struct.unpack(m.EVENT[1], record), strict=True)))
