"""Firmware broken on purpose: seeded defects, and whether the library of scenarios catches each.

`python -m toleramp_bench.defects [NAME ...]` runs on the core the scenarios that should catch a defect, in a process of
their own in which the firmware behaves wrongly, and says which did. Exit 1 when a defect was not caught. A defect is a
change of what an object does, never of a file's text: it holds whatever is moved.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from multiprocessing.connection import Connection
from typing import Any

from pump.base import crc, units
from pump.course import course
from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.io import CONFIRM
from pump.protocol import admission, approval
from pump.protocol.protocol import MAGIC
from pump.senses import vitals
from pump.session.bags import Bags
from pump.session.resuming import Resuming
from pump.session.session import Session
from pump.tables import causes
from pump.tables.states import GROUP, HANGING, RUNNING
from pump.tables.vitals import VALID
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.scenario.reader import read_scenario

SCENARIOS = ROOT / "hil_tests" / "scenarios"
EARLY_MS = 400
LIMIT_MS = 900_000  # twice the longest of these scenarios: a broken pump may wait for ever


@dataclass(frozen=True)
class Defect:
    """`plant` makes the firmware of this process behave wrongly; of the scenarios at least one has to fail."""

    name: str
    plant: Callable[[], None]
    scenarios: tuple[str, ...]


def wrong(owner: Any, name: str) -> Callable[[Callable[..., Any]], None]:
    """Puts what follows in the place of a function or method; it gets what stood there as its first argument."""

    def put(instead: Callable[..., Any]) -> None:
        sound = getattr(owner, name)
        setattr(owner, name, wraps(sound)(lambda *arguments: instead(sound, *arguments)))

    return put


def everywhere(sound: Callable[..., Any], instead: Callable[..., Any]) -> None:
    """Replaces a function of the firmware in each of its modules that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "pump":
            for key, value in list(vars(module).items()):
                if value is sound:
                    setattr(module, key, instead)


# -- what goes wrong


def _second_checksum_skipped() -> None:
    seen: list[int] = []

    @wrong(crc, "holds")
    def holds(sound: Any, data: Any, size: int) -> bool:
        if bytes(data[: len(MAGIC)]) == MAGIC:
            seen.append(size)
        return bool(sound(data, size) or len(seen) > 1)


def _late_stop() -> None:
    @wrong(Session, "update")
    def update(sound: Any, session: Session, *arguments: Any) -> bool:
        sound(session, *arguments)
        return False  # what is queued is never dropped

    @wrong(Delivery, "stop")
    def stop(sound: Any, delivery: Delivery) -> None:
        """What was begun goes on."""


def _wrong_unit() -> None:
    sound = units.interval_parts
    everywhere(sound, lambda pl_pulse, rate_e4: sound(pl_pulse, rate_e4 * 10))


def _no_check() -> None:
    @wrong(admission, "demand")
    def demand(sound: Any, protocol: Any) -> None:
        """Whatever stands in it."""


def _no_approval() -> None:
    @wrong(approval, "demand")
    def demand(sound: Any, *arguments: Any) -> None:
        """Whoever signed it."""


def _by_time() -> None:
    @wrong(Session, "update")
    def update(sound: Any, session: Session, *arguments: Any) -> Any:
        progress, plan = session.progress, session.case.plan
        if session.state == RUNNING and progress.step_ms >= plan.duration_ms[progress.step] - EARLY_MS:
            progress.target = progress.leg_end = progress.done
            progress.step_ms = plan.duration_ms[progress.step]
        return sound(session, *arguments)


def _stale() -> None:
    vitals.HOLD_MS = 1 << 28


def _counter_reset() -> None:
    @wrong(Session, "_hold")
    def hold(sound: Any, session: Session, *arguments: Any) -> None:
        sound(session, *arguments)
        session.progress.done = 0


def _lost_pulse() -> None:
    @wrong(Delivery, "start")
    def start(sound: Any, delivery: Delivery, pulses: int) -> None:
        sound(delivery, pulses - 1)


def _no_first_press() -> None:
    @wrong(Resuming, "press")
    def press(sound: Any, resuming: Resuming, presses: int) -> Any:
        resuming.case.question.second |= bool(presses & CONFIRM) and resuming.may()
        return sound(resuming, presses)


def _line_forgotten() -> None:
    sound = course.legs_of

    def legs_of(plan: Any, k: int, bag: int, pulses: int, line: Any) -> Any:
        sound(plan, k, bag, pulses, line)
        empty = line.copy()
        empty.count = 0
        return sound(plan, k, bag, pulses, empty)

    everywhere(sound, legs_of)


def _hung_when_asked_for() -> None:
    @wrong(Bags, "enter")
    def enter(sound: Any, bags: Bags) -> Any:
        answer = sound(bags)
        bags.case.progress.hung = bags.case.solution()
        return answer


