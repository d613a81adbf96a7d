"""What the rig measures and plays, against the emulated pins: times of steps, edges and bytes."""

from __future__ import annotations

from array import array

import pytest
from rig_kit import LoneRig, pair

from pump.io import CONFIRM, START
from toleramp.errors import UserError
from toleramp_bench.boards.rig.link import Stamped
from toleramp_bench.boards.rig.load_cell import COUNTS_PER_G, LoadCell
from toleramp_bench.boards.rig.oximeter_ahead import oximeter_ahead
from toleramp_bench.places import pins
from toleramp_bench.targets.rig import RigTarget

PINS = pins("rig_pico")
PULSE_NS = 4_000
BOUNCES = [(), (100, 100, 100, 100), (5_000, 7_000, 20_000, 9_000), (300, 50_000, 700, 900)]


def pulse(lone: LoneRig, pin: int, t_ns: int) -> None:
    """A pulse of 4 us at a pin."""
    lone.board.at_ns(t_ns, lambda: lone.board.set_input(pin, 1))
    lone.board.at_ns(t_ns + PULSE_NS, lambda: lone.board.set_input(pin, 0))


@pytest.mark.req("FLO-2", "TST-1")
@pytest.mark.parametrize("interval_us", [300, 4_501, 180_000])
def test_every_step_is_stamped_to_the_microsecond(interval_us: int) -> None:
    """Else the last pulse after a stop is known no better than the laptop is quick."""
    lone = LoneRig()
    lone.board.set_input(PINS.STEP, 0)
    began = lone.board.now_ns + 5_000_000
    truth = [began + k * interval_us * 1000 for k in range(min(2500, 3_000_000 // interval_us))]
    for t_ns in truth:
        pulse(lone, PINS.STEP, t_ns)
    stamped = Stamped(array("q"))
    while lone.board.now_ns < truth[-1] + 10_000_000:
        lone.wait(100_000)
        lone.link.pulses(stamped)
    assert stamped.counted == len(truth)
    errors = [rig_us - t_ns / 1000 for rig_us, t_ns in zip(stamped.times, truth, strict=True)]
    assert max(errors) - min(errors) <= 1, "the rig's clock differs from the bench's by a constant"


@pytest.mark.req("TST-1")
def test_a_lost_stamp_is_told() -> None:
    """Else a rig that was asked too seldom reports too few steps."""
    lone = LoneRig()
    lone.board.set_input(PINS.STEP, 0)
    for k in range(2100):
        pulse(lone, PINS.STEP, lone.board.now_ns + 1_000_000 + k * 100_000)
    lone.wait(300_000)
    with pytest.raises(UserError, match="2048 steps have no time stamp; ask for the pulses more often"):
        lone.link.pulses(Stamped(array("q")))


@pytest.mark.req("TST-1")
def test_both_edges_of_permit_and_stop_are_stamped() -> None:
    """Else the time from STOP to the last pulse has no beginning."""
    lone = LoneRig()
    for name, pin in (("permit", PINS.PERMIT), ("stop", PINS.STOP_SENSE), ("enn", PINS.ENN)):
        lone.board.set_input(pin, 0)
        at = lone.board.now_ns + 2_000_000
        lone.board.at_ns(at, lambda pin=pin: lone.board.set_input(pin, 1))
        lone.board.at_ns(at + 123_000, lambda pin=pin: lone.board.set_input(pin, 0))
        lone.wait(5_000)
        edges = Stamped(array("q"))
        lone.link.edges(name, edges)
        assert len(edges.times) == 2 and abs(edges.times[1] - edges.times[0] - 123) <= 1


@pytest.mark.req("VIT-1", "TST-1")
def test_the_oximeter_keeps_its_pace_while_the_rig_is_busy() -> None:
    """Else a slow rig looks like a bad oximeter."""
    lone = LoneRig()
    bytes_at: list[tuple[int, int]] = []
    lone.board.uart_on_transmit(PINS.OX_UART, lambda byte: bytes_at.append((lone.board.now_us, byte)))
    _, wire = oximeter_ahead(lone.link.now_us + 60_000)
    end_us = lone.board.now_us + 2_000_000
    while lone.board.now_us < end_us:
        wire.advance(lone.link.now_us + 150_000)
        sent = wire.collect()
        late = lone.link.play(sent) if sent else 0
        lone.link.levels()
        lone.link.set("start", 1, 300, 200, 100, 3_000)
    assert late == 0
    starts = [t for t, _ in bytes_at[::5]]
    gaps = [later - sooner for sooner, later in zip(starts, starts[1:], strict=False)]
    assert len(gaps) > 130 and max(abs(gap - 13_333.3) for gap in gaps) < 8
    assert abs((starts[-1] - starts[0]) / len(gaps) - 13_333.3) < 0.1, "75 frames a second, without drift"
    assert all(byte == 1 for _, byte in bytes_at[::5])


@pytest.mark.req("TST-1")
def test_what_comes_too_late_is_counted() -> None:
    """Else a laptop that does not keep up passes for a finger that is off."""
    lone = LoneRig()
    assert lone.link.play([(lone.link.now_us + 50_000, b"\x01")]) == 0
    assert lone.link.play([(lone.link.now_us - 50_000, b"\x01")]) == 1


@pytest.mark.req("TST-1")
@pytest.mark.parametrize(
    "bounce_us",
    [
        pytest.param((), marks=pytest.mark.long),
        pytest.param((100, 100, 100, 100), marks=pytest.mark.long),
        (5_000, 7_000, 20_000, 9_000),
        (300, 50_000, 700, 900),
    ],
)
def test_a_bounce_is_made_as_ordered_and_counts_once(bounce_us: tuple[int, ...]) -> None:
    """Else the bench cannot show what a worn key does (INT-6). At several phases of the rig's tick of 5 ms."""
    both = pair()
    target = RigTarget(both)
    target.start(True)
    changes: list[int] = []
    both.rig_board.on_edge(both.pins.CONFIRM, lambda t_ns, _level: changes.append(t_ns // 1000), undriven=0)
    for phase_us in (0, 1_100, 2_200, 3_300, 4_400):
        target._wait_us(15_000 + phase_us)
        target.records()
        changes.clear()
        target.press(CONFIRM, 200, bounce_us)
        target._wait_us(700_000)
        held = [later - sooner for sooner, later in zip(changes, changes[1:], strict=False)]
        assert held == pytest.approx([*bounce_us, 200_000], abs=5)
        assert [r["event"] for r in target.records()].count("pressed") == 1
    target.close()


@pytest.mark.req("INT-6", "TST-1")
def test_a_touch_too_short_is_no_press() -> None:
    """Else the wiring's self-test presses keys."""
    both = pair()
    target = RigTarget(both)
    target.start(True)
    target.press(START, 5)
    target._wait_us(300_000)
    assert not [r for r in target.records() if r["event"] == "pressed"]


@pytest.mark.req("TST-1")
def test_the_scale_reads_signed_counts() -> None:
    """Else a bag that is taken off weighs sixteen tons."""
    lone = LoneRig()
    load = [0.0]
    LoadCell(lone.board, PINS, lambda: load[0])
    for grams in (0.0, 12.345, -3.5, 8_000.0, -8_000.0):
        load[0] = grams
        lone.wait(110_000)
        counts, t_us = lone.link.weigh()
        assert counts == round(grams * COUNTS_PER_G)
        assert abs(t_us - lone.link.now_us) < 20_000
