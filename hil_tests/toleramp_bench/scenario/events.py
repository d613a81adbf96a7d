"""Reads [[event]] and [end]: what happens, and when. Whatever can never happen is a fault of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from pump.tables import events
from toleramp_bench.names import CAUSES, EVENTS
from toleramp_bench.scenario import not_yet, words
from toleramp_bench.scenario.checks import Checks, Table
from toleramp_bench.scenario.model import Action, Moment
from toleramp_bench.scenario.oximeter_word import demand_oximeter, with_trace
from toleramp_bench.scenario.words import DO, RECORDS

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
NO_STEP = EVENTS.of(events.STARTS)  # records of a pump that has no protocol yet
Root = tuple[Any, ...]  # what a moment counts from: power-on, or one record


@dataclass(frozen=True)
class Ground:
    """What actions and expectations stand on: number of steps, ids of the bags, a patient, ids of the actions."""

    steps: int
    bags: tuple[str, ...]
    patient: bool = False
    ids: tuple[str, ...] = ()


def read_actions(checks: Checks, tables: list[Table], ground: Ground) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The actions in the order of the file, and what of them the pump cannot do yet ("pin SES-12")."""
    ids = _ids(checks, tables, ground)
    known = replace(ground, ids=tuple(ids))
    actions, still_open = [], []
    for number, (table, name) in enumerate(zip(tables, ids, strict=True), 1):
        action = _action(checks, table, name, place(number, name), known)
        actions.append(action)
        still_open += _open(action, table)
    return tuple(actions), tuple(dict.fromkeys(still_open))


def place(number: int, name: str) -> str:
    """Where an action stands in the file."""
    return f"event {number}" if name.startswith("#") else f"event {number} ({name})"


def _ids(checks: Checks, tables: list[Table], ground: Ground) -> list[str]:
    """Every action's id; one without gets its number, "#3"."""
    ids: list[str] = []
    for number, table in enumerate(tables, 1):
        name = checks.value(table.get("id", f"#{number}"), words.EVENT["id"], f"event {number}, id")
        where = f"event {number}, id"
        if "id" in table and not _ID.fullmatch(name):
            raise checks.fail(f"id {name!r} is no name", where, "write letters, digits, - and _, a letter first")
        if name in RECORDS:
            raise checks.fail(f"id {name!r} is the name of a record", where, "write another id")
        if name in ground.ids:
            raise checks.fail(f"id {name!r} is what the patient shows", where, "write another id")
        if name in ids:
            first = ids.index(name) + 1
            raise checks.fail(f"id {name!r} is that of event {first} too", where, "write another id")
        ids.append(name)
    return ids


def _action(checks: Checks, table: Table, name: str, where: str, ground: Ground) -> Action:
    if "do" not in table:
        raise checks.fail("do is missing", where, "write do = one of " + words_listed())
    do = table["do"]
    if not isinstance(do, str) or do not in DO:
        raise checks.unknown("do", do, where, DO)
    own = _own_keys(do, table)
    moment_keys = {**words.MOMENT, **words.PICK, **words.EVENT}
    checks.table(table, {**moment_keys, **own}, where)
    own_table = {key: value for key, value in table.items() if key in own}
    moment_table = {key: value for key, value in table.items() if key in words.MOMENT}
    for key in words.PICK:
        picked = [key_there for key_there in (key, f"after_{key}") if key_there in table and key_there not in own]
        if len(picked) > 1:
            raise checks.fail(f"{key} and after_{key} say the same", where, "leave one out")
        if picked:
            moment_table[key] = table[picked[0]]
    moment = read_moment(checks, moment_table, where, ground)
    if moment.after == name:
        raise checks.fail("the event comes after itself", f"{where}, after", "name another")
    arguments = checks.table(own_table, own, where)
    _demand(checks, do, own_table, where, ground)
    return Action(name, do, moment, with_trace(arguments, checks.path.parent))


def _own_keys(do: str, table: Table) -> dict[str, words.Key]:
    """The word's own keys. A `step` beside a choice that needs none picks the record, as it does elsewhere."""
    if do == "decide" and table.get("choice") not in words.WITH_STEP:
        return {key: spec for key, spec in DO[do].keys.items() if key not in words.PICK}
    return DO[do].keys


