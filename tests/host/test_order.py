"""The order that a protocol file names: read, half named, refused by the pump in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import report_fixture

from pump.protocol import protocol as device
from pump.tables import refusals
from toleramp import cli
from toleramp.errors import Refused
from toleramp.protocol import chart, chart_pdf
from toleramp.protocol.chart_html import css_text
from toleramp.protocol.file import compile_file, read_file
from toleramp.protocol.order import key_of, words
from toleramp.protocol.table import table
from toleramp.report import build, html, summary
from toleramp_bench.places import standard_protocol

pytestmark = pytest.mark.req("SES-15")

NAMED = 'order_id = "RX-4711"\ncycle = 3\npatient_id = "P-0815"\n'


def written(folder: Path, lines: str) -> Path:
    """The standard protocol with more keys in [protocol]."""
    text = standard_protocol().read_text()
    file = folder / "a.toml"
    file.write_text(text.replace("[protocol]\n", f"[protocol]\n{lines}", 1))
    return file


def fault(folder: Path, lines: str) -> str:
    """The one line that reading it ends with."""
    reading = read_file(written(folder, lines))
    assert reading.protocol is None and len(reading.faults) == 1
    return str(reading.faults[0])


def test_the_compiled_form_carries_the_order_and_the_digest_covers_it(tmp_path: Path) -> None:
    """Else the pump does not know what it gives, or two people sign another order than the pump books."""
    blob, protocol = compile_file(written(tmp_path, NAMED))
    assert protocol.order == key_of("RX-4711", 3, "P-0815") and len(protocol.order) == 16
    assert device.decode(bytearray(blob)).order == protocol.order
    assert b"4711" not in blob and b"0815" not in blob, "number and patient do not lie in the pump in clear"
    other, _ = compile_file(written(tmp_path, NAMED.replace("cycle = 3", "cycle = 4")))
    plain, without = compile_file(written(tmp_path, ""))
    assert without.order is None and len({blob, other, plain}) == 3


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('order_id = "RX-4711"\n', 'patient_id is missing: an order is known by its number and its patient'),
        ('patient_id = "P"\n', "order_id is missing"),
        ("cycle = 3\n", "order_id is missing"),
        ('order_id = "--"\npatient_id = "P"\n', "order_id '--' has no letter and no digit"),
        (NAMED.replace("cycle = 3", "cycle = 0"), "cycle: 0 is out of range"),
        (NAMED.replace("cycle = 3", 'cycle = "3"'), "is not a whole number"),
        (NAMED + 'birth_date = "02.04.1968"\n', "birth date '02.04.1968' is no date; write year-month-day"),
        (NAMED + 'birth_date = "19680402"\n', "birth date '19680402' is no date"),
        ('order_id = "R\u0425-1"\npatient_id = "P"\n', "a letter of the Cyrillic alphabet that looks like X"),
        ('order_id = "\u0420-1"\npatient_id = "P"\n', "'\u0420', a letter of the Cyrillic alphabet that looks like P"),
        ('order_id = "R"\npatient_id = "\u0391-1"\n', "has '\u0391', a letter of the Greek alphabet that looks like A"),
        ('order_id = "R\u0416-1"\npatient_id = "P"\n', "has letters of two alphabets"),
        (NAMED + 'birth_date = "1868-04-02"\n', "is not of a living patient"),
        (NAMED + 'birth_date = "2999-01-01"\n', "is not of a living patient"),
        ('orderid = "RX-4711"\n', "did you mean order_id"),
    ],
)  # fmt: skip
def test_what_does_not_name_an_order_is_one_line(tmp_path: Path, lines: str, said: str) -> None:
    """Else half an order is a new one each time, or a typing error is none."""
    assert said in fault(tmp_path, lines)


def test_chart_table_and_verify_say_the_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a typing error in it is on no page that anybody checks, or somebody writes another cycle on the chart."""
    file = written(tmp_path, NAMED.replace("cycle = 3\n", ""))
    chart = tmp_path / "chart.html"
    cli.main(["protocol", "table", str(file), "--chart", str(chart)])
    assert "order RX-4711, cycle 1, patient P-0815" in capsys.readouterr().out
    assert "Cycle: 1" in " ".join(re.sub("<[^>]*>", " ", chart.read_text()).split())
    cli.main(["protocol", "table", str(file), "--json"])
    named = {"order_id": "RX-4711", "cycle": 1, "patient_id": "P-0815"}
    assert json.loads(capsys.readouterr().out)["for_order"] == named
    cli.main(["protocol", "verify", str(file)])
    said = capsys.readouterr().out
    assert "order RX-4711, cycle 1, patient P-0815" in said
    assert "the signatures cover: protocol: order" not in said, "the pump gets it"


