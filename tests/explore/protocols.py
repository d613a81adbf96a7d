"""Tiny protocols for the explorer: a handful of pulses of 0.02 mL, all within the rules, none patched in.

Three bags stand 1 : 100 : 10,000, two steps a bag, each three times the dose rate before; so a session takes a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

from pump.base.units import US_RATE
from pump.protocol import protocol as p
from pump.protocol.doses import total_dose

PL_PULSE = 20_000_000
PULSE_NL = PL_PULSE // 1000
BAG_NL = 20_000_000
STRENGTHS = (1, 100, 10_000)
RISE = 3  # of the dose rate from step to step (PRO-2)
FIRST_PULSE_US = 250_000
ONE_BAG_FIRST_US = 1_800_000  # 27 times as fast in the last step, within what the pump can do

Row = tuple[int, int, int]  # bag, pulses, flags


def _interval_us(strengths: tuple[int, ...], bag: int, rise: int, first_us: int) -> Fraction:
    return Fraction(first_us * strengths[bag], strengths[0] * RISE**rise)


def _step(row: Row, strengths: tuple[int, ...], rise: int, before: p.Step | None, first_us: int) -> p.Step:
    bag, pulses, flags = row
    fill = flags & p.LINE_FILL
    interval_us = _interval_us(strengths, before.solution if fill and before else bag, rise, first_us)
    rate_e4 = int(PL_PULSE * US_RATE / interval_us)
    volume_nl = pulses * PULSE_NL
    return p.Step(bag, flags, rate_e4, round(Fraction(volume_nl * US_RATE, rate_e4)), volume_nl)


def ladder(
    name: str,
    rows: tuple[Row, ...],
    strengths: tuple[int, ...] = STRENGTHS,
    first_us: int = FIRST_PULSE_US,
    **fields: int,
) -> p.Protocol:
    """A protocol of these steps, `first_us` from pulse to pulse of the first; `fields` of
    pump.protocol.protocol.Protocol."""
    protocol = p.Protocol()
    protocol.name, protocol.drug, protocol.kind = name, "explored", p.BENCH
    for bag, strength in enumerate(strengths):
        code = f"T-{bag + 1}"
        protocol.solutions.append(p.Solution(BAG_NL, BAG_NL * strength, chr(65 + bag), code))
    rise = 0
    for row in rows:
        before = protocol.steps[-1] if protocol.steps else None
        level = max(0, rise - 1) if row[2] & p.LINE_FILL else rise
        protocol.steps.append(_step(row, strengths, level, before, first_us))
        rise += not row[2] & p.LINE_FILL
    protocol.steps[-1].flags |= p.TO_FULL_DOSE
    dose = total_dose(protocol)
    protocol.full_dose_pg = dose[0] // dose[1]
    protocol.delay_s, protocol.max_hold_min, protocol.max_wait_min = 1, 5, 3
    protocol.spo2_stop_fall = protocol.spo2_early_fall = 10  # what is low does not hang on who is well at START
    for field, value in fields.items():
        setattr(protocol, field, value)
    return protocol


_TWO_A_BAG = ((0, 4, 0), (0, 12, 0), (1, 3, 0), (1, 5, 0), (2, 1, 0), (2, 2, 0))
_LONGER = ((0, 8, 0), (0, 24, 0), (1, 3, 0), (1, 9, 0), (2, 2, 0), (2, 2, 0))
_ONE_BAG = ((0, 1, 0), (0, 3, 0), (0, 9, 0), (0, 1000, 0))
_FILLED = ((0, 4, 0), (0, 12, 0), (1, 1, p.LINE_FILL), (1, 3, 0), (1, 5, 0), (2, 1, p.LINE_FILL), (2, 1, 0), (2, 2, 0))


def three_bags(**fields: int) -> p.Protocol:
    """No dead volume."""
    return ladder("three bags", _TWO_A_BAG, **fields)


def dead_volume(**fields: int) -> p.Protocol:
    """The shared line holds one pulse."""
    return ladder("dead volume", _LONGER, line_dead_nl=PULSE_NL, **fields)


def line_fill(**fields: int) -> p.Protocol:
    """The shared line holds one pulse, and a fill brings each bag up to the vein."""
    return ladder("line fill", _FILLED, line_dead_nl=PULSE_NL, **{"min_hold_min": 3, **fields})


def one_bag(**fields: int) -> p.Protocol:
    """One bag, each step three times the rate of the one before; the last one has nearly all of the dose."""
    protocol = ladder("one bag", _ONE_BAG, (1,), ONE_BAG_FIRST_US, **fields)
    protocol.solutions[0] = p.Solution(2 * BAG_NL, 2 * BAG_NL, "A", "T-1")
    return protocol


def _brief(made: Callable[..., p.Protocol]) -> Callable[[], p.Protocol]:
    """The same with holds and waits of two minutes at the most, which are 10 s of the explored pump."""
    return partial(made, max_hold_min=2, max_wait_min=2, min_hold_min=1)


_TINY = {"three-bags": three_bags, "dead-volume": dead_volume, "line-fill": line_fill, "one-bag": one_bag}
ALL: dict[str, Callable[[], p.Protocol]] = {**_TINY, **{f"{name}-brief": _brief(made) for name, made in _TINY.items()}}
# The one that "load" brings.
OTHERS = {"three-bags": "dead-volume", "dead-volume": "three-bags", "line-fill": "three-bags", "one-bag": "one-bag"}
OTHERS |= {f"{name}-brief": f"{other}-brief" for name, other in OTHERS.items()}
