"""A recorded run, run again: the core is given the recorded inputs and must decide what the pump decided."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pump.controller import Controller
from pump.io import FRAM_SLOT, KEPT, Outputs, Snapshot
from pump.link.inputs import RECORDS
from pump.protocol import approval
from pump.protocol.protocol import Refusal
from pump.tables import parts, refusals
from toleramp.replay.rebuild import Misfit, build
from toleramp.replay.scans import Beginning, Bytes, PowerOn, Scan, Torn, beginning, fill, scan

BEFORE = 5  # scans with an input that changed, shown before a difference
_FRAM = parts.BIT[parts.FRAM]
_QUIET = {"dt_ms", "queue_us", "more", "ox", "screen_ready"}


@dataclass
class Difference:
    """Where it began: the scan since power-on, the pump's time, what the pump decided and what the core did instead
    (by name), the inputs before."""

    scan: int
    t_ms: int
    pump: dict[str, Any]
    core: dict[str, Any]
    before: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    damage: bool = False  # the recording does not hold what the pump wrote


@dataclass
class Outcome:
    """What a replay showed: scans equal, the first and last scan's number, of how many records, from power-on or not,
    and the first difference."""

    first: int
    last: int = 0
    records: int = 0
    begins: str = "power-on"
    difference: Difference | None = None
    seconds: float = 0.0

    @property
    def scans(self) -> int:
        """How many scans were equal."""
        return self.last - self.first


class Player:
    """Runs one recording. `form`: the oximeter's format; `pl_pulse`: picolitres a pulse."""

    def __init__(self, data: bytes, form: str, pl_pulse: int) -> None:
        """Raises Torn, ValueError or Misfit when its beginning cannot be used."""
        self._source = Bytes(data)
        self.head = beginning(self._source)
        self._memory = dict(self.head.memory)
        self.snap, self.out = Snapshot(), Outputs()
        self.snap.now_ms = -1
        self._told = 0
        self._sum = 1
        self._recent: deque[tuple[int, dict[str, Any]]] = deque(maxlen=BEFORE)
        self._pending: tuple[int, bytes] | None = None
        self.core: Controller = build(self.head, form, pl_pulse, self._slot)
        self.outcome = Outcome(self.head.scans, self.head.scans)
        if self.head.power_on:
            self._power_on(self.head.power_on)
        else:
            self.outcome.begins = "within a power-on"

    def _power_on(self, told: PowerOn) -> None:
        snap = self.snap
        snap.parts, snap.wall_s, snap.wall_lost = told.parts, told.wall_s, told.wall_lost
        with self._approvals(told.told):
            self.core.boot(told.cause, snap, told.tests)
        self.core.self_test(told.answered)

    def _slot(self, number: int) -> bytearray | None:
        """What the pump's memory held."""
        if not self.snap.parts & _FRAM:
            return None
        return bytearray(self._memory.get(number, bytes(FRAM_SLOT)))

    @contextmanager
    def _approvals(self, told: int) -> Iterator[None]:
        """The keys of people are not in the recording; what became of an approval is."""

        def demand(protocol: Any, blob: Any, keys: Any) -> None:
            if told:
                raise Refusal(refusals.APPROVAL, told - 1)

        real = approval.demand
        approval.demand = demand
        try:
            yield
        finally:
            approval.demand = real

    def run(self) -> Outcome:
        """Until the first difference or the end; what came in part of a last scan is left."""
        while self.outcome.difference is None:
            try:
                given = scan(self._source)
            except Torn:
                break
            self._step(given)
        self.outcome.seconds = (self.outcome.last - self.outcome.first) / 50
        return self.outcome

    def _step(self, given: Scan) -> None:
        self._sum = given.check(self._sum)
        number = self.outcome.last + 1
        if self._sum & 255 != given.data[-1]:
            self.outcome.difference = Difference(number, self._t_ms(), {}, {}, list(self._recent), damage=True)
            return
        fill(self.snap, given)
        self.core.link.auth.proofs = iter(given.values.get("proofs", ()))
        self._settle()
        with self._approvals(given.said.get("approval", 0)):
            self.core.scan(self.snap, self.out)
        if self.out.fram_slot >= 0:
            self._pending = self.out.fram_slot, bytes(self.out.fram)
        made = self.core.link.recorder.made
        if made != given.data:
            self._differs(number, given, made)
            return
        self._remember(number, given)
        self.outcome.last = number
        self.outcome.records += bool(given.bits & RECORDS)

    def _settle(self) -> None:
        """What became of the write before."""
        if self._pending and self.snap.fram == KEPT:
            slot, data = self._pending
            self._memory[slot] = data
        self._pending = None

    def _t_ms(self) -> int:
        return int(self.core.t_s * 1000 + self.core.t_ms)

    def _remember(self, number: int, given: Scan) -> None:
        told = {name: value for name, value in given.values.items() if name not in _QUIET}
        if given.values["dt_ms"] > 40:
            told["dt_ms"] = given.values["dt_ms"]
        if told:
            self._recent.append((number, told))

    def _differs(self, number: int, given: Scan, made: bytes) -> None:
        mine = scan(Bytes(made)).said if made else {}
        names = [name for name in {**given.said, **mine} if given.said.get(name) != mine.get(name)]
        self._remember(number, given)
        self.outcome.difference = Difference(
            number, self._t_ms(), {name: given.said.get(name) for name in names},
            {name: mine.get(name) for name in names}, list(self._recent),
        )  # fmt: skip


__all__ = ["Beginning", "Difference", "Misfit", "Outcome", "Player", "Torn"]