def words_listed() -> str:
    """All `do` words."""
    return ", ".join(DO)


def _open(action: Action, table: Table) -> list[str]:
    """What of an action the pump cannot do yet, with the requirement."""
    word = DO[action.do]
    found = [f"{action.do} {word.open}"] if word.open else []
    found += [f"{action.do}.{key} {spec.open}" for key, spec in word.keys.items() if spec.open and key in table]
    return [*found, *not_yet.lacking(action.when.after, action.when.code)]


# -- when


def read_moment(checks: Checks, table: Table, where: str, ground: Ground) -> Moment:
    """A moment: `at`, or `after` with what picks among the records and how long after it."""
    values = checks.table(table, words.END, where)
    after, at_ms = values.get("after"), values.get("at")
    if (after is None) == (at_ms is None):
        what = "neither at nor after" if after is None else "both at and after"
        raise checks.fail(f"{what} is given", where, 'write at = "hh:mm:ss", or after = a record or an id')
    if after is None:
        extra = [key for key in (*words.PICK, "nth", "plus") if key in values]
        if extra:
            raise checks.fail(f"{extra[0]} goes with after, not with at", where, "leave it out, or write after")
        return Moment(at_ms=at_ms)
    demand_name(checks, after, f"{where}, after", ground)
    demand_pick(checks, after, values, where, ground)
    return Moment(
        None, after, values.get("step"), values.get("code"), values.get("nth", 1), values.get("plus", 0)
    )  # fmt: skip


def demand_name(checks: Checks, name: str, where: str, ground: Ground) -> None:
    """Raises UserError for a name that is neither a record's nor an action's."""
    if name not in RECORDS and name not in ground.ids:
        named = [known for known in ground.ids if not known.startswith("#")]
        raise checks.unknown("event", name, where, [*named, *RECORDS])


def demand_pick(checks: Checks, name: str, values: Table, where: str, ground: Ground) -> None:
    """Raises UserError for a step, code, state or nth that records of that name never have."""
    if name in ground.ids:
        extra = [key for key in (*words.PICK, "state") if key in values]
        if extra or values.get("nth", 1) != 1:
            key = extra[0] if extra else "nth"
            raise checks.fail(f"{key} does not go with the id {name}: it happens once", where, "leave it out")
    if values.get("step") is not None and name in NO_STEP:
        raise checks.fail(f"{name} has no step", f"{where}, step", "leave it out")
    demand_step(checks, values.get("step"), f"{where}, step", ground)
    codes = not_yet.known_codes(name)
    code = values.get("code")
    if code is not None and code not in codes:
        if not codes:
            raise checks.fail(f"{name} has no code", f"{where}, code", "leave it out")
        raise checks.unknown(f"{name} with the code", code, f"{where}, code", codes)


def demand_step(checks: Checks, step: int | None, where: str, ground: Ground) -> None:
    """Raises UserError for a step that the protocol does not have."""
    if step is not None and not 1 <= step <= ground.steps:
        raise checks.fail(f"there is no step {step}", where, f"the protocol has {ground.steps} steps, from 1")


# -- what, beyond kind and range


def _demand(checks: Checks, do: str, given: Table, where: str, ground: Ground) -> None:
    word = DO[do]
    if len(given) < word.least or (word.single and len(given) > 1):
        count = "exactly one" if word.single else "at least one"
        raise checks.fail(f"{do} needs {count} of its keys", where, "known: " + ", ".join(word.keys))
    if word.single and not all(given.values()):
        raise checks.fail(f"{do} with false says nothing", where, "write true")
    special = {
        "press": _demand_press,
        "decide": _demand_decide,
        "hang": _demand_hang,
        "oximeter": _demand_oximeter,
        "host": _demand_host,
        "line_noise": _demand_noise,
        "treat": _demand_treat,
    }
    if do in special:
        special[do](checks, given, where, ground)


