"""What only a usual range tells: all rates three times too fast, a dose beyond the ward's own limits (PRO-3, PRO-6)."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office

from toleramp.errors import UserError
from toleramp.protocol.library import read_library

pytest_plugins = ("approval_kit",)
Capture = pytest.CaptureFixture[str]
HEAD = 'format = 1\n[library]\nname = "Ward 5"\n[[drug]]\nname = "Carboplatin"\nalso = ["CBDCA"]\n'


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A laptop that keeps no library yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("TOLERAMP_LIBRARY", raising=False)
    return tmp_path


def rates_times(office: Office, factor: str) -> None:
    """All rates of the file, multiplied."""
    lines = office.file.read_text("utf-8").splitlines()
    for at, line in enumerate(lines):
        key, _, value = line.partition(" = ")
        if key == "rate_ml_h":
            lines[at] = f"{key} = {Decimal(value) * Decimal(factor)}"
    office.file.write_text("\n".join(lines), "utf-8")


def found(office: Office, capsys: Capture) -> list[dict[str, Any]]:
    """The findings of `protocol check`, but those on signatures."""
    office.run("protocol", "check", office.file, "--json")
    return [row for row in json.loads(capsys.readouterr().out)["findings"] if row["code"] != "approval"]


def keep(office: Office, capsys: Capture, limits: str, head: str = HEAD) -> int:
    """Writes a library and keeps it."""
    path = office.folder / "ward.toml"
    path.write_text(head + limits, "utf-8")
    code = office.run("protocol", "library", path)
    capsys.readouterr()
    return code


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(("factor", "usual"), [("1", True), ("1.2", True), ("1.5", False), ("3", False)])
def test_rates_all_too_fast_are_told(office: Office, capsys: Capture, factor: str, usual: bool) -> None:
    """Else a last rate of 240 mL/h passes: each ratio, each dwell and the dose are as they should be."""
    rates_times(office, factor)
    rows = found(office, capsys)
    assert [(row["code"], row["where"]) for row in rows] == ([] if usual else [("usual-range", "step 12")])
    if not usual:
        assert f"{80 * Fraction(factor)} mL/h of bag C's 250 mL is {factor} times as fast" in rows[0]["message"]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(("bag", "last", "usual"), [("100", "32", True), ("100", "80", False), ("500", "160", True)])
def test_what_is_usual_goes_by_the_bag(office: Office, capsys: Capture, bag: str, last: str, usual: bool) -> None:
    """Else a ladder scaled to small bags is unusual as it is, and usual when it is three times too fast."""
    factor = Decimal(last) / 80
    rates_times(office, str(factor))
    office.file.write_text(office.file.read_text("utf-8").replace("volume_ml = 250.0", f"volume_ml = {bag}"), "utf-8")
    assert ("usual-range" not in {row["code"] for row in found(office, capsys)}) == usual


# -- a ward's library


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(
    ("limit", "where", "said"),
    [
        ("rate_max_ml_h = 75", "step 12", "the rate, 80 mL/h, is above 75 mL/h"),
        ("dose_rate_max_mg_h = 100", "step 12", "the dose rate, 158.741 mg/h, is above 100 mg/h"),
        ("dose_max_mg = 450", "protocol", "the full dose, 500 mg, is above 450 mg"),
        ("dose_min_mg = 600", "protocol", "the full dose, 500 mg, is below 600 mg"),
        ("dose_max_mg_per_kg = 7", "protocol", "the full dose, 7.14286 mg/kg, is above 7 mg/kg"),
        ("dose_max_mg_per_m2 = 250", "protocol", "mg/m2, is above 250 mg/m2"),
        ("concentration_max_mg_per_ml = 1.9", "bag C", "the concentration, 1.98426 mg/mL, is above 1.9 mg/mL"),
        ("concentration_min_mg_per_ml = 0.1", "bag A", "the concentration, 0.02 mg/mL, is below 0.1 mg/mL"),
        ("duration_min_min = 360", "protocol", "the whole infusion, 339.375 min, is below 360 min"),
        ("duration_max_min = 300", "protocol", "the whole infusion, 339.375 min, is above 300 min"),
        ("tolerance_gap_max_h = 24", "protocol", "tolerance_gap_h, 48 h, is above 24 h"),
    ],
)
def test_a_hard_limit_refuses_and_a_soft_one_wants_a_reason(
    office: Office, capsys: Capture, limit: str, where: str, said: str
) -> None:
    """Else a library is a list that nobody looks into."""
    office.change('route = "IV"', 'route = "IV"\nweight_kg = 70\nheight_cm = 170')
    assert keep(office, capsys, f"[drug.hard]\n{limit}\n") == 0
    (row,) = found(office, capsys)
    assert (row["severity"], row["code"], row["where"]) == ("error", "library-hard", where) and said in row["message"]
    assert keep(office, capsys, f"[drug.soft]\n{limit}\n") == 0
    (row,) = found(office, capsys)
    assert (row["severity"], row["code"], row["where"]) == ("error", "library-soft", where)
    key = limit.split(" = ")[0]
    assert f'[[reason]] limit = "{key}"' in row["message"]
    office.change("[monitoring]", f'[[reason]]\nlimit = "{key}"\ntext = "second cycle, tolerated"\n\n[monitoring]')
    (row,) = found(office, capsys)
    assert row["severity"] == "warning" and "the reason given: second cycle, tolerated" in row["message"]


@pytest.mark.req("PRO-3", "PRO-1")
def test_a_reason_is_signed(office: Office, capsys: Capture) -> None:
    """Else a word put in afterwards opens a limit."""
    keep(office, capsys, "[drug.soft]\nrate_max_ml_h = 75\n")
    assert office.sign("afischer") == 1
    office.change("[monitoring]", '[[reason]]\nlimit = "rate_max_ml_h"\ntext = "tolerated"\n\n[monitoring]')
    office.sign_both()
    capsys.readouterr()
    office.change('text = "tolerated"', 'text = "whatever"')
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 1
    assert "beside the pump has changed" in capsys.readouterr().out


@pytest.mark.req("PRO-6")
def test_a_drug_that_the_library_does_not_have_is_told(office: Office, capsys: Capture) -> None:
    """Else a name written otherwise is a way around every limit."""
    keep(office, capsys, "[drug.hard]\nrate_max_ml_h = 75\n")
    office.change('drug = "carboplatin"', 'drug = "carboplatine"')
    assert [(row["severity"], row["code"]) for row in found(office, capsys)] == [("warning", "library-drug")]
    office.change('drug = "carboplatine"', 'drug = "cbdca"')
    assert [row["code"] for row in found(office, capsys)] == ["library-hard"]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("limit", ["dose_max_mg_per_kg = 7", "dose_max_mg_per_m2 = 300", "dose_max_u = 5"])
def test_a_limit_that_cannot_be_judged_is_no_limit_kept(office: Office, capsys: Capture, limit: str) -> None:
    """Else a weight left out is a way around a limit for each kg."""
    keep(office, capsys, f"[drug.hard]\n{limit}\n")
    (row,) = found(office, capsys)
    assert row["severity"] == "error" and ("cannot be judged" in row["message"] or "in mg" in row["message"])


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("[drug.hard]\nrate_max_ml_min = 2\n", "write rate_max_ml_h = 120 (2 mL/min are 120 mL/h)"),
        ("[drug.hard]\ndose_max_mcg = 500\n", "write dose_max_mg = 0.5"),
        ("[drug.hard]\nrate_max_mlh = 2\n", "did you mean rate_max_ml_h?"),
        ("[drug.soft]\nrate_max_ml_h = 90\n[drug.hard]\nrate_max_ml_h = 80\n", "beyond the hard one"),
        ("[drug.hard]\ndose_min_mg = 90\ndose_max_mg = 80\n", "dose_min_mg is above dose_max_mg"),
        ("[drug.hard]\nrate_max_ml_h = 0\n", "rate_max_ml_h 0 is no limit"),
        ('[drug.hard]\nrate_max_ml_h = "80"\n', "is no limit"),
        ('[[drug]]\nname = "cbdca"\n', "stands twice"),
    ],
)
def test_a_library_with_a_fault_is_not_kept(office: Office, capsys: Capture, limits: str, said: str) -> None:
    """Else a limit is not the one that the ward means, or the good library is lost."""
    assert keep(office, capsys, "[drug.hard]\nrate_max_ml_h = 75\n") == 0
    path = office.folder / "bad.toml"
    path.write_text(HEAD + limits, "utf-8")
    with pytest.raises(UserError) as refused:
        read_library(path)
    assert said in str(refused.value) and "bad.toml" in str(refused.value)
    assert office.run("protocol", "library", path) == 2
    capsys.readouterr()
    assert [row["code"] for row in found(office, capsys)] == ["library-hard"]


@pytest.mark.req("PRO-6")
def test_a_kept_library_that_is_damaged_refuses(office: Office, capsys: Capture, own_folder: Path) -> None:
    """Else limits vanish without a word."""
    keep(office, capsys, "[drug.hard]\nrate_max_ml_h = 175\n")
    assert found(office, capsys) == []
    (own_folder / "config" / "toleramp" / "library.toml").write_text("nonsense", "utf-8")
    assert [(row["severity"], row["code"]) for row in found(office, capsys)] == [("error", "library")]


def test_the_library_is_shown(office: Office, capsys: Capture) -> None:
    assert office.run("protocol", "library") == 2
    keep(office, capsys, "[drug.soft]\nrate_max_ml_h = 75\n[drug.hard]\nrate_max_ml_h = 80.5\n")
    assert office.run("protocol", "library", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["drugs"][0]["soft"] == {"rate_max_ml_h": 75} and shown["drugs"][0]["hard"] == {"rate_max_ml_h": 80.5}
    assert office.run("protocol", "library") == 0
    assert "rate_max_ml_h" in capsys.readouterr().out
