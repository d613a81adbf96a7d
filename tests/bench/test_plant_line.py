"""The shared line, bags and air: volume and drug are conserved, and the vein's doses are the protocol's."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.protocol import protocol as p
from pump.protocol import vein
from toleramp.protocol.file import compile_file
from toleramp_bench.places import standard_protocol
from toleramp_bench.plant.air import AirPath
from toleramp_bench.plant.bags import Bag, Bags, Gravity, GravityConfig
from toleramp_bench.plant.line import AIR, BLOOD, SALINE, Line, Source

A, B = Source("A", Fraction(20)), Source("B", Fraction(200, 7))
pushes = st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from([A, B, AIR])), max_size=40)


def dosed(protocol: p.Protocol, chunk_pl: int) -> list[Fraction]:
    """Dose at the vein in each step, the volumes pushed in chunks."""
    sources = [Bag(bag.id, bag.volume_nl, bag.drug_pg).source() for bag in protocol.solutions]
    first = sources[protocol.steps[0].solution] if protocol.primed_with_solution else SALINE
    line, doses = Line(1000 * protocol.line_dead_nl, first), []
    for step in protocol.steps:
        dose, rest = Fraction(0), 1000 * step.volume_nl
        while rest:
            part = min(chunk_pl, rest)
            dose += sum(segment.dose_pg for segment in line.push(part, sources[step.solution]))
            rest -= part
        doses.append(dose)
    assert line.content_pg() == Fraction(*vein.left_in_line(protocol))
    return doses


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("primed", [0, 1])
@pytest.mark.parametrize("dead_ul", [0, 300, 1500, 20_000])
def test_the_vein_s_dose_in_each_step_is_the_protocol_s_own(dead_ul: int, primed: int) -> None:
    """Else the bench and the firmware's closed arithmetic disagree about what the patient got."""
    _, protocol = compile_file(standard_protocol())
    protocol.line_dead_nl, protocol.primed_with_solution = 1000 * dead_ul, primed
    wanted = [Fraction(*dose) for dose in vein.doses(protocol)]
    assert dosed(protocol, 10**12) == wanted
    assert dosed(protocol, 33_333_333) == wanted  # chunks that fit nothing


@given(st.integers(0, 10**6), pushes)
def test_what_goes_in_comes_out_or_stays(dead_pl: int, parts: list[tuple[int, Source]]) -> None:
    """Else drug appears or vanishes in the line."""
    line, out = Line(dead_pl, A), []
    for volume_pl, source in parts:
        out += line.push(volume_pl, source)
        assert line.total_pl == dead_pl == sum(segment.volume_pl for segment in line.contents())
    given_pg = sum((v * source.pg_nl / 1000 for v, source in [*parts, (dead_pl, A)]), Fraction(0))
    assert given_pg == line.out_pg() + line.content_pg()
    assert (
        line.out_pg() == sum((segment.dose_pg for segment in out), Fraction(0)) == line.out_pg("A") + line.out_pg("B")
    )
    assert sum(line.out_pl().values()) == sum(volume for volume, _ in parts)
    sequence = [source for v, source in [(dead_pl, A), *parts] if v]
    assert _joined([s.source for s in out] + [s.source for s in line.contents()]) == _joined(sequence)


def _joined(sources: list[Source]) -> list[Source]:
    return [s for n, s in enumerate(sources) if n == 0 or s != sources[n - 1]]


@given(st.integers(1, 10**6), pushes)
def test_neighbours_of_one_liquid_are_one_segment(dead_pl: int, parts: list[tuple[int, Source]]) -> None:
    """Else six hours of pulses fill the memory."""
    line = Line(dead_pl)
    for volume_pl, source in parts:
        line.push(volume_pl, source)
    names = [segment.source for segment in line.contents()]
    assert names == _joined(names)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_reversal_takes_liquid_back_and_draws_blood(dead_pl: int, fed_pl: int, back_pl: int) -> None:
    """Else reverse delivery (FLO-8) is invisible."""
    line = Line(dead_pl, A)
    line.push(fed_pl, B)
    assert line.take(-back_pl) == []
    back = line.withdraw(back_pl)
    assert sum(segment.volume_pl for segment in back) == back_pl and line.total_pl == dead_pl
    assert line.out_pl().get("blood", 0) == -back_pl
    assert not back_pl or line.contents()[0].source == BLOOD
    last_in = min(back_pl, fed_pl, dead_pl)
    assert sum(s.volume_pl for s in back if s.source == B) == last_in


def test_a_line_gives_no_more_than_it_holds_and_a_bag_has_one_concentration() -> None:
    """Else an error of the bench looks like drug."""
    line = Line(10, A)
    with pytest.raises(ValueError, match="holds 10"):
        line.take(11)
    with pytest.raises(ValueError, match="one concentration"):
        line.feed(1, Source("A", Fraction(21)))


