"""No number of the scan grows without end or passes 31 bits, whatever comes over the lines for 90 days (INT-10).

Which numbers grow is found, not listed: all integers of all objects are looked at while the worst comes in. Each that
grew is then set near its end, as a number whose arithmetic fails where the chip would take it from the heap.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from core_kit import run_to_step, short, start

from oximeters.registry import parser as parser_of
from pump.base import units
from pump.controller import Controller
from pump.io import COUNT_MAX, Outputs, Snapshot
from pump.link import frames, status
from pump.panel import text
from pump.senses.vitals import RECOVER_MS, Vitals
from pump.tables import messages as m
from pump.tables import oximeters, vitals
from toleramp_bench.boards.core_pump import CorePump

END = 1 << 30  # the first number that the chip takes from the heap
SECONDS = 90 * 24 * 3600
SCAN_MS = 20
HALF_WEEK_MS = 1 << 28


class Word(int):
    """A number of the chip: arithmetic whose result needs more than 31 bits raises."""

    def _checked(self, value: int) -> int:
        if not -END <= value < END:
            raise OverflowError(f"{value} does not fit 31 bits")
        return Word(value)


def _with(name: str) -> Any:
    plain = getattr(int, name)

    def made(self: int, *others: int) -> Any:
        value = plain(self, *others)
        return value if value is NotImplemented else Word._checked(self, value)  # type: ignore[arg-type]

    return made


_NAMES = ["add", "sub", "mul", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift"]
for _name in [f"__{p}{n}__" for n in _NAMES for p in ("", "r")] + ["__neg__", "__abs__", "__invert__"]:
    setattr(Word, _name, _with(_name))


def objects(root: object) -> Iterator[tuple[str, Any]]:
    """(path, object) of all of the pump's own objects, each once."""
    seen: set[int] = set()
    queue = [("", root)]
    while queue:
        path, item = queue.pop()
        if id(item) in seen or not type(item).__module__.startswith(("pump", "oximeters")):
            continue
        seen.add(id(item))
        yield path, item
        for name, value in vars(item).items():
            inner = value if isinstance(value, (list, tuple)) else [value]
            queue += [(f"{path}.{name}", each) for each in inner]


def numbers(root: object) -> dict[tuple[str, int], int]:
    """All integers by path and place (-1: an attribute itself, else an element of an array or list)."""
    found = {}
    for path, item in objects(root):
        for name, value in vars(item).items():
            if isinstance(value, int) and not isinstance(value, bool):
                found[(f"{path}.{name}", -1)] = int(value)
            elif isinstance(value, (array, list)):
                found |= {(f"{path}.{name}", k): int(v) for k, v in enumerate(value) if isinstance(v, int)}
    return found


class Worst:
    """A controller in a step, whose lines bring the worst that they can carry."""

    def __init__(self, form: str) -> None:
        pump = CorePump(20_000)
        pump.load(_blob())
        pump.scan()
        start(pump)
        run_to_step(pump, 2)
        self.board = pump.board
        self.core: Controller = pump.controller
        self.core.parser = parser_of(form)
        self.snap: Snapshot = pump.board.snap
        self.out: Outputs = pump.board.out
        self.random = random.Random(7)

    def scan(self) -> None:
        """One scan: foreign bytes on both lines, between them a frame that is refused."""
        snap, board = self.snap, self.board
        board.samples = False
        rubbish = self.random.randbytes(20).replace(b"\0", b"\1")
        board._ox.append((board.now_us * 1000, rubbish))
        board.to_pump += _REFUSED if self.random.random() < 0.3 else self.random.randbytes(16)
        self.core.vitals._sure_ms = snap.now_ms  # the patient is watched otherwise: the step goes on
        self.core.vitals.alert, self.core.vitals.hold = False, 0
        self.core.vitals.seal.close()
        board.run_to(board.now_us + SCAN_MS * 1000, lambda: False)


def _blob() -> bytes:
    from pump.protocol.encoding import encode

    return encode(short())


def _request(layout: tuple[int, str, str], payload: bytes) -> bytes:
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[0], plain[1] = layout[0], 1
    plain[2 : 2 + len(payload)] = payload
    return b"\0" + bytes(coded[: frames.encode(plain, len(payload), coded)])


_REFUSED = _request(m.HANG, b"TLR-X-9999")


def growing(worst: Worst) -> list[tuple[str, int]]:
    """What grew in each of four spans of the same length."""
    looks = []
    for _ in range(5):
        looks.append(numbers(worst.core))
        for _ in range(150):
            worst.scan()
    return sorted(key for key in looks[0] if all(a.get(key, 0) < b.get(key, 0) for a, b in pairwise(looks)))


