"""The wall clock against the pump's own time: each way to be wrong is told apart, and a session stays as it is."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core_kit import TECHNICAL, classify, pump_with, run_to_step, scan_s, short, start, state, tap
from test_link_limits import answers, frame

from pump.base import calendar
from pump.io import FRAM_SLOT, KEPT, START, STOP, Outputs, Snapshot
from pump.senses.wall import APART_S, JUMP_S, SPAN_S, Wall
from pump.store.settings import Settings
from pump.tables import alarms, causes, events, parts, refusals
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.devices.clock import EPOCH, happen
from toleramp_bench.devices.clock import START as CLOCK_START

NOW_S = int((CLOCK_START - EPOCH).total_seconds())
CLOCK = parts.BIT[parts.CLOCK]


class Told:
    """A sense with its settings, and what it recorded."""

    def __init__(self, last_s: int = 0, settings: Settings | None = None) -> None:
        self.records: list[tuple[int, ...]] = []
        self.settings = settings or Settings()
        self.settings.read(lambda slot: bytearray(FRAM_SLOT))
        self.wall = Wall(lambda *what: self.records.append(what), self.settings, last_s)
        self.snap, self.t_s = Snapshot(), 0

    def say(self, wall_s: int, lost: bool = False, there: bool = True) -> None:
        """A second passes, and the clock is asked; looked at several times."""
        self.t_s += 1
        self.snap.wall_s, self.snap.wall_lost = wall_s, lost
        self.snap.parts = parts.ALL if there else parts.ALL & ~CLOCK
        for _ in range(3):
            self.wall.look(self.t_s, self.snap)

    def run(self, seconds: int, clock: Callable[[int], int]) -> None:
        """So long; `clock(t_s)` is what it says."""
        for _ in range(seconds):
            self.say(clock(self.t_s + 1))

    def why(self) -> int:
        """Why its time is not trusted; the same stands in all that it tells."""
        wall = self.wall
        assert (wall.now_s != calendar.NO_TIME) == (wall.why == causes.NONE)
        assert wall.bits == (0 if wall.why == causes.CLOCK_LOST else causes.BIT[wall.why])
        return int(wall.why)


def right(t_s: int) -> int:
    return NOW_S + t_s


@pytest.mark.req("INT-3", "ALM-6")
@pytest.mark.parametrize("ppm", [-34, 0, 34])
def test_the_worst_sound_clocks_are_trusted_for_14_days(ppm: int) -> None:
    """Else a crystal at its limit raises an alarm in each long session. Readings stand anywhere within their second."""
    told, days = Told(), 14
    wall, snap = told.wall, told.snap
    for t_s in range(1, days * 86_400, 7):
        snap.wall_s = NOW_S + (t_s * (1_000_000 + ppm) + (t_s * 7919 % 1_000_000) * (t_s & 1)) // 1_000_000
        wall.look(t_s, snap)
        assert wall.now_s == snap.wall_s
    assert not told.records and wall.era == 0


@pytest.mark.req("INT-3")
@pytest.mark.parametrize(
    ("ppm", "most_s"), [(10_000, 720), (-10_000, 720), (200, SPAN_S), (-200, SPAN_S), (900_000, 9)]
)
def test_clocks_that_run_apart_are_found(ppm: int, most_s: int) -> None:
    """Else the only other time base is never held against the crystal."""
    told = Told()
    told.run(10, right)
    while told.why() == causes.NONE and told.t_s < most_s + 10:
        told.say(right(told.t_s + 1) + (told.t_s - 9) * ppm // 1_000_000)
    assert told.why() == causes.CLOCKS_APART and told.t_s <= most_s + 10
    told.run(3, right)
    assert [record[:2] for record in told.records] == [(events.CLOCK_WRONG, causes.CLOCKS_APART)]
    assert abs(told.records[0][2]) > APART_S and (told.records[0][2] > 0) == (ppm > 0)


@pytest.mark.req("INT-3")
@pytest.mark.parametrize("jump_s", [-3600, 3600, 86_400, -86_400, JUMP_S + 2, -JUMP_S - 2])
def test_a_jump_is_told_once_with_its_length(jump_s: int) -> None:
    """Else an hour is missing between two records, and nobody knows that none passed."""
    told = Told()
    told.run(10, right)
    told.run(10, lambda t_s: right(t_s) + jump_s)
    assert told.why() == causes.CLOCK_JUMPED and told.wall.era & 1
    assert told.records == [(events.CLOCK_WRONG, causes.CLOCK_JUMPED, jump_s)]
    told.run(10, right)
    assert told.why() == causes.CLOCK_JUMPED and len(told.records) == 1


@pytest.mark.req("INT-3", "ALM-6")
def test_one_reading_that_is_off_is_no_jump_and_no_time() -> None:
    """Else a disturbed transfer makes the log's time worthless until somebody sets the clock."""
    told = Told()
    told.run(10, right)
    told.say(right(told.t_s + 1) + 40_000)
    assert told.wall.now_s == calendar.NO_TIME and not told.wall.bits
    told.run(3, right)
    assert told.why() == causes.NONE and not told.records


