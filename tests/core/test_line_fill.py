"""Line-fills and own lines: volume but no dose, accounted at the vein, each slip refused (PRO-3, PRO-6, PRO-7)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from core_kit import PG, PL_PULSE, standard
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan import ladders
from test_rules import demanded, errors, lined

from pump.course.course import Tally
from pump.course.plan import Plan
from pump.protocol import protocol as p
from pump.protocol import rules, vein
from pump.protocol.doses import reached_dose, total_dose


def fill(bag: int, nl: int, rate_e4: int) -> p.Step:
    """A line-fill, its time to the millisecond."""
    return p.Step(bag, p.LINE_FILL, rate_e4, round(Fraction(nl * 36_000, rate_e4)), nl)


def filled(ml: str, fill_ml: str, primed: int = 1) -> p.Protocol:
    """The standard ladder over a line of so many mL, filled before steps 5 and 9 at the rate before (and before 1)."""
    protocol = lined(ml, primed)
    nl = int(Fraction(fill_ml) * 10**6)
    protocol.steps.insert(8, fill(2, nl, 400_000))
    protocol.steps.insert(4, fill(1, nl, 200_000))
    if not primed:
        protocol.steps.insert(0, fill(0, nl, 20_000))
    for bag in protocol.solutions:  # room for what is not dose
        bag.volume_nl *= 2
        bag.drug_pg *= 2
    return protocol


@pytest.mark.req("PRO-3", "PRO-7")
@pytest.mark.parametrize("primed", [0, 1])
@pytest.mark.parametrize("ml", ["0.3", "1", "1.1"])
def test_a_filled_line_is_as_good_as_none(ml: str, primed: int) -> None:
    """Else a table with line-fill rows is refused for the dead volume that it fills."""
    protocol = filled(ml, ml, primed)
    assert rules.findings(protocol) == []
    assert Fraction(*total_dose(protocol)) == 500 * PG
    assert {code for code, _ in errors(lined(ml, primed))} == (set() if ml == "0.3" else {"dead-volume"})
    worst = vein.worst_jump(protocol)
    assert worst is not None and Fraction(worst[2], worst[3]) <= Fraction(5, 2)


@pytest.mark.req("PRO-7")
def test_what_a_line_fill_pushes_into_the_vein_by_hand() -> None:
    """Else dose that reaches the patient is in no column."""
    protocol = filled("0.5", "0.5", 0)
    given_mg = [Fraction(*dose) / PG for dose in vein.doses(protocol)]
    # Step 1 pushes saline, step 6 half a mL of 0.02 mg/mL, step 11 half a mL of 0.2 mg/mL.
    assert given_mg[:2] == [0, Fraction("0.01")]
    assert given_mg[5] == Fraction("0.01") and given_mg[10] == Fraction("0.1")
    assert given_mg[6] == Fraction("0.25") and given_mg[11] == Fraction("4.96065")
    # In the end all that was pumped: 500 mg, and fills of 0.01, 0.1 and 0.99213 mg.
    assert sum(given_mg) + Fraction(*vein.left_in_line(protocol)) / PG == Fraction("501.10213")
    assert Fraction(*reached_dose(protocol)) / PG == Fraction("501.10213")


@pytest.mark.req("PRO-7")
@settings(max_examples=150)
@given(ladders(), st.integers(0, 5_000_000), st.integers(0, 1), st.data())
def test_nothing_is_lost_at_the_vein_with_line_fills(
    protocol: p.Protocol, dead_nl: int, primed: int, draw: st.DataObject
) -> None:
    """Else the account of what the patient had depends on what counts."""
    protocol.line_dead_nl, protocol.primed_with_solution = dead_nl, primed
    for step in protocol.steps:
        step.flags = p.LINE_FILL if draw.draw(st.booleans()) else 0
    given_pg = sum((Fraction(*dose) for dose in vein.doses(protocol)), Fraction(0))
    assert given_pg + Fraction(*vein.left_in_line(protocol)) == Fraction(*reached_dose(protocol))
    assert isinstance(rules.findings(protocol), list)


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(("at", "bag"), [(1, 0), (6, 1), (12, 2), (3, 1), (7, 2)])
def test_a_line_fill_elsewhere_than_at_a_bag_s_begin_is_refused(at: int, bag: int) -> None:
    """Else drug that counts as none is given in the middle of a ladder."""
    protocol = standard()
    protocol.line_dead_nl = 300_000
    protocol.steps.insert(at, fill(bag, 300_000, protocol.steps[at - 1].rate_e4))
    assert ("order", at + 1) in errors(protocol)
    assert demanded(protocol)


@pytest.mark.req("PRO-3", "PRO-6")
def test_a_line_fill_that_takes_the_rest_of_the_dose_or_ends_the_plan_is_refused() -> None:
    """Else the last and largest step counts as none."""
    protocol = standard()
    protocol.steps[-1].flags = p.LINE_FILL | p.TO_FULL_DOSE
    assert {("order", 12), ("dose-sum", 0)} <= errors(protocol)
    within = filled("0.3", "0.3")
    within.steps[4].flags = p.LINE_FILL | p.TO_FULL_DOSE
    assert {("order", 5), ("order", 6)} <= errors(within)
    only = standard()
    for step in only.steps:
        step.flags = p.LINE_FILL
    assert "order" in {code for code, _ in errors(only)}


@pytest.mark.req("PRO-3")
def test_several_line_fills_before_one_bag_add_up() -> None:
    """Else a line filled in two rows counts as half filled."""
    protocol = filled("1", "0.5")
    assert ("warning", "dead-volume", 6) in [row[:3] for row in rules.findings(protocol)]  # 0.5 of 1.25 mL left ahead
    protocol.steps.insert(4, fill(1, 500_000, 200_000))
    protocol.steps.insert(10, fill(2, 500_000, 400_000))
    assert rules.findings(protocol) == []


@pytest.mark.req("PRO-2", "PRO-7")
def test_a_line_fill_that_leaps_at_the_vein_is_refused() -> None:
    """Else the strong bag comes at the weak bag's rate, and the table shows a doubling."""
    too_much = filled("0.3", "1.5")
    assert {("vein-ratio", 5), ("vein-ratio", 10)} <= errors(too_much)  # 1.2 mL of the new bag at the old rate: tenfold
    fast = filled("0.3", "0.3")
    fast.steps[4] = fill(1, 300_000, 700_000)  # 0.02 mg/mL at 70 mL/h, three and a half times 20
    assert errors(fast) == {("vein-ratio", 5)}
    fast.steps[4] = fill(1, 300_000, 600_000)
    assert errors(fast) == set()


