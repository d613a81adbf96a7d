"""The session log: JSON Lines. `toleramp monitor --log` writes it line by line, `toleramp report` reads it.

One object a line, told apart by `kind`. `t_ms` is the device's time (t_s * 1000 + t_ms of the message),
`wall` the laptop's local time in ISO 8601. Names stand where messages have numbers; what is absent is null.

session  the first line; again when a reconnected pump holds another protocol, and where a later run of the
         monitor goes on in the file: {"kind": "session", "format": 1, "wall", "tool": "toleramp x",
         "pump": {"version", "build", "git", "contract" (hex), "fingerprint" ("" for none), "mode" (1 =
         bench), "oximeter": formats by name, {"set" (counts from the next power-on), "reads" (since this one),
         "kept" (what is set is saved)}},
         "protocol": the document of `toleramp protocol table --json` with "fingerprint", or null}
status   about one a second and at each change of state, step, hold or alarm: "t_ms", "wall", every field
         of STATUS as it came (`pump.tables.messages`), but "state" as name, "solution" null when there is none,
         "question" as name, "hold" and "alarm" as names or null beside the numbers "hold_code" and
         "alarm_code", "check" (that failed in the self-test) as name or null,
         "spo2" (percent) and "pulse" (1/min) null when absent, "vitals" a list of names, the
         message's ms as "t_part_ms", "stream" (what comes on the oximeter's line) as name; the "quality" of
         the signal, "spo2_verdict", "pulse_verdict" and "lowest_verdict" as names of `pump.tables.verdicts`: with
         quality "no-value" there is no "spo2" and no "pulse"; "age_ms" of the newest sure
         reading (an hour at the most; null before the first); since START "baseline" and "lowest", "minute_spo2" (the
         median of the last minute) and "before_spo2" (that of five minutes before, at first the baseline), all in
         percent or null, and "trend" as name of `pump.tables.trends`; as floats
         "rate_ml_h", "step_ml" (delivered in this step), "target_ml" (of this step), "total_ml"
event    one for each record of the journal, in the order of "seq": "t_ms", "wall", "seq", "event", "step",
         "code" (name or null; of a press the key, "start" to "stop"), "arg", "user" (number of the
         person whose key let the line do it, 0: none was needed), "person" (the id, or null), "state" (name),
         "rate_ml_h", "pulses" (of the session), "total_ml", "dose_ppm" (of the full dose), "boot" (the number of the
         first record since power-on), "pump_clock" (the pump's own wall clock, "2026-11-22T08:00:00Z", null while it is
         not set or not trusted).
         When the monitor starts, the records since the last load come first, as far as the pump holds them.
part     what an event goes on with, after it: "t_ms", "wall", "seq", "event", "part" (from 1), "content" (hex)
inputs   what went into the pump's scans and what they decided, for `toleramp replay`: "wall", "run" (256 times the
         number of the power-on, and which recording of it), "at" (of its bytes, the first of this line's), "scan"
         (of the pump by then), "stands" (goes, awaits a standstill to begin anew, ended: no room), "data" (base64)
link     "t_ms" (the last one known), "wall", "what": "lost" or "back"
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from errno import ENOSPC
from pathlib import Path
from types import TracebackType
from typing import Any

from pump.base import units
from pump.tables import (
    alarms,
    causes,
    checks,
    events,
    messages,
    parts,
    questions,
    recoveries,
    refusals,
    settings,
    states,
    streams,
    trends,
    verdicts,
    vitals,
)
from toleramp import __version__, whole_files
from toleramp.errors import UserError
from toleramp.oximeter import setting
from toleramp.words import rows
from toleramp.words.keys import key_code
from toleramp.words.times import iso, pump_time

FORMAT = 1
Record = dict[str, Any]

_VERDICTS = ("quality", "spo2_verdict", "pulse_verdict", "lowest_verdict")
_PERCENT = ("baseline", "lowest", "minute_spo2", "before_spo2")

# The table whose row an event's `code` is.
_CODES = (None, causes, alarms, refusals, None, settings, events, parts, recoveries, checks)


def wall_now() -> str:
    """The laptop's local time, ISO 8601 with its offset."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def _code(event: int, number: int) -> str | None:
    """An event's code as the log has it: a row's name, keys, or nothing."""
    kind = events.CODE[event] if event < len(events.CODE) else events.OF_NOTHING
    if kind == events.OF_KEYS:
        return key_code(number)
    table = _CODES[kind]
    return rows.name_or_none(table, number) if table else None


