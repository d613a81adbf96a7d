"""How the shipped core is made small enough to be explored whole: what is shortened, and what stands in for what.

Nothing that decides is replaced. Times that people, an oximeter or a rule take are shortened so that each is still
longer than the one it is compared with; the log always has room; codes of bags are offered in the order of the bags; no
bit changes by itself; the host's line is its last metre only: what has been asked for, after the frames (they have
tests of their own); of the screen's four lines the two stand that somebody else than a person reads.

The power is never cut: what is kept is a stub, so no state comes after a power-on but those of a fresh session. What a
session is after a cut (`recovered`) is proved by tests/core: test_recovered (each step, each situation, nothing flows
by itself), test_lost_session, test_kept, test_packed (its numbers in the row of what decides), and on the emulated
boards by the power cuts of the campaigns. Whose turn it is in the pump's slow work (Controller.turn) is not in the row:
each scan here is a slow one, in which all of it has its turn.
"""

from __future__ import annotations

import sys
from array import array
from functools import cache
from typing import Any

from pump.guard import hanging
from pump.panel.display import LINES, Display
from pump.senses import budget
from pump.session import bags
from pump.session.bags import Bags
from pump.store import throttle
from pump.tables import events, messages, refusals
from pump.tables.states import GROUP

_LOADS = messages.STATES_OF[messages.NAMES.index("LOAD_END")]  # the states in which the pump takes a protocol

READ_LINES = 2
TICK_MS = 1_000  # a scan of the explored pump

# The constant, what it is, what it becomes: times in ms or s, readings of a second, scans.
SHORTENED: tuple[tuple[str, str, int, int], ...] = (
    ("pump.senses.vitals", "RECOVER_MS", 60_000, 5_000),
    ("pump.senses.vitals", "ALERT_MS", 4_500, 3_000),
    ("pump.senses.vitals", "HOLD_MS", 14_500, 5_000),
    ("pump.senses.vitals", "CLEAR_MS", 30_000, 2_000),
    ("pump.senses.vitals", "SIGNAL_CLEAR_MS", 10_000, 1_000),
    ("pump.senses.limits", "STRETCH_MS", 10_000, 1_000),
    ("pump.senses.limits", "MOST_MS", 30_000, 3_000),
    ("pump.senses.limits", "DEFICIT_MOST", 50_000, 10_000),
    ("pump.senses.limits", "LASTS_MS", 2_000, 1_000),
    ("pump.senses.limits", "WITHIN_MS", 60_000, 5_000),
    ("pump.senses.limits", "OLD_MS", 60_001, 5_001),
    ("pump.senses.baseline", "SECONDS", 60, 1),
    ("pump.senses.baseline", "LEAST_S", 4, 1),
    ("pump.senses.keys", "BESIDE_MS", 60_000, 1_000),
    ("pump.senses.keys", "STORM_MS", 5_000, 1_000),
    ("pump.senses.keys", "PAIR_MS", 10_000, 1_000),
    ("pump.senses.keys", "MOVED_MS", 5_000, 3_000),
    ("pump.senses.keys", "QUIET_MS", 10_000, 1_000),
    ("pump.senses.keys", "_TEN_MS", 10_000, 2_000),
    ("pump.senses.monitoring", "SECOND_S", 30, 4),
    ("pump.senses.monitoring", "PROBE_OFF_S", 600, 10),
    ("pump.senses.conditions", "GONE_S", 10, 2),
    ("pump.panel.alarms", "RETURN_S", 30, 3),
    ("pump.panel.alarms", "PAUSE_MS", 120_000, 6_000),
    ("pump.guard.bounds", "STRETCH_SCANS", 5, 1),
    ("pump.session.bags", "CONFIRM_MS", 30_000, 5_000),
    ("pump.session.held", "LOCK_MS", 20_000, 4_000),
    ("pump.session.case", "MIN_MS", 60_000, 5_000),
)


def shorten() -> list[tuple[Any, str, int]]:
    """Shortens them in every module of the core that has imported them; what `lengthen` takes to undo it."""
    undo: list[tuple[Any, str, Any]] = []
    for module, name, shipped, short in SHORTENED:
        assert getattr(sys.modules[module], name) == shipped, f"{module}.{name} is no longer {shipped}"
        for other in _core():
            if vars(other).get(name) == shipped:
                undo.append((other, name, shipped))
                setattr(other, name, short)
    undo.append((budget, "AN_HOUR", budget.AN_HOUR))
    budget.AN_HOUR = array("H", [0] * len(budget.AN_HOUR))
    undo.append((throttle, "EVERY_MS", throttle.EVERY_MS))
    throttle.EVERY_MS = 0
    return undo + _codes_folded_once() + codes_in_order()


