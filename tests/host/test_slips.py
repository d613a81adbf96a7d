"""Single slips in a protocol file: which of them a rule finds, and which none can (README says so)."""

import copy
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from approval_kit import SAMPLE

from toleramp.protocol.all_findings import findings
from toleramp.protocol.file import read_content

Content = dict[str, Any]
BASE: Content = tomllib.loads(SAMPLE.read_text("utf-8"), parse_float=Decimal)
STEPS, BAGS = len(BASE["step"]), len(BASE["solution"])


def found(spoil: Callable[[Content], object], severity: str = "error") -> set[str]:
    """The codes of what is found in the sample after one slip."""
    content = copy.deepcopy(BASE)
    spoil(content)
    rows = findings(read_content(SAMPLE, content))[1]
    return {row["code"] for row in rows if row["severity"] == severity and row["code"] != "approval"}


def times(table: Content, key: str, factor: Decimal) -> None:
    """Multiplies a value."""
    table[key] *= factor


def exchange(tables: list[Content], first: int, second: int, key: str | None = None) -> None:
    """Exchanges two tables, or the value of a key in them."""
    if key is None:
        tables[first], tables[second] = tables[second], tables[first]
    else:
        tables[first][key], tables[second][key] = tables[second][key], tables[first][key]


def slips(factor: Decimal) -> Iterator[tuple[str, Callable[[Content], object]]]:
    """One value of the file is typed `factor` times as large."""
    for at in range(STEPS):
        yield f"rate of step {at + 1}", lambda c, at=at: times(c["step"][at], "rate_ml_h", factor)
    for at in range(BAGS):
        yield f"drug of bag {at + 1}", lambda c, at=at: times(c["solution"][at], "drug_mg", factor)
        yield f"volume of bag {at + 1}", lambda c, at=at: times(c["solution"][at], "volume_ml", factor)
    yield "full dose", lambda c: times(c["protocol"], "full_dose_mg", factor)
    yield "dead volume", lambda c: times(c["protocol"], "line_dead_volume_ml", factor)


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize(("factor", "unseen"), [("10", set()), ("0.1", {"dead volume"})])
def test_decimal_slips_are_found(factor: str, unseen: set[str]) -> None:
    """Else a tenfold dose waits for a person to see it. A line said to be shorter than it is remains."""
    assert found(lambda content: None) == set()
    assert {name for name, spoil in slips(Decimal(factor)) if not found(spoil)} == unseen


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize("at", range(STEPS))
def test_a_step_left_out_is_found_and_one_written_twice_is_a_warning(at: int) -> None:
    """Else the dose rate jumps, or a line copied once too often goes unseen."""
    assert found(lambda content: content["step"].pop(at))
    if at < STEPS - 1:
        twice = found(lambda content: content["step"].insert(at, dict(content["step"][at])), "warning")
        assert "duplicate" in twice


@pytest.mark.req("PRO-1", "PRO-6")
def test_what_is_exchanged_is_found() -> None:
    """Steps side by side, and the bags of a file with each other."""
    for at in range(STEPS - 1):
        assert found(lambda content, at=at: exchange(content["step"], at, at + 1)), f"step {at + 1}"
    for first, second in ((0, 1), (1, 2), (0, 2)):
        assert found(lambda content, a=first, b=second: exchange(content["solution"], a, b, "id"))


@pytest.mark.req("PRO-1", "PRO-6")
def test_units_mixed_up_are_found() -> None:
    """mg for units, and the other way round."""
    assert "unit" in found(lambda content: content["protocol"].update(dose_unit="U"))
    assert "unit" in found(lambda content: content["solution"][0].update(drug_u=content["solution"][0].pop("drug_mg")))


@pytest.mark.req("PRO-8")
def test_what_no_rule_can_see() -> None:
    """A slip by a fifth in a rate, and bags whose own codes are exchanged: people and the bag's code have to."""
    for at in range(STEPS):
        assert not found(lambda content, at=at: times(content["step"][at], "rate_ml_h", Decimal("1.2")))
    assert not found(lambda content: exchange_codes(content, ("LOT-71", "LOT-83")))


@pytest.mark.req("PRO-8", "PRO-6")
def test_exchanged_codes_of_the_house_s_form_are_seen() -> None:
    """Else the last bag hangs first, a hundred times as strong, and its scan is called right."""
    assert found(lambda content: exchange(content["solution"], 0, 2, "code")) == {"duplicate"}


def exchange_codes(content: Content, codes: tuple[str, str]) -> None:
    """Gives bags A and C codes that bear no letter, exchanged: nothing in the file says so."""
    content["solution"][0]["code"], content["solution"][2]["code"] = codes
    exchange(content["solution"], 0, 2, "code")
