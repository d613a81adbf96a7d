"""Dose at the vein for a shared line: plug flow, nothing lost and nothing early (PRO-7)."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from core_kit import NL, PG, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import ladders

from pump.protocol import protocol as p
from pump.protocol import vein

# Computed by hand from 2/5/10/20 mL/h of 0.02, 0.2, 1.98426 mg/mL: dead volume mL -> worst rise, min when it comes,
# min of the first drug (saline-primed), % of the dose before step 12, % left in the line at the end.
BY_HAND: dict[str, tuple[str, str | None, str, str, str]] = {
    "0": ("2.5", None, "0", "7.73", "0"),
    "0.3": ("2.5", None, "9", "7.61", "0.12"),
    "0.5": ("2.5", None, "15", "7.53", "0.20"),
    "1": ("2.5", None, "21", "7.34", "0.40"),
    "1.5": ("5.0", "76.5", "27", "7.14", "0.60"),
    "3": ("5.0", "85.5", "37.5", "6.54", "1.19"),
    "4": ("10.0", "90.8", "43.5", "6.14", "1.59"),
    "5": ("10.0", "93.8", "47.2", "5.75", "1.98"),
    "10": ("10.0", "106.9", "69", "3.76", "3.97"),
    "20": ("9.92", "166.9", "108", "0.69", "7.94"),
    "22": ("9.92", "168.4", "111", "0.61", "8.73"),
    "27": ("10.0", "151.1", "118.5", "0.41", "10.7"),
}


def with_line(ml: Fraction | str, primed: int = 0) -> p.Protocol:
    """The standard ladder over a shared line of so many mL; saline in it unless primed with solution."""
    protocol = standard()
    protocol.line_dead_nl = int(Fraction(ml) * NL)
    protocol.primed_with_solution = primed
    return protocol


def shows(printed: str, exact: Fraction) -> bool:
    """True when the printed digits are the exact value, rounded either way at a half."""
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    return abs(Fraction(printed) - exact) <= unit / 2


def minutes(protocol: p.Protocol, place: tuple[int, int] | None) -> Fraction:
    assert place is not None
    return Fraction(*vein.time_ms(protocol, *place)) / 60_000


def check_row(ml: str, row: tuple[str, str | None, str, str, str]) -> None:
    """One line of the table, each cell to its printed digits."""
    protocol = with_line(ml)
    worst = vein.worst_jump(protocol)
    assert worst is not None
    assert shows(row[0], Fraction(worst[2], worst[3])), (ml, Fraction(worst[2], worst[3]))
    if row[1]:
        assert shows(row[1], minutes(protocol, worst[:2])), (ml, minutes(protocol, worst[:2]))
    assert shows(row[2], minutes(protocol, vein.first_drug(protocol))), ml
    given_pg = [Fraction(*dose) for dose in vein.doses(protocol)]
    assert shows(row[3], sum(given_pg[:11], Fraction(0)) / (5 * PG)), ml
    assert shows(row[4], Fraction(*vein.left_in_line(protocol)) / (5 * PG)), ml


def second_way(ml: str) -> tuple[Fraction, Fraction, Fraction, Fraction, Fraction]:
    """The row by another way: mL and minutes as sums of the ladder, the content at the vein looked up behind the front.

    Worst rise, its time, first drug, dose at the vein before step 12 and dose left, in mg and min.
    """
    protocol, dead = standard(), Fraction(ml)
    ends = [Fraction(0)]
    for step in protocol.steps:
        ends.append(ends[-1] + Fraction(step.volume_nl, NL))
    changes = sorted({*ends, *(end + dead for end in ends if end + dead < ends[-1])})
    strength = [Fraction(bag.drug_pg, bag.volume_nl * 1000) for bag in protocol.solutions]

    def step_at(volume: Fraction) -> int:
        return next(k for k in range(12) if ends[k] <= volume < ends[k + 1])

    def minute(volume: Fraction) -> Fraction:
        k = step_at(volume)
        return 15 * k + (volume - ends[k]) / (Fraction(protocol.steps[k].rate_e4, 10_000) / 60)

    high = rise = when = before = Fraction(0)
    for start, end in zip(changes, changes[1:], strict=False):
        if start < dead:
            continue
        content = strength[protocol.steps[step_at(start - dead)].solution]
        rate = content * Fraction(protocol.steps[step_at(start)].rate_e4, 10_000)
        before += content * (end - start) if end <= ends[11] else 0
        if high and rate / high > rise:
            rise, when = rate / high, minute(start)
        high = max(high, rate)
    return rise, when, minute(dead), before, dead * strength[2]


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("ml", BY_HAND)
def test_every_row_computed_a_second_way(ml: str) -> None:
    """Else the account and the table have the same mistake."""
    protocol = with_line(ml)
    rise, when, first, before, left = second_way(ml)
    worst = vein.worst_jump(protocol)
    assert worst is not None
    assert (Fraction(worst[2], worst[3]), minutes(protocol, worst[:2])) == (rise, when)
    assert minutes(protocol, vein.first_drug(protocol)) == first
    assert sum((Fraction(*dose) for dose in vein.doses(protocol)[:11]), Fraction(0)) == before * PG
    assert Fraction(*vein.left_in_line(protocol)) == left * PG
    check_row(ml, BY_HAND[ml])


@pytest.mark.req("PRO-7")
def test_every_row_of_the_reference_table(shared_folder: Path) -> None:
    """Else our plug flow and the published one differ."""
    text = (shared_folder / "PROTOCOLS.md").read_text(encoding="utf-8")
    part = text[text.index("| shared dead volume mL") :].splitlines()[2:]
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in part[:12]]
    assert [Fraction(row[0]) for row in rows] == [Fraction(ml) for ml in BY_HAND]
    for ml, jump, when, first, before, left in rows:
        number = re.match(r"[0-9.]+", when)
        cells = [re.sub(r"[^0-9.]", "", cell) for cell in (first, before, left)]
        check_row(ml, (jump, number.group() if number else None, cells[0], cells[1], cells[2]))


@pytest.mark.req("PRO-7")
def test_a_line_without_volume_gives_at_the_vein_what_is_pumped() -> None:
    """Else the two columns of the table differ for no reason."""
    protocol = with_line("0")
    for dose, step in zip(vein.doses(protocol), protocol.steps, strict=True):
        bag = protocol.solutions[step.solution]
        assert Fraction(*dose) == Fraction(step.volume_nl * bag.drug_pg, bag.volume_nl)


@pytest.mark.req("PRO-7")
@settings(max_examples=150)
@given(ladders(), st.integers(0, 50_000_000), st.integers(0, 1))
def test_pumped_is_given_plus_left_less_primed(protocol: p.Protocol, dead_nl: int, primed: int) -> None:
    """Else drug appears or vanishes in the accounting."""
    protocol.line_dead_nl, protocol.primed_with_solution = dead_nl, primed
    first = protocol.solutions[protocol.steps[0].solution]
    before = Fraction(dead_nl * first.drug_pg, first.volume_nl) * primed
    pumped = sum(
        (Fraction(s.volume_nl * protocol.solutions[s.solution].drug_pg, protocol.solutions[s.solution].volume_nl))
        for s in protocol.steps
    )
    given_pg = sum((Fraction(*dose) for dose in vein.doses(protocol)), Fraction(0))
    assert pumped + before == given_pg + Fraction(*vein.left_in_line(protocol))
    assert sum(volume for _, _, volume, _ in vein.flow(protocol)) == sum(s.volume_nl for s in protocol.steps)


@pytest.mark.req("PRO-7")
def test_a_line_that_swallows_everything_gives_nothing() -> None:
    """Else a short protocol in a long line ends in a crash."""
    protocol = with_line("50")
    del protocol.steps[4:]
    assert vein.first_drug(protocol) is None and vein.worst_jump(protocol) is None
    assert [Fraction(*dose) for dose in vein.doses(protocol)] == [0, 0, 0, 0]
