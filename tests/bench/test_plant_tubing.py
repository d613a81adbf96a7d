"""Elastic tubing: pressure, stored volume and bolus within 2 % of the closed formulas, whatever the step."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toleramp_bench.plant.tubing import Tubing, TubingConfig

BAR = 0.02  # relative: what the campaigns rely on
rates_ml_h = st.sampled_from([0.1, 1.0, 5.0, 25.0, 80.0, 400.0, 1200.0])
compliances = st.sampled_from([0.3, 1.0, 2.0, 10.0, 21.0])
steps_us = st.sampled_from([1_000, 7_000, 20_000, 130_000, 1_000_000])
SECONDS = 3


def nl_in(rate_ml_h: float, dt_us: int) -> float:
    """1 mL/h is 1/3.6 nL a millisecond."""
    return rate_ml_h * dt_us / 3600


def run(tubing: Tubing, rate_ml_h: float, seconds: float, step_us: int) -> float:
    """Pumps at a rate; what left, in nL."""
    left_us, out_nl = round(seconds * 1e6), 0.0
    while left_us:
        dt_us = min(step_us, left_us)
        out_nl += tubing.advance(dt_us, nl_in(rate_ml_h, dt_us))
        left_us -= dt_us
    return out_nl


@settings(max_examples=60)
@given(rates_ml_h, compliances, steps_us)
def test_pressure_behind_an_occlusion_is_flow_times_time_over_compliance(
    rate_ml_h: float, ul_kpa: float, step_us: int
) -> None:
    """Else the occlusion alarm is tested against another line than the stated one."""
    tubing = Tubing(TubingConfig(compliance_ul_kpa=ul_kpa, back_pressure_kpa=4.0))
    tubing.occlude()
    assert run(tubing, rate_ml_h, SECONDS, step_us) == 0
    wanted_kpa = rate_ml_h / 3.6 * SECONDS / ul_kpa
    assert tubing.pressure_kpa - 4.0 == pytest.approx(wanted_kpa, rel=BAR)
    assert tubing.stored_nl == pytest.approx(1000 * ul_kpa * wanted_kpa, rel=BAR)


@settings(max_examples=60)
@given(rates_ml_h, compliances, steps_us, st.sampled_from([0.005, 0.02, 0.2]))
def test_release_gives_the_stored_volume_with_its_time_constant(
    rate_ml_h: float, ul_kpa: float, step_us: int, resistance: float
) -> None:
    """Else the bolus of FLO-7 is wrong in size or in time."""
    tubing = Tubing(TubingConfig(compliance_ul_kpa=ul_kpa, resistance_kpa_s_ul=resistance))
    tubing.occlude()
    run(tubing, rate_ml_h, SECONDS, step_us)
    stored_nl, tau_s = tubing.stored_nl, resistance * ul_kpa
    tubing.release()
    out_nl = run(tubing, 0.0, tau_s, step_us)
    assert out_nl == pytest.approx(stored_nl * (1 - exp(-round(tau_s * 1e6) / 1e6 / tau_s)), rel=BAR)
    assert out_nl + run(tubing, 0.0, 30 * tau_s, step_us) == pytest.approx(stored_nl, rel=1e-9)
    assert tubing.stored_nl == 0 and tubing.outlet.passes


@settings(max_examples=40)
@given(rates_ml_h, compliances, steps_us, st.sampled_from([0.05, 0.5, 5.0]))
def test_a_narrow_line_lags_towards_flow_times_resistance(
    rate_ml_h: float, ul_kpa: float, step_us: int, narrow: float
) -> None:
    """Else a kinked tube is either shut or nothing."""
    tubing = Tubing(TubingConfig(compliance_ul_kpa=ul_kpa, resistance_kpa_s_ul=0.02))
    tubing.occlude("downstream", narrow)
    out_nl = run(tubing, rate_ml_h, SECONDS, step_us)
    tau_s, end_kpa = (0.02 + narrow) * ul_kpa, rate_ml_h / 3.6 * (0.02 + narrow)
    assert tubing.pressure_kpa == pytest.approx(end_kpa * (1 - exp(-SECONDS / tau_s)), rel=BAR)
    assert out_nl + tubing.stored_nl == pytest.approx(nl_in(rate_ml_h, SECONDS * 10**6), rel=1e-9)


@settings(max_examples=40)
@given(rates_ml_h, st.sampled_from(["downstream", "upstream"]), st.sampled_from([0.0, 0.5, float("inf")]))
def test_the_step_does_not_matter(rate_ml_h: float, where: str, narrow: float) -> None:
    """Else a slow bench and a fast one disagree."""
    ends = []
    for step_us in (1_000, 1_000_000):
        tubing = Tubing(TubingConfig(lag=where == "downstream"))
        tubing.occlude(where, narrow)
        out_nl = run(tubing, rate_ml_h, SECONDS, step_us)
        ends.append((out_nl, tubing.pressure_kpa, tubing.inlet.pressure_kpa))
    assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-9)


def test_an_open_line_passes_its_flow_unchanged_also_while_a_store_empties() -> None:
    """Else the ideal plant is not exact, or never becomes so again."""
    tubing = Tubing()
    assert tubing.advance(1000, 12.5) == 12.5 and tubing.outlet.passes
    tubing.occlude()
    tubing.advance(1000, 500.0)
    tubing.release()
    out_nl = sum(tubing.advance(20_000, 10.0) for _ in range(200))
    assert out_nl == pytest.approx(200 * 10 + 500, rel=1e-12)


@settings(max_examples=40)
@given(rates_ml_h, steps_us, st.sampled_from([10.0, 60.0]))
def test_strokes_fail_as_the_pump_draws_a_vacuum(rate_ml_h: float, step_us: int, vacuum_kpa: float) -> None:
    """Else a closed clamp at the bag goes on delivering. Closed form: D = K (1 - exp(-X / K)), K = C * vacuum."""
    tubing = Tubing(TubingConfig(vacuum_kpa=vacuum_kpa))
    tubing.occlude("upstream")
    out_nl = run(tubing, rate_ml_h, SECONDS, step_us)
    flat_nl, asked_nl = 1000 * vacuum_kpa, nl_in(rate_ml_h, SECONDS * 10**6)
    assert out_nl == pytest.approx(flat_nl * (1 - exp(-asked_nl / flat_nl)), rel=1e-6)
    assert tubing.inlet.pressure_kpa == pytest.approx(-out_nl / 1000, rel=1e-6)
    tubing.release()
    assert tubing.inlet.pressure_kpa == 0 and tubing.advance(1000, 3.0) == 3.0


def test_a_half_closed_inlet_ends_in_a_steady_share() -> None:
    """Else it slowly closes. Steady: q (1 - M / K) = M / (R C)."""
    tubing = Tubing()
    tubing.occlude("upstream", 2.0)
    run(tubing, 80.0, 60, 20_000)
    flow, flat, emptying = 80.0 / 3.6, 60.0, 1 / 2.0
    steady = flow / (flow / flat + emptying)
    assert run(tubing, 80.0, 1, 20_000) == pytest.approx(1000 * steady * emptying, rel=1e-6)


def test_a_pump_that_turns_back_fills_a_flattened_inlet_no_further_than_round() -> None:
    """Else pushing back leaves a pressure at the bag's side that nothing made."""
    tubing = Tubing()
    tubing.occlude("upstream")
    tubing.advance(1000, 5_000.0)
    drawn_kpa = tubing.inlet.pressure_kpa
    assert tubing.advance(1000, -2_000.0) == -2_000.0
    assert tubing.inlet.pressure_kpa == pytest.approx(drawn_kpa + 2)
    tubing.advance(1000, -9_000.0)
    assert tubing.inlet.pressure_kpa == 0


def test_only_two_sides() -> None:
    """Else a misspelt place occludes the wrong one."""
    with pytest.raises(ValueError, match="sideways"):
        Tubing().occlude("sideways")
