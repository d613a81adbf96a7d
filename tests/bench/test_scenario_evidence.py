"""What a run leaves behind: complete, the same to the byte when it runs again, and never half written."""

import csv
import gzip
import hashlib
import json
import os
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.protocol.protocol import decode
from toleramp.errors import UserError
from toleramp_bench.devices.pulses import RunLog
from toleramp_bench.places import ROOT
from toleramp_bench.plant.assembly import Event
from toleramp_bench.runs import folder as run_folder
from toleramp_bench.runs import plots, provenance, swap
from toleramp_bench.runs.execute import Ran, execute
from toleramp_bench.runs.folder import explain, runs_of, write_folder
from toleramp_bench.scenario.model import LINES_KEPT, Expect, Recording, Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.scenario.words import clock
from toleramp_bench.targets.core import CoreTarget

ALWAYS = {
    "scenario.toml", "protocol.tlp", "result.json", "run.json", "events.jsonl", "pulses.csv", "plant.jsonl",
    "steps.csv", "lines.txt",
}  # fmt: skip
SAME = ALWAYS - {"run.json"}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Twelve steps at 1/250: a tenth of a second of work."""
    return read_scenario(ROOT / "hil_tests" / "scenarios" / "standard-session.toml")


@pytest.fixture(scope="module")
def ran(scenario: Scenario) -> Ran:
    """Its run on the core."""
    return execute(scenario, CoreTarget())


def write(out: Path, scenario: Scenario, ran: Ran, plots: bool = False) -> Path:
    return write_folder(out, scenario, ran.recording, ran.document, ran.plant, ran.wall_s, ran.seed, plots=plots)


def contents(folder: Path, names: set[str] = SAME) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


# -- what is in it


@pytest.mark.req("TST-1", "INT-5")
def test_a_run_leaves_everything_that_is_needed_to_judge_it(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    folder = write(tmp_path, scenario, ran)
    assert folder == tmp_path / "core" / "standard-session"
    assert {path.name for path in folder.iterdir()} == ALWAYS
    assert (folder / "scenario.toml").read_text() == scenario.text
    assert len(decode(bytearray((folder / "protocol.tlp").read_bytes())).steps) == 12
    document = json.loads((folder / "result.json").read_text())
    assert document["passed"] and document == ran.document and "wall_s" not in document
    records = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert records == ran.recording.records
    swaps = [json.loads(line) for line in (folder / "plant.jsonl").read_text().splitlines()]
    assert [row["value"] for row in swaps if row["kind"] == "bag_swapped"] == ["A", "B", "C"]
    steps = list(csv.DictReader((folder / "steps.csv").open()))
    assert [row["delivered_ml"] for row in steps] == [str(row["delivered_ml"]) for row in document["steps"]]


@pytest.mark.req("TST-1")
def test_the_pulses_add_up(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    rows = list(csv.DictReader((write(tmp_path, scenario, ran) / "pulses.csv").open()))
    assert {row["pulses"] for row in rows} == {"moved", "pin"}
    moved = [row for row in rows if row["pulses"] == "moved"]
    assert sum(int(row["count"]) for row in moved) == len(ran.recording.moved_us) > 10_000
    assert len(moved) < 200
    last = moved[-1]
    end_us = int(last["first_us"]) + (int(last["count"]) - 1) * int(last["interval_us"])
    assert end_us == ran.recording.moved_us.at(-1)


@pytest.mark.req("TST-1")
def test_run_json_says_what_ran_on_what(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    run = json.loads((write(tmp_path, scenario, ran) / "run.json").read_text())
    assert (run["target"], run["seed"], run["passed"]) == ("core", 1, True)
    assert run["wall_s"] > 0 and run["date"].endswith("Z")
    assert all(run["host"][key] for key in ("machine", "processor", "system", "python"))
    assert run["packages"]["toleramp"] == run["firmware"]["version"] and len(run["firmware"]["contract"]) == 8
    assert run["sha256"]["scenario"] == hashlib.sha256(scenario.path.read_bytes()).hexdigest()
    assert run["sha256"]["protocol"] == hashlib.sha256(scenario.blob).hexdigest()
    assert len(run["source"]["firmware_sha256"]) == 64 and set(run["source"]) == {
        "commit",
        "changed",
        "firmware_sha256",
    }
    assert run["scenario"]["shows"] == list(scenario.shows) and run["scenario"]["file"] == "standard-session.toml"


def test_the_digest_of_an_image_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "firmware.uf2").write_bytes(b"image")
    recording = Recording(target="rp2040", build={"image": str(tmp_path / "firmware.uf2")})
    wanted = {"image": hashlib.sha256(b"image").hexdigest(), "image_file": str(tmp_path / "firmware.uf2")}
    assert provenance._image(recording) == wanted
    assert provenance._image(Recording(target="core")) == {}


def test_bytes_of_the_lines_are_there_when_there_are_any(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    recording = replace(ran.recording, lines=[(61_001_234, "host", b"\x55\xaa\x00")])
    folder = write_folder(tmp_path, scenario, recording, ran.document, ran.plant, 1.0, 1)
    assert (folder / "lines.txt").read_text() == "00:01:01.001234 host      55 aa 00\n"


def lively(count: int) -> list[tuple[int, str, bytes]]:
    """The bytes of an oximeter that speaks 75 times a second."""
    return [(k * 13_333, "oximeter", bytes((1, k % 256, 3, 97, 5))) for k in range(count)]


@pytest.mark.req("TST-1")
def test_all_bytes_of_an_ordinary_session_are_kept(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    """Else what came before the last minute is gone, and nobody is told."""
    assert LINES_KEPT > 15 * 60 * 77
    text = (write(tmp_path, scenario, ran) / "lines.txt").read_text()
    assert text.startswith("00:00:00.") and len(text.splitlines()) == len(ran.recording.lines) > 7000


@pytest.mark.req("TST-1")
def test_bytes_that_were_not_kept_are_said(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    """Else a log that begins late looks like a line on which nothing came."""
    recording = replace(ran.recording, lines=lively(LINES_KEPT))
    folder = write_folder(tmp_path, scenario, recording, ran.document, ran.plant, 1.0, 1)
    first, second, *_ = gzip.decompress((folder / "lines.txt.gz").read_bytes()).decode().splitlines()
    assert first == "earlier bytes were not kept: from 00:00:00.013333" and second.startswith("00:00:00.013333 ")
    said = explain(failed(scenario, ran, "step_started in step 9 at 00:01:00.000"), recording)
    assert f"  {first}\n" in said
    whole = replace(ran.recording, lines=lively(LINES_KEPT - 1))
    assert "not kept" not in explain(failed(scenario, ran, "x"), whole)
    assert "not kept" not in run_folder._lines_text(whole.lines)


def test_many_bytes_are_packed(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    """Else a library's evidence fills the disk. The same bytes each time."""
    recording, packed = replace(ran.recording, lines=lively(LINES_KEPT)), []
    for turn in ("1", "2"):
        folder = write_folder(tmp_path / turn, scenario, recording, ran.document, ran.plant, 1.0, 1)
        assert not (folder / "lines.txt").exists()
        packed.append((folder / "lines.txt.gz").read_bytes())
    assert packed[0] == packed[1] and len(packed[0]) < 1_000_000


