"""Reads the file of a pump's log and says what is wrong with it: each place by line and slot (INT-5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pump.base import crc
from pump.store.journal import BLOCK
from toleramp import whole_files
from toleramp.errors import UserError
from toleramp.pump_log import form
from toleramp.pump_log.form import FIRST_LINE, FORMAT, HEAD_BYTES, HEADS, KIND, RECORD, Head, Row

_PULL = "pull the log into another file; keep this one as it is"
_CRC_AT = RECORD - crc.SIZE
_CHAIN_AT = _CRC_AT - crc.SIZE


@dataclass(frozen=True)
class Finding:
    """What is wrong, and where."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass
class PumpLog:
    """A file as it was read. `rows`: None for a line that is no record; `torn`: bytes behind the last whole line."""

    path: Path
    opening: bytes
    heads: list[Head | None]
    lines: list[bytes]
    torn: bytes
    rows: list[Row | None] = field(default_factory=list)
    head: Head = field(init=False)  # the newer sound one

    def __post_init__(self) -> None:
        self.rows = [form.read_row(line) for line in self.lines]
        sound = [head for head in self.heads if head is not None]
        none = Head(-1, 0, form.digest_of(self.opening), form.digest_of(self.opening))
        self.head = max(sound, key=lambda head: head.number, default=none)

    @property
    def about(self) -> dict[str, Any]:
        """What line 1 says."""
        said: dict[str, Any] = json.loads(self.opening)
        return said

    @property
    def contract(self) -> int:
        """That of the pump from which it was pulled."""
        return int(self.about["pump"]["contract"], 16)

    @property
    def kept(self) -> list[Row]:
        """The records that can be read, in the file's order."""
        return [row for row in self.rows if row is not None]


def _opening(line: bytes, path: Path) -> None:
    """Raises UserError for a first line of something else."""
    try:
        said = json.loads(line)
        kind, number = said["kind"], said.get("format")
    except (ValueError, KeyError, TypeError, AttributeError):
        said, kind, number = None, None, None
    where = f"{path}, line 1"
    if kind == "session":
        raise UserError(
            "this is a session log of `toleramp monitor`", where, "give it to `toleramp report`, or name another file"
        )
    if kind != KIND or not isinstance(said, dict):
        raise UserError("does not begin as a pump's log", where, "give a file of `toleramp log pull`")
    if number != FORMAT:
        raise UserError(f"a pump's log of format {number}, this tool reads {FORMAT}", where, "update the tool")
    try:
        int(said["pump"]["contract"], 16), int(said["pump"]["pl_pulse"])
        said["record"]["layout"], said["names"]["events"]
    except (KeyError, TypeError, ValueError):
        raise UserError("its first line was changed: what pump it is of is not known", where, _PULL) from None


def read(path: Path) -> PumpLog:
    """Reads a file; what is wrong behind its first line is for `findings`. UserError when it is no pump's log."""
    whole_files.demand_end(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path)) from None
    opening, feed, rest = data.partition(b"\n")
    if not feed:
        raise UserError("does not begin as a pump's log", f"{path}, line 1", "give a file of `toleramp log pull`")
    _opening(opening, path)
    heads = [form.read_head(rest[k * HEAD_BYTES : (k + 1) * HEAD_BYTES]) for k in range(HEADS)]
    whole, feed, torn = rest[HEADS * HEAD_BYTES :].rpartition(b"\n")
    lines = [line + b"\n" for line in whole.split(b"\n")] if feed else []
    return PumpLog(path, opening + b"\n", heads, lines, torn)


# -- what is wrong with the file


def _place(at: int, slot: int | None = None) -> str:
    """Line of the file, and slot, of the record at an index."""
    return f"line {at + FIRST_LINE}" + ("" if slot is None else f", slot {slot}")


def of_file(log: PumpLog) -> list[Finding]:
    """What shows that the file is not as it was written, in its order. An interrupted pull is none of it."""
    found = list(_of_heads(log)) + list(_of_rows(log))
    reached = max((row.slot + 1 for row in log.kept), default=0)
    if log.rows and log.rows[-1] is None:
        reached = max(reached, len(log.rows))
    if reached < log.head.records:
        place = f"behind {_place(len(log.lines) - 1, reached - 1)}" if log.lines else _place(0)
        what = f"the end is cut off: slots {reached} to {log.head.records - 1} are missing"
        found.append(Finding(place, what))
    return found


