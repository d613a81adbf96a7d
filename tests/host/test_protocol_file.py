"""The reader of protocol files: exact, one line a fault, all faults at once (PRO-6); findings that need the file."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.protocol import rules
from toleramp.errors import UserError
from toleramp.protocol.file import read_all, read_file, read_protocol
from toleramp.protocol.findings import file_findings
from toleramp.protocol.table import table
from toleramp_bench.evidence import fuzz

EXAMPLE = Path(__file__).parents[2] / "host_tools" / "toleramp" / "protocols" / "bwh12-500mg.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
HEAD = TEXT[: TEXT.index("[[solution]]")]
NOW = datetime.fromisoformat("2026-11-22T09:00:00+01:00")
ROUNDS = 250
FULL = """
[flush]
volume_ml = 20
rate_ml_h = 60
[[premedication]]
drug = "famotidine"
dose = "20 mg IV"
wait_min = 20
[checklist]
required = ["peak flow measured"]
[approval]
author = "A. Author"
verifier = ""
"""


def of_file(path: Path) -> list[dict[str, str]]:
    """What the file itself gives to find; that nobody has signed it is told in test_sign.py."""
    return [row for row in file_findings(read_file(path), NOW) if row["code"] != "approval"]


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """The path of a file that a test may write."""
    return tmp_path / "spoilt.toml"


def faults(path: Path, text: str) -> list[str]:
    """One line a fault, without the path."""
    path.write_text(text, encoding="utf-8")
    lines = [str(fault) for fault in read_all(path)[1]]
    assert all("\n" not in line and len(line) < 500 for line in lines)
    return [line.removeprefix(str(path) + ", ") for line in lines]


def changed(old: str, new: str, times: int = 1) -> str:
    """The example with something replaced."""
    assert old in TEXT
    return TEXT.replace(old, new, times)


@pytest.mark.req("PRO-6")
def test_the_example_has_no_fault() -> None:
    """Else nothing can be loaded."""
    protocol, found = read_all(EXAMPLE)
    assert protocol is not None and found == []
    assert rules.findings(protocol) == []
    assert of_file(EXAMPLE) == []


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate_ml_h = 2.0", "rate = 2", "step 1: unknown key rate; write rate_ml_h: the key names the unit"),
        ("full_dose_mg = 500.0", "full_dose = 500", "write full_dose_mg or full_dose_u"),
        ("rate_ml_h = 2.0", "rate_mlh = 2.0", "did you mean rate_ml_h?"),
        ("rate_ml_h = 2.0", "rate_ml_h = nan", "step 1, rate_ml_h: NaN is out of range"),
        ("rate_ml_h = 2.0", "rate_ml_h = inf", "step 1, rate_ml_h: Infinity is out of range"),
        ("rate_ml_h = 2.0", "rate_ml_h = 1e999", "step 1, rate_ml_h: 1E+999 is out of range"),
        ("rate_ml_h = 2.0", "rate_ml_h = 1e-999999", "step 1, rate_ml_h: 1E-999999 has more digits"),
        ("rate_ml_h = 2.0", "rate_ml_h = -2.0", "step 1, rate_ml_h: -2.0 is out of range"),
        ("rate_ml_h = 2.0", 'rate_ml_h = "2 mL/h"', "is not a number"),
        ("rate_ml_h = 2.0", "rate_ml_h = true", "is not a number"),
        ("rate_ml_h = 2.0", "rate_ml_h = 2.00001", "has more digits than can be held"),
        ("rate_ml_h = 2.0", "rate_ml_h = 0", "rate_ml_h is zero"),
        ("rate_ml_h = 2.0", "rate_ml_h = 2.0\nrate_ml_h = 2.0", "not valid TOML"),
        ("minutes = 15.0", "minutes = 15.0\nvolume_ml = 1", "exactly one of minutes"),
        ("minutes = 15.0", "minutes = 0", "no volume"),
        ("minutes = 15.0", 'kind = "oral"\nminutes = 15.0', "a dose by mouth in a protocol that is infused"),
        ("minutes = 15.0", 'kind = "bolus"\nminutes = 15.0', "kind 'bolus' is unknown; one of infusion"),
        ('solution = "B"', 'solution = "Q"', "no solution 'Q'; one of A, B, C"),
        ('id = "B"', 'id = "A"', "id 'A' is named twice"),
        ('code = "TLR-B-0001"', 'code = "TLR-A-0001"', "is that of solution 1 too"),
        ('id = "B"', 'id = "bag"', "not one capital letter"),
        ('code = "TLR-B-0001"', f'code = "{"x" * 25}"', "too long"),
        ("drug_mg = 5.0", "drug_mg = 0.0000000001", "has more digits than can be held"),
        ("drug_mg = 5.0", "drug_u = 5", "drug_u does not go with dose_unit mg"),
        ("drug_mg = 5.0", "drug_mg = 0", "drug_mg is out of range"),
        ("drug_mg = 5.0", "drug_mg = 5.0\nprepared_at = 2026-11-22T08:00:00", "is not a time"),
        ("drug_mg = 5.0", 'drug_mg = 5.0\nprepared_at = "9999-12-31T23:59:59+00:00"', "is not a time"),
        ('class = "multi-bag"', 'class = "multibag"', "class 'multibag' is unknown; one of multi-bag"),
        ("max_hold_min = 120\n", "", "protocol: max_hold_min is missing; add max_hold_min = ..."),
        ("max_hold_min = 120", "max_hold_min = 0", "0 is out of range; write 1 to 1440"),
        ("full_dose_mg = 500.0\n", "", "protocol: full_dose_mg is missing"),
        ("format = 1", "format = 2", "format is missing or not 1"),
        ('dose_unit = "mg"', 'dose_unit = "g"', "dose_unit 'g' is unknown; one of mg, U"),
        ("[[step]]", "[[steps]]", "top level: unknown key steps; did you mean step?"),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_one_line_with_its_place(write: Path, old: str, new: str, said: str) -> None:
    """Else a slip is searched for in sixty lines."""
    found = faults(write, changed(old, new))
    assert sum(said in line for line in found) == 1, found
    with pytest.raises(UserError):
        read_protocol(write)


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \n\t\n", "the file is empty"),
        ("name = 'Löwe'".encode("latin-1"), "not UTF-8 text"),
        (b"x" * 300_000, "too large"),
        (b"\0\0\0", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"a = " + b"9" * 5000, "not valid TOML"),
        (b"format = 1", "[protocol] is missing"),
    ],
)
def test_what_is_no_protocol_file_ends_in_one_line(write: Path, content: bytes, said: str) -> None:
    """Else a traceback is all the pharmacist gets."""
    write.write_bytes(content)
    protocol, found = read_all(write)
    assert protocol is None and said in str(found[0])


@pytest.mark.req("PRO-6")
def test_a_folder_a_missing_file_and_one_of_50_mb(tmp_path: Path) -> None:
    """Else the tool hangs or crashes on a wrong path."""
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(50 * 2**20)
    said = {tmp_path: "folder", tmp_path / "none.toml": "no such file", large: "too large"}
    for path, words in said.items():
        assert words in str(read_all(path)[1][0])


@pytest.mark.req("PRO-6")
def test_all_faults_are_told_at_once(write: Path) -> None:
    """Else a file with five slips is checked five times."""
    text = changed("rate_ml_h = 2.0", "rate = 2").replace('id = "B"', 'id = "A"').replace("max_wait_min = 30\n", "")
    text = text.replace('solution = "C"', 'solution = "D"', 1).replace("drug_mg = 496.065", "drug_mg = nan")
    found = faults(write, text + "\n[flsh]\nvolume_ml = 1\n")
    for said in ("rate_ml_h", "named twice", "max_wait_min is missing", "NaN", "flsh; did you mean flush?"):
        assert sum(said in line for line in found) >= 1, (said, found)
    assert len(set(found)) == len(found) >= 6


@pytest.mark.req("PRO-6")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_spoilt_text_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    """Else a slip of the keyboard ends in a traceback."""
    at = draw.draw(st.integers(0, len(TEXT)))
    cut = draw.draw(st.integers(0, 12))
    new = draw.draw(
        st.one_of(st.text(max_size=6), st.sampled_from(["nan", "-1", "1e99", "[]", "{}", '""', "[[step]]"]))
    )
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes((TEXT[:at] + new + TEXT[at + cut :]).encode("utf-8", "replace"))
    protocol, found = read_all(path)
    assert (protocol is None) is bool(found)
    if protocol:
        table(protocol)


@pytest.mark.req("PRO-6")
def test_the_keys_of_the_laptop_are_read_and_judged(write: Path) -> None:
    """Else a flush or a premedication is written and lost."""
    text = TEXT.replace("[monitoring]", "[monitoring]\nsbp_min_mmhg = 90\nobserve_every_min = 15\ntemp_max_c = 38.5", 1)
    if "[monitoring]" not in TEXT:
        text = TEXT + "\n[monitoring]\nsbp_min_mmhg = 90\nobserve_every_min = 15\ntemp_max_c = 38.5\n"
    assert faults(write, text + FULL.replace('verifier = ""', 'verifier = "V. Verifier"')) == []
    reading = read_file(write)
    assert reading.content["premedication"][0]["wait_min"] == 20
    assert reading.content["monitoring"]["sbp_min_mmhg"] == 90
    found = faults(write, text + FULL.replace("wait_min = 20", "wait_min = 20.5").replace("rate_ml_h = 60\n", ""))
    assert any("premedication 1, wait_min: 20.5 is not a whole number" in line for line in found), found
    assert any("flush: rate_ml_h is missing" in line for line in found)
    assert any("approval, verifier" in line for line in found)


@pytest.mark.req("PRO-6", "PRO-7")
def test_a_flush_faster_than_the_last_step_is_an_error(write: Path) -> None:
    """Else what is left in the line comes as a jump."""
    write.write_text(TEXT + "[flush]\nvolume_ml = 0.2\nrate_ml_h = 80.1\n", encoding="utf-8")
    assert [row["code"] for row in of_file(write)] == ["flush-rate", "flush-volume"]


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ("printed_volume_ml = 0.5", False), ("printed_volume_ml = 0.50", False), ("printed_volume_ml = 0.05", True),
        ("printed_volume_ml = 1", False), ("printed_volume_ml = 2", True), ("printed_dose_mg = 0.01", False),
        ("printed_dose_mg = 0.011", True), ("printed_cumulative_mg = 0.0100", False),
        ("printed_cumulative_mg = 0.0101", True),
    ],
)  # fmt: skip
def test_a_printed_cell_is_compared_at_its_own_decimals(write: Path, cell: str, wrong: bool) -> None:
    """Else a misprint of a published table is approved, or each rounding is called one."""
    write.write_text(changed("rate_ml_h = 2.0", f"rate_ml_h = 2.0\n{cell}"), encoding="utf-8")
    rows = of_file(write)
    assert [(row["code"], row["where"]) for row in rows] == ([("printed-mismatch", "step 1")] if wrong else [])


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(("hours", "expired"), [("2", False), ("1.99", True), ("0.5", True)])
def test_a_bag_is_judged_at_the_end_of_its_use(write: Path, hours: str, expired: bool) -> None:
    """Else the last step runs from a bag that has expired."""
    stamp = f'drug_mg = 5.0\nprepared_at = "2026-11-22T08:00:00+01:00"\nexpires_h = {hours}'
    write.write_text(changed("drug_mg = 5.0", stamp), encoding="utf-8")
    rows = of_file(write)  # bag A is in use until one hour after the start
    assert [(row["code"], row["where"]) for row in rows] == ([("expired", "solution 1")] if expired else [])


@pytest.mark.req("PRO-7")
def test_the_table_shows_what_reaches_the_vein(write: Path) -> None:
    """Else the column that the line changes is missing."""
    write.write_text(changed('primed_with = "solution"', 'primed_with = "saline"'), encoding="utf-8")
    shown = table(read_protocol(write))
    assert shown["steps"][0]["vein_dose_mg"] == 0.004
    assert shown["vein"]["first_drug_minute"] == 9
    assert shown["vein"]["left_in_line_mg"] == pytest.approx(0.3 * 1.98426)
    last = shown["steps"][-1]
    assert last["vein_cumulative_mg"] == pytest.approx(last["cumulative_mg"] - 0.3 * 1.98426)


@pytest.mark.req("PRO-7")
def test_the_dead_volume_finding_offers_its_compensation(write: Path) -> None:
    """Else the pharmacist knows what is wrong and not what to do."""
    write.write_text(changed("line_dead_volume_ml = 0.3", "line_dead_volume_ml = 1.5"), encoding="utf-8")
    rows = [row for row in table(read_protocol(write))["findings"] if row["code"] == "dead-volume"]
    assert [row["where"] for row in rows] == ["step 5", "step 9"]
    assert "lengthen this step by 18 min" in rows[0]["message"]


@pytest.mark.req("PRO-6")
def test_numbers_are_read_exactly(write: Path) -> None:
    """Else a binary fraction of the decimal text is pumped."""
    write.write_text(changed("rate_ml_h = 2.0", "rate_ml_h = 2.1001"), encoding="utf-8")
    step = read_protocol(write).steps[0]
    assert step.rate_e4 == 21_001 and step.volume_nl == round(Fraction(21_001 * 900_000, 36_000))


@pytest.mark.req("PRO-6", "INT-7")
def test_hundreds_of_damaged_files(tmp_path: Path) -> None:
    """Else a slip of the keyboard ends in a traceback, or in another protocol than the one in the file."""
    one = fuzz.fuzzer("files", Random(11), tmp_path)
    rounds, finding = fuzz.run(one.one, one.seen, most=ROUNDS)
    assert finding is None, (str(finding), finding.data)
    assert rounds == ROUNDS and one.seen["file accepted"] > 50 and one.seen["file refused"] > 50, one.seen