@pytest.mark.req("PRO-2", "PRO-7")
def test_a_line_fill_of_a_line_without_volume_is_judged_all_the_same() -> None:
    """Else a bolus of the new bag is called a line-fill."""
    protocol = filled("0", "0.1")
    assert errors(protocol) == {("vein-ratio", 5), ("vein-ratio", 10)}  # at once the new bag at the old rate: tenfold


@pytest.mark.req("PRO-2", "PRO-7")
def test_a_line_fill_that_brings_the_first_drug_is_judged_by_the_first_step() -> None:
    """Else the first drug comes at any rate, as a filling of the line."""
    for ml_h, refused in ((2, False), (6, False), (7, True), (1200, True)):
        protocol = filled("0.3", "0.3", 0)
        protocol.steps[0] = fill(0, 400_000, ml_h * 10_000)
        assert (("vein-ratio", 1) in errors(protocol)) is refused


@pytest.mark.req("PRO-2", "PRO-7")
def test_what_a_line_fill_reached_does_not_count_as_tolerated() -> None:
    """Else a second at a high rate opens the way for a step at that rate."""
    protocol = filled("0.3", "0.3")
    protocol.steps[4] = fill(1, 300_000, 500_000)  # 2.5 times step 4's dose rate, for 22 s
    protocol.steps[5].rate_e4 *= 2  # five times step 4's
    protocol.steps[5].volume_nl *= 2
    assert {("ratio-exceeded", 6), ("vein-ratio", 6)} <= errors(protocol)


@pytest.mark.req("PRO-3", "PRO-6", "PRO-7")
def test_more_than_the_dose_by_way_of_the_line_is_refused() -> None:
    """Else line-fills of a long line give several per cent more than the order."""
    protocol = filled("3", "6")  # 3 mL of 0.02, 3 of 0.2 and then of 1.98426 mg/mL beyond what the line takes
    assert [(s, d) for _, c, s, d in rules.findings(protocol) if c == "dose-sum"] == [(14, 507_212)]
    primed = standard()
    primed.line_dead_nl, primed.primed_with_solution = 0, 1
    assert rules.findings(primed) == []