def _of_heads(log: PumpLog) -> Iterator[Finding]:
    for k, head in enumerate(log.heads):
        if head is None:
            yield Finding(f"line {k + 2}", "this head is damaged, or was changed")
    if log.head.opened != form.digest_of(log.opening):
        yield Finding("line 1", "it was changed after the pull")
    for at, row in enumerate(log.rows):
        if row is not None and row.slot == log.head.records - 1 and row.sha256 != log.head.sha256:
            yield Finding(_place(at, row.slot), "the chain up to here is not the one that the head closes")


def _of_rows(log: PumpLog) -> Iterator[Finding]:
    """Each line against the one before: its place, and its link of the chain. Lines that an interrupted pull left
    behind the head are judged by nothing but `whole_lines`."""
    there = {row.slot for row in log.kept}
    due, before = 0, {form.digest_of(log.opening)}
    for at, row in enumerate(log.rows[: log.head.records]):
        if row is None:
            yield Finding(_place(at, due), "this is no record as it was written: bytes of the line were changed")
            due, before = due + 1, set()
            continue
        misplaced = row.slot != due and due in there
        if misplaced:
            yield Finding(_place(at, row.slot), f"slot {due} belongs here: lines have changed places")
        elif row.slot > due:
            gone = f"slot {due} is" if row.slot == due + 1 else f"slots {due} to {row.slot - 1} are"
            yield Finding(_place(at, row.slot), f"{gone} missing before it: removed")
        elif row.slot < due:
            yield Finding(_place(at, row.slot), "it stands in the file twice")
        digests = {form.linked(digest, row.slot, row.record) for digest in before}
        if before and row.slot == due and row.sha256 not in digests:
            yield Finding(_place(at, row.slot), "it was changed after the pull: its SHA-256 is another")
        due = due + 1 if misplaced or row.slot < due else row.slot + 1
        before = digests | {row.sha256} if row.slot == due - 1 else set()


def whole_lines(log: PumpLog) -> int:
    """How many records of the file stand, those behind the head included that an interrupted pull left whole."""
    count = min(log.head.records, len(log.rows))
    before, slot = log.head.sha256, count
    for row in log.rows[count:]:
        if row is None or row.slot != slot or row.sha256 != form.linked(before, row.slot, row.record):
            break
        before, slot, count = row.sha256, slot + 1, count + 1
    return count


# -- what is wrong with the log that the pump wrote


def sound(record: bytes) -> bool:
    """Whether its CRC holds."""
    return bool(crc.holds(bytearray(record), _CRC_AT))


def _number(record: bytes) -> int:
    return int.from_bytes(record[:4], "little")


def of_pump(log: PumpLog) -> list[Finding]:
    """Where the pump's own records are damaged, missing, or do not follow one another."""
    found, before = [], None
    for at, row in enumerate(log.rows):
        if row is None:
            before = None
            continue
        if not sound(row.record):
            found.append(Finding(_place(at, row.slot), "damaged in the pump's memory: its CRC does not hold"))
            before = None
            continue
        what = _follows(before, row.record) if before else ""
        if what:
            found.append(Finding(_place(at, row.slot), what))
        before = row.record
    return found


def _follows(before: bytes, record: bytes) -> str:
    """What is wrong between two records; "" for nothing."""
    last, this = _number(before), _number(record)
    if this // BLOCK == last // BLOCK + 1 and this % BLOCK == 0:
        return ""  # another power-on, the next one
    if this // BLOCK > last // BLOCK:
        return f"record {this} follows record {last}: a power-on's first records are missing"
    if this <= last:
        return f"record {this} follows record {last}: out of order"
    if this != last + 1:
        return f"records {last + 1} to {this - 1} are missing: the pump could not store them"
    chained = record[_CHAIN_AT:_CRC_AT] == before[_CRC_AT:]
    return "" if chained else f"record {this} is not chained to record {last}"
