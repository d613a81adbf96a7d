"""A board agrees with the core at one phase of its scan; what it does at none is told."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.phases import everywhere, told_apart
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget, Phase

pytestmark = pytest.mark.req("TST-1")

LIBRARY = Path(__file__).resolve().parents[2] / "hil_tests" / "scenarios"
OTHERS = {"desaturation-deep": Phase(3_300), "other-oximeter": Phase(9_100, 500, 60)}


def as_board(scenario: Scenario, phase: Phase) -> dict[str, Any]:
    """What the core gives at a phase, under a board's name."""
    document = execute(scenario, CoreTarget(phase=phase), 1).document
    return {**document, "target": "rp2040"}


def test_what_every_phase_names_stays() -> None:
    """Else a difference hides behind another one's phase."""
    found = [("step 4", ": 1"), ("final state", ": a")]
    assert everywhere(found, [[("final state", ": b"), ("step 5", ": 2")]]) == [("final state", ": a")]
    assert everywhere(found, []) == found


def test_no_more_phases_are_run_than_are_needed() -> None:
    """Else each scenario that agrees runs twenty times."""

    def never() -> Any:
        raise AssertionError("a phase was run")
        yield

    assert everywhere([], never()) == []


@pytest.mark.parametrize("name", OTHERS)
def test_a_board_at_another_phase_is_no_other_pump(name: str) -> None:
    """Else `make test` fails with one commit's image and not with the next one's, as these two did."""
    scenario = read_scenario(LIBRARY / f"{name}.toml")
    core = execute(scenario, CoreTarget(), 1).document
    assert told_apart(scenario, core, as_board(scenario, OTHERS[name]), 1) == []


def apart(name: str, change: Callable[[dict[str, Any]], None]) -> list[str]:
    """What is told of a board that does at another phase what the core does, with a change."""
    scenario = read_scenario(LIBRARY / f"{name}.toml")
    core = execute(scenario, CoreTarget(), 1).document
    board = deepcopy(as_board(scenario, OTHERS["desaturation-deep"]))
    change(board)
    return told_apart(scenario, core, board, 1)


@pytest.mark.parametrize(("name", "late_ms"), [("desaturation", 50), ("desaturation-deep", 90)])
def test_a_slow_stop_is_told_at_every_phase(name: str, late_ms: int) -> None:
    """Else the phases forgive what no phase explains: a reading is judged in the scan in which it comes, what does not
    come is missed at one of the looks, 80 ms apart."""

    def late(board: dict[str, Any]) -> None:
        next(e for e in board["events"] if e["event"] == "paused")["t_ms"] += late_ms

    assert any(line.startswith("paused (spo2-stop)") for line in apart(name, late))


def test_a_lost_drop_is_told_at_every_phase() -> None:
    def short(board: dict[str, Any]) -> None:
        board["steps"][0]["delivered_ml"] -= 0.0005

    assert [line.split(":")[0] for line in apart("desaturation-deep", short)] == ["step 1"]
