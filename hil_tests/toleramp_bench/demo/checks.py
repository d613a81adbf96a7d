"""What the demo has to show: each a figure with its bound, causes before what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from toleramp_bench.names import CAUSES, EVENTS

_PG_MG = 10**9


@dataclass(frozen=True)
class Outcome:
    """What a run came to; all that the checks look at.

    `exits`: exit code of each tool by its command, None while it runs. `records`: the pump's events. `state`: its last
    one. `files`: size in bytes of what the demo leaves, by name, 0 for a file that is not there.
    """

    exits: dict[str, int | None]
    records: list[dict[str, Any]]
    state: str
    resets: int
    simulated_s: float
    limit_s: float
    steps: int
    given_pg: Fraction
    order_pg: Fraction
    pulse_pg: Fraction
    files: dict[str, int]

    def count(self, event: str, step: int = 0, code: str = "") -> int:
        """How often this was recorded, in that step and with that code when they are given."""
        same = [record for record in self.records if record["event"] == event]
        return sum(step in (0, record["step"]) and code in ("", record["code"]) for record in same)


@dataclass(frozen=True)
class Check:
    """A figure against its bound, both in words with units; `why` says more of a miss."""

    name: str
    figure: str
    bound: str
    met: bool
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.figure}, {self.bound}" + (f": {self.why}" if self.why and not self.met else "")


Checker = Callable[[Outcome], Check]


def _tool(name: str) -> Checker:
    def check(outcome: Outcome) -> Check:
        code = outcome.exits.get(name, None)
        return Check(f"exit code of toleramp {name}:", "none" if code is None else str(code), "due is 0", code == 0)

    return check


def _event(what: str, event: str, step: int, code: str) -> Checker:
    def check(outcome: Outcome) -> Check:
        found = outcome.count(event, step, code)
        bound = f"at least 1 is due: event {event} ({code}) of step {step}"
        return Check(f"{what}:", str(found), bound, found > 0)

    return check


def _resets(outcome: Outcome) -> Check:
    return Check("restarts of the pump:", str(outcome.resets), "due are 0", outcome.resets == 0)


def _faults(outcome: Outcome) -> Check:
    found = [record for record in outcome.records if record["event"] == EVENTS.FAULT]
    why = "; ".join(f"{record['code']} in step {record['step']}" for record in found)
    return Check("faults of the pump:", str(len(found)), "due are 0", not found, why)


def _time(outcome: Outcome) -> Check:
    figure, bound = f"{outcome.simulated_s:.0f} s", f"at most {outcome.limit_s:.0f} s"
    why = f"the pump's state is {outcome.state}"
    return Check("simulated time of the session:", figure, bound, outcome.simulated_s <= outcome.limit_s, why)


def _steps(outcome: Outcome) -> Check:
    done = {record["step"] for record in outcome.records if record["event"] == EVENTS.STEP_COMPLETED}
    missing = [str(step) for step in range(1, outcome.steps + 1) if step not in done]
    return Check(
        "steps completed:", str(len(done)), f"due are {outcome.steps}", not missing, f"not {', '.join(missing)}"
    )


def _completed(outcome: Outcome) -> Check:
    found = outcome.count(EVENTS.COMPLETED)
    return Check("ends with the session completed:", str(found), "due is 1", found == 1, f"state {outcome.state}")


def dose(outcome: Outcome) -> Check:
    """A step that the reaction cut short may leave a fraction of a pulse; each run rounds by less than one."""
    off = outcome.given_pg - outcome.order_pg
    steps = float(abs(off) / outcome.pulse_pg)
    given, order, one = (float(pg) / _PG_MG for pg in (outcome.given_pg, outcome.order_pg, outcome.pulse_pg))
    bound = f"the order is {order:g} mg within {one:.6f} mg (one motor step)"
    why = f"{steps:.2f} steps {'short' if off < 0 else 'too many'}"
    return Check("delivered", f"{given:.6f} mg", bound, abs(off) <= outcome.pulse_pg, why)


def _files(outcome: Outcome) -> Check:
    empty = [name for name, size in outcome.files.items() if not size]
    written, due = len(outcome.files) - len(empty), len(outcome.files)
    return Check("files written:", str(written), f"due are {due}", not empty, f"not {', '.join(empty)}")


CHECKS: tuple[Checker, ...] = (
    _tool("load"),
    _faults,
    _resets,
    _time,
    _event("holds at the desaturation", EVENTS.PAUSED, 6, CAUSES.SPO2_STOP),
    _event("resumes after the desaturation", EVENTS.RESUMED, 6, CAUSES.SPO2_STOP),
    _event("holds by STOP at the hives", EVENTS.PAUSED, 8, CAUSES.STOP_BUTTON),
    _event("reactions entered", EVENTS.REACTION, 8, CAUSES.MILD),
    _event("resumes one step back", EVENTS.RESUMED, 7, CAUSES.MILD),
    _steps,
    _completed,
    _tool("monitor"),
    dose,
    _tool("report"),
    _files,
)


def judged(outcome: Outcome) -> list[Check]:
    """Every check of a run, in the order of causes."""
    return [check(outcome) for check in CHECKS]


def failure(checks: list[Check]) -> str:
    """The first miss in one line, with how many came with it; "" when all are met."""
    missed = [check for check in checks if not check.met]
    if not missed:
        return ""
    more = f" (and {len(missed) - 1} more missed with it)" if missed[1:] else ""
    return f"{missed[0]}{more}"
