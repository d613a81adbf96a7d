"""The demo says why it fails: each figure that misses its bound gives its line and exit code 1."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from scenario_kit import HEAD

from pump.protocol.protocol import decode
from pump.tables import events
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.demo import __main__ as demo
from toleramp_bench.demo.checks import CHECKS, Outcome, failure, judged
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.runs import walk
from toleramp_bench.runs.delivered import dose_of
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.scenario.reader import read_scenario

DESATURATION = """
[[event]]
id = "falls"
after = "step_started"
after_step = 6
do = "oximeter"
ramp_to = 90
[[event]]
id = "recovery"
after = "paused"
nth = 1
do = "oximeter"
ramp_to = 97
"""
HIVES = """
[[event]]
id = "hives"
after = "step_started"
after_step = 8
nth = 1
plus = "00:00:05"
do = "reaction"
signs = ["hives"]
[[event]]
id = "back"
after = "hives"
do = "decide"
choice = "one-back"
"""
IN_STEP_3 = 'after = "step_started"\nafter_step = 3\nplus = "00:00:03"\n'
FLIP = f'[[event]]\nid = "flip"\n{IN_STEP_3}do = "corrupt"\nwhere = "plan"\n'
HANG = f'[[event]]\nid = "stuck"\n{IN_STEP_3}do = "cpu_stuck"\n'
END = '[end]\nafter = "{after}"\nplus = "00:00:08"\n'
FILES = {"report.html": 100_000, "session.jsonl": 80_000, "screen-held.png": 2_000, "screen.png": 2_000}


def outcome_of(folder: Path, story: str, end: str) -> Outcome:
    """The demo's session on the core, as the demo would find it with its tools done."""
    path = folder / "story.toml"
    path.write_text(f"{HEAD}staff_delay_s = 2\n{story}{END.format(after=end)}")
    scenario = read_scenario(path)
    target = make_target("core", scenario)
    recording = execute(scenario, target).recording
    protocol = decode(bytearray(scenario.blob))
    runs = walk.step_runs(recording.records, recording.moved_us)
    strongest = protocol.solutions[-1]
    return Outcome(
        exits={"load": 0, "monitor": 0, "report": 0},
        records=recording.records,
        state=recording.final_state,
        resets=sum(record["event"] == EVENTS.BOOT for record in recording.records) - 1,
        simulated_s=recording.end_ms / 1000,
        limit_s=1_716,
        steps=len(protocol.steps),
        given_pg=dose_of(runs, recording.pl_pulse, protocol),
        order_pg=Fraction(protocol.full_dose_pg),
        pulse_pg=Fraction(recording.pl_pulse * strongest.drug_pg, 1000 * strongest.volume_nl),
        files=FILES,
    )


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A session with its desaturation and its hives, to the end."""
    return outcome_of(tmp_path_factory.mktemp("good"), DESATURATION + HIVES, EVENTS.COMPLETED)


def line_of(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a failed run."""
    assert demo.verdict(judged(outcome)) == 1
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1 and said.err.startswith("demo: failed: ")
    assert said.out.count("MISS ") >= 1 and len(said.out.splitlines()) == len(CHECKS)
    return said.err


