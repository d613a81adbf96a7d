"""Refuses expectations that no run can meet: against the limit, against what each run brings, against each other.

What could happen in some run, however unlikely, is left to the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pump.tables import events, states
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.scenario.checks import Checks, is_number
from toleramp_bench.scenario.model import FINAL_STATES, Action, Expect, Moment
from toleramp_bench.scenario.words import RECORDS, Number, clock

_PICKS = ("code", "step", "state")
_FINAL = EVENTS.of(events.ENDS)  # records that end a session, and with it a run without [end]
_UNENDED = set(FINAL_STATES) - STATES.of(states.OVER) - {"off"}
_ALWAYS = EVENTS.ordered(events.STARTS)
_ONCE = EVENTS.ordered(events.ENDS)
_GOES_BACK = ("reaction", "decide", "press")  # what may repeat steps, so that the dose is complete before the last one
_TIMES_MS = (".t_ms", ".started_ms", ".ended_ms")
_NO_RUN = "no run can meet both"


@dataclass(frozen=True)
class Outline:
    """What a file says of how the run goes: steps, whether there is a patient, actions, end and limit."""

    steps: int
    patient: bool
    actions: tuple[Action, ...]
    end: Moment | None
    limit_ms: int

    @property
    def last_ms(self) -> int:
        """No run goes on after this time."""
        fixed = self.end.at_ms if self.end else None
        return self.limit_ms if fixed is None else min(self.limit_ms, fixed)

    @property
    def one_session(self) -> bool:
        """The run ends with its first session, and nothing begins another."""
        return self.end is None and not any(_begins(action) for action in self.actions)

    @property
    def goes_back(self) -> bool:
        """Somebody may have a step repeated."""
        return self.patient or any(action.do in _GOES_BACK for action in self.actions)


def _begins(action: Action) -> bool:
    return action.do in ("power", "cpu_stuck") or action.arguments.get("command") == "load"


@dataclass(frozen=True)
class Claim:
    """So many records of a name, `picks` what picks among them. `number`: of the expectation, None for each run."""

    number: int | None
    text: str
    name: str
    picks: dict[str, Any] = field(default_factory=dict)
    low: int = 0
    high: Number | None = None


def demand_possible(checks: Checks, expects: tuple[Expect, ...], outline: Outline) -> None:
    """Raises UserError for the first expectation that no run can meet."""
    claims = list(_of_each_run(outline))
    for number, expect in enumerate(expects, 1):
        _demand_in_run(checks, expect, f"expect {number}", outline)
        claims += _claims(number, expect)
    _demand_room(checks, claims)
    _demand_no_forbidden(checks, expects)
    _demand_values_agree(checks, expects)
    if outline.one_session:
        _demand_end_agrees(checks, expects, claims)


# -- one alone


def _demand_in_run(checks: Checks, expect: Expect, where: str, outline: Outline) -> None:
    """Against the run's length, and its last step."""
    least_ms = _least_ms(expect)
    if least_ms is not None and least_ms > outline.last_ms:
        what = f"no run is that long: it ends at {clock(outline.last_ms)} at the latest"
        raise checks.fail(what, where, 'write less, or a later limit = "hh:mm:ss"')
    step = expect.keys.get("step")
    if (
        expect.name == EVENTS.COMPLETED
        and step not in (None, outline.steps)
        and _needed(expect)
        and not outline.goes_back
    ):
        raise checks.fail(f"completed comes in step {outline.steps} or not at all", f"{where}, step", "leave it out")


def _least_ms(expect: Expect) -> Number | None:
    """The time after power-on that the run has to reach at least, where the expectation says one."""
    if expect.kind == "event":
        early = expect.keys.get("not_before_s")
        return None if early is None else early * 1000
    if expect.kind != "value" or not (expect.name == "simulated_s" or expect.name.endswith(_TIMES_MS)):
        return None
    least = _span(expect.keys)[0]
    return least * 1000 if least is not None and expect.name == "simulated_s" else least


def _span(keys: dict[str, Any]) -> tuple[Number | None, Number | None]:
    """The least and the most that equals, tolerance, at_least and at_most leave to a number."""
    lows, highs = [], []
    if is_number(keys.get("equals")):
        slack = keys.get("tolerance", 0)
        lows.append(keys["equals"] - slack)
        highs.append(keys["equals"] + slack)
    lows += [keys["at_least"]] if "at_least" in keys else []
    highs += [keys["at_most"]] if "at_most" in keys else []
    highs += [keys["under"] - 1] if "under" in keys else []
    return (max(lows) if lows else None), (min(highs) if highs else None)


# -- how many records of a name


def _of_each_run(outline: Outline) -> Iterator[Claim]:
    for name in _ALWAYS:
        yield Claim(None, f"{name} comes in each run", name, low=1)
    if outline.one_session:
        for name in _ONCE:
            yield Claim(None, f"{name} comes once in a session", name, high=1)


