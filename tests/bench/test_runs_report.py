"""The report on evidence: nothing is skipped in silence, and what is damaged is one line or one row."""

import argparse
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toleramp.commands import report as command
from toleramp.errors import UserError
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import Ran, execute
from toleramp_bench.runs.folder import write_folder
from toleramp_bench.runs.report import REQUIREMENTS, build, html, read_runs, summary
from toleramp_bench.runs.report.library import id_order, read_library, read_requirements, yaml_texts
from toleramp_bench.runs.report.words import show
from toleramp_bench.scenario.model import Expect, Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

SOURCE = ROOT / "hil_tests" / "scenarios" / "standard-session.toml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Twelve steps at 1/250."""
    return read_scenario(SOURCE)


@pytest.fixture(scope="module")
def ran(scenario: Scenario) -> Ran:
    """Its run on the core."""
    return execute(scenario, CoreTarget())


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two scenarios, of which the second never runs."""
    folder = tmp_path / "library"
    folder.mkdir()
    shutil.copy(SOURCE, folder)
    (folder / "later.toml").write_text('format = 1\nname = "later <i>on</i>"\nshows = ["SES-9"]\ntargets = ["core"]\n')
    return folder


def write(out: Path, scenario: Scenario, ran: Ran, plots: bool = False) -> Path:
    return write_folder(out, scenario, ran.recording, ran.document, ran.plant, ran.wall_s, ran.seed, plots=plots)


def on_target(ran: Ran, target: str, **changes: Any) -> Ran:
    """The run as if another target had run it."""
    document = {**ran.document, "target": target, **changes}
    return replace(ran, document=document, recording=replace(ran.recording, target=target))


def missed(ran: Ran) -> Ran:
    row = {"text": "delivered <b>more</b>", "met": False, "why": "it is <2"}
    return replace(ran, document={**ran.document, "passed": False, "expectations": [row]})


def run(*args: str | Path) -> int:
    """`toleramp report ARGS`."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["report", *map(str, args)])
    return int(parsed.func(parsed))


def told(out: Path, library: Path) -> dict[str, Any]:
    """The report on a folder as its JSON document, which must be JSON."""
    document: dict[str, Any] = json.loads(json.dumps(summary(build(read_runs([out]), library, REQUIREMENTS))))
    return document


def rows(document: dict[str, Any], key: str, name: str) -> dict[str, dict[str, Any]]:
    return {row[name]: row for row in document[key]}


# -- what it tells


@pytest.mark.req("TST-1")
def test_scenarios_by_target_with_when_and_where(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, ran)
    document = told(tmp_path / "out", library)
    found = rows(document, "scenarios", "scenario")
    core = found["standard-session"]["targets"]["core"]
    assert core["status"] == "passed" and core["hardware"].startswith("core on CPython; ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", core["date"]) and core["final_state"] == "completed"
    assert [row["met"] for row in core["expectations"]] == [True] * len(scenario.expects)
    assert found["standard-session"]["targets"]["rp2040"] == {"status": "not run", "date": None}
    later = {target: cell["status"] for target, cell in found["later"]["targets"].items()}
    assert later == {"core": "not run", "unix": "left out", "rp2040": "left out", "rig": "left out"}
    assert document["good"] and document["counts"]["passed"] == 1


@pytest.mark.req("TST-1")
def test_a_scenario_that_never_ran_is_named(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, ran)
    page = html(build(read_runs([tmp_path / "out"]), library, REQUIREMENTS))
    row = page[page.index(">later<small>") :]
    assert "not run<small>never</small>" in row[: row.index("</tr>")]


@pytest.mark.req("TST-1")
def test_every_requirement_has_its_line(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, ran)
    items = read_requirements(REQUIREMENTS)
    document = told(tmp_path / "out", library)
    found = rows(document, "requirements", "id")
    assert set(found) == {uid for uid in items if not uid.startswith("HAZ-")} and list(found) == sorted(
        found, key=id_order
    )
    for uid in scenario.shows:
        assert found[uid]["scenarios"]["standard-session"]["core"] == "passed"
        assert found[uid]["standing"] == ("shown" if items[uid].status == "active" else "partly shown")
    assert found["SES-9"]["scenarios"]["later"]["core"] == "not run"
    assert all(item["standing"] != "shown" for item in found.values() if item["status"] == "open")


