"""The session report: its figures are exact, its page stands alone, and a bad log is one line."""

import argparse
import csv
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import report_fixture as fixture

from pump.tables import states
from toleramp.commands import report as command
from toleramp.errors import UserError
from toleramp.report import build, curves, html, summary
from toleramp.report.numbers import exact, show, show_percent, show_span, show_time
from toleramp.report.told import outcome_name

Records = list[dict[str, Any]]


def run(*args: str) -> int:
    """`toleramp report ARGS`."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["report", *args])
    return int(parsed.func(parsed))


def step_cells(page: str) -> list[list[str]]:
    """The cells of the step table."""
    table = page[page.index('<table class="steps">') :]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table[: table.index("</table>")].split("<tbody>")[1], re.S)
    return [[cell.strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)] for row in rows]


def without(records: Records, *kinds: str) -> Records:
    """The log less some kinds of records."""
    return [record for record in records if record["kind"] not in kinds]


@pytest.mark.req("SES-9")
def test_a_clean_run_adds_up_to_the_last_pulse() -> None:
    report = build(fixture.clean().records)
    assert report.course.outcome == states.COMPLETED
    assert report.delivered_ml == 278
    assert report.delivered_mg == 500
    assert report.plan is not None and report.plan.total_mg == 500
    assert [step.cumulative_mg for step in report.steps][:2] == [Fraction(1, 100), Fraction(35, 1000)]
    assert [bag.delivered_ml for bag in report.bags] == [Fraction(37, 4), Fraction(75, 4), 250]
    assert [bag.left_ml for bag in report.bags] == [Fraction(963, 4), Fraction(925, 4), 0]
    assert all(step.deviation_percent == 0 for step in report.steps)
    assert [float(step.mean_rate_ml_h or 0) for step in report.steps] == pytest.approx(fixture.RATES, rel=1e-6)
    assert not report.notes and not report.course.holds


@pytest.mark.req("SES-9")
def test_the_page_shows_planned_and_real_of_each_step() -> None:
    page = html(build(fixture.clean().records))
    rows = step_cells(page)
    assert len(rows) == 12
    assert rows[0][:9] == ["1", "A", "2", "2", "0.5", "0.5", "0.01", "0.01", "0.01"]
    assert rows[0][10:] == ["0:00:00", "0:15:00", "0:15:00", "0 %", "completed"]
    assert rows[11][:10] == ["12", "C", "80", "80", "232.5", "232.5", "461.3", "461.3", "500", "500"]
    assert "500 mg of 500 mg (100 %) delivered in 5 h 41 min." in page  # two bag changes of a minute
    assert "Not a certified medical device." in page and "Bench session" not in page


def test_the_page_stands_alone_and_names_its_pictures() -> None:
    page = html(build(fixture.reacting().records))
    assert page.count("<svg") == 4 and page.count('role="img" aria-label="Line chart') == 4
    loaded = re.findall(r'(?:src|href)="(?!#)([^"]*)"', page)
    assert not loaded and "<script" not in page and "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids)), "two pictures share a name"
    assert "SpO2 between 89 and 99 percent" in page


@pytest.mark.req("SES-9")
def test_a_hold_and_a_repeated_step_are_their_own_rows() -> None:
    report = build(fixture.reacting().records)
    rows = [(step.row.step, step.row.attempt, outcome_name(step.row.outcome)) for step in report.steps]
    assert rows[:6] == [(number, 1, "completed") for number in range(1, 7)]
    assert rows[6:9] == [(7, 1, "interrupted"), (6, 2, "completed"), (7, 2, "completed")]
    assert [step.delivered_ml for step in report.steps[6:9]] == [2, Fraction(5, 2), 5]
    assert report.steps[6].delivered_mg == Fraction(2, 5)
    assert report.steps[8].cumulative_mg == Fraction("0.185") + Fraction("0.2") * Fraction("13.25")
    assert [hold.reaction for hold in report.course.holds] == [False, True]
    assert [hold.decided for hold in report.course.holds] == [3, 6]
    third = report.steps[2]  # a technical hold: the same run goes on, and the hold is no time of flow
    assert (third.hold_ms, third.end_ms - third.start_ms) == (120_000, 17 * 60_000)
    assert third.mean_rate_ml_h == 10
    last = report.steps[-1]
    assert last.retargeted and last.deviation_percent == 0
    assert report.delivered_mg is not None and abs(report.delivered_mg - 500) < Fraction(2, 10_000)  # a pulse of C


def test_holds_are_told_in_words() -> None:
    page = html(build(fixture.reacting().records))
    holds = re.sub(r"<[^>]*>", "|", page[page.index("<h2>Holds") : page.index("<h2>Steps")])
    assert re.search(r"1\|+3\|+0:36:00\|+2 min\|+no valid oximeter signal\|+no reaction recorded", holds)
    assert re.search(
        r"2\|+7\|+1:39:00\|+10 min\|+SpO2 at or below the stop limit\|+reaction\|+continue at step 6",
        holds,
    )
    rows = step_cells(page)
    assert [row[0] for row in rows[6:9]] == ["7", "6, run 2", "7, run 2"]
    assert rows[6][-2:] == ["–", "interrupted"] and rows[-1][-1] == "completed, 232 mL due"


def filled() -> Records:
    """A clean run in which step 5 fills the line from bag B: 1.25 mL, 0.25 mg in them, no dose."""
    table = fixture.protocol()
    table["steps"][4] |= {"kind": "line-fill", "dose_mg": 0.0}
    run = fixture.Run(table, measured=True)
    run.run(1, 12)
    run.finish("completed")
    return run.records


@pytest.mark.req("SES-9", "PRO-7")
def test_a_line_fill_is_volume_and_no_dose() -> None:
    """Else the report says that more than the order was given, and the next cycle is planned on it."""
    report = build(filled())
    assert report.delivered_ml == 278 and report.plan is not None
    assert report.delivered_mg == report.plan.total_mg == Fraction("499.75")
    assert sum(bag.delivered_mg or 0 for bag in report.bags) == report.delivered_mg
    assert sum(bag.planned_mg or 0 for bag in report.bags) == report.plan.total_mg
    assert report.measured_mg is not None and report.measured_mg < 501 - Fraction("0.25")
    told = summary(report)
    assert told["steps"][4]["delivered_mg"] == 0 and told["steps"][4]["line_fill"] is True
    assert told["solutions"][1]["fill_ml"] == 1.25 and told["solutions"][1]["delivered_mg"] == 3.5


@pytest.mark.req("SES-9", "PRO-7")
def test_the_bags_sum_to_their_last_row_and_fills_are_named() -> None:
    """Else the row of all bags disagrees with the bags above it, and nobody knows which is true."""
    page = html(build(filled()))
    assert "499.8 mg of 499.8 mg (100 %) delivered" in page
    assert step_cells(page)[4][-1] == "completed, line-fill: no dose"
    assert "<td>18.75 (1.25 fill)</td>" in page and "<td>278 (1.25 fill)</td><td>278 (1.25 fill)</td>" in page
    short = build([r for r in filled() if r.get("step", 0) < 5])
    assert step_cells(html(short))[4][-1] == "not run, line-fill: no dose"


@pytest.mark.req("SES-9", "PRO-7")
def test_the_dose_curves_stand_still_in_a_line_fill() -> None:
    """Else the picture shows a dose that the table beside it does not have."""
    report = build(filled())
    assert report.plan is not None
    assert curves.delivered_dose(report)[1][-1] == pytest.approx(499.75)
    assert curves.planned_dose(report.plan)[1][-1] < 499.75 + 1e-6
    start, end = curves.row_span(report, 4)
    edges, rates = curves.rates(report, as_dose=True)
    inside = (edges[:-1] >= start) & (edges[1:] <= end)
    assert inside.any() and not rates[inside].any()


def test_measured_stands_beside_the_pumps_word() -> None:
    report = build(fixture.clean(measured=True).records)
    assert report.measured_ml == Fraction("278.278")
    assert report.steps[0].measured_ml == Fraction("0.5005")
    page = html(report)
    assert step_cells(page)[0][4:7] == ["0.5", "0.5", "0.5005"]
    assert "<b>278.3 mL</b>, 500.5 mg" in page and "differs from it by −0.1 %" in page


def test_a_bench_session_says_so() -> None:
    records = fixture.clean(scale=Fraction(1, 50), **{"class": "bench"}).records
    report = build(records)
    assert report.is_bench and report.delivered_mg == 10
    assert "Bench session." in html(report)
    records = fixture.clean(scale=Fraction(1, 50)).records
    assert not build(records).is_bench
    assert build([*records, {"kind": "bench", "target": "rp2040"}]).is_bench
    records[0]["pump"]["mode"] = 1
    assert build(records).is_bench


def cut_in_step_8() -> Records:
    """The clean run up to the middle of step 8."""
    records = fixture.clean().records
    start = next(i for i, r in enumerate(records) if r.get("event") == "step_started" and r["step"] == 8)
    return records[: start + 91]


def test_a_torn_log_is_reported_as_far_as_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fixture.save(tmp_path / "torn.jsonl", cut_in_step_8(), b'{"kind":"status","t_ms":77')
    assert run(str(path), "--json", "-o", str(tmp_path / "torn.html")) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["outcome"] == "running"
    assert len(result["steps"]) == 8 and result["steps"][-1]["outcome"] == "running"
    assert result["delivered_ml"] == pytest.approx(9.25 + 8.75 + 40 * 445 / 3600, abs=1e-4)
    assert any("cut off" in note for note in result["notes"])
    page = (tmp_path / "torn.html").read_text()
    assert "Still running when the record ends" in page
    assert step_cells(page)[8][:4] == ["9", "C", "10", "–"] and step_cells(page)[8][-1] == "not run"


def test_a_lost_line_is_said_and_costs_no_volume() -> None:
    records = fixture.clean().records
    start, end = 6_000_000, 6_400_000  # over the start of a step
    kept = [r for r in records if not start < r.get("t_ms", 0) < end]
    kept.insert(-1, {"kind": "link", "t_ms": start, "what": "lost"})
    report = build(kept)
    assert report.delivered_mg == 500
    (gap,) = report.timeline.gaps
    assert gap.why == "line lost" and start - 5000 <= gap.start_ms <= start and end <= gap.end_ms <= end + 5000
    assert len(report.steps) == 12
    page = html(report)
    assert (
        f"Gaps in the record: 1, {show_span(gap.end_ms - gap.start_ms)} in all." in page
        and "<h2>Gaps in the record" in page
    )


def test_a_start_lost_with_the_line_is_taken_from_the_status() -> None:
    records = [
        r
        for r in fixture.clean().records
        if not (r.get("event") in ("step_started", "step_completed") and r["step"] == 6)
    ]
    report = build(records)
    assert [step.row.step for step in report.steps] == list(range(1, 13))
    assert report.delivered_mg == 500
    assert any("start is missing" in note for note in report.notes)


def test_a_restart_keeps_what_was_delivered() -> None:
    run_ = fixture.Run(fixture.protocol())
    run_.run(1, 2)
    first = run_.records
    run_.records, run_.t_ms, run_.total = [], 10_000, 0
    run_.event("boot")
    run_.run(1, 1)
    run_.finish("stopped", "end")
    report = build(first + run_.records)
    assert report.delivered_ml == Fraction("2.25") and report.course.outcome == states.STOPPED
    assert len(report.timeline.restarts) == 1 and any("uncertain" in note for note in report.notes)


def test_a_fault_and_its_reason_are_the_headline() -> None:
    run_ = fixture.Run(fixture.protocol())
    run_.run(1, 4)
    run_.finish("fault", "over-delivery")
    page = html(build(run_.records))
    assert "Ended by a fault of the device" in page and "reason: more delivered than allowed." in page


def test_without_a_protocol_only_volumes_are_told() -> None:
    records = fixture.clean().records
    records[0] = fixture.session(None)
    report = build(records)
    assert report.delivered_mg is None and report.delivered_ml == 278
    assert [step.bag_name for step in report.steps][::4] == ["1", "2", "3"]
    page = html(report)
    assert "carries no protocol" in page and page.count("<svg") == 2


def test_the_wrong_protocol_is_called_out() -> None:
    records = fixture.clean().records
    records[0]["pump"]["fingerprint"] = "deadbeef"
    assert any("is not the one in the pump (deadbeef)" in note for note in build(records).notes)


def test_names_cannot_break_the_page() -> None:
    table = fixture.protocol(name="<b>$x^2$ & 药")
    table["solutions"][0]["id"] = table["steps"][0]["solution"] = "<i>$A$"
    for step in table["steps"][1:4]:
        step["solution"] = "<i>$A$"
    records = fixture.clean().records
    records[0] = fixture.session(table)
    page = html(build(records))
    assert "&lt;b&gt;$x^2$ &amp; 药" in page and "<b>$x" not in page and "<i>$A" not in page


def test_vital_signs_are_never_joined_across_what_is_invalid() -> None:
    import numpy as np

    from toleramp.report import curves

    report = build(fixture.reacting().records)
    times, values = curves.vitals(report, "spo2")
    hold = (times > 36.01) & (times < 37.9)
    assert hold.any() and np.isnan(values[hold]).all()
    middles, _means, lowest, highest = curves.thin(times, values)
    assert len(middles) < 1000 and np.isnan(lowest[(middles > 36.01) & (middles < 37.9)]).all()
    assert np.nanmin(lowest) == np.nanmin(values) == 89 and np.nanmax(highest) == np.nanmax(values)


def test_csv_and_default_page(tmp_path: Path) -> None:
    path = fixture.save(tmp_path / "run.jsonl", fixture.reacting().records)
    assert run(str(path), "--csv", str(tmp_path / "tables")) == 0
    assert (tmp_path / "run.html").read_text().startswith("<!DOCTYPE html>")
    steps = list(csv.DictReader((tmp_path / "tables/steps.csv").open()))
    assert len(steps) == 14 and steps[7]["attempt"] == "2" and steps[7]["delivered_ml"] == "2.5"
    events = list(csv.DictReader((tmp_path / "tables/events.csv").open()))
    started = [row for row in events if row["event"] == "step_started"]
    assert started[0]["since_start_ms"] == "0" and started[0]["wall"].startswith("2026-11-22T09:01:30.000")
    vitals = list(csv.DictReader((tmp_path / "tables/vitals.csv").open()))
    assert {row["valid"] for row in vitals if row["flags"] == "sensor-off"} == {"0"}


def test_json_alone_prints_one_document_and_writes_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fixture.save(tmp_path / "run.jsonl", fixture.clean().records)
    assert run(str(path), "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["planned_mg"], result["delivered_mg"], result["delivered_ml"]) == (500.0, 500.0, 278.0)
    assert result["steps"][11]["delivered_mg"] == float(Fraction("232.5") * Fraction("1.98426"))
    assert len(result["log_sha256"]) == 64 and not (tmp_path / "run.html").exists()


BAD: dict[str, tuple[bytes | None, str]] = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\n \n", "the file is empty"),
    "binary": (bytes(range(256)) * 40, ""),
    "text": (b"hello\nworld\n", ""),
    "other-json": (b'{"a": 1}\n[2]\n', ""),
    "missing": (None, "there is no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_log_is_one_line(name: str, tmp_path: Path) -> None:
    data, words = BAD[name]
    path = tmp_path / f"{name}.jsonl"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UserError) as error:
        run(str(path))
    line = str(error.value)
    assert words in line and path.name in line and len(line.splitlines()) == 1


def test_a_folder_and_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="folder"):
        run(str(tmp_path))
    path = fixture.save(tmp_path / "run.jsonl", fixture.clean(scale=Fraction(1, 50)).records)
    with pytest.raises(UserError, match="cannot be written"):
        run(str(path), "-o", str(tmp_path / "no" / "such" / "folder.html"))
    with pytest.raises(UserError, match="cannot be written"):
        run(str(path), "-o", str(tmp_path / "run.html"), "--csv", str(path))


def test_no_step_and_a_damaged_protocol_are_one_line(tmp_path: Path) -> None:
    path = fixture.save(tmp_path / "none.jsonl", fixture.clean().records[:1])
    with pytest.raises(UserError, match="no step was started"):
        run(str(path))
    for damage in (
        {"solutions": 3},
        {"steps": [{"step": 1}]},
        {"full_dose_mg": float("nan")},
        {"steps": None},
    ):
        path = fixture.save(tmp_path / "damaged.jsonl", [fixture.session(fixture.protocol() | damage)])
        with pytest.raises(UserError, match="damaged"):
            run(str(path))


@pytest.mark.parametrize("value", [None, "x", -1, 1.5, True, 10**40, [], {}])
@pytest.mark.parametrize("key", ["t_ms", "step", "total_pulses", "pl_pulse", "spo2", "vitals", "seq", "pulses", "arg"])
def test_no_field_of_any_record_can_break_the_report(key: str, value: Any) -> None:
    records = fixture.clean(every_ms=60_000).records
    for record in records[3::7]:
        if key in record:
            record[key] = value
    report = build(records)
    assert json.dumps(summary(report))
    assert report.delivered_ml >= 0


def test_six_hours_at_one_a_second_make_a_small_page(tmp_path: Path) -> None:
    path = fixture.save(tmp_path / "long.jsonl", fixture.reacting(every_ms=1000).records)
    assert run(str(path)) == 0
    assert (tmp_path / "long.html").stat().st_size < 1_000_000


def test_numbers_for_people() -> None:
    assert [show(Fraction(text)) for text in ("0.010", "461.34", "1845.362", "0", "12.5", "100")] == [
        "0.01", "461.3", "1845", "0", "12.5", "100",
    ]  # fmt: skip
    assert show(Fraction(-1, 100000)) == "\u22120.00001" and show(None) == "–"
    assert [show_percent(Fraction(text)) for text in ("0.04", "-0.04", "-1.26", "2")] == [
        "0 %", "0 %", "\u22121.3 %", "+2.0 %",
    ]  # fmt: skip
    assert show_time(20_362_500) == "5:39:22" and show_span(20_362_500) == "5 h 39 min"
    assert exact(0.1) == Fraction(1, 10)
    for wrong in (None, True, float("nan"), float("inf"), "x", []):
        with pytest.raises(ValueError):
            exact(wrong)
