"""When the pump of a session had to stand still, and when it might flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pump.tables import events
from toleramp_bench.names import EVENTS

STILL_US = 150_000  # from a record of a hold to the last pulse (VIT-4)
_OPENS = EVENTS.of(events.BEGINS) | {EVENTS.BAG_CONFIRMED}
_CLOSES = EVENTS.of(events.HOLDS | events.STARTS) | {EVENTS.BAG_REQUESTED}


@dataclass
class Quiet:
    """A while in which nothing may flow: from, to (us), and the record that began it."""

    start_us: int
    end_us: int
    why: str
    code: str | None = None


def quiets(records: list[dict[str, Any]], cuts: list[list[int]], end_us: int) -> list[Quiet]:
    """The times without flow, in their order: what began them, until people let it flow again."""
    found = [Quiet(0, -1, EVENTS.BOOT)]
    marks = [(record["t_ms"] * 1000, record["event"], record["code"]) for record in records]
    marks += [(cut[0], "power off", None) for cut in cuts]
    for t_us, event, code in sorted(marks, key=lambda mark: mark[0]):
        is_open = found[-1].end_us < 0
        if event in _OPENS and is_open:
            found[-1].end_us = t_us
        elif (event in _CLOSES or event == "power off") and not is_open:
            found.append(Quiet(t_us, -1, event, code))
    if found[-1].end_us < 0:
        found[-1].end_us = end_us
    return [quiet for quiet in found if quiet.end_us > quiet.start_us]


def flows(still: list[Quiet], end_us: int) -> list[tuple[int, int]]:
    """The times between them."""
    edges = [quiet.end_us for quiet in still]
    starts = [quiet.start_us for quiet in still[1:]] + [end_us]
    return [(a, b) for a, b in zip(edges, starts, strict=True) if b > a]


def overlap(spans: list[tuple[int, int]], start_us: int, end_us: int) -> int:
    """How long the spans overlap with one (us)."""
    return sum(max(0, min(b, end_us) - max(a, start_us)) for a, b in spans)
