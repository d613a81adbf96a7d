"""How much may have come, to the pulse: what is due leg by leg, the tolerance, what is missing (FLO-5, FLO-7)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from guard_kit import PULSE_MS, Bench, steady

LONG = 360_000  # pulses: an hour
LEAST, SHARE, MOST = 200, 50, 2_000  # pulses of 100 nL: 0.02 mL, 2 %, 0.2 mL
SEAM_SCANS = 3


def flowing(dt_ms: int, scans: int, *pulses: int, short_of: int = 0) -> Bench:
    """A guard that has seen so many scans of a step in flow, all due pulses but `short_of` with them."""
    bench = Bench(steady(*(pulses or (LONG,))), dt_ms)
    bench.begin()
    for _ in range(scans - 1):
        assert bench.scan(dt_ms // PULSE_MS), bench.trip
    if short_of:
        bench.snap.pulses -= short_of
        bench.snap.moved -= short_of
        bench.guard._count -= short_of
        bench.guard._made -= short_of
        bench.guard._base -= short_of
    return bench


def allowed(due: int, dt_ms: int, window_ms: int) -> int:
    """Pulses by which the given may differ from the due, by hand."""
    return min(LEAST + due // SHARE, MOST) + max(window_ms, SEAM_SCANS * dt_ms) // PULSE_MS


@pytest.mark.req("FLO-5", "FLO-7")
@pytest.mark.parametrize("scans", [1, 4, 5, 6, 11, 12, 13])
def test_one_pulse_beyond_the_tolerance_is_an_over_delivery(scans: int) -> None:
    """Else the guard lets more through than the manual says, or trips for what it allows."""
    dt_ms = 80
    bench = flowing(dt_ms, scans)
    came = (scans - 1) * dt_ms // PULSE_MS
    due = (scans + 1) * dt_ms // PULSE_MS
    most = due + allowed(due, dt_ms, dt_ms) - came
    assert bench.after(most) == ""
    assert bench.after(most + 1) == "over-delivery"


@pytest.mark.req("FLO-5", "FLO-7")
@pytest.mark.parametrize("scans", [99, 110, 111, 112, 113, 114, 150])
def test_the_tolerance_ends_at_a_fifth_of_a_millilitre(scans: int) -> None:
    """Else 2 % of a whole bag is 5 mL, and nobody is told."""
    dt_ms = 8_000
    bench = flowing(dt_ms, scans)
    due, came = (scans + 1) * 800, (scans - 1) * 800
    most = due + allowed(due, dt_ms, dt_ms) - came
    assert bench.after(most) == "" and bench.after(most + 1) == "over-delivery"


@pytest.mark.req("FLO-5")
@pytest.mark.parametrize(
    ("dt_ms", "scans"), [(80, 60), (80, 61), (8_000, 60), (8_000, 112), (8_000, 113), (8_000, 130)]
)
def test_one_pulse_less_than_the_tolerance_is_an_under_delivery(dt_ms: int, scans: int) -> None:
    """Else a blocked line is noticed later than the manual says."""
    per_scan = dt_ms // PULSE_MS
    lacks = allowed((scans + 1) * per_scan, dt_ms, dt_ms)
    bench = flowing(dt_ms, scans, short_of=lacks - 2 * per_scan)  # two scans' worth is still to come
    assert bench.after(0) == ""
    bench.guard._base -= 1
    assert bench.after(0) == "under-delivery"


@pytest.mark.req("FLO-5")
@pytest.mark.parametrize(("dt_ms", "looks"), [(79, False), (80, True), (81, True)])
def test_volumes_are_compared_every_80_ms(dt_ms: int, looks: bool) -> None:
    """Else a trip within 1 s is a word, or the scan has no room for the comparison."""
    bench = Bench(steady(LONG), dt_ms)
    bench.begin()
    bench.snap.dt_ms = 1
    bench.guard._since_ms = dt_ms - 1
    assert bench.after(9_000) == ("over-delivery" if looks else "")


@pytest.mark.req("FLO-5")
def test_between_two_looks_the_permit_goes_on() -> None:
    """Else each scan pays for the comparison, and its rounding trips."""
    bench = Bench(steady(LONG), 20)
    bench.begin()
    assert bench.scan(9_000) and bench.scan()
    assert not bench.scan() and bench.trip == "over-delivery"


@pytest.mark.req("FLO-5")
def test_between_two_looks_of_short_scans_the_window_is_what_cannot_be_placed() -> None:
    """Else three scans of 20 ms are taken where four lie between two looks."""
    bench = Bench(steady(LONG), 20)
    bench.begin()
    for _ in range(2):
        bench.scan()
    most = 8 + allowed(8, 20, 80)
    assert most == 8 + 200 + 8
    assert bench.after(most) == "" and bench.after(most + 1) == "over-delivery"


@pytest.mark.req("FLO-5", "PRO-4", "FLO-7")
@pytest.mark.parametrize("target", [8, 50, 100])
def test_one_pulse_beyond_the_target_is_slack_two_are_not(target: int) -> None:
    """Else the tolerance of a long step is added to each short one."""
    bench = Bench(steady(target, LONG), 80)
    bench.begin()
    assert bench.after(target + 1) == "" and bench.after(target + 2) == "over-delivery"


@pytest.mark.req("FLO-5", "FLO-7")
@pytest.mark.parametrize(("over", "said"), [(0, ""), (1, ""), (2, "over-delivery"), (60, "over-delivery")])
def test_what_came_beyond_a_step_in_the_scan_that_ends_it_is_judged(over: int, said: str) -> None:
    """Else what comes at a step's very end is charged to nobody."""
    bench = Bench(steady(100, LONG), 20)
    bench.begin()
    bench.flow(1, entry=2)
    assert bench.after(100 + over) == said