def ml_of(pulses: int, pl_pulse: int) -> float:
    """Volume of so many motor pulses in mL (whole nanolitres)."""
    return float(units.nl_of(pulses, pl_pulse) / units.NL_PER_ML)


def time_ms(fields: Record) -> int:
    """The device's time of a STATUS or EVENT in ms."""
    return int(fields["t_s"] * 1000 + fields["t_ms"])


def session_record(hello: Record, protocol: Record | None) -> Record:
    """The line that opens a session; `hello` is the pump's HELLO_REPLY."""
    pump = {name: hello[name] for name in ("version", "build", "git", "fingerprint", "mode")}
    pump["contract"] = f"{hello['contract']:08x}"
    pump["oximeter"] = setting.of(hello).record()
    head = {"kind": "session", "format": FORMAT, "wall": wall_now(), "tool": f"toleramp {__version__}"}
    return head | {"pump": pump, "protocol": protocol}


def status_record(fields: Record) -> Record:
    """The line of a STATUS message."""
    record = {"kind": "status", "t_ms": time_ms(fields), "wall": wall_now()}
    record |= {name: value for name, value in fields.items() if name not in record} | {"t_part_ms": fields["t_ms"]}
    pl_pulse = fields["pl_pulse"]
    return record | {
        "state": rows.name(states, fields["state"]),
        "solution": _present(fields["solution"], messages.NONE8),
        "question": rows.name(questions, fields["question"]),
        "stream": rows.name(streams, fields["stream"]),
        "hold": rows.name_or_none(causes, fields["hold_code"]),
        "alarm": rows.name_or_none(alarms, fields["alarm"]),
        "alarm_code": fields["alarm"],
        "check": rows.name_or_none(checks, fields["check"]),
        "spo2": _present(fields["spo2"], messages.NONE8),
        "pulse": _present(fields["pulse"], messages.NONE16),
        "vitals": rows.flags(vitals, fields["vitals"]),
        **_told(fields),
        "rate_ml_h": fields["rate_e4"] / 10_000,
        "step_ml": ml_of(fields["step_pulses"], pl_pulse),
        "target_ml": ml_of(fields["step_target"], pl_pulse),
        "total_ml": ml_of(fields["total_pulses"], pl_pulse),
    }


def _told(fields: Record) -> Record:
    """Verdicts by name, what there is of age and trend."""
    verdict = {name: rows.name(verdicts, fields[name]) for name in _VERDICTS}
    percent = {name: _present(fields[name], messages.NONE8) for name in _PERCENT}
    return verdict | percent | {"age_ms": _present(fields["age_ms"], -1), "trend": rows.name(trends, fields["trend"])}


def _present(value: int, absent: int) -> int | None:
    return None if value == absent else value


def part_record(fields: Record) -> Record:
    """The line of an EVENT message that goes on with the one before: its content as hexadecimal digits."""
    head = {"kind": "part", "t_ms": time_ms(fields), "wall": wall_now(), "seq": fields["seq"]}
    event = rows.name(events, fields["kind"])
    return head | {"event": event, "part": fields["part"], "content": fields["data"].hex()}


