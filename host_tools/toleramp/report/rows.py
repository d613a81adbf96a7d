"""What ran: each start of a step is a row, each time without flow a hold; from events and statuses."""

from dataclasses import dataclass, field
from typing import Any

from pump.tables import events, states
from toleramp.report.timeline import Event, Sample, Timeline
from toleramp.words import rows
from toleramp.words.causes import is_reaction

SETTLE_MS = 1500  # a status may be older than an event of the same moment; only a later one corrects it
INTERRUPTED = -2  # the outcome of a run that another one followed; every other outcome is a state


@dataclass(slots=True)
class Hold:
    """A time without flow in the middle of the work, in ms; `end_ms` is None while it lasts."""

    start_ms: int
    reason: str | None
    step: int
    end_ms: int | None = None
    reaction: bool = False
    decided: int | None = None


@dataclass(slots=True)
class Row:
    """One run of a step; volumes in pL, times in ms. `attempt` counts the runs of that step."""

    step: int
    attempt: int
    start_ms: int
    start_pl: int
    end_ms: int
    end_pl: int
    solution: int | None = None
    target_pl: int = 0
    outcome: int = states.RUNNING
    start_seen: bool = True

    @property
    def volume_pl(self) -> int:
        """What was delivered in this run."""
        return self.end_pl - self.start_pl


@dataclass(slots=True)
class Course:
    """The session's course; its outcome is a state: the last one, or HELD where a hold did not end."""

    rows: list[Row] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    outcome: int = states.RUNNING
    reason: str | None = None


def halted(state: int) -> bool:
    """Whether nothing flows until a person has decided, or has unlocked the pump."""
    group = rows.group(states, state)
    return bool(group & states.HOLDS or group & states.OVER and group & states.ON)


def ended(state: int) -> bool:
    """Whether the session is over for good; a locked one can be unlocked."""
    return rows.group(states, state) & (states.OVER | states.ON) == states.OVER


def ended_by(event: Event) -> int:
    """The state that an event which ends the session begins."""
    return states.EVENT.index(event.number)


class _Walk:
    """Goes through the timeline once. Every pulse after the first start belongs to the latest row."""

    def __init__(self) -> None:
        self.course = Course()
        self.row: Row | None = None
        self.hold: Hold | None = None
        self.event_ms = 0
        self.volume_pl = 0

    def open_row(self, step: int, t_ms: int, seen: bool) -> None:
        row = self.row
        if row and seen and not row.start_seen and row.step == step and row.end_pl == row.start_pl:
            row.start_seen, row.start_ms = True, t_ms  # the start that `resumed` already announced
            return
        if row and row.outcome == states.RUNNING:
            row.outcome, row.end_ms = INTERRUPTED, self._flow_end(row, t_ms)
        attempt = 1 + sum(old.step == step for old in self.course.rows)
        self.row = Row(step, attempt, t_ms, self.volume_pl, t_ms, self.volume_pl, start_seen=seen)
        self.course.rows.append(self.row)

    def _flow_end(self, row: Row, t_ms: int) -> int:
        """An interrupted run ended where its last hold began, not where the next run starts."""
        holds = [hold for hold in self.course.holds if hold.start_ms >= row.start_ms]
        return holds[-1].start_ms if holds else t_ms

    def close_hold(self, t_ms: int) -> None:
        if self.hold:
            self.hold.end_ms = t_ms
            self.hold = None

    def take_volume(self, volume_pl: int | None) -> None:
        if volume_pl is not None:
            self.volume_pl = max(self.volume_pl, volume_pl)
        if self.row:
            self.row.end_pl = self.volume_pl

    def event(self, event: Event) -> None:
        self.take_volume(event.volume_pl)
        self.event_ms = event.t_ms
        if self.row and self.row.outcome == states.RUNNING:
            self.row.end_ms = event.t_ms
        group = rows.group(events, event.number)
        if event.number == events.STEP_STARTED:
            self.open_row(event.step, event.t_ms, seen=True)
            self.close_hold(event.t_ms)
            self.course.outcome = states.RUNNING
        elif event.number == events.LOCKED or group & events.HOLDS and not group & (events.ENDS | events.POWER):
            self._held(event)
        elif event.number == events.DECISION and self.hold:
            self.hold.decided = _step_of(event.arg) or event.step or None
            self.hold.reaction = self.hold.reaction or is_reaction(event.code)
        elif event.number == events.RESUMED:
            self._resumed(event)
        elif event.number == events.STEP_COMPLETED and self.row and self.row.outcome == states.RUNNING:
            self.row.outcome = states.COMPLETED
        elif group & events.ENDS:
            self._final(event)

    def _held(self, event: Event) -> None:
        if self.row is None:
            return
        if self.hold is None:
            self.hold = Hold(event.t_ms, event.code, event.step)
            self.course.holds.append(self.hold)
        if event.number == events.REACTION or is_reaction(event.code):
            self.hold.reaction = True
        if event.number == events.LOCKED:
            self.course.outcome, self.course.reason = states.LOCKED, event.code
            self.row.outcome, self.row.end_ms = INTERRUPTED, self._flow_end(self.row, event.t_ms)

    def _resumed(self, event: Event) -> None:
        hold, row = self.hold, self.row
        self.close_hold(event.t_ms)
        self.course.outcome = states.RUNNING
        chosen = hold.decided if hold else None
        if chosen and row and (hold and hold.reaction or chosen != row.step):
            self.open_row(chosen, event.t_ms, seen=False)

    def _final(self, event: Event) -> None:
        self.course.outcome, self.course.reason = ended_by(event), event.code
        self.close_hold(event.t_ms)
        if self.row and self.row.outcome == states.RUNNING:
            self.row.outcome = self.course.outcome

    def sample(self, sample: Sample) -> None:
        settled = sample.t_ms > self.event_ms + SETTLE_MS
        running = sample.state == states.RUNNING
        if running and settled and sample.step and self._unseen_start(sample):
            self.open_row(sample.step, sample.t_ms, seen=False)
        self.take_volume(sample.volume_pl)
        if not self.row:
            return
        if self.row.outcome == states.RUNNING:
            self.row.end_ms = max(self.row.end_ms, sample.t_ms)
        if settled and halted(sample.state) and self.hold is None and self.row.outcome == states.RUNNING:
            self.hold = Hold(sample.t_ms, sample.reason, sample.step)
            self.course.holds.append(self.hold)
        if running and settled:
            self.close_hold(sample.t_ms)
        if running and sample.step == self.row.step:
            self.row.solution, self.row.target_pl = sample.solution, sample.target_pl

    def _unseen_start(self, sample: Sample) -> bool:
        """A step runs whose start was lost with the line."""
        return self.row is None or self.row.step != sample.step


def _step_of(arg: Any) -> int | None:
    return arg if isinstance(arg, int) and not isinstance(arg, bool) and arg > 0 else None


def read_course(timeline: Timeline) -> Course:
    """The rows and holds of a timeline; no rows when nothing was started."""
    walk = _Walk()
    marks: list[tuple[int, int, Event | Sample]] = [(e.t_ms, 0, e) for e in timeline.events]
    marks += [(s.t_ms, 1, s) for s in timeline.samples]
    for _t_ms, _order, item in sorted(marks, key=lambda mark: mark[:2]):
        if isinstance(item, Event):
            walk.event(item)
        else:
            walk.sample(item)
    last_state = timeline.samples[-1].state if timeline.samples else rows.NO_ROW
    if walk.course.outcome == states.RUNNING:
        if ended(last_state):
            walk.course.outcome = last_state
        elif walk.hold:
            walk.course.outcome = states.HELD
    return walk.course
