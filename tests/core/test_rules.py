"""The rules of the ladder (PRO-2, PRO-3, PRO-6): a good one passes clean, each slip is refused by its code."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest
from core_kit import BAG_MG, MINUTES, RATES, build, standard
from hypothesis import given
from hypothesis import strategies as st

from pump.protocol import protocol as p
from pump.protocol import rules
from toleramp.protocol.file import scaled

Row = list[Fraction | int]


def rows() -> list[Row]:
    """The standard ladder, to be spoiled: [bag, mL/h, minutes]."""
    return [[bag, Fraction(rate), minutes] for (bag, rate), minutes in zip(RATES, MINUTES, strict=True)]


def ladder(changed: list[Row], bags: tuple[Fraction, ...] = BAG_MG, kind: str = "multi-bag") -> p.Protocol:
    """A protocol of these rows in 250 mL bags."""
    steps = [(int(row[0]), Fraction(row[1]), Fraction(row[2])) for row in changed]
    return build(500, [(Fraction(250), mg) for mg in bags], steps, kind)


def errors(protocol: p.Protocol) -> set[tuple[str, int]]:
    """Codes of errors with their step."""
    return {(code, step) for severity, code, step, _ in rules.findings(protocol) if severity == rules.ERROR}


def demanded(protocol: p.Protocol) -> str:
    """The code with which the device refuses it, empty when it takes it."""
    try:
        rules.demand(protocol)
    except p.Refusal as refusal:
        return str(refusal.name)
    return ""


@pytest.mark.req("PRO-2", "PRO-3")
def test_the_standard_ladder_is_clean() -> None:
    """Else the most used ladder cannot be loaded."""
    assert rules.findings(standard()) == []
    assert Fraction(*rules.total_dose(standard())) == 500 * 10**9


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize("left_out", range(1, 11))
def test_a_skipped_step_is_refused_where_the_dose_rate_jumps(left_out: int) -> None:
    """Else a line lost in copying raises the dose rate four-fold."""
    changed = rows()
    del changed[left_out]
    assert ("ratio-exceeded", left_out + 1) in errors(ladder(changed))
    assert demanded(ladder(changed)) == "ratio-exceeded"


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize(
    ("order", "code"),
    [((1, 0, 2), "ratio-exceeded"), ((0, 2, 1), "ratio-exceeded"), ((2, 1, 0), "first-step")],
)
def test_swapped_bags_are_refused(order: tuple[int, int, int], code: str) -> None:
    """Else bag 2 hung first starts at ten times the dose."""
    bags = tuple(BAG_MG[index] for index in order)
    assert demanded(ladder(rows(), bags)) == code


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize("step", range(1, 12))
def test_a_decimal_slip_upward_is_refused(step: int) -> None:
    """Else 50 typed for 5 runs."""
    changed = rows()
    changed[step][1] *= 10
    changed[step][2] /= 10
    assert ("ratio-exceeded", step + 1) in errors(ladder(changed, kind="bench"))


@pytest.mark.req("PRO-2", "PRO-6")
def test_a_decimal_slip_upward_in_the_first_step_is_refused_where_the_dose_rate_falls() -> None:
    """Else the first drug a patient gets is ten times what was meant, within the bound of the class."""
    changed = rows()
    changed[0][1] *= 10
    assert ("order", 2) in errors(ladder(changed))


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize("step", range(11))
def test_a_decimal_slip_downward_is_refused_at_the_next_step_or_by_the_sum(step: int) -> None:
    """Else 0.5 typed for 5 makes the next step a leap."""
    changed = rows()
    changed[step][1] /= 10
    assert demanded(ladder(changed)) in ("ratio-exceeded", "dose-sum")


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize(("step", "rate"), [(4, 20), (8, 40)])
def test_a_rate_left_on_after_a_bag_change_is_refused(step: int, rate: int) -> None:
    """Else the stronger bag runs at the weaker one's rate: ten-fold."""
    changed = rows()
    changed[step][1] = Fraction(rate)
    assert ("ratio-exceeded", step + 1) in errors(ladder(changed))


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("percent", "expected"), [(260, None), (261, "warning"), (300, "warning"), (301, "error")])
def test_the_limits_of_the_rise_are_2_6_and_3_0(percent: int, expected: str | None) -> None:
    """Else a rise that two people must see passes in silence."""
    bags = [(Fraction(250), Fraction(50))]
    steps = [(0, Fraction(10), Fraction(15)), (0, Fraction(percent, 10), Fraction(15))]
    found = {code: severity for severity, code, _, _ in rules.findings(build(500, bags, steps, "bench"))}
    ratio = found.get("ratio-exceeded") or found.get("ratio-two-person")
    assert ratio == expected