def test_labels_of_another_patient_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the bags bear one patient's name and the pump books another's order."""
    file, labels = written(tmp_path, NAMED), tmp_path / "labels.html"
    words_ = ["protocol", "prepare", str(file), "--labels", str(labels), "--patient", "Eva Muster"]
    assert cli.main([*words_, "--patient-id", "P-9999"]) == 2
    assert "the order is for patient P-0815" in capsys.readouterr().err and not labels.exists()
    assert cli.main([*words_, "--patient-id", "p 0815"]) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-1-12", "2026-11-2"),
        ("12-3", "1-23"),
        ("RX-1.1", "RX-11"),
        ("PL-7", "PI-7"),
        ("R12-3", "R1-23"),
        ("R10-3", "R103"),
        ("\u0418\u0432\u0430\u043d\u043e\u0432", "\u0418\u0432\u0430\u043d"),
        ("\u0928\u0940", "\u0928\u093e"),
    ],
)
def test_two_numbers_are_two_orders(one: str, other: str) -> None:
    """Else one patient's dose blocks another's."""
    assert key_of(one, 1, "P") != key_of(other, 1, "P") and key_of("R", 1, one) != key_of("R", 1, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RX-\u0664\u0667", "RX-47"), ("2026-1-12", "2026 1.12"), ("rx\u00ad47", "RX-47"), ("RX-47l1", "RX-4711"),
        ("RX-47I1", "RX-4711"), ("RX-4O11", "RX-4011"), ("RX-l", "RX-1"), ("O-1", "0-1"), ("PO-1", "P0-1"),
        ("PO-1", "PO1"), ("1l-3", "11-3"), ("RX-47|1", "RX-4711"), ("trial-12", "Trial 12"), ("Trial12", "trial-12"),
        ("4711l", "47111"),
    ],
)  # fmt: skip
def test_one_number_is_one_order_however_it_is_typed(one: str, other: str) -> None:
    """Else the same dose is given again for another keyboard."""
    assert key_of(one, 1, "P") == key_of(other, 1, "P")


def test_a_name_in_another_alphabet_is_taken(tmp_path: Path) -> None:
    """Else a ward that writes in Cyrillic cannot name its patients."""
    name = "\u0418\u0432\u0430\u043d\u043e\u0432-7"
    assert not read_file(written(tmp_path, f'order_id = "4711"\npatient_id = "{name}"\n')).faults


def test_without_a_cycle_it_is_the_first(tmp_path: Path) -> None:
    """Else leaving the cycle out makes a new order of the first one."""
    _, protocol = compile_file(written(tmp_path, NAMED.replace("cycle = 3\n", "")))
    assert protocol.order == key_of("RX-4711", 1, "P-0815")


def test_order_and_its_absence_are_said(tmp_path: Path) -> None:
    """Else nobody notices that the file names none."""
    head = read_file(written(tmp_path, NAMED)).content["protocol"]
    assert words(head) == "order RX-4711, cycle 3, patient P-0815"
    assert words({}).startswith("no order named")


@pytest.mark.parametrize(("ppm", "share"), [(1_000_000, "100 %"), (763_400, "76.34 %"), (0, "0 %"), (20, "0.002 %")])
def test_the_refusal_says_how_much_was_given_and_what_helps(ppm: int, share: str) -> None:
    """Else people load another copy of the file, again and again."""
    line = str(Refused(refusals.ORDER_GIVEN, 0, ppm, "the protocol"))
    assert f"this pump has given some of this order before, {share} at least" in line and "the next cycle" in line


def test_new_takes_the_order_as_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else every protocol that the tool writes is without one."""
    words_ = ["--template", "bwh-12", "--drug", "x", "--dose-mg", "500", "--max-hold-min", "60"]
    words_ += ["--line-dead-volume-ml", "0.2", "--primed-with", "solution", "-o", str(tmp_path / "a.toml")]
    assert cli.main(["protocol", "new", *words_, "--order-id", "RX-1"]) == 2
    assert "--order-id, --patient-id" in capsys.readouterr().err and not (tmp_path / "a.toml").exists()
    assert cli.main(["protocol", "new", *words_, "--order-id", "RX-1", "--patient-id", "P-1", "--cycle", "2"]) == 0
    assert compile_file(tmp_path / "a.toml")[1].order == key_of("RX-1", 2, "P-1")