@pytest.mark.req("TST-1")
def test_the_same_run_twice_leaves_the_same_bytes(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    again = execute(scenario, CoreTarget())
    one, two = write(tmp_path / "1", scenario, ran), write(tmp_path / "2", scenario, again)
    assert contents(one) == contents(two)


def test_the_command_s_own_keys_stay_out_of_the_result(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    told = {**ran.document, "wall_s": 1.5, "evidence": "somewhere", "differences": ["x"]}
    one = write(tmp_path / "1", scenario, ran)
    two = write(tmp_path / "2", scenario, replace(ran, document=told))
    assert contents(one) == contents(two)


# -- replaced whole


@pytest.mark.req("TST-1")
@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError, MemoryError])
def test_an_interrupted_write_leaves_the_old_one(
    fault: type[BaseException], tmp_path: Path, scenario: Scenario, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, scenario, ran)
    before = contents(folder, ALWAYS)
    calls = iter(range(3))

    def interrupted(rows: object) -> str:
        if next(calls) == 1:  # the second table: the first files of the new folder are written by then
            raise fault("stopped here")
        return "half"

    monkeypatch.setattr(run_folder, "_csv", interrupted)
    with pytest.raises(UserError if fault is OSError else fault):
        write(tmp_path, scenario, ran)
    assert contents(folder, ALWAYS) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("swaps", [True, False])
