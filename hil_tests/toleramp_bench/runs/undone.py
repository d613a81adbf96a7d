"""Actions of a scenario that never came: each is an expectation that was not met, or a run passes without its fault."""

from __future__ import annotations

from typing import Any

from toleramp_bench.scenario.events import place
from toleramp_bench.scenario.expects import picked
from toleramp_bench.scenario.model import Action, Moment, Recording, Scenario
from toleramp_bench.scenario.words import clock


def undone(scenario: Scenario, recording: Recording) -> list[dict[str, Any]]:
    """One {"text", "met": False, "why"} for each action that was not carried out, in the order of the file."""
    done = {each.id: each.t_ms for each in recording.done}
    return [
        {"text": _text(number, action), "met": False, "why": _why(action.when, recording, done)}
        for number, action in enumerate(scenario.actions, 1)
        if action.id not in done
    ]


def _text(number: int, action: Action) -> str:
    return f"{place(number, action.id)} comes: {action.do} {_moment(action.when)}"


def _moment(when: Moment) -> str:
    """When an action is to come, in words."""
    if when.after is None:
        return f"at {clock(when.at_ms or 0)}"
    plus = f"{clock(when.plus_ms)} " if when.plus_ms else ""
    nth = f", number {when.nth}" if when.nth > 1 else ""
    return f"{plus}after {_waited(when)}{nth}"


def _waited(when: Moment) -> str:
    keys = {key: value for key, value in (("step", when.step), ("code", when.code)) if value is not None}
    return picked(str(when.after), keys)


def _why(when: Moment, recording: Recording, done: dict[str, int]) -> str:
    """What it waited for never came, or the run was over before."""
    if when.after is None:
        return f"the run ended before, at {clock(recording.end_ms)}"
    times = [record["t_ms"] for record in recording.records if _is_meant(record, when)]
    times += [done[when.after]] if when.after in done else []
    if len(times) >= when.nth:
        return f"{when.after} came at {clock(times[when.nth - 1])}, and the run ended at {clock(recording.end_ms)}"
    if times:
        return f"only {len(times)} of {when.nth} {_waited(when)} came until the run ended at {clock(recording.end_ms)}"
    return f"{_waited(when)} never came; the run ended at {clock(recording.end_ms)}"


def _is_meant(record: dict[str, Any], when: Moment) -> bool:
    """Whether a moment counts this record, as the runner does."""
    same = record["event"] == when.after and when.step in (None, record["step"])
    return same and when.code in (None, record["code"])