# Numbers that grow with time or volume, not with what comes in, and end long before: what bounds them.
BOUNDED = {
    ".t_s": "seconds: 34 years", ".now_s": "the same", "._next": "a minute, round and round",
    ".seen_ms": "stops at 2**29, grows by a step's milliseconds", ".drawn": "the bag's volume",
    "._ox_ms": "ticks", "._sure_ms": "ticks", "._second_ms": "ticks", "._heard_ms": "ticks", "._last_ms": "ticks",
    "._count": "the counter's own, modulo 2**30", "._made": "the same", "._moved": "the same",
    "._due_us": "less than an interval between pulses",
    "._looks": "a minute's", "._sure": "a minute's", "._spo2_sum": "a minute's", "._pulse_sum": "a minute's",
    "._base": "the step's volume", "._loose": "the step's volume", "._due": "the step's volume",
    ".done": "the step's volume", ".total": "the order's volume", ".loose": "the step's volume",
    ".step_ms": "the step's dwell", "._status_ms": "ticks", ".pulses": "the order's volume", "._ppm_of": "the same",
}  # fmt: skip


def _put(core: Controller, key: tuple[str, int], value: int) -> None:
    path, place = key
    owner, name = path.rsplit(".", 1)
    for at, item in objects(core):
        if at == owner and hasattr(item, name):
            held = getattr(item, name)
            if place < 0:
                setattr(item, name, Word(value))
            else:
                words = [Word(v) for v in held]
                words[place] = Word(value)
                setattr(item, name, words)  # a list of words in the array's place
            return
    raise AssertionError(f"{path} is gone")


@pytest.mark.req("INT-10", "INT-7")
@pytest.mark.parametrize("form", oximeters.NAMES)
def test_every_number_that_grows_stops_before_it_would_cost_heap(form: str) -> None:
    """Else a foreign device on the oximeter's line, left on for weeks, ends a session by a reset."""
    worst = Worst(form)
    found = [key for key in growing(worst) if "." + key[0].rsplit(".", 1)[1] not in BOUNDED]
    assert any("state" in path for path, _ in found), found  # the parser's count of what it threw away
    for key in found:
        for end in (COUNT_MAX - 3, END - 2):
            worst = Worst(form)
            for _ in range(20):
                worst.scan()
            before = numbers(worst.core)
            _put(worst.core, key, end)
            for _ in range(120):
                worst.scan()
                worst.core.link._reply = m.STATUS[0]  # what it says of itself is part of the scan
            now = numbers(worst.core)
            large = {at: value for at, value in now.items() if not -END <= value < END and before.get(at) != value}
            assert not large, (key, end, large)


@pytest.mark.req("INT-10")
@pytest.mark.parametrize("rejected", [0, 1, 1_073_741, 1_073_742, COUNT_MAX - 1, COUNT_MAX])
@pytest.mark.parametrize("samples", [0, 1, 1_000_000, COUNT_MAX])
def test_the_loss_rate_is_worked_out_within_31_bits(rejected: int, samples: int) -> None:
    """Else each STATUS after a megabyte of rubbish takes memory until none is left."""

    class Parser:
        pass

    parser = Parser()
    parser.rejected, parser.samples = Word(rejected), Word(samples)  # type: ignore[attr-defined]
    share = status.loss_permille(parser)
    right = min(rejected * 1000 // max(samples, 1), 65534)
    assert abs(share - right) <= max(2, right // 1000)


@pytest.mark.req("INT-10")
@pytest.mark.parametrize("whole", [1, 100, (1 << 23) - 1, 1 << 23, END - 1])
def test_the_bar_of_the_screen_is_worked_out_within_31_bits(whole: int) -> None:
    """Else a long step's progress takes memory in each scan that draws it."""
    for part in (0, whole // 2, whole):
        share = text.share(Word(part), Word(whole), Word(100))
        assert abs(share - part * 100 // whole) <= 1


@pytest.mark.req("INT-10", "VIT-3")
@pytest.mark.parametrize("form", oximeters.NAMES)
def test_a_full_count_keeps_the_loss_rate(form: str) -> None:
    """Else after weeks the pump says that an oximeter loses nothing, or all."""
    parser = parser_of(form)
    rejected = 6 if form in ("nonin-df2", "nonin-df7") else 2
    parser.state[rejected], parser.samples = COUNT_MAX - 100, COUNT_MAX // 2
    assert parser.rejected == COUNT_MAX - 100
    before = status.loss_permille(parser)
    rubbish = bytearray(b"\x01" * 64)
    for _ in range(50):
        parser.take(rubbish, 64)
    assert 0 <= parser.rejected <= COUNT_MAX
    assert abs(status.loss_permille(parser) - before) <= before // 100


@pytest.mark.req("INT-10", "SES-4")
def test_a_week_of_good_readings_is_no_minute_less() -> None:
    """Else a reading that has been good for six days counts as not recovered, and nobody may resume."""
    judged, now = Vitals(), units.TICK_SPAN - 5_000
    for k in range(40):
        for _ in range(RECOVER_MS // 1_000 + 2):
            judged.sample(98, 72, vitals.VALID, now)
            judged.watch(now)
            now = (now + 1_000) % units.TICK_SPAN
        assert judged.recovered and judged.good_ms == RECOVER_MS, k
        for _ in range(3):  # nothing comes for days, while somebody looks
            now = (now + HALF_WEEK_MS) % units.TICK_SPAN
            judged.watch(now)
            assert judged.alert and not judged.recovered, k