@pytest.mark.req("FLO-5")
def test_from_rest_what_came_beyond_the_step_before_was_judged_already() -> None:
    """Else a session that has been held at a step's end never goes on."""
    bench = Bench(steady(100, LONG), 20)
    bench.give(0, 1, 101)
    bench.begin(1, entry=2)
    assert not bench.trip


# -- what is still missing when all was due


def lacking(dt_ms: int, target: int = 50, lacks: int = 1, mlh: int = 36) -> Bench:
    """A guard at a step of which all but so many pulses have come and everything is due from now on."""
    bench = Bench(steady(target, LONG, mlh=mlh), dt_ms)
    bench.begin()
    while bench.guard._due < target:
        bench.scan(target - lacks if bench.guard._base == 0 else 0)
        assert not bench.trip
    return bench


@pytest.mark.req("FLO-5", "SES-2")
@pytest.mark.parametrize(
    ("dt_ms", "mlh", "limit_ms"),
    [(167, 36, 5_010), (569, 3, 5_120), (128, 3, 5_120), (509, 4, 5_090), (100, 36, 5_010)],
)
def test_a_pulse_that_does_not_come_within_5_s_and_an_interval_never_comes(dt_ms: int, mlh: int, limit_ms: int) -> None:
    """Else a step that lacks one pulse stands at zero until somebody looks; or a slow step's last pulse is a fault."""
    bench = lacking(dt_ms, mlh=mlh)
    counted_ms = dt_ms
    while counted_ms + dt_ms <= limit_ms:
        assert bench.scan(), f"after {counted_ms} ms"
        counted_ms += dt_ms
    assert not bench.scan() and bench.trip == "under-delivery"


@pytest.mark.req("FLO-5", "SES-2")
def test_what_comes_late_ends_the_wait() -> None:
    """Else the time that one step waited is taken from the next one's."""
    bench = lacking(100)
    for _ in range(48):
        assert bench.scan()
    assert bench.scan(1) and bench.guard._missing_ms == 0
    bench.flow(1, entry=2)
    assert all(bench.scan(pulses) for pulses in [0, *[10] * 100])


@pytest.mark.req("FLO-5")
def test_nothing_is_missing_while_more_is_due() -> None:
    """Else a long step trips for the pulse that is under way."""
    bench = Bench(steady(LONG), 100)
    bench.begin()
    for _ in range(100):  # always a pulse behind
        assert bench.scan(10)
    assert bench.guard._base < bench.guard._due and not bench.trip


# -- what is due


@pytest.mark.req("FLO-5", "FLO-2")
@pytest.mark.parametrize(("mlh", "interval_us"), [(36, 10_000), (7, 51_428), (Fraction(3, 10), 1_200_000)])
def test_what_is_due_is_the_time_of_flow_in_whole_intervals(mlh: Fraction | int, interval_us: int) -> None:
    """Else rests of intervals are lost, and a slow step is called too fast within the hour."""
    bench = Bench(steady(LONG, mlh=mlh), 90)
    bench.begin()
    given = 0
    for scan in range(2, 400):
        due = scan * 90_000 // interval_us
        assert bench.scan(due - given), bench.trip
        given = due
        assert bench.guard._due == due


