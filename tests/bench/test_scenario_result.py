"""The document of a run: delivered figures from pulses through the plant, rates without holds, the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_kit import PL, Story, event, expect, held_step, scenario, two_steps

from pump.protocol.protocol import LINE_FILL
from pump.tables import states
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.folder import write_folder
from toleramp_bench.runs.pumped import Pumped
from toleramp_bench.runs.result import canonical, final_state, result
from toleramp_bench.runs.walk import step_runs
from toleramp_bench.scenario.model import FINAL_STATES, Recording
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")

_LIBRARY = ROOT / "hil_tests" / "scenarios"
KEYS = [
    "scenario", "target", "passed", "final_state", "simulated_s", "delivered_ml", "delivered_mg", "vein_mg", "steps",
    "events", "expectations",
]  # fmt: skip
STEP_KEYS = [
    "step", "planned_ml", "delivered_ml", "planned_mg", "delivered_mg", "started_ms", "ended_ms", "rate_error_percent"
]  # fmt: skip


def document(folder: Path, recording: Recording, body: str = "") -> dict[str, Any]:
    """The document of a run of the scaled standard protocol."""
    return result(scenario(folder, body), recording)


def test_the_document_has_the_contract_s_keys_in_its_order(tmp_path: Path) -> None:
    """Else programs that read it break."""
    found = document(tmp_path, two_steps().told())
    assert list(found)[: len(KEYS)] == KEYS and list(found["steps"][0]) == STEP_KEYS
    assert found["scenario"] == "a test" and found["target"] == "core" and found["simulated_s"] == 100.0
    assert json.loads(canonical(found)) == found


@pytest.mark.req("FLO-5")
def test_steps_and_totals_are_counted_from_pulses(tmp_path: Path) -> None:
    """Else the firmware's own word stands for what was delivered."""
    found = document(tmp_path, two_steps().told())
    first, second = found["steps"]
    assert first == {
        "step": 1, "planned_ml": 0.01, "delivered_ml": 0.01, "planned_mg": 0.0002, "delivered_mg": 0.0002,
        "started_ms": 2_000, "ended_ms": 20_000, "rate_error_percent": 0.0,
    }  # fmt: skip
    assert (second["delivered_ml"], second["delivered_mg"], second["ended_ms"]) == (0.025, 0.0005, 38_000)
    assert (found["delivered_ml"], found["delivered_mg"]) == (0.035, 0.0007)
    short = two_steps()
    short.moved = short.moved[:-1]  # the records still say all of it
    assert document(tmp_path, short.told())["steps"][1]["delivered_ml"] == 0.0249


def test_a_rate_is_measured_without_its_holds(tmp_path: Path) -> None:
    """Else each hold looks like a slow motor; or a slow motor hides behind a hold."""
    assert document(tmp_path, held_step().told())["steps"][0]["rate_error_percent"] == 0.0
    fast = Story().log(0, "step_started", 1).pulses(0, 100, 179_000)
    error = document(tmp_path, fast.told())["steps"][0]["rate_error_percent"]
    assert error == pytest.approx(100 * (180 / 179 - 1), abs=1e-9)
    slow = Story().log(0, "step_started", 1).pulses(0, 100, 200_000)
    assert document(tmp_path, slow.told())["steps"][0]["rate_error_percent"] == -10.0


@pytest.mark.parametrize(("pulses", "error"), [(0, None), (2, None), (3, 0.0)])
def test_with_fewer_than_three_pulses_no_rate_is_claimed(tmp_path: Path, pulses: int, error: float | None) -> None:
    """Else one interval stands for a rate."""
    story = Story().log(0, "step_started", 1).pulses(0, pulses, 180_000)
    assert document(tmp_path, story.told())["steps"][0]["rate_error_percent"] == error


def test_a_repeated_step_has_a_row_a_run(tmp_path: Path) -> None:
    """Else what a reaction cut short is added to what came after it."""
    story = Story().log(0, "step_started", 1).pulses(0, 40, 180_000).log(7_300, "paused", 1, "stop-button")
    story.log(9_000, "reaction", 1, "mild").log(9_500, "decision", 1, "mild").log(20_000, "resumed", 1, "mild")
    story.log(20_000, "step_started", 1).pulses(20_000, 100, 180_000).log(38_000, "step_completed", 1)
    rows = document(tmp_path, story.told())["steps"]
    told = [(row["run"], row["delivered_ml"], row["ended_ms"]) for row in rows]
    assert told == [(1, 0.004, 7_300), (2, 0.01, 38_000)]
    assert [row["rate_error_percent"] for row in rows] == [0.0, 0.0] and rows[0]["planned_ml"] == 0.01


