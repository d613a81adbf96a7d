"""The chart for the bedside: what is printed agrees with the page, what is to be written has room, the bytes stay."""

from __future__ import annotations

import html
import re
from datetime import datetime
from pathlib import Path

import matplotlib
import pytest
from test_protocol_new import new, no_terminal
from test_protocol_page import cells

import toleramp
from toleramp import cli
from toleramp.protocol import chart_pdf
from toleramp.protocol.chart import EMPTY_ROWS, TO_WRITE, Chart, make
from toleramp.protocol.file import read_file
from toleramp.protocol.table import table
from toleramp.report import letters

__all__ = ["no_terminal"]  # for every test here
SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
WORDS = ("ACCEPTED: 0 errors, 0 warnings", "approval: not approved: nobody has signed it", "for the bench")
START = "2026-11-29T08:00:00+01:00"
PREMEDICATION = "cetirizine, 10 mg PO + famotidine, 20 mg IV, 30"


def written(file: Path, target: Path, *words: str) -> int:
    """`protocol table --chart`."""
    return cli.main(["protocol", "table", str(file), "--chart", str(target), *words])


def chart_of(file: Path, start: str | None = None) -> Chart:
    """The chart of a file, as `--chart` draws it."""
    reading = read_file(file)
    assert reading.protocol, reading.faults
    moment = datetime.fromisoformat(start) if start else None
    return make(reading, reading.protocol, table(reading.protocol, "SPF5YJZZ"), WORDS, moment)


def texts(page: str) -> str:
    """What is read on a page of HTML."""
    bare = re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare))


def drawn(chart: Chart) -> list[str]:
    """What is read on each page of the PDF."""
    with matplotlib.rc_context(chart_pdf._STYLE):
        return ["\n".join(text.get_text() for text in figure.texts) for figure in chart_pdf._figures(chart)]


@pytest.mark.req("PRO-9", "SES-13")
def test_the_chart_has_the_steps_of_the_page_and_fields_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else another plan is on the wall than the one that two people checked, or people write in the margin."""
    assert written(SAMPLE, tmp_path / "c.html") == 0
    said, page = capsys.readouterr().out, (tmp_path / "c.html").read_text("utf-8")
    chart = chart_of(SAMPLE)
    steps = [row.cells for row in chart.rows if row.kind == "step"]
    assert [(c[0], c[1], c[2], c[4], c[5], c[7]) for c in steps] == [
        (f"{row[0]} {row[1]}", row[2], row[3], row[5], row[6], row[7]) for row in cells(said)
    ]
    for step in steps:
        assert "".join(f"<td>{cell}</td>" for cell in step) + "<td></td>" * len(TO_WRITE) in page
    for title in (*TO_WRITE, "Patient:", "Identifier:", "Born:", "hung at, zone", "checked by, and by"):
        assert title in texts(page)
    assert page.count("hold, repeated or inserted step:") == EMPTY_ROWS and page.count("hang bag ") == 3


@pytest.mark.req("PRO-1", "PRO-9")
def test_every_page_carries_fingerprint_verdict_and_approval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a chart of a refused protocol hangs at a bed."""
    assert written(SAMPLE, tmp_path / "c.html") == 0
    text = texts((tmp_path / "c.html").read_text("utf-8"))
    assert "Fingerprint SPF5YJZZ" in text and "ACCEPTED: 0 errors" in text and "nobody has signed it" in text
    assert "NOT TO BE USED" not in text
    broken = tmp_path / "b.toml"
    broken.write_text(SAMPLE.read_text("utf-8").replace("rate_ml_h = 80.0", "rate_ml_h = 800.0"), "utf-8")
    assert written(broken, tmp_path / "b.html") == 1
    assert "NOT TO BE USED. REFUSED: " in texts((tmp_path / "b.html").read_text("utf-8"))
    pages = drawn(chart_of(SAMPLE))
    assert len(pages) >= 2 and all("fingerprint SPF5YJZZ" in page and "ACCEPTED" in page for page in pages)
    assert "nobody has signed it" in pages[0].replace("\n", " ")


@pytest.mark.req("PRO-8", "PRO-9")
def test_every_time_of_day_has_its_zone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else 08:00 is an hour off on the night when the clocks change."""
    assert written(SAMPLE, tmp_path / "c.html", "--now", START) == 0
    text = texts((tmp_path / "c.html").read_text("utf-8"))
    assert "2:45 = 10:45 +01:00" in text and "planned start 2026-11-29 08:00 +01:00" in text
    assert not re.search(r"= \d\d:\d\d(?! [+-]\d\d:\d\d)", text)
    named = tmp_path / "z.toml"
    named.write_text(SAMPLE.read_text("utf-8").replace("route =", 'ward_zone = "Europe/Berlin"\nroute ='), "utf-8")
    rows = [row.cells for row in chart_of(named, "2026-10-25T00:00:00+02:00").rows if row.kind == "step"]
    assert rows[0][3] == "0:00 = 00:00 +02:00" and rows[-1][3] == "2:45 = 02:45 +02:00"


@pytest.mark.req("SES-2", "SES-13")
def test_observations_and_premedication_stand_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the last step runs for three hours and nobody is asked to look."""
    file = tmp_path / "a.toml"
    words = ["--premedication", PREMEDICATION, "--observe-every-min", "15", "--observe-last-every-min", "30"]
    assert new(file, "--dose-mg", "500", *words) == 0
    chart = chart_of(file)
    observed = [row.cells[0] for row in chart.rows if row.kind == "observe"]
    assert observed == [f"observe at {at}" for at in ("3:15", "3:45", "4:15", "4:45", "5:15")]  # 174 min from 2:45
    assert chart.premedication == ("cetirizine 10 mg PO and famotidine 20 mg IV: wait 30 min",)
    text = " ".join(" ".join(drawn(chart)).split())
    for line in (*observed, *chart.premedication, "SpO2: stop at 92 % or less"):
        assert line in text


