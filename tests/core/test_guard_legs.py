"""A step of several legs as the guard judges it, after a way back over a stronger bag's solution (SES-5, FLO-5)."""

from __future__ import annotations

import pytest
from guard_kit import Bench, steady

from pump.protocol import protocol as p

BACK = 3  # the step gone back to, the last
IN_LINE = 30  # pulses that the shared line holds
REST = 200  # pulses of the last step


def after_a_stronger_bag(*mlh: int) -> Bench:
    """Steps of bag 0, 0, 1 and 0 at those rates; the line is full of bag 1, ten times as strong, at the last."""
    protocol = steady(50, 50, 50, REST)
    for step, bag, rate in zip(protocol.steps, (0, 0, 1, 0), mlh, strict=True):
        step.solution, step.rate_e4 = bag, rate * 10_000
    protocol.solutions = [p.Solution(10**9, 10**12 * s, "AB"[s > 1], f"T-{s}") for s in (1, 10)]
    protocol.full_dose_pg, protocol.line_dead_nl = (50 + 50 + 500 + REST) * 10**5, IN_LINE * 100
    bench = Bench(protocol)
    for step in range(BACK):
        bench.give(step, step + 1)
    bench.go_back(BACK)
    return bench


@pytest.mark.req("SES-5", "FLO-5", "FLO-7")
@pytest.mark.parametrize(("rate", "first_ms", "then_ms"), [(36, 100, 10), (18, 200, 20)])
def test_what_is_due_follows_the_legs(rate: int, first_ms: int, then_ms: int) -> None:
    """Else a step that begins slowly is short of pulses, or its slow beginning lets a tenfold rate through."""
    bench = after_a_stronger_bag(36, 36, 36, rate)
    course, guard = bench.guard._course, bench.guard
    first = course.first[BACK]
    assert list(course.end[first:]) == [IN_LINE, REST]
    assert list(course.interval_us[first:]) == [first_ms * 1000, then_ms * 1000]
    bench.snap.dt_ms = first_ms
    bench.begin(BACK, entry=9)
    due = []
    for _ in range(IN_LINE + 3):
        bench.scan(1)
        due.append(guard._due)
    ten = first_ms // then_ms
    assert due[: IN_LINE - 1] == list(range(2, IN_LINE + 1)), "the scan that begins it counts"
    assert due[IN_LINE - 1 :] == [IN_LINE + k * ten for k in range(1, 5)] and not bench.trip


@pytest.mark.req("SES-5", "FLO-5")
def test_at_the_end_of_a_leg_its_rest_of_time_goes_on_at_the_next_one_s_rate() -> None:
    """Else each change of rate loses or finds pulses."""
    bench = after_a_stronger_bag(36, 36, 36, 36)
    bench.snap.dt_ms = 1_000
    bench.begin(BACK, entry=9)  # 10 are due
    bench.scan(20)
    assert bench.guard._due == 20
    bench.snap.dt_ms = 1_080
    bench.scan(18)
    assert bench.guard._due == IN_LINE + 8 and bench.guard._due_us == 0
    bench.snap.dt_ms = 95
    bench.scan(9)
    assert bench.guard._due == IN_LINE + 17 and bench.guard._due_us == 5_000 and not bench.trip


@pytest.mark.req("FLO-7", "SES-5")
@pytest.mark.parametrize(
    ("mlh", "step", "most"),
    [((36, 90, 36, 36), 0, 2), ((36, 90, 36, 36), 1, 3), ((36, 36, 36, 90), BACK, 3), ((36, 36, 36, 36), BACK, 2)],
)
def test_after_the_flow_as_many_pulses_as_the_quickest_leg_of_that_very_step_makes(
    mlh: tuple[int, ...], step: int, most: int
) -> None:
    """Else a slow step is allowed a quick one's run-on, or a quick leg's own is a runaway."""
    bench = after_a_stronger_bag(*mlh)
    bench.begin(step, entry=9)
    bench.claim.flow = False
    bench.scan()
    assert bench.after(most) == "" and bench.after(most + 1) == "runaway"
