"""Recordings in a session log: lines of the kind "inputs", put together to runs (toleramp.live.session_log)."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from toleramp.device.wire import Fields
from toleramp.live.session_log import Log, Record, wall_now

STANDS = ("off", "goes", "awaits", "ended")


def inputs_record(fields: Fields) -> Record:
    """The line of an INPUTS message."""
    head = {name: fields[name] for name in ("run", "at", "scan")}
    data = base64.b64encode(fields.get("data", b"")).decode()
    return {"kind": "inputs", "wall": wall_now(), **head, "stands": STANDS[fields["stands"]], "data": data}


@dataclass
class Run:
    """What was recorded in one piece: its bytes, of which pump (a session's head), and why it ends: "" while it went on
    at the file's end; `missing`: the first byte of it that the laptop has not got, and at which scan that was known."""

    number: int
    pump: dict[str, Any]
    data: bytearray = field(default_factory=bytearray)
    last_scan: int = 0
    why: str = ""
    ended: bool = False
    events: dict[int, Record] = field(default_factory=dict)

    def take(self, record: Record) -> None:
        """One line more."""
        if self.why:
            return
        data = base64.b64decode(record["data"])
        new = record["at"] + len(data) - len(self.data)
        self.last_scan = record["scan"]
        if record["at"] > len(self.data):
            self.why = "the laptop had not fetched them in time"
        elif new > 0:
            self.data += data[-new:]
        self.ended = record["stands"] == "ended"


def runs(log: Log) -> list[Run]:
    """The runs in a log, in order. Events belong to the run that went on when they came."""
    found: list[Run] = []
    pump: dict[str, Any] = {}
    for record in log.records:
        if record["kind"] == "session":
            pump = record["pump"]
        elif record["kind"] == "inputs" and record["data"]:
            if not found or found[-1].number != record["run"]:
                found.append(Run(record["run"], pump))
            found[-1].take(record)
        elif record["kind"] == "inputs" and found and found[-1].number == record["run"]:
            found[-1].take(record)
        elif record["kind"] == "event" and found:
            found[-1].events[record["seq"]] = record
    for k, run in enumerate(found):
        if run.ended and not run.why:
            run.why = "the pump's room for them was full while no laptop fetched them"
        elif not run.why and any(later.number >> 8 == run.number >> 8 for later in found[k + 1 :]):
            run.why = "another recording was begun"
    return found