def _claims(number: int, expect: Expect) -> Iterator[Claim]:
    """What an expectation asks for, or allows at most."""
    keys, name, text = expect.keys, expect.name, expect.text
    picks = {key: keys[key] for key in _PICKS if key in keys}
    if expect.kind == "event":
        itself = 1 if keys.get("of") == name else 0  # its own first one is where it counts from
        yield Claim(number, text, name, picks, keys.get("nth", 1) + itself)
    elif expect.kind == "count":
        low, high = _span(keys)
        yield Claim(number, text, name, picks, max(0, -int(-(low or 0) // 1)), high)
    elif expect.kind == "never" and not {"before", "after", "of"} & set(keys):
        yield Claim(number, text, name, picks, high=0)
    elif name == "final_state" and keys.get("equals") in _FINAL:
        yield Claim(number, text, keys["equals"], low=1)
    origin = keys.get("of", keys.get("after"))
    if origin in RECORDS:
        yield Claim(number, text, origin, low=1)


def _needed(expect: Expect) -> bool:
    """True for an expectation that a record of its name comes."""
    return any(claim.low for claim in _claims(0, expect) if claim.name == expect.name)


def _demand_room(checks: Checks, claims: list[Claim]) -> None:
    """Raises UserError where more records are asked for than are allowed."""
    needed = [claim for claim in claims if claim.low]
    for allowed in claims:
        for wanted in needed if allowed.high is not None else ():
            if wanted.low <= (allowed.high or 0) or not _within(wanted, allowed):
                continue
            if allowed.number is None:
                raise checks.fail(f"{allowed.text}, and it asks for more", f"expect {wanted.number}", "leave it out")
            if wanted.number is None:
                raise checks.fail(wanted.text, f"expect {allowed.number}", "no run can meet it; leave it out")
            remedy = f"{_NO_RUN}; write before or after" if not allowed.high else _NO_RUN
            raise checks.fail(_forbidden(wanted.number, wanted.text), f"expect {allowed.number}", remedy)


def _within(wanted: Claim, allowed: Claim) -> bool:
    """True where each record that is wanted counts among those allowed."""
    return wanted.name == allowed.name and allowed.picks.items() <= wanted.picks.items()


def _forbidden(number: int, text: str) -> str:
    return f"it forbids what expect {number} asks for ({text})"


def _demand_no_forbidden(checks: Checks, expects: tuple[Expect, ...]) -> None:
    """`never` after a moment against an event of that moment."""
    for number, never in enumerate(expects, 1):
        if never.kind != "never" or "after" not in never.keys or "before" in never.keys:
            continue
        for other, wanted in enumerate(expects, 1):
            if _same_moment(never, wanted):
                raise checks.fail(_forbidden(other, wanted.text), f"expect {number}", _NO_RUN)


def _same_moment(never: Expect, wanted: Expect) -> bool:
    """True for an event that counts from where `never` begins, and is one that it forbids."""
    if wanted.kind != "event" or wanted.name != never.name or wanted.keys.get("of") != never.keys["after"]:
        return False
    return all(wanted.keys.get(key) == never.keys[key] for key in _PICKS if key in never.keys)


# -- values


def _demand_values_agree(checks: Checks, expects: tuple[Expect, ...]) -> None:
    """Raises UserError where two expectations leave no value to one path."""
    said: dict[str, list[tuple[int, Expect]]] = {}
    for number, one in enumerate(expects, 1):
        before = said.setdefault(one.name, []) if one.kind == "value" else []
        for other, two in before:
            if not _agree(one.keys, two.keys):
                raise checks.fail(f"expect {other} says {two.text}", f"expect {number}", _NO_RUN)
        before.append((number, one))


def _agree(one: dict[str, Any], two: dict[str, Any]) -> bool:
    texts = {keys["equals"] for keys in (one, two) if isinstance(keys.get("equals"), str)}
    if texts:
        return len(texts) == 1
    (low, high), (other_low, other_high) = _span(one), _span(two)
    return not (_above(low, other_high) or _above(other_low, high))


def _above(low: Number | None, high: Number | None) -> bool:
    return low is not None and high is not None and low > high


def _demand_end_agrees(checks: Checks, expects: tuple[Expect, ...], claims: list[Claim]) -> None:
    """A record that ends the only session against a final state of one that goes on."""
    for number, expect in enumerate(expects, 1):
        if expect.name != "final_state" or expect.keys.get("equals") not in _UNENDED:
            continue
        for claim in claims:
            if claim.name in _FINAL and claim.low:
                what = f"{claim.name}, which expect {claim.number} asks for, ends the run in that state"
                raise checks.fail(what, f"expect {number}", _NO_RUN)
