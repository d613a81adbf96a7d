"""The pytest plugin: scenarios are tests; a broken bench stops the rest, a missed expectation is told in words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toleramp_bench.places import ROOT

pytestmark = pytest.mark.req("TST-1")
SHORT = ROOT / "hil_tests" / "scenarios" / "bouncing-key.toml"
BREAKER = """
from toleramp_bench.scenario import execute
from toleramp_bench.scenario.targets.base import TargetFault

def broken(*_, **__):
    raise TargetFault("core: the cable fell out")

execute.execute = broken
"""


def run(folder: Path, texts: dict[str, str], *options: str) -> str:
    """pytest on a folder of scenarios, in a process of its own; what it said."""
    place = folder / "scenarios"
    place.mkdir()
    for name, text in texts.items():
        (place / f"{name}.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", str(place), "--target", "core", "-rA", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), "-c", os.devnull, "--scenario-out", str(folder / "out"), *options]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=120, check=False
    )
    return done.stdout + done.stderr


def test_scenarios_are_tests_and_leave_evidence(tmp_path: Path) -> None:
    """Else the library is a folder of files that nobody runs."""
    said = run(tmp_path, {"one": SHORT.read_text()})
    assert "PASSED" in said and "1 passed" in said
    assert (tmp_path / "out" / "core" / "one" / "result.json").is_file()


def test_a_missed_expectation_is_told_with_what_was_there_instead(tmp_path: Path) -> None:
    """Else the developer starts to search with nothing in hand."""
    text = SHORT.read_text().replace("equals = 4", "equals = 5")
    said = run(tmp_path, {"one": text})
    assert "1 failed" in said and "expected:" in said and "found:" in said
    assert str(tmp_path / "out" / "core" / "one") in said and "pulses" in said


def test_a_broken_bench_stops_the_rest_with_its_cause(tmp_path: Path) -> None:
    """Else thirty scenarios fail for one cable."""
    (tmp_path / "breaker.py").write_text(BREAKER)
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
