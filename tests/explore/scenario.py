"""A path of the explorer as a scenario file, with its protocol beside it, that runs on every target.

Each input is an event of the file, with the shipped times. It counts from what came last: the record with which a wait
ended, else the input before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from tests.explore.expected import COUNTED, NO_STEP, UNSEEN, Ending, Expected, expected, least_s
from tests.explore.explorer import Found
from tests.explore.invariants import ALL as INVARIANTS
from tests.explore.openings import READINGS
from tests.explore.protocol_file import protocol_text, table
from tests.explore.protocols import ALL, OTHERS
from tests.explore.replayed import Input, Mark, Replay, replayed
from tests.explore.world import DOWN_SCANS

from pump.protocol.protocol import Protocol
from pump.tables import events
from pump.tables.states import AT_REST, FLOWS, GROUP
from toleramp.errors import UserError
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.words import clock

Do = dict[str, object]
PROTOCOLS = "protocols"  # the folder beside the scenarios
HALF_MS = 500  # the model scans once a second: an input falls between two of its scans
AT_ONCE_MS = 100  # after a press that lets it flow: debounced, and before the first pulse
KNOWN_MS = 1_200  # after which the pump has what the oximeter says
AFTER_LOAD_MS = 300  # as soon after a record as the bench's people can be
REST_S = 2  # at the end, where nothing flows: a target may be so much later than the model
FAULTS = {
    "fall": "no target lets its count of pulses fall back by itself",
    "pulse+": "no target makes a pulse that nobody asked for",
    "pulse-": "no target leaves out a single pulse",
    "taken": "no target says in which scan START has settled: STOP comes in it",
    "unsure": "no oximeter of the bench gives readings whose fields disagree",
}
SLACK_S, SLACK_SHARE = 6, 10  # so much later, and by a share of it, a record may come than in the model
MOST_MS = 120_000  # the run ends so long after the model at the latest
NO_INVARIANT = ("INT-2", "INT-4")  # requirements of a scan that does not end, or that raises
ALARMS = EVENTS.of(events.ALARMS)
HOST = ("pause", "stop", "load")  # what the laptop says
LINE = 110  # characters of a comment
# What the oximeter says at once, until its mean over beats is the same.
PULSE_BPM, SAID_S = 72, 10
_READ: dict[str, Do] = {
    "good": {"samples": [[READINGS["good"], PULSE_BPM, SAID_S]], "unplug": False},
    "low": {"samples": [[READINGS["low"], PULSE_BPM, SAID_S]], "unplug": False},
    "silent": {"unplug": True},
}


def scenario_of(found: Found, protocol: str) -> str:
    """The scenario file's text; `protocol`: by its name in tests.explore.protocols. The core is as shipped.

    UserError, one line, for a path that no target can go.
    """
    for number, word in enumerate(found.path, 1):
        cannot = FAULTS.get(word.split()[-1])
        if cannot:
            raise UserError(f"input {number} ({word}): {cannot}", "path", "it shows in the explorer alone")
    if found.invariant in UNSEEN:
        raise UserError(f"{found.invariant}: {UNSEEN[found.invariant]}", "path", "it shows in the explorer alone")
    replay = replayed(found, protocol)
    if _starts_the_other(replay):
        raise UserError(f"it goes on with the protocol {OTHERS[protocol]}", "path", "a scenario has one protocol")
    return "\n".join(Writer(found, protocol, replay).tables())


def write(found: Found, protocol: str, folder: Path) -> Path:
    """Writes scenario and protocol below a folder; the scenario's path."""
    text = scenario_of(found, protocol)
    path = folder / f"{found.invariant}.toml"
    (folder / PROTOCOLS).mkdir(parents=True, exist_ok=True)
    (folder / PROTOCOLS / f"{protocol}.toml").write_text(protocol_text(ALL[protocol]()))
    path.write_text(text)
    return path


def told(found: Found, protocol: str, folder: Path) -> str:
    """For people: what is broken, the path in one line, and the scenario's file, or why there is none."""
    try:
        end = f"scenario: {write(found, protocol, folder)}"
    except UserError as error:
        end = f"no scenario: {error}"
    return f"{found.told()}\n{end}"


