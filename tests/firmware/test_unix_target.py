"""The target "unix": MicroPython's core on the virtual board, its records over the host line, as the core target's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from toleramp.protocol.file import compile_file, compile_protocol, scaled
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.patience import patience_s
from toleramp_bench.runs.runner import Run
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.targets import unix
from toleramp_bench.targets.base import TargetFault
from toleramp_bench.targets.core import CoreTarget
from toleramp_bench.targets.unix import UnixTarget


def action(name: str, do: str, when: Moment, **arguments: Any) -> Action:
    """An action with its arguments."""
    return Action(name, do, when, arguments)


def eventful(scale: Fraction, *more: Action) -> Scenario:
    """The standard protocol with a reaction in step 6 and a desaturation in step 8."""
    _, protocol = compile_file(standard_protocol())
    short = scaled(protocol, scale)
    actions = (
        action("hives", "reaction", Moment(after="step_started", step=6, plus_ms=500), signs=["hives"]),
        action("back", "decide", Moment(after="hives"), choice="one-back"),
        action("drop", "oximeter", Moment(after="step_started", step=8, plus_ms=500), ramp_to=88, ramp_s=3),
        action("rise", "oximeter", Moment(after="paused", code="spo2-stop", plus_ms=3000), ramp_to=97, ramp_s=3),
        *more,
    )
    return Scenario(
        "eventful", Path("eventful"), "", compile_protocol(short, "eventful"), short, scale, staff_delay_ms=2000,
        actions=actions,
    )  # fmt: skip


def recorded(target: CoreTarget, scenario: Scenario) -> Recording:
    """A run; the target is closed after it."""
    try:
        return Run(scenario, target).go()
    finally:
        target.close()


def told(recording: Recording) -> list[dict[str, Any]]:
    """The records without their times."""
    return [{key: value for key, value in record.items() if key != "t_ms"} for record in recording.records]


def gone(pid: int, quiet_s: float = 2.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + patience_s(quiet_s)
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.req("SES-2", "VIT-1", "FLO-3", "INV-1")
@pytest.mark.parametrize(
    ("scale", "scan_us"),
    [
        (Fraction(1, 100), 20_000),
        (Fraction(1, 25), 100_000),
        pytest.param(Fraction(1), 1_000_000, marks=pytest.mark.long),
    ],
    ids=["20ms", "100ms", "full-1s"],
)
def test_micropython_tells_what_cpython_tells(scale: Fraction, scan_us: int) -> None:
    """Else what a scenario shows in seconds on the laptop says nothing of what the pump's interpreter makes of it."""
    scenario = eventful(scale)
    wanted = recorded(CoreTarget(scan_us), scenario)
    got = recorded(UnixTarget(scan_us), scenario)
    assert told(got) == told(wanted)
    apart = [abs(a["t_ms"] - b["t_ms"]) for a, b in zip(got.records, wanted.records, strict=True)]
    assert max(apart) <= scan_us // 1000
    assert (len(got.moved_us), len(got.pin_us)) == (len(wanted.moved_us), len(wanted.pin_us))
    assert got.final_state == wanted.final_state == "completed"
    assert {"reaction", "decision", "resumed"} <= {record["event"] for record in got.records}
    assert any(record["code"] == "spo2-stop" for record in got.records)


@pytest.mark.req("SES-14", "INT-8")
def test_a_power_cut_and_a_hung_loop_end_alike() -> None:
    """Else a reset in MicroPython is not the reset that the core's scenarios have."""
    scenario = eventful(
        Fraction(1, 250),
        action("hang", "cpu_stuck", Moment(after="step_started", step=3, plus_ms=1000)),
        action("off", "power", Moment(after="hang", plus_ms=3000), off=True),
        action("on", "power", Moment(after="off", plus_ms=1000), on=True),
    )
    scenario = Scenario(**{**vars(scenario), "limit_ms": 40_000})
    wanted, got = recorded(CoreTarget(), scenario), recorded(UnixTarget(), scenario)
    assert [record["event"] for record in got.records].count("boot") == 3
    assert told(got) == told(wanted) and got.final_state == wanted.final_state == "resumable"
    assert [r["code"] for r in got.records if r["event"] == "recovered"] == ["reset", "power-cut"]
    assert [r["t_ms"] for r in got.records] == [r["t_ms"] for r in wanted.records]


def test_a_refused_protocol_is_refused_here_too() -> None:
    """Else a bad protocol passes on one target."""
    blob = eventful(Fraction(1, 250)).blob
    for target in (CoreTarget(), UnixTarget(), UnixTarget(1_000_000)):
        target.start(bench_mode=True)
        while target.now_us < 1_500_000:  # until bench mode is given
            target.run_to(1_500_000)
        assert target.load(blob[:-1] + bytes((blob[-1] ^ 1,))) == "checksum"
        assert target.load(blob) == ""
        target.close()


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("where", ["protocol", "plan"])
def test_a_flipped_bit_is_found(where: str) -> None:
    """Else the guard's check is only known to work on the laptop."""
    flip = action("flip", "corrupt", Moment(after="step_started", step=2, plus_ms=1000), where=where)
    scenario = eventful(Fraction(1, 100), flip)
    wanted, got = recorded(CoreTarget(), scenario), recorded(UnixTarget(), scenario)
    assert told(got) == told(wanted) and "fault" in (got.final_state, *(r["event"] for r in got.records))


def broken_by(call: Callable[[UnixTarget], None]) -> str:
    """Runs a target, does something to it, and returns how the run ends."""
    target = UnixTarget()
    try:
        target.start(bench_mode=True)
        pid = target.brain.child.process.pid
        with pytest.raises(TargetFault) as fault:
            call(target)
            target.run_to(1_000_000)
        assert gone(pid)
        return str(fault.value)
    finally:
        target.close()


def test_a_crash_is_one_line_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a broken bench looks like a broken pump, or a process stays behind."""
    crash = broken_by(lambda target: target.corrupt("plan"))  # nothing is loaded: there is no plan
    assert crash.startswith("unix: ") and "AttributeError" in crash and "\n" not in crash
    assert "exit status -9" in broken_by(lambda target: target.brain.child.process.kill())

    def stop(target: UnixTarget) -> None:
        monkeypatch.setattr(unix, "ANSWER_S", 0.3)  # only here: an answer that comes may take longer
        target.brain.child.process.send_signal(signal.SIGSTOP)

    assert "no answer within" in broken_by(stop)


_ENDLESS = """
from toleramp_bench.targets.unix import UnixTarget
target = UnixTarget()
target.start(True)
print(target.brain.child.process.pid, flush=True)
while True:
    target.run_to(target.now_us + 1_000_000)
    target.records()
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_when_the_bench_is_broken_off(ending: signal.Signals) -> None:
    """Else each Ctrl-C leaves a process that waits for ever."""
    bench = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert bench.stdout
    pid = int(bench.stdout.readline())
    time.sleep(0.2)
    os.killpg(bench.pid, ending)
    try:
        bench.wait(patience_s(2))
    finally:
        bench.kill()
        bench.stdout.close()
    assert gone(pid)
