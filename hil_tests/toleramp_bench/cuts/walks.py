"""What a pump does while its power is cut: a session from the first power-on, and a keyring written twice.

Each walk happens once. Where a case cuts the power the process forks: the child judges, the walk goes on.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from pump.io import SILENCE, STOP
from pump.protocol.approval import encode_keyring
from pump.tables import causes
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl, ReplError
from toleramp_bench.boards.provision import service
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.cuts.after import Cut, PowerCut, Prepared, TearableFram, Verdict, fram_of, judge, old_log, tap
from toleramp_bench.figures.measure import run_session, standard_blob
from toleramp_bench.names import EVENTS
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import image, pins
from toleramp_bench.runs.forked import Crew
from toleramp_bench.runs.forks import Twin

SCALE = Fraction(1, 250)  # of the standard protocol: a step takes 3.6 s
SPAN_S = 45.0  # of the session walk, from power-on
RECORD_COMES_NS = 300_000_000  # when no record comes by itself, SILENCE is pressed: each press is one
_REACTION_STEP = 5
_NEW, _RING = "/keyring.new", "/keyring.bin"
_FLASH_SELECT, _HIGH = 1, 1
_BLOCK = 4096
RINGS = (
    encode_keyring({"afischer": bytes(range(32))}),
    encode_keyring({"afischer": bytes(range(32)), "bmeier": bytes(range(32, 64))}),
)


@dataclass(frozen=True)
class Case:
    """One cut. kind: "instant", "record" (while a record is clocked in), "again" (a second time while the pump writes
    its boot record), "flash" (around a program or erase of the flash).

    `where` (0 to 1) is the place in the walk; `after` bytes of the record are in; `part` (0 to 1) of the flash
    operation is done, 1: all.
    """

    number: int
    kind: str
    where: float
    after: int = 0
    part: float = 1.0

    @property
    def t_ns(self) -> int:
        """When, after power-on (of a "record" case: the first record after that)."""
        return round(self.where * SPAN_S * 1e9)


@dataclass
class Outcome:
    """What a case brought to light; `state` is the pump's state at the cut, `place` its time or flash operation."""

    case: Case
    place: str
    state: str
    verdict: Verdict


# -- a session


class SessionWalk:
    """A pump from power-on through loading, a session's steps and bags, a reaction and going on after it.

    `old`: records that its FRAM holds already.
    """

    def __init__(self, cases: list[Case], hands: Crew, prepared: Prepared | None, old: int = 0) -> None:
        self._crew, self._prepared = hands, prepared
        self._here: tuple[Twin, Case] | None = None  # in a child whose record is still to come
        self.bench = PumpBench(fram=TearableFram(old_log(old)), bench_mode=True)
        self._streamed = tap(self.bench)
        self._left = len(cases)
        for case in cases:
            self.bench.board.at_ns(case.t_ns, lambda case=case: self._reach(case))  # type: ignore[misc]

    def _reach(self, case: Case) -> None:
        if self._here:
            return
        self._left -= 1
        twin = self._crew.branch()
        if not twin.child:
            return
        if case.kind != "record":
            twin.deliver(lambda: self._judge(case))
        self._here = twin, case
        fram_of(self.bench).tear(case.after)
        self._press_later()

    def _press_later(self) -> None:
        """Presses SILENCE now and then: at least one record comes."""

        def press() -> None:
            self.bench.press(SILENCE, 150)
            self._press_later()

        board = self.bench.board
        board.at_ns(board.now_ns + RECORD_COMES_NS, press)

    def _judge(self, case: Case) -> Outcome:
        bench = self.bench
        torn = case.kind == "record"
        pulses = len(bench.motor.times)
        cut = Cut(bench.fram, bench.board.flash_image(), self._streamed, pulses, torn, time=bench.clock.time)
        place, state = f"{bench.board.now_us / 1e6:.6f} s", bench.state() if bench.status else "booting"
        verdict = judge(cut, self._prepared, case.after if case.kind == "again" else None, case.number % 4 == 0)
        return Outcome(case, place, state, verdict)

    def go(self) -> None:
        """The walk, until the last case has been reached. In a child it ends in the middle of a record."""
        try:
            self._walk()
        except PowerCut:
            self._leave(None)
        except Exception as error:
            self._leave(error)
            raise
        self._leave(BenchFault("no record came"))

    def _leave(self, error: Exception | None) -> None:
        if not self._here:
            return
        twin, case = self._here

        def outcome() -> Outcome:
            if error:
                raise error
            return self._judge(case)

        twin.deliver(outcome)

    def _walk(self) -> None:
        bench = self.bench
        nurse = Nurse(ScreenPace(), wishes=Wishes(cause=causes.MILD, step=_REACTION_STEP))
        bench.boot(100)
        bench.load(standard_blob(SCALE))
        run_session(
            bench, nurse, lambda: self._done() or bool(bench.find(EVENTS.STEP_STARTED, step=_REACTION_STEP)), SPAN_S
        )
        bench.run_for(1.0)
        bench.press(STOP, 300)
        run_session(bench, nurse, self._done, 2 * SPAN_S)

    def _begun(self) -> bool:
        return bool(self.bench.find(EVENTS.STEP_STARTED, step=_REACTION_STEP))

    def _done(self) -> bool:
        return not self._left and not self._here


