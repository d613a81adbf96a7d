"""Long runs are carried out once for their inputs, and a failure or a break stays visible."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from pump.base import crc
from pump.protocol.protocol import Protocol
from toleramp.errors import UserError
from toleramp.protocol.reader import Reader
from toleramp.protocol.steps import read_steps
from toleramp_bench.evidence import core_full, fuzz, machinery, page, verdicts
from toleramp_bench.evidence.__main__ import choose, main
from toleramp_bench.evidence.machinery import Evidence, Run, inputs_hash
from toleramp_bench.evidence.runs import all_runs
from toleramp_bench.places import ROOT
from toleramp_bench.runs.patience import patience_s

# Counts its own runs in a file beside the results, writes its product, ends with the code it is given.
SCRIPT = """
import pathlib, sys
out, code, product = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with (out.parent / "count.txt").open("a") as file:
    file.write(out.name + " ")
if product:
    (out / product).write_text('{"figure": 42}')
print("the last word")
sys.exit(code)
"""


def fake(name: str, code: int = 0, product: str = "facts.json", image: bool = False) -> Run:
    """A run of a tenth of a second."""
    return Run(name, "a fake", "core", (sys.executable, "-c", SCRIPT, "{out}", str(code), product), ("*.in",), image)


class Place:
    """A checkout with one input file, and the runs in it."""

    def __init__(self, root: Path) -> None:
        self.root, self.said = root, list[str]()
        (root / "a.in").write_text("one")
        self.evidence = self.again()

    def again(self, image: str = "") -> Evidence:
        """What a second call of the command would see."""
        return Evidence(self.root / "evidence", self.said.append, self.root, image)

    def ran(self) -> list[str]:
        """The runs really carried out, in their order."""
        return (self.root / "evidence" / "count.txt").read_text().split()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty place."""
    return Place(tmp_path)


def test_a_run_keeps_what_it_was_and_what_came_out(place: Place) -> None:
    """Else nobody knows what the evidence is of."""
    run = fake("one", image=True)
    place.evidence = place.again("cafe0123")
    assert place.evidence.carry_out([run])
    content = json.loads((place.root / "evidence" / "one" / "result.json").read_text())
    assert (content["verdict"], content["exit_code"], content["image"]) == ("PASS", 0, "cafe0123")
    assert content["command"] == list(run.command) and content["facts"] == {"figure": 42}
    assert content["last_line"] == "the last word" and 0 <= content["duration_s"] < 60
    assert content["git"] == "unknown" and content["inputs"] == inputs_hash(run, place.root, "cafe0123")


def test_what_is_done_is_not_repeated(place: Place) -> None:
    """Else a second call takes the hours of the first."""
    runs = [fake("one"), fake("two", 1)]
    place.evidence.carry_out(runs)
    place.again().carry_out(runs)
    assert place.ran() == ["one", "two"]
    assert "FAIL already, inputs unchanged" in place.said[-1]
    place.again().carry_out(runs, fresh=True)
    assert place.ran() == ["one", "two"] * 2


@pytest.mark.parametrize("change", ["content", "new file", "command", "image"])
def test_changed_inputs_are_run_again(place: Place, change: str) -> None:
    """Else old evidence stands for new code."""
    run, image = fake("one", image=True), "cafe"
    place.again(image).carry_out([run])
    if change == "content":
        (place.root / "a.in").write_text("two")
    if change == "new file":
        (place.root / "b.in").write_text("")
    if change == "command":
        run = Run(run.name, run.what, run.target, (*run.command, "more"), run.inputs, True)
    image = "beef" if change == "image" else image
    assert not place.again(image).up_to_date(run)
    assert "outdated" in html(place.again(image), [run])
    place.again(image).carry_out([run])
    assert place.ran() == ["one", "one"]


def test_a_new_image_leaves_runs_without_an_image_alone(place: Place) -> None:
    """Else each build costs the core's long runs too."""
    place.evidence.carry_out([fake("one")])
    assert place.again("beef").up_to_date(fake("one"))


@pytest.mark.parametrize(("code", "product"), [(2, "facts.json"), (0, ""), (1, "")])
def test_an_error_of_the_bench_is_no_verdict_and_is_tried_again(place: Place, code: int, product: str) -> None:
    """Else a run that never ran counts as passed or failed."""
    run = fake("one", code, product)
    run = Run(run.name, run.what, run.target, run.command, run.inputs, product="facts.json")
    place.evidence.carry_out([run])
    result = place.evidence.result(run)
    assert result and result.verdict == "ERROR" and not place.evidence.up_to_date(run)