@pytest.mark.req("PRO-2")
def test_a_dip_cannot_be_used_to_climb() -> None:
    """Else a lowered step makes the leap after it look small or the leap itself look large."""
    changed = rows()
    changed.insert(6, [1, Fraction(4), Fraction(15)])
    found = rules.findings(ladder(changed))
    assert [(s, c, k) for s, c, k, _ in found if c in ("order", "ratio-exceeded")] == [("error", "order", 7)]
    changed[7][1] = Fraction(40)  # ten times the dip, four times what was tolerated
    assert ("ratio-exceeded", 8) in errors(ladder(changed))


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("rise", "refused"), [(10, False), (Fraction(105, 10), False), (Fraction(106, 10), True)])
def test_a_wide_step_protocol_goes_to_ten_and_a_half(rise: Fraction, refused: bool) -> None:
    """Else a signed wide ladder cannot run, or anything can."""
    bags = [(Fraction(1000), Fraction(100))]
    steps = [(0, Fraction(10), Fraction(15)), (0, 10 * Fraction(rise), Fraction(15))]
    assert (("ratio-exceeded", 2) in errors(build(500, bags, steps, "wide-step"))) is refused


@pytest.mark.req("PRO-3", "PRO-6")
def test_a_bag_that_does_not_hold_what_its_steps_draw_is_refused() -> None:
    """Else the last step runs into air."""
    protocol = standard()
    protocol.solutions[2].volume_nl -= 1
    protocol.solutions[2].drug_pg = protocol.solutions[2].volume_nl * 496065 * 10**6 // (250 * 10**6)
    assert ("bag-short", 12) in errors(protocol)


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(("minutes_off", "refused"), [(0, False), (Fraction(9, 10), False), (1, True), (-1, True)])
def test_the_sum_holds_within_half_a_percent(minutes_off: Fraction, refused: bool) -> None:
    """Else the patient gets another dose than ordered."""
    changed = rows()
    changed[11][2] += minutes_off
    protocol = ladder(changed)
    protocol.solutions[2].volume_nl *= 2
    protocol.solutions[2].drug_pg *= 2
    assert (demanded(protocol) == "dose-sum") is refused


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize("factor", [10, Fraction(1, 10)])
def test_a_full_dose_off_by_ten_is_refused(factor: Fraction) -> None:
    """Else 5000 mg typed for 500 runs."""
    protocol = standard()
    protocol.full_dose_pg = int(protocol.full_dose_pg * factor)
    assert "dose-sum" in {code for code, _ in errors(protocol)}


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize("step", range(12))
def test_a_dwell_below_15_minutes_is_refused(step: int) -> None:
    """Else a step is over before the body answers."""
    changed = rows()
    changed[step][2] = Fraction(1499, 100)
    assert ("dwell-short", step + 1) in errors(ladder(changed))


@pytest.mark.req("PRO-3")
@pytest.mark.parametrize(("kind", "divisor"), [("multi-bag", 1000), ("one-bag", 400)])
def test_the_first_step_is_bounded_by_class(kind: str, divisor: int) -> None:
    """Else a ladder begins where it should be at step 6."""
    for part, refused in ((Fraction(1, divisor), False), (Fraction(1, divisor) + Fraction(1, 10**6), True)):
        steps = [(0, Fraction(4) * 500 * part, Fraction(15))]
        protocol = build(500, [(Fraction(500), Fraction(500))], steps, kind)
        assert (("first-step", 1) in errors(protocol)) is refused


@pytest.mark.req("FLO-1", "PRO-1", "PRO-6")
@pytest.mark.parametrize(("rate_e4", "refused"), [(999, True), (1000, False), (12_000_000, False), (12_000_001, True)])
def test_a_rate_that_the_pump_does_not_hold_is_refused_by_name(rate_e4: int, refused: bool) -> None:
    """Else a step runs at another rate than asked."""
    protocol = standard()
    protocol.steps[3].rate_e4 = rate_e4
    assert (("rate-range", 4) in errors(protocol)) is refused


def _volume(protocol: p.Protocol) -> None:
    protocol.steps[4].volume_nl += 1000


def _rate(protocol: p.Protocol) -> None:
    protocol.steps[4].rate_e4 += 1


def _time(protocol: p.Protocol) -> None:
    protocol.steps[4].duration_ms -= 100


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize("spoil", [_volume, _rate, _time])
def test_volume_rate_and_time_must_agree(spoil: Callable[[p.Protocol], None]) -> None:
    """Else a host computes one dose and the pump delivers another."""
    protocol = standard()
    spoil(protocol)
    assert ("step-volume", 5) in errors(protocol)