def _demand_press(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    if ("button" in given) == ("buttons" in given):
        raise checks.fail("neither button nor buttons, or both", where, 'write button = "confirm", or buttons = [...]')
    if "overlap_ms" in given and len(given.get("buttons", ())) < 2:
        raise checks.fail("overlap_ms without two buttons", where, 'write buttons = ["start", "confirm"]')
    if given.get("overlap_ms", 0) > given.get("hold_ms", words.DO["press"].keys["hold_ms"].default):
        raise checks.fail("overlap_ms is longer than each is held", where, "write less, or a longer hold_ms")


def _demand_decide(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    demand_step(checks, given.get("step"), f"{where}, step", ground)
    _demand_bag(checks, given.get("bag"), f"{where}, bag", ground)
    choice = given["choice"]
    if choice == "any-back" and given.get("step") is None:
        raise checks.fail("any-back needs a step", where, "write step = the step to go on at")
    if given.get("bag") is not None and choice in set(words.GRADES) - {CAUSES.MILD}:
        raise checks.fail(f"no bag is chosen with {choice}", f"{where}, bag", "leave it out")


def _demand_treat(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    if not ground.patient:
        raise checks.fail("treat without a patient", where, "write [patient], or leave it out")


def _demand_hang(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    if "solution" not in given and "code" not in given:
        raise checks.fail("neither solution nor code", where, "write which bag is hung")
    _demand_bag(checks, given.get("solution"), f"{where}, solution", ground)


def _demand_bag(checks: Checks, bag: str | None, where: str, ground: Ground) -> None:
    if bag is not None and bag not in ground.bags:
        raise checks.unknown("bag", bag, where, ground.bags)


def _demand_oximeter(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    demand_oximeter(checks, given, where)


def _demand_noise(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    if ("times" in given) != ("every_ms" in given):
        raise checks.fail("times and every_ms go together", where, "write both, or none")


def _demand_host(checks: Checks, given: Table, where: str, ground: Ground) -> None:
    for key, command in (("code", "hang"), ("data", "garbage")):
        if (key in given) != (given["command"] == command):
            say = f"{key} goes with {command} only" if key in given else f"{command} needs {key}"
            raise checks.fail(say, where, f"write {key} = ..." if key not in given else "leave it out")
    try:
        bytes.fromhex(given.get("data", ""))
    except ValueError:
        raise checks.fail("data is not hexadecimal", f"{where}, data", 'write bytes in hex, "0a 1b ff"') from None


# -- what never comes


def demand_in_time(checks: Checks, actions: tuple[Action, ...], end: Moment | None, limit_ms: int) -> None:
    """Raises UserError for actions that wait for each other, or come after the run's end or limit."""
    by_id = {action.id: action for action in actions}
    last = _resolved(checks, end, by_id, "end") if end else None
    for number, action in enumerate(actions, 1):
        where = place(number, action.id)
        root, ms = _resolved(checks, action.when, by_id, where)
        if last and root == last[0] and ms > last[1]:
            raise checks.fail(f"it comes {(ms - last[1]) / 1000:g} s after the end", where, "move it, or move [end]")
        if ms > limit_ms:
            limit = words.clock(limit_ms)
            raise checks.fail(
                f"it comes later than the limit of {limit}", where, 'move it, or write limit = "hh:mm:ss"'
            )
    if last and last[1] > limit_ms:
        raise checks.fail(f"the end lies beyond the limit of {words.clock(limit_ms)}", "end", "write a later limit")


def _resolved(checks: Checks, moment: Moment, by_id: dict[str, Action], where: str) -> tuple[Root, int]:
    """(what it counts from, ms after that): a chain of actions followed to its beginning."""
    total = 0
    passed: list[str] = []
    while moment.at_ms is None and moment.after in by_id:
        if moment.after in passed:
            raise checks.fail("events wait for each other: " + " -> ".join(passed[:5]), where, "let one come by itself")
        passed.append(moment.after)
        total += moment.plus_ms
        moment = by_id[moment.after].when
    if moment.at_ms is not None:
        return (), total + moment.at_ms
    return (moment.after, moment.step, moment.code, moment.nth), total + moment.plus_ms
