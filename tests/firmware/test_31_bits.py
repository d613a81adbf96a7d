"""The core on MicroPython with the chip's integers and memory, beside itself on CPython: equal in every scan.

Numbers beyond 31 bits are objects there, as on the chip; while the drug flows, and at rest while nobody does anything,
the heap is locked; else nothing is collected but where the board's loop does it (hil_tests/on_micropython/brain.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction

import pytest
from walk_kit import MINI, Walk, attend, blob_at, both, flowing, frame, scan_s, state, twin

from oximeters.nonin_df2 import Parser
from pump.base.units import TICK_SPAN
from pump.io import COUNT_MAX, STOP, Snapshot
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.tables import causes, oximeters, parts
from pump.tables import messages as m
from pump.tables.alarms import LOW
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.devices.oximeter import Oximeter
from toleramp_bench.figures.__main__ import twenty_steps
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import ROOT
from toleramp_bench.targets.base import TargetFault
from toleramp_bench.targets.twin import Different, Twin, twin_pump
from toleramp_bench.targets.unix import BINARY, HEAP, Child, layout

pytestmark = pytest.mark.skipif(not BINARY.exists(), reason="not run: no build/unix/micropython (make unix)")

CHIP_FREE = 122_864  # bytes at rest before anything is loaded, by gc.mem_free() of the emulated board
WORDS = 1.51  # bytes of an object here for one on the chip


@pytest.fixture
def child() -> Iterator[Child]:
    """MicroPython with a core that has just been started."""
    with closing(Child()) as made:
        head = layout.boot(20_000, 1, 0, 0, 0, parts.ALL, 100_000, layout.SAMPLES, 0, 0, 0, Snapshot())
        made.send(head.ljust(layout.REQUEST, b"\0"))
        made.read(layout.BOOTED)
        yield made


_ARITHMETIC = """
import micropython
M = (1 << 30) - 1
def wants(call, x, y):
    micropython.heap_lock()
    try:
        call(x, y)
    except MemoryError:
        micropython.heap_unlock()
        return "1"
    micropython.heap_unlock()
    return "0"
ROWS = (
    (lambda x, y: x + y, M, 0, 1), (lambda x, y: x - y, -M, 1, 2), (lambda x, y: x * y, 1 << 15, 32767, 32768),
    (lambda x, y: x * y, -(1 << 15), 1 << 15, -(1 << 15)), (lambda x, y: x << y, 1, 29, 30),
    (lambda x, y: x << y, -1, 30, 31), (lambda x, y: -x - y, M, 1, 2), (lambda x, y: (~x) - y, M, 0, 1),
)
said = " ".join([wants(call, x, fits) + wants(call, x, beyond) for call, x, fits, beyond in ROWS])
"""


@pytest.mark.req("INT-10")
def test_a_number_takes_memory_exactly_from_31_bits_on(child: Child) -> None:
    """Else arithmetic that the chip takes from the heap passes here."""
    assert child.run(_ARITHMETIC) == " ".join(["01"] * 8)


@pytest.mark.req("INT-11")
def test_the_core_has_as_much_memory_as_on_the_chip(child: Child) -> None:
    """Else what exhausts the chip's heap does not exhaust this one. Another core: measure both, set HEAP anew."""
    free = int(child.run("import gc\ngc.collect()\nsaid = gc.mem_free()"))
    assert abs(free / (CHIP_FREE * WORDS) - 1) < 0.04, (free, HEAP)


_OBJECTS = """
import micropython
def takes(number):
    micropython.heap_lock()
    try:
        number + 0
    except MemoryError:
        micropython.heap_unlock()
        return True
    micropython.heap_unlock()
    return False
found = []
def look(value, path):
    if type(value) is int and -(1 << 30) <= value < 1 << 30 and takes(value):
        found.append(path)
    elif type(value) in (tuple, list):
        for each in value:
            look(each, path)
    elif type(value) is dict:
        for key in value:
            look(value[key], path)
    elif type(value) is type:
        for name, each in value.__dict__.items():
            if name != "__dict__":
                look(each, path + "." + name)
for name in NAMES:
    module = __import__(name, None, None, ("x",))
    for key, value in module.__dict__.items():
        look(value, name + "." + key)
said = " ".join(sorted(set(found)))
"""
# Nothing of these is read in a scan.
BEFORE_SCANS, AT_LOAD = (".ROWS", ".BAUD"), "pump.protocol.protocol._RANGES"