def _codes_folded_once() -> list[tuple[Any, str, Any]]:
    """The few codes that there are are not folded anew with each load."""
    undo = [(module, "folded", module.folded) for module in (bags, hanging)]
    for module, name, sound in undo:
        setattr(module, name, cache(sound))
    return undo


def codes_in_order() -> list[tuple[Any, str, Any]]:
    """Codes of bags are offered in the order of the bags; what `lengthen` takes to undo it."""
    undo = [(Bags, "_shuffle", Bags._shuffle)]
    Bags._shuffle = _in_order
    return undo


def lengthen(undo: list[tuple[Any, str, Any]]) -> None:
    """All as shipped."""
    for owner, name, shipped in undo:
        setattr(owner, name, shipped)


def _core() -> list[Any]:
    return [module for name, module in sorted(sys.modules.items()) if name.split(".")[0] == "pump" and module]


def _in_order(bags: Any) -> None:
    for at in range(len(bags._order)):
        bags._order[at] = at


class Log:
    """Stands where the journal stands: tells what was recorded, and always has room."""

    def __init__(self) -> None:
        self.seq = self.stored = self.sent = 0
        self.bits = 0
        self.waits = False
        self.lines: list[tuple[int, int, int]] = []

    def context(self, *_: int) -> None:
        """What goes into each record."""

    def event(self, kind: int, code: int = 0, arg: int = 0, parts: int = 0) -> None:
        """A record; a minute's vital signs decide nothing, and when it is over depends on more than what decides."""
        if kind != events.VITALS:
            self.lines.append((kind, code, arg))

    def more(self, *_: Any) -> None:
        """Its long content."""

    def part(self, *_: Any) -> None:
        """A piece of it."""

    def settle(self, outcome: int) -> None:
        """Nothing is written."""


class Kept:
    """Stands where what outlives the power stands: nothing is written."""

    def __init__(self) -> None:
        self.pair = self.first = self.late = False
        self.mask, self.begins = 3, 0

    def look(self, pump: Any, dt_ms: int) -> None:
        """What is to be written: nothing."""

    def store_more(self, pump: Any, out: Any) -> None:
        """None of it."""

    def settle(self, outcome: int) -> None:
        """What became of it."""

    def adopt(self, blob: bytearray) -> None:
        """A protocol."""


class Screen(Display):
    """The lines of oximeter and alarm stay as they were: the guard reads the other two."""

    def compose(self, pump: Any) -> None:
        """The next of the four."""
        if self._turn < READ_LINES:
            super().compose(pump)
        else:
            self._turn = (self._turn + 1) % LINES


class _Loader:
    def __init__(self) -> None:
        self.loaded: bytearray | None = None


class _Told:
    def __init__(self) -> None:
        self.bench = False
        self.told = 0


class Line:
    """Stands where the link stands: `ask` for what has come over it whole, once."""

    def __init__(self) -> None:
        self.loader = _Loader()
        self.request = self.value = self.bits = self.clock_s = 0
        self.setting = self.wanted = -1
        self.lost = self.loading = self.proved = self.tests = False
        self.hung: bytes | None = None
        self.auth, self.recorder = _Told(), _Told()
        self.refused = self.user = 0
        self._next = 0

    def ask(self, request: int) -> None:
        """PAUSE or STOP (a type of pump.tables.messages) comes with the next scan."""
        self._next = request

    def receive(self, snap: Any, state: int) -> None:
        """The next scan."""
        self.request, self._next = self._next, 0
        if self.loader.loaded is not None and not GROUP[state] & _LOADS:
            self.loader.loaded = None
            self.refuse(refusals.BUSY)
        self.loading = self.loader.loaded is not None

    def refuse(self, code: int, where: int = 0, detail: int = 0) -> None:
        """Something was refused."""
        self.refused = code

    def decline(self, layout: Any, code: int, where: int = 0, detail: int = 0) -> None:
        """The same of what was judged later."""
        self.refused = code

    def send(self, out: Any, pump: Any, snap: Any) -> None:
        """Nobody listens."""
