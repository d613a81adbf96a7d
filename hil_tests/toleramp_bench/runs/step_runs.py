"""The runs of steps in a recording: which pulses belong to which, when each began and ended, and where it was held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from toleramp_bench.scenario.model import Recording

_FLOW_ENDS = ("paused", "stopped", "locked", "fault", "power_lost", "boot", "completed", "bag_requested")
_STARTS = ("step_started", "resumed")


@dataclass
class StepRun:
    """One run of a step: its pulses are those from count `first` to count `last`; `flows` are such ranges too.

    `ended_ms`: its completion, or when its flow ended for good; None while it runs. `bag`: index of the one it ran on,
    None when the record does not tell. `until_ms`: to there every drop is its own, whatever moved it; None: to the end.
    """

    number: int
    started_ms: int
    first: int
    last: int = 0
    ended_ms: int | None = None
    flows: list[tuple[int, int]] = field(default_factory=list)
    bag: int | None = None
    until_ms: int | None = None

    @property
    def pulses(self) -> int:
        """How many moved the motor in it."""
        return self.last - self.first


def step_runs(recording: Recording) -> list[StepRun]:
    """The runs in their order; a repeated step is a run of its own. A pulse counts to the run that began last."""
    walk = _Walk(recording)
    for record in recording.records:
        walk.note(record)
    moved = recording.moved_us
    walk.close(len(moved) if moved is not None else 0)
    return walk.runs


class _Walk:
    """Goes through the records. `_open`: count where the present flow began. `_over`: the run will not go on."""

    def __init__(self, recording: Recording) -> None:
        self._moved = recording.moved_us
        self.runs: list[StepRun] = []
        self._open: int | None = None
        self._flowing = False
        self._over = True

    def note(self, record: dict[str, Any]) -> None:
        """One record."""
        event, t_ms = record["event"], record["t_ms"]
        if event in (*_STARTS, "flush_started"):
            self._start(record)
        elif event == "step_completed":
            self._end(t_ms)
            self._over = True
        elif event in _FLOW_ENDS:
            self._end(t_ms)
        elif event == "decision" and record.get("code") != "technical":
            self._over = True  # it goes on with another run, be it of the same step

    def _start(self, record: dict[str, Any]) -> None:
        count = self._moved.count_until(record["t_ms"] * 1000) if self._moved is not None else 0
        if record["event"] == "resumed":
            self._resume(count)
            return
        self._end(record["t_ms"])
        self.close(count, record["t_ms"])
        self._over = True
        if record["event"] == "step_started":
            self.runs.append(StepRun(record["step"], record["t_ms"], count, bag=record.get("arg")))
            self._open, self._flowing, self._over = count, True, False

    def _resume(self, count: int) -> None:
        if self._over or not self.runs:
            return
        run = self.runs[-1]
        if self._open is not None:
            run.flows.append((self._open, count))
        self._open, self._flowing, run.ended_ms = count, True, None

    def _end(self, t_ms: int) -> None:
        if self._flowing:
            self.runs[-1].ended_ms = t_ms
        self._flowing = False

    def close(self, count: int, t_ms: int | None = None) -> None:
        """The last run has its pulses up to this count, and its drops up to this time."""
        if self._open is not None:
            run = self.runs[-1]
            run.flows.append((self._open, count))
            run.last, run.until_ms = count, t_ms
        self._open = None