def _wait_lost_by_stop() -> None:
    @wrong(Session, "_hold")
    def hold(sound: Any, session: Session, *arguments: Any) -> None:
        session.progress.by_vitals = False
        session.case.vitals.hold = 0
        sound(session, *arguments)
        session.progress.by_vitals = arguments[0] == causes.SPO2_STOP

    @wrong(Resuming, "may")
    def may(sound: Any, resuming: Resuming) -> Any:
        vitals_now, kept = resuming.case.vitals, resuming.case.vitals.hold
        vitals_now.hold = 0
        answer = sound(resuming)
        vitals_now.hold = kept
        return answer


def _delay_restarted_by_gaps() -> None:
    @wrong(vitals.Vitals, "sample")
    def sample(sound: Any, judged: Any, spo2: int, pulse: int, flags: int, now_ms: int) -> None:
        if not flags & VALID or spo2 > judged.stop:
            judged._forget()
        sound(judged, spo2, pulse, flags, now_ms)


def _least_hold_ignored() -> None:
    @wrong(Resuming, "may")
    def may(sound: Any, resuming: Resuming) -> Any:
        resuming.case.plan.protocol.min_hold_min = 0
        return sound(resuming)


def _pause_ignored_at_a_bag() -> None:
    @wrong(Session, "_urgent")
    def urgent(sound: Any, session: Session, stop: int, request: int, *rest: int) -> Any:
        return sound(session, stop, 0 if GROUP[session.state] & HANGING else request, *rest)


def _remainder_of_another_bag() -> None:
    @wrong(Plan, "final_pulses")
    def final_pulses(sound: Any, plan: Plan, pulses: Any, *rest: int) -> Any:
        return sound(plan, [0, *list(pulses)[:-1]], *rest)


DEFECTS = (
    Defect("late stop", _late_stop, ("host-pause.toml", "host-stop.toml")),
    Defect("wrong unit", _wrong_unit, ("standard-session.toml",)),
    Defect("skipped protocol check", _no_check, ("decimal-slip.toml",)),
    Defect("skipped approval check", _no_approval, ("no-approval.toml",)),
    Defect("step ended by time", _by_time, ("standard-session.toml",)),
    Defect("stale oximeter value accepted", _stale, ("cable-out.toml", "frozen-oximeter.toml")),
    Defect("volume counter reset on hold", _counter_reset, ("host-pause.toml",)),
    Defect("lost pulse at a rate change", _lost_pulse, ("standard-session.toml",)),
    Defect("resume without a press", _no_first_press, ("one-press-no-resume.toml",)),
    Defect("the line's stronger content forgotten", _line_forgotten, ("back-over-a-bag.toml",)),
    Defect("bag counts as hung when asked for", _hung_when_asked_for, ("hold-at-a-bag-change.toml",)),
    Defect("recovery wait lost by a STOP in the hold", _wait_lost_by_stop, ("stop-inside-a-desaturation.toml",)),
    Defect("delay restarted by each gap", _delay_restarted_by_gaps, ("one-good-in-nine.toml", "swings.toml")),
    Defect("least hold ignored", _least_hold_ignored, ("least-hold.toml",)),
    Defect("pause ignored while a bag is asked for", _pause_ignored_at_a_bag, ("pause-at-a-bag-change.toml",)),
    Defect("checksum of a second load skipped", _second_checksum_skipped, ("damaged-second-load.toml",)),
    Defect("another bag's strength in the remainder", _remainder_of_another_bag, ("mild-reaction.toml",)),
)
NONE = Defect("none", lambda: None, tuple(dict.fromkeys(name for defect in DEFECTS for name in defect.scenarios)))


# -- running


def caught(defect: Defect) -> list[str]:
    """What its scenarios say against the defect, a line each; nothing: it was not caught."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(defect, there))
    child.start()
    there.close()
    try:
        told: list[str] = here.recv()
    except EOFError:
        raise RuntimeError(f"the scenarios could not run with {defect.name}") from None
    finally:
        child.join()
    return told


def _child(defect: Defect, to_parent: Connection) -> None:
    defect.plant()
    to_parent.send([line for name in defect.scenarios for line in _missed(name)])


def _missed(name: str) -> list[str]:
    """The expectations that a scenario misses."""
    scenario = replace(read_scenario(SCENARIOS / name), limit_ms=LIMIT_MS)
    document = execute(scenario, make_target("core", scenario)).document
    return [f"{name}: {each['text']}: {each['why']}" for each in document["expectations"] if not each["met"]]


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.defects", description="seeded defects of the firmware")
    parser.add_argument("names", nargs="*", help="defects (default: all)")
    wanted = parser.parse_args(arguments).names
    missed = 0
    for defect in DEFECTS:
        if wanted and defect.name not in wanted:
            continue
        lines = caught(defect)
        print(
            f"{'caught' if lines else 'MISSED':7} {defect.name}: {lines[0] if lines else 'every scenario passed'}",
            flush=True,
        )
        missed += not lines
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
