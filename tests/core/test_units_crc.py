"""Integer units, tick wrap and the checksum that guards every record, frame and protocol."""

from __future__ import annotations

import zlib
from array import array
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.base import crc, units

TICKS = st.integers(0, (1 << 30) - 1)
DELTA = st.integers(-(1 << 29), (1 << 29) - 1)


@pytest.mark.req("INT-3")
@given(TICKS, DELTA)
def test_a_span_of_time_is_the_same_across_the_wrap(start: int, delta: int) -> None:
    """Else every delay and age goes wrong after twelve days of power."""
    assert units.ticks_diff(units.ticks_add(start, delta), start) == delta


@pytest.mark.req("INT-3")
def test_the_wrap_itself() -> None:
    """Else the millisecond at which the counter wraps counts as twelve days."""
    assert units.ticks_add((1 << 30) - 1, 1) == 0
    assert units.ticks_diff(0, (1 << 30) - 1) == 1
    assert units.ticks_diff((1 << 30) - 1, 0) == -1


@pytest.mark.req("FLO-1", "FLO-2")
@given(st.integers(20_000, 400_000), st.integers(units.RATE_MIN_E4, units.RATE_MAX_E4))
def test_the_interval_is_exact_for_every_rate_of_four_decimals(pl_pulse: int, rate_e4: int) -> None:
    """Else a published rate such as 4.6875 mL/h drifts."""
    whole, rest = units.interval_parts(pl_pulse, rate_e4)
    ideal = Fraction(pl_pulse, 1000) / (Fraction(rate_e4, 10_000) * 10**6 / Fraction(3600 * 10**6))
    assert whole + Fraction(rest, rate_e4) == ideal
    assert 0 <= rest < rate_e4


@pytest.mark.req("PRO-4")
@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_rounding_is_to_the_nearest_and_a_half_goes_down(numerator: int, denominator: int) -> None:
    """Else rounding asks for more drug than was ordered."""
    error = Fraction(units.round_half_down(numerator, denominator)) - Fraction(numerator, denominator)
    assert Fraction(-1, 2) <= error < Fraction(1, 2)


@pytest.mark.req("INT-4")
@given(st.binary(max_size=300))
def test_the_checksum_is_zlibs(data: bytes) -> None:
    """Else the tools on the laptop refuse what the pump wrote."""
    buf = bytearray(data + bytes(4))
    crc.put(buf, len(data))
    assert buf == data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.req("INT-4")
@given(st.binary(max_size=300))
def test_the_chips_own_checksum_is_zlibs(data: bytes) -> None:
    """Else the pump and the laptop disagree on every frame."""
    buf = bytearray(data + bytes(4))
    crc._put_halves(buf, len(data), array("H", crc._LOW), array("H", crc._HIGH))
    assert buf == data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.req("INT-4")
@given(st.binary(min_size=1, max_size=80), st.data())
def test_a_flipped_bit_is_found_and_the_check_changes_nothing(data: bytes, draw: st.DataObject) -> None:
    """Else a changed protocol in memory goes on dosing."""
    buf = bytearray(data + bytes(4))
    crc.put(buf, len(data))
    assert crc.holds(buf, len(data))
    bit = draw.draw(st.integers(0, 8 * len(buf) - 1))
    buf[bit // 8] ^= 1 << bit % 8
    before = bytes(buf)
    assert not crc.holds(buf, len(data))
    assert bytes(buf) == before