def test_a_torn_result_is_none(place: Place) -> None:
    """Else a power cut while writing ends every later call."""
    place.evidence.carry_out([fake("one")])
    (place.root / "evidence" / "one" / "result.json").write_text('{"name": "o')
    assert place.evidence.result(fake("one")) is None and not place.evidence.up_to_date(fake("one"))


def html(evidence: Evidence, runs: list[Run]) -> str:
    """The report's page."""
    page.write(evidence, runs)
    return (evidence.folder / "index.html").read_text(encoding="utf-8")


def test_the_report_says_pass_fail_or_what_is_due_first(place: Place) -> None:
    """Else a report of half the runs reads as a pass."""
    runs = [fake("one"), fake("two")]
    assert page.write(place.evidence, runs) == "INCOMPLETE (2 of 2 runs are due)"
    assert "last run: never; on hardware: never" in html(place.evidence, runs)
    place.evidence.carry_out(runs[:1])
    assert page.write(place.evidence, runs) == "INCOMPLETE (1 of 2 runs are due)"
    place.evidence.carry_out(runs)
    assert page.write(place.evidence, runs) == "PASS"
    text = html(place.evidence, [*runs, fake("three", 1)])
    assert "(one)" in text or "(two)" in text
    assert "target: core; on hardware: never" in text and text.index("INCOMPLETE") < text.index("<table>")
    place.evidence.carry_out([fake("three", 1)])
    assert page.write(place.evidence, [*runs, fake("three", 1)]) == "FAIL"
    assert json.loads((place.evidence.folder / "evidence.json").read_text())["verdict"] == "FAIL"


