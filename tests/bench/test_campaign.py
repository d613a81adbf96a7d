"""Campaigns: the same draws give the same bytes, and a broken-off run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from campaign_kit import CALM, FAULTS, HEAD, STANDARD, campaign_file, say

from toleramp.errors import UserError
from toleramp_bench.campaign import control, farm
from toleramp_bench.campaign.file import read_campaign
from toleramp_bench.campaign.store import Head, Store
from toleramp_bench.campaign.summary import Memory
from toleramp_bench.campaign.work import run_session
from toleramp_bench.runs.patience import patience_s

SESSIONS = 8


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign file."""
    return campaign_file(tmp_path_factory.mktemp("campaign"))


@pytest.fixture(scope="module")
def whole(quick: Path) -> bytes:
    """The sessions of an undisturbed run in one process."""
    outcome = control.run(control.Options(quick, SESSIONS, out=quick.parent / "whole", jobs=1), say)
    assert outcome.document["complete"] and not outcome.document["findings"]["listed"]
    return (outcome.folder / "sessions.jsonl").read_bytes()


def tool(*arguments: str | Path) -> subprocess.Popen[str]:
    """`toleramp campaign`, a process group of its own."""
    command = [sys.executable, "-m", "toleramp.cli", "campaign", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip


def wait_for(condition: Callable[[], bool], quiet_s: float = 10) -> None:
    """Until it holds."""
    end = time.monotonic() + patience_s(quiet_s)
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def lines_in(folder: Path) -> int:
    """Whole lines of sessions."""
    path = folder / "sessions.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def group_is_empty(leader: int) -> bool:
    """Whether no process of the group lives (a zombie does not)."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and fields[0] != "Z":
            return False
    return True


def workers_of(leader: int) -> int:
    """Worker processes of the group, from their first instruction on."""
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ProcessLookupError):
            group = os.getpgid(int(entry.name))
            found += group == leader and b"spawn_main" in (entry / "cmdline").read_bytes()
    return found


# -- the same bytes, whoever does the work


@pytest.mark.req("TST-1")
def test_killed_and_taken_up_with_two_processes_gives_the_same_bytes(quick: Path, whole: bytes, tmp_path: Path) -> None:
    """Else a finding cannot be run again, and a long campaign starts over after each failure."""
    process = tool(quick, "--sessions", str(SESSIONS), "--jobs", "2", "--out", tmp_path)
    wait_for(lambda: lines_in(tmp_path) >= 1)
    process.kill()
    process.communicate()
    wait_for(lambda: group_is_empty(process.pid))
    with (tmp_path / "sessions.jsonl").open("ab") as file:
        file.write(b'{"session":')  # torn by the kill
    control.run(control.Options(quick, SESSIONS, out=tmp_path, jobs=2), say)
    assert (tmp_path / "sessions.jsonl").read_bytes() == whole


@pytest.mark.req("TST-1")
def test_ctrl_c_leaves_no_process_and_a_summary(quick: Path, tmp_path: Path) -> None:
    """Else workers go on unseen, and hours of results need a second tool to be read."""
    process = tool(quick, "--sessions", "4000", "--jobs", "2", "--out", tmp_path)
    wait_for(lambda: lines_in(tmp_path) >= 4)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=patience_s(10))
    assert process.returncode == 1 and "the same command goes on" in errors and "Traceback" not in errors
    wait_for(lambda: group_is_empty(process.pid))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["sessions"] == lines_in(tmp_path) and not summary["complete"]
    assert (tmp_path / "index.html").exists()


@pytest.mark.req("TST-1")
def test_ctrl_c_while_the_workers_start_is_told_in_a_line(quick: Path, tmp_path: Path) -> None:
    """Else each worker that still imports tells it with a traceback."""
    process = tool(quick, "--sessions", "4000", "--jobs", "2", "--out", tmp_path)
    wait_for(lambda: workers_of(process.pid) > 0)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=patience_s(10))
    assert process.returncode == 1 and "the same command goes on" in errors and "Traceback" not in errors, errors
    wait_for(lambda: group_is_empty(process.pid))


def test_ctrl_c_while_a_line_is_written_counts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it is told as a session fewer than the folder holds."""
    with Store(tmp_path, Head("x", "digest", 1, "code")) as store:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(store, "_sync", lambda: signal.raise_signal(signal.SIGINT))
            store.add(('{"session":1}\n',))
        assert store.done == lines_in(tmp_path) == 1


@pytest.mark.req("TST-1")
def test_a_session_alone_is_the_one_of_the_campaign(quick: Path, whole: bytes) -> None:
    """Else the seed in a finding leads nowhere."""
    assert control.one(quick, None, 3) == json.loads(whole.splitlines()[2])
    assert control.one(quick, 2, 3) != json.loads(whole.splitlines()[2])


def test_a_dask_cluster_gives_the_same_bytes(quick: Path, whole: bytes, tmp_path: Path) -> None:
    """Else results from many machines are not those of one."""
    distributed = pytest.importorskip("distributed", reason="not run: distributed is not installed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        control.run(control.Options(quick, SESSIONS, address, out=tmp_path), say)
    assert (tmp_path / "sessions.jsonl").read_bytes() == whole
    with pytest.raises(UserError, match="no Dask scheduler answers"):
        control.run(control.Options(quick, SESSIONS + 1, "dask://127.0.0.1:1", out=tmp_path), say)


def test_without_dask_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a traceback meets whoever has not read the extras."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"Dask is not installed.*toleramp\[campaign\]"), _farm("dask://host:8786"):
        pass
    for address in ("dask", "dask://host", "dask://:1", "dask://host:99999", "tcp://host:1", "locale"):
        with pytest.raises(UserError, match=r"write local or dask"), _farm(address):
            pass


def _farm(scheduler: str) -> Any:
    return farm.open_farm(scheduler, 2)


# -- what the folder holds


def test_other_files_seeds_and_code_are_refused_in_a_line(whole: bytes, quick: Path, tmp_path: Path) -> None:
    """Else a folder mixes sessions of different pumps."""
    out = quick.parent / "whole"
    other = campaign_file(tmp_path, HEAD + CALM + FAULTS + "# another\n")
    with pytest.raises(UserError, match="another campaign file"):
        control.run(control.Options(other, SESSIONS, out=out), say)
    with pytest.raises(UserError, match="another seed"):
        control.run(control.Options(quick, SESSIONS, seed=2, out=out), say)
    assert (out / "sessions.jsonl").read_bytes() == whole
    head = json.loads((out / "campaign.json").read_text())
    (out / "campaign.json").write_text(json.dumps({**head, "code": "0"}))
    with pytest.raises(UserError, match=r"another code.*--renew"):
        control.run(control.Options(quick, SESSIONS, out=out), say)
    (out / "campaign.json").write_text(json.dumps(head))


def test_memory_is_told_as_growth_between_warm_and_late() -> None:
    """Else start-up hides a leak, or looks like one."""
    memory = Memory()
    for k in range(100):
        memory.note("flat", k, 1000 if k else 500)
        memory.note("leaking", k, 1000 + k)
    figures = memory.document()
    assert figures["flat"]["growth_kb"] == 0 and figures["flat"]["first_kb"] == 500
    assert figures["leaking"]["growth_kb"] == 80


def test_the_standard_campaign_runs_whole_sessions(tmp_path: Path) -> None:
    """Else the file that is shipped is not the one that is tested."""
    line = run_session(read_campaign(STANDARD), 3)
    assert (line["final"], line["steps"], line["findings"]) == ("completed", 12, [])
    assert line["motor_percent"] == 100 and line["flow_min"] > 339


# -- bad input


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("format = 2\n", "format is missing or not 1"),
        ("format = [", "not valid TOML"),
        ('format = 1\nname = "x"\n', "protocol is missing"),
        ('format = 1\nname = "x"\nprotocol = "bwh.toml"\n', "protocol 'bwh.toml' is unknown"),
        (HEAD.replace("bag_ml = 50", "bag_ml = 250"), "with a scan a second 300 is the most"),
        (HEAD + "[fault]\n", "did you mean faults"),
        (HEAD + "[faults]\nsensor_of = { chance = 1 }\n", "did you mean sensor_off"),
        (HEAD + "[faults]\nsensor_off = { chance = 2 }\n", "faults, sensor_off, chance: 2 is out of range"),
        (HEAD + "[faults]\nsensor_off = { chance = nan }\n", "out of range"),
        (HEAD + "[faults]\nsensor_off = 0.5\n", "is not a table"),
        (HEAD + "[faults]\nsensor_off = { seconds = [60, 3] }\n", "write [low, high] within 0"),
        (HEAD + '[faults]\nsensor_off = { seconds = "3" }\n', "write [low, high] or a number"),
        (HEAD + "[faults]\nstop_pressed = { seconds = 3 }\n", "key 'seconds' is unknown"),
        (HEAD + "[staff]\nanswer_s = 40\n", "within 0 to 25"),
        (HEAD + "[staff]\nback = [0, 0, 0]\n", "write three weights"),
        (HEAD + "[patient]\nthreshold_per_h = 0\n", "write a number above zero"),
        (HEAD + "[patient]\nmood = 1\n", "key 'mood' is unknown"),
        (HEAD + "[plant]\ncalibration = 5\n", "out of range"),
        (HEAD + "[plant]\nslip = { chance = 1, share = 2 }\n", "within 0 to 1"),
    ],
)
def test_a_bad_file_is_said_in_one_line(
    text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """Else whoever writes a campaign guesses."""
    from toleramp.cli import main

    assert main(["campaign", str(campaign_file(tmp_path, text)), "--sessions", "1", "--out", str(tmp_path / "o")]) == 2
    error = capsys.readouterr().err
    assert says in error and "quick.toml" in error and error.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "words", [(), ("--sessions", "0"), ("--sessions", "1", "--session", "1"), ("--sessions", "9999999")]
)
def test_bad_options_are_said_in_one_line(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Else a slip of a finger runs for a week."""
    from toleramp.cli import main

    assert main(["campaign", str(STANDARD), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
