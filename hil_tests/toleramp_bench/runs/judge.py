"""Judges a run: each expectation met or not, and in one line what was found."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pump.tables import events
from toleramp_bench.names import EVENTS
from toleramp_bench.runs.shown import Shown
from toleramp_bench.runs.undone import undone
from toleramp_bench.scenario.expects import picked
from toleramp_bench.scenario.model import Expect, Recording, Scenario
from toleramp_bench.scenario.words import PRIORITIES, SCREEN, Number, clock

SOUNDS_MS = 8_000  # the longest silence within a high or medium alarm's bursts
HOUR_MS = 3_600_000
_WATCHED = (SCREEN, "sound")
Verdict = tuple[bool, str]
_STARTS = EVENTS.of(events.BEGINS)


@dataclass(frozen=True)
class Spot:
    """A moment of a run: its time, and the index of the first record that counts as later."""

    t_ms: int
    later: int
    text: str


_POWER_ON = Spot(0, 0, "power-on")


def judge(scenario: Scenario, recording: Recording, result: dict[str, Any]) -> list[dict[str, Any]]:
    """One {"text", "met", "why"} for each expectation, and one for each action that never came.

    What is missing is not met; nothing here raises.
    """
    judged = []
    for expect in scenario.expects:
        met, why = _judge(expect, recording, result)
        judged.append({"text": expect.text, "met": met, "why": why})
    return judged + undone(scenario, recording)


def _judge(expect: Expect, recording: Recording, result: dict[str, Any]) -> Verdict:
    if expect.kind == "event":
        met, why = _event(expect.name, expect.keys, recording)
        return _with_sound(met, why, expect, recording) if "sound" in expect.keys else (met, why)
    if expect.kind == "never":
        return _never(expect.name, expect.keys, recording)
    if expect.kind == "count":
        found = sum(fits(record, expect.name, expect.keys) for record in recording.records)
        return sized(found, expect.keys), f"{found} times"
    if expect.kind in _WATCHED:
        return _watched(expect, recording)
    if expect.kind == "records_per_hour_under":
        return _rate(expect, recording)
    return _value(expect.name, expect.keys, result)


def fits(record: dict[str, Any], name: str, keys: dict[str, Any]) -> bool:
    """True for a record of that name with the code, step, state and priority that are asked for."""
    if "priority" in keys and record.get("arg", 0) != PRIORITIES.index(keys["priority"]):
        return False
    return record["event"] == name and all(
        record.get(key) == keys[key] for key in ("code", "step", "state") if key in keys
    )


def said(record: dict[str, Any]) -> str:
    """A record in words."""
    keys = {key: record[key] for key in ("code", "step") if record.get(key)}
    return f"{picked(record['event'], keys)} at {clock(record['t_ms'])}"


# -- moments


def _spots(name: str, keys: dict[str, Any], recording: Recording, start: Spot) -> list[Spot]:
    """All moments of that name from `start` on: records that fit, or the one action with that id."""
    found = [
        Spot(done.t_ms, _first_from(recording, done.t_ms), f"{name} at {clock(done.t_ms)}")
        for done in recording.done
        if done.id == name and done.t_ms >= start.t_ms
    ]
    for index in range(start.later, len(recording.records)):
        record = recording.records[index]
        if fits(record, name, keys):
            found.append(Spot(record["t_ms"], index + 1, said(record)))
    return found


def _first_from(recording: Recording, t_ms: int) -> int:
    """Index of the first record at or after a time."""
    records = recording.records
    return next((index for index, record in enumerate(records) if record["t_ms"] >= t_ms), len(records))


def _anchor(name: str | None, recording: Recording, start: Spot = _POWER_ON) -> Spot | None:
    """The first moment of that name; power-on without a name; None when it never came."""
    if name is None:
        return _POWER_ON
    return next(iter(_spots(name, {}, recording, start)), None)


def _nearest(name: str, recording: Recording, t_ms: int) -> str:
    """What came instead: the moment of that name nearest to a time, whatever its step, code and place."""
    others = _spots(name, {}, recording, _POWER_ON)
    if not others:
        return f"there is no {name} at all"
    return f"the nearest is {min(others, key=lambda spot: abs(spot.t_ms - t_ms)).text}"


# -- event


def _event(name: str, keys: dict[str, Any], recording: Recording) -> Verdict:
    origin = _anchor(keys.get("of"), recording)
    if origin is None:
        return False, f"{keys['of']} never came"
    found = _spots(name, keys, recording, origin)
    nth = keys.get("nth", 1)
    if len(found) < nth:
        since = f" after {origin.text}" if "of" in keys else ""
        count = f"only {len(found)} of {nth}" if found else "none"
        return False, f"{count}{since}; {_nearest(name, recording, origin.t_ms)}"
    return _in_time(found[nth - 1], origin, keys, recording)


def _in_time(spot: Spot, origin: Spot, keys: dict[str, Any], recording: Recording) -> Verdict:
    """Whether a moment came in its time, and the last pulse too."""
    after_ms = spot.t_ms - origin.t_ms
    met, why = True, spot.text
    if "of" in keys or "within_s" in keys or "not_before_s" in keys:
        late = "within_s" in keys and after_ms > keys["within_s"] * 1000
        early = "not_before_s" in keys and after_ms < keys["not_before_s"] * 1000
        met = not late and not early
        why += f", {after_ms} ms after {origin.text}" + (", too late" if late else ", too early" if early else "")
    for key, begin in (("last_pulse_within_ms", spot), ("last_pulse_of_ms", origin)):
        if key in keys:
            in_time, say = _last_pulse(spot, begin, keys[key], recording)
            met, why = met and in_time, f"{why}; {say}"
    return met, why


def _last_pulse(spot: Spot, begin: Spot, most_ms: Number, recording: Recording) -> Verdict:
    """The last pulse that moved the motor before the flow starts again after `spot`, counted from `begin`."""
    moved = recording.moved_us
    if moved is None:
        return False, "no pulses were recorded"
    later = recording.records[spot.later :]
    start_ms = next((record["t_ms"] for record in later if record["event"] in _STARTS), None)
    count = len(moved) if start_ms is None else moved.count_until(start_ms * 1000)
    after_us = moved.at(count - 1) - begin.t_ms * 1000 if count else 0
    if after_us <= 0:
        return True, f"no pulse after {begin.text}"
    met = Decimal(after_us) <= most_ms * 1000
    return met, f"last pulse {after_us / 1000:.3f} ms after {begin.text}" + ("" if met else ", too late")


# -- never


def _never(name: str, keys: dict[str, Any], recording: Recording) -> Verdict:
    since = keys.get("after", keys.get("of"))
    begin = _anchor(since, recording)
    if begin is None:
        return False, f"{since} never came"
    found = _spots(name, keys, recording, begin)
    if "before" in keys:
        end = _anchor(keys["before"], recording, begin)
        found = [spot for spot in found if end is None or _sooner(spot, end)]
    if "within_s" in keys:
        found = [spot for spot in found if spot.t_ms - begin.t_ms <= keys["within_s"] * 1000]
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return False, f"{found[0].text}{more}"
    return True, "none"


def _sooner(spot: Spot, end: Spot) -> bool:
    """Records count in their order; what shares a time with an action comes after it."""
    return spot.t_ms < end.t_ms or (spot.t_ms == end.t_ms and spot.later < end.later)


# -- what is seen and heard


def _watched(expect: Expect, recording: Recording) -> Verdict:
    """A text on the screen or a sound, at some time of the window; the other way round, at no time of it."""
    origin = _anchor(expect.keys.get("of"), recording)
    if origin is None:
        return False, f"{expect.keys['of']} never came"
    times = _times(expect, recording, *_window_us(expect.keys, origin, recording))
    wanted = not expect.keys.get("never") if expect.kind == SCREEN else expect.keys[expect.kind]
    if not times:
        return not wanted, "at no time"
    return wanted, f"at {clock(times[0] // 1000)}, {(times[0] // 1000) - origin.t_ms} ms after {origin.text}"


def _window_us(keys: dict[str, Any], origin: Spot, recording: Recording) -> tuple[int, int]:
    begin_us = origin.t_ms * 1000 + int(keys.get("not_before_s", 0) * 1_000_000)
    if "within_s" not in keys:
        return begin_us, recording.end_ms * 1000
    return begin_us, origin.t_ms * 1000 + int(keys["within_s"] * 1_000_000)


def _times(expect: Expect, recording: Recording, from_us: int, to_us: int) -> list[int]:
    shown = recording.shown or Shown()
    if expect.kind == SCREEN:
        return list(shown.with_text(expect.name, from_us, to_us))
    return list(shown.with_tone(from_us, to_us))


def _with_sound(met: bool, why: str, expect: Expect, recording: Recording) -> Verdict:
    """Whether it sounds within a burst's period of the alarm's own record."""
    keys = expect.keys
    origin = _anchor(keys.get("of"), recording)
    spots = _spots(expect.name, keys, recording, origin) if origin else []
    if not met or len(spots) < keys.get("nth", 1):
        return met, why
    from_us = spots[keys.get("nth", 1) - 1].t_ms * 1000
    heard = list((recording.shown or Shown()).with_tone(from_us, from_us + SOUNDS_MS * 1000))
    say = f"a tone {heard[0] // 1000 - from_us // 1000} ms after it" if heard else "no tone"
    return bool(heard) == keys["sound"], f"{why}; {say}"


def _rate(expect: Expect, recording: Recording) -> Verdict:
    """The most records in any hour; a shorter run is one."""
    keys = expect.keys
    origin = _anchor(keys.get("of"), recording)
    if origin is None:
        return False, f"{keys['of']} never came"
    name = keys.get("event")
    times = [
        record["t_ms"]
        for record in recording.records[origin.later :]
        if (name is None or fits(record, name, keys)) and record["t_ms"] >= origin.t_ms
    ]
    most = max((bisect_right(times, t_ms + HOUR_MS) - at for at, t_ms in enumerate(times)), default=0)
    return most < keys[expect.kind], f"{most} in the fullest hour"


# -- value and count


def sized(found: Number, keys: dict[str, Any]) -> bool:
    """Whether a number is what equals (within tolerance), at_least and at_most ask for; exact on decimals."""
    if "equals" in keys and abs(found - keys["equals"]) > keys.get("tolerance", 0):
        return False
    if "under" in keys and not found < keys["under"]:
        return False
    return bool(found >= keys.get("at_least", found) and found <= keys.get("at_most", found))


def _value(path: str, keys: dict[str, Any], result: dict[str, Any]) -> Verdict:
    found = look_up(result, path)
    if found is None:
        return False, "there is no such value in this run"
    wanted = keys.get("equals")
    if isinstance(wanted, str) or isinstance(found, str):
        return found == wanted, f"it is {found}"
    number = Decimal(repr(found))
    return number.is_finite() and sized(number, keys), f"it is {found}"


def look_up(result: dict[str, Any], path: str) -> Any:
    """The value at a path into a result, None where there is none; steps.6.x is of the last run of step 6."""
    part, _, rest = path.partition(".")
    if not rest:
        return result.get(part)
    name, _, leaf = rest.partition(".")
    rows = result.get(part) or []
    if part == "events":
        return rows[int(name)].get(leaf) if int(name) < len(rows) else None
    key, wanted = ("step", int(name)) if part == "steps" else ("id", name)
    chosen = [row for row in rows if row.get(key) == wanted]
    return chosen[-1].get(leaf) if chosen else None
