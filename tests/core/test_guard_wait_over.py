"""What a step's last pulse was waited for ends with the flow: a hold, and the next flow begins its own wait."""

from __future__ import annotations

import pytest
from guard_kit import Bench
from test_guard_volume import lacking

from pump.io import CONFIRM


def resumed() -> Bench:
    """The step's last pulse was waited for, nearly for the whole time, when it was held; it flows again."""
    bench: Bench = lacking(1_000)
    while bench.guard._missing_ms < 4_000:
        assert bench.scan()
    bench.stop()
    for _ in range(20):
        bench.scan()
    bench.scan(0, CONFIRM)
    bench.begin(0)
    return bench


@pytest.mark.req("FLO-5", "SES-2")
def test_a_hold_ends_the_wait_for_a_pulse() -> None:
    """Else a sound resume is a fault of the pump: the wait of the flow before counts in the next one."""
    bench = resumed()
    assert bench.scan() and bench.scan(), bench.trip


@pytest.mark.req("FLO-5", "SES-2")
def test_a_pulse_that_goes_on_missing_after_a_hold_is_found() -> None:
    """Else each hold gives a step that lost a pulse the time of a new wait, and that never ends."""
    bench = resumed()
    for _ in range(1_000):
        bench.scan()
    assert bench.trip == "under-delivery"
