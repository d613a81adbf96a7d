"""Single doses that people give: wide steps by signature, routes as they are, gaps stated as gaps (PRO-2, PRO-3)."""

import json
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office

from toleramp.words.routes import way_of

pytest_plugins = ("approval_kit",)
Capture = pytest.CaptureFixture[str]


def write(office: Office, doses: list[tuple[str, str]], head: str = "", unit: str = "mg", gap: int = 0) -> None:
    """A protocol of single doses: (dose, minutes after it) each; `gap`: after which dose one is stated."""
    total = sum(float(dose) for dose, _ in doses)
    lines = ["format = 1", "[protocol]", 'name = "Single doses"', 'drug = "x"', 'class = "oral"', head]
    lines += [f"full_dose_{unit.lower()} = {total:g}", f'dose_unit = "{unit}"', "tolerance_gap_h = 24"]
    lines += ["max_hold_min = 120", "max_wait_min = 30"]
    for number, (dose, minutes) in enumerate(doses, 1):
        lines += ["[[step]]", 'kind = "oral"', f"dose_{unit.lower()} = {dose}", f"minutes = {minutes}"]
        lines += ["gap = true"] if number == gap else []
    office.file.write_text("\n".join(lines) + "\n", "utf-8")


def check(office: Office, capsys: Capture) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and findings of `protocol check`, but those on signatures."""
    code = office.run("protocol", "check", office.file, "--json")
    rows = json.loads(capsys.readouterr().out)["findings"]
    return code, [row for row in rows if row["code"] != "approval"]


LADDER = [("1", "30"), ("5", "30"), ("10", "30"), ("20", "30")]
SERIES = [("1", "30"), ("2", "30"), ("4", "30"), ("8", "720"), ("16", "30"), ("32", "30")]


@pytest.mark.req("PRO-2", "PRO-3")
def test_a_wide_ladder_of_single_doses_is_for_the_two_who_sign(office: Office, capsys: Capture) -> None:
    """Else 1, 5, 10, 20 mg, as published, cannot be written down, or is taken without a word."""
    write(office, LADDER)
    code, rows = check(office, capsys)
    assert code == 1 and [(row["code"], row["where"]) for row in rows] == [("ratio-exceeded", "step 2")]
    assert "wide_step = true" in rows[0]["message"]
    write(office, LADDER, "wide_step = true")
    code, rows = check(office, capsys)
    assert code == 0 and [(row["severity"], row["code"]) for row in rows] == [("warning", "ratio-exceeded")]
    office.sign_both()
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 0
    office.change("wide_step = true", "wide_step = false")
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 1


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize(("second", "code"), [("10.5", 0), ("10.6", 1), ("100", 1)])
def test_a_wide_step_has_its_own_limit(office: Office, capsys: Capture, second: str, code: int) -> None:
    """Else one word in the file opens any rise."""
    write(office, [("1", "30"), (second, "30")], "wide_step = true")
    assert check(office, capsys)[0] == code


@pytest.mark.req("PRO-2")
def test_what_is_infused_has_its_class_for_that(office: Office, capsys: Capture) -> None:
    """Else a key that the pump does not get seems to widen its rules."""
    office.change('route = "IV"', 'route = "IV"\nwide_step = true')
    code, rows = check(office, capsys)
    assert code == 1 and 'write class = "wide-step"' in rows[0]["message"]


@pytest.mark.req("PRO-3", "PRO-6")
def test_an_overnight_gap_is_stated_as_one(office: Office, capsys: Capture) -> None:
    """Else insulin over two days is called a decimal slip, or a slip is called a night."""
    write(office, SERIES, 'route = "SC"', "U")
    code, rows = check(office, capsys)
    assert code == 1 and [(row["code"], row["where"]) for row in rows] == [("dwell-long", "step 4")]
    assert "12 h pass after this dose" in rows[0]["message"] and "write gap = true" in rows[0]["message"]
    assert "slip" not in rows[0]["message"]
    write(office, SERIES, 'route = "SC"', "U", gap=4)
    code, rows = check(office, capsys)
    assert code == 0 and rows[0]["severity"] == "warning" and "a gap of 12 h after this dose" in rows[0]["message"]


@pytest.mark.req("PRO-3", "SES-7")
def test_a_gap_in_which_tolerance_is_lost_is_refused(office: Office, capsys: Capture) -> None:
    """Else a stated gap of two days goes on where a start from the first dose is due."""
    write(office, [*SERIES[:3], ("8", "1441"), *SERIES[4:]], 'route = "SC"', "U", gap=4)
    code, rows = check(office, capsys)
    assert code == 1 and "longer than tolerance_gap_h 24" in rows[0]["message"]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("route", "way"),
    [("SC", "under the skin"), ("s.c.", "under the skin"), ("PO", "by mouth"), ("IM", "into the muscle")],
)
def test_the_route_is_what_it_is(office: Office, tmp_path: Path, capsys: Capture, route: str, way: str) -> None:
    """Else insulin for the skin is printed as taken by mouth."""
    write(office, SERIES, f'route = "{route}"', "U", gap=4)
    assert office.run("protocol", "table", office.file) == 0
    page = capsys.readouterr().out
    assert f"doses {way}: people give them" in page and ("by mouth" in page) == (way == "by mouth")
    assert office.run("protocol", "plot", office.file, "-o", tmp_path / "p.svg") == 0
    assert way in (tmp_path / "p.svg").read_text("utf-8")
    capsys.readouterr()
    other = tmp_path / "other.toml"
    other.write_text(office.file.read_text("utf-8").replace("dose_u = 16", "dose_u = 17"), "utf-8")
    office.run("protocol", "diff", office.file, other)
    assert "by mouth" not in capsys.readouterr().out or way == "by mouth"


@pytest.mark.req("PRO-6")
def test_a_route_that_is_not_known_is_named_as_it_stands() -> None:
    """Else it is shown as another one."""
    assert way_of({"protocol": {"route": "rectal"}}) == "by route rectal"
    assert way_of({"protocol": {}}) == way_of({}) == "by mouth"


@pytest.mark.req("PRO-3")
def test_keys_of_results_are_in_the_dose_s_unit(office: Office, capsys: Capture) -> None:
    """Else a program reads 640,000 units as milligrams."""
    write(office, SERIES, 'route = "SC"', "U", gap=4)
    assert office.run("protocol", "table", office.file, "--json") == 0
    text = capsys.readouterr().out
    shown = json.loads(text)
    assert shown["total_u"] == shown["full_dose_u"] == 63 and shown["steps"][0]["dose_u"] == 1
    assert "_mg" not in text.replace("pump_mg", "") and shown["steps"][-1]["cumulative_u"] == 63


@pytest.mark.req("PRO-3")
def test_keys_of_an_infusion_in_units_too(office: Office, capsys: Capture) -> None:
    """Else bags and rates keep the other unit's name."""
    text = office.file.read_text("utf-8").replace("_mg = ", "_u = ").replace('"mg"', '"U"')
    office.file.write_text(text, "utf-8")
    assert office.run("protocol", "table", office.file, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["solutions"][0]["u_per_ml"] == 0.02 and shown["solutions"][0]["drug_u"] == 5
    assert shown["steps"][0]["dose_rate_u_h"] == 0.04 and shown["steps"][0]["vein_dose_u"] == 0.006 + 0.004
    assert "with_flush_u" in shown["vein"] and "dose_mg" not in shown["steps"][0]
    office.file.write_text(text.replace("_u = ", "_mg = ").replace('"U"', '"mg"'), "utf-8")
    assert office.run("protocol", "table", office.file, "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["dose_mg"] == 0.01
