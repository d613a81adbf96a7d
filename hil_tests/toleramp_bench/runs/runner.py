"""Runs one scenario on one target: an agenda of actions, people who answer, the plant behind the pump's motor."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from pump.protocol.protocol import HEAD
from pump.tables import events, states
from toleramp_bench.interrupts import PRESSED
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.people.attended import Attended
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import RecordPace
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.runs.actions import BUTTONS, Actions
from toleramp_bench.runs.plant_of import plant_of
from toleramp_bench.runs.shown import Shown
from toleramp_bench.scenario.model import Action, Done, Moment, Recording, Scenario
from toleramp_bench.scenario.words import SCREEN
from toleramp_bench.targets.base import Target, TargetFault

FINAL = EVENTS.of(events.ENDS)
SETTLE_MS = 1_000  # after the end, for the alarm and the records that are still on their way
LOAD_AT_US = 500_000
# What follows a record happens so much later at the soonest: on the board a record needs some scans to the laptop.
REACT_MS = 300
PING_MS = 1_000
STUCK_MIN = 30  # so long after the longest hold nothing comes any more from a pump that stands and is left alone
_FOREVER = 1 << 62
NAME_AT = HEAD + 2  # of a compiled protocol: behind the record's key and length


def _alike(when: Moment, record: dict[str, Any]) -> bool:
    """Whether a record has the name, step and code that a moment asks for."""
    if when.after != record["event"] or when.step not in (None, record["step"]):
        return False
    return when.code in (None, record["code"])


class Run:
    """One run; `go()` returns the Recording."""

    def __init__(self, scenario: Scenario, target: Target, seed: int = 1) -> None:
        self.scenario, self.target = scenario, target
        self.random = random.Random(seed)
        self.recording = Recording(target=target.name, pl_pulse=target.pl_pulse)
        self.hold_ms = max(200, 4 * target.scan_us // 1000)
        gap_ms = max(600, 10 * target.scan_us // 1000)
        self.staff: Nurse | None = None
        if scenario.staff == "prompt":
            self.staff = Nurse(RecordPace(scenario.staff_delay_ms, gap_ms), on_hang=self.hung)
        self.live = target.fit(plant_of(scenario, target.pl_pulse, seed))
        self.plant: Plant = self.live.plant
        self.pinging = True
        self._actions = Actions(self)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._log: list[dict[str, Any]] = []
        self.spoils_load = False  # one bit of the next load is flipped, before it is sent
        self._end_us = scenario.limit_ms * 1000
        self._ended = False
        self._stuck_us = self._quiet_us = (scenario.protocol.max_hold_min + STUCK_MIN) * 60_000_000
        self._waiting = [action for action in scenario.actions if action.when.after is not None]
        self.patient = Attended(self, scenario.patient, seed) if scenario.patient else None

    # -- the agenda

    def book(self, t_us: int, call: Callable[[], None]) -> None:
        """A call at a time, or now when that is past."""
        heapq.heappush(self._agenda, (max(t_us, self.target.now_us), next(self._order), call))

    def later(self, ms: float, call: Callable[[], None]) -> None:
        """A call after a while."""
        self.book(self.target.now_us + round(ms * 1000), call)

    def act(self, action: Action) -> None:
        """Carries an action out now, and lets follow what waits for it."""
        t_ms = self.target.now_us // 1000
        self._actions.do(action)
        self.recording.done.append(Done(action.id, action.do, t_ms))
        self._happened({"event": action.id, "t_ms": t_ms, "step": None, "code": None}, 0)

    def _happened(self, record: dict[str, Any], react_ms: int) -> None:
        """A record or an action: books what waits for it."""
        for action in [a for a in self._waiting if self._fits(a.when, record)]:
            self._waiting.remove(action)
            at_ms = record["t_ms"] + max(action.when.plus_ms, react_ms)
            self.book(at_ms * 1000, lambda action=action: self.act(action))  # type: ignore[misc]
        end = self.scenario.end
        if end and end.after and self._fits(end, record):
            self._end_us = min(self._end_us, (record["t_ms"] + max(end.plus_ms, react_ms)) * 1000)
        self._log.append(record)

    def _fits(self, when: Moment, record: dict[str, Any]) -> bool:
        """Whether this record, not yet in the log, is the one that a moment waits for."""
        if not _alike(when, record):
            return False
        return sum(_alike(when, before) for before in self._log) + 1 == when.nth

    # -- what actions ask for

    def press(self, button: int, hold_ms: float, bounce_ms: float = 0) -> None:
        """A key goes down now and up later; a bouncing one chatters at both ends."""
        target = self.target
        for edge, start_ms in ((True, 0.0), (False, hold_ms)):
            for k in range(int(bounce_ms)):
                self.later(start_ms + k, lambda down=(k % 2 == 0) == edge: target.key(button, down))  # type: ignore[misc]
            self.later(start_ms + int(bounce_ms), lambda down=edge: target.key(button, down))  # type: ignore[misc]

    def load(self) -> None:
        """Loads the scenario's protocol over the host line; a refusal is a record of the pump."""
        blob = bytearray(self.scenario.blob)
        if self.spoils_load:
            blob[NAME_AT] ^= 1  # the first letter of its name: nothing but the checksum can tell
            self.spoils_load = False
        code = self.target.load(bytes(blob))
        if code == "no answer":
            raise TargetFault(f"{self.target.name}: no answer while loading")

    def power(self, on: bool) -> None:
        """Cuts or restores the power; people know that a pump just switched on has to be loaded again."""
        self.target.power(on)

    def hung(self, index: int) -> None:
        """The bag with this index hangs from now on."""
        bags = self.scenario.protocol.solutions
        if 0 <= index < len(bags):
            self.plant_do("swap_bag", bag_id=bags[index].id)
        else:
            self._flow()

    def plant_do(self, name: str, **fields: Any) -> None:
        """A fault of the plant, or another bag, from this moment."""
        self._flow()
        self.live.do(name, fields)
        self.recording.plant_done.append((self.target.now_us, name, fields))

    def settle(self) -> None:
        """The plant is brought up to this moment."""
        self._flow()

    def _flow(self, t_us: int | None = None) -> None:
        """Brings the plant up to a time (now) with the pulses that moved the motor."""
        self.live.settle(t_us)

    # -- the run

    def go(self) -> Recording:
        """Runs it to its end. The target is closed by whoever opened it."""
        if self.scenario.oximeter != self.target.form:
            self.target.choose(self.scenario.oximeter)
        if any(expect.kind == SCREEN or "sound" in expect.keys for expect in self.scenario.expects):
            self.recording.shown = Shown()
            self.target.watch(self.recording.shown.look)
        jammed = [action for action in self.scenario.actions if action.do == "stuck_key" and action.when.at_ms == 0]
        for action in jammed:  # before power-on
            if action.arguments.get("on", True):
                self.target.jam(BUTTONS[action.arguments["button"]])
        self.target.start(self.scenario.bench_mode)
        self.book(LOAD_AT_US, self.load)
        for action in self.scenario.actions:
            if action.when.at_ms is not None:
                self.book(action.when.at_ms * 1000, lambda action=action: self.act(action))  # type: ignore[misc]
        if self.scenario.end and self.scenario.end.at_ms is not None:
            self._end_us = min(self._end_us, self.scenario.end.at_ms * 1000)
        self.book(PING_MS * 1000, self._ping)
        while self.target.now_us < self._end_us:
            PRESSED.demand()
            self._turn()
        return self._close()

    def _turn(self) -> None:
        target = self.target
        due_us = self._agenda[0][0] if self._agenda else _FOREVER
        staff_us = self._staff_us()
        target.run_to(min(due_us, staff_us, self._end_us, self._stuck_us))
        for record in target.records():
            self._note(record)
        now = target.now_us
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2]()
        if self.staff and self._staff_us() <= now:
            button = self.staff.press(target.seen(), now // 1000)
            if button:
                self.press(button, self.hold_ms)
                self._stuck_us = now + self._quiet_us
        if now >= self._stuck_us:
            self._end_if_stuck()

    def _staff_us(self) -> int:
        """When people look at the pump next."""
        due_ms = self.staff.pace.due_ms if self.staff else None
        return _FOREVER if due_ms is None else due_ms * 1000

    def _end_if_stuck(self) -> None:
        """Ends a run that would only wait: the pump stands, no record or press came for long, nothing is still to come.

        A step may last for hours without a record, a patient may still recover, and an end that is given is kept.
        """
        self._stuck_us = self.target.now_us + self._quiet_us
        waiting = len(self._agenda) <= 1  # but for the ping
        if (
            waiting
            and self.patient is None
            and self.scenario.end is None
            and self.target.state() not in STATES.of(states.FLOWS)
        ):
            self._end_us = self.target.now_us

    def _note(self, record: dict[str, Any]) -> None:
        self.recording.records.append(record)
        if record["event"] != EVENTS.VITALS:  # those come each minute, also of a pump that is left alone
            self._stuck_us = record["t_ms"] * 1000 + self._quiet_us
        if record["event"] == EVENTS.BAG_CONFIRMED:
            self._confirmed(record)
        self._flow()
        self._happened(record, REACT_MS)
        if self.staff:
            self.staff.pace.told(record)
        if record["event"] in FINAL and self.scenario.end is None and not self._ended:
            self._ended = True
            self._end_us = min(self._end_us, (record["t_ms"] + SETTLE_MS) * 1000)

    def _confirmed(self, record: dict[str, Any]) -> None:
        """Presses alone do not say what hangs: then it is the bag that was asked for, from the record's own time on."""
        done, bags = self.recording.plant_done, self.scenario.protocol.solutions
        asked_us = max(
            (r["t_ms"] * 1000 for r in self.recording.records if r["event"] == EVENTS.BAG_REQUESTED), default=0
        )
        if any(name == "swap_bag" and t_us >= asked_us for t_us, name, _ in done) or not 0 <= record["arg"] < len(bags):
            return
        fields, t_us = {"bag_id": bags[record["arg"]].id}, record["t_ms"] * 1000
        self._flow(t_us)
        self.live.do("swap_bag", fields, t_us)
        done.append((t_us, "swap_bag", fields))

    def _ping(self) -> None:
        """At whole seconds: loading takes another time on each target."""
        if self.pinging and self.target.state() != "off":
            self.target.host("ping")
        self.book((self.target.now_us // (PING_MS * 1000) + 1) * PING_MS * 1000, self._ping)

    def _close(self) -> Recording:
        for part in (self._last_records, self._keep_logs, self._keep_end):
            part()
        return self.recording

    def broken_off(self) -> Recording:
        """The recording as far as it came, after a Ctrl-C: all that the target still gives in whatever state it is."""
        self.recording.interrupted = True
        for part in (self._last_records, self._keep_logs, self._keep_end):
            with suppress(Exception):
                part()
        return self.recording

    def _last_records(self) -> None:
        for record in self.target.records():
            self._note(record)
        self._flow()

    def _keep_logs(self) -> None:
        recording, target = self.recording, self.target
        recording.moved_us, recording.pin_us = target.moved, target.pin
        recording.build = dict(target.build)
        recording.lines = list(target.lines)

    def _keep_end(self) -> None:
        self.recording.end_ms = self.target.now_us // 1000
        self.recording.final_state = self.target.state()