def _starts_the_other(replay: Replay) -> bool:
    """Whether a session begins after the second protocol was loaded."""
    loads = [one.t_s for one in replay.inputs if one.word == "START load"]
    return bool(loads) and any(m.event == EVENTS.ARMED and m.t_s > loads[0] for m in replay.marks)


class Writer:
    """Writes the events one after another: each counts from the last record that came by itself, else from the one
    before."""

    def __init__(self, found: Found, name: str, replay: Replay) -> None:
        self.found, self.name, self.replay = found, name, replay
        self.protocol: Protocol = ALL[name]()
        self.ids: dict[str, str] = {}  # the newest of each word
        self._last = ""  # id of the event before, and when it took effect in the model
        self._last_s = 0
        self._number = 0
        self.in_time: list[Expected] = []  # of the records that came by themselves

    def tables(self) -> Iterator[str]:
        """The file, table by table."""
        events = [text for one in self.replay.inputs for text in self._events(one)]
        over_s = max(0, self._last_s + least_s(self.found.invariant) - self.replay.end_s)
        rests = not GROUP[self.replay.state] & FLOWS
        end_s = self.replay.end_s + 1 + max(over_s, REST_S * rests)
        yield self._head(end_s * 1000 + MOST_MS)
        yield from events
        yield table("[end]", self._moment(end_s, ""))
        ending = Ending(self.replay, self.protocol, self.ids, self._last)
        for one in [*expected(self.found.invariant, ending, over_s > 0), *self.in_time]:
            yield table("[[expect]]", one)

    def _head(self, limit_ms: int) -> str:
        invariant = INVARIANTS.get(self.found.invariant)
        says = invariant.says if invariant else "A scan ends, without an exception."
        comments = [f"{self.found.invariant}: {says}", f"Seen by the explorer: {self.found.seen}", "The path:"]
        comments += wrap(", ".join(self.found.path), LINE)
        pairs: Do = {
            "format": 1,
            "name": f"{self.found.invariant}, after {len(self.found.path)} inputs",
            "protocol": f"{PROTOCOLS}/{self.name}.toml",
            "shows": list(invariant.ids if invariant else NO_INVARIANT),
            "staff": "none",
            "limit": clock(limit_ms),
        }
        return table("\n".join(f"# {line}" for line in comments), pairs)

    # -- events

    def _events(self, one: Input) -> Iterator[str]:
        name, _, beside = one.word.partition(" ")
        if name == "hang":
            yield f"# Bag {beside} is hung; the pump learns of it by its code alone.\n"
        elif beside == "load":
            yield "# The protocol comes as the key settles: on a target just before it, and the same protocol again.\n"
            yield self._event(self._moment(one.t_s), "load", {"do": "host", "command": "load"}, one.t_s)
            yield self._event(self._after_load(one), one.word, _press(name), one.t_s)
        elif beside == "low":  # it is to be known when the key settles: an oximeter says it once a second
            yield self._event(self._moment(one.t_s - 1), one.word, _reads(beside), one.t_s - 1)
            yield self._event({"after": self._last, "plus": clock(KNOWN_MS)}, one.word, _press(name), one.t_s)
        else:
            yield self._event(self._when(one), one.word, self._do(one), one.t_s)
            if beside in _READ:
                yield self._event({"after": self._last}, one.word, _reads(beside), one.t_s)

    def _after_load(self, one: Input) -> Do:
        """As soon as it is loaded, else beside what is refused."""
        loads = [mark.t_s for mark in self.replay.marks if mark.event == EVENTS.LOADED]
        unseen = self.replay.breaks and one is self.replay.inputs[-1] and GROUP[self.replay.state] & AT_REST
        if one.t_s in loads or unseen:
            nth = 1 + sum(t_s < one.t_s for t_s in loads)
            return {"after": EVENTS.LOADED, "nth": nth, "plus": clock(AFTER_LOAD_MS)}
        return {"after": self._last}

    def _event(self, when: Do, word: str, do: Do, t_s: int) -> str:
        self._number += 1
        self._last = f"{word.split()[-1].lower().replace('+', '-')}-{self._number}"
        self._last_s = t_s
        self.ids[word] = self._last
        return table("[[event]]", {"id": self._last, **when, **do})

    def _do(self, one: Input) -> Do:
        if one.word in _READ:
            return _reads(one.word)
        if one.word == "scan":
            return {"do": "hang", "code": self.protocol.solutions[one.bag].code}
        if one.word in HOST:
            return {"do": "host", "command": one.word}
        return _press(one.word.split()[0])

    # -- moments

    def _when(self, one: Input) -> Do:
        if one.at_once and self._last and self._by_itself(one.t_s) is None:
            return {"after": self._last, "plus": clock(AT_ONCE_MS)}
        loads = [mark.t_s for mark in self.replay.marks if mark.event == EVENTS.LOADED]
        if one.word == "START" and one.t_s - DOWN_SCANS in loads[1:]:  # it went down before what came was seen
            nth = loads.index(one.t_s - DOWN_SCANS) + 1
            return {"after": EVENTS.LOADED, "nth": nth, "plus": clock(AFTER_LOAD_MS)}
        return self._moment(one.t_s)

    def _moment(self, t_s: int, picks: str = "after_") -> Do:
        """When that is; `picks`: how the file names step and code of a record there."""
        mark = self._by_itself(t_s)
        if mark is None:
            return {"after": self._last, "plus": clock((t_s - self._last_s) * 1000)}
        self._keep(mark)
        marks = self.replay.marks
        nth = sum(_alike(other, mark) for other in marks[: marks.index(mark) + 1])
        when: Do = {"after": mark.event}
        if mark.event not in NO_STEP:
            when[f"{picks}step"] = mark.step
        if mark.code:
            when[f"{picks}code"] = mark.code
        when |= {"nth": nth} if nth > 1 else {}
        plus_ms = (t_s - mark.t_s) * 1000 - HALF_MS
        return {**when, "plus": clock(min(plus_ms, self._most_ms(mark, t_s)) if picks else plus_ms)}

    def _most_ms(self, mark: Mark, t_s: int) -> int:
        """Within a step that is not over then: the model's steps end at its scans, a target's a little earlier."""
        over = any(other.event == EVENTS.STEP_COMPLETED and other.t_s == t_s for other in self.replay.marks)
        if mark.event != EVENTS.STEP_STARTED or over:
            return 1 << 30
        return self.protocol.steps[mark.step - 1].duration_ms * 9 // 10

    def _keep(self, mark: Mark) -> None:
        """It comes by itself, and in time: else what follows it would only be late."""
        took_s = mark.t_s - self._last_s
        if self._last and mark.event in COUNTED:
            picks = {"step": mark.step, **({"code": mark.code} if mark.code else {})}
            within_s = took_s + SLACK_S + took_s // SLACK_SHARE
            self.in_time.append({"event": mark.event, **picks, "of": self._last, "within_s": within_s})

    def _by_itself(self, t_s: int) -> Mark | None:
        """The last record between the input before and that time; of one scan the one that counts most."""
        found = [mark for mark in self.replay.marks if self._counts(mark) and self._last_s < mark.t_s < t_s]
        latest = [mark for mark in found if mark.t_s == found[-1].t_s]
        return next((mark for mark in reversed(latest) if mark.event in COUNTED), found[-1] if found else None)

    def _counts(self, mark: Mark) -> bool:
        """Whether people go by it: alarms only where they have waited for one."""
        return mark.event in COUNTED or (mark.event in ALARMS and mark.t_s in self.replay.waits)


def _alike(one: Mark, other: Mark) -> bool:
    return (one.event, one.code) == (other.event, other.code) and (one.event in NO_STEP or one.step == other.step)


def _press(keys: str) -> Do:
    buttons = keys.lower().split("+")
    return {"do": "press", "button": buttons[0]} if len(buttons) == 1 else {"do": "press", "buttons": buttons}


def _reads(reading: str) -> Do:
    return {"do": "oximeter", **_READ[reading]}
