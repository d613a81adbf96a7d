"""Holds, reactions and the way back: zero flow, a person's word, and the dose in full, once (SES, VIT, PRO-4)."""

from __future__ import annotations

import pytest
from core_kit import (
    END,
    STEP_PULSES,
    TECHNICAL,
    check_dose,
    classify,
    finish,
    names,
    pump_with,
    resume,
    run_to_step,
    running_at,
    scan_s,
    short,
    start,
    state,
    tap,
    until,
)

from pump.io import CONFIRM, START, STOP, Outputs, Snapshot
from pump.tables import vitals
from toleramp_bench.boards.core_pump import CorePump


@pytest.mark.req("VIT-1", "FLO-10", "SES-4")
def test_a_desaturation_holds_at_zero_and_comes_back_only_by_people_and_time() -> None:
    """Else the drug flows on, or again, while the patient is short of oxygen."""
    pump = running_at(6)
    pump.parser.spo2 = 91
    assert until(pump, "held", 12)
    assert [(e["step"], e["code"]) for e in pump.events if e["event"] == "paused"] == [(6, "spo2-stop")]
    before = pump.stepper.pulses
    tap(pump, START)
    assert state(pump) == "held"
    classify(pump, TECHNICAL)
    pump.parser.spo2 = 97
    scan_s(pump, 50)
    resume(pump)
    assert state(pump) == "resumable" and pump.stepper.pulses == before
    scan_s(pump, 15)
    tap(pump, CONFIRM)
    scan_s(pump, 5)
    assert pump.stepper.pulses == before
    tap(pump, START)
    scan_s(pump, 5)
    assert pump.stepper.pulses == before
    tap(pump, CONFIRM)
    scan_s(pump, 2)
    assert state(pump) == "running" and pump.stepper.pulses > before


@pytest.mark.req("VIT-1", "VIT-4", "FLO-6")
def test_the_last_pulse_comes_with_the_scan_that_completes_the_delay() -> None:
    """Else drug already queued runs on after the hold."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 4)
    pump.parser.spo2 = 80
    begin = pump.now_us
    assert until(pump, "held", 12)
    before = pump.stepper.pulses
    assert pump.now_us - begin <= 3_000_000 + 150_000 and pump.out.words == 0
    scan_s(pump, 60)
    assert pump.stepper.pulses == before


@pytest.mark.req("VIT-2", "SES-4")
def test_a_lost_signal_holds_and_resumes_on_a_good_one() -> None:
    """Else a pulled probe is not noticed, or costs the session."""
    pump = running_at(5)
    pump.parser.flags = 0
    assert until(pump, "held", 16)
    classify(pump, TECHNICAL)
    resume(pump)
    assert state(pump) == "resumable"
    pump.parser.flags = vitals.VALID
    scan_s(pump, 1)
    resume(pump)
    assert state(pump) == "running" and finish(pump) == "completed"
    check_dose(pump)


@pytest.mark.req("SES-3", "PRO-4")
@pytest.mark.parametrize("seconds", [0.5, 5, 17])
def test_a_technical_hold_goes_on_with_the_rest_of_the_step(seconds: float) -> None:
    """Else a loose probe costs a step or gives it twice."""
    pump = running_at(6, seconds)
    tap(pump, STOP)
    held_at = pump.stepper.pulses
    scan_s(pump, 100)
    assert pump.stepper.pulses == held_at
    classify(pump, TECHNICAL)
    resume(pump)
    assert finish(pump) == "completed"
    assert names(pump, "step_started").count(("step_started", 6)) == 1
    assert pump.stepper.moved == 55_600
    check_dose(pump)


@pytest.mark.req("SES-6")
def test_a_hold_longer_than_the_protocol_allows_does_not_resume() -> None:
    """Else the drug flows again when tolerance is lost."""
    pump = running_at(3)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    before = pump.stepper.pulses
    scan_s(pump, 121 * 60)
    resume(pump)
    scan_s(pump, 10)
    assert state(pump) == "resumable" and pump.stepper.pulses == before
    tap(pump, STOP)
    classify(pump, END)
    assert state(pump) == "stopped"


@pytest.mark.req("SES-11", "SES-4")
@pytest.mark.parametrize("step", [1, 6, 12])
def test_the_session_can_be_ended_from_a_hold(step: int) -> None:
    """Else the only way out is to go on."""
    pump = running_at(step)
    tap(pump, STOP)
    classify(pump, END)
    before = pump.stepper.pulses
    scan_s(pump, 30)
    assert state(pump) == "stopped" and pump.stepper.pulses == before


@pytest.mark.req("VIT-1", "FLO-10")
def test_a_desaturation_while_a_bag_is_changed_holds() -> None:
    """Else CONFIRM on the new bag starts into a desaturation."""
    pump = pump_with(short())
    start(pump)
    assert until(pump, "bag")
    pump.parser.spo2 = 88
    scan_s(pump, 12)
    before = pump.stepper.pulses
    assert state(pump) == "held"
    tap(pump, CONFIRM)
    scan_s(pump, 5)
    assert state(pump) != "running" and pump.stepper.pulses == before


@pytest.mark.req("SES-11", "FLO-6", "INT-6")
def test_stop_again_and_again() -> None:
    """Else the second stop of a session is not obeyed."""
    pump = running_at(5, 1)
    for _ in range(10):
        tap(pump, STOP)
        tap(pump, STOP)
        assert state(pump) == "held"
        before = pump.stepper.pulses
        classify(pump, TECHNICAL)
        resume(pump)
        scan_s(pump, 0.5)
        assert state(pump) == "running" and pump.stepper.pulses > before
    assert finish(pump) == "completed"
    check_dose(pump)


class BetweenReads:
    """A brain whose board reads all pulses before those that moved: in each scan one comes between the two reads."""

    def __init__(self, pump: CorePump) -> None:
        self._brain = pump.brain
        self._made = 0
        self.late = 0  # scans in which one did

    def scan(self, snap: Snapshot, out: Outputs) -> None:
        """One scan; while the drug flows the first count is a pulse behind."""
        if self._brain.controller.delivery.flowing and snap.pulses > 0:
            snap.pulses = self._made = max(self._made, snap.pulses - (self.late & 1))  # a count never falls
            self.late += 1
        self._brain.scan(snap, out)


@pytest.mark.req("FLO-12", "FLO-6")
def test_a_pulse_between_the_two_reads_is_no_stop() -> None:
    """Else the pump holds by itself, some times an hour at a slow rate and many times a second at the fastest."""
    pump = pump_with(short(), 20_000)
    between = BetweenReads(pump)
    pump.board.brain = between
    start(pump)
    assert finish(pump) == "completed"
    assert between.late > 10_000 and names(pump, "paused") == []
    assert pump.stepper.moved == pump.stepper.pulses == sum(STEP_PULSES)