@pytest.mark.req("PRO-3", "PRO-7")
@pytest.mark.parametrize("fill_ml", ["2.9", "3"])
def test_what_stays_in_the_line_has_reached_nobody(fill_ml: str) -> None:
    """Else a line filled with just what it holds is refused for a dose that no patient gets."""
    protocol = filled("3", fill_ml)
    pumped, left = Fraction(*reached_dose(protocol)), Fraction(*vein.left_in_line(protocol))
    assert pumped / PG > Fraction("502.5") > (pumped - left) / PG  # of 500 mg: above and below 0.5 %
    assert sum(Fraction(*dose) for dose in vein.doses(protocol)) == pumped - left
    assert not {code for code, _ in errors(protocol)} & {"dose-sum"}


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize(
    ("line_ul", "fill_ul", "short"), [(0, 0, False), (1000, 0, True), (0, 300, True), (1, 0, True)]
)
def test_a_bag_holds_its_line_and_its_line_fills(line_ul: int, fill_ul: int, short: bool) -> None:
    """Else the last step runs into air."""
    protocol = standard()
    protocol.line_dead_nl, protocol.primed_with_solution = 300_000, 1
    protocol.solutions[2].line_nl = line_ul * 1000
    if fill_ul:
        protocol.steps.insert(8, fill(2, fill_ul * 1000, 400_000))
    last = len(protocol.steps)
    assert (("bag-short", last) in errors(protocol)) is short


@pytest.mark.req("PRO-3")
def test_a_line_larger_than_its_bag_is_refused() -> None:
    """Else the bag never fills its line."""
    protocol = standard()
    protocol.solutions[0].line_nl = 260_000_000
    assert ("bag-short", 1) in errors(protocol)


@pytest.mark.req("PRO-7")
@given(st.lists(st.integers(0, 5_000_000), min_size=3, max_size=3), st.sampled_from(["0", "0.3", "1.5", "20"]))
def test_own_lines_change_nothing_at_the_vein(own: list[int], ml: str) -> None:
    """Else what was primed off the patient delays or adds to the dose."""
    plain, protocol = lined(ml), lined(ml)
    for bag, line_nl in zip(protocol.solutions, own, strict=True):
        bag.line_nl = line_nl
    assert vein.doses(protocol) == vein.doses(plain)
    assert list(vein.jumps(protocol)) == list(vein.jumps(plain))


@pytest.mark.req("PRO-3")
def test_a_line_fill_may_be_short_and_first_and_its_dose_is_not_the_first_step_s() -> None:
    """Else the class's bound is measured at a step that counts as none."""
    protocol = filled("0.3", "0.3", 0)
    assert protocol.steps[0].duration_ms < rules.DWELL_MIN_MS
    protocol.steps[1].rate_e4 = 25 * 20_000  # 0.25 mg in the first quarter of an hour, 500 mg / 2000
    protocol.steps[1].volume_nl *= 25
    assert ("first-step", 2) not in errors(protocol)
    protocol.steps[1].rate_e4 *= 3
    protocol.steps[1].volume_nl *= 3
    assert ("first-step", 2) in errors(protocol)


@pytest.mark.req("PRO-3", "PRO-4", "SES-3")
def test_a_line_fill_is_free_once() -> None:
    """Else each step back over a fill gives its volume of drug on top of the dose."""
    plan = Plan(filled("1", "1"), PL_PULSE)
    tally = Tally(plan)
    at = next(k for k in range(plan.count) if not plan.counts[k])
    whole = plan.pulses[at]
    tally.settle(at, 1, whole - 3)
    tally.settle(at, 1, 5)
    assert (tally.by_bag[1], tally.drawn[1], tally.filled[at]) == (2, whole + 2, whole)
    tally.settle(at + 1, 1, 7)
    tally.settle(at, 1, whole)
    assert (tally.by_bag[1], tally.drawn[1], tally.filled[at]) == (whole + 9, 2 * whole + 9, whole)
