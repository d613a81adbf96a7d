"""The records of a pump's log with names for numbers, by the names that its file brings along.

An entry is a dictionary: "slot" (of the pump's memory), "seq" (number of the record), "boot" (its power-on), "t_ms"
(since that), "pump_clock" (its time of day, None while it is not set or not trusted), "event", "code" (name, or
None), "arg", "user" (number of the person whose key let the line do it, 0: none was needed), "person" (the id, None
where it is not known), "state", "step", "solution", "rate_ml_h", "pulses" and "total_ml" of the session, "dose_ppm" of
the full dose; "content": what its continuation records say (bytes). "event" is None in what is no sound record
("content": its bytes), in content of a record that is missing, and in what a firmware with other tables wrote, of
which the numbers alone are known ("numbers", "contract").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from pump.base import units
from pump.tables import events, messages
from toleramp.errors import UserError
from toleramp.pump_log import form
from toleramp.pump_log.reading import PumpLog, sound
from toleramp.words.keys import key_code
from toleramp.words.times import iso, pump_time

Entry = dict[str, Any]
_BOOT = "boot"
_KEY_USED = events.NAMES[events.KEY_USED]
_NONE = "none"  # the first row of tables that have one for nothing
_UINT = 0xFFFFFFFF


class _Names:
    """The tables of a file."""

    def __init__(self, log: PumpLog) -> None:
        said = log.about
        self._of, record = said["names"], said["record"]
        self._layout, self._fields = record["layout"], record["fields"].split()
        self._part_layout, self._part_fields = record["part_layout"], record["part_fields"].split()
        self._part_at = struct.calcsize(self._part_layout[: self._part_layout.index("B") + 2])
        self.boot = self._of["events"].index(_BOOT)
        if not struct.calcsize(self._layout) == struct.calcsize(self._part_layout) == form.RECORD:
            raise ValueError

    def unpack(self, record: bytes) -> form.Fields:
        """The fields of a record, or of one that goes on (with "data")."""
        names, layout = self._fields, self._layout
        if record[self._part_at - 1]:
            names, layout = self._part_fields, self._part_layout
        return dict(zip(names, struct.unpack(layout, record), strict=True))

    def name(self, table: str, number: int) -> str:
        """A row's name; the number as text where there is no such row."""
        rows = self._of[table]
        return str(rows[number]) if number < len(rows) else f"{number}"

    def code(self, event: int, number: int) -> str | None:
        """An event's code by its name, None for none."""
        tables = self._of["code"]
        table = tables[event] if event < len(tables) else None
        if table == form.KEYS:
            return key_code(number)
        name = self.name(table, number) if table else _NONE
        return None if name == _NONE or number == messages.NONE8 else name


class _Reader:
    """Takes the records in their order; `done` are entries to which nothing is added any more."""

    def __init__(self, log: PumpLog) -> None:
        self._names, self._own = _Names(log), log.contract
        self._pl_pulse = int(log.about["pump"]["pl_pulse"])
        self._boot, self._contract = -1, log.contract
        self._open: Entry | None = None
        self._people: dict[int, str] = {}  # id by number, of this power-on

    def take(self, slot: int, record: bytes) -> Iterator[Entry]:
        """The entries that this record completes."""
        if not sound(record):
            yield from self.end()
            yield {"slot": slot, "event": None, "content": record}
            return
        fields = self._names.unpack(record)
        if fields["part"] and self._open and self._open["seq"] + fields["part"] == fields["seq"]:
            self._open["content"] += fields["data"]
            return
        yield from self.end()
        self._open = self._entry(slot, fields)

    def end(self) -> Iterator[Entry]:
        """The one that was waiting for what goes on."""
        if self._open:
            self._name(self._open)
            yield self._open
        self._open = None

    def _name(self, entry: Entry) -> None:
        """Whose key an entry's number is: one entry of a power-on tells it, before all others of that person."""
        if entry["event"] == _KEY_USED:
            self._people[entry["user"]] = entry["content"].rstrip(b"\0").decode("utf-8", "replace")
        if "user" in entry:
            entry["person"] = self._people.get(entry["user"])

    def _entry(self, slot: int, fields: form.Fields) -> Entry:
        self._follow(fields)
        head = {"slot": slot, "seq": fields["seq"], "boot": fields["boot"], "content": b""}
        head |= {"t_ms": fields["t_s"] * 1000 + fields["t_ms"], "pump_clock": iso(pump_time(fields["wall_s"]))}
        if self._contract != self._own:
            return {**head, "event": None, "contract": self._contract, "numbers": fields}
        if fields["part"]:  # of a record that is missing
            return {**head, "event": None, "content": fields["data"]}
        return head | self._named(fields)

    def _follow(self, fields: form.Fields) -> None:
        """By which tables the records of this power-on are to be read; where its first is missing, by the file's."""
        boots = not fields["part"] and fields["kind"] == self._names.boot
        if boots:
            self._contract = fields["arg"] & _UINT
        elif fields["boot"] != self._boot:
            self._contract = self._own
        if fields["boot"] != self._boot:
            self._people = {}
        self._boot = fields["boot"]

    def _named(self, fields: form.Fields) -> Entry:
        event, names = fields["kind"], self._names
        return {
            "event": names.name("events", event),
            "code": names.code(event, fields["code"]),
            "arg": fields["arg"],
            "user": fields["user"],
            "person": None,
            "state": names.name("states", fields["state"]),
            "step": fields["step"],
            "solution": None if fields["solution"] == messages.NONE8 else fields["solution"],
            "rate_ml_h": fields["rate_e4"] / 10_000,
            "pulses": fields["pulses"],
            "total_ml": units.nl_of(fields["pulses"], self._pl_pulse) / units.NL_PER_ML,
            "dose_ppm": fields["dose_ppm"],
        }


def entries(log: PumpLog) -> Iterator[Entry]:
    """All entries of a log, in the order of the memory. UserError for a file whose first line was changed."""
    try:
        reader = _Reader(log)
        for row in log.kept:
            yield from reader.take(row.slot, row.record)
        yield from reader.end()
    except (KeyError, ValueError, TypeError, AttributeError, struct.error):
        where = f"{log.path}, line 1"
        raise UserError("its layouts and names were changed: it cannot be read", where, "pull the log anew") from None