def test_the_end_of_a_run_is_where_its_flow_ended_for_good(tmp_path: Path) -> None:
    """Else a run that still flows has an end, or a hold that was resumed counts as one."""
    running = two_steps()
    running.records.pop()
    assert document(tmp_path, running.told("running"))["steps"][1]["ended_ms"] is None
    resumed = held_step()
    resumed.records.pop()
    assert document(tmp_path, resumed.told("running"))["steps"][0]["ended_ms"] is None
    stopped = held_step()
    stopped.records = stopped.records[:3]
    stopped.log(15_000, "stopped", 1, "end")
    assert document(tmp_path, stopped.told("stopped"))["steps"][0]["ended_ms"] == 11_050


def test_pulses_that_nobody_ordered_are_counted_too(tmp_path: Path) -> None:
    """Else a motor that runs away before the first step, or after the last, delivers nothing."""
    story = two_steps()
    story.moved += [1_500_000, 90_000_000]
    found = document(tmp_path, story.told())
    assert found["delivered_ml"] == 0.0352 and found["delivered_mg"] == 0.000704
    assert [row["delivered_ml"] for row in found["steps"]] == [0.01, 0.0251]
    idle = Story().log(0, "boot").pulses(0, 10, 1_000)
    assert document(tmp_path, idle.told("idle"))["delivered_mg"] == 0.00002


def test_a_line_fill_is_no_dose(tmp_path: Path) -> None:
    """Else what fills the line is counted as given."""
    read = scenario(tmp_path)
    read.protocol.steps[0].flags |= LINE_FILL
    found = result(read, two_steps().told())
    assert (found["steps"][0]["planned_mg"], found["steps"][0]["delivered_mg"]) == (0.0, 0.0)
    assert (found["delivered_mg"], found["delivered_ml"]) == (0.0005, 0.035)


def test_the_dose_at_the_vein_is_what_the_bench_says(tmp_path: Path) -> None:
    """Else a missing figure reads as zero, or pg as mg."""
    read, recording = scenario(tmp_path), two_steps().told()
    assert result(read, recording)["vein_mg"] is None
    runs = step_runs(recording.records, recording.moved_us)
    assert result(read, recording, Pumped(read, recording, runs))["vein_mg"] == 0.0007  # the line was full of bag A
    saline = replace(read, plant={"primed_with": None})  # and 6 uL of it (0.3 mL scaled) of saline
    assert result(saline, recording, Pumped(saline, recording, runs))["vein_mg"] == 0.00058


@pytest.mark.parametrize("state", [*states.NAMES, "off", "abandoned"])
def test_every_state_has_a_final_state_of_the_contract(state: str) -> None:
    """Else a run ends in a word that nobody knows."""
    found = final_state(state)
    assert found in FINAL_STATES
    held = state in ("held", "decision", "boundary", "resumable", "recovered")
    waiting = state in ("idle", "ready", "armed", "bag", "testing")
    assert (found == "held") is held and (found == "waiting") is waiting
    assert held or waiting or found == {"failed": "fault"}.get(state, state)


def test_events_say_what_means_something(tmp_path: Path) -> None:
    """Else a bag is a number, or a code that is none is told."""
    story = Story().log(0, "boot", arg=1).log(5, "load_refused", 0, "ratio-exceeded", arg=9)
    story.log(9, "bag_requested", 5, arg=1).log(12, "step_started", 5, arg=1).log(13, "alarm_raised", 5, "held", arg=2)
    assert document(tmp_path, story.told())["events"] == [
        {"t_ms": 0, "event": "boot"},
        {"t_ms": 5, "event": "load_refused", "code": "ratio-exceeded", "arg": 9},
        {"t_ms": 9, "event": "bag_requested", "step": 5, "arg": "B"},
        {"t_ms": 12, "event": "step_started", "step": 5},
        {"t_ms": 13, "event": "alarm_raised", "step": 5, "code": "held", "arg": 2},
    ]


def test_an_interrupted_run_has_not_passed(tmp_path: Path) -> None:
    """Else half a run counts as one."""
    recording = two_steps().told()
    recording.interrupted = True
    found = document(tmp_path, recording, expect('event = "armed"'))
    assert found["expectations"][0]["met"] and not found["passed"] and found["interrupted"] is True


def test_actions_and_what_is_open_stand_in_the_document(tmp_path: Path) -> None:
    """Else a run passes for what the pump cannot do."""
    story = two_steps().act(7, "code", "pin")
    body = event('pin"\nwho = "Ann"\nid = "code') + expect('event = "armed"')
    found = document(tmp_path, story.told(), body)
    assert found["actions"] == [{"t_ms": 7, "id": "code", "do": "pin"}] and found["open"] == ["pin SES-12"]
    assert found["expectations"][0]["met"] and not found["passed"]
    assert document(tmp_path, two_steps().told(), expect('event = "armed"'))["passed"]
    assert not document(tmp_path, two_steps().told(), expect('event = "locked"'))["passed"]


