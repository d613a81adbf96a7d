"""What is usual: the ranges of published ladders, and the limits of the ward's own drug library, against a protocol.

A ladder whose rates are all three times too fast keeps every ratio, every dwell and the dose: only what is usual tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from pump.protocol.doses import infusions
from pump.protocol.protocol import CLASSES, UNITS, Protocol
from toleramp.errors import UserError
from toleramp.preparation.mixing import show
from toleramp.protocol.file import Reading
from toleramp.protocol.library import HARD, SOFT, Drug, Library, kept_library
from toleramp.protocol.library_limits import LIMITS, Unknown
from toleramp.protocol.rule_rows import Row, finding_row

USUAL_RANGE, LIBRARY = "usual-range", "library"
# How much of a bag's volume an hour takes at most, by class. Published ladders: 80 mL/h of 250 mL (8 to 20 steps), 250
# mL/h of 500 mL (one bag), a bag in an hour (four bags, wide steps); a quarter more is let pass.
MOST_AN_HOUR = {"multi-bag": Fraction(32, 100), "one-bag": Fraction(1, 2), "wide-step": Fraction(1)}
ROOM = Fraction(5, 4)


def usual_range(protocol: Protocol) -> Iterator[Row]:
    """The fastest step against how fast published ladders of its class empty a bag."""
    most = MOST_AN_HOUR.get(CLASSES[protocol.kind])
    shares = [
        (Fraction(step.rate_e4, 10**4) / Fraction(protocol.solutions[step.solution].volume_nl, 10**6), number, step)
        for number, step in infusions(protocol)
    ]
    if most is None or not shares:
        return
    share, number, step = max(shares, key=lambda each: (each[0], -each[1]))
    if share <= most * ROOM:
        return
    bag = protocol.solutions[step.solution]
    rate, volume = show(Fraction(step.rate_e4, 10**4)), Fraction(bag.volume_nl, 10**6)
    message = (
        f"{rate} mL/h of bag {bag.id}'s {show(volume)} mL is {show(share / most, 3)} times as fast as in published"
        f" ladders of class {CLASSES[protocol.kind]} (at most {show(most * volume, 4)} mL/h of such a bag):"
        " are all rates right?"
    )
    yield finding_row("warning", USUAL_RANGE, f"step {number}", message)


def _reasons(content: dict[str, Any]) -> dict[str, str]:
    """The reasons that the file gives for going beyond a soft limit, by the limit's key."""
    rows = content.get("reason", [])
    tables = rows if isinstance(rows, list) else []
    return {str(row.get("limit")): str(row.get("text")) for row in tables if isinstance(row, dict)}


def _broken(protocol: Protocol, content: dict[str, Any], limits: dict[str, Fraction]) -> Iterator[tuple[str, str, str]]:
    """(key, where, what is wrong) of each limit that the protocol goes beyond, its worst place only."""
    other_unit = "u" if UNITS[protocol.unit] == "mg" else "mg"
    for key, bound in limits.items():
        limit = LIMITS[key]
        if other_unit in key.split("_"):
            yield key, "protocol", f"{key} cannot be held against a dose in {UNITS[protocol.unit]}"
            continue
        try:
            beyond = [one for one in limit.measure(protocol, content) if limit.broken(one[1], bound)]
        except Unknown as missing:
            yield key, "protocol", f"{key} cannot be judged: {missing} is missing"
            continue
        if beyond:
            where, value = (min if limit.least else max)(beyond, key=lambda one: one[1])
            side = "below" if limit.least else "above"
            said = f"{limit.what}, {show(limit.shown(value))} {limit.unit}, is {side} {show(bound)} {limit.unit}"
            yield key, where, f"{said} ({key})"


def _of_drug(protocol: Protocol, content: dict[str, Any], drug: Drug, name: str) -> Iterator[Row]:
    reasons, refused = _reasons(content), set()
    for key, where, what in _broken(protocol, content, drug.hard):
        refused.add(key)
        yield finding_row("error", f"{LIBRARY}-{HARD}", where, f"{what}, a hard limit of the library {name}")
    for key, where, what in _broken(protocol, content, drug.soft):
        if key in refused:
            continue
        said = f"{what}, a soft limit of the library {name}"
        if key in reasons:
            yield finding_row("warning", f"{LIBRARY}-{SOFT}", where, f"{said}; the reason given: {reasons[key]}")
        else:
            remedy = f'; mend it, or write why, for both to sign: [[reason]] limit = "{key}" and text = "..."'
            yield finding_row("error", f"{LIBRARY}-{SOFT}", where, said + remedy)


def library_findings(protocol: Protocol, content: dict[str, Any], library: Library) -> Iterator[Row]:
    """The protocol against the ward's limits for its drug; a drug that the library does not have is told."""
    drug = library.drug(protocol.drug)
    if drug is None:
        message = f"the library {library.name} has no drug {protocol.drug}: no limit of the ward is checked"
        yield finding_row("warning", f"{LIBRARY}-drug", "protocol", message)
        return
    yield from _of_drug(protocol, content, drug, library.name)


def usual_findings(reading: Reading, protocol: Protocol) -> list[Row]:
    """What is beyond what is usual, and beyond the ward's library where this laptop keeps one."""
    rows = list(usual_range(protocol))
    try:
        library = kept_library()
    except UserError as error:
        return [*rows, finding_row("error", LIBRARY, "library", f"the ward's drug library cannot be used: {error}")]
    return [*rows, *(library_findings(protocol, reading.content, library) if library else ())]