def test_a_new_run_replaces_all_of_the_old_one(
    swaps: bool, tmp_path: Path, scenario: Scenario, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not swaps:  # a system that cannot swap two names in one step
        monkeypatch.setattr(swap, "_exchanged", lambda one, other: False)
    folder = write(tmp_path, scenario, ran)
    (folder / "course.png").write_bytes(b"of the old run")
    write(tmp_path, scenario, replace(ran, seed=7))
    assert {path.name for path in folder.iterdir()} == ALWAYS
    assert json.loads((folder / "run.json").read_text())["seed"] == 7
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_without_a_swap_an_error_puts_the_old_one_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, place = tmp_path / ".x.1.new", tmp_path / "x"
    for folder in (new, place):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    rename, calls = os.rename, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) in (1, 3):  # the plain rename, and the one in the middle
            raise OSError("full")
        rename(source, target)

    monkeypatch.setattr(swap, "_exchanged", lambda one, other: False)
    monkeypatch.setattr(swap.os, "rename", failing)
    with pytest.raises(OSError, match="full"):
        swap.put(new, place)
    assert (place / "name").read_text() == "x" and len(calls) == 4


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="not run: only Linux swaps two names in one step")
def test_a_reader_never_finds_it_missing(tmp_path: Path) -> None:
    place, missing, done = tmp_path / "x", [], threading.Event()
    place.mkdir()

    def look() -> None:
        while not done.is_set():
            if not place.is_dir():
                missing.append(1)

    watch = threading.Thread(target=look)
    watch.start()
    for number in range(100):
        new = tmp_path / f".x.{number}.new"
        new.mkdir()
        (new / "result.json").write_text(str(number))
        swap.put(new, place)
    done.set()
    watch.join()
    assert not missing and (place / "result.json").read_text() == "99"


def test_what_a_killed_process_left_is_swept(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    ended = 2**22 + 1  # above the largest process id of Linux
    place = tmp_path / "core"
    for name in (f".standard-session.{ended}.new", ".standard-session.1.new", ".other.77.new"):
        (place / name).mkdir(parents=True)
    write(tmp_path, scenario, ran)
    assert {path.name for path in place.iterdir()} == {"standard-session", ".standard-session.1.new", ".other.77.new"}


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match="cannot be written") as error:
        write(tmp_path / "out", scenario, ran)
    assert "--out" in str(error.value) and "\n" not in str(error.value)


# -- pulses as runs


class Singles:
    """Pulse times kept one by one."""

    def __init__(self, times: list[int]) -> None:
        self.times = times

    def __len__(self) -> int:
        return len(self.times)

    def at(self, index: int) -> int:
        return self.times[index]


def times_of(runs: list[tuple[int, int, int]]) -> list[int]:
    return [first + k * interval for first, interval, count in runs for k in range(count)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(1, 6)), max_size=12))
def test_runs_are_exact_and_the_same_however_times_are_kept(words: list[tuple[int, int, int]]) -> None:
    log, t_us = RunLog(), 0
    for gap_us, interval_us, count in words:
        t_us += gap_us
        log.add(t_us, interval_us, count)
        t_us += count * interval_us
    times = [log.at(index) for index in range(len(log))]
    runs = list(runs_of(log))
    assert times_of(runs) == times and runs == list(runs_of(Singles(times)))


def test_equal_intervals_make_one_run() -> None:
    assert list(runs_of(Singles([5, 15, 25, 100, 110]))) == [(5, 10, 3), (100, 10, 2)]
    assert list(runs_of(Singles([5]))) == [(5, 0, 1)] and list(runs_of(None)) == []


# -- pictures


