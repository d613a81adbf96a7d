"""Scale, encoder, pressure sensor and air detector of the plant."""

from __future__ import annotations

import random
from math import exp, sqrt
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toleramp_bench.plant.scale import TYPICAL, Scale, ScaleConfig
from toleramp_bench.plant.sensors import (
    AirConfig,
    AirDetector,
    Encoder,
    EncoderConfig,
    PressureConfig,
    PressureSensor,
)

HOUR = 3_600_000_000


def scale(config: ScaleConfig | None = None, mass_g: float = 100.0, seed: int = 1) -> Scale:
    return Scale(config or ScaleConfig(), random.Random(seed), mass_g)


def test_the_ideal_scale_shows_the_mass_at_each_sample() -> None:
    """Else an ideal plant measures something else than it delivered."""
    part = scale()
    assert part.advance(99_999, 50.0) == 100.0
    assert part.advance(100_000, 50.0) == 50.0
    assert part.advance(200_000, 40.0) == 40.0 and part.due_us == 300_000


def test_the_mass_goes_evenly_between_two_calls() -> None:
    """Else a long step weighs the end at its beginning."""
    part = scale()
    assert part.advance(150_000, 85.0) == pytest.approx(90.0)


def test_the_filter_follows_with_its_time_constant() -> None:
    """Else the scale is faster than a real one."""
    part = scale(ScaleConfig(filter_us=1_000_000))
    part.advance(0, 0.0)
    assert part.advance(2_000_000, 0.0) == pytest.approx(100 * exp(-2), rel=1e-9)


def test_noise_drift_and_resolution() -> None:
    """Else a campaign with noise is one without."""
    part = scale(ScaleConfig(noise_g=0.03, drift_g_h=3.6))
    readings = [part.advance(k * 100_000, 100.0) - 100 - k * 1e-4 for k in range(1, 4001)]
    assert abs(fmean(readings)) < 4 * 0.03 / sqrt(4000) and pstdev(readings) == pytest.approx(0.03, rel=0.05)
    rough = scale(ScaleConfig(resolution_g=0.5))
    assert rough.advance(100_000, 7.3) == 7.5 and rough.advance(200_000, 7.2) == 7.0


def test_a_fault_adds_offset_and_drift_from_its_moment() -> None:
    """Else a drifting scale cannot be injected."""
    part = scale()
    part.advance(HOUR, 100.0)
    part.fault(offset_g=2.0, drift_g_h=0.5)
    assert part.advance(3 * HOUR, 100.0) == pytest.approx(103.0)
    part.fault()
    assert part.advance(4 * HOUR, 100.0) == 100.0


@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=40))
def test_readings_do_not_depend_on_who_looks_when(parts: list[int]) -> None:
    """Else the same seed gives another session when the bench steps otherwise."""
    stepped, once = scale(TYPICAL), scale(TYPICAL)
    t_us = 0
    for part_us in parts:
        t_us += part_us
        stepped.advance(t_us, 100.0)
    assert stepped.reading_g == once.advance(t_us, 100.0)


@given(st.lists(st.integers(-2000, 2000), max_size=30))
def test_the_encoder_counts_the_shaft(moves: list[int]) -> None:
    """Else counts drift from the shaft: 2400 counts for 3200 pulses."""
    part, shaft = Encoder(), 0
    for move in moves:
        shaft += move
        part.advance(1_000_000, shaft)
    assert part.counts == shaft * 2400 // 3200


def test_quadrature_goes_round_one_line_at_a_time() -> None:
    """Else the direction cannot be read."""
    part = Encoder(EncoderConfig(counts_per_rev=4, pulses_per_rev=4))
    forward = [part.advance(1000, k) and part.levels() for k in range(1, 6)]
    assert forward == [(1, 0), (1, 1), (0, 1), (0, 0), (1, 0)]
    part.advance(1000, 4)
    assert part.levels() == (0, 0)


def test_a_stuck_or_missing_encoder_does_not_catch_up() -> None:
    """Else a lost count comes back and hides the fault."""
    part = Encoder(EncoderConfig(counts_per_rev=1, pulses_per_rev=1))
    part.stuck = True
    assert part.advance(1000, 10) == 0
    part.stuck = False
    assert part.advance(1000, 12) == 2
    part.missing = True
    assert part.advance(1000, 13) == 2 and part.levels() == (1, 1)
    part.missing = False
    assert part.advance(1000, 15) == 4


def test_the_counter_has_a_highest_rate() -> None:
    """Else the bench counts what no electronics can."""
    part = Encoder(EncoderConfig(counts_per_rev=1, pulses_per_rev=1, most_counts_s=1000))
    assert part.advance(100_000, 250) == 100 and part.advance(100_000, 300) == 150


def pressure(config: PressureConfig | None = None) -> PressureSensor:
    return PressureSensor(config or PressureConfig(), random.Random(5))


@given(st.floats(-50, 150))
def test_a_code_means_its_pressure_to_a_step_of_the_converter(kpa: float) -> None:
    """Else codes and kPa do not belong together."""
    part = pressure()
    step_kpa = part.kpa(1) - part.kpa(0)
    assert part.kpa(part.code(kpa)) == pytest.approx(kpa, abs=0.5001 * step_kpa)


def test_the_sensor_stops_at_its_ends_and_a_broken_wire_lies_below() -> None:
    """Else a broken wire passes for low pressure (pump_pico: never below 0.33 V)."""
    part = pressure()
    assert part.code(-500) == part.code(-50) == round(0.5 * 2 / 3 / 3.3 * 4095)
    assert part.code(5000) == part.code(150) == round(3.0 / 3.3 * 4095)
    part.wire_off = True
    assert part.code(50) == 0


def test_offset_gain_and_noise_of_the_pressure() -> None:
    """Else a badly calibrated sensor cannot be tried."""
    off = pressure(PressureConfig(offset_kpa=2.0, gain_error=0.1))
    assert off.kpa(off.code(100)) == pytest.approx(112, abs=0.05)
    noisy = pressure(PressureConfig(noise_codes=3.0))
    codes = [noisy.code(40) for _ in range(4000)]
    assert pstdev(codes) == pytest.approx(3.0, rel=0.06) and fmean(codes) == pytest.approx(pressure().code(40), abs=0.5)


def test_the_air_detector_sees_a_full_beam_after_its_response_time() -> None:
    """Else the smallest bubble or the delay is another than stated."""
    part = AirDetector(AirConfig(beam_nl=10_000, response_us=10_000))
    assert part.advance(60_000, 9_999_999)
    assert part.advance(9_000, 10_000_000) and not part.advance(1_000, 10_000_000)
    assert not part.advance(9_999, 0) and part.advance(1, 0)


def test_a_glimpse_of_air_is_forgotten() -> None:
    """Else glimpses add up to a bubble."""
    part = AirDetector(AirConfig(response_us=10_000))
    for _ in range(5):
        assert part.advance(9_000, 10**8) and part.advance(1_000, 0)


@pytest.mark.parametrize("level", [True, False])
def test_a_stuck_detector_says_one_thing(level: bool) -> None:
    """Else its fault cannot be injected."""
    part = AirDetector()
    part.stuck = level
    assert part.advance(10**6, 10**9) is level and part.advance(10**6, 0) is level
