"""`toleramp scenario run` as people and scripts call it: what is finished is never lost, and nothing is ignored."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from toleramp import cli
from toleramp_bench.commands import scenario as scenario_command
from toleramp_bench.interrupts import PRESSED
from toleramp_bench.places import ROOT
from toleramp_bench.runs import command, execute
from toleramp_bench.runs.patience import patience_s
from toleramp_bench.scenario.model import Recording
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.base import NotOnTarget, TargetFault
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")
LIBRARY = ROOT / "hil_tests" / "scenarios"
SHORT, OTHER = LIBRARY / "bouncing-key.toml", LIBRARY / "no-approval.toml"
LONG = LIBRARY / "long" / "full-session-20ms.toml"
PROTOCOL, CAMPAIGN = LIBRARY / "protocols" / "decimal-slip.toml", ROOT / "hil_tests" / "campaigns" / "standard.toml"


def scenario_run(*arguments: object) -> int:
    """The command in this process; its exit code."""
    return cli.main(["scenario", "run", *map(str, arguments)])


def scenario_at(path: Path, text: str | None = None) -> Path:
    """A short scenario, or that text, in a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SHORT.read_text() if text is None else text)
    return path


def breaking(monkeypatch: pytest.MonkeyPatch, error: BaseException, name: str = "bad") -> None:
    """Runs of the file with that name raise; the others go as ever."""
    whole = execute.execute

    def executed(scenario: Any, target: Any, seed: Any = None) -> Any:
        if scenario.path.stem == name:
            raise error
        return whole(scenario, target, seed)

    monkeypatch.setattr(command, "execute", executed)


# -- nothing that is finished is lost


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (TargetFault("core: the cable fell out"), "the bench broke: core: the cable fell out"),
        (NotOnTarget("no such relay"), "no such relay"),
        (RuntimeError("a slip"), "unexpected: RuntimeError: a slip"),
    ],
)
def test_a_bad_run_leaves_the_results_before_it(
    error: Exception, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an hour of results is gone for the last file of a list."""
    breaking(monkeypatch, error)
    bad = scenario_at(tmp_path / "bad.toml")
    assert scenario_run(SHORT, bad, SHORT, "--json", "--no-evidence") == 2
    out, err = capsys.readouterr()
    documents = json.loads(out)
    assert [document["passed"] for document in documents] == [True]
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and word in errors[0] and err.endswith(f"{errors[0]}\n")


def test_what_fails_before_the_first_run_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script reads an empty list as a result."""
    assert scenario_run(SHORT, tmp_path / "none.toml", "--json", "--out", tmp_path) == 2
    assert capsys.readouterr().out == "" and not list(tmp_path.iterdir())


def interrupted(*arguments: object, times: int = 1) -> tuple[int, str, str]:
    """The command in a session of its own, with Ctrl-C when it runs; code and words. No process stays behind."""
    words = [sys.executable, "-c", RUNS, "scenario", "run", *map(str, arguments)]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip
    assert process.stderr
    while "RUNNING" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.5)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02)
    out, err = process.communicate(timeout=patience_s(10))
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return process.returncode, out, err


RUNS = """
import sys
from toleramp import cli
from toleramp_bench.runs import execute
from toleramp_bench.runs.runner import Run

class Told(Run):
    def go(self):
        print("RUNNING" if self.scenario.limit_ms > 10**7 else "first", file=sys.stderr, flush=True)
        return super().go()

execute.Run = Told
sys.exit(cli.main())
"""


@pytest.mark.parametrize(("target", "times"), [("core", 1), ("core", 3), ("unix", 2), ("rp2040", 2), ("rig", 2)])
def test_ctrl_c_leaves_what_was_reached(target: str, times: int, tmp_path: Path) -> None:
    """Else whoever ends a run of an hour after half of it has nothing. `timeout -s INT` sends two."""
    text = LONG.read_text().replace('targets = ["core", "rp2040"]\n', "")
    long = scenario_at(tmp_path / "long.toml", text)
    code, out, err = interrupted(long, "--target", target, "--out", tmp_path / "out", "--json", times=times)
    document = json.loads(out)
    assert code == 1 and "Traceback" not in err and "interrupted; 0 run(s) are complete" in err
    assert document["interrupted"] is True and document["passed"] is False and document["simulated_s"] > 0
    folder = tmp_path / "out" / target / "long"
    assert document["evidence"] == str(folder) and f"evidence of this part: {folder}" in err
    kept = json.loads((folder / "result.json").read_text())
    assert kept["interrupted"] is True and kept["events"] == document["events"]
    assert [path.name for path in folder.parent.iterdir()] == ["long"]