@pytest.mark.req("TST-1")
def test_open_requirements_are_listed_with_what_is_missing(
    tmp_path: Path, library: Path, scenario: Scenario, ran: Ran
) -> None:
    waiting = replace(scenario, uses_open=("pin SES-12", "press.who SES-12"))
    document = {**ran.document, "passed": False, "open": list(waiting.uses_open)}
    write(tmp_path / "out", waiting, replace(ran, document=document))
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    told_ = json.loads(json.dumps(summary(report)))
    still_open = {uid for uid, item in read_requirements(REQUIREMENTS).items() if item.status == "open"}
    assert {uid for uid in still_open if not uid.startswith("HAZ-")} <= set(told_["open"])
    pins = rows(told_, "requirements", "id")["SES-12"]
    assert pins["waiting"] == ["standard-session"] and pins["standing"] != "shown"
    assert rows(told_, "scenarios", "scenario")["standard-session"]["targets"]["core"]["status"] == "open"
    assert "open: pin SES-12" in html(report) and report.good


@pytest.mark.req("TST-1")
def test_a_miss_shows_why_and_fails(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, missed(ran))
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    page = html(report)
    assert not report.good and report.count("failed") == 1
    assert "delivered &lt;b&gt;more&lt;/b&gt;" in page and "it is &lt;2" in page
    found = rows(summary(report), "requirements", "id")
    assert all(found[uid]["standing"] == "failed" for uid in scenario.shows)


@pytest.mark.req("TST-1")
def test_targets_that_differ_are_told(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    out = tmp_path / "out"
    for other in (ran, on_target(ran, "unix"), on_target(ran, "rig", final_state="fault")):
        write(out, scenario, other)
    document = told(out, library)
    (found,) = rows(document, "scenarios", "scenario")["standard-session"]["differences"]
    assert (found["one"], found["other"]) == ("core", "rig") and not document["good"]
    assert found["lines"] == ["final state: completed on core, fault on rig"]


def test_runs_of_another_seed_or_file_are_not_compared(
    tmp_path: Path, library: Path, scenario: Scenario, ran: Ran
) -> None:
    write(tmp_path / "out", scenario, ran)
    write(tmp_path / "out", scenario, replace(on_target(ran, "unix", final_state="held"), seed=2))
    write(tmp_path / "out", replace(scenario, text="other"), on_target(ran, "rig", final_state="held"))
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    row = next(row for row in report.rows if row.stem == "standard-session")
    assert [found.lines[0][:20] for found in row.differences] == ["not compared: seeds ", "not compared: the sc"]
    assert row.notes == ["the file has changed since it ran on rig"]


def test_the_newest_run_counts(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    for folder, date, run_ in (("a", "2026-11-22T08:00:00Z", ran), ("b", "2026-11-21T08:00:00Z", missed(ran))):
        path = write(tmp_path / folder, scenario, run_) / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "date": date}))
    report = build(read_runs([tmp_path / "a", tmp_path / "b", tmp_path / "a"]), library, REQUIREMENTS)
    cell = next(row for row in report.rows if row.stem == "standard-session").cells[0]
    assert (cell.status, cell.older) == ("passed", 1)
    assert "1 older run(s)" in html(report)


# -- the page


