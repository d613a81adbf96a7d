"""The controller in this process as the brain of a virtual board, with the bench's eyes and hands on it."""

from __future__ import annotations

from typing import Any

from pump.controller import Controller
from pump.io import Outputs, Snapshot
from pump.store.journal import RECORD
from toleramp_bench.people.seen import Seen, seen_at
from toleramp_bench.records import is_part, unpack_record


class LocalBrain:
    """`first`: the number of the first record that this controller writes."""

    def __init__(self, controller: Controller, first: int = 0) -> None:
        self.controller = controller
        self._seen = first
        self._work = bytearray(RECORD)

    def scan(self, snap: Snapshot, out: Outputs) -> None:
        """One scan."""
        self.controller.scan(snap, out)

    @property
    def news(self) -> bool:
        """Records that nobody has fetched."""
        return bool(self.controller.journal.seq != self._seen)

    def records(self) -> list[dict[str, Any]]:
        """The records that are new."""
        journal, found = self.controller.journal, []
        while self._seen < journal.seq:
            journal.copy(self._seen, self._work, 0)
            if not is_part(self._work):
                found.append(unpack_record(bytes(self._work)))
            self._seen += 1
        return found

    def seen(self) -> Seen:
        """What stands on the screen."""
        return seen_at(self.controller)

    def hand_over(self, blob: bytes) -> None:
        """A protocol that has come in full, for the next scan to judge."""
        link = self.controller.link
        link.loader.loaded, link.loading = bytearray(blob), True

    def corrupt(self, where: str) -> None:
        """Flips a bit of the guard's protocol or of control's course."""
        if where == "protocol":
            blob = self.controller.guard.blob
            blob[len(blob) // 2] ^= 1
        elif where == "plan":
            case = self.controller.session.case
            case.course.pulses[min(case.progress.step + 1, case.plan.count - 1)] ^= 1 << 6