def test_ctrl_c_keeps_what_is_done(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an hour's run is lost with the one that was broken off."""
    monkeypatch.setattr(machinery, "_GRACE_S", 0.3)
    slow = Run("slow", "sleeps", "core", (sys.executable, "-c", "import time; time.sleep(3600)"), ())
    monkeypatch.setattr(machinery, "SAY_EVERY_S", 0.1)

    def say(text: str) -> None:
        place.said.append(text)
        if "slow: 0.0 min" in text:
            os.kill(os.getpid(), signal.SIGINT)

    evidence = Evidence(place.root / "evidence", say, place.root)
    assert not evidence.carry_out([fake("one"), slow, fake("two")])
    assert evidence.up_to_date(fake("one")) and evidence.result(slow) is None and place.ran() == ["one"]


def test_every_run_depends_on_files_that_exist() -> None:
    """Else a renamed file leaves evidence valid for ever."""
    for run in all_runs():
        for pattern in run.inputs:
            assert list(ROOT.glob(pattern)), f"{run.name}: nothing matches {pattern}"


def test_a_scenario_run_is_judged_by_the_result_that_it_leaves() -> None:
    """Else an hour's run that passed counts as an error of the bench."""
    for run in all_runs():
        if "scenario" in run.command:
            name = next(Path(word).stem for word in run.command if word.endswith(".toml"))
            targets = run.command[run.command.index("--target") + 1].split(",")
            assert run.product in [f"{target}/{name}/result.json" for target in targets]


def test_choosing_and_listing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Else one run cannot be had without all."""
    assert [run.name for run in choose(all_runs(), ["fuzz-frames", "core-full-1s"])] == ["core-full-1s", "fuzz-frames"]
    with pytest.raises(UserError):
        choose(all_runs(), ["nothing"])
    assert main(["--list", "--out", str(tmp_path)]) == 0
    listed = capsys.readouterr().out
    assert all(run.name in listed for run in all_runs())
    assert main(["--only", "nothing", "--out", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.req("FLO-3", "PRO-4")
def test_the_full_session_on_the_core_through_the_command(tmp_path: Path) -> None:
    """Else the long run that is cheapest does not run at all."""
    command = [sys.executable, "-m", "toleramp_bench.evidence", "--only", "core-full-1s", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience_s(20), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "core-full-1s" / "result.json").read_text())
    assert result["verdict"] == "PASS" and len(result["facts"]["steps"]) == 12 and result["facts"]["faults"] == []
    again = subprocess.run(command, capture_output=True, text=True, timeout=patience_s(20), check=False)
    assert again.returncode == 0 and "inputs unchanged" in again.stdout


def test_a_step_short_of_a_pulse_is_named() -> None:
    """Else the full run passes whatever is delivered."""
    run = core_full.FullRun(1_000_000)
    facts = run.run()
    assert run.faults(facts) == []
    facts["steps"][4]["pulses"] -= 1
    assert run.faults(facts) == ["step 5: 1249900 nL, planned 1250000 nL"]
    del facts["steps"][-1]
    assert "planned 1 to 12" in run.faults({**facts, "state": "fault"})[1]


def test_runs_that_differ_are_told() -> None:
    """Else a scan period that changes the dose goes unseen."""
    one = {"period_us": 1_000_000, "steps": [{"step": 1, "pulses": 5, "took_ms": 900_000}]}
    assert (
        core_full.agreement(one, {"period_us": 20_000, "steps": [{"step": 1, "pulses": 5, "took_ms": 897_000}]})[0]
        == []
    )
    assert core_full.agreement(one, {"period_us": 20_000, "steps": [{"step": 1, "pulses": 5, "took_ms": 896_999}]})[0]
    assert core_full.agreement(one, {"period_us": 20_000, "steps": [{"step": 1, "pulses": 6, "took_ms": 900_000}]})[0]


@pytest.mark.req("INT-7", "PRO-1")
@pytest.mark.parametrize("what", ["frames", "protocol", "files"])
def test_a_second_of_fuzzing_finds_nothing(what: str, tmp_path: Path) -> None:
    """Else damaged input crashes the pump, or is accepted as another."""
    assert fuzz.main([what, "--seconds", "1", "--seed", "7", "--out", str(tmp_path)]) == 0
    seen = json.loads((tmp_path / "facts.json").read_text())["seen"]
    assert any("accepted" in key for key in seen) and any("refused" in key for key in seen)


@pytest.mark.parametrize("what", ["frames", "protocol"])
def test_the_fuzzers_find_a_check_that_is_gone(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else they find nothing because they look nowhere."""
    monkeypatch.setattr(crc, "holds", lambda *_: True)
    assert fuzz.main([what, "--seconds", "20", "--seed", "7", "--out", str(tmp_path)]) == 1
    assert (tmp_path / "finding.bin").read_bytes()


def _cut(reader: Reader, value: Decimal | int, scale: int, where: str, unit: str) -> int:
    return int(Fraction(value) * scale)


def _deaf(reader: Reader, target: Protocol) -> None:
    read_steps(reader, target)
    for step in target.steps[1:2]:
        step.flags = 0


@pytest.mark.req("PRO-6", "INT-7")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [("toleramp.protocol.reader.Reader.exact", _cut), ("toleramp.protocol.file.read_steps", _deaf)],
)
def test_the_file_fuzzer_finds_another_meaning(
    name: str, wrong: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a reader that cuts digits off, or overlooks a line-fill, passes."""
    monkeypatch.setattr(name, wrong)
    assert fuzz.main(["files", "--seconds", "20", "--seed", "7", "--out", str(tmp_path)]) == 1
    assert "in the file" in json.loads((tmp_path / "facts.json").read_text())["finding"]


@pytest.mark.req("PRO-1")
def test_verdicts_are_kept_in_pieces_and_differences_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run of ten minutes that is broken off begins anew, or passes whatever the device says."""
    asked: list[int] = []

    def compare(binary: Path, path: Path, count: int, seed: int) -> tuple[Counter[str], list[tuple[str, str]]]:
        asked.append(seed)
        if seed == 2 and len(asked) == 3:
            raise KeyboardInterrupt
        return Counter(ok=count), [("ok", "order 1 0")] if seed == 1 else []

    monkeypatch.setattr(verdicts, "compare", compare)
    command = ["--count", "70", "--piece", "20", "--binary", sys.executable, "--out", str(tmp_path / "verdicts")]
    with pytest.raises(KeyboardInterrupt):
        verdicts.main(command)
    assert verdicts.main(command) == 1
    assert asked == [0, 1, 2, 2, 3]
    facts = json.loads((tmp_path / "verdicts" / "facts.json").read_text())
    assert facts["verdicts"] == facts["kinds"]["ok"] == 70 and facts["different"] == 1
    assert facts["examples"] == [["ok", "order 1 0"]]
    assert verdicts.main([*command[:-3], str(tmp_path / "none"), *command[-2:]]) == 2


def test_an_exception_nobody_declared_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a crash of the reader ends the fuzzer and not the build."""

    def crash(_: bytearray) -> None:
        raise IndexError("past the end")

    one = fuzz.ProtocolFuzz(Random(7))
    monkeypatch.setattr(fuzz.device, "decode", crash)
    with pytest.raises(fuzz.Finding, match="IndexError: past the end"):
        one.compiled(one.blob)
