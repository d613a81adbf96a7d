"""The last line in the guard: what it sees passed, and when bags are full again (FLO-7, PRO-2, PRO-8)."""

from __future__ import annotations

import pytest
from guard_kit import Bench
from test_bounds_limits import ladder

from pump.guard.bounds import WINDOW
from pump.io import CONFIRM, START
from pump.tables.states import BAG, FIRST_LINE, READY


def with_screen(first: bytes) -> tuple[Bench, bytearray]:
    """A guard with bounds, whose screen says that."""
    screen = bytearray(b" " * 64)
    screen[: len(first)] = first
    return Bench(ladder(3.6, 9), screen=screen), screen


@pytest.mark.req("FLO-7", "PRO-2")
def test_a_bound_that_was_passed_is_a_trip() -> None:
    """Else the last line sees it and says nothing."""
    bench, _ = with_screen(b"STEP 1")
    bench.begin()
    for _ in range(4):
        assert bench.scan()
    assert not bench.scan(WINDOW) and bench.trip == "bounds"


@pytest.mark.req("PRO-2", "SES-7")
@pytest.mark.parametrize(
    ("text", "before", "raw", "anew"),
    [
        (FIRST_LINE[READY], 0, START, True),
        (FIRST_LINE[READY], START, START, False),
        (FIRST_LINE[READY], 0, 0, False),
        (FIRST_LINE[READY], 0, 2, False),
        (b"STOPPED", 0, START, False),
    ],
)
def test_a_new_session_begins_with_start_at_its_question(text: bytes, before: int, raw: int, anew: bool) -> None:
    """Else what a bag gave is forgotten in the middle of a session, or kept for the next patient."""
    bench, _ = with_screen(text)
    bench.scan(buttons=before)
    bench.guard.bounds.drawn[0] = 77
    bench.guard.hanging.bag = 0
    bench.scan(buttons=raw)
    assert bench.guard.bounds.drawn[0] == (0 if anew else 77) and bench.guard.hanging.bag == (-1 if anew else 0)


@pytest.mark.req("FLO-7", "PRO-2")
def test_in_flow_no_key_begins_a_session_and_no_scan_is_a_rest() -> None:
    """Else START pressed in a step makes the bags full; or no rate is ever measured."""
    bench, screen = with_screen(b"STEP 1")
    bench.begin()
    screen[:6] = b"READY "
    bench.scan(1, START)
    assert bench.guard.bounds.drawn[0] == 1 and bench.guard.bounds._flowed
    bench.scan()
    assert bench.guard.bounds._span_ms >= 40
    bench.claim.flow = False
    bench.scan(1)
    bench.scan(1)
    assert bench.guard.bounds._flowed, "a pulse is no rest"
    bench.scan()
    assert not bench.guard.bounds._flowed


@pytest.mark.req("PRO-8")
def test_a_scanned_code_reaches_the_guard() -> None:
    """Else the nurse scans, and the guard takes the strongest bag."""
    bench, _ = with_screen(FIRST_LINE[BAG] + b"A")
    bench.scan()
    bench.guard.scanned(b"T-0")
    for _ in range(50):
        bench.scan()
    assert bench.guard.hanging.bag == -1
    for _ in range(5):
        bench.scan(buttons=CONFIRM)
    assert bench.guard.hanging.bag == 0