@pytest.mark.req("TST-1")
def test_names_cannot_break_the_page(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    odd = replace(scenario, name="<script>alert(1)</script>", path=Path('"><img src=x>.toml'))
    document = {**ran.document, "final_state": "<u>", "steps": [{"<s>": "<s>"}]}
    write(tmp_path / "out", odd, replace(ran, document=document))
    page = html(build(read_runs([tmp_path / "out"]), library, REQUIREMENTS))
    for text in ("<script", "<img src=x", "<u>", "<s>", "<i>on"):
        assert text not in page
    assert "&lt;script&gt;alert(1)" in page and "later &lt;i&gt;on" in page


def test_the_page_stands_alone(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, ran, plots=True)
    page = html(build(read_runs([tmp_path / "out"]), library, REQUIREMENTS))
    sources = re.findall(r'(?:src|href)="(?!#)([^"]{0,30})', page)
    assert len(sources) == 2 and all(text.startswith("data:image/png;base64,") for text in sources)
    anchors, ids = set(re.findall(r'href="#([^"]+)"', page)), re.findall(r'\bid="([^"]+)"', page)
    assert anchors == set(ids) and len(ids) == len(set(ids))
    assert "--ink" in page, "the style of the session report"
    assert page.count('<tr><td class="number">') == len(ran.document["steps"])


def test_numbers_are_shown_without_powers_of_ten() -> None:
    assert [show(v) for v in (4e-05, 2.0, 0.0, 12, None, "", "x")] == ["0.00004", "2", "0", "12", "–", "–", "x"]


# -- the command


@pytest.mark.req("TST-1")
def test_the_command_writes_a_page_and_answers(
    tmp_path: Path, library: Path, scenario: Scenario, ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    folder = write(out, scenario, ran)
    assert run(out, "--library", library) == 0
    assert (out / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert run(folder, "--library", library, "-o", tmp_path / "one.html") == 0 and (tmp_path / "one.html").exists()
    write(out, scenario, missed(ran))
    capsys.readouterr()
    assert run(out, "--library", library, "--json") == 1
    assert json.loads(capsys.readouterr().out)["counts"]["failed"] == 1


@pytest.mark.req("TST-1")
@pytest.mark.parametrize("kind", ["empty", "other", "missing", "log"])
def test_a_folder_without_evidence_is_one_line(kind: str, tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "good", scenario, ran)
    place = tmp_path / kind
    if kind in ("empty", "other"):
        (place / "deep").mkdir(parents=True)
    if kind == "other":
        (place / "deep" / "notes.txt").write_text("no evidence")
    if kind == "log":
        place.write_text("{}")
    with pytest.raises(UserError) as error:
        run(tmp_path / "good", place)
    line = str(error.value)
    assert str(place) in line and "\n" not in line and "scenario run" in line


def test_a_half_written_folder_is_no_evidence(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    folder = write(tmp_path / "out", scenario, ran)
    shutil.copytree(folder, folder.with_name(".standard-session.1.new"))
    assert [run_.folder for run_ in read_runs([tmp_path / "out"])] == [folder]


def test_options_that_do_not_fit_are_one_line(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    out = tmp_path / "out"
    write(out, scenario, ran)
    (tmp_path / "a.jsonl").write_text("{}")
    for args in (
        [out, "--csv", tmp_path / "x"],
        [tmp_path / "a.jsonl", tmp_path / "a.jsonl"],
        [tmp_path / "a.jsonl", "--library", tmp_path],
        [out, "-o", tmp_path / "no" / "such.html"],
    ):
        with pytest.raises(UserError) as error:
            run(*args)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["library", "requirements"])
def test_what_cannot_be_told_is_said(name: str, tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", scenario, ran)
    places = {"library": library, "requirements": REQUIREMENTS} | {name: tmp_path / "none"}
    report = build(read_runs([tmp_path / "out"]), places["library"], places["requirements"])
    assert len(report.notes) == 1 and report.notes[0] in html(report).replace("&#39;", "'")
    assert {item.id for item in report.requirements} >= set(scenario.shows)


# -- what is damaged

DAMAGE: dict[str, tuple[str, Any]] = {
    "no-result": ("result.json", None),
    "no-run": ("run.json", None),
    "half": ("result.json", '{"passed": tr'),
    "list": ("result.json", "[]"),
    "empty": ("run.json", ""),
    "deep": ("result.json", "[" * 100_000),
    "binary": ("run.json", b"\xff\xfe\x00"),
    "no-verdict": ("result.json", {"passed": "yes"}),
    "no-steps": ("result.json", {"steps": None}),
    "odd-event": ("result.json", {"events": [1]}),
    "a-lie": ("result.json", {"expectations": [{"text": "x", "met": False}]}),
    "newer": ("run.json", {"format": 2}),
    "odd-scenario": ("run.json", {"scenario": 5, "format": None}),
}


@pytest.mark.req("TST-1")
@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_a_row_never_a_pass(name: str, tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    folder = write(tmp_path / "out", scenario, ran)
    path, content = folder / DAMAGE[name][0], DAMAGE[name][1]
    if content is None:
        path.unlink()
    elif isinstance(content, dict):
        path.write_text(json.dumps({**json.loads(path.read_text()), **content}))
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    (cell,) = (cell for row in report.rows for cell in row.cells if cell.run)
    assert cell.status == "damaged" and not report.good and "damaged: " in html(report)
    assert json.dumps(summary(report))


@pytest.mark.req("TST-1")
def test_a_run_that_was_broken_off_is_a_word_of_its_own(
    tmp_path: Path, library: Path, scenario: Scenario, ran: Ran
) -> None:
    """Else what Ctrl-C ended looks like a pump that failed."""
    document = {**ran.document, "passed": False, "interrupted": True}
    write(tmp_path / "out", scenario, replace(ran, document=document))
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    assert report.count("interrupted") == 1 and report.count("failed") == 0 and not report.good
    assert summary(report)["counts"]["interrupted"] == 1 and "1 interrupted" in html(report)


@pytest.mark.parametrize("value", [None, "x", -1, True, [], {}, [[]]])
@pytest.mark.parametrize(
    "key",
    ["date", "host", "firmware", "sha256", "source", "seed", "wall_s", "scenario", "packages", "target", "passed"],
)
def test_no_field_of_run_json_breaks_the_page(
    key: str, value: Any, tmp_path: Path, library: Path, scenario: Scenario, ran: Ran
) -> None:
    path = write(tmp_path / "out", scenario, ran) / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    report = build(read_runs([tmp_path / "out"]), library, REQUIREMENTS)
    assert html(report) and json.dumps(summary(report)) and report.count("passed") == 1


def test_what_was_changed_after_the_run_is_said(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    folder = write(tmp_path / "out", scenario, ran)
    (folder / "scenario.toml").write_text("other")
    (folder / "protocol.tlp").unlink()
    (only,) = read_runs([tmp_path / "out"])
    assert "scenario.toml is not the one that ran" in only.notes[0] and "protocol.tlp cannot be read" in only.notes[1]
    assert only.notes[0] in html(build([only], library, REQUIREMENTS))


def test_a_scenario_file_that_cannot_be_read_is_a_note(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "odd.toml").write_bytes(b"\xff = [")
    (folder / "plain.toml").write_text("name = 3\nshows = 4\ntargets = 'rig'")
    odd, plain = read_library(folder)
    assert odd.fault.startswith("cannot be read") and (plain.name, plain.shows, plain.targets) == (
        "plain",
        (),
        ("rig",),
    )
    write(tmp_path / "out", scenario, ran)
    assert "the file cannot be read" in html(build(read_runs([tmp_path / "out"]), folder, REQUIREMENTS))


def test_an_id_that_does_not_exist_is_listed(tmp_path: Path, library: Path, scenario: Scenario, ran: Ran) -> None:
    write(tmp_path / "out", replace(scenario, path=Path("odd.toml"), shows=("XYZ-7", "HAZ-1")), ran)
    found = rows(told(tmp_path / "out", library), "requirements", "id")
    assert found["XYZ-7"]["text"] == "(no such requirement)" and found["HAZ-1"]["scenarios"]


def test_requirements_are_read_as_yaml_reads_them() -> None:
    yaml = pytest.importorskip("yaml")
    paths = [path for path in REQUIREMENTS.glob("*/*.yml") if not path.name.startswith(".")]
    assert len(paths) > 60
    for path in paths:
        text = path.read_text(encoding="utf-8")
        whole = {key: " ".join(str(value or "").split()) for key, value in yaml.safe_load(text).items()}
        mine = yaml_texts(text)
        assert [mine.get(key, "") for key in ("text", "status", "note", "source")] == [
            whole.get(key, "") for key in ("text", "status", "note", "source")
        ]


def test_an_unmet_expectation_of_a_real_run_fails_the_report(tmp_path: Path, library: Path, scenario: Scenario) -> None:
    wrong = replace(scenario, expects=(Expect("event", "locked", {}, "locked"),))
    write(tmp_path / "out", wrong, execute(wrong, CoreTarget()))
    assert run(tmp_path / "out", "--library", library) == 1
