"""An expectation that no run can meet is refused when the file is read; one that some run can meet is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_kit import HEAD, event, expect, fault, scenario

pytestmark = pytest.mark.req("TST-1")

IMPOSSIBLE = [
    ('never = "boot"', "boot comes in each run"),
    ('count = "boot" / equals = 0', "boot comes in each run"),
    ('count = "boot" / at_most = 0', "boot comes in each run"),
    ('event = "completed" # count = "completed" / equals = 0', "expect 2: it forbids what expect 1 asks for"),
    ('event = "step_started" / step = 2 / nth = 2 # count = "step_started" / step = 2 / equals = 1', "it forbids"),
    ('count = "paused" / at_least = 2 # count = "paused" / at_most = 1', "it forbids"),
    ('event = "resumed" / of = "paused" # never = "paused"', "it forbids"),
    ('event = "completed" / of = "completed"', "completed comes once"),
    ('event = "completed" / nth = 2', "completed comes once"),
    ('count = "locked" / equals = 2', "locked comes once"),
    ('event = "completed" / step = 3', "completed comes in step 12"),
    ('event = "boot" / step = 3', "boot has no step"),
    ('value = "simulated_s" / at_least = 43201', "no run is that long"),
    ('value = "simulated_s" / equals = 43300 / tolerance = 50', "no run is that long"),
    ('value = "steps.3.ended_ms" / at_least = 43200001', "no run is that long"),
    ('event = "paused" / not_before_s = 43201', "no run is that long"),
    ('event = "completed" # value = "final_state" / equals = "held"', "ends the run in that state"),
    ('count = "locked" / equals = 1 # value = "final_state" / equals = "waiting"', "ends the run in that state"),
    ('value = "final_state" / equals = "held" # value = "final_state" / equals = "completed"', "expect 1 says"),
    ('value = "delivered_ml" / at_most = 1 # value = "delivered_ml" / at_least = 2', "expect 1 says"),
]
POSSIBLE = [
    'never = "boot" / after = "armed"',
    'count = "boot" / state = "idle" / equals = 0',
    'never = "boot" / state = "running"',
    'event = "completed" # count = "completed" / at_least = 1',
    'event = "paused" / of = "paused" # count = "paused" / at_most = 2',
    'event = "step_started" / step = 2 # count = "step_started" / step = 3 / equals = 0',
    'event = "step_started" # count = "step_started" / step = 3 / equals = 0',
    'event = "stopped" # value = "final_state" / equals = "fault"',
    'event = "paused" # value = "final_state" / equals = "held"',
    'value = "simulated_s" / at_least = 43200',
    'value = "delivered_ml" / at_least = 1 # value = "delivered_ml" / at_most = 1',
    'never = "paused" / after = "resumed" # event = "paused"',
    'never = "completed" / step = 3',
]
# With these a file may have a second session, or go back, and the same may happen.
ONLY_ALONE = {
    'event = "completed" / nth = 2': event('host"\ncommand = "load', 'after = "completed"'),
    'event = "locked" / of = "locked"': event('power"\non = true\nid = "p', 'after = "locked"'),
    'event = "completed" / step = 11': event('reaction"\nsigns = "itch', 'after = "step_started"\nstep = 11'),
    'event = "completed" # value = "final_state" / equals = "waiting"': '[end]\nat = "01:00:00"\n',
}


def _expects(keys: str) -> str:
    return "".join(expect(part) for part in keys.split(" # "))


@pytest.mark.parametrize(("keys", "why"), IMPOSSIBLE)
def test_what_no_run_can_meet_is_refused(tmp_path: Path, keys: str, why: str) -> None:
    """Else the pump is told off for what nobody could do, after minutes."""
    assert why in fault(tmp_path, HEAD + _expects(keys))


@pytest.mark.parametrize("keys", POSSIBLE)
def test_what_some_run_can_meet_is_taken(tmp_path: Path, keys: str) -> None:
    """Else a right scenario is refused."""
    assert scenario(tmp_path, _expects(keys)).expects


@pytest.mark.parametrize("keys", ONLY_ALONE)
def test_what_the_file_s_own_events_make_possible_is_taken(tmp_path: Path, keys: str) -> None:
    """Else a second session, or a repeated step, cannot be written down."""
    assert fault(tmp_path, HEAD + _expects(keys))
    assert scenario(tmp_path, ONLY_ALONE[keys] + _expects(keys)).expects


@pytest.mark.parametrize("choice", ["same", "one-back", "two-back", "technical", "severe", "end"])
def test_a_step_beside_a_choice_that_needs_none_picks_the_record(tmp_path: Path, choice: str) -> None:
    """Else "one back" after a pause in step 9 goes on in step 9."""
    for key in ("step", "after_step"):
        taken = scenario(tmp_path, event(f'decide"\n{key} = 9\nchoice = "{choice}', 'after = "paused"')).actions[0]
        assert taken.when.step == 9 and "step" not in taken.arguments


@pytest.mark.parametrize("choice", ["any-back", "mild"])
def test_a_step_beside_any_back_or_mild_is_the_one_that_is_chosen(tmp_path: Path, choice: str) -> None:
    """Else what people chose is taken for when they chose it."""
    lines = f'decide"\nstep = 3\nafter_step = 9\nchoice = "{choice}'
    taken = scenario(tmp_path, event(lines, 'after = "paused"')).actions[0]
    assert taken.when.step == 9 and taken.arguments["step"] == 3
