"""The row in which every room packs what decides (pump.packed): a change of any of it shows, and nothing else does."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from core_kit import MILD, TECHNICAL, classify, host, pump_with, running_at, scan_s, short, start, tap, until
from power_kit import cycle

from pump.claim import Claim
from pump.guard.guard import Guard
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.packed import pack
from pump.protocol.encoding import encode
from pump.tables import messages, parts, states
from pump.tables.vitals import VALID
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.devices.clock import happen

# What decides nothing, or not by itself, and why it is not in the row.
_OF_THE_BOARD = "counted by the board since power-on: only what comes to it decides"
_PATTERN = "where a light's or a tone's pattern stands"
_DERIVED = "worked out anew from what is in the row"
_RECORDS = "how records are spaced, and what of them was left out"
_TOLD = "told to people, on the screen and the line: nothing reads it to decide"
_DECIDED = "how the course came about, which is in the row"
_PROTOCOL = "of the protocol, whose fingerprint is in the row"
_BACKGROUND = "which row is compared next"
EXEMPT = {
    "Alarms": {
        "now_s": "a clock: ages against it are in the row", "lights": _PATTERN, "tone_hz": _PATTERN,
        "_phase_ms": _PATTERN, "_light_ms": _PATTERN, "_remind_ms": _PATTERN, "_shown_ms": _PATTERN, "shown": _PATTERN,
    },
    "Bags": {"_salt": _PROTOCOL},
    "FirstBag": {"_salt": _PROTOCOL},
    "Lost": {"bits": _DERIVED},
    "Bounds": dict.fromkeys(("strongest", "_most_ppm", "fills"), _PROTOCOL),
    "Buttons": {"stuck": _DERIVED},
    "Case": {"_ppm": "for records alone", "_ppm_of": "for records alone"},
    "Claim": {
        "entry": "stands as a difference", "turn": "stands as a difference", "session": "stands as a difference",
        "leased_ms": "written in each scan, from what Vitals has", "over": "follows from the state",
    },
    "Conditions": {
        "_told_s": "telling alarms anew changes none that is sound", "_wanted": "made anew before each telling",
        "_gone_s": "its ends are alarms that never linger; test_what_is_only_just_gone has the others",
    },
    "Delivery": {"slice_us": "of the board", "horizon_us": "of the board"},
    "Guard": {
        "pl_pulse": "of the board", "_count": _OF_THE_BOARD, "_made": _OF_THE_BOARD,
        "_back_step": _DECIDED, "_back_bag": _DECIDED, "_came": _DECIDED,
        "_screen": "the lines of the display: what is read there stands in the row", "blob": _PROTOCOL,
    },
    "Hanging": {"_lines": "the lines of the display: what is read there stands in the row"},
    "Line": dict.fromkeys(("bag", "pulses"), "room for more stretches; its own stand in test_packed_rows"),
    "Minute": {"_next": "the row begins with the oldest", "_counts": "room to sort in"},
    "Monitoring": {"_now_s": "a clock"},
    "Parts": {
        "_last_ms": "when it looked last: each look is as long as the one before", "_span_ms": _RECORDS,
        "_told": _RECORDS, "_often": _RECORDS, "_left_out": _RECORDS, "_fast": _RECORDS, "_share": _RECORDS,
        **dict.fromkeys(("_lost_ms", "_back_ms"), "of a part that is there nothing; test_packed_rows has lost ones"),
    },
    "Progress": {"_twins": "its second counts: test_packed_rows has them"},
    "Question": {},
    "Recovered": dict.fromkeys(("off_s", "reset", "given_e4", "unsure_e4", "unsure_nl"), _TOLD),
    "Sense": {"odd": "the sum of what is in the row", "_ten": "the row begins with the oldest"},
    "Session": {"_moved": _OF_THE_BOARD, "_made": _OF_THE_BOARD, "_cut": _OF_THE_BOARD, "_abort": "of one scan",
        "check": _TOLD},
    "Storm": {"_slice": "the row begins with the oldest"},
    "Trend": dict.fromkeys(("on", "lowest", "minute", "before", "goes", "_next", "_due_s", "_kept"), _TOLD),
    "Wall": {"_t_s": "its own last look: it looks once a second"},
    "Vitals": {
        "_stop": _DERIVED, "_early": _DERIVED, "_delay_ms": _DERIVED, "_pulse_min": _DERIVED, "_pulse_max": _DERIVED,
        "_stop_fall": "of the protocol", "_early_fall": "of the protocol", "age_ms": _TOLD,
    },
}  # fmt: skip


def row(pump: CorePump) -> list[int]:
    """As it is now."""
    to: list[int] = []
    pack(pump.controller, to, pump.snap.now_ms)
    return to


def rooms(pump: CorePump) -> Iterator[Any]:
    """The rooms that hold what decides."""
    c = pump.controller
    session, guard, vitals = c.session, c.guard, c.vitals
    yield from (c.attention, c.buttons, c.buttons._storm, c.buttons._sense, vitals, vitals._low, vitals._severe)
    yield from (vitals._slow, vitals._deficit, vitals._violations, vitals._minute, vitals.trend, c.parts, c.driver)
    yield from (c.lost, c.conditions, c.conditions.monitoring, c.alarms, session, session.claim, session.case)
    yield from (session.progress, session.question, session.bags, session._first_bag, session.case.tally.line)
    yield from (
        c.oximeter,
        c.wall,
        session._situation[1],
        session._situation[states.RECOVERED],
        session.ways,
        c.delivery,
    )
    yield from (guard, guard.hanging, guard.bounds, guard._tally.line)


def numbers(room: Any) -> list[str]:
    """Its attributes that are numbers, yes and no, or rows of them."""
    return [name for name, value in vars(room).items() if isinstance(value, int) or _is_row(value)]


def _is_row(value: Any) -> bool:
    rows = isinstance(value, (array, bytearray, list))
    return rows and len(value) > 0 and all(isinstance(number, int) for number in value)


def shows(pump: CorePump, room: Any, name: str) -> bool:
    """Whether a change of that attribute is in the row: by its lowest bit, or by one that is above any limit; of a row
    of them its first number and its last one."""
    value = getattr(room, name)
    if not _is_row(value):
        return any(_differs(pump, room, lambda new: setattr(room, name, new), value, other) for other in _others(value))
    return all(
        any(_differs(pump, room, partial(value.__setitem__, at), value[at], other) for other in _others(value[at]))
        for at in (0, len(value) - 1)
    )


def _others(value: int) -> tuple[int, ...]:
    return (
        (not value,) if isinstance(value, bool) else (value ^ 1, value ^ 2, value ^ 64, value ^ 4096, value + 100_000)
    )


def _differs(pump: CorePump, room: Any, put: Callable[[int], None], value: int, other: int) -> bool:
    """Whether the row does with that number; what is counted twice changes in both counts."""
    before = row(pump)
    try:
        put(other)
    except (OverflowError, ValueError):
        return False  # no such number has room there
    pair = getattr(room, "pair", lambda: None)
    pair()
    try:
        return row(pump) != before
    except (IndexError, ZeroDivisionError):
        return True  # a step or a leg that there is not
    finally:
        put(value)
        pair()


def _fresh() -> CorePump:
    return pump_with(short())


def _asked() -> CorePump:
    pump = pump_with(short())
    tap(pump, START)
    tap(pump, UP)
    return pump


def _held() -> CorePump:
    pump = running_at(6)
    pump.parser.spo2 = 80
    until(pump, "held")
    tap(pump, SILENCE)
    tap(pump, UP)
    return pump


def _resumable() -> CorePump:
    """The least time of a hold is not over, and counts."""
    protocol = short()
    protocol.min_hold_min = 2
    pump = pump_with(protocol)
    start(pump)
    scan_s(pump, 2)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    tap(pump, START)
    return pump


def _choosing() -> CorePump:
    pump = running_at(6)
    tap(pump, STOP)
    classify(pump, MILD)
    tap(pump, UP)
    tap(pump, CONFIRM)
    return pump


def _boundary() -> CorePump:
    """The bag for a step of the bag before is to be chosen."""
    pump = running_at(9)
    tap(pump, STOP)
    classify(pump, MILD)
    for key in (DOWN, DOWN, CONFIRM):
        tap(pump, key)
    return pump


def _stopped() -> CorePump:
    pump = pump_with(short())
    start(pump)
    scan_s(pump, 1)
    pump.press(STOP)
    pump.scan()
    return pump


def _loose() -> CorePump:
    """A part has gone."""
    pump = running_at(2)
    pump.board.unplug(1, True)
    scan_s(pump, 1)
    return pump


def _bag() -> CorePump:
    pump = running_at(4)
    until(pump, "bag")
    return pump


def _blind() -> CorePump:
    """No reading for long, then some; SILENCE is held."""
    pump = running_at(2)
    pump.parser.flags = 0
    scan_s(pump, 20)
    pump.parser.flags = VALID
    scan_s(pump, 2)
    pump.press(SILENCE, 5_000)
    scan_s(pump, 1)
    return pump


def _ended() -> CorePump:
    """The session is over, the first press to end the watching is made."""
    pump = running_at(2)
    host(pump, messages.STOP[0])
    scan_s(pump, 1)
    tap(pump, CONFIRM)
    return pump


def _clock_off(is_so: Callable[[Any], bool]) -> CorePump:
    """The wall clock has jumped, just now."""
    pump = pump_with(short())
    scan_s(pump, 3)
    happen(pump.board.clock, offset_s=-3600)
    while not is_so(pump.controller.wall):
        pump.scan()
    return pump


def _back(clock: bool) -> CorePump:
    """The power has been gone; for how long is known, or may still become known."""
    pump = running_at(6)
    if not clock:
        pump.board.unplug(parts.CLOCK, True)
        scan_s(pump, 1)
    return cycle(pump)


PASTS: tuple[Callable[[], CorePump], ...] = (
    _fresh, _asked, lambda: running_at(6), _held, _resumable, _choosing, _boundary, _stopped, _loose, _bag, _blind,
    _ended,
    lambda: _clock_off(lambda wall: bool(wall._odd)), lambda: _clock_off(lambda wall: bool(wall._due)),
    lambda: _back(True), lambda: _back(False),
)  # fmt: skip


@pytest.mark.req("INT-4", "INT-2")
def test_a_change_of_anything_that_decides_shows_in_the_row() -> None:
    """What does not show in any of these pumps stands above, with its reason."""
    hidden: dict[str, set[str]] = {}
    seen: dict[str, set[str]] = {}
    for past in PASTS:
        pump = past()
        for room in rooms(pump):
            kind = type(room).__name__
            for name in numbers(room):
                (seen if shows(pump, room, name) else hidden).setdefault(kind, set()).add(name)
    never = {kind: sorted(names - seen.get(kind, set())) for kind, names in hidden.items()}
    unsaid = {kind: [name for name in names if name not in EXEMPT.get(kind, {})] for kind, names in never.items()}
    assert {kind: names for kind, names in unsaid.items() if names} == {}


@pytest.mark.req("INT-4")
def test_what_is_not_there_packs_nothing() -> None:
    """No protocol yet; a guard that no screen was given to keeps no bounds."""
    idle = CorePump()
    idle.scan()
    assert len(row(idle)) < len(row(_fresh()))
    told: dict[bool, list[int]] = {True: [], False: []}
    for screen in told:
        guard = Guard(PL_PULSE, bytearray(64) if screen else b"")
        guard.adopt(encode(short()))
        guard.pack(told[screen], Claim())
    assert len(told[False]) < len(told[True])


def packing() -> list[type]:
    """All classes of the core that put something into the row."""
    modules = [module for name, module in sys.modules.items() if name.startswith("pump.")]
    return sorted(
        {one for module in modules for one in vars(module).values() if _packs(one)}, key=lambda one: one.__name__
    )


def _packs(one: Any) -> bool:
    return isinstance(one, type) and "pack" in vars(one) and one.__module__.startswith("pump.")


@pytest.mark.req("INT-4", "INT-2")
def test_no_room_is_left_out_of_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two pumps that have drawn other volumes from their bags, or wait for other things, have equal rows."""
    left = set(packing())
    for past in PASTS:
        pump = past()
        whole = len(row(pump))
        for room in sorted(left, key=lambda one: one.__name__):
            with monkeypatch.context() as patch:
                patch.setattr(room, "pack", lambda *_: None)
                if len(row(pump)) < whole:
                    left.remove(room)
    assert left == set()
