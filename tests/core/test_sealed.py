"""One changed bit of what decides, in state or in what was worked out once, is found before it decides (INT-4)."""

from __future__ import annotations

import pytest
from core_kit import MILD, TECHNICAL, choose_step, classify, resume, running_at, scan_s, state, tap

from pump.guard.sealed import LEVELS, OF_BOUNDS, OF_PLAN, PLAN
from pump.io import STOP
from toleramp_bench.boards.core_pump import CorePump

FOUND_S = 8  # all rows of a 12-step plan take their turns, 80 ms each, beside those of the protocol


def owner(pump: CorePump, name: str) -> object:
    """Whose row that is, in the guard."""
    guard = pump.controller.guard
    if name in (*PLAN, *OF_PLAN):
        return guard.plan
    return guard.bounds.levels if name in LEVELS or name == "top" else guard.bounds


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("name", [*PLAN, *LEVELS, *OF_PLAN, *OF_BOUNDS, "top", "fills"])
def test_a_bit_of_what_the_guard_judges_by_is_found(name: str, bit: int) -> None:
    """Else the guard lets through for hours what it would have stopped."""
    pump = running_at(3)
    row = getattr(owner(pump, name), name)
    if isinstance(row, int):
        setattr(owner(pump, name), name, row ^ 1 << bit)
    else:
        row[-1] ^= 1 << (bit % 7 if isinstance(row, bytearray) else bit)
    scan_s(pump, FOUND_S)
    assert state(pump) == "fault"
    before = pump.stepper.moved
    scan_s(pump, 5)
    assert pump.stepper.moved == before


@pytest.mark.req("INT-4", "SES-6", "SES-3")
@pytest.mark.parametrize("bit", [0, 4, 20])
@pytest.mark.parametrize("name", ["reactions", "held_ms", "still_ms"])
def test_a_bit_of_what_forbids_a_resume_is_found(name: str, bit: int) -> None:
    """Else the third reaction is the first, or a hold of a day one of a minute."""
    pump = running_at(6)
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, 5)
    progress = pump.controller.session.progress
    setattr(progress, name, getattr(progress, name) ^ 1 << bit)
    resume(pump)
    scan_s(pump, 1)
    assert state(pump) == "fault"


@pytest.mark.req("INT-4", "ALM-6")
def test_nothing_is_found_where_nothing_has_changed() -> None:
    """Else a sound session is stopped by its own supervisor."""
    pump = running_at(6)
    for _ in range(3):
        tap(pump, STOP)
        classify(pump, TECHNICAL)
        resume(pump)
        scan_s(pump, FOUND_S)
    assert state(pump) in ("running", "bag") and pump.controller.guard.trip == 0
