"""When people look at the pump and press: by what its screen shows, or by its records.

Times by records follow from the records alone, so that the same scenario gives the same presses at the same device
times on every target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pump.tables import events
from toleramp_bench.names import EVENTS

POLL_MS = 1_000
_PROMPTS = EVENTS.of(events.ASKS)
_ON_GRID_MS = 5_000  # the first press comes at a whole multiple of this: loading takes another time on each target


@dataclass
class Pace:
    """`looks` before each look, `looked` after it with the button that was pressed (0: none).

    `again`: without a press there may be an answer a while later.

    `due_ms`: when people look next, where that is known; None: when something happens.
    """

    delay_ms: int
    due_ms: int | None = field(default=None, kw_only=True)

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump."""

    def look_at(self, t_ms: int) -> None:
        """Looks at the screen at that time, or sooner."""
        self.due_ms = t_ms if self.due_ms is None else min(self.due_ms, t_ms)

    def looks(self, question: int, now_ms: int) -> bool:
        """Whether it is time."""
        return self.due_ms is not None and self.due_ms <= now_ms

    def looked(self, button: int, again: bool, now_ms: int) -> None:
        """What comes of a look."""
        raise NotImplementedError


@dataclass
class ScreenPace(Pace):
    """Watches the screen: each press comes `delay_ms` after a new question or the last press."""

    delay_ms: int = 1_000
    _next_ms: int = field(default=0)
    _last: int = field(default=-1)

    def looks(self, question: int, now_ms: int) -> bool:
        """Whether it is time."""
        if question != self._last:
            self._last = question
            self._next_ms = now_ms + self.delay_ms
        return now_ms >= self._next_ms

    def looked(self, button: int, again: bool, now_ms: int) -> None:
        """After a press there is a pause."""
        if button:
            self._next_ms = now_ms + self.delay_ms


@dataclass
class RecordPace(Pace):
    """Comes `delay_ms` after a record that prompts, presses every `gap_ms`. `due_ms`: the next look; None: not yet."""

    gap_ms: int
    _free_ms: int = field(default=0, kw_only=True)  # no key is pressed before: the last one is still down, or just up

    def told(self, record: dict[str, Any]) -> None:
        """A record of the pump: a prompt is answered after the delay."""
        if record["event"] not in _PROMPTS:
            return
        due = max(record["t_ms"] + self.delay_ms, self._free_ms)
        if record["event"] == EVENTS.LOADED:
            due = -(-due // _ON_GRID_MS) * _ON_GRID_MS
        self.due_ms = due if self.due_ms is None else min(self.due_ms, due) if due > record["t_ms"] else due

    def looked(self, button: int, again: bool, now_ms: int) -> None:
        """After a press there is a pause; what could not be answered yet is looked at again."""
        if button:
            self.due_ms = self._free_ms = now_ms + self.gap_ms
        else:
            self.due_ms = now_ms + POLL_MS if again else None
