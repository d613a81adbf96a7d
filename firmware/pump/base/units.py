"""Integer units and checked arithmetic.

    rate_e4     0.0001 mL/h (0.1 uL/h)         volume_nl   nanolitres
    interval_us microseconds between pulses    pl_pulse    picolitres a motor pulse (the calibration)
    dose_pg     picograms (1e-9 mg)            *_ms        milliseconds; device time wraps at 2**30

Small integers on the chip hold 31 bits. What the scan uses stays below 2**30; what may be larger is computed where
allocation is allowed: at load and while the drug is held.
"""

from pump.base.compat import micropython

TICK_SPAN = 1 << 30
TICK_MASK = _MASK = (
    1 << 30
) - 1  # the largest small integer; TICK_SPAN itself is one more and would come from the heap
_HALF = 1 << 29

RATE_MIN_E4 = 1_000  # 0.1 mL/h (FLO-1)
RATE_MAX_E4 = 12_000_000  # 1200 mL/h (FLO-1)
PG_PER_MG = 1_000_000_000
NL_PER_ML = 1_000_000
US_RATE = 36_000  # interval_us = pl_pulse * 36000 / rate_e4


@micropython.native
def ticks_diff(later, earlier):
    """Milliseconds (or microseconds) from `earlier` to `later`, both modulo 2**30; right within +-6.2 days."""
    span = (later - earlier) & _MASK
    return span if span < _HALF else span - _HALF - _HALF


def age_ms(now_ms, since_ms, most_ms):
    """How long ago that was, `most_ms` at the most; -1 where it never was (`since_ms` below 0)."""
    return min(ticks_diff(now_ms, since_ms), most_ms) if since_ms >= 0 else -1


@micropython.native
def ticks_add(ticks, delta):
    """`ticks` moved by `delta` (within +-2**29), modulo 2**30."""
    if delta > 0:
        ticks = ticks - _HALF - _HALF  # the sum stays small
    return (ticks + delta) & _MASK


def interval_parts(pl_pulse, rate_e4):
    """The ideal pulse interval as whole microseconds and a remainder in 1/rate_e4 us.

    One pulse moves pl_pulse picolitres; rate_e4 / 36000 picolitres flow a microsecond.
    """
    return divmod(pl_pulse * US_RATE, rate_e4)


def volume_nl_of(rate_e4, duration_ms):
    """Volume of a step as an exact fraction: (numerator, denominator) in nanolitres."""
    return rate_e4 * duration_ms, US_RATE


def round_half_down(numerator, denominator):
    """Nearest integer, a half goes down: rounding never asks for more than was meant."""
    return (2 * numerator + denominator - 1) // (2 * denominator)


def pulses_of(volume_nl, pl_pulse):
    """Motor pulses for a volume, to the nearest pulse, a half goes down."""
    return round_half_down(volume_nl * 1000, pl_pulse)


def nl_of(pulses, pl_pulse):
    """Volume of so many pulses in whole nanolitres, rounded down."""
    return pulses * pl_pulse // 1000