def test_the_second_of_two_presses_ends_nothing_more_when_the_run_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it tears what the interrupted run was just writing, or a traceback is its last word."""
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with pytest.raises(KeyboardInterrupt), scenario_command._first_interrupt():
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # the same press: nothing
        with pytest.raises(KeyboardInterrupt), scenario_command._first_interrupt():
            signal.raise_signal(signal.SIGINT)  # another run's own
        monkeypatch.setattr(scenario_command, "SAME_INTERRUPT_S", 0.0)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)  # somebody goes on pressing
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_run_that_nobody_ends_leaves_ctrl_c_as_it_was() -> None:
    """Else whoever calls the command from a program of his own loses his Ctrl-C to it."""
    before = signal.getsignal(signal.SIGINT)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with scenario_command._first_interrupt():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_the_runs_before_and_starts_none_after(tmp_path: Path) -> None:
    """Else one has to be pressed for each file of a list."""
    code, out, err = interrupted(SHORT, LONG, OTHER, "--no-evidence", "--json")
    documents = json.loads(out)
    assert code == 1 and [document.get("interrupted", False) for document in documents] == [False, True]
    assert "interrupted; 1 run(s) are complete" in err and "reached: " in err


@pytest.mark.parametrize("part", ["plots", "reading"])
def test_ctrl_c_beside_a_run(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a whole run is lost for its pictures."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    place = "toleramp_bench.runs.plots.draw" if part == "plots" else "toleramp_bench.runs.command.read_scenario"
    monkeypatch.setattr(place, pressed)
    assert scenario_run(SHORT, OTHER, "--json", "--out", tmp_path / "out") == 1
    out, err = capsys.readouterr()
    documents = json.loads(out)
    assert [document["passed"] for document in documents] == ([True] if part == "plots" else [])
    assert f"interrupted; {len(documents)} run(s) are complete" in err
    assert all((Path(document["evidence"]) / "result.json").exists() for document in documents)


def test_one_run_is_a_document_and_several_are_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script has to guess what it reads."""
    assert scenario_run(SHORT, "--json", "--no-evidence") == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert scenario_run(SHORT, SHORT, "--json", "--no-evidence") == 0
    assert len(json.loads(capsys.readouterr().out)) == 2


# -- files


def test_a_folder_s_protocols_are_left_out_and_its_faults_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a protocol beside its scenario, where it belongs, breaks the whole folder."""
    for source in (SHORT, PROTOCOL, CAMPAIGN):
        scenario_at(tmp_path / source.name, source.read_text())
    assert scenario_run(tmp_path, "--no-evidence") == 0
    assert capsys.readouterr().out.count("passed") == 1
    scenario_at(tmp_path / "broken.toml", "format = 1\n[")
    assert scenario_run(tmp_path, "--no-evidence") == 2
    assert "broken.toml: not valid TOML" in capsys.readouterr().err


@pytest.mark.parametrize(("path", "word"), [(PROTOCOL, 'protocol = "decimal-slip.toml"'), (CAMPAIGN, "standard.toml")])
def test_what_is_no_scenario_is_named(path: Path, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the message asks for keys that a protocol does not have."""
    assert scenario_run(path, "--no-evidence") == 2
    err = capsys.readouterr().err
    assert "not a scenario" in err and word in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('protocol = "x"\n[[expect]]\n', "scenario"),
        ('[protocol]\ntemplate = "bwh-12"\n[[event]]\n', "scenario"),
        ('[protocol]\nname = "x"\n[[solution]]\n[[step]]\n', "protocol"),
        ('[protocol]\nname = "x"\n[[step]]\n[[expect]]\n', "scenario"),
        ('protocol = "x"\n[staff]\n', "campaign"),
        ('protocol = "x"\nstaff = "none"\n', "other"),
        ("[project]\n", "other"),
        ("[[", "broken"),
        ("", "broken"),
    ],
)
def test_shapes(text: str, kind: str, tmp_path: Path) -> None:
    """Else a folder's protocols are run, or its scenarios are not."""
    assert command.shape(scenario_at(tmp_path / "x.toml", text)) == kind


# -- options


def test_nothing_expected_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a run that could not fail reads as one that passed."""
    path = scenario_at(tmp_path / "x.toml", SHORT.read_text().partition("[[expect]]")[0])
    assert scenario_run(path, "--json", "--no-evidence") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["passed"] is True
    assert err.startswith("ran       a key") and err.endswith("; nothing was expected\n")


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/x", "\0"])
def test_an_unusable_out_is_found_before_the_first_run(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is found after an hour on the emulated board."""
    (tmp_path / "file").write_text("")
    breaking(monkeypatch, AssertionError("it ran"), SHORT.stem)
    assert scenario_run(SHORT, "--out", tmp_path / place) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "evidence cannot be written" in err and "--out" in err


@pytest.mark.parametrize("option", ["--pump-port", "--rig-port"])
def test_a_port_that_nobody_opens_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else its owner believes that the real pump was tested."""
    assert scenario_run(SHORT, option, "/dev/ttyACM0", "--no-evidence") == 2
    err = capsys.readouterr().err
    assert option in err and "--target rig" in err and err.count("\n") == 1


def test_pictures_unless_they_are_not_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a run leaves no pictures, as it is said to."""
    for options, drawn in ((), True), (("--plots",), True), (("--no-plots",), False):
        assert scenario_run(SHORT, "--out", tmp_path, *options) == 0
        assert (tmp_path / "core" / SHORT.stem / "course.png").exists() is drawn
    assert scenario_run(SHORT, "--plots", "--no-plots") == 2


def test_an_interrupted_run_without_any_event_is_told() -> None:
    """Else the part of a run that was ended at once ends in a traceback."""
    recording, said = Recording(target="core", interrupted=True), []
    ran = execute.Ran({"interrupted": True}, recording, None, 0.0, 1)  # type: ignore[arg-type]
    command._tell_reached(ran, {}, said.append)
    assert said == ["  reached: no event; 0 events"]


def test_a_ctrl_c_that_a_callback_swallows_ends_the_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run on a busy machine cannot be ended: what an emulator calls back prints the exception and goes on."""
    sound = CoreTarget.run_to

    def swallowing(self: CoreTarget, t_us: int) -> None:
        sound(self, t_us)
        if self.now_us > 2_000_000 and not PRESSED.there:
            with suppress(KeyboardInterrupt):
                PRESSED.come()

    monkeypatch.setattr(CoreTarget, "run_to", swallowing)
    document = execute.execute(read_scenario(SHORT), CoreTarget()).document
    assert document["interrupted"] is True and document["simulated_s"] < 4 and not PRESSED.there
