"""The self-test at power-up on the virtual board: it tells a core what the emulated board's tells it, and when."""

from __future__ import annotations

import pytest

from pump.io import STOP
from pump.tables import checks, parts
from pump.tables.lines import AS_SET
from toleramp_bench.devices.self_test import AT_ONCE_MS, SLOW_MS
from toleramp_bench.targets.core import BOOT_US, CoreTarget

pytestmark = pytest.mark.req("INT-1")
SCAN_MS = 20


def state_at(target: CoreTarget, ms: int) -> str:
    """The state so many milliseconds after the core's first moment."""
    target.board.run_to(BOOT_US + ms * 1000, lambda: False)
    return target.state()


def powered(**what: int) -> CoreTarget:
    """A pump just switched on: parts that are out, keys that are down."""
    target = CoreTarget()
    target.board.parts &= ~what.get("out", 0)
    target.board.key(what.get("down", 0), True)
    target.oximeter.start()
    target._boot(False, 1)
    return target


def test_it_is_tested_before_it_can_be_used() -> None:
    """Else a session is taken up on virtual boards before the real one has looked whether it is whole."""
    target = powered()
    assert state_at(target, AT_ONCE_MS - SCAN_MS) == "testing"
    assert state_at(target, AT_ONCE_MS + SCAN_MS) == "idle"
    pending = target.brain.controller.checks
    assert pending.pending == 1 << checks.CRYSTAL
    state_at(target, SLOW_MS + SCAN_MS)
    assert pending.pending == 0 and bytes(pending.verdicts[1:]) == bytes([checks.PASSED]) * (checks.COUNT - 1)


@pytest.mark.parametrize(
    ("out", "named"),
    [
        ((parts.SCREEN,), checks.SCREEN),
        ((parts.LIGHTS,), checks.LIGHTS),
        ((parts.FRAM, parts.SCREEN), checks.FRAM),
        ((parts.CLOCK, parts.LIGHTS), checks.LIGHTS),
    ],
)
def test_a_part_that_is_out_is_named(out: tuple[int, ...], named: int) -> None:
    """Else a pump that stands still at power-up on the board runs in a scenario."""
    target = powered(out=sum(parts.BIT[part] for part in out))
    assert state_at(target, SLOW_MS + SCAN_MS) == "failed"
    assert target.brain.controller.checks.failed == named


def test_a_clock_that_is_out_keeps_nothing_waiting() -> None:
    """Else START stays dead for a part that nothing needs."""
    target = powered(out=parts.BIT[parts.CLOCK])
    assert state_at(target, SLOW_MS + SCAN_MS) == "idle"
    assert not target.brain.controller.checks.pending


def test_stop_that_is_held_keeps_the_permit_waiting() -> None:
    """Else a driver is taken for one that gets no permit."""
    target = powered(down=STOP)
    assert state_at(target, SLOW_MS) == "testing"
    target.key(STOP, False)
    assert state_at(target, SLOW_MS + 2 * SCAN_MS) == "idle"


def test_a_driver_that_is_never_on_is_named() -> None:
    """Else it is found in the first step."""
    target = powered()
    target.board.cut_driver(True)
    state_at(target, SLOW_MS)
    assert target.brain.controller.checks.failed == checks.PERMIT


def test_a_board_that_gets_power_anew_has_put_out_nothing_yet() -> None:
    """Else the line of a search, or a write, of the life before is the next one's."""
    target = powered()
    out = target.board.out
    target.power(False)
    target.power(True)
    assert target.board.out is not out
    assert (target.board.out.ox_line, target.board.out.fram_slot, target.board.out.permit) == (AS_SET, -1, False)
