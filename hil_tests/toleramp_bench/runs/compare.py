"""What two targets make of one scenario, side by side: every difference is a finding, one line each.

A step ends, and a key is seen, at a scan; so from each event to the next two targets may come apart by a scan, and over
twelve steps by twelve. What is compared is therefore each event's distance from the one before it, or from power-on
where that is nearer: an oximeter's packets keep their own time, whatever the steps do. Alarms are gone
through by turns, every eighth scan, and may be that late (ALM-2 gives them a second).

Each finding is what it is of, and what is said of it: two phases of one target differ in the figures, not in that.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from difflib import SequenceMatcher
from typing import Any

from pump.tables.events import ALARMS, HANGS, UNTIMED
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.expects import picked
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.scenario.words import clock

# Loading takes another time on each target: of these the order counts, not the time.
_BEFORE, _BY_TURNS, _OF_BAGS = (EVENTS.of(group) for group in (UNTIMED, ALARMS, HANGS))
_TURNS = 8
# From these on times count anew: how long a start takes is each target's own.
_COMES_UP = (EVENTS.BOOT, EVENTS.RECOVERED, EVENTS.TIME_OFF)
_ROUNDING_MS = 2  # both times are whole milliseconds
_MOST_LINES = 20
_PULSE_ML = 0.0001
Event = dict[str, Any]
Finding = tuple[str, str]  # what differs; the figures


def differences(scenario: Scenario, one: dict[str, Any], other: dict[str, Any], scan_ms: int) -> list[str]:
    """The differences of two results; [] when the targets agree. Times may differ by a scan, or by `allow_ms`."""
    return in_lines(findings(scenario, one, other, scan_ms))


def in_lines(found: list[Finding]) -> list[str]:
    """A line each, and how many more there are."""
    lines = [what + figures for what, figures in found[:_MOST_LINES]]
    more = len(found) - _MOST_LINES
    return lines if more <= 0 else [*lines, f"and {more} more differences"]


def findings(scenario: Scenario, one: dict[str, Any], other: dict[str, Any], scan_ms: int) -> list[Finding]:
    """As `differences`, all of them, taken apart."""
    names = _names(one, other)
    allow_ms = scan_ms if scenario.allow_ms is None else scenario.allow_ms
    found: list[Finding] = []
    if one["final_state"] != other["final_state"]:
        states = f": {one['final_state']} on {names[0]}, {other['final_state']} on {names[1]}"
        found.append(("final state", states))
    found += _steps(one, other, names)
    swap_ms = 0 if scenario.allow_ms is None else allow_ms
    one_events, other_events = _cut_off(one, other, allow_ms)
    return found + _events(one_events, other_events, names, allow_ms, swap_ms)


def _names(one: dict[str, Any], other: dict[str, Any]) -> tuple[str, str]:
    if one["target"] != other["target"]:
        return one["target"], other["target"]
    return f"{one['target']} (first)", f"{other['target']} (second)"


# -- volumes


def _steps(one: dict[str, Any], other: dict[str, Any], names: tuple[str, str]) -> list[Finding]:
    pulse = max(_exact(document.get("pulse_ml", _PULSE_ML)) for document in (one, other))
    numbers = [[step["step"] for step in document["steps"]] for document in (one, other)]
    if numbers[0] != numbers[1]:
        shown = [", ".join(map(str, row)) or "none" for row in numbers]
        return [("runs of steps", f": {shown[0]} on {names[0]}, {shown[1]} on {names[1]}")]
    found = []
    slacks = []
    for a, b in zip(one["steps"], other["steps"], strict=True):
        run = f", run {a['run']}" if "run" in a else ""
        slacks.append(pulse + _in_the_time_between(a, b, pulse))
        found += _volume(f"step {a['step']}{run}", a["delivered_ml"], b["delivered_ml"], names, slacks[-1])
    return found or _volume("all", one["delivered_ml"], other["delivered_ml"], names, sum(slacks) or pulse)


def _in_the_time_between(a: dict[str, Any], b: dict[str, Any], pulse: Decimal) -> Decimal:
    """What flows, in whole pulses, while one run of a step goes on longer than the other; nothing where it ends full.

    An event from outside (a packet, a press) cuts a run off where it comes; whether it comes in time, the events tell.
    """
    if any(
        run["ended_ms"] is None or _exact(run["delivered_ml"]) + pulse >= _exact(run["planned_ml"]) for run in (a, b)
    ):
        return Decimal(0)
    longest = max(_lasted_ms(a), _lasted_ms(b), 1)
    flows = max(_exact(a["delivered_ml"]), _exact(b["delivered_ml"])) / longest
    between = flows * abs(_lasted_ms(a) - _lasted_ms(b))
    return (between / pulse).to_integral_value(ROUND_FLOOR) * pulse


def _lasted_ms(run: dict[str, Any]) -> int:
    return int(run["ended_ms"] - run["started_ms"])


def _volume(what: str, a: float, b: float, names: tuple[str, str], slack: Decimal) -> list[Finding]:
    if abs(_exact(a) - _exact(b)) <= slack:
        return []
    return [(what, f": {a} mL on {names[0]}, {b} mL on {names[1]}; {slack.normalize():f} mL are allowed")]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


# -- events


def _key(event: Event) -> tuple[Any, ...]:
    """What two targets must agree on of an event."""
    return event["event"], event.get("step"), event.get("code"), event.get("arg") if _bag(event) else None


def _bag(event: Event) -> bool:
    return event["event"] in _OF_BAGS


def _said(event: Event) -> str:
    bag = f" {event['arg']}" if _bag(event) and event.get("arg") else ""
    return picked(event["event"] + bag, {key: event[key] for key in ("code", "step") if event.get(key)})


def _events(one: list[Event], other: list[Event], names: tuple[str, str], allow_ms: int, swap_ms: int) -> list[Finding]:
    """Events that only one has, at their place in the order; then distances between what both have.

    Where the file allows more time (`swap_ms`), two that come within it may come the other way round.
    """
    matcher = SequenceMatcher(None, [_key(event) for event in one], [_key(event) for event in other], autojunk=False)
    alone: tuple[list[Event], list[Event]] = ([], [])
    both: list[tuple[Event, Event]] = []
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal":
            both += zip(one[a0:a1], other[b0:b1], strict=True)
        else:
            alone[0].extend(one[a0:a1])
            alone[1].extend(other[b0:b1])
    for event in list(alone[0]) if swap_ms else []:
        twin = next((t for t in alone[1] if _key(t) == _key(event) and _apart(t, event) <= swap_ms), None)
        if twin:
            alone[0].remove(event)
            alone[1].remove(twin)
    order = [
        (f"only on {name}: {_said(event)}", f" at {clock(event['t_ms'])}")
        for events, name in zip(alone, names, strict=True)
        for event in events
    ]
    return order + _times(both, names, allow_ms)


def _cut_off(one: dict[str, Any], other: dict[str, Any], allow_ms: int) -> tuple[list[Event], list[Event]]:
    """The events of both without the last ones of one, where the other's run was over by then, or about to be."""
    first, second = list(one["events"]), list(other["events"])
    for longer, events, shorter in ((first, second, other), (second, first, one)):
        common = len(events)
        if not 0 < common < len(longer) or [*map(_key, longer[:common])] != [*map(_key, events)]:
            continue
        late_ms = longer[common - 1]["t_ms"] - events[-1]["t_ms"]
        over_ms = 1000 * shorter["simulated_s"] - allow_ms - _ROUNDING_MS
        while len(longer) > common and longer[-1]["t_ms"] - late_ms >= over_ms:
            longer.pop()
    return first, second


def _apart(a: Event, b: Event) -> int:
    return abs(int(a["t_ms"] - b["t_ms"]))


def _times(both: list[tuple[Event, Event]], names: tuple[str, str], allow_ms: int) -> list[Finding]:
    """Events whose distance from the one before differs by more than is allowed.

    A session counts from its first event after loading; without one, times count from power-on. A start takes another
    time on each target (`figures --only image` has the board's): what a pump says when it comes back counts from there.
    """
    found: list[Finding] = []
    before: int | None = None if any(a["event"] == EVENTS.ARMED for a, _ in both) else 0
    for a, b in both:
        apart = a["t_ms"] - b["t_ms"]
        if a["event"] in _COMES_UP and a is not both[0][0]:
            before = apart
        if a["event"] in _BEFORE:
            continue
        moved = 0 if before is None else min(apart - before, apart, key=abs)
        by_turns = a["event"] in _BY_TURNS
        allowed = max(allow_ms, _TURNS * allow_ms) if by_turns else allow_ms
        if abs(moved) > allowed + _ROUNDING_MS:
            late = names[0] if moved > 0 else names[1]
            found.append((_said(a), f": {abs(moved)} ms later on {late}; {allowed} ms are allowed"))
        if not by_turns:
            before = apart
    return found
