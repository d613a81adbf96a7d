"""What the flush brings into the vein, and what the file says of it: plug flow, as pump.protocol.vein has it.

Volumes in nL, doses in pg as exact fractions.
"""

from __future__ import annotations

from fractions import Fraction

from pump.protocol import vein
from pump.protocol.doses import reached_dose
from pump.protocol.protocol import UNITS, Protocol
from pump.tables import refusals
from toleramp.preparation.amounts import amount_text
from toleramp.protocol.file import Reading
from toleramp.protocol.rule_rows import Row, finding_row

TOLERANCE = Fraction(1, 200)  # 0.5 % of the full dose (PRO-3)


def _line(protocol: Protocol) -> list[tuple[int, Fraction]]:
    """What the line holds after the last step, the vein's end first: (nL, pg in each nL; 0 for saline)."""
    rest, parts = protocol.line_dead_nl, []
    for step in reversed(protocol.steps):
        taken, bag = min(rest, step.volume_nl), protocol.solutions[step.solution]
        parts.append((taken, Fraction(bag.drug_pg, bag.volume_nl)))
        rest -= taken
    first = protocol.solutions[protocol.steps[0].solution]
    parts.append((rest, Fraction(first.drug_pg, first.volume_nl) if protocol.primed_with_solution else Fraction(0)))
    return [part for part in reversed(parts) if part[0]]


def flushed_pg(protocol: Protocol, flush_nl: Fraction) -> Fraction:
    """The dose that a flush of so many nL pushes out of the line."""
    dose, left = Fraction(0), flush_nl
    for volume_nl, strength in _line(protocol):
        taken = min(left, Fraction(volume_nl))
        dose, left = dose + taken * strength, left - taken
    return dose


def at_vein_pg(protocol: Protocol) -> Fraction:
    """The dose that has reached the vein when the last step ends."""
    return Fraction(*reached_dose(protocol)) - Fraction(*vein.left_in_line(protocol))


def _off(protocol: Protocol, reached: Fraction) -> Fraction:
    """By what share of the full dose too much (above 0) or too little reaches the vein."""
    return reached / protocol.full_dose_pg - 1


def _amounts(protocol: Protocol, reached: Fraction) -> str:
    unit = UNITS[protocol.unit]
    return f"{amount_text(reached / 10**9, unit)} of {amount_text(Fraction(protocol.full_dose_pg, 10**9), unit)}"


def _without(protocol: Protocol) -> list[Row]:
    """No flush is written: what stays in the line reaches nobody."""
    reached = at_vein_pg(protocol)
    if _off(protocol, reached) >= -TOLERANCE:
        return []
    message = (
        f"without a flush {_amounts(protocol, reached)} reach the vein, more than 0.5 % too little: the rest stays in"
        " the line; write [flush] with volume_ml and rate_ml_h"
    )
    return [finding_row("warning", "flush-missing", "flush", message)]


def flush_findings(reading: Reading, protocol: Protocol) -> list[Row]:
    """The flush pushes what the line holds: not faster than the last step, all of it, and no more than the dose."""
    flush = reading.content.get("flush")
    rows: list[Row] = []
    if ("flush", 1) in reading.spoilt or not protocol.steps:
        return rows
    if not flush:
        return _without(protocol)
    if flush["rate_ml_h"] * 10_000 > protocol.steps[-1].rate_e4:
        message = "the flush is faster than the last step: it would raise the dose rate; write at most its rate"
        rows.append(finding_row("error", "flush-rate", "flush", message))
    if flush["volume_ml"] * 10**6 < protocol.line_dead_nl:
        message = "the flush is smaller than the line's dead volume: part of the dose stays in the line"
        rows.append(finding_row("warning", "flush-volume", "flush", message))
    reached = at_vein_pg(protocol) + flushed_pg(protocol, Fraction(flush["volume_ml"]) * 10**6)
    if _off(protocol, reached) > TOLERANCE >= _off(protocol, at_vein_pg(protocol)):
        message = (
            f"with this flush {_amounts(protocol, reached)} reach the vein, more than 0.5 % too much: use a line of"
            " less volume, or leave in it what is beyond the dose"
        )
        rows.append(finding_row("error", refusals.DOSE_SUM, "flush", message))
    return rows