def test_a_good_session_meets_every_bound(good: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the demo fails where nothing is wrong."""
    assert demo.verdict(judged(good)) == 0
    said = capsys.readouterr()
    assert not said.err and said.out.count("ok  ") == len(CHECKS) and "MISS" not in said.out


def without(event: str, **match: Any) -> Callable[[Outcome], Outcome]:
    """The same run had the pump not recorded this."""

    def change(outcome: Outcome) -> Outcome:
        left = [r for r in outcome.records if r["event"] != event or any(r[key] != match[key] for key in match)]
        assert len(left) < len(outcome.records)
        return replace(outcome, records=left)

    return change


def tool_ends(name: str, code: int | None) -> Callable[[Outcome], Outcome]:
    """The same run with another exit code of a tool."""
    return lambda outcome: replace(outcome, exits=outcome.exits | {name: code})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (tool_ends("load", 2), "exit code of toleramp load: 2, due is 0"),
        (tool_ends("monitor", 1), "exit code of toleramp monitor: 1, due is 0"),
        (tool_ends("monitor", None), "exit code of toleramp monitor: none, due is 0"),
        (tool_ends("report", 2), "exit code of toleramp report: 2, due is 0"),
        (lambda good: replace(good, resets=1), "restarts of the pump: 1, due are 0"),
        (lambda good: replace(good, limit_s=100), " s, at most 100 s: the pump's state is completed"),
        (without(EVENTS.PAUSED, step=6), "holds at the desaturation: 0, at least 1 is due: event paused (spo2-stop)"),
        (without(EVENTS.RESUMED, step=6), "resumes after the desaturation: 0"),
        (without(EVENTS.PAUSED, step=8), "holds by STOP at the hives: 0"),
        (without(EVENTS.REACTION), "reactions entered: 0"),
        (without(EVENTS.RESUMED, step=7), "resumes one step back: 0"),
        (without(EVENTS.STEP_COMPLETED, step=12), "steps completed: 11, due are 12: not 12"),
        (without(EVENTS.COMPLETED), "ends with the session completed: 0, due is 1"),
        (
            lambda good: replace(good, files=FILES | {"report.html": 0}),
            "files written: 3, due are 4: not report.html",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_miss_is_a_line_with_figure_and_bound(
    good: Outcome, change: Callable[[Outcome], Outcome], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else `make demo` ends with "Error 1" and whoever ran it starts to search."""
    line = line_of(change(good), capsys)
    assert words in line and "more missed" not in line


@pytest.mark.parametrize(
    ("off", "missed"), [("-1.07", "1.07 steps short"), ("1.5", "1.50 steps too many"), ("-1", ""), ("1", "")]
)
def test_a_dose_off_by_more_than_a_step_is_told_in_steps(
    good: Outcome, off: str, missed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a dose that is wrong passes, or one that is right fails."""
    outcome = replace(good, given_pg=good.order_pg + Fraction(off) * good.pulse_pg)
    if missed:
        given = {"-1.07": "9.999788", "1.5": "10.000298"}[off]
        wanted = f"delivered {given} mg, the order is 10 mg within 0.000198 mg (one motor step): {missed}"
        assert wanted in line_of(outcome, capsys)
    else:
        assert failure(judged(outcome)) == ""


def test_a_fault_stands_before_what_follows_from_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the line names a step that is missing, and not why."""
    line = line_of(outcome_of(tmp_path, FLIP, EVENTS.FAULT), capsys)
    assert "faults of the pump: 1, due are 0: " in line and "claim in step " in line and "more missed with it" in line


def test_a_pump_that_restarted_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a watchdog's reset looks like a patient who did not react."""
    assert "restarts of the pump: 1, due are 0 (and " in line_of(outcome_of(tmp_path, HANG, "stuck"), capsys)


def test_a_patient_who_does_not_react_is_no_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the demo passes without what it is there to show."""
    outcome = outcome_of(tmp_path, DESATURATION, EVENTS.COMPLETED)
    assert "holds by STOP at the hives: 0" in line_of(outcome, capsys)
    assert outcome.state in STATES.of(events.ENDS) or outcome.state == STATES.COMPLETED


# -- the demo itself


def test_a_protocol_that_the_pump_refuses_ends_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Else a demo that cannot load waits for ever, or says nothing of its own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ran = demo.Demo(Fraction(1, 50), tmp_path / "out", PumpBench(bench_mode=False))
    assert ran.run() == 1
    said = capfd.readouterr()
    assert "demo: failed: exit code of toleramp load: 2, due is 0 (and " in said.err.splitlines()[-1]
    assert "Traceback" not in said.err and "no key is installed" in said.err and len(said.err.splitlines()) == 2


@pytest.mark.parametrize("scale", ["0", "-1", "2", "1/0", "x"])
def test_a_scale_that_is_none_is_a_line(scale: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a slip of the pen ends in a traceback."""
    with pytest.raises(SystemExit) as ended:
        demo.main(["--scale", scale, "--out", str(tmp_path)])
    assert ended.value.code == 2 and f"invalid scale_of value: '{scale}'" in capsys.readouterr().err


def test_a_missing_image_is_a_line_with_its_remedy(tmp_path: Path) -> None:
    """Else who did not build it reads a traceback."""
    code = f"import toleramp_bench.places as p, pathlib; p.ROOT = pathlib.Path({str(tmp_path)!r})\n"
    code += f"from toleramp_bench.demo.__main__ import main; raise SystemExit(main(['--out', {str(tmp_path)!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1 and "make firmware" in done.stderr


def test_a_folder_that_cannot_be_written_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a full disk or a wrong folder ends in a traceback."""
    (tmp_path / "out").write_text("a file where the folder should be")
    assert demo.main(["--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("demo: failed: FileExistsError") and len(said.err.splitlines()) == 1
