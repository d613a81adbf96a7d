"""A log in its two memories, written, drained and cut: FRAM slots and flash sectors whose writes can be torn."""

from __future__ import annotations

from collections.abc import Callable

from pump.io import KEPT, Outputs
from pump.store.archive import SECTOR_BYTES, Sectors
from pump.store.draining import DONE, NOTHING, Draining
from pump.store.journal import SLOT, Journal, count_records, open_log
from pump.tables import events, states
from toleramp_bench.devices.log_flash import LogFlash


class PowerCut(Exception):
    """The power goes within a write."""


class Memories:
    """Slots and flash; the power goes within write number `cut`, of which the share `share` of the bytes comes."""

    def __init__(self) -> None:
        self.slots: dict[int, bytes] = {}
        self.flash = LogFlash()
        self.cut, self.share, self.writes = -1, 0.0, 0
        self.there = True
        self._program, self._erase = self.flash.program, self.flash.erase
        self.flash.program, self.flash.erase = self._torn_program, self._torn_erase  # type: ignore[method-assign]

    def copied(self) -> Memories:
        """Another pump with the same memories."""
        made = Memories()
        made.slots = dict(self.slots)
        made.flash.sectors = {sector: bytearray(held) for sector, held in self.flash.sectors.items()}
        return made

    # -- as draining asks for the FRAM

    def read_slot(self, slot: int) -> bytearray:
        return bytearray(self.slots.get(slot, bytes(SLOT))) if self.there else bytearray(b"\xff" * SLOT)

    def answers(self) -> bool:
        return self.there

    def write_slot(self, slot: int, content: bytes) -> None:
        if not self.there:
            return
        done = self._cut_here(SLOT)
        self.slots[slot] = bytes(content[:done]) + bytes(self.read_slot(slot)[done:])
        self._go(done == SLOT)

    def _cut_here(self, size: int) -> int:
        self.writes += 1
        return round(size * self.share) if self.writes - 1 == self.cut else size

    def _go(self, whole: bool) -> None:
        if self.writes - 1 == self.cut:
            raise PowerCut
        assert whole

    def _torn_program(self, sector: int, offset: int, data: bytes) -> None:
        done = self._cut_here(len(data))
        self._program(sector, offset, bytes(data[:done]) + b"\xff" * (len(data) - done))
        self._go(done == len(data))

    def _torn_erase(self, sector: int) -> None:
        done = self._cut_here(SECTOR_BYTES)
        held = self.flash.sectors.get(sector, bytearray())
        self._erase(sector)
        if done < SECTOR_BYTES and held:
            self.flash.sectors[sector] = bytearray(b"\xff" * done) + held[done:]
        self._go(done == SECTOR_BYTES)


class Pump:
    """A power-on of a pump with these memories: its journal and its draining, without a scan."""

    def __init__(self, memories: Memories) -> None:
        self.memories = memories
        self.sectors = Sectors(memories.flash)
        self.draining = Draining(memories, self.sectors)
        self.draining.open_all()
        number, slot = open_log(memories.read_slot, self.sectors.newest())
        self.draining.find_front(slot)
        self.journal = Journal(number, slot)
        self._out = Outputs()

    @property
    def end(self) -> int:
        """Slots of the FRAM that the log takes."""
        return int(self.journal.slot)

    def record(self, count: int = 1, state: int = states.IDLE) -> None:
        """So many records, each stored as the board does it: over nothing sound."""
        for _ in range(count):
            self.journal.context(5, 0, state, 2, 0, 0, 0, 0)
            self.journal.event(events.PRESSED, 1)
            self._out.fram_slot = -1
            self.journal.store_next(self._out)
            self.memories.write_slot(self._out.fram_slot, bytes(self._out.fram))
            self.journal.settle(KEPT)

    def piece(self) -> int:
        """One piece of work between two scans; the journal hears what it did."""
        did = int(self.draining.piece(self.end))
        self.journal.place(self.draining.lies())
        return did

    def rest(self, pieces: int = 10_000) -> int:
        """Nothing flows until nothing is left to do; how many sectors and moves were done."""
        done = 0
        for _ in range(pieces):
            did = self.piece()
            done += did == DONE
            if did == NOTHING:
                break
        return done

    def pulled(self) -> list[bytes]:
        """What a laptop gets: all places."""
        self.journal.place(self.draining.lies())
        return [self.at(place) for place in range(self.journal.places)]

    def at(self, place: int) -> bytes:
        """A record by its place, as the board reads it."""
        held = bytearray(SLOT)
        if place < self.journal.drained:
            self.sectors.read(place, held)
            return bytes(held)
        return bytes(self.memories.read_slot(place - self.journal.drained + self.journal.front))


def numbers(records: list[bytes]) -> list[int]:
    """Their numbers."""
    return [int.from_bytes(record[:4], "little") for record in records]


def filled(records: int, power_ons: int = 1) -> Memories:
    """Memories with so many records, of so many power-ons."""
    memories = Memories()
    for _ in range(power_ons):
        Pump(memories).record(records // power_ons)
    assert count_records(memories.read_slot) == records // power_ons * power_ons
    return memories


def each_cut(
    start: Memories, act: Callable[[Memories], object], after: Callable[[Memories, int], object], share: float
) -> int:
    """Cuts the power within each write of `act` and lets `after` look at what the memories hold; how many there are."""
    cut = 0
    while True:
        memories = start.copied()
        memories.cut, memories.share = cut, share
        try:
            act(memories)
        except PowerCut:
            memories.cut = -1
            after(memories, cut)
            cut += 1
            continue
        return cut
