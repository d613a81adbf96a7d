"""The lease on which the drug flows: one second from a judgement of the vital signs that let it flow (VIT-1, VIT-2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from core_kit import classify, pump_with, resume, run_to_step, running_at, scan_s, short, start, state, until
from guard_kit import Bench, steady
from long_form import examples

from pump.base.units import TICK_MASK
from pump.claim import LEASE_MS
from pump.io import CONFIRM
from pump.senses.vitals import Vitals
from pump.tables import causes
from pump.tables.causes import SIGNAL_LOST
from pump.tables.vitals import VALID
from toleramp_bench.boards.core_pump import CorePump

SCAN_MS = 20


@pytest.mark.req("VIT-2", "INT-4")
@pytest.mark.parametrize("now_ms", [5_000, 0, LEASE_MS // 2, TICK_MASK])
@pytest.mark.parametrize(("age_ms", "flows"), [(0, True), (LEASE_MS, True), (LEASE_MS + 1, False), (-1, False)])
def test_for_a_second_and_no_longer_and_never_of_later_than_now(now_ms: int, age_ms: int, flows: bool) -> None:
    bench = Bench(steady(100, 100))
    bench.begin()
    bench.snap.now_ms = now_ms
    bench.claim.leased_ms = (now_ms - age_ms) & TICK_MASK
    bench.guard.judge(bench.claim, bench.snap)
    assert bench.guard.permit is flows
    assert bench.trip == ("" if flows else "unwatched")


@pytest.mark.req("VIT-2", "FLO-10")
def test_without_one_nothing_flows() -> None:
    """A pump whose vital signs were never judged starts nothing, whoever presses."""
    bench = Bench()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    bench.claim.leased_ms = -1
    bench.guard.judge(bench.claim, bench.snap)
    assert not bench.guard.permit and bench.trip == "unwatched"


@pytest.mark.req("VIT-2")
def test_at_rest_nobody_asks_for_it() -> None:
    """Else a hold of minutes is a fault."""
    bench = Bench()
    bench.claim.leased_ms = -1
    for _ in range(100):
        bench.snap.now_ms += SCAN_MS
        bench.guard.account(bench.snap)
        bench.guard.judge(bench.claim, bench.snap)
    assert not bench.trip


def nobody_judges(pump: CorePump, patch: pytest.MonkeyPatch) -> None:
    """Whoever judges the vital signs stands still, on readings that are good."""
    for name in ("watch", "sample"):
        patch.setattr(pump.controller.vitals, name, lambda *_: None)


def nobody_hears_a_hold(pump: CorePump, patch: pytest.MonkeyPatch) -> None:
    """SpO2 is low for longer than the delay, the session hears of no hold; from there."""
    session = pump.controller.session
    sound = session.update
    patch.setattr(session, "update", lambda snap, presses, request, _, trip: sound(snap, presses, request, 0, trip))
    pump.parser.spo2 = 80
    while not pump.controller.vitals.hold:
        pump.scan()


def last_pulse_ms(pump: CorePump) -> int:
    """Until two seconds have gone by: when the last pulse came, from now on."""
    begin_us, last_us = pump.now_us, pump.now_us
    while pump.now_us < begin_us + 2_000_000:
        before = pump.stepper.pulses
        pump.scan()
        if pump.stepper.pulses != before:
            last_us = pump.now_us
    return (last_us - begin_us) // 1000


@pytest.mark.req("VIT-2", "VIT-1", "INT-4")
@pytest.mark.parametrize("wrong", [nobody_judges, nobody_hears_a_hold])
def test_it_lapses_by_itself(wrong: Callable[[CorePump, pytest.MonkeyPatch], None]) -> None:
    """Else a part of control that stands still lets the drug flow into a patient whom nobody watches."""
    after: list[int] = []
    for phase in range(examples(3)):
        pump = pump_with(short(), SCAN_MS * 1000)
        start(pump)
        run_to_step(pump, 4)
        scan_s(pump, 1 + phase * SCAN_MS / 1000)
        with pytest.MonkeyPatch.context() as patch:
            wrong(pump, patch)
            after.append(last_pulse_ms(pump))
        assert state(pump) == "fault"
        assert ("fault", "unwatched") in [(event["event"], event["code"]) for event in pump.events]
    print(f"{wrong.__name__}: last pulse {min(after)} to {max(after)} ms after, {len(after)} phases")
    assert min(after) >= LEASE_MS and max(after) <= LEASE_MS + 2 * SCAN_MS


@pytest.mark.req("VIT-2", "SES-4")
def test_a_resume_has_one_from_its_first_scan_on() -> None:
    """Else who resumes after minutes of a hold ends the session by it."""
    pump = running_at(5, 2)
    pump.parser.spo2 = 80
    assert until(pump, "held", 60)
    scan_s(pump, 30)
    pump.parser.spo2 = 98
    scan_s(pump, 100)
    classify(pump, causes.TECHNICAL)
    resume(pump)
    scan_s(pump, 2)
    assert state(pump) == "running" and pump.out.permit


@pytest.mark.req("VIT-2")
def test_only_people_give_a_new_one_after_a_hold() -> None:
    """Else a signal that is back for a moment renews what a hold has ended."""
    vitals = Vitals()
    for now_ms in range(0, 4_000, 80):
        vitals.sample(97, 72, VALID, now_ms)
        vitals.watch(now_ms)
    assert vitals.leased_ms == 3_920
    vitals.hold = SIGNAL_LOST
    for now_ms in range(4_000, 9_000, 80):
        vitals.sample(97, 72, VALID, now_ms)
        vitals.watch(now_ms)
    assert vitals.leased_ms == 3_920 and vitals.good()
    vitals.restart()
    assert vitals.leased_ms == now_ms


@pytest.mark.req("VIT-1", "ALM-7")
def test_the_next_patient_has_a_baseline_of_her_own() -> None:
    """Else her stop limit is that of who was watched before."""
    vitals = Vitals()
    for now_ms in range(0, 30_000, 1_000):
        vitals.sample(94, 72, VALID, now_ms)
        vitals.watch(now_ms)
    vitals.leave()
    for now_ms in range(30_000, 36_000, 1_000):
        vitals.sample(99, 72, VALID, now_ms)
        vitals.watch(now_ms)
    assert vitals.take_baseline() == 99
