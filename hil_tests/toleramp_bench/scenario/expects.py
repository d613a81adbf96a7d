"""Reads [[expect]]: what must follow. An expectation that no run can meet is a fault of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pump.tables import events
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario import not_yet, words
from toleramp_bench.scenario.checks import Checks, Table, is_number
from toleramp_bench.scenario.events import Ground, demand_name, demand_pick, demand_step
from toleramp_bench.scenario.model import FINAL_STATES, TARGETS, Expect
from toleramp_bench.scenario.words import BESIDE, EXPECT, LINE, RECORDS, SCREEN

_SIZES = ("equals", "at_least", "at_most", "under")


def read_expects(checks: Checks, tables: list[Table], ground: Ground) -> tuple[Expect, ...]:
    """The expectations in the order of the file."""
    return tuple(_expect(checks, table, f"expect {number}", ground) for number, table in enumerate(tables, 1))


def open_names(expects: tuple[Expect, ...]) -> Iterator[str]:
    """What the expectations name that the pump does not say yet ("alarm_raised.occlusion ALM-5")."""
    for expect in expects:
        if expect.kind != "value":
            if expect.kind in ("event", "never", "count"):
                yield from not_yet.lacking(expect.name, expect.keys.get("code"))
            for key in ("of", "before", "after", "event"):
                yield from not_yet.lacking(expect.keys.get(key))
        elif expect.name == "final_state":
            yield from not_yet.lacking_state(expect.keys["equals"])
        elif expect.name.endswith(".event"):
            yield from not_yet.lacking(expect.keys["equals"])


def _expect(checks: Checks, table: Table, where: str, ground: Ground) -> Expect:
    kinds = [kind for kind in EXPECT if kind in table and not any(other in table for other in BESIDE.get(kind, ()))]
    if len(kinds) != 1:
        what = f"{kinds[0]} and {kinds[1]} in one" if kinds else _near(checks, table, where)
        raise checks.fail(what, where, "write one of " + ", ".join(EXPECT) + " in each [[expect]]")
    kind = kinds[0]
    read = checks.table(table, {kind: words.FORMS.get(kind, words.TEXT), **EXPECT[kind]}, where)
    name = read.pop(kind)
    _DEMANDS[kind](checks, name, read, where, ground)
    text = in_words(kind, name, read)
    return Expect(kind, name, read, text) if isinstance(name, str) else Expect(kind, kind, {**read, kind: name}, text)


def _near(checks: Checks, table: Table, where: str) -> str:
    """What is wrong with an expectation that has none of the four words; a misspelt one is named."""
    for name in table:
        if name not in {key for keys in EXPECT.values() for key in keys}:
            raise checks.unknown("key", name, where, EXPECT)
    return "it expects nothing"


# -- events


def _demand_event(checks: Checks, name: str, keys: Table, where: str, ground: Ground) -> None:
    demand_name(checks, name, f"{where}, event", ground)
    demand_pick(checks, name, keys, where, ground)
    if "of" in keys:
        demand_name(checks, keys["of"], f"{where}, of", ground)
        if keys["of"] == name and name in ground.ids:
            raise checks.fail(f"{name} counts from itself", f"{where}, of", "name another")
    if "last_pulse_of_ms" in keys and "of" not in keys:
        raise checks.fail("last_pulse_of_ms without of", where, "write of = the event it counts from")
    _demand_window(checks, keys, where, ground)
    if {"priority", "sound"} & set(keys) and name not in EVENTS.of(events.ALARMS):
        raise checks.fail(f"{name} is no alarm's record", where, "write priority and sound with alarm_raised")


def _demand_window(checks: Checks, keys: Table, where: str, ground: Ground) -> None:
    if "of" in keys:
        demand_name(checks, keys["of"], f"{where}, of", ground)
    if keys.get("not_before_s", 0) > keys.get("within_s", keys.get("not_before_s", 0)):
        raise checks.fail("not_before_s is later than within_s", where, "no run can meet both")


def _demand_screen(checks: Checks, name: str, keys: Table, where: str, ground: Ground) -> None:
    _demand_window(checks, keys, where, ground)
    if len(name) > LINE:
        raise checks.fail(f"a line of the screen has {LINE} characters", f"{where}, screen", "write what stands in one")


def _demand_sound(checks: Checks, name: bool, keys: Table, where: str, ground: Ground) -> None:
    _demand_window(checks, keys, where, ground)


def _demand_rate(checks: Checks, name: int, keys: Table, where: str, ground: Ground) -> None:
    event = keys.get("event")
    if event is not None and event not in RECORDS:
        raise checks.unknown("record", event, f"{where}, event", RECORDS)
    if "code" in keys and event is None:
        raise checks.fail("code without event", where, "write event = the record that has it")
    if event is not None:
        demand_pick(checks, event, keys, where, ground)
    _demand_window(checks, keys, where, ground)


def _demand_never(checks: Checks, name: str, keys: Table, where: str, ground: Ground) -> None:
    demand_name(checks, name, f"{where}, never", ground)
    demand_pick(checks, name, keys, where, ground)
    if "of" in keys and "after" in keys:
        raise checks.fail("after and of say the same", where, "leave one out")
    if "within_s" in keys and "of" not in keys:
        raise checks.fail("within_s without of", where, "write of = the event it counts from")
    if name in ground.ids and not {"before", "after", "of"} & set(keys):
        raise checks.fail(f"{name} is an event of this file, so it comes", f"{where}, never", "write before or after")
    for key in ("before", "after", "of"):
        if key in keys:
            demand_name(checks, keys[key], f"{where}, {key}", ground)


def _demand_count(checks: Checks, name: str, keys: Table, where: str, ground: Ground) -> None:
    if name not in RECORDS:
        raise checks.unknown("record", name, f"{where}, count", RECORDS)
    demand_pick(checks, name, keys, where, ground)
    _demand_sizes(checks, keys, where)


def _demand_sizes(checks: Checks, keys: Table, where: str) -> None:
    """How much: at least one of equals, at_least and at_most; no two against each other."""
    if not any(key in keys for key in _SIZES):
        raise checks.fail("it does not say how much", where, "write one of " + ", ".join(_SIZES))
    if "tolerance" in keys and "equals" not in keys:
        raise checks.fail("tolerance without equals", where, "write equals, or leave it out")
    low, high = keys.get("at_least"), keys.get("at_most")
    if low is not None and high is not None and low > high:
        raise checks.fail("at_least is more than at_most", where, "no run can meet both")
    if is_number(keys.get("equals")):
        slack = keys.get("tolerance", 0)
        if (low is not None and keys["equals"] + slack < low) or (high is not None and keys["equals"] - slack > high):
            raise checks.fail("equals lies outside at_least and at_most", where, "no run can meet both")


# -- values


def _demand_value(checks: Checks, name: str, keys: Table, where: str, ground: Ground) -> None:
    kinds, above_zero = _path(checks, name, f"{where}, value", ground)
    equals = keys.get("equals")
    if isinstance(equals, str) and "text" in kinds:
        _demand_text(checks, name, equals, keys, where)
        return
    if equals is not None:
        if "number" not in kinds or not is_number(equals):
            form = "a text" if kinds == ("text",) else "a number"
            raise checks.fail(f"{name} is {form}, which equals is not", f"{where}, equals", f"write {form}")
        checks.value(equals, words.Key("number", -(10**12), 10**12), f"{where}, equals")
    elif kinds == ("text",):
        raise checks.fail(f"{name} is a text", where, "write equals = the text")
    _demand_sizes(checks, keys, where)
    most = keys.get("at_most", 0) if equals is None else equals + keys.get("tolerance", 0)
    if above_zero and most < 0:
        raise checks.fail(f"{name} is never below zero", where, "write what can be met")


def _demand_text(checks: Checks, name: str, equals: str, keys: Table, where: str) -> None:
    extra = [key for key in keys if key != "equals"]
    if extra:
        raise checks.fail(f"{extra[0]} does not go with a text", where, "leave it out")
    known: tuple[str, ...] = {"final_state": FINAL_STATES, "target": TARGETS}.get(name, ())
    if name.startswith("events.") and name.endswith(".event"):
        known = RECORDS
    if known and equals not in known:
        raise checks.unknown(name, equals, f"{where}, equals", known)


def _path(checks: Checks, name: str, where: str, ground: Ground) -> tuple[tuple[str, ...], bool]:
    """What stands at a path into the result: ("number",), ("text",) or both; whether it is never below zero."""
    parts = name.split(".")
    if len(parts) == 1:
        if name in words.TOP_TEXTS:
            return ("text",), False
        if name not in words.TOP_NUMBERS:
            known = [*words.TOP_NUMBERS, *words.TOP_TEXTS, "steps.N.", "events.N.", "actions.ID."]
            raise checks.unknown("value", name, where, known)
        return ("number",), True
    leaves = {
        "steps": (words.STEP_NUMBERS, ()),
        "events": (words.RECORD_NUMBERS, words.RECORD_TEXTS),
        "actions": (words.ACTION_NUMBERS, words.ACTION_TEXTS),
    }
    if len(parts) != 3 or parts[0] not in leaves:
        raise checks.unknown("value", name, where, ["steps.N.delivered_ml", "events.N.t_ms", "actions.ID.t_ms"])
    numbers, texts = leaves[parts[0]]
    if parts[2] not in (*numbers, *texts):
        raise checks.unknown("value", parts[2], where, (*numbers, *texts))
    _demand_index(checks, parts[0], parts[1], where, ground)
    kinds = tuple(kind for kind, names in (("number", numbers), ("text", texts)) if parts[2] in names)
    return kinds, parts[2] != "rate_error_percent" and kinds == ("number",)


def _demand_index(checks: Checks, part: str, index: str, where: str, ground: Ground) -> None:
    if part == "actions":
        if index not in ground.ids:
            raise checks.unknown("id", index, where, ground.ids)
        return
    if not index.isascii() or not index.isdigit() or len(index) > 6:
        raise checks.fail(f"{index[:20]!r} is no number", where, f"write {part}.N. with a whole number")
    if part == "steps":
        demand_step(checks, int(index), where, ground)


_DEMANDS: dict[str, Callable[..., None]] = {
    "event": _demand_event,
    "never": _demand_never,
    "value": _demand_value,
    "count": _demand_count,
    SCREEN: _demand_screen,
    "sound": _demand_sound,
    "records_per_hour_under": _demand_rate,
}


# -- in words


def picked(name: str, keys: Table) -> str:
    """A record's name with what picks among its kind: paused (spo2-stop) in step 6."""
    text = name
    if "code" in keys:
        text += f" ({keys['code']})"
    if keys.get("step"):
        text += f" in step {keys['step']}"
    if "state" in keys:
        text += f" in state {keys['state']}"
    return text