@pytest.mark.req("TST-1")
def test_pictures_when_asked_for(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    folder = write(tmp_path, scenario, ran, plots=True)
    assert {path.name for path in folder.iterdir()} == {*ALWAYS, "course.png", "dose_rate.png"}
    assert (folder / "course.png").read_bytes().startswith(b"\x89PNG")


def test_vital_signs_are_drawn_where_records_have_them(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    records = [{**record, "spo2": 97 - k % 9} for k, record in enumerate(ran.recording.records)]
    drawn = plots.draw(tmp_path, scenario, replace(ran.recording, records=records), ran.document)
    assert [path.name for path in drawn] == ["course.png", "dose_rate.png", "vitals.png"]


def test_a_run_without_a_pulse_can_be_drawn(tmp_path: Path, scenario: Scenario) -> None:
    assert [path.name for path in plots.draw(tmp_path, scenario, Recording(target="core"), {})] == ["course.png"]


@pytest.mark.req("FLO-2")
def test_measured_rates_are_those_of_the_pulses(scenario: Scenario, ran: Ran) -> None:
    records = ran.recording.records
    course = plots.Shown(scenario, ran.recording, next(r["t_ms"] for r in records if r["event"] == "step_started"))
    times, rates = plots.measured_rate(course)
    bag = [r["t_ms"] for r in records if r["event"] in ("bag_requested", "bag_confirmed")][2:4]
    between = [
        rate for t, rate in zip(times, rates, strict=True) if bag[0] + 500 < t * 60_000 + course.zero_ms < bag[1]
    ]
    assert between and not any(between), "no flow is drawn while the pump waits for a bag"
    assert max(rates) == pytest.approx(80) and plots.measured_volume(course)[1][-1] == pytest.approx(1.112)


# -- a failure in words


def failed(scenario: Scenario, ran: Ran, why: str) -> dict[str, object]:
    rows = [{"text": "completed", "met": True, "why": ""}, {"text": "never x", "met": False, "why": why}]
    return {**ran.document, "passed": False, "expectations": rows, "evidence": "/out/core/x"}


@pytest.mark.req("TST-1")
def test_a_failure_shows_what_led_to_it(scenario: Scenario, ran: Ran) -> None:
    t_ms = next(r["t_ms"] for r in ran.recording.records if (r["event"], r["step"]) == ("step_started", 9))
    lines = [(t_ms * 1000 - 400_000, "host", b"\x01\x02"), (9_000_000, "host", b"\x03")]
    why = f"step_started in step 9 at {clock(t_ms)}"
    text = explain(failed(scenario, ran, why), replace(ran.recording, lines=lines))
    said = text.splitlines()
    assert said[:2] == ["expected: never x", f"found:    {why}"]
    events = [line for line in said if line.startswith("    ") and "[" in line]
    assert len(events) == 15 and events[-1] == f"    {why} [running]"
    moved = ran.recording.moved_us
    assert f"pulses (moved): {len(moved)}, first " in text and f"; until then {moved.count_until(t_ms * 1000)}," in text
    assert "01 02" in text and " 03" not in text and said[-1] == "evidence: /out/core/x"


@pytest.mark.parametrize(
    ("why", "wanted"),
    [
        ("paused at 00:00:21.340, 13480 ms after desat at 00:00:07.860, too late", 21_340),
        ("none after desat at 00:00:07.860; the nearest is paused at 00:00:09.000", 97_000),
        ("only 1 of 2; the nearest is paused at 00:00:09.000", 97_000),
        ("desat never came", 97_000),
        ("it is 2.0", 97_000),
        ("step_started at 26:00:00.001 and 3 more", 93_600_001),
    ],
)
def test_where_it_was_decided(why: str, wanted: int) -> None:
    assert run_folder._decided_ms(why, 97_000) == wanted


def test_what_is_open_is_said_and_nothing_is_needed(scenario: Scenario) -> None:
    empty = Recording(target="core")
    assert "lacks: pin SES-12" in explain({"passed": False, "open": ["pin SES-12"]}, empty)
    assert explain({"passed": False}, empty) == "the run did not pass, and no expectation says why"
    assert explain({"passed": True}, empty) == ""
    text = explain({"passed": False, "expectations": [{"text": "t", "met": False}]}, empty)
    assert "pulses (moved): none" in text


def test_a_real_miss_is_explained(scenario: Scenario) -> None:
    wrong = replace(scenario, expects=(Expect("never", "step_started", {"step": 9}, "never step_started in step 9"),))
    ran = execute(wrong, CoreTarget())
    assert not ran.passed and "step_started in step 9 at 00:00:" in explain(ran.document, ran.recording)


def test_a_plant_may_tell_anything(tmp_path: Path, scenario: Scenario, ran: Ran) -> None:
    plant = SimpleNamespace(events=[Event(1, "released", Fraction(1, 4)), Event(2, "x", "ü")])
    folder = write_folder(tmp_path, scenario, ran.recording, ran.document, plant, 1.0, 1)
    assert (folder / "plant.jsonl").read_text() == (
        '{"t_us": 1, "kind": "released", "value": 0.25}\n{"t_us": 2, "kind": "x", "value": "ü"}\n'
    )
