"""Each single fault of a protocol or at the bedside: the code that refuses it, or what else must catch it (PRO-6)."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from core_kit import BAG_MG, bag_question, standard
from test_rules import Row, ladder, rows

from pump.base.units import volume_nl_of
from pump.io import CONFIRM
from pump.protocol import rules
from pump.protocol.doses import course
from pump.tables.events import BAG_REJECTED

# By hand, from 2/5/10/20, 5/10/20/40, 10/20/40/80 mL/h of 0.02, 0.2 and 1.98426 mg/mL: what changes in the ladder, the
# code that refuses it, and how far the dose rate rises over what was tolerated ("": it falls afterwards).
RATE, SKIP = "rate", "skip"
IN_THE_PLAN: dict[str, tuple[str, int, int, str, str]] = {
    "rate_left_at_20_after_change_to_bag2": (RATE, 5, 20, "ratio-exceeded", "10"),
    "rate_left_at_40_after_change_to_bag3": (RATE, 9, 40, "ratio-exceeded", "9.9213"),
    "decimal_slip_step2_5->50_vs_step1": (RATE, 2, 50, "ratio-exceeded", "25"),
    "decimal_slip_step1_2->20_vs_programmed": (RATE, 1, 20, "order", ""),
    "skip_step2_(1->3)": (SKIP, 2, 0, "ratio-exceeded", "5"),
    "skip_step3_(2->4)": (SKIP, 3, 0, "ratio-exceeded", "4"),
    "skip_step4_(3->5)": (SKIP, 4, 0, "ratio-exceeded", "5"),
    "skip_step5_(4->6)": (SKIP, 5, 0, "ratio-exceeded", "5"),
    "skip_step6_(5->7)": (SKIP, 6, 0, "ratio-exceeded", "4"),
    "skip_step7_(6->8)": (SKIP, 7, 0, "ratio-exceeded", "4"),
    "skip_step8_(7->9)": (SKIP, 8, 0, "ratio-exceeded", "4.96065"),
    "skip_step9_(8->10)": (SKIP, 9, 0, "ratio-exceeded", "4.96065"),
    "skip_step10_(9->11)": (SKIP, 10, 0, "ratio-exceeded", "4"),
    "skip_step11_(10->12)": (SKIP, 11, 0, "ratio-exceeded", "4"),
}
# No rule can see a wrong bag behind a right programme: bag hung, step it is hung for, times the dose rate to be
# compared with (the step before, where there is one). The bag's code alone catches these (PRO-8).
BY_THE_BAG_CODE: dict[str, tuple[int, int, str]] = {
    "bag3_hung_instead_of_bag2_at_step5": (3, 5, "24.80325"),
    "bag2_hung_at_start_vs_programmed_step1": (2, 1, "10"),
    "bag3_hung_at_start_vs_programmed_step1": (3, 1, "99.213"),
    "bag1_left_on_at_step5_(under)": (1, 5, "0.25"),
    "bag2_left_on_at_step9_(under)": (2, 9, "0.25"),
}
# Nor free flow, which a clamp and the flow's own supervision catch: bag, steps done before, share of the full dose.
BY_THE_CLAMP: dict[str, tuple[int, int, str]] = {
    "free_flow_rest_of_bag1_after_step4_fraction_D": (1, 4, "0.00963"),
    "free_flow_rest_of_bag2_after_step8_fraction_D": (2, 8, "0.0925"),
    "free_flow_bag3_at_start_of_step9_fraction_D": (3, 8, "0.99213"),
}


def spoiled(kind: str, step: int, rate: int) -> list[Row]:
    """The standard ladder with one step at another rate, or without it."""
    changed = rows()
    if kind == SKIP:
        del changed[step - 1]
    else:
        changed[step - 1][1] = Fraction(rate)
    return changed


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize("name", IN_THE_PLAN)
def test_each_fault_of_a_plan_is_refused_by_its_code(name: str) -> None:
    """Else a slip that raises the dose rate four- to a hundred-fold is taken."""
    kind, step, rate, code, times = IN_THE_PLAN[name]
    found = rules.findings(ladder(spoiled(kind, step, rate)))
    assert code in {c for severity, c, _, _ in found if severity == rules.ERROR}, found
    if times:
        assert -(-Fraction(times) * 100 // 1) in {detail for _, c, _, detail in found if c == code}, found


@pytest.mark.req("PRO-2", "PRO-6", "PRO-8")
@pytest.mark.parametrize("name", BY_THE_BAG_CODE)
def test_no_rule_sees_a_wrong_bag_and_its_code_is_rejected(name: str) -> None:
    """Else a mis-hung bag runs with a perfectly normal programme."""
    hung, step, times = BY_THE_BAG_CODE[name]
    protocol = standard()
    rate, before = (Fraction(protocol.steps[k].rate_e4) for k in (step - 1, max(step - 2, 0)))
    wanted = protocol.steps[step - 1].solution
    base = protocol.steps[max(step - 2, 0)].solution
    assert rate * BAG_MG[hung - 1] / (before * BAG_MG[base]) == Fraction(times)
    assert rules.findings(protocol) == []
    bags, question, said = bag_question(protocol, wanted)
    assert not bags.scanned(protocol.solutions[hung - 1].code.encode())
    assert not said and not question.second  # whoever hands it on records it
    question.age(1_000)
    question.shown = hung
    bags.press(CONFIRM)
    assert said == [BAG_REJECTED] and not question.second


@pytest.mark.req("PRO-4")
@pytest.mark.parametrize("name", BY_THE_CLAMP)
def test_what_free_flow_would_give(name: str) -> None:
    """Else the account of what is left in a bag is wrong where it matters most."""
    bag, done, share = BY_THE_CLAMP[name]
    protocol = standard()
    used = course(protocol, [(k, volume_nl_of(protocol.steps[k].rate_e4, 900_000)) for k in range(done)])[0]
    solution = protocol.solutions[bag - 1]
    left_nl = solution.volume_nl - Fraction(*used[bag - 1])
    assert left_nl * solution.drug_pg / solution.volume_nl / protocol.full_dose_pg == Fraction(share)


@pytest.mark.req("PRO-2", "PRO-6", "PRO-8")
def test_the_reference_knows_no_fault_that_is_not_here(shared_folder: Path) -> None:
    """Else a fault of the reference is caught by nothing, and nobody notices."""
    text = (shared_folder / "protocols" / "vectors.json").read_text(encoding="utf-8")
    cases = json.loads(text, parse_float=Decimal)["single_fault_escalation"]
    ours = {name: row[-1] or "10" for name, row in {**IN_THE_PLAN, **BY_THE_BAG_CODE, **BY_THE_CLAMP}.items()}
    assert {name: Fraction(times) for name, times in cases.items()} == {name: Fraction(t) for name, t in ours.items()}


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(("hung", "step"), [(3, 5), (2, 1), (3, 1), (1, 5), (2, 9)])
def test_a_wrong_bag_written_into_the_plan_is_refused_as_well(hung: int, step: int) -> None:
    """Else the slip is only seen when the bag hangs."""
    changed = rows()
    changed[step - 1][0] = hung - 1
    assert {"order", "first-step", "ratio-exceeded"} & {
        code for severity, code, _, _ in rules.findings(ladder(changed)) if severity == rules.ERROR
    }