@pytest.mark.req("INT-10", "INT-11")
def test_no_frozen_number_of_the_scan_is_an_object(child: Child) -> None:
    """Else arithmetic with it takes memory, though all of it fits 31 bits: frozen tuples keep 14 bits as numbers."""
    firmware = ROOT / "firmware"
    paths = [path for room in ("pump", "oximeters") for path in (firmware / room).rglob("*.py")]
    modules = sorted(
        ".".join(path.relative_to(firmware).with_suffix("").parts) for path in paths if path.name != "__init__.py"
    )
    found = child.run(f"NAMES = {modules!r}\n{_OBJECTS}").split()
    assert AT_LOAD in found  # it finds what there is
    assert not [path for path in found if not path.endswith(BEFORE_SCANS) and path != AT_LOAD]


@pytest.mark.req("INT-10", "INT-11")
def test_no_tuple_of_the_drivers_holds_a_number_that_is_frozen_as_an_object() -> None:
    """Else the same in what runs on the chip alone."""
    large = []
    for path in (ROOT / "firmware/drivers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.elts if isinstance(node, ast.Tuple) else []
            numbers = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, int)]
            large += [(path.name, number) for number in numbers if number >= 1 << 13]
    assert not large


# -- walks

SCANS = 6_500


@pytest.mark.req("INT-10", "INT-11", "INT-3")
@pytest.mark.parametrize("seeds", [range(k, k + 4) for k in range(0, 12, 4)], ids=lambda seeds: f"{seeds[0]}")
def test_any_walk_is_the_same_on_both(seeds: range) -> None:
    """Else an order of presses, readings, requests and faults ends in a reset on the chip, or in another state."""
    visited: set[str] = set()
    for seed in seeds:
        with both(start_ms=TICK_SPAN - 30_000 if seed & 1 else 0) as pump:
            walk = Walk(pump, seed)
            pump.load(MINI)
            walk.go(SCANS)
            visited |= walk.visited
    assert visited >= {"armed", "running", "held", "resumable"}, visited


@pytest.mark.req("INT-10", "INT-11", "INT-3")
@pytest.mark.parametrize("back", [0, 1, 2])
def test_a_whole_session_with_reactions_is_the_same_on_both(back: int) -> None:
    """Else going back, on another bag, or a bag change takes a number beyond 31 bits while it flows."""
    visited = set()

    def flows(pump: CorePump) -> bool:
        visited.add(state(pump))
        return flowing(pump)

    with both(start_ms=TICK_SPAN - 60_000) as pump:
        pump.load(MINI)
        nurse = Nurse(ScreenPace())
        attend(pump, lambda pump: pump.controller.session.progress.step >= 5 and flowing(pump), 120, nurse)
        for _ in range(2):
            scan_s(pump, 1)
            nurse.wishes = Wishes(cause=causes.MILD, back=back)
            pump.press(STOP)
            scan_s(pump, 1)
            attend(pump, flows, 120, nurse)
        attend(pump, lambda pump: state(pump) == "completed", 600, nurse)
    assert {"held", "decision", "resumable"} <= visited and ("boundary" in visited) == (back > 0)


@pytest.mark.req("INT-11", "INT-8")
def test_the_alarm_that_the_laptop_is_lost_takes_no_memory() -> None:
    """Else the pump resets itself within minutes of flow after the laptop has fallen asleep."""
    with both() as pump:
        pump.load(blob_at(Fraction(1, 10)))
        attend(pump, flowing, 60)
        pump.board.to_pump += frame(m.PING[0], b"")
        scan_s(pump, 30)
        assert any(event["event"] == "alarm_raised" and event["code"] == "link-lost" for event in pump.events)
        assert flowing(pump) and pump.controller.alarms.priority == LOW


def ladder(steps: int, bags: int) -> bytes:
    """So many steps of 2 mL/h, each bag twice as strong as the one before; on the bench."""
    made = p.Protocol()
    made.name, made.drug, made.kind = "Long", "testdrug", p.BENCH
    dose = Fraction(0)
    for bag in range(bags):
        drug, each = tenths_mg(2**bag), steps // bags + (steps % bags if bag == bags - 1 else 0)
        made.solutions.append(p.Solution(100_000_000, drug, chr(65 + bag), f"L-{bag + 1}"))
        made.steps += [p.Step(bag, 0, 20_000, 900_000, 500_000) for _ in range(each)]
        dose += each * Fraction(500_000 * drug, 100_000_000)
    made.full_dose_pg = int(dose)
    return encode(made)


def tenths_mg(tenths: int) -> int:
    """Picograms in so many tenths of a milligram."""
    return tenths * 100_000_000