ORAL = ["--template", "oral", "--drug", "x", "--dose-mg", "4", "--shares", "1,1,2", "--max-hold-min", "60"]
WHO = ["--order-id", "RX-4711", "--cycle", "2", "--patient-id", "P-0815", "--birth-date", "1968-04-02"]
SAID = "order RX-4711, cycle 2, patient P-0815, born 1968-04-02"


@pytest.mark.req("SES-13", "PRO-9")
@pytest.mark.parametrize("verb", ["table", "prepare"])
def test_pages_of_single_doses_bear_order_and_patient(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a sheet of doses lies beside another patient's, and nothing on it says whose it is."""
    file = tmp_path / "o.toml"
    assert cli.main(["protocol", "new", *ORAL, *WHO, "--route", "SC", "-o", str(file)]) == 0
    assert "3 single doses (under the skin), 45 min" in capsys.readouterr().out
    assert cli.main(["protocol", verb, str(file)]) == 0
    said = capsys.readouterr().out
    assert SAID in said and "mouth" not in said.lower() and "single doses (under the skin)" in said.lower()


@pytest.mark.req("SES-13", "PRO-8", "PRO-9")
def test_sheet_and_labels_of_bags_bear_order_and_patient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else two patients' bags stand on one bench, told apart by their drug alone."""
    file, labels = written(tmp_path, NAMED + 'birth_date = "1968-04-02"\n'), tmp_path / "l.html"
    words_ = ["protocol", "prepare", str(file), "--labels", str(labels), "--force"]
    assert cli.main(words_) == 0
    assert "order RX-4711, cycle 3, patient P-0815, born 1968-04-02" in capsys.readouterr().out
    page = labels.read_text("utf-8")
    assert page.count("P-0815    \u00b7    born 1968-04-02    \u00b7    order RX-4711, cycle 3") == 3
    assert "Patient <span" in page and "Born <span" not in page
    assert cli.main([*words_, "--patient", "Eva Muster", "--patient-id", "P-0815", "--patient-id", "x " * 25]) == 0
    assert "born 1968-04-02" in labels.read_text("utf-8"), "what has no room any more is left out, never an identifier"
    capsys.readouterr()
    assert cli.main(["protocol", "prepare", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["for_order"]["patient_id"] == "P-0815"


@pytest.mark.req("SES-13", "PRO-8")
def test_each_page_of_a_chart_says_whose_it_is_and_how_many_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the second page of one patient's chart goes on with another's."""
    file = written(tmp_path, NAMED)
    dates = 'prepared_at = "2026-11-22T08:00:00Z"\nexpires_h = 30'
    file.write_text(file.read_text("utf-8").replace("drug_mg = 5.0", f"drug_mg = 5.0\n{dates}"), "utf-8")
    cli.main(["protocol", "table", str(file), "--chart", str(tmp_path / "c.html"), "--now", "2026-11-22T09:00:00Z"])
    page = (tmp_path / "c.html").read_text("utf-8")
    foot = next(line for line in page.splitlines() if line.startswith("@page"))
    assert "order RX-4711, cycle 3, patient P-0815" in foot and 'counter(page) " of " counter(pages)' in foot
    assert "EXPIRES 2026-11-23 14:00" in page
    reading = read_file(file)
    assert reading.protocol
    made = chart.make(reading, reading.protocol, table(reading.protocol, "X"), ("ok", "not approved", "notice"))
    figures = chart_pdf._figures(made)
    for number, figure in enumerate(figures, 1):
        texts = [each.get_text() for each in figure.texts]
        assert made.named in texts and f"page {number} of {len(figures)}" in texts
    assert len(figures) > 1


def test_the_foot_of_a_chart_cannot_break_its_style_sheet() -> None:
    """Else a patient's name with a quotation mark takes the foot off every page."""
    assert css_text('a"b\\c') == "a\\22 b\\5c c" and css_text("P-08, 1.5") == "P-08, 1.5"


@pytest.mark.req("SES-9", "SES-13")
def test_the_session_report_says_whose_it_was() -> None:
    """Else a report without a name is filed with the wrong patient."""
    named = {"order_id": "RX-4711", "cycle": 3, "patient_id": "P-0815"}
    report = build(report_fixture.clean(for_order=named).records)
    assert "order RX-4711, cycle 3, patient P-0815" in html(report) and "<dd>P-0815</dd>" in html(report)
    assert summary(report)["for_order"] == named
    assert summary(build(report_fixture.clean().records))["for_order"] is None
