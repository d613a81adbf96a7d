"""One scenario on one target, from the file to the judged document: what the command, pytest and campaigns call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.interrupts import PRESSED
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.runs.pumped import Pumped
from toleramp_bench.runs.result import result
from toleramp_bench.runs.runner import Run
from toleramp_bench.runs.walk import step_runs
from toleramp_bench.scenario.model import Recording, Scenario
from toleramp_bench.targets.base import NotOnTarget, Target

SCAN_MS = 20


@dataclass
class Ran:
    """A run: the contract's document (without wall_s), what it was made from, and the wall time in seconds.

    `plant`: the one that the recording was played through, whose events have their own times on every target.
    """

    document: dict[str, Any]
    recording: Recording
    plant: Plant
    wall_s: float
    seed: int

    @property
    def passed(self) -> bool:
        """Every expectation was met, and nothing was used that the pump cannot do yet."""
        return bool(self.document["passed"])


def scan_us(scenario: Scenario) -> int:
    """The scan period of targets in virtual time."""
    return (scenario.scan_ms or SCAN_MS) * 1000


def make_target(name: str, scenario: Scenario, pump_port: str | None = None, rig_port: str | None = None) -> Target:
    """A target by its name. UserError, one line, when it cannot be had."""
    if name == "core":
        from toleramp_bench.targets.core import CoreTarget

        return CoreTarget(scan_us(scenario))
    if name == "unix":
        from toleramp_bench.targets.unix import UnixTarget

        return UnixTarget(scan_us(scenario))
    if name == "rp2040":
        from toleramp_bench.targets.rp2040 import Rp2040Target

        try:
            return Rp2040Target()
        except FileNotFoundError as error:
            raise UserError(str(error), "rp2040", "run: make firmware") from None
    from toleramp_bench.targets.rig import RigTarget

    made: Target = RigTarget.of_ports(pump_port, rig_port) if pump_port or rig_port else RigTarget.emulated()
    return made


def execute(scenario: Scenario, target: Target | Callable[[], Target], seed: int | None = None) -> Ran:
    """Runs a scenario and judges it. UserError when the target cannot do what the scenario asks for.

    A Ctrl-C ends the run and leaves what it has come to, marked ("interrupted" in the document); a second one raises.
    """
    chosen = seed if seed is not None else scenario.seed if scenario.seed is not None else 1
    made = target() if callable(target) else target
    began = time.perf_counter()
    try:
        run = Run(scenario, made, chosen)
        try:
            recording = run.go()
        except KeyboardInterrupt:
            PRESSED.answered()
            return _broken_off(run, chosen, began)
        return _judged(run, recording, chosen, began)
    except NotOnTarget as error:
        raise UserError(str(error), f"{scenario.path}, target {made.name}", "leave it out of targets") from None
    finally:
        made.close()


def _judged(run: Run, recording: Recording, seed: int, began: float) -> Ran:
    pumped = Pumped(run.scenario, recording, step_runs(recording.records, recording.moved_us), seed)
    document = result(run.scenario, recording, pumped)
    return Ran(document, recording, pumped.plant, time.perf_counter() - began, seed)


def _broken_off(run: Run, seed: int, began: float) -> Ran:
    """What there is of an interrupted run; the interrupt itself when it tore a log and nothing can be made of it."""
    try:
        return _judged(run, run.broken_off(), seed, began)
    except Exception as error:
        raise KeyboardInterrupt from error
