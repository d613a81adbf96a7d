"""The pytest plugin: scenarios are tests; a broken bench stops the rest, a missed expectation is told in words."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toleramp_bench.places import ROOT
from toleramp_bench.runs.patience import patience_s

pytestmark = pytest.mark.req("TST-1")
SHORT = ROOT / "hil_tests" / "scenarios" / "bouncing-key.toml"
LONG = ROOT / "hil_tests" / "scenarios" / "long" / "full-session-20ms.toml"
PROTOCOL = ROOT / "hil_tests" / "scenarios" / "protocols" / "decimal-slip.toml"
CAMPAIGN = ROOT / "hil_tests" / "campaigns" / "standard.toml"
BREAKER = """
from toleramp_bench.runs import execute
from toleramp_bench.targets.base import TargetFault

def broken(*_, **__):
    raise {error}

execute.execute = broken
"""
NO_IMAGE = """
from pathlib import Path
from toleramp_bench import places
from toleramp_bench.boards import pump as pump_bench
from toleramp_bench.targets import rp2040

def image(board="pump_pico"):
    raise FileNotFoundError("firmware.uf2: no image; run: make firmware")

places.image = pump_bench.image = rp2040.image = image
"""

NO_KEYS = """
from toleramp_bench.runs.runner import Run
from toleramp_bench.targets.base import NotOnTarget

press = Run.press

def pressed(self, *arguments):
    if self.scenario.path.stem == "one":
        raise NotOnTarget("the core has no keys")
    press(self, *arguments)

Run.press = pressed
"""
RUNS = """
from pathlib import Path
from toleramp_bench.runs.runner import Run

go = Run.go

def noted(self):
    Path(__file__).with_name("runs").touch()
    return go(self)

Run.go = noted
"""


def command_on(folder: Path, *options: str) -> list[str]:
    """pytest as a process, with its evidence below the folder."""
    command = [sys.executable, "-m", "pytest", "--target", "core", "-rA", "-p", "no:cacheprovider"]
    command += ["-p", "no:hypothesispytest"]  # half of pytest's start, and nothing to do with scenarios
    return [*command, "--rootdir", str(folder), "-c", os.devnull, "--scenario-out", str(folder / "out"), *options]


def pytest_on(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own; `breaker.py` of the folder can be loaded."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        command_on(folder, *options), capture_output=True, text=True, env=environment, cwd=folder,
        timeout=patience_s(20), check=False,
    )  # fmt: skip


def run(folder: Path, texts: dict[str, str], *options: str) -> str:
    """pytest on a folder of scenarios; what it said."""
    place = folder / "scenarios"
    place.mkdir()
    for name, text in texts.items():
        (place / f"{name}.toml").write_text(text, encoding="utf-8")
    done = pytest_on(folder, str(place), *options)
    return done.stdout + done.stderr


def put(path: Path, source: Path = SHORT) -> Path:
    """A copy of a file at that place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes())
    return path


def collected(folder: Path, *options: str) -> set[str]:
    """The items that pytest finds."""
    done = pytest_on(folder, "--collect-only", "-q", *options)
    return set(re.findall(r"^(\S+\.toml::\S+)$", done.stdout, re.MULTILINE))


def test_scenarios_are_tests_and_leave_evidence(tmp_path: Path) -> None:
    """Else the library is a folder of files that nobody runs."""
    said = run(tmp_path, {"one": SHORT.read_text()})
    assert "PASSED" in said and "1 passed" in said
    assert (tmp_path / "out" / "core" / "one" / "result.json").is_file()


def test_a_missed_expectation_is_told_with_what_was_there_instead(tmp_path: Path) -> None:
    """Else the developer starts to search with nothing in hand."""
    text = SHORT.read_text().replace("equals = 2", "equals = 5")
    said = run(tmp_path, {"one": text})
    assert "1 failed" in said and "expected:" in said and "found:" in said
    assert str(tmp_path / "out" / "core" / "one") in said and "pulses" in said


