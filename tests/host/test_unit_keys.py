"""A key in another unit is never taken for the one that is known: PRO-6, the thousandfold dose."""

import json
from decimal import Decimal

import pytest
from approval_kit import Office

from toleramp.protocol.keys import KEYS
from toleramp.words.unit_keys import meant, other_unit, taken_apart

pytest_plugins = ("approval_kit",)


def unknown_keys(office: Office, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `protocol check` says of keys it does not know."""
    assert office.run("protocol", "check", office.file, "--json") == 1
    rows = json.loads(capsys.readouterr().out)["findings"]
    return [row["message"] for row in rows if row["message"].startswith("unknown key")]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("full_dose_mg = 500.0", "full_dose_mcg = 500000", "write full_dose_mg = 500 (500000 mcg are 500 mg)"),
        ("drug_mg = 5.0", "drug_ug = 5000.0", "write drug_mg = 5 (5000 mcg are 5 mg)"),
        ("rate_ml_h = 2.0", "rate_ml_min = 2.0", "write rate_ml_h = 120 (2 mL/min are 120 mL/h)"),
        ("minutes = 15.0", "hours = 0.25", "write minutes = 15 (0.25 h are 15 min)"),
        ("volume_ml = 250.0", "volume_l = 0.25", "write volume_ml = 250 (0.25 L are 250 mL)"),
        ("line_dead_volume_ml = 0.3", "line_dead_volume_ul = 300", "write line_dead_volume_ml = 0.3"),
        ("max_hold_min = 120", "max_hold_h = 2", "write max_hold_min = 120 (2 h are 120 min)"),
        ("delay_s = 10", "delay_ms = 10000", "write delay_s = 10 (10000 ms are 10 s)"),
    ],
)
def test_a_key_in_another_unit_is_converted_aloud(
    office: Office, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    """Else the key is renamed as told, the number stays, and the dose is a thousandfold."""
    office.change(old, new)
    found = unknown_keys(office, capsys)
    assert len(found) == 1 and said in found[0] and "did you mean" not in found[0]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("table", KEYS)
def test_no_key_is_offered_for_one_in_another_unit(table: str) -> None:
    """Else one key of one table was forgotten: each with each known unit in place of its own."""
    known = list(KEYS[table])
    for key in known:
        mine = taken_apart(key)
        for unit in ("mg", "mcg", "g", "kg", "u", "ku", "ml", "l", "ul", "min", "h", "s", "ml_min", "l_h", "kpa"):
            name = f"{mine.stem}_{unit}" if mine.stem else unit
            if name not in known and mine.quantity:
                assert all(taken_apart(near).unit == taken_apart(name).unit for near in meant(name, known)), name


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("full_dose_ml", "another quantity, nothing is converted"),
        ("weight_lb", "weight_kg (in kg)"),
        ("full_dose_mgg", "full_dose_mg (in mg)"),
    ],
)
def test_what_has_no_factor_is_not_converted(name: str, said: str) -> None:
    """Else a number comes out that nobody can stand for."""
    assert said in str(other_unit(name, Decimal(7), list(KEYS["protocol"])))


@pytest.mark.req("PRO-6")
def test_a_slip_of_the_pen_is_still_found() -> None:
    """Else people are left with a list of all keys for a letter too few."""
    assert meant("ful_dose_mg", KEYS["protocol"]) == ["full_dose_mg"] and meant("minuts", KEYS["step"]) == ["minutes"]
    assert meant("drug_mgs", KEYS["solution"]) == ["drug_mg"] and meant("rate_mlh", KEYS["step"]) == ["rate_ml_h"]
