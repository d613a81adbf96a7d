"""A session log's records, checked field by field, on one clock.

A line may be damaged or come from a newer tool: what cannot be understood is left out, never guessed.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pump.tables import events, states, vitals
from toleramp.report.numbers import PL_PER_ML, count, exact
from toleramp.words import rows

GAP_MIN_MS = 5000  # the link's own limit for "lost"; shorter silence is only jitter
# Flags against a reading that other oximeters and tools use, beside those of pump.tables.vitals.
_OTHER_DOUBTS = frozenset(("sensor-fault", "searching", "invalid"))
VALID = rows.name(vitals, 0)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """One status message. Times in ms, volumes in pL since the session's start, rate in mL/h."""

    t_ms: int
    step: int
    solution: int | None
    state: int  # NO_ROW for an unknown one
    volume_pl: int
    target_pl: int
    spo2: int | None
    pulse: int | None
    flags: tuple[str, ...]
    reason: str
    wall: str


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the device's journal. `t_ms` runs on over a restart, `device_ms` starts again."""

    t_ms: int
    device_ms: int
    seq: int | None
    name: str
    step: int
    code: str | None
    arg: Any
    volume_pl: int | None
    pump_clock: str  # the pump's own time of day; "" for none

    @property
    def number(self) -> int:
        """Its row in pump.tables.events; NO_ROW for an unknown name."""
        return rows.number(events, self.name)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without record, in ms."""

    start_ms: int
    end_ms: int
    why: str


@dataclass(slots=True)
class Timeline:
    """Everything that a log holds, in order of time."""

    head: Record = field(default_factory=dict)
    bench: Record | None = None
    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    measured: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    pl_pulse: int = 0
    more_sessions: bool = False
    flags_say_valid: bool = False
    _wall_ms: list[int] = field(default_factory=list)
    _wall: list[datetime] = field(default_factory=list)

    def clock(self, t_ms: int) -> datetime | None:
        """The wall clock at a device time, from the status before it; None where the log has no clock."""
        if not self._wall_ms:
            return None
        at = max(0, bisect_right(self._wall_ms, t_ms) - 1)
        return self._wall[at] + timedelta(milliseconds=t_ms - self._wall_ms[at])

    def is_valid(self, sample: Sample) -> bool:
        """Whether vital signs count: a value, no flag against it, and VALID where the log uses it."""
        if sample.spo2 is None or any(map(_doubts, sample.flags)):
            return False
        return VALID in sample.flags or not self.flags_say_valid

    def end_ms(self) -> int:
        """The last moment the log knows of."""
        last = [series[-1].t_ms for series in (self.samples, self.events) if series]
        return max(last, default=0)


def _doubts(flag: str) -> bool:
    """Whether a flag says that the values do not count."""
    return flag in _OTHER_DOUBTS or bool(rows.group(vitals, flag) & vitals.UNRELIABLE)


def _text(record: Record, key: str) -> str:
    value = record.get(key)
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


class _Reader:
    """Collects records; keeps the clock and the counter running on over a restart of the pump."""

    def __init__(self, pl_pulse: int) -> None:
        self.timeline = Timeline(pl_pulse=pl_pulse)
        self.offset_ms = 0
        self.base_pl = 0
        self.last_ms = 0
        self.last_pl = 0
        self.fresh = False  # just restarted: the next counter decides whether it went on or began again
        self.status_ms = -1  # device time of the last status: only a restart makes it smaller
        self.boot_due = True  # the present run of the pump has not reported its boot yet
        self.lost: list[tuple[int, str]] = []
        self.seen: set[tuple[int, int | None, int, str]] = set()

    def volume(self, raw_pl: int | None) -> int | None:
        if raw_pl is None:
            return None
        if self.fresh:
            self.base_pl = self.last_pl if raw_pl + self.base_pl < self.last_pl else self.base_pl
            self.fresh = False
        self.last_pl = max(self.last_pl, raw_pl + self.base_pl)
        return raw_pl + self.base_pl

    def time(self, record: Record) -> int | None:
        device_ms = count(record, "t_ms")
        if device_ms is None:
            return None
        self.last_ms = max(self.last_ms, device_ms + self.offset_ms)
        return device_ms + self.offset_ms

    def take(self, record: Record) -> None:
        kind = record.get("kind")
        if kind == "session":
            self._session(record)
        elif kind == "bench":
            self.timeline.bench = {**(self.timeline.bench or {}), **record}
        elif kind in ("status", "event", "link", "measured"):
            getattr(self, f"_{kind}")(record)

    def _session(self, record: Record) -> None:
        """The first head counts; a later one, of a monitor that came back, may bring the protocol."""
        if not self.timeline.head:
            self.timeline.head = record
        elif self.timeline.head.get("protocol") is None:
            self.timeline.head = {**self.timeline.head, "protocol": record.get("protocol")}

    def _status(self, record: Record) -> None:
        device_ms, pulses = count(record, "t_ms"), count(record, "total_pulses")
        if device_ms is None or pulses is None:
            return
        if device_ms < self.status_ms - 1000:
            self._restart()
        self.status_ms = device_ms
        t_ms = self.time(record) or 0
        per = count(record, "pl_pulse") or self.timeline.pl_pulse
        flags = record.get("vitals")
        sample = Sample(
            t_ms,
            count(record, "step") or 0,
            count(record, "solution"),
            rows.number(states, _text(record, "state")),
            self.volume(pulses * per) or 0,
            (count(record, "step_target") or 0) * per,
            count(record, "spo2"),
            count(record, "pulse"),
            tuple(str(flag) for flag in flags) if isinstance(flags, list) else (),
            _text(record, "hold"),
            _text(record, "wall"),
        )
        self.timeline.samples.append(sample)

    def _event_volume(self, record: Record) -> int | None:
        pulses = count(record, "pulses")
        if pulses is not None and self.timeline.pl_pulse:
            return pulses * self.timeline.pl_pulse
        try:
            return round(exact(record.get("total_ml")) * PL_PER_ML)
        except ValueError:
            return None

    def _event(self, record: Record) -> None:
        name, device_ms = _text(record, "event"), count(record, "t_ms")
        if rows.number(events, name) == events.BOOT:
            if not self.boot_due and device_ms is not None and device_ms < self.status_ms:
                self._restart()
            self.boot_due = False
        identity = (len(self.timeline.restarts), count(record, "seq"), device_ms or 0, name)
        if device_ms is None or not name or identity in self.seen:
            return
        self.seen.add(identity)
        t_ms, step = self.time(record) or 0, count(record, "step") or 0
        volume, code = self.volume(self._event_volume(record)), _text(record, "code")
        clock, arg = _text(record, "pump_clock"), record.get("arg")
        event = Event(t_ms, device_ms, identity[1], name, step, code or None, arg, volume, clock)
        self.timeline.events.append(event)

    def _restart(self) -> None:
        self.offset_ms = self.last_ms + 1000
        self.fresh = self.boot_due = True
        self.status_ms = -1
        self.timeline.restarts.append(self.offset_ms)

    def _link(self, record: Record) -> None:
        t_ms = self.time(record)
        if t_ms is not None:
            self.lost.append((t_ms, _text(record, "what")))

    def _measured(self, record: Record) -> None:
        t_ms, volume_nl = self.time(record), count(record, "volume_nl")
        if t_ms is not None and volume_nl is not None:
            self.timeline.measured.append((t_ms, volume_nl))


def _cut(timeline: Timeline) -> None:
    """One report, one session: what follows a second loading of a protocol belongs to another."""
    started = False
    for event in timeline.events:
        started = started or event.number == events.STEP_STARTED
        if started and event.number == events.LOADED:
            timeline.more_sessions = True
            timeline.events = [e for e in timeline.events if e.t_ms < event.t_ms]
            timeline.samples = [s for s in timeline.samples if s.t_ms < event.t_ms]
            timeline.measured = [m for m in timeline.measured if m[0] < event.t_ms]
            return


def _find_gaps(timeline: Timeline, lost: list[tuple[int, str]]) -> list[Gap]:
    """Times without a status for longer than the log's own pace allows."""
    times = [sample.t_ms for sample in timeline.samples]
    spans = sorted(b - a for a, b in zip(times, times[1:], strict=False))
    limit = max(GAP_MIN_MS, 10 * spans[len(spans) // 2]) if spans else GAP_MIN_MS
    down = [t_ms for t_ms, what in lost if what == "lost"]
    gaps = []
    for a, b in zip(times, times[1:], strict=False):
        said = any(a <= t_ms < b for t_ms in down)
        if b - a > limit or (said and b - a > 2000):
            gaps.append(Gap(a, b, "line lost" if said else "no record"))
    return gaps


def _set_clock(timeline: Timeline) -> None:
    for sample in timeline.samples[:: max(1, len(timeline.samples) // 500)]:
        moment = _moment(sample.wall)
        if moment is not None:
            timeline._wall_ms.append(sample.t_ms)
            timeline._wall.append(moment)


def read_timeline(records: list[Record]) -> Timeline:
    """Sorts a log's records into a timeline; damaged fields are left out."""
    statuses = (r for r in records if r.get("kind") == "status")
    reader = _Reader(next((per for r in statuses if (per := count(r, "pl_pulse"))), 0))
    for record in records:
        reader.take(record)
    timeline = reader.timeline
    timeline.samples.sort(key=lambda s: s.t_ms)
    timeline.events.sort(key=lambda e: (e.t_ms, e.seq or 0))
    timeline.measured.sort()
    _cut(timeline)
    timeline.gaps = _find_gaps(timeline, reader.lost)
    timeline.flags_say_valid = any(VALID in sample.flags for sample in timeline.samples)
    _set_clock(timeline)
    return timeline
