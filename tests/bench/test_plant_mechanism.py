"""The mechanism of the plant: pulses to volume, and each of its errors against a closed formula."""

from __future__ import annotations

from math import floor, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.plant.mechanism import Mechanism, MechanismConfig
from toleramp_bench.plant.whole import WholePl

chunks = st.lists(st.integers(0, 4000), max_size=30)


@given(st.lists(st.integers(-3000, 3000), max_size=40), st.integers(1, 10**7))
def test_the_ideal_mechanism_is_exact_in_picolitres(parts: list[int], pl_pulse: int) -> None:
    """Else a whole session is off by roundings that no part of it shows."""
    part = Mechanism(MechanismConfig(pl_pulse))
    for pulses in parts:
        assert part.advance(pulses) == pulses * pl_pulse / 1000
    assert part.exact_pl == part.moved_pl == sum(parts) * pl_pulse and part.shaft_pulses == sum(parts)


def test_the_default_is_the_board_s_mechanism() -> None:
    """Else the bench pumps another volume than the firmware counts."""
    assert MechanismConfig().pl_pulse == mechanism_pl_pulse()


@given(chunks, st.floats(-0.2, 0.2), st.floats(0.01, 0.9), st.integers(3, 5000), st.floats(0, 6))
def test_calibration_and_cyclic_error_follow_their_integral(
    parts: list[int], error: float, amplitude: float, period: int, phase: float
) -> None:
    """Else the volume depends on the size of the bench's steps, or drifts with each turn."""
    part = Mechanism(MechanismConfig(100_000, error, amplitude, period, phase))
    for pulses in parts:
        part.advance(pulses)
    n = sum(parts)
    wave = amplitude * period / (2 * pi) * (sin(2 * pi * n / period + phase) - sin(phase))
    assert part.moved_pl == pytest.approx((n + wave) * (1 + error) * 100_000, abs=2)
    assert part.exact_pl is (None if error or amplitude else part.moved_pl)


@given(st.floats(0.01, 0.9), st.integers(3, 5000), st.floats(0, 6), st.integers(0, 5000), st.integers(1, 20))
def test_a_whole_period_moves_its_nominal_volume(
    amplitude: float, period: int, phase: float, start: int, turns: int
) -> None:
    """Else a cyclic error changes the mean rate."""
    part = Mechanism(MechanismConfig(100_000, 0.0, amplitude, period, phase))
    part.advance(start)
    before = part.moved_pl
    part.advance(turns * period)
    assert abs(part.moved_pl - before - turns * period * 100_000) <= 1


def test_the_flow_swings_by_the_amplitude() -> None:
    """Else an amplitude of 20 % is something else than 20 % of the flow."""
    part = Mechanism(MechanismConfig(10**9, 0.0, 0.2, 1000))
    moved = [part.advance_pl(1) / 10**9 for _ in range(1000)]
    assert max(moved) == pytest.approx(1.2, abs=1e-5) and min(moved) == pytest.approx(0.8, abs=1e-5)


@given(st.integers(1, 50), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_dead_pulses_after_stop_and_reversal(dead: int, parts: list[int]) -> None:
    """Else backlash is lost once, or at every call."""
    part = Mechanism(MechanismConfig(1000, stiction_pulses=dead))
    for pulses in parts:
        part.advance(pulses)
    forward = max(0, sum(parts) - dead)
    assert part.moved_pl == 1000 * forward and part.shaft_pulses == sum(parts)
    part.rest()
    part.advance(dead + 5)
    assert part.moved_pl == 1000 * (forward + 5)
    part.advance(-(dead + 3))
    assert part.moved_pl == 1000 * (forward + 5 - 3)


@given(st.lists(st.integers(-500, 500), max_size=30), st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]))
def test_lost_steps_are_the_share_and_the_shaft_shows_them(parts: list[int], share: float) -> None:
    """Else an encoder sees a slip of another size than the liquid."""
    part = Mechanism(MechanismConfig(1000))
    part.advance(7)
    part.slip(share)
    for pulses in parts:
        part.advance(abs(pulses))
    n = sum(map(abs, parts))
    lost = n * round(100 * share) // 100
    assert part.shaft_pulses == 7 + n - lost and part.exact_pl == 1000 * part.shaft_pulses
    part.slip(0)
    part.advance(100)
    assert part.shaft_pulses == 107 + n - lost


def test_a_stalled_motor_moves_nothing_until_it_turns_again() -> None:
    """Else a stall is forgotten or never ends."""
    part = Mechanism()
    part.stall()
    assert part.advance(1000) == 0 and part.shaft_pulses == 0
    part.stall(False)
    assert part.advance(10) == 1000 and part.exact_pl == 10**6


@given(chunks, st.floats(0.01, 1.0))
def test_a_slipping_tube_is_not_seen_at_the_shaft(parts: list[int], share: float) -> None:
    """Else the encoder would catch what only a scale can."""
    part = Mechanism(MechanismConfig(100_000))
    part.slip_tube(share)
    for pulses in parts:
        part.advance(pulses)
    assert part.shaft_pulses == sum(parts) and part.exact_pl is None
    assert part.moved_pl == pytest.approx(sum(parts) * 100_000 * (1 - share), abs=2)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_out_of_bounds_is_refused(share: float) -> None:
    """Else a typing error pumps backwards."""
    with pytest.raises(ValueError, match="share"):
        Mechanism().slip(share)


@given(st.lists(st.floats(0, 50), max_size=200))
def test_whole_picolitres_lose_nothing(parts: list[float]) -> None:
    """Else small flows vanish in rounding."""
    whole = WholePl()
    given_pl = sum(whole(part) for part in parts)
    assert abs(given_pl - floor(sum(parts))) <= 1