@pytest.mark.req("PRO-9")
def test_the_same_file_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody can tell whether the chart at the bed is that of the file."""
    for suffix in ("html", "pdf"):
        for name in ("a", "b"):
            assert written(SAMPLE, tmp_path / f"{name}.{suffix}", "--now", START) == 0
        one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in "ab")
        assert one == two and len(one) > 5000
    assert one.startswith(b"%PDF-") and b"CreationDate" not in one
    page = (tmp_path / "a.html").read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|<script|<link|src=|url\((?!#)", page)
    names = re.findall(r'<pattern id="([^"]*)"', page)
    assert len(names) == len(set(names)) == 3 + 15


@pytest.mark.req("PRO-6")
def test_small_doses_by_mouth_and_long_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a number is broken over two lines, or a chart begins with zeros."""
    file = tmp_path / "a.toml"
    oral = ["--template", "oral", "--drug", "x", "--dose-mg", "0.31", "--first-dose-mg", "0.01", "--max-hold-min", "60"]
    assert cli.main(["protocol", "new", *oral, "-o", str(file)]) == 0
    assert [row.cells[2] for row in chart_of(file).rows] == ["0.01", "0.02", "0.04", "0.08", "0.16"]
    assert written(file, tmp_path / "a.pdf") == 0
    assert new(file, "--force", "--dose-mg", "0.3", "--diluent", "saline " * 5, template="bwh-20") == 0
    chart = chart_of(file)
    assert chart.titles[5] == "nanograms" and "ALL DOSES IN NANOGRAMS" in chart.facts[1]
    text = "\n".join(drawn(chart)).split("\n")
    numbers = [cell for row in chart.rows if row.kind == "step" for cell in row.cells]
    assert set(numbers) <= set(text) and not any(re.match(r"0\.0000", cell) for cell in numbers)


@pytest.mark.req("PRO-6")
def test_a_chart_never_costs_another_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the protocol, or last week's chart, is gone."""
    old = tmp_path / "old.pdf"
    old.write_text("old")
    for target, said in ((old, "the file exists"), (tmp_path / "c.docx", "name a .html or .pdf"), (SAMPLE, ".html")):
        assert written(SAMPLE, target) == 2
        out, error = capsys.readouterr()
        assert out == "" and error.count("\n") == 1 and said in error
    assert old.read_text() == "old" and written(SAMPLE, old, "--force") == 0


@pytest.mark.req("PRO-9")
@pytest.mark.parametrize(("sign", "code"), [("王", "U+738B"), ("ع", "U+0639"), ("\U0001f9ea", "U+1F9EA")])
def test_a_name_that_no_font_can_print_is_refused_for_a_pdf_and_stands_in_html(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, sign: str, code: str
) -> None:
    """Else two patients have the same row of empty boxes for a name, or one that reads from the wrong end."""
    monkeypatch.setattr(letters, "families", lambda: (letters.FIRST,))  # as on a computer without more fonts
    file = tmp_path / "named.toml"
    file.write_text(
        SAMPLE.read_text("utf-8").replace("[protocol]", f'[protocol]\norder_id = "1"\npatient_id = "{sign}1"', 1),
        "utf-8",
    )
    assert written(file, tmp_path / "c.pdf") == 2
    said = capsys.readouterr().err
    assert code in said and "write the chart as .html" in said and not (tmp_path / "c.pdf").exists()
    assert written(file, tmp_path / "c.html") == 0
    assert sign in texts((tmp_path / "c.html").read_text("utf-8"))


@pytest.mark.req("PRO-9")
@pytest.mark.parametrize("name", ["Łukasz Ångström-Đặng", "Ελένη", "Юлия", "≤ µ ± 1½"])
def test_names_of_many_alphabets_stand_in_the_pdf(tmp_path: Path, name: str) -> None:
    """Else the refusal of what cannot be printed takes names with it that can."""
    file = tmp_path / "named.toml"
    text = SAMPLE.read_text("utf-8").replace("[protocol]", f'[protocol]\norder_id = "1"\npatient_id = "{name}"', 1)
    file.write_text(text, "utf-8")
    assert name in " ".join(drawn(chart_of(file)))
    assert not letters.unknown(name)