# --- air


@settings(max_examples=200)
@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.integers(-5, 12), st.booleans(), st.integers(0, 60)), max_size=40),
)
def test_air_goes_with_the_liquid_and_is_conserved(dead_pl: int, parts: list[tuple[int, bool, int]]) -> None:
    """Else detector and vein see different bubbles. The line's own queue is the judge."""
    line, path = Line(dead_pl), AirPath(dead_pl)
    for volume_pl, air, place_pl in parts:
        if volume_pl < 0:  # a leak lets air in behind the entry
            place_pl = min(place_pl, dead_pl)
            path.enter(-volume_pl, place_pl)
            line.insert(-volume_pl, AIR, place_pl)
            line.take(-volume_pl)
        else:
            path.feed(volume_pl, air)
            path.take(volume_pl)
            line.push(volume_pl, AIR if air else A)
        check_air(path, line, dead_pl)


def check_air(path: AirPath, line: Line, dead_pl: int) -> None:
    """The two agree on the air in the line and at the vein."""
    in_line = sum(segment.volume_pl for segment in line.contents() if segment.source == AIR)
    assert path.in_line_pl == in_line == path.between_pl(0, dead_pl)
    assert path.reached_pl == line.out_pl().get("air", 0) == path.entered_pl - in_line


def test_a_bubble_takes_the_volume_before_it_to_the_detector_and_to_the_vein() -> None:
    """Else it arrives early or late."""
    path = AirPath(1000)
    path.feed(50, air=True)
    path.take(50)
    for _ in range(100):
        path.feed(1)
        path.take(1)
    assert path.between_pl(100, 150) == 50 and path.between_pl(120, 130) == 10 and path.between_pl(0, 100) == 0
    path.feed(850)
    assert path.take(850) == 0 and path.feed(20) is None and path.take(20) == 20 and path.in_line_pl == 30


def test_a_pump_that_turns_back_takes_the_bubble_out_again() -> None:
    """Else air is counted that has left through the entry."""
    path = AirPath(100)
    path.feed(30, air=True)
    path.feed(10)
    assert path.withdraw(25) == 15 and (path.in_line_pl, path.entered_pl) == (15, 15)


# --- bags


@given(st.integers(1, 1000), st.lists(st.integers(0, 400_000), max_size=20))
def test_a_bag_runs_empty_and_then_gives_air(volume_nl: int, parts: list[int]) -> None:
    """Else a bag gives more than it holds."""
    bags = Bags([Bag("A", volume_nl, 5), Bag("B", 10, 7)])
    drawn = [bags.draw(part) for part in parts]
    liquid, air = (sum(column) for column in zip(*drawn, strict=True)) if drawn else (0, 0)
    assert liquid == min(sum(parts), 1000 * volume_nl) and liquid + air == sum(parts)
    assert bags.left_pl["A"] == 1000 * volume_nl - liquid and bags.left_pl["B"] == 10_000
    bags.hang("B")
    assert bags.draw(10_001) == (10_000, 1) and bags.source == Source("B", Fraction(7, 10))
    bags.hang("A")
    assert bags.draw(0) == (0, 0) and bags.left_pl["A"] == 1000 * volume_nl - liquid


def test_an_unknown_bag_is_not_hung() -> None:
    """Else the stand is empty and nobody knows."""
    bags = Bags([Bag("A", 1, 0)])
    with pytest.raises(KeyError):
        bags.hang("Z")
    assert bags.hung == "A"


def test_free_flow_is_head_over_resistance_and_none_behind_a_clamp() -> None:
    """Else free flow is tested with another flow than stated: 800 mm of water through 0.02 kPa s/uL."""
    gravity = Gravity(GravityConfig(800.0, 0.02))
    assert gravity.open_nl(1_000_000) == pytest.approx(800 * 0.00980665 / 0.02 * 1000)
    assert Gravity(GravityConfig(clamp=True)).open_nl(1_000_000) == 0
    filled = gravity.filling_nl(10_000_000, 0.0, 2.0)
    assert filled == pytest.approx(2000 * gravity.head_kpa, rel=1e-9) and gravity.filling_nl(1000, 9.0, 2.0) == 0


@settings(max_examples=20)
@given(st.integers(1, 50))
def test_filling_by_gravity_does_not_depend_on_the_step(parts: int) -> None:
    """Else an occluded line fills faster on a fast bench."""
    gravity, stored_nl = Gravity(), 0.0
    for _ in range(parts):
        stored_nl += gravity.filling_nl(100_000 // parts, stored_nl / 2000, 2.0)
    once_nl = gravity.filling_nl(100_000 // parts * parts, 0.0, 2.0)
    assert stored_nl == pytest.approx(once_nl, rel=1e-9)