@pytest.mark.req("FLO-5")
def test_after_a_hold_what_is_due_begins_with_what_has_come() -> None:
    """Else the pulses that lacked before the hold are missing twice, or the time of the hold makes them due."""
    bench = Bench(steady(LONG), 80)
    bench.begin()
    for _ in range(20):
        assert bench.scan(4)  # half of what is due: 84 pulses behind, within the tolerance
    bench.stop()
    bench.begin()
    came, due = 80, 80 + 16
    most = due + allowed(due, 80, 80) - came
    assert bench.after(most) == "" and bench.after(most + 1) == "over-delivery"


@pytest.mark.req("FLO-5", "SES-5")
def test_legs_of_a_step_are_due_one_after_the_other() -> None:
    """Else the slow leg, while a stronger bag is in the line, is called a stall; or the quick one a runaway."""
    bench = two_bags(line_pulses=40)
    course = bench.guard._course
    first = course.first[0]
    assert list(course.end[first : first + 2]) == [40, 100]
    slow, quick = course.interval_us[first], course.interval_us[first + 1]
    assert slow > 5 * quick
    bench.begin(0, entry=9)
    spent_us, leg_us, given = bench.snap.dt_ms * 1000, 40 * slow, 0
    while given < 100:
        spent_us += bench.snap.dt_ms * 1000
        due = min(40, spent_us // slow) + max(0, min(60, (spent_us - leg_us) // quick))
        assert bench.scan(due - given), (spent_us, bench.trip)
        given = due
        assert bench.guard._due == due
    assert spent_us == -(-(leg_us + 60 * quick) // 80_000) * 80_000


def two_bags(line_pulses: int, dt_ms: int = 80) -> Bench:
    """Bag B, ten times as strong, has filled the line; the session is to go on at step 1, of 100 pulses of bag A."""
    protocol = steady(100, 100, LONG)
    protocol.solutions[0].drug_pg //= 10
    protocol.solutions.append(type(protocol.solutions[0])(10**9, 10**12, "B", "B-2"))
    for step in protocol.steps[1:]:
        step.solution = 1
    protocol.steps[1].rate_e4 //= 10
    protocol.full_dose_pg = 110 * 10**5 + LONG * 10**5
    protocol.line_dead_nl = line_pulses * 100
    bench = Bench(protocol, dt_ms)
    bench.give(0, 1)
    bench.snap.dt_ms = 20
    bench.begin(1, 2)
    for _ in range(60):
        for _ in range(4):
            assert bench.scan()
        assert bench.scan(1), bench.trip
    bench.stop()
    bench.snap.dt_ms = dt_ms
    bench.go_back(0)
    assert not bench.trip
    return bench


def at_the_last_step(*mlh: int) -> Bench:
    """Steps of bag A, A, B and A at those rates; the session is at the last, bag B's solution in the line."""
    protocol = steady(50, 50, 50, 200)
    for step, bag, rate in zip(protocol.steps, (0, 0, 1, 0), mlh, strict=True):
        step.solution, step.rate_e4 = bag, rate * 10_000
    protocol.solutions.append(type(protocol.solutions[0])(10**9, 10**13, "B", "B-2"))
    protocol.full_dose_pg, protocol.line_dead_nl = (50 + 50 + 500 + 200) * 10**5, 30 * 100
    bench = Bench(protocol)
    for step in range(3):
        bench.give(step, step + 1)
    bench.go_back(3)
    assert list(bench.guard._course.end) == [50, 50, 50, 30, 200]
    return bench


@pytest.mark.req("FLO-10", "SES-5")
@pytest.mark.parametrize(("mlh", "step", "most"), [((36, 90, 36, 36), 0, 2), ((36, 36, 36, 90), 3, 3)])
def test_how_many_pulses_may_follow_the_end_is_told_by_the_step_s_quickest_leg(
    mlh: tuple[int, ...], step: int, most: int
) -> None:
    """Else a step that begins slowly and is stopped in its quick leg ends in a runaway, or a slow one may run on."""
    bench = at_the_last_step(*mlh)
    bench.begin(step, entry=9)
    bench.claim.flow = False
    bench.scan()
    assert bench.after(most) == "" and bench.after(most + 1) == "runaway"


# -- across a hold


@pytest.mark.req("FLO-5", "SES-3")
def test_after_a_hold_the_time_to_the_next_look_begins_anew() -> None:
    """Else time before the hold makes pulses due after it."""
    bench = Bench(steady(LONG), 20)
    bench.begin()
    bench.scan()
    bench.scan()
    bench.stop()
    bench.begin()
    assert bench.scan() and bench.scan()
    assert bench.guard._due == 0
    assert bench.after(9_000) == "over-delivery"