# -- the flash


class FlashWalk:
    """A new board in service mode: its file system is made, a keyring is written, then another in its place.

    Each program and erase is a place to cut: after it, or when only its first bytes are done.
    """

    def __init__(self, cases: list[Case], hands: Crew, operations: int) -> None:
        self._crew = hands
        self._at: dict[int, list[Case]] = {}
        for case in cases:
            self._at.setdefault(int(case.where * operations), []).append(case)
        self.board = Board(image())
        self.operations = 0
        self._phase = 0  # rings that were ordered to be written
        self._before = self.board.flash_image()
        self.board.chip.qspi[_FLASH_SELECT].add_listener(self._selected)
        service(self.board, pins())

    def _selected(self, new: int, _old: int) -> None:
        flash = self.board.flash
        if new != _HIGH or flash.programs + flash.erases == self.operations:
            return
        number, self.operations = self.operations, flash.programs + flash.erases
        after = self.board.flash_image()
        for case in self._at.get(number, []):
            twin = self._crew.branch()
            if twin.child:
                twin.deliver(lambda case=case, number=number: self._judge(case, number, after))  # type: ignore[misc]
        self._before = after

    def _judge(self, case: Case, number: int, after: bytes) -> Outcome:
        left = partly(self._before, after, case.part)
        rings = ((None,), (None, RINGS[0]), RINGS)[self._phase]
        verdict = judge(Cut(TearableFram(), left, {}, rings=rings))
        found = ring_of(left)
        if found not in rings:
            verdict.findings.append(f"{_RING} holds {len(found) if found is not None else 'nothing'}, not a ring")
        return Outcome(case, f"flash operation {number}", "service", verdict)

    def go(self) -> None:
        """The walk, to its end."""
        repl = Repl(self.board)
        repl.enter()
        for ring in RINGS:
            self._phase += 1
            repl.run(f"f = open({_NEW!r}, 'wb')\nf.write({ring!r})\nf.close()")
            repl.run(f"import os\nos.rename({_NEW!r}, {_RING!r})")


def partly(before: bytes, after: bytes, part: float) -> bytes:
    """The flash when only the first part of an operation was done: of the bytes that it changed."""
    if part >= 1 or before == after:
        return after
    blocks = [k for k in range(0, len(after), _BLOCK) if before[k : k + _BLOCK] != after[k : k + _BLOCK]]
    changed = [i for k in blocks for i in range(k, min(k + _BLOCK, len(after))) if before[i] != after[i]]
    end = changed[int(part * len(changed))]
    return after[:end] + before[end:]


def ring_of(flash: bytes) -> bytes | None:
    """What a pump with that flash holds as its keyring, read in service mode; None without one."""
    board = Board(image(), flash=flash)
    service(board, pins())
    repl = Repl(board)
    repl.enter()
    with suppress(ReplError):
        return bytes.fromhex(repl.run(f"print(open({_RING!r}, 'rb').read().hex())"))
    return None
