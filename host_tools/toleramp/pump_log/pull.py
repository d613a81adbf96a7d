"""Pulls a pump's log into a file: all that is new, from where the file ends; nothing is taken that was read once only
and cannot be right."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pump.store.journal import SLOTS
from pump.tables.messages import STORED_MOST
from toleramp.device.client import Pump
from toleramp.errors import UserError
from toleramp.pump_log import form, reading
from toleramp.pump_log.keeping import Keeper
from toleramp.pump_log.reading import PumpLog, sound

AGAIN_S = 1.2  # by then a pump whose memory does not answer has noticed
_OTHER = "pull into another file"


@dataclass(frozen=True)
class Memory:
    """What the pump says of its own log: slots taken, records not stored yet, records that never will be."""

    end: int
    waiting: int
    lost: int

    def told(self) -> str:
        """How full it is, and what is missing, for people."""
        said = f"the pump's memory holds {self.end} of {SLOTS} ({self.end * 100 // SLOTS} %)"
        if self.end >= SLOTS:
            said = f"the pump's memory is FULL ({SLOTS} records): it stores no newer ones"
        said += f"; {self.waiting} not stored yet" if self.waiting else ""
        return said + (f"; {self.lost} lost since power-on" if self.lost else "")


def keeper_for(path: Path, pump: Pump, hello: form.Fields) -> Keeper:
    """The file to go on in, or a new one. UserError for a file that was changed, or is of another pump or contract."""
    if not path.exists():
        return Keeper.create(path, form.opening(hello, pump.status()["pl_pulse"]))
    log = reading.read(path)
    _demand_own(log, hello)
    wrong = reading.of_file(log)
    if wrong:
        raise UserError(f"nothing is added to a log that was changed: {wrong[0]}", str(path), _OTHER)
    _demand_same(log, pump)
    return Keeper.go_on(log)


def _demand_own(log: PumpLog, hello: form.Fields) -> None:
    """Raises UserError for a file of another contract."""
    if log.contract != hello["contract"]:
        version = log.about["pump"]["version"]
        what = f"pulled from firmware {version} with contract {log.contract:08x}, the pump has {hello['contract']:08x}"
        raise UserError(what, str(log.path), f"{_OTHER}: the pump still has every record")


def _demand_same(log: PumpLog, pump: Pump) -> None:
    """Raises UserError unless the first and the last record of the file lie in this pump."""
    for row in (log.kept[:1] + log.kept[-1:]) if log.kept else ():
        held = stored(pump, row.slot, 1)[0]
        if held[:1] != [row.record]:
            what = f"another pump's log, or from before this one was cleared: slot {row.slot} differs"
            raise UserError(what, str(log.path), _OTHER)


def stored(pump: Pump, slot: int, count: int) -> tuple[list[bytes], Memory]:
    """So many slots of the pump's memory, fewer at the end. An unsound one is read again after a while: the pump may
    not know yet that its memory does not answer. UserError when it does not."""
    said = pump.stored(slot, count)
    found = _records(said)
    if not all(sound(record) for record in found):
        time.sleep(AGAIN_S)
        again = pump.stored(slot, count)
        if _records(again) != found:
            raise UserError("its memory says now this, now that", pump.port, "try again; have its memory looked at")
    return found, Memory(said["end"], said["waiting"], said["lost"])


def _records(said: form.Fields) -> list[bytes]:
    data = said.get("data", b"")
    return [data[at : at + form.RECORD] for at in range(0, len(data), form.RECORD)]


def pull(pump: Pump, keeper: Keeper, progress: Callable[[int, int], None] = lambda done, total: None) -> Memory:
    """Appends all that the file does not have. `progress(done, total)` counts records."""
    memory = stored(pump, keeper.records, 0)[1]
    while keeper.records < memory.end:
        found, memory = stored(pump, keeper.records, STORED_MOST)
        if not found:
            break
        keeper.append(found)
        progress(keeper.records, memory.end)
    keeper.commit()
    return memory


def compare(log: PumpLog, pump: Pump, progress: Callable[[int, int], None]) -> list[reading.Finding]:
    """Where the file says something else than the pump; the first place only."""
    rows = {row.slot: row.record for row in log.kept}
    for first in range(0, max(rows, default=-1) + 1, STORED_MOST):
        found = stored(pump, first, STORED_MOST)[0]
        for slot in range(first, min(first + STORED_MOST, len(rows))):
            if found[slot - first : slot - first + 1] != [rows.get(slot)]:
                return [reading.Finding(f"slot {slot}", "the pump has another record there, or none")]
        progress(min(first + STORED_MOST, len(rows)), len(rows))
    return []
