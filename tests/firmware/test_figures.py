"""The figures that the pump promises, on the real image on the emulated board: each asserted at its bar."""

from __future__ import annotations

from fractions import Fraction

import pytest

from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures import measure
from toleramp_bench.figures.__main__ import planned_pulses, session_figures
from toleramp_bench.figures.heap import locked_scans, locked_scans_after_a_reaction
from toleramp_bench.places import image
from toleramp_bench.runs.forks import in_fork

SHORT = Fraction(1, 500)  # `make bench` has the session at 1/50
Flowing = tuple[PumpBench, measure.OximeterTap]


@pytest.mark.req("FLO-2", "FLO-3", "SES-2", "INV-1")
def test_whole_session_meets_its_figures() -> None:
    """Else volumes, order of events, scan times, free heap or pulse intervals are not what the README says."""
    bench, _, nurse = measure.running_bench(SHORT)
    measure.run_session(bench, nurse, lambda: bench.state() in measure.OVER, 300)
    figures = list(session_figures(bench, SHORT))
    assert [figure for figure in figures if not figure.met] == []
    assert len(figures) == 9


@pytest.mark.req("FLO-11")
def test_scans_allocate_nothing_while_the_session_runs() -> None:
    """Else memory runs out, or garbage is collected while the drug flows."""
    failed, pulses = locked_scans(500)
    assert failed == 0
    assert pulses > 0


@pytest.mark.req("SES-5", "FLO-11")
def test_the_change_of_rate_within_a_step_allocates_nothing() -> None:
    """Else garbage is collected in the step after a reaction."""
    failed, pulses = locked_scans_after_a_reaction(150)
    assert failed == 0
    assert pulses > 300


@pytest.mark.req("SES-5")
def test_a_decision_is_worked_out_within_a_scan() -> None:
    """Else the pump is deaf while it plans the way back."""
    bench, _, nurse = measure.running_bench(Fraction(1, 250))
    measure.to_step(bench, nurse, 5)  # the most of the plan is still to come, and the way back goes over a bag
    assert measure.decision_ms(bench, 2) < 20
    assert bench.stats()["overruns"] == 0


@pytest.mark.req("VIT-1", "VIT-4", "FLO-10")
def test_desaturation_on_the_wire_stops_the_motor(flowing: Flowing) -> None:
    """Else the drug flows on into a patient who reacts."""
    bench, tap = flowing

    def desaturated() -> tuple[float, int]:
        late_ms = measure.desaturation_ms(bench, tap)
        pulses = len(bench.step_log)
        bench.run_for(5)
        return late_ms, len(bench.step_log) - pulses

    late_ms, more = in_fork(desaturated)
    assert -18 < late_ms < 150, "from one interval before the byte, when no pulse came after it"
    assert more == 0


@pytest.mark.req("FLO-6", "SES-11")
@pytest.mark.parametrize("phase_s", [0.1, 0.1063, 0.1127])
def test_stop_stops_at_once_at_the_pin_and_in_hardware(flowing: Flowing, phase_s: float) -> None:
    """Else STOP is a request."""
    bench, _ = flowing

    def stopped() -> tuple[float, float]:
        bench.run_for(phase_s)
        return measure.stop_ms(bench)

    at_pin, at_motor = in_fork(stopped)
    assert at_pin < 50
    assert at_motor == 0, "the contact cuts the driver without software"


@pytest.mark.req("FLO-11", "FLO-7")
def test_hung_loop_stops_the_motor_without_the_watchdog(flowing: Flowing) -> None:
    """Else a dead processor keeps infusing."""
    bench, _ = flowing

    def hung() -> tuple[float, float, int]:
        bench.run_for(1.234)
        resets: list[str] = []
        bench.board.on_reset(resets.append)
        at_pin, at_motor = measure.hang_ms(bench)
        return at_pin, at_motor, len(resets)

    at_pin, at_motor, resets = in_fork(hung)
    assert at_pin < 300
    assert at_motor < 300
    assert resets == 0, "the watchdog was not needed"


def test_image_fits_and_boots() -> None:
    """Else it cannot be flashed, or a nurse waits for it."""
    assert image().with_suffix(".bin").stat().st_size < 700 * 1024
    assert measure.boot_ms() < 2000


@pytest.mark.req("INT-7")
def test_idle_pump_lives_on() -> None:
    """Else a pump that waits for its nurse dies of a leak: it did once, after two minutes. (`make bench` waits for
    them.)"""
    bench = PumpBench()
    bench.boot()
    seen = []
    for _ in range(2):
        bench.board.usb.attach(False)
        bench.run_for(10)
        bench.board.usb.attach(True)
        bench.run_for(0.2)
        seen.append(bench.stats())
    assert [stats["scans"] > 450 * k for k, stats in enumerate(seen, 1)] == [True, True]
    assert seen[1]["free_heap"] == seen[0]["free_heap"]
    assert bench.board.resets == 0


def test_planned_pulses_are_those_of_the_published_table() -> None:
    """Else the yardstick of these tests is off."""
    volumes_ml = ("0.5", "1.25", "2.5", "5", "1.25", "2.5", "5", "10", "2.5", "5", "10", "232.5")
    assert planned_pulses() == [Fraction(v) * 10_000 for v in volumes_ml]