@pytest.mark.req("PRO-3", "PRO-6")
def test_going_back_to_an_earlier_bag_is_refused() -> None:
    """Else a plan asks for a bag that was taken down."""
    changed = rows()
    changed[5][0] = 0
    assert ("order", 6) in errors(ladder(changed)) or ("order", 7) in errors(ladder(changed))


@pytest.mark.req("PRO-2", "PRO-3")
@given(st.lists(st.sampled_from((1, Fraction(3, 2), 2, Fraction(5, 2))), min_size=1, max_size=12))
def test_no_ladder_of_small_rises_is_refused_for_its_rises(factors: list[Fraction]) -> None:
    """Else intermediate steps inserted after a reaction are refused."""
    rate, steps = Fraction(1), [(0, Fraction(1), Fraction(15))]
    for factor in factors:
        rate = min(rate * factor, Fraction(1000))
        rate = Fraction(int(rate * 100), 100)
        steps.append((0, rate, Fraction(15)))
    protocol = build(500, [(Fraction(2000), Fraction(500))], steps)
    assert not {code for code, _ in errors(protocol)} & {"ratio-exceeded", "order", "step-volume"}


@pytest.mark.req("PRO-2", "PRO-6", "PRO-8")
@pytest.mark.parametrize(("step", "old"), [(5, 0), (9, 1)])
def test_an_old_bag_written_down_for_the_next_step_is_refused(step: int, old: int) -> None:
    """Else a quarter of the dose rate is followed by ten times that."""
    changed = rows()
    changed[step - 1][0] = old
    assert ("order", step) in errors(ladder(changed))
    assert ("ratio-exceeded", step + 1) in errors(ladder(changed))


def lined(ml: str, primed: int = 1, longer: dict[int, Fraction] | None = None) -> p.Protocol:
    """The standard ladder over a shared line of so many mL; some steps longer by minutes, the last one completes."""
    changed = rows()
    for step, minutes in (longer or {}).items():
        changed[step - 1][2] += minutes
    rest = 500 - sum(
        (Fraction(r[1]) * Fraction(r[2]) / 60 * BAG_MG[int(r[0])] / 250 for r in changed[:-1]), Fraction(0)
    )
    changed[11][2] = Fraction(round(rest * 250 / BAG_MG[2] / 80 * 60 * 60_000), 60_000)
    protocol = ladder(changed)
    protocol.line_dead_nl = int(Fraction(ml) * 10**6)
    protocol.primed_with_solution = primed
    return protocol


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize(
    ("ml", "primed", "dead", "steep"),
    [
        ("0.3", 1, set(), set()),
        ("0.3", 0, {("warning", 1)}, set()),
        ("0.5", 1, {("warning", 5)}, set()),
        ("0.5", 0, {("warning", 5), ("error", 1)}, set()),
        ("1", 1, {("error", 5), ("warning", 9)}, set()),
        ("1.5", 1, {("error", 5), ("error", 9)}, {("error", 6)}),
        ("5", 0, {("error", 1), ("error", 5), ("error", 9)}, {("error", 7), ("error", 10)}),
        ("20", 1, {("error", 5), ("error", 9)}, {("error", 12)}),
    ],
)
def test_a_line_that_swallows_a_rung_is_refused(
    ml: str, primed: int, dead: set[tuple[str, int]], steep: set[tuple[str, int]]
) -> None:
    """Else the patient's dose rate jumps five- or ten-fold while the table shows a doubling."""
    found = rules.findings(lined(ml, primed))
    assert {(severity, step) for severity, code, step, _ in found if code == "dead-volume"} == dead
    assert {(severity, step) for severity, code, step, _ in found if code == "vein-ratio"} >= steep
    assert {code for _, code, _, _ in found} <= {"dead-volume", "vein-ratio"}
    assert bool(steep) is ("vein-ratio" in {code for _, code, _, _ in found})


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("ml", ["0.5", "1", "1.5"])
def test_the_compensation_that_is_offered_is_accepted(ml: str) -> None:
    """Else the tool offers a way out and then refuses it."""
    found = rules.findings(lined(ml, 0))
    longer = {step: Fraction(detail, 60_000) for _, code, step, detail in found if code == "dead-volume"}
    assert longer and longer[5] == Fraction(ml) / 5 * 60
    for step in (1, 5, 9):
        longer[step] = Fraction(ml) / Fraction(RATES[step - 1][1]) * 60
    assert rules.findings(lined(ml, 0, longer)) == []