def test_a_broken_bench_stops_the_rest_with_its_cause(tmp_path: Path) -> None:
    """Else thirty scenarios fail for one cable."""
    (tmp_path / "breaker.py").write_text(BREAKER.format(error='TargetFault("core: the cable fell out")'))
    said = run(tmp_path, {name: SHORT.read_text() for name in ("one", "two", "three")}, "-p", "breaker")
    assert "1 failed" in said and "passed" not in said
    assert "the bench broke in one[core]: core: the cable fell out" in said
    assert "two[core]" not in said


def test_what_the_pump_cannot_do_yet_is_open_and_never_passed(tmp_path: Path) -> None:
    """Else a requirement without behaviour looks shown."""
    text = SHORT.read_text() + '\n[[event]]\nid = "who"\nat = "00:00:03"\ndo = "pin"\nwho = "Ann"\n'
    said = run(tmp_path, {"one": text})
    assert "1 xfailed" in said and "pin SES-12" in said and "passed" not in said


def test_a_file_with_a_fault_is_one_line(tmp_path: Path) -> None:
    """Else a typing error ends in a page of traceback."""
    said = run(tmp_path, {"one": SHORT.read_text().replace('do = "press"', 'do = "pres"', 1)})
    assert "pres" in said and "Traceback" not in said and "1 error" in said


# -- which files


def test_files_are_found_where_they_lie_and_by_their_shape(tmp_path: Path) -> None:
    """Else a scenario in a folder of its own never runs, or a protocol beside it breaks the whole run."""
    for name in ("scenarios/a.toml", "scenarios/deep/er/b.toml", "hil_tests/x/c.toml", "elsewhere/d.toml"):
        put(tmp_path / name)
    for name in ("scenarios/p.toml", "hil_tests/p.toml"):
        put(tmp_path / name, PROTOCOL)
    put(tmp_path / "hil_tests" / "x" / "campaign.toml", CAMPAIGN)
    put(tmp_path / "hil_tests" / "x" / "pyproject.toml", ROOT / "pyproject.toml")
    wanted = {"scenarios/a.toml::a[core]", "scenarios/deep/er/b.toml::b[core]", "hil_tests/x/c.toml::c[core]"}
    assert collected(tmp_path, ".") == wanted
    assert collected(tmp_path, "elsewhere") == set()
    assert collected(tmp_path, "elsewhere/d.toml") == {"elsewhere/d.toml::d[core]"}


def test_evidence_and_a_checkout_below_scenarios_are_no_library(tmp_path: Path) -> None:
    """Else the copies that runs leave are run in turn, and a checkout in ~/scenarios fails on its pyproject.toml."""
    root = tmp_path / "scenarios" / "checkout"
    put(root / "out" / "scenarios" / "core" / "x" / "scenario.toml")
    (root / "out" / "scenarios" / "core" / "x" / "result.json").write_text("{}")
    put(root / "pyproject.toml", ROOT / "pyproject.toml")
    put(root / "hil_tests" / "a.toml")
    assert collected(root, ".") == {"hil_tests/a.toml::a[core]"}


def test_long_ones_run_only_when_asked_for(tmp_path: Path) -> None:
    """Else a session of an hour on the emulated board runs in every `make test`."""
    put(tmp_path / "scenarios" / "long" / "l.toml")
    item = {"scenarios/long/l.toml::l[core]"}
    assert collected(tmp_path, ".") == set()
    assert "1 deselected" in pytest_on(tmp_path, ".").stdout
    for named in (("scenarios/long/l.toml",), ("scenarios/long",), (".", "--long")):
        assert collected(tmp_path, *named) == item


def test_a_broken_file_in_the_library_is_an_error(tmp_path: Path) -> None:
    """Else a slip of the pen takes a scenario out without a word."""
    said = run(tmp_path, {"one": "format = 1\nname = [", "two": 'format = 1\nname = "x"\n'})
    assert "not valid TOML" in said and "protocol is missing" in said and "2 errors" in said


def test_an_unknown_target_is_refused(tmp_path: Path) -> None:
    """Else a typing error makes a green run in which nothing ran."""
    put(tmp_path / "scenarios" / "a.toml")
    for wrong in ("foo", "core,rp2400", ""):
        done = pytest_on(tmp_path, ".", "--target", wrong)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR and "core, unix, rp2040, rig" in done.stderr
        assert "Traceback" not in done.stderr