@pytest.mark.req("INT-3", "INT-9")
def test_lost_unset_and_stopped_are_told_apart_and_end() -> None:
    """Else a nurse sets a clock that is broken, or has one changed that was only never set."""
    told = Told()
    told.run(10, right)
    told.say(NOW_S, there=False)
    assert told.why() == causes.CLOCK_LOST
    told.run(3, right)
    assert told.why() == causes.NONE, "it went on by itself"
    told.say(right(told.t_s), lost=True)
    assert told.why() == causes.CLOCK_UNSET
    told.say(calendar.NO_TIME)
    assert told.why() == causes.CLOCK_UNSET
    told.run(9, lambda t_s: calendar.NO_TIME)
    assert told.why() == causes.CLOCK_UNSET, "no time is not one that stands still"
    told.run(3, right)
    stood_s = told.t_s
    told.run(9, lambda t_s: right(stood_s))
    assert told.why() == causes.CLOCK_STOPPED
    told.run(4, lambda t_s: right(t_s) - 9)
    assert told.why() == causes.CLOCK_JUMPED, "it has lost 9 s"


@pytest.mark.req("INT-3", "SES-7")
def test_a_clock_put_back_without_power_is_found_at_power_on_and_distrust_outlives_power_off() -> None:
    """Else a gap of three days is one of an hour."""
    told = Told(last_s=NOW_S)
    told.run(3, lambda t_s: right(t_s) - 3600)
    assert told.why() == causes.CLOCK_JUMPED
    assert told.records == [(events.CLOCK_WRONG, causes.CLOCK_JUMPED, -3599)]
    again = Told(settings=kept(told.settings))
    again.run(3, right)
    assert again.why() == causes.CLOCK_JUMPED and not again.records, "said before"
    sound = Told(last_s=NOW_S)
    sound.run(3, right)
    assert sound.why() == causes.NONE


def kept(settings: Settings) -> Settings:
    """What the next power-on reads."""
    out = Outputs()
    assert settings.due
    settings.store(out)
    settings.settle(KEPT)
    found = Settings()
    found.read = lambda slot: None  # type: ignore[method-assign]
    Settings.read(found, lambda slot: bytearray(out.fram if slot == out.fram_slot else FRAM_SLOT))
    return found


@pytest.mark.req("INT-4", "SES-7")
def test_when_the_clock_was_set_is_unknown_with_damaged_settings() -> None:
    """Else two slots that are bad mean an era that some saved time has, too."""
    settings = Settings()
    settings.read(lambda slot: bytearray(b"\1" * FRAM_SLOT))
    assert settings.era & 1
    settings.set_era(0)
    assert not settings.due, "nothing is written beside values that nobody knows"


