"""Pulses of each step: rounding never adds up, and what is left of the dose is never exceeded (FLO-2, PRO-4)."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from core_kit import RATES, dose_pg, standard
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol.rules import total_dose

PULSE = st.integers(20_000, 400_000)


@st.composite
def ladders(draw: st.DrawFn) -> p.Protocol:
    """Any number of steps at rates of four decimals; the rules may be broken."""
    protocol = p.Protocol()
    for number in range(draw(st.integers(1, 4))):
        drug = draw(st.integers(10**8, 10**13))
        protocol.solutions.append(p.Solution(draw(st.integers(10**6, 10**9)), drug, "ABCD"[number], "x"))
    for _ in range(draw(st.integers(1, 20))):
        rate, duration = draw(st.integers(1000, 12_000_000)), draw(st.integers(1000, 10**7))
        bag = draw(st.integers(0, len(protocol.solutions) - 1))
        protocol.steps.append(p.Step(bag, 0, rate, duration, max(1, rate * duration // 36_000)))
    protocol.full_dose_pg = max(1, int(Fraction(*total_dose(protocol))))
    return protocol


@pytest.mark.req("FLO-2", "FLO-3")
@given(ladders(), PULSE)
def test_after_each_step_the_pulses_are_within_half_a_pulse_of_the_volume(protocol: p.Protocol, pl_pulse: int) -> None:
    """Else a session of forty steps drifts by twenty pulses."""
    plan = Plan(protocol, pl_pulse)
    volume_pl = pulses = 0
    for k, step in enumerate(protocol.steps[:-1]):
        volume_pl += step.volume_nl * 1000
        pulses += plan.pulses[k]
        assert 2 * abs(pulses * pl_pulse - volume_pl) <= pl_pulse


@pytest.mark.req("PRO-4")
@given(ladders(), PULSE)
def test_the_last_step_as_planned_completes_the_dose_to_a_pulse(protocol: p.Protocol, pl_pulse: int) -> None:
    """Else the rounding of the steps before it adds to the order, or is missing from it."""
    plan = Plan(protocol, pl_pulse)
    pulses = [0] * len(protocol.solutions)
    for k in range(plan.count):
        pulses[plan.solution[k]] += plan.pulses[k]
    if plan.pulses[plan.count - 1]:
        assert dose_pg(protocol, pulses, pl_pulse) <= protocol.full_dose_pg
        pulses[plan.solution[plan.count - 1]] += 1
        assert dose_pg(protocol, pulses, pl_pulse) > protocol.full_dose_pg


@pytest.mark.req("FLO-1")
@given(ladders(), PULSE)
def test_rates_bags_and_times_are_those_of_the_protocol(protocol: p.Protocol, pl_pulse: int) -> None:
    """Else the rate used is not the rate shown."""
    plan = Plan(protocol, pl_pulse)
    for k, step in enumerate(protocol.steps):
        interval = plan.interval_us[k] + Fraction(plan.remainder[k], plan.rate_e4[k])
        assert Fraction(pl_pulse * 36_000) / interval == step.rate_e4
        assert (plan.solution[k], plan.duration_ms[k]) == (step.solution, step.duration_ms)


@pytest.mark.req("PRO-4")
@settings(max_examples=200)
@given(ladders(), PULSE, st.data())
def test_the_last_step_completes_the_dose_to_a_pulse_and_never_exceeds_it(
    protocol: p.Protocol, pl_pulse: int, draw: st.DataObject
) -> None:
    """Else repeats after a reaction give more than was ordered."""
    plan = Plan(protocol, pl_pulse)
    given_pulses = [draw.draw(st.integers(0, 10**6)) for _ in protocol.solutions]
    final = plan.final_pulses(given_pulses)
    bag = protocol.steps[-1].solution
    after = list(given_pulses)
    after[bag] += final
    more = list(after)
    more[bag] += 1
    if dose_pg(protocol, given_pulses, pl_pulse) <= protocol.full_dose_pg:
        assert dose_pg(protocol, after, pl_pulse) <= protocol.full_dose_pg < dose_pg(protocol, more, pl_pulse)
    else:
        assert final == 0


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize("repeated", [(), (10,), (9, 10), (7, 8, 9, 10)])
def test_the_last_step_of_the_standard_ladder_after_repeats(repeated: tuple[int, ...]) -> None:
    """Else a repeated step is given on top of the dose."""
    protocol = standard()
    plan = Plan(protocol, 100_000)
    pulses = [0, 0, 0]
    for k in [*range(11), *repeated]:
        pulses[RATES[k][0]] += plan.pulses[k]
    rest = 500 * 10**9 - dose_pg(protocol, pulses)
    assert plan.final_pulses(pulses) == int(rest * 250 * 10**9 // (protocol.solutions[2].drug_pg * 100_000))
    assert (plan.final_pulses(pulses) == plan.pulses[11]) is (not repeated)


@pytest.mark.req("PRO-2")
def test_dose_rates_rise_by_at_most_two_and_a_half_in_the_standard_ladder() -> None:
    """Else the plan and the rules judge different numbers."""
    plan = Plan(standard(), 100_000)
    rates = [Fraction(*plan.dose_rate(k)) for k in range(12)]
    assert max(b / a for a, b in zip(rates, rates[1:], strict=False)) == Fraction(5, 2)


@pytest.mark.req("PRO-4", "SES-3")
def test_what_the_reference_leaves_for_the_last_step_after_reactions(shared_folder: Path) -> None:
    """Else our repeats and the published arithmetic differ."""
    text = (shared_folder / "protocols" / "vectors.json").read_text(encoding="utf-8")
    plan = Plan(standard(), 100_000)
    for case in json.loads(text, parse_float=Decimal)["reactions"]:
        pulses = [round(Fraction(case["volume_used_ml"][bag]) * 10_000) for bag in "123"]
        left_ml = Fraction(plan.final_pulses(pulses), 10_000)
        # Half a pulse of what was given is rounded here, the rest is rounded down to a pulse.
        assert abs(left_ml - Fraction(case["final_volume_ml"])) <= Fraction(3, 20_000), case["label"]


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize("dose_pg", [0, 1, 27_000])
def test_a_full_dose_below_a_pulse_makes_a_plan_of_no_last_pulse(dose_pg: int) -> None:
    """Else a protocol that admission is about to refuse stops the pump by a division instead."""
    protocol = p.Protocol()
    protocol.solutions.append(p.Solution(10**6, 10**9, "A", "x"))
    protocol.steps.append(p.Step(0, 0, 1000, 1000, 27))
    protocol.full_dose_pg = dose_pg
    plan = Plan(protocol, 27_001)
    assert plan.pulses[0] == 0 and plan.ppm_of(0, 1) > 0
