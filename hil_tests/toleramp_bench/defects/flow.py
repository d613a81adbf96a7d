"""Defects of what flows: rate, volume, order of steps, bags, and who watches over it."""

from __future__ import annotations

from typing import Any

from pump.base import crc, units
from pump.course import course
from pump.course.plan import Plan
from pump.delivery.delivery import Delivery
from pump.guard.guard import Guard
from pump.protocol.protocol import MAGIC
from pump.senses.driver import Driver
from pump.session.bags import Bags
from pump.session.case import Case
from pump.session.going_back import Ways
from pump.session.session import Session
from pump.store.orders import UNKNOWN, Orders
from pump.tables.states import GROUP, HANGING, RUNNING
from toleramp_bench.defects.kit import Defect, everywhere, nothing, wrong

EARLY_MS = 400


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


def _by_time() -> None:
    @wrong(Session, "update")
    def update(sound: Any, session: Session, *arguments: Any) -> Any:
        progress, plan = session.progress, session.case.plan
        if session.state == RUNNING and progress.step_ms >= plan.duration_ms[progress.step] - EARLY_MS:
            progress.target = progress.leg_end = progress.done
            progress.step_ms = plan.duration_ms[progress.step]
        return sound(session, *arguments)


def _counter_reset() -> None:
    @wrong(Session, "_hold")
    def hold(sound: Any, session: Session, *arguments: Any) -> None:
        sound(session, *arguments)
        session.progress.done = 0


def _lost_pulse() -> None:
    @wrong(Delivery, "start")
    def start(sound: Any, delivery: Delivery, pulses: int) -> None:
        sound(delivery, pulses - 1)


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


def _pause_ignored_at_a_bag() -> None:
    @wrong(Session, "_urgent")
    def urgent(sound: Any, session: Session, stop: int, request: int, *rest: int) -> Any:
        return sound(session, stop, 0 if GROUP[session.state] & HANGING else request, *rest)


def _remainder_of_another_bag() -> None:
    @wrong(Plan, "final_pulses")
    def final_pulses(sound: Any, plan: Plan, pulses: Any, *rest: int) -> Any:
        return sound(plan, [0, *list(pulses)[:-1]], *rest)


def _any_bag() -> None:
    @wrong(Bags, "_judge")
    def judge(sound: Any, bags: Bags) -> bool:
        bags.case.question.shown = bags.case.solution() + 1
        return bool(sound(bags))


def _two_tries_too_many() -> None:
    @wrong(Bags, "tick")
    def tick(sound: Any, bags: Bags, dt_ms: int) -> Any:
        bags.case.progress.wrong_bags = 0
        return sound(bags, dt_ms)


def _background_check_left_out() -> None:
    nothing(Guard, "look")
    everywhere(crc.holds, lambda data, size: True)


def _count_without_the_driver() -> None:
    nothing(Driver, "trip", 0)


def _order_forgotten() -> None:
    nothing(Orders, "given", UNKNOWN)


def _any_step_back() -> None:
    nothing(Ways, "_allowed", True)


def _booked_to_the_step_asked_for() -> None:
    @wrong(Case, "reached")
    def reached(sound: Any, case: Case) -> int:
        return int(case.progress.step)


def _rate_of_the_other_bag() -> None:
    @wrong(Plan, "equal_rate")
    def equal_rate(sound: Any, plan: Plan, step: int, bag: int) -> Any:
        return plan.rate_e4[step] - 1 if sound(plan, step, bag) < plan.rate_e4[step] else sound(plan, step, bag)


FLOW = (
    Defect("late stop", "FLO-6", _late_stop, ("host-pause.toml", "host-stop.toml")),
    Defect("wrong unit", "FLO-1", _wrong_unit, ("standard-session.toml",)),
    Defect("step ended by time", "INV-3", _by_time, ("standard-session.toml",)),
    Defect("volume counter reset on hold", "INV-6", _counter_reset, ("host-pause.toml",)),
    Defect("lost pulse at a rate change", "FLO-2", _lost_pulse, ("standard-session.toml",)),
    Defect("the line's stronger content forgotten", "SES-5", _line_forgotten, ("back-over-a-bag.toml",)),
    Defect("bag counts as hung when asked for", "PRO-8", _hung_when_asked_for, ("hold-at-a-bag-change.toml",)),
    Defect("pause ignored while a bag is asked for", "INV-5", _pause_ignored_at_a_bag, ("pause-at-a-bag-change.toml",)),
    Defect("checksum of a second load skipped", "PRO-1", _second_checksum_skipped, ("damaged-second-load.toml",)),
    Defect("another bag's strength in the remainder", "PRO-4", _remainder_of_another_bag, ("mild-reaction.toml",)),
    Defect("whatever bag is named is the right one", "PRO-8", _any_bag, ("wrong-bag.toml",)),
    Defect("wrong codes without end", "PRO-8", _two_tries_too_many, ("three-wrong-bags.toml",)),
    Defect("memory is never compared", "INT-4", _background_check_left_out, ("corrupt-protocol.toml",)),
    Defect("pulses of a driver that is off count", "FLO-12", _count_without_the_driver, ("driver-off.toml",)),
    Defect("what was given of an order is forgotten", "SES-15", _order_forgotten, ("same-order-again.toml",)),
    Defect("a resume at any step", "SES-3", _any_step_back, ("one-step-back-only.toml",)),
    Defect(
        "a reaction at a bag change is put to the next step",
        "SES-3",
        _booked_to_the_step_asked_for,
        ("reaction-at-a-bag-change.toml",),
    ),
    Defect("the old rate on a stronger bag", "SES-5", _rate_of_the_other_bag, ("back-on-the-present-bag.toml",)),
)
