"""The file of a pump's log: lines of JSON, each in one form only, so that a changed byte anywhere shows.

1        {"kind": "pump-log", "format": 1, "tool", "begun" (the laptop's time), "pump": {"version", "build", "git",
         "contract", "pl_pulse" (picolitres a motor pulse)}, "record": layouts and fields of a record and of one that
         goes on with the one before, "names": the tables' names as the contract has them, so that the file can be read
         by later tools}
2, 3     {"kind": "head", "number", "records", "sha256" (of the last), "opened" (SHA-256 of line 1), "crc"}, with
         blanks up to HEAD_BYTES. They are written in turn, in place: one that is torn leaves the other. The newer one
         says how many records the file has at least.
4, ...   {"slot", "record" (48 bytes, hex), "sha256"}, in the order of the pump's memory, appended and never changed.
         sha256 is that of the one before (of line 1 at first), the slot (two bytes, low first) and the record.

What lies in a damaged slot is kept as it is: nothing is left out.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pump.io import FRAM_SLOT
from pump.tables import alarms, causes, checks, events, messages, parts, recoveries, refusals, settings, states
from toleramp import __version__
from toleramp.live.session_log import wall_now

Fields = dict[str, Any]

FORMAT = 1
KIND = "pump-log"
HEADS = 2
HEAD_BYTES = 256
FIRST_LINE = 2 + HEADS  # of the records
RECORD = FRAM_SLOT
# The tables whose names a record's numbers mean, and which of them an event's code is.
_TABLES = (states, causes, alarms, refusals, settings, events, parts, recoveries, checks)
_CODES: dict[int, ModuleType] = {
    events.OF_CAUSE: causes, events.OF_ALARM: alarms, events.OF_REFUSAL: refusals, events.OF_SETTING: settings,
    events.OF_EVENT: events, events.OF_PART: parts, events.OF_RECOVERY: recoveries, events.OF_CHECK: checks,
}  # fmt: skip
KEYS = "keys"


def _table(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _json(fields: Fields) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()


def names() -> Fields:
    """The names of this tool's tables, and what the code of each event is."""
    of = [KEYS if kind == events.OF_KEYS else _table(_CODES[kind]) if kind in _CODES else None for kind in events.CODE]
    return {_table(table): list(table.NAMES) for table in _TABLES} | {"code": of}


def opening(hello: Fields, pl_pulse: int) -> bytes:
    """Line 1 of a new file; `hello`: the pump's HELLO_REPLY."""
    pump = {name: hello[name] for name in ("version", "build", "git")}
    pump |= {"contract": f"{hello['contract']:08x}", "pl_pulse": pl_pulse}
    record = {"layout": messages.EVENT[1], "fields": messages.EVENT[2]}
    record |= {"part_layout": messages.CONTINUED[1], "part_fields": messages.CONTINUED[2]}
    head = {"kind": KIND, "format": FORMAT, "tool": f"toleramp {__version__}", "begun": wall_now()}
    return _json({**head, "pump": pump, "record": record, "names": names()}) + b"\n"


def digest_of(line: bytes) -> bytes:
    """What the first record's digest goes on from."""
    return hashlib.sha256(line).digest()


def linked(before: bytes, slot: int, record: bytes) -> bytes:
    """The digest of a record."""
    return hashlib.sha256(before + struct.pack("<H", slot) + record).digest()


@dataclass(frozen=True)
class Head:
    """How far the file goes."""

    number: int
    records: int
    sha256: bytes
    opened: bytes

    def line(self) -> bytes:
        """Its line, HEAD_BYTES long."""
        fields = {"kind": "head", "number": self.number, "records": self.records}
        fields |= {"sha256": self.sha256.hex(), "opened": self.opened.hex()}
        body = _json(fields)
        return (body[:-1] + b',"crc":"%08x"}' % zlib.crc32(body)).ljust(HEAD_BYTES - 1) + b"\n"


@dataclass(frozen=True)
class Row:
    """A slot of the pump's memory, and the digest up to here."""

    slot: int
    record: bytes
    sha256: bytes

    def line(self) -> bytes:
        """Its line."""
        return _json({"slot": self.slot, "record": self.record.hex(), "sha256": self.sha256.hex()}) + b"\n"


def read_head(line: bytes) -> Head | None:
    """The head of a line with its line feed; None for a damaged one."""
    try:
        said = json.loads(line)
        found = Head(said["number"], said["records"], bytes.fromhex(said["sha256"]), bytes.fromhex(said["opened"]))
        return found if found.line() == line else None
    except (ValueError, KeyError, TypeError):
        return None


def read_row(line: bytes) -> Row | None:
    """The record of a line with its line feed; None for what is none, or is written in another way."""
    try:
        said = json.loads(line)
        found = Row(said["slot"], bytes.fromhex(said["record"]), bytes.fromhex(said["sha256"]))
        return found if found.line() == line and len(found.record) == RECORD and 0 <= found.slot < 1 << 16 else None
    except (ValueError, KeyError, TypeError):
        return None