def test_two_runs_have_the_same_bytes_but_for_the_time_they_took(tmp_path: Path) -> None:
    """Else equal runs differ, or different ones are equal."""
    one, other = (document(tmp_path, held_step().told()) for _ in range(2))
    assert canonical({**one, "wall_s": 1.5}) == canonical({**other, "wall_s": 2.5}) == canonical(one)
    late = held_step()
    late.moved[-1] += 1
    assert canonical(document(tmp_path, late.told())) != canonical(one)


_EVENTS = st.sampled_from(
    ["step_started", "resumed", "paused", "step_completed", "stopped", "boot", "flush_started", "decision", "locked"]
)


@given(
    st.lists(st.tuples(st.integers(0, 60), _EVENTS, st.integers(0, 14)), max_size=30),
    st.lists(st.integers(0, 70_000_000), max_size=60),
)
def test_no_pulse_is_lost_or_counted_twice(rows: list[tuple[int, str, int]], pulses: list[int]) -> None:
    """Else the steps do not add up to what was delivered."""
    story = Story()
    for t_s, name, step in sorted(rows):
        story.log(t_s * 1000, name, step)
    story.moved = pulses
    told = story.told()
    runs = step_runs(told.records, told.moved_us)
    started = [record for record in story.records if record["event"] == "step_started"]
    assert [run.number for run in runs] == [record["step"] for record in started]
    for run, later in zip(runs, runs[1:], strict=False):
        assert 0 <= run.first <= run.last <= later.first
    for run in runs:
        assert sum(end - begin for begin, end in run.flows) == run.pulses
        assert run.ended_ms is None or run.ended_ms >= run.started_ms
    if runs and not any(record["event"] == "flush_started" for record in story.records):
        assert runs[0].first + sum(run.pulses for run in runs) == len(pulses)


def test_the_pulse_is_the_target_s_own(tmp_path: Path) -> None:
    """Else another mechanism's volumes are wrong."""
    recording = two_steps().told()
    recording.pl_pulse = PL // 4
    found = document(tmp_path, recording)
    assert found["pulse_ml"] == 0.000025 and found["delivered_ml"] == 0.00875


# -- Ctrl-C


class Interrupted(CoreTarget):
    """A target at which somebody presses Ctrl-C after so many looks at the time; `more`: and once more."""

    def __init__(self, looks: int, more: bool = False, torn: bool = False) -> None:
        super().__init__()
        self.looks, self.more, self.torn, self.closed = looks, more, torn, False

    def run_to(self, t_us: int) -> None:
        self.looks -= 1
        if self.looks == 0:
            if self.torn:
                self.moved._first.append(0)
            raise KeyboardInterrupt
        super().run_to(t_us)

    def records(self) -> list[dict[str, Any]]:
        if self.more and self.looks <= 0:
            raise KeyboardInterrupt
        return super().records()

    def close(self) -> None:
        self.closed = True
        super().close()


@pytest.mark.parametrize("looks", [1, 2, 30, 60])
def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, looks: int) -> None:
    """Else an hour at the bench is lost with a Ctrl-C; or half a run passes."""
    read = read_scenario(_LIBRARY / "standard-session.toml")
    target = Interrupted(looks)
    left = execute(read, target)
    assert target.closed and left.recording.interrupted and not left.passed
    assert left.document["interrupted"] is True and left.document["passed"] is False
    whole = execute(read, CoreTarget()).document
    assert "interrupted" not in whole and len(left.document["events"]) < len(whole["events"])
    assert left.document["events"] == whole["events"][: len(left.document["events"])]
    folder = write_folder(tmp_path, read, left.recording, left.document, left.plant, left.wall_s, left.seed)
    assert (folder / "result.json").exists()
    if looks == 60:
        assert left.document["steps"][0]["delivered_ml"] == 0.002 and left.document["simulated_s"] > 10


@pytest.mark.parametrize("how", [{"more": True}, {"torn": True}])
def test_a_second_interrupt_and_a_torn_log_end_at_once(how: dict[str, bool]) -> None:
    """Else Ctrl-C cannot end it, or a traceback of the bench hides that somebody did."""
    target = Interrupted(60, **how)
    with pytest.raises(KeyboardInterrupt):
        execute(read_scenario(_LIBRARY / "standard-session.toml"), target)
    assert target.closed