def event_record(fields: Record, pl_pulse: int, person: str | None = None) -> Record:
    """The line of an EVENT message; `pl_pulse` (picolitres a pulse) comes from a STATUS; `person`: of its `user`."""
    return {
        "kind": "event",
        "t_ms": time_ms(fields),
        "wall": wall_now(),
        "seq": fields["seq"],
        "event": rows.name(events, fields["kind"]),
        "step": fields["step"],
        "code": _code(fields["kind"], fields["code"]),
        "arg": fields["arg"],
        "user": fields["user"],
        "person": person,
        "state": rows.name(states, fields["state"]),
        "rate_ml_h": fields["rate_e4"] / 10_000,
        "pulses": fields["pulses"],
        "dose_ppm": fields["dose_ppm"],
        "boot": fields["boot"],
        "pump_clock": iso(pump_time(fields["wall_s"])),
        "total_ml": ml_of(fields["pulses"], pl_pulse),
    }


def link_record(what: str, t_ms: int) -> Record:
    """The line of a connection "lost" or "back"; `t_ms` is the device's last known time."""
    return {"kind": "link", "t_ms": t_ms, "wall": wall_now(), "what": what}


_BEGINS = b'{"kind":"'  # as `Writer.write` writes it
_FIRST_LINE_BYTES = 65_536  # of a file that is to be gone on in, more than the head of a run


class Writer:
    """Appends records to a file of such, each on its way at once, also behind a torn line; UserError when it fails."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        try:
            self._file = open(path, "ab+", buffering=0)  # noqa: SIM115 (closed by close)
            if self._file.tell():
                self._demand_own()
                self._file.seek(-1, 2)
                if self._file.read(1) != b"\n":
                    self._file.write(b"\n")
        except OSError as error:
            raise self._failed(error) from None

    def _demand_own(self) -> None:
        """Raises UserError for a file that somebody needs for something else. A torn line begins as a record does."""
        self._file.seek(0)
        first, feed, _ = self._file.read(_FIRST_LINE_BYTES).partition(b"\n")
        if not (_parse(first) if feed else first.startswith(_BEGINS[: len(first)])):
            self._file.close()
            raise UserError("this is no session log", self.path, "name another file with --log")

    def _failed(self, error: OSError) -> UserError:
        return UserError(f"cannot write the log: {error.strerror}", self.path, "name another file with --log")

    def write(self, record: Record) -> None:
        """Appends one record."""
        try:
            line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
            if self._file.write(line) != len(line):
                raise OSError(ENOSPC, os.strerror(ENOSPC))
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@dataclass
class Log:
    """A log as read: its records in order, and whether the last line was torn."""

    records: list[Record] = field(default_factory=list)
    torn: bool = False

    def of(self, kind: str) -> Iterator[Record]:
        """The records of one kind, in order."""
        return (record for record in self.records if record["kind"] == kind)


def _parse(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "kind" in record else None


def read(path: str | Path) -> Log:
    """Reads a log; drops a torn line at a run's end. UserError names file and line of what is no record."""
    whole_files.demand_end(Path(path))
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path)) from None
    torn = _parse(lines[-1]) is None and bool(lines.pop())  # behind the last line feed: nothing, or a torn line
    log = Log(torn=torn)
    for number, line in enumerate(lines, 1):
        record = _parse(line)
        if record is None and not _ends_run(lines, number):
            raise UserError("not a record of a session log", f"{path}, line {number}", "give a file of monitor --log")
        if record:
            log.records.append(record)
    _check_head(log, path)
    return log


def _ends_run(lines: list[bytes], number: int) -> bool:
    """Was line `number` torn by a power cut, and did a later run go on behind it?"""
    following = _parse(lines[number]) if number < len(lines) else None
    return following is not None and following["kind"] == "session"


def _check_head(log: Log, path: str | Path) -> None:
    head = log.records[0] if log.records else {}
    if head.get("kind") != "session":
        raise UserError("does not begin with a session record", f"{path}, line 1", "give a file of monitor --log")
    if head.get("format") != FORMAT:
        what = f"log format {head.get('format')}, this tool reads {FORMAT}"
        raise UserError(what, f"{path}, line 1", "update the tool")