@pytest.mark.req("PRO-1", "INT-11", "INT-10")
def test_the_longest_protocols_are_taken_again_and_again() -> None:
    """Else a ladder of 20 or 40 steps resets the pump that it is loaded into."""
    with both() as pump:
        for blob in (ladder(p.MAX_STEPS, p.MAX_SOLUTIONS), twenty_steps(), MINI) * 3:
            pump.load(blob)
            scan_s(pump, 0.5)
            assert state(pump) == "ready"
            twin(pump).compare()
        attend(pump, flowing, 60)


# -- ninety days

_ENDS = f"""
END = {COUNT_MAX} - 3
core = brain.core
link, journal = core.link, core.journal
core.parser.state[6], core.parser.samples = END, END + 1
link.receiver.bad = core.rejected._more = journal.lost = END
for k in range(len(core.stats)):
    core.stats[k] = END
core.budget.left_out[3] = 65_000
core.t_s = core.alarms.now_s = {90 * 24 * 3600}
said = "at their ends"
"""


class Df2(Twin):
    """The twins with an oximeter's bytes."""

    def __init__(self, pump: CorePump, heap: str) -> None:
        pump.controller.parser = Parser()
        super().__init__(pump, heap, tuple(oximeters.NAMES).index("nonin-df2"))


@pytest.mark.req("INT-10", "INT-7", "INT-3")
@pytest.mark.parametrize("flows", [False, True], ids=["at-rest", "flowing"])
def test_counts_at_their_ends_and_rubbish_on_both_lines_are_the_same_on_both(flows: bool) -> None:
    """Else after 90 days beside a foreign device a session ends by a reset."""
    with both(start_ms=TICK_SPAN - 40_000, twins=Df2) as pump:
        pump.board.samples = False
        Oximeter(pump.board, uart=1, form="nonin-df2").start()
        pump.load(blob_at(Fraction(1, 10)))
        if flows:
            attend(pump, flowing, 60)
        twin(pump).run(_ENDS)
        flowed = 0
        for k in range(50):
            if not k % 4:
                pump.board.uart_send(1, b"BP 120/80 MAP 93 HR 72\r\n" * 3)
            pump.board.to_pump += b"rubbish without an end" + frame(m.HANG[0], b"TLR-X-9999") * 2
            pump.board.to_pump += frame((m.LOG_GET, m.STATS_GET, m.STATUS_GET)[k % 3][0], bytes([255] * 4))
            scan_s(pump, 1)
            flowed += flowing(pump)
        assert (flowed > 30) == flows


# -- that it can fail


def faulty(program: str, scans: int = 400) -> str:
    """What a program that is put into MicroPython's core alone leads to, while the drug flows; "": to nothing."""
    with closing(twin(pump := twin_pump())):
        pump.load(MINI)
        attend(pump, flowing, 60)
        twin(pump).flush()
        twin(pump).child.run(program)
        try:
            for _ in range(scans):
                pump.scan()
            twin(pump).compare()
        except (TargetFault, Different) as fault:
            return str(fault)
        return ""


_IN_THE_SCAN = """
look, number = brain.core.guard.look, %d
def faulty():
    look()
    %s
brain.core.guard.look = faulty
"""


@pytest.mark.req("INT-10", "INT-11")
@pytest.mark.parametrize(
    ("number", "does", "found"),
    [
        (0, "number", False), (0, "[number]", True), (0, "brain.core.stats[0:2]", True),
        (32_767, "number * number", False), (32_768, "number * number", True),
        (1 << 29, "number + number - 1", True), (1 << 29, "number - 1 + number", False), (1 << 28, "number << 2", True),
    ],
)  # fmt: skip
def test_what_takes_memory_in_the_scan_is_found(number: int, does: str, found: bool) -> None:
    """Else all of this shows nothing."""
    said = faulty(_IN_THE_SCAN % (number, does))
    assert ("took memory, that may take none: state running" in said) == found, said
    assert found or not said


@pytest.mark.req("INT-10")
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("brain.core.link.receiver.bad += 1", "link.receiver"),
        ("brain.core.delivery.feed = lambda out, queue_us: None", "of an answer"),
    ],
)
def test_a_core_that_is_another_one_is_found(program: str, words: str) -> None:
    """Else equal means nothing."""
    said = faulty(program)
    assert "in MicroPython" in said and words in said


@pytest.mark.req("PRO-1", "INT-11")
def test_a_protocol_that_is_loaded_without_freeing_in_between_is_found() -> None:
    """Else a load that exhausts the chip's memory passes here, as one of 20 steps once did."""
    with closing(twin(pump := twin_pump())):
        twin(pump).child.run("import pump.loading\npump.loading.collect = lambda: None")
        with pytest.raises(TargetFault, match="took memory, more than there is: state idle"):
            pump.load(ladder(p.MAX_STEPS, p.MAX_SOLUTIONS))
            twin(pump).flush()