@pytest.mark.req("INT-3", "SES-7")
def test_each_setting_begins_an_era_of_its_own() -> None:
    """Else a gap across which somebody set the clock passes for one that was measured."""
    told, seen = Told(), set()
    told.run(3, right)
    for k in range(6):
        before = told.wall.era
        told.snap.wall_s = right(told.t_s)
        told.wall.set(right(told.t_s) + 7200, told.snap, told)
        told.wall.look(told.t_s, told.snap)
        assert told.wall.now_s == calendar.NO_TIME, "what was read before is not the new time"
        told.run(3, lambda t_s: right(t_s) + 7200)
        assert told.why() == causes.NONE and not told.wall.era & 1 and told.wall.era != before
        seen.add(told.wall.era)
        if k & 1:
            told.run(3, right)
            assert told.why() == causes.CLOCK_JUMPED
        else:
            told.t_s -= 7200  # so that it is right again
            told.wall._known = False
    assert len(seen) == 6


@pytest.mark.req("PRO-8", "SES-7", "INT-3")
def test_nothing_judges_by_a_time_that_is_not_trusted() -> None:
    """Else a bag's expiry, or a gap, is judged by a clock that lost its battery. What a clock says, trusted or not, is
    read where it is judged, set and told; who wants a time takes `now_s`, which there is only while it is trusted."""
    pump = Path(calendar.__file__).parents[1]
    readers = {
        str(path.relative_to(pump))
        for path in pump.rglob("*.py")
        if re.search(r"\.(wall_s|said_s|wall_lost)\b", path.read_text("utf-8"))
    }
    # From the board to the sense, from there to the records; and into the recording of all inputs.
    carried = {"io.py", "controller.py", "store/journal.py", "link/inputs.py"}
    assert readers == {"senses/wall.py", "link/status.py", *carried}


# -- in the pump


def asks(pump: CorePump, layout: tuple[int, str, str], payload: bytes = b"") -> tuple[int, bytes]:
    """The answer to a request."""
    found = answers(pump, frame(layout[0], payload), 0.02) + answers(pump, b"", 0.1)
    return found[0]


def set_to(pump: CorePump, wall_s: int) -> tuple[int, bytes]:
    return asks(pump, m.CLOCK_SET, struct.pack("<I", wall_s))


@pytest.mark.req("INT-5", "SEC-1")
def test_the_clock_is_set_at_rest_with_old_and_new_time_in_the_record() -> None:
    """Else nobody can put the records before and after it in order."""
    pump = pump_with(short(), 20_000)
    scan_s(pump, 2)
    assert set_to(pump, NOW_S + 5000)[0] == m.ACKED
    scan_s(pump, 2)
    assert abs((pump.board.clock.time - CLOCK_START).total_seconds() - 5000) < 6
    journal, work = pump.controller.journal, bytearray(48)
    at = next(seq for seq in range(journal.seq) if kind_of(journal, seq) == events.CLOCK_SET)
    journal.copy(at, work, 0)
    fields = dict(zip(m.EVENT[2].split(), struct.unpack(m.EVENT[1], work), strict=True))
    assert fields["wall_s"] == NOW_S + 5000 and fields["arg"] == pytest.approx(5000, abs=6)
    journal.copy(at + 1, work, 0)
    old_s, new_s = struct.unpack_from("<II", work, 18)
    assert new_s - old_s == fields["arg"] and new_s == NOW_S + 5000
    assert abs(asked(pump)["wall_s"] - new_s) <= 5


def kind_of(journal: Any, seq: int) -> int:
    work = bytearray(48)
    journal.copy(seq, work, 0)
    return work[16] if not work[17] else -1


def asked(pump: CorePump) -> dict[str, int]:
    """What the pump says of its clock, the first four bytes of it."""
    kind, payload = asks(pump, m.CLOCK_GET)
    assert kind == m.CLOCK[0]
    return {"wall_s": int.from_bytes(payload[:4], "little")}