# -- what cannot be run


def test_nothing_expected_is_a_failure(tmp_path: Path) -> None:
    """Else a test that cannot fail counts among the passed ones."""
    said = run(tmp_path, {"one": SHORT.read_text().partition("[[expect]]")[0]})
    assert "1 failed" in said and "nothing is expected: a test that cannot fail" in said and "Traceback" not in said


def test_what_a_target_cannot_do_is_a_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Else one wrong `targets` ends thirty scenarios, or hides behind a page of traceback."""
    (tmp_path / "breaker.py").write_text(NO_KEYS)
    said = run(tmp_path, {name: SHORT.read_text() for name in ("one", "two")}, "-p", "breaker")
    assert "1 failed" in said and "1 passed" in said and "the bench broke" not in said
    assert "the core has no keys; leave it out of targets" in said and "execute.py" not in said


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_a_missing_image_stops_the_rest_with_its_remedy(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Else a run is green in which nothing ran on the board."""
    (tmp_path / "breaker.py").write_text(NO_IMAGE)
    texts = {name: SHORT.read_text() for name in ("one", "two", "three")}
    said = run(tmp_path, texts, "-p", "breaker", "--target", "rp2040", *options)
    assert "1 failed" in said and "passed" not in said and "skipped" not in said
    assert "the bench broke in one[rp2040]: firmware.uf2: no image; run: make firmware" in said
    assert "two[rp2040]" not in said and "Traceback" not in said


@pytest.mark.parametrize("options", [(), ("-n", "1")])
@pytest.mark.parametrize("target", ["core", "unix"])
def test_whatever_breaks_in_the_bench_stops_the_rest(tmp_path: Path, target: str, options: tuple[str, ...]) -> None:
    """Else thirty scenarios fail for one error of the bench, and the first one is far up."""
    (tmp_path / "breaker.py").write_text(BREAKER.format(error='RuntimeError("no such relay")'))
    texts = {name: SHORT.read_text() for name in ("one", "two", "three")}
    said = run(tmp_path, texts, "-p", "breaker", "--target", target, *options)
    assert "1 failed" in said and "passed" not in said and "two[" not in said
    assert f"the bench broke in one[{target}]: RuntimeError: no such relay" in said
    assert "breaker.py" in said, "the traceback names the place"


def test_a_core_that_raises_is_a_finding_and_no_broken_bench(tmp_path: Path) -> None:
    """Else a bug of the firmware is blamed on the bench, and hides what else it breaks."""
    breaker = "from pump.session.session import Session\nSession.__init__.__code__ = (lambda self, *_: {}[0]).__code__"
    place = ROOT / "firmware" / "pump" / "broken.py"
    code = f"exec(compile({breaker!r}, {str(place)!r}, 'exec'))\n"
    (tmp_path / "breaker.py").write_text(code)
    said = run(tmp_path, {name: SHORT.read_text() for name in ("one", "two")}, "-p", "breaker")
    assert "2 failed" in said and "KeyError" in said and "the bench broke" not in said


@pytest.mark.parametrize(("target", "group"), [("core", False), ("rp2040", True), ("rp2040", False)])
def test_ctrl_c_ends_pytest_as_ever(tmp_path: Path, target: str, group: bool) -> None:
    """Else the run goes on with the next scenario, or a forked one stays behind. At a terminal all get the Ctrl-C."""
    path = put(tmp_path / "scenarios" / "one.toml", LONG)
    put(tmp_path / "scenarios" / "two.toml")
    (tmp_path / "breaker.py").write_text(RUNS)
    process = subprocess.Popen(
        command_on(tmp_path, str(path), "scenarios", "--target", target, "-p", "breaker"), text=True, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    end_s = time.monotonic() + patience_s(10)
    while not (tmp_path / "runs").exists() and time.monotonic() < end_s:
        time.sleep(0.1)
    time.sleep(0.5)
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=patience_s(10))
    assert process.returncode == pytest.ExitCode.INTERRUPTED and "KeyboardInterrupt" in said and "two[" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
