"""`toleramp scenario run` as a user meets it: the same bytes twice, bad input in a line, Ctrl-C that leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from firmware_kit import tool

from toleramp_bench.places import ROOT
from toleramp_bench.runs.patience import patience_s

SCENARIOS = ROOT / "hil_tests" / "scenarios"
REPEATED = ("result.json", "events.jsonl", "pulses.csv", "steps.csv", "plant.jsonl", "lines.txt")


def run(name: str, target: str, out: Path, *more: str) -> dict[str, object]:
    """Runs a scenario in a process of its own; its document."""
    said = tool(
        "scenario", "run", str(SCENARIOS / f"{name}.toml"), "--target", target, "--out", str(out), "--json", *more
    )
    assert said.process.returncode == 0, said.out + said.err
    document: dict[str, object] = json.loads(said.out)
    return document


@pytest.mark.req("TST-1")
@pytest.mark.parametrize(
    ("name", "target"), [("noisy-oximeter", "core"), ("bouncing-key", "unix"), ("bouncing-key", "rp2040")]
)
def test_two_processes_give_the_same_bytes(name: str, target: str, tmp_path: Path, firmware: Path) -> None:
    """Else a failure cannot be looked at again."""
    folders = []
    for turn in ("one", "two"):
        run(name, target, tmp_path / turn, "--seed", "7")
        folders.append(tmp_path / turn / target / name)
    for file in REPEATED:
        assert (folders[0] / file).read_bytes() == (folders[1] / file).read_bytes(), file
    lines = (folders[0] / "lines.txt").read_text()
    assert all(f" {line} " in lines for line in ("oximeter", "host to pump", "pump to host"))


@pytest.mark.req("TST-1")
def test_another_seed_is_another_run(tmp_path: Path) -> None:
    """Else the seed does nothing and the same bytes mean nothing."""
    for seed in ("1", "2"):
        run("noisy-oximeter", "core", tmp_path / seed, "--seed", seed)
    lines = [(tmp_path / seed / "core" / "noisy-oximeter" / "lines.txt").read_bytes() for seed in ("1", "2")]
    assert lines[0] != lines[1]


@pytest.mark.req("TST-1")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[event]]\nat = "00:00:05"\ndo = "pres"\nbutton = "start"', ("do", "press")),
        ('[end]\nat = "00:00:10"\n[[event]]\nat = "00:00:20"\ndo = "press"\nbutton = "start"', ("end",)),
        ('[[expect]]\nevent = "step_strated"', ("step_started",)),
        ('[[expect]]\nevent = "step_started"\nstep = 13', ("13",)),
    ],
    ids=["unknown do", "after the end", "unknown event", "no such step"],
)
def test_bad_input_is_one_line(text: str, words: tuple[str, ...], tmp_path: Path) -> None:
    """Else the user reads a traceback, or a run that can never pass."""
    path = tmp_path / "bad.toml"
    path.write_text(f'format = 1\nname = "bad"\nprotocol = "bwh12-500mg.toml"\n{text}\n')
    tool("scenario", "run", str(path)).refuses(str(path), *words)


@pytest.mark.req("TST-1")
def test_a_missing_protocol_or_rig_is_one_line(tmp_path: Path) -> None:
    """Else nobody knows what to plug in."""
    path = tmp_path / "lost.toml"
    path.write_text('format = 1\nname = "lost"\nprotocol = "nowhere.toml"\n')
    tool("scenario", "run", str(path)).refuses("nowhere.toml")
    good = str(SCENARIOS / "stop-button.toml")
    tool(
        "scenario", "run", good, "--target", "rig", "--pump-port", "/dev/ttyNONE0", "--rig-port", "/dev/ttyNONE1"
    ).refuses("/dev/ttyNONE")
    tool("scenario", "run", good, "--target", "moon").refuses("moon", "rp2040")


@pytest.mark.req("TST-1")
def test_ctrl_c_leaves_no_process_and_what_was_complete(tmp_path: Path) -> None:
    """Else an interrupted night of runs is lost, or goes on behind one's back."""
    files = [str(SCENARIOS / f"{name}.toml") for name in ("bouncing-key", "standard-session")]
    command = [
        sys.executable,
        "-m",
        "toleramp.cli",
        "scenario",
        "run",
        *files,
        "--target",
        "unix,rp2040",
        "--out",
        str(tmp_path),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout
    assert "bouncing-key" not in process.stdout.readline()  # the first run has ended; its line gives the name in words
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=patience_s(10))
    assert process.returncode != 0 and "Traceback" not in err, err
    assert (tmp_path / "unix" / "bouncing-key" / "result.json").is_file()
    left = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, text=True, check=False)
    assert left.stdout.strip() == ""
