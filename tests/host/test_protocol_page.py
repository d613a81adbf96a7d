"""`protocol table` as text: the whole page, what the pump does and what people do, and no dose that shows as 0."""

import json
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office
from hypothesis import given, settings
from hypothesis import strategies as st

import toleramp
from toleramp import cli
from toleramp.preparation.amounts import in_bag
from toleramp.protocol.file import Reading, read_content
from toleramp.protocol.page import BY_PEOPLE, BY_PUMP, WIDTH, clock, columns, dose_unit, number
from toleramp.protocol.table import dose_rates_mg_h, step_doses, table, vein_doses
from toleramp.protocol.verbs.table import as_text

pytest_plugins = ("approval_kit",)

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
STANDARD = """\
Carboplatin 500 mg, 12 steps    full dose 500 mg    fingerprint SPF5YJZZ
drug carboplatin    route IV    class multi-bag (bags of rising strength, one after the other)
no order named: the pump knows this file by its content alone
approval: not approved: nobody has signed it

bag  code (scan or pick)    mg in   mL    mg/mL  drawn mL  dilution, diluent
A    TLR-A-0001             5      250  0.02         9.25  1:100 in glucose 5 %
B    TLR-B-0001            50      250  0.2         18.75  1:10 in glucose 5 %
C    TLR-C-0001           496.065  250  1.98426    250     1:1 in glucose 5 %

step  bag  mL/h      min  begins      mL         mg     sum mg     vein mg      mg/h  ratio
-- hang bag A, code TLR-A-0001 --
   1  A       2   15        0:00    0.5     0.01       0.01       0.01        0.04
   2  A       5   15        0:15    1.25    0.025      0.035      0.035       0.1      2.5
   3  A      10   15        0:30    2.5     0.05       0.085      0.085       0.2      2
   4  A      20   15        0:45    5       0.1        0.185      0.185       0.4      2
-- hang bag B, code TLR-B-0001 --
   5  B       5   15        1:00    1.25    0.25       0.435      0.381       1        2.5
   6  B      10   15        1:15    2.5     0.5        0.935      0.881       2        2
   7  B      20   15        1:30    5       1          1.935      1.881       4        2
   8  B      40   15        1:45   10       2          3.935      3.881       8        2
-- hang bag C, code TLR-C-0001 --
   9  C      10   15        2:00    2.5     4.96065    8.89565    8.306372   19.8426   2.48
  10  C      20   15        2:15    5       9.9213    18.81695   18.227672   39.6852   2
  11  C      40   15        2:30   10      19.8426    38.65955   38.070272   79.3704   2
  12  C      80  174.375    2:45  232.5   461.34045  500        499.411     158.7408   2

total 500 mg in 339.375 min (5:39, without holds), 278 mL
with primed line, without a flush 499.411 mg reach the patient
shared line to the vein: 0.3 mL, primed with bag A; after the last step it holds 0.595278 mg

THE PUMP DOES THIS BY ITSELF
  SpO2         stop at 92 % or less for 10 s (below 85 % for 3 s); warn at 94 % or less
  SpO2 fall    stop at 4 points or more below the baseline, warn at 3; the higher limit counts
  pulse        stop below 50 or above 130 /min for 10 s
  no reading   warn within 5 s, stop within 15 s
  hold         at most 120 min: after that the session can only be ended
  wait         at most 30 min between two steps, then a clinician decides
  resume at    same step, one back, two back, further back; over a bag change the hanging bag first
  reactions    from reaction 3 on, and after a severe one, it is locked

PEOPLE DO THIS FROM PAPER: THE PUMP DOES NOT KNOW OF IT
  tolerance    counts as lost 48 h after the last dose
  flush        none in this protocol: what the line holds then stays in it

warning: approval: not approved: loads only in bench mode (nobody has signed it) [approval]
ACCEPTED: 0 errors, 1 warning
Toleramp is no certified medical device: for the bench, with water. Do not connect it to a person.
"""
ORAL = """\
Aspirin    full dose 7 picograms    fingerprint {}
drug aspirin    route PO    class oral (doses by mouth: people give them, no pump)
approval: not approved: nobody has signed it

ALL DOSES IN PICOGRAMS: 1 mg = 1000 micrograms, 1 microgram = 1000 nanograms, 1 nanogram = 1000
    picograms

dose  amount  sum       at  wait min  ratio
   1       1    1  0:00:00      15
   2       2    3  0:15:00      20.5      2
   3       4    7  0:35:30      15        2

total 7 picograms in 50.5 min (0:51, without holds)

PEOPLE DO ALL THIS: NO PUMP RUNS DOSES BY MOUTH
"""


