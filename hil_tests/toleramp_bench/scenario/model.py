"""A scenario as data: what happens, what must follow, and what a run of it brought to light. No behaviour.

Times of a run are microseconds or milliseconds since the pump's first power-on, on every target.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.tables import oximeters, states
from toleramp_bench.names import STATES

TARGETS = ("core", "unix", "rp2040", "rig")
FINAL_STATES = (*STATES.ordered(states.OVER | states.FLOWS), STATES.HELD, "waiting", "abandoned", "off")


@dataclass(frozen=True)
class Moment:
    """When something happens: at a time, or after the nth `event` (a record's name, or an action's id), plus a while.

    `step` and `code` (both optional) pick among the records of that name.
    """

    at_ms: int | None = None
    after: str | None = None
    step: int | None = None
    code: str | None = None
    nth: int = 1
    plus_ms: int = 0


@dataclass(frozen=True)
class Action:
    """One [[event]]: `do` and its own keys (`arguments`), when, and the id by which expectations refer to it."""

    id: str
    do: str
    when: Moment
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expect:
    """One [[expect]]: its kind (a word of words.EXPECT), the name, path or text, and its other keys as written.

    `text` is the expectation in words, for the result and the report.
    """

    kind: str
    name: str
    keys: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Scenario:
    """A scenario file, read and checked. `blob` is the compiled protocol at `dose_scale`.

    `shows`: requirement ids. `allow_ms`: how far the times of two targets may lie apart (None: one scan), and
    `why_apart` the file's explanation. `plant` and `patient`: options of the bench's models, as written.
    """

    name: str
    path: Path
    text: str
    blob: bytes
    protocol: Any  # pump.protocol.protocol.Protocol
    dose_scale: Fraction
    shows: tuple[str, ...] = ()
    oximeter: str = oximeters.NAMES[0]
    staff: str = "prompt"
    staff_delay_ms: int = 5000
    bench_mode: bool = True
    scan_ms: int | None = None  # the core's and unix's scan period; None: 20 ms
    actions: tuple[Action, ...] = ()
    expects: tuple[Expect, ...] = ()
    end: Moment | None = None  # None: when the session is over
    limit_ms: int = 12 * 3600 * 1000
    targets: tuple[str, ...] = TARGETS
    allow_ms: int | None = None
    why_apart: str = ""
    plant: dict[str, Any] = field(default_factory=dict)
    patient: dict[str, Any] = field(default_factory=dict)
    uses_open: tuple[str, ...] = ()  # words whose behaviour the pump does not have yet: "do SES-12", "do.key SES-5"
    seed: int | None = None  # of what is drawn; None: the runner's


@dataclass
class Done:
    """An action as it was carried out."""

    id: str
    do: str
    t_ms: int


@dataclass
class Recording:
    """What a run brought to light, all measured by the bench but `records`, which are the pump's own words.

    `records`: dictionaries with t_ms, event, state, step, code, arg, rate_e4, pulses. `moved_us` and `pin_us`: sorted
    times of the pulses that moved the motor, and of all at the step pin. `lines`: bytes of the lines as
    (t_us, line name, bytes), the newest `LINES_KEPT` only. `plant_done`: what was done to the plant as (t_us, method
    of Plant, its arguments). `interrupted`: somebody ended the run, and this is as far as it came.
    """

    target: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    moved_us: Any = None
    pin_us: Any = None
    lines: list[tuple[int, str, bytes]] = field(default_factory=list)
    final_state: str = "off"
    end_ms: int = 0
    pl_pulse: int = 100_000
    build: dict[str, str] = field(default_factory=dict)
    plant_done: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    interrupted: bool = False
    shown: Any = None  # runs.shown.Shown, where the scenario asks what stood on the screen or sounded


# Twenty minutes of the liveliest line (an oximeter 75 times a second), 15 MB; a session of a campaign has a seventh.
LINES_KEPT = 100_000
