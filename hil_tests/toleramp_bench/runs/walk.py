"""The runs of steps in a pump's records: which pulses belong to which, when each began and ended, where it was held.

The one walk over records for all who judge or report a run; who has pulses of their own hands them in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pump.tables import events
from toleramp_bench.names import CAUSES, EVENTS

_FLOW_ENDS = EVENTS.of(events.HOLDS | events.ENDS | events.STARTS) | {EVENTS.BAG_REQUESTED}


class Pulses(Protocol):
    """Pulses with their times, in us of the records' clock."""

    def __len__(self) -> int: ...

    def count_until(self, t_us: int) -> int:
        """How many came up to and including `t_us`."""


@dataclass
class StepRun:
    """One run of a step: its pulses are those from count `first` to count `last`; `flows` are such ranges too.

    `ended_ms`: its completion, or when its flow ended for good; None while it runs. `bag`: index of the one it ran on,
    -1 when the record does not tell. `until_ms`: to there every drop is its own, whatever moved it; None: to the end.
    `completed_ms`: its completion, None without one; `last_own`: the count then; `said`: the pulses in it by the pump's
    own records, from its start to its completion. `reacted`: a reaction was entered before it was completed.
    """

    number: int
    started_ms: int
    first: int
    last: int = 0
    ended_ms: int | None = None
    flows: list[tuple[int, int]] = field(default_factory=list)
    bag: int = -1
    until_ms: int | None = None
    completed_ms: int | None = None
    last_own: int = 0
    said: int = 0
    reacted: bool = False

    @property
    def started_us(self) -> int:
        """Its start."""
        return self.started_ms * 1000

    @property
    def completed_us(self) -> int:
        """Its completion; -1 without one."""
        return -1 if self.completed_ms is None else self.completed_ms * 1000

    @property
    def pulses(self) -> int:
        """How many moved the motor in it."""
        return self.last - self.first


def step_runs(records: Iterable[dict[str, Any]], moved: Pulses | None = None) -> list[StepRun]:
    """The runs in their order; a repeated step is a run of its own. A pulse counts to the run that began last."""
    walk = _Walk(moved)
    for record in records:
        walk.note(record)
    walk.close(len(moved) if moved is not None else 0)
    return walk.runs


class _Walk:
    """Goes through the records. `_open`: count where the present flow began. `_over`: the run will not go on."""

    def __init__(self, moved: Pulses | None) -> None:
        self._moved = moved
        self.runs: list[StepRun] = []
        self._open: int | None = None
        self._flowing = False
        self._over = True
        self._said = 0  # the pump's count when the last run began

    def note(self, record: dict[str, Any]) -> None:
        """One record."""
        event, t_ms = record["event"], record["t_ms"]
        if event == EVENTS.STEP_STARTED:
            self._last_is_over(t_ms)
            self._start(record)
        elif event == EVENTS.FLUSH_STARTED:
            self._last_is_over(t_ms)
        elif event == EVENTS.RESUMED:
            self._resume(self._count(t_ms))
        elif event == EVENTS.STEP_COMPLETED:
            self._complete(record)
        elif event in _FLOW_ENDS:
            self._end(t_ms)
            self._react(event)
        elif event == EVENTS.DECISION and record.get("code") != CAUSES.TECHNICAL:
            self._over = True  # it goes on with another run, be it of the same step

    def _count(self, t_ms: int) -> int:
        return self._moved.count_until(t_ms * 1000) if self._moved is not None else 0

    def _last_is_over(self, t_ms: int) -> None:
        self._end(t_ms)
        self.close(self._count(t_ms), t_ms)
        self._over = True

    def _start(self, record: dict[str, Any]) -> None:
        count, arg = self._count(record["t_ms"]), record.get("arg")
        self.runs.append(StepRun(record["step"], record["t_ms"], count, bag=-1 if arg is None else arg))
        self._open, self._flowing, self._over = count, True, False
        self._said = record.get("pulses", 0)

    def _resume(self, count: int) -> None:
        if self._over or not self.runs:
            return
        run = self.runs[-1]
        if self._open is not None:
            run.flows.append((self._open, count))
        self._open, self._flowing, run.ended_ms = count, True, None

    def _complete(self, record: dict[str, Any]) -> None:
        self._end(record["t_ms"])
        self._over = True
        run = self.runs[-1] if self.runs else None
        if run and run.completed_ms is None:
            run.completed_ms, run.last_own = record["t_ms"], self._count(record["t_ms"])
            run.said = record.get("pulses", 0) - self._said

    def _react(self, event: str) -> None:
        if event == EVENTS.REACTION and self.runs and self.runs[-1].completed_ms is None:
            self.runs[-1].reacted = True

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