@pytest.mark.req("PRO-7")
def test_a_wide_step_protocol_is_judged_at_the_vein_by_its_own_limit() -> None:
    """Else a signed wide ladder in a thin line cannot run, or one in a thick line leaps a hundred-fold."""
    bags = [(Fraction(100), Fraction(mg)) for mg in (Fraction(5, 9), Fraction(50, 9), Fraction(500, 9))]
    bags = [(ml, Fraction(round(mg * 10**6), 10**6)) for ml, mg in bags]
    steps = [(bag, Fraction(100), Fraction(60)) for bag in range(3)]
    protocol = build(Fraction(61_666_667, 1_000_000), bags, steps, "wide-step")
    protocol.line_dead_nl, protocol.primed_with_solution = 300_000, 1
    assert rules.findings(protocol) == []
    protocol.line_dead_nl = 110_000_000
    assert {code for code, _ in errors(protocol)} == {"dead-volume"}  # what is primed comes beside what stays behind
    protocol.primed_with_solution = 0
    assert {code for code, _ in errors(protocol)} == {"dead-volume"}


@pytest.mark.req("PRO-3")
def test_a_longer_first_step_is_judged_by_its_first_quarter_of_an_hour() -> None:
    """Else a first step made longer for the line is refused for its dose."""
    steps = [(0, Fraction(2), Fraction(60)), (0, Fraction(4), Fraction(60))]
    protocol = build(500, [(Fraction(500), Fraction(500))], steps)
    assert ("first-step", 1) not in errors(protocol)
    protocol.steps[0].rate_e4 += 1
    protocol.steps[0].volume_nl = 2_000_100
    assert ("first-step", 1) in errors(protocol)


@pytest.mark.req("PRO-7")
def test_the_scaled_ladder_keeps_its_findings() -> None:
    """Else a bench run refuses, or takes, what the full one does not."""
    for ml in ("0.3", "1.5"):
        full = lined(ml)
        small = scaled(full, Fraction(1, 50))
        assert [f[:3] for f in rules.findings(small)] == [f[:3] for f in rules.findings(full)]
    longer = {1: Fraction(30), 5: Fraction(12), 9: Fraction(6)}  # 1 mL over each rate
    compensated = lined("1", 0, longer)
    last = compensated.steps[-1]
    last.duration_ms -= last.duration_ms % 9000  # 0.2 mL
    last.volume_nl = last.duration_ms // 9000 * 200_000
    assert rules.findings(compensated) == rules.findings(scaled(compensated, Fraction(1, 50))) == []


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("at", range(11))
def test_a_dwell_ten_times_too_long_is_refused(at: int) -> None:
    """Else a slip in a time, or in a volume at its rate, makes a step of two and a half hours."""
    changed = rows()
    changed[at][2] = Fraction(changed[at][2]) * 10
    assert ("dwell-long", at + 1) in errors(ladder(changed))
    changed[at][2] = Fraction(MINUTES[at]) * 3
    assert "dwell-long" not in {code for code, _ in errors(ladder(changed))}


@pytest.mark.req("PRO-6")
def test_a_wait_by_mouth_ten_times_too_long_is_refused() -> None:
    """Else the slip is found out by waiting."""
    protocol = p.Protocol()
    protocol.kind, protocol.full_dose_pg = p.CLASSES.index("oral"), 31 * 10**9
    protocol.doses = [p.Dose(2**k * 10**9, 900_000) for k in range(5)]
    assert errors(protocol) == set()
    protocol.doses[4].duration_ms *= 10  # nothing follows the last one: it may last
    assert errors(protocol) == set()
    protocol.doses[1].duration_ms *= 10
    assert errors(protocol) == {("dwell-long", 2)}


@pytest.mark.req("PRO-3")
def test_one_bag_is_one() -> None:
    """Else the wider bound of a one-bag protocol's first step opens to any ladder."""
    several = ladder(rows(), kind="one-bag")
    assert errors(several) == {("class", 0)} and demanded(several) == "class"


@pytest.mark.req("PRO-1", "VIT-1")
@pytest.mark.parametrize(
    ("field", "value", "record"),
    [
        ("spo2_early", 91, p.MONITORING),
        ("spo2_early_fall", 5, p.MONITORING),
        ("min_hold_min", 121, p.REACTION),
        ("min_hold_min", 120, p.REACTION),  # a hold would end in the minute in which it may first end
        ("decision_after_count", 4, p.REACTION),
        ("decision_after_count", 10, p.REACTION),
        ("tolerance_gap_h", 49, p.LIMITS),
    ],
)
def test_limits_that_contradict_each_other_are_refused(field: str, value: int, record: int) -> None:
    """Else the early sign never comes before the stop, or a hold can never end."""
    protocol = standard()
    setattr(protocol, field, value)
    assert errors(protocol) == {("range", record)} and demanded(protocol) == "range"