@pytest.mark.req("SEC-1", "INT-3")
def test_the_clock_is_not_set_in_a_session_nor_to_what_is_no_time_nor_where_there_is_none() -> None:
    """Else a laptop moves the minutes off of a patient who waits."""
    pump = pump_with(short(), 20_000)
    for wall_s in (0, 1, calendar.FIRST_S - 1, calendar.LAST_S + 1, (1 << 32) - 1):
        assert set_to(pump, wall_s) == (m.REFUSED[0], bytes((m.CLOCK_SET[0], refusals.RANGE, 0, 0)))
        scan_s(pump, 0.3)
    pump.board.unplug(parts.CLOCK, True)
    scan_s(pump, 1)
    assert set_to(pump, NOW_S)[1][1] == refusals.NO_CLOCK
    pump.board.unplug(parts.CLOCK, False)
    start(pump)
    for then in (lambda: None, lambda: tap(pump, STOP), lambda: classify(pump, TECHNICAL), lambda: tap(pump, START)):
        then()
        scan_s(pump, 1)
        assert set_to(pump, NOW_S)[1][1] == refusals.BUSY
    assert pump.controller.wall.era == 0 and not [e for e in pump.events if e["event"] == "clock_set"]


def hour_back(pump: CorePump) -> None:
    happen(pump.board.clock, offset_s=-3600)


def day_ahead(pump: CorePump) -> None:
    happen(pump.board.clock, offset_s=86_400)


def battery_out(pump: CorePump) -> None:
    happen(pump.board.clock, lost=True)


def stands(pump: CorePump) -> None:
    happen(pump.board.clock, stopped=True)


def twice_as_fast(pump: CorePump) -> None:
    happen(pump.board.clock, ppm=1_000_000)


def gone(pump: CorePump) -> None:
    pump.board.unplug(parts.CLOCK, True)


def nothing(pump: CorePump) -> None:
    """A clock that is right."""


HAPPENS: dict[Callable[[CorePump], None], int] = {
    nothing: causes.NONE, hour_back: causes.CLOCK_JUMPED, day_ahead: causes.CLOCK_JUMPED,
    battery_out: causes.CLOCK_UNSET, stands: causes.CLOCK_STOPPED, twice_as_fast: causes.CLOCKS_APART,
    gone: causes.CLOCK_LOST,
}  # fmt: skip


def session_with(happens: Callable[[CorePump], None]) -> tuple[CorePump, list[Any]]:
    """A session with a hold; when each pulse moved the motor, and every record but those of alarms and parts."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    happens(pump)
    scan_s(pump, 12)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    scan_s(pump, 4)
    told = [
        event for event in pump.events
        if not events.GROUP[events.NAMES.index(str(event["event"]))] & (events.ALARMS | events.URGENT)
        and event["event"] != "clock_wrong"
    ]  # fmt: skip
    return pump, [(event["event"], event["t_ms"], event["state"], event["pulses"]) for event in told]


@pytest.mark.req("INT-3", "INT-5")
@pytest.mark.parametrize("happens", HAPPENS, ids=lambda each: each.__name__)
def test_a_session_is_the_same_whatever_the_clock_does(happens: Callable[[CorePump], None]) -> None:
    """Else a clock that is set, or falls out, moves a dose."""
    pump, told = session_with(happens)
    sound, wanted = session_with(nothing)
    assert told == wanted and pump.stepper.moved == sound.stepper.moved and state(pump) == state(sound)
    cause = HAPPENS[happens]
    assert pump.controller.wall.why == cause
    if cause:
        assert pump.controller.alarms.active[causes.ALARM[cause]]
    else:
        assert not any(pump.controller.alarms.active[a] for a in range(alarms.CLOCK_LOST, alarms.CLOCKS_APART + 1))
    assert (pump.controller.journal.wall_s != 0) == (cause == causes.NONE)
