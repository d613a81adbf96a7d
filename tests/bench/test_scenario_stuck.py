"""A run that would only wait ends; one in which something may still come goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_kit import HEAD, scenario

from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.runs.runner import STUCK_MIN

pytestmark = pytest.mark.req("TST-1")
SLOW = HEAD + "scan_ms = 1000\n"  # hours pass in a second
SOON = 'after = "step_started"\nstep = 1\nplus = "00:00:03"'
LOW = f'[[event]]\n{SOON}\ndo = "oximeter"\nspo2 = 85\n'
QUIET_S = 60 * (120 + STUCK_MIN)  # the standard protocol's longest hold, and the while after it


def test_a_hold_that_nobody_can_end_ends_the_run(tmp_path: Path) -> None:
    """Else people wait for twelve hours of nothing."""
    held = scenario(tmp_path, LOW, SLOW)
    document = execute(held, make_target("core", held)).document
    last_ms = [event["t_ms"] for event in document["events"] if event["event"] != "vitals"][-1]  # those go on
    assert document["final_state"] == "held"
    assert 0 <= document["simulated_s"] - last_ms / 1000 - QUIET_S < 2


def test_what_is_still_to_come_is_waited_for(tmp_path: Path) -> None:
    """Else a recovery after hours never happens."""
    held = scenario(tmp_path, LOW + '[[event]]\nat = "04:00:00"\ndo = "oximeter"\nspo2 = 97\n', SLOW)
    document = execute(held, make_target("core", held)).document
    assert document["simulated_s"] > 4 * 3600 and document["actions"][-1]["t_ms"] == 4 * 3_600_000


def test_a_pump_without_power_is_not_waited_for(tmp_path: Path) -> None:
    """Else a cut without a return costs twelve hours."""
    cut = scenario(tmp_path, f'[[event]]\n{SOON}\ndo = "power"\noff = true\n', SLOW)
    document = execute(cut, make_target("core", cut)).document
    assert document["final_state"] == "off" and document["simulated_s"] < QUIET_S + 120
