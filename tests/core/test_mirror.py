"""One flipped bit of what judges is found before the next step, and while nothing else happens (INT-4)."""

from __future__ import annotations

from typing import Any

import pytest
from core_kit import pump_with, run_to_step, running_at, scan_s, short, start, state

from pump.guard import mirror
from pump.tables import causes
from toleramp_bench.boards.core_pump import CorePump

pytestmark = pytest.mark.req("INT-4")

LIMITS_S = 0.5
ROUND_S = 60  # a whole round of the background, over every row


def flip(holder: Any, name: str, bit: int = 0) -> None:
    """One bit of a number, or of the first character of a text."""
    value = getattr(holder, name)
    changed = chr(ord(value[0]) ^ 1 << bit) + value[1:] if isinstance(value, str) else value ^ 1 << bit
    setattr(holder, name, changed)


def found(pump: CorePump, seconds: float = ROUND_S) -> bool:
    """Whether the session has ended for it."""
    scan_s(pump, seconds)
    return state(pump) == "fault" and causes.NAMES[pump.controller.guard.trip] == "memory"


@pytest.mark.parametrize("name", mirror.LIMITS)
def test_a_flipped_limit_of_the_protocol_is_found_in_a_step(name: str) -> None:
    """Else a hold is allowed for hours, or a reaction too many, by one bit."""
    pump = running_at(12)
    flip(pump.controller.session.case.plan.protocol, name)
    assert found(pump)


@pytest.mark.parametrize("name", ["_stop", "_early", "delay_ms", "pulse_min", "pulse_max", "_stop_fall", "_early_fall"])
@pytest.mark.parametrize("bit", [0, 3, 6])
def test_a_flipped_limit_of_the_vital_signs_is_found(name: str, bit: int) -> None:
    """Else 92 % becomes 28 %, and nothing holds."""
    pump = running_at(12)
    flip(pump.controller.vitals, name, bit)
    assert found(pump)


@pytest.mark.parametrize("name", ["stop", "early_limit", "resume", "baseline"])
def test_what_follows_from_the_baseline_is_checked_too(name: str) -> None:
    """Else the protocol's limits are right, and the patient's are not."""
    pump = running_at(12)
    flip(pump.controller.vitals, name, 5)
    assert found(pump)


@pytest.mark.parametrize("name", mirror.BAG)
@pytest.mark.parametrize("bag", [0, 2])
def test_a_flipped_bit_of_a_bag_is_found(name: str, bag: int) -> None:
    """Else another code is the right one, or a bag holds what it does not."""
    pump = running_at(12)
    flip(pump.controller.session.case.plan.protocol.solutions[bag], name)
    assert found(pump)


@pytest.mark.parametrize("name", mirror.LIMITS)
def test_a_limit_is_found_within_half_a_second(name: str) -> None:
    """Else the round is slower than the ladder, and the next step begins with a wrong limit."""
    pump = pump_with(short(), 20_000)
    start(pump)
    run_to_step(pump, 2)
    flip(pump.controller.session.case.plan.protocol, name)
    scan_s(pump, LIMITS_S)
    assert state(pump) == "fault" and pump.controller.session.progress.step == 1


def test_a_flipped_bit_of_the_guard_s_own_copy_is_found_as_well() -> None:
    """Else the right copy is believed less than the wrong one."""
    pump = running_at(12)
    flip(pump.controller.guard.plan.protocol.steps[11], "rate_e4")
    assert found(pump)


def test_a_sound_pump_is_never_called_damaged() -> None:
    """Else the check ends sessions: a new baseline, a second load and a night at rest change nothing."""
    pump = running_at(3)
    assert not found(pump, 2 * ROUND_S) and not pump.controller.guard.trip