def changed(*changes: tuple[str, str], more: str = "") -> Reading:
    """The sample, with texts replaced in all places and `more` at its end."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_content(SAMPLE, tomllib.loads(text + more, parse_float=Decimal))


def page(reading: Reading) -> str:
    """The page of a file without findings that need more than the protocol."""
    assert reading.protocol, reading.faults
    return as_text(reading, reading.protocol, table(reading.protocol, "SPF5YJZZ"))


def cells(text: str) -> list[list[str]]:
    """The rows of the step table, without its titles and the lines where a bag is hung."""
    _, _, rest = text.partition("\nstep ")
    return [line.split() for line in rest.split("\n\n")[0].splitlines()[1:] if not line.startswith("--")]


@pytest.mark.req("PRO-3", "PRO-7")
def test_the_page_of_the_standard_protocol_to_the_letter(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a nurse reads something that nobody has checked."""
    assert cli.main(["protocol", "table", str(SAMPLE)]) == 0
    assert capsys.readouterr().out == STANDARD
    assert len(STANDARD.splitlines()) <= 60 and max(map(len, STANDARD.splitlines())) <= WIDTH


def test_the_document_keeps_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    """Else what reads it breaks: session logs, the bench, other people's tools."""
    assert cli.main(["protocol", "table", str(SAMPLE), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= {
        "name", "full_dose_mg", "total_mg", "total_minutes", "max_ratio", "solutions", "steps", "findings",
    }  # fmt: skip
    assert set(found["steps"][0]) >= {
        "step", "solution", "rate_ml_h", "minutes", "volume_ml", "dose_mg", "cumulative_mg", "dose_rate_mg_h", "ratio",
        "vein_dose_mg", "vein_cumulative_mg",
    }  # fmt: skip
    assert set(found["solutions"][0]) >= {"id", "mg_per_ml", "volume_ml", "drug_mg", "volume_used_ml"}


PAPER = """
[flush]
volume_ml = 20.0
rate_ml_h = 80.0

[[premedication]]
drug = "diphenhydramine"
dose = "25 mg IV"
wait_min = 20

[checklist]
required = ["consent signed", "beta-blocker held"]
"""
WATCHED = """pulse_max_bpm = 130
sbp_min_mmhg = 90
sbp_fall_percent = 30
rr_max = 28
temp_max_c = 39.0
observe_every_min = 15
observe_last_every_min = 30
observe_after_min = 60"""


@pytest.mark.req("PRO-7", "PRO-8")
def test_all_that_a_file_can_say_stands_on_one_page() -> None:
    """Else a bedside goes by the memory of whoever wrote the order."""
    bag = f'drug_mg = 5.0\nline_volume_ml = 1.5\nprepared_at = "{datetime.now(UTC):%Y-%m-%d}T08:00:00Z"\nexpires_h = 30'
    reading = changed(
        ("pulse_max_bpm = 130", WATCHED),
        ("drug_mg = 5.0", bag),
        ("spo2_stop_fall = 4", "spo2_stop_fall = 5"),
        ('drug = "carbo', 'weight_kg = 62.5\ndrug = "carbo'),
        ("min_hold_min = 0", 'min_hold_min = 5\nboundary = "rehang"'),
        ('"any-back"', '"one-back"'),
        more=PAPER,
    )
    text = page(reading)
    assert len(text.splitlines()) <= 62 and max(map(len, text.splitlines())) <= WIDTH
    head, _, rest = text.partition(f"\n\n{BY_PUMP}\n")
    pump, _, people = rest.partition(f"\n\n{BY_PEOPLE}\n")
    assert "weight 62.5 kg: 8 mg/kg, 4.448 mL/kg" in head
    assert (
        "PREMEDICATION, BY PEOPLE: THE PUMP DOES NOT KNOW OF IT\n  1. diphenhydramine 25 mg IV, then wait 20 min"
        in head
    )
    assert "     1.5 mL stay in its own line; prepared " in head and " 08:00 +00:00, expires " in head
    assert " 14:00 +00:00\nB  " in head
    assert "  hold         at least 5 min, at most 120 min: after" in pump
    assert "  resume at    same step, one back, two back; over a bag change its own bag first\n" in pump
    assert "  SpO2 fall    stop at 5 points or more below the baseline, warn at 3; the higher" in pump
    assert "  wait         at most 30 min between two steps, then a clinician decides\n" in pump
    assert people.partition("\n\n")[0].splitlines() == [
        "  checklist    consent signed; beta-blocker held",
        "  blood press. stop below 90 mmHg systolic, stop 30 % below the baseline",
        "  breathing    stop above 28 /min",
        "  temperature  stop above 39 C",
        "  observe      every 15 min, every 30 min in the last step, until 60 min after the end",
        "  tolerance    counts as lost 48 h after the last dose",
        "  flush        20 mL at 80 mL/h after the last step",
    ]


@pytest.mark.req("PRO-7", "SES-9")
@pytest.mark.parametrize(
    ("changes", "flush", "line"),
    [
        ((), 0, "with primed line, without a flush 499.411 mg reach the patient"),
        ((), "0.3", "with primed line and flush 500.006 mg reach the patient"),
        ((), "0.1", "with primed line and flush 499.609 mg reach the patient"),
        ((('primed_with = "solution"', 'primed_with = "saline"'),), 0, "without a flush 499.405 mg reach the patient"),
        ((('primed_with = "solution"', 'primed_with = "saline"'),), 20, ""),
    ],
)
def test_what_reaches_the_patient_counts_a_flush_only_where_one_is_written(
    changes: tuple[tuple[str, str], ...], flush: object, line: str
) -> None:
    """Else the page promises milligrams that stay in the line, and says itself that nothing brings them."""
    more = f"\n[flush]\nvolume_ml = {flush}\nrate_ml_h = 80\n" if flush else ""
    reading = changed(*changes, more=more)
    said = [part for part in page(reading).splitlines() if part.endswith("reach the patient")]
    assert said == ([line] if line else [])


@pytest.mark.req("PRO-1", "SES-1")
def test_how_far_the_approval_has_come(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a page says approved of what nobody has proven, or of what has changed."""

    def said() -> list[str]:
        capsys.readouterr()
        office.run("protocol", "table", office.file)
        return capsys.readouterr().out.splitlines()

    office.sign("afischer")
    assert "approval: not approved: signed by afischer as author; a verifier has not signed" in said()
    office.sign("bmeier")
    both = "approval: signed by afischer as author and bmeier as verifier; not proven here"
    assert both in said()
    office.change("max_hold_min = 120", "max_hold_min = 110")
    lines = said()
    assert lines[1] == "NOT TO BE USED: 1 error, see the end of this page"
    assert "approval: NOT APPROVED: the content has changed since afischer signed it" in lines


@pytest.mark.req("PRO-6")
def test_a_protocol_by_mouth_has_a_page_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a dose by mouth is taken for an infusion, or for one that a pump gives."""
    text = (
        'format = 1\n[protocol]\nname = "Aspirin"\ndrug = "aspirin"\nroute = "PO"\nclass = "oral"\nmax_hold_min = 120\n'
    )
    text += "full_dose_mg = 7e-9\ntolerance_gap_h = 48\nmax_wait_min = 30\n"
    for dose, minutes in (("1e-9", 15), ("2e-9", 20.5), ("4e-9", 15)):
        text += f'[[step]]\nkind = "oral"\ndose_mg = {dose}\nminutes = {minutes}\n'
    path = tmp_path / "oral.toml"
    path.write_text(text, "utf-8")
    assert cli.main(["protocol", "table", str(path)]) == 0
    said = capsys.readouterr().out
    fingerprint = said.splitlines()[0].split()[-1]
    assert said.startswith(ORAL.format(fingerprint))
    assert BY_PUMP not in said and "bag" not in said and "flush" not in said


def test_a_line_fill_is_no_dose_and_units_are_units() -> None:
    fill = '[[step]]\nsolution = "B"\nrate_ml_h = 20.0\nvolume_ml = 0.3\nkind = "line-fill"\n\n[[step]]\n'
    first = '[[step]]\nsolution = "B"\nrate_ml_h = 5.0'
    reading = changed((first, fill + first.removeprefix("[[step]]\n")), ('"mg"', '"U"'), ("_mg =", "_u ="))
    rows = cells(page(reading))
    assert [row[0] for row in rows] == [str(number) for number in range(1, 14)]
    assert rows[4] == ["5", "B", "20", "0.9", "1:00:00", "0.3", "-", "0.185", "0.191", "-", "fill"]
    assert rows[5][4] == "1:00:54"  # seconds everywhere when one step wants them
    assert "full dose 500 U" in page(reading) and "sum U" in page(reading) and "mg" not in cells(page(reading))


# -- numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"), ("1e-9", "0.000000001"), ("461.34045", "461.34045"), ("9.25", "9.25"), ("0.50", "0.5"),
        ("2/3", "0.666667"), ("2e-7/3", "0.0000000666667"), ("12345678.9", "12345679"), ("1000000/3", "333333"),
        ("232.499999", "232.5"),
    ],
)  # fmt: skip
def test_numbers_for_people(value: str, text: str) -> None:
    above, _, below = value.partition("/")
    assert number(Fraction(above) / Fraction(below or 1)) == text


def test_times_and_columns() -> None:
    assert [clock(Fraction(text)) for text in ("0", "59.4", "59.5", "339.375", "1500")] == [
        "0:00", "0:59", "1:00", "5:39", "25:00",
    ]  # fmt: skip
    assert clock(Fraction("60.9"), seconds=True) == "1:00:54"
    rows = [["mg", "is"], ["0.05", "a"], ["12", "bb"], ["-", ""]]
    assert columns(rows, left=(1,)) == ["   mg  is", " 0.05  a", "12     bb", "    -"]


def ladder(*drugs_mg: Decimal) -> Reading:
    """The standard rates from bags with so much drug, steps by their times."""
    content: dict[str, Any] = tomllib.loads(SAMPLE.read_text("utf-8"), parse_float=Decimal)
    for bag, drug in zip(content["solution"], drugs_mg, strict=True):
        bag["drug_mg"] = drug
    content["step"][-1] = {"solution": "C", "rate_ml_h": 80, "minutes": 174}
    content["protocol"]["full_dose_mg"] = min(sum(drugs_mg, Decimal(0)), Decimal(10**7))
    return read_content(SAMPLE, content)


def agrees(cell: str, exact: Fraction) -> bool:
    """A plain decimal that is the exact value to 4 significant digits; 0 for nothing but 0."""
    plain = cell.replace(".", "", 1).isdigit() and not ("." in cell and cell.endswith("0"))
    return plain and abs(Fraction(cell) - exact) * 2000 <= exact


@pytest.mark.req("PRO-3", "PRO-7")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 15).flatmap(lambda e: st.integers(10**e, 10 ** min(e + 1, 15))), min_size=3, max_size=3))
def test_no_dose_is_ever_shown_as_0_or_rounded_beyond_4_digits(drugs_pg: list[int]) -> None:
    """Else the smallest doses, the first that a patient gets, cannot be checked by hand."""
    reading = ladder(*(Decimal(drug).scaleb(-9) for drug in drugs_pg))  # 1e-9 mg to 1e6 mg
    protocol, text = reading.protocol, page(reading)
    assert protocol
    total, reached, size = Fraction(0), Fraction(0), dose_unit(protocol).size
    exact = zip(step_doses(protocol), vein_doses(protocol), dose_rates_mg_h(protocol), strict=True)
    for row, (dose, at_vein, rate) in zip(cells(text), exact, strict=True):
        total, reached = total + dose, reached + at_vein
        for cell, value in zip(row[6:10], (dose / 10**9, total / 10**9, reached / 10**9, rate), strict=True):
            assert agrees(cell, value / size), (row, float(value))
            assert not any(cell.startswith("0.0000") for cell in row[6:10]), row
    assert f"total {dose_unit(protocol).with_spoken(total / 10**9)} in" in text
    for bag in protocol.solutions:
        unit = in_bag(Fraction(bag.drug_pg, 10**9), Fraction(bag.volume_nl, 10**6), "mg")
        cut = next(line for line in text.splitlines() if line.startswith(f"{bag.id}  ")).split()
        numbers = [cell for cell in cut[2:] if cell.replace(".", "").isdigit()]
        assert agrees(numbers[0], Fraction(bag.drug_pg, 10**9) / unit.size)
        assert agrees(numbers[2], Fraction(bag.drug_pg, 1000 * bag.volume_nl) / unit.size)
    others = [line for line in text.splitlines() if not line[:4].strip().isdigit() and not line.startswith("step ")]
    assert max(map(len, others)) <= WIDTH


@pytest.mark.parametrize("exponent", range(-4, 7))
def test_a_ladder_of_any_usual_size_fits_the_page(exponent: int) -> None:
    full = Decimal("1.23457").scaleb(exponent)
    text = page(ladder(*((full / share).quantize(Decimal("1e-9")) for share in (100, 10, 1))))
    assert max(map(len, text.splitlines())) <= WIDTH


def test_long_words_are_wrapped_and_codes_never_broken() -> None:
    """Else a page is cut off at the printer's edge, or half a code is taken for a whole one."""
    wide = "very long words of a hospital's own " * 5
    reading = changed(("glucose 5 %", wide.strip()), ("TLR-A-0001", "WARD-7-TLR-A-0001-X99"))
    text = page(reading)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.count("WARD-7-TLR-A-0001-X99") == 2