def in_words(kind: str, name: Any, keys: Table) -> str:
    """An expectation in words, for the result and the report."""
    if kind == "value":
        return f"{name} {_size(keys)}"
    if kind == "count":
        return f"{picked(name, keys)} {_size(keys)} times"
    if kind == "never":
        when = "".join(f" {key} {keys[key]}" for key in ("after", "before") if key in keys)
        return f"never {picked(name, keys)}{when}{_window(keys)}"
    if kind == SCREEN:
        return f'"{name}" {"never stands" if keys.get("never") else "stands"} on the screen{_window(keys)}'
    if kind == "sound":
        return f"{'it sounds' if name else 'it is silent'}{_window(keys)}"
    if kind == "records_per_hour_under":
        what = picked(keys["event"], keys) if "event" in keys else "records"
        return f"{what}: fewer than {name} in any hour{_window(keys)}"
    return _event_in_words(name, keys)


def _event_in_words(name: str, keys: Table) -> str:
    text = picked(name, keys)
    if keys.get("nth", 1) > 1:
        text += f", number {keys['nth']}"
    origin = keys.get("of", "power-on")
    if "not_before_s" in keys:
        text += f", not before {keys['not_before_s']} s"
    if "within_s" in keys:
        text += f", within {keys['within_s']} s"
    if "of" in keys or "within_s" in keys or "not_before_s" in keys:
        text += f" after {origin}"
    if "last_pulse_within_ms" in keys:
        text += f", last pulse at most {keys['last_pulse_within_ms']} ms after it"
    if "last_pulse_of_ms" in keys:
        text += f", last pulse at most {keys['last_pulse_of_ms']} ms after {origin}"
    text += f", priority {keys['priority']}" if "priority" in keys else ""
    return text + (", with sound" if keys.get("sound") else ", without sound" if "sound" in keys else "")


def _window(keys: Table) -> str:
    """The time in which it is looked for."""
    text = f", not before {keys['not_before_s']} s" if "not_before_s" in keys else ""
    text += f", within {keys['within_s']} s" if "within_s" in keys else ""
    return f"{text} after {keys.get('of', 'power-on')}" if text or "of" in keys else ""


def _size(keys: dict[str, Any]) -> str:
    parts = []
    if "equals" in keys:
        slack = f" +- {keys['tolerance']}" if "tolerance" in keys else ""
        parts.append(f"= {keys['equals']}{slack}")
    if "at_least" in keys:
        parts.append(f">= {keys['at_least']}")
    if "at_most" in keys:
        parts.append(f"<= {keys['at_most']}")
    if "under" in keys:
        parts.append(f"< {keys['under']}")
    return ", ".join(parts)
