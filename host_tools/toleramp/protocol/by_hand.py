"""What a file says of single doses that people give, and the compiled form does not hold: the way, wide steps, gaps.

The pump runs no such protocol; its rules for them are strict. A rise above 3.0 and up to 10.5, and a pause that is many
times as long as the others, are for the two who sign: they stand in the file, in words of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pump.protocol.protocol import Protocol
from pump.protocol.rules import RATIO_WIDE
from toleramp.words.routes import BY_MOUTH, way_of

_NOTE = "by_hand"  # the attribute of the laptop's Protocol
MS_PER_H = 3_600_000


@dataclass(frozen=True)
class ByHand:
    """How doses are given; whether steps may be wide; after which doses (from 1) a gap is meant."""

    way: str = BY_MOUTH
    wide: bool = False
    gaps: frozenset[int] = frozenset()


def read(content: dict[str, Any]) -> ByHand:
    """What a file's content says."""
    head, steps = content.get("protocol"), content.get("step")
    tables = steps if isinstance(steps, list) else []
    gaps = {number for number, step in enumerate(tables, 1) if isinstance(step, dict) and step.get("gap") is True}
    return ByHand(way_of(content), isinstance(head, dict) and head.get("wide_step") is True, frozenset(gaps))


def note(protocol: Protocol, what: ByHand) -> Protocol:
    """The protocol, with what the file says beside it."""
    setattr(protocol, _NOTE, what)
    return protocol


def of(protocol: Protocol) -> ByHand:
    """What the file said of this protocol; nothing special where it came from no file."""
    found = getattr(protocol, _NOTE, None)
    return found if isinstance(found, ByHand) else ByHand()


def is_signed_rise(protocol: Protocol, hundredths: int) -> bool:
    """True for a rise between single doses that is for the two who sign, as a wide step (PRO-2)."""
    return bool(protocol.doses) and of(protocol).wide and hundredths <= RATIO_WIDE


def is_gap(protocol: Protocol, number: int) -> bool:
    """True where the file states that the pause after this dose is a gap, and tolerance outlasts it (SES-7)."""
    doses = protocol.doses
    return bool(doses) and number in of(protocol).gaps and not outlasts(protocol, number)


def outlasts(protocol: Protocol, number: int) -> bool:
    """True where tolerance is lost in the pause after this dose."""
    limit_ms: int = protocol.tolerance_gap_h * MS_PER_H
    return bool(protocol.doses[number - 1].duration_ms > limit_ms)


def hours(duration_ms: int) -> str:
    """A pause in h, or in min where it is short."""
    whole = Fraction(duration_ms, MS_PER_H)
    return f"{float(whole):.4g} h" if whole >= 1 else f"{float(whole * 60):.4g} min"
