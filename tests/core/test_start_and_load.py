"""START is of the protocol that stood on the screen as it went down, not of one that comes as it settles (SES-1)."""

from __future__ import annotations

import pytest
from core_kit import pump_with, scan_s, short, state

from pump.io import START
from pump.protocol.encoding import encode


@pytest.mark.req("SES-1", "SES-16")
@pytest.mark.parametrize("period_us", [20_000, 100_000])
@pytest.mark.parametrize("scans", range(4))
def test_a_protocol_that_comes_while_start_settles_is_not_begun(scans: int, period_us: int) -> None:
    """Else a person begins what nobody at the bed has seen."""
    pump = pump_with(short(), period_us)
    other = short()
    other.name = "Another"
    pump.press(START)
    for _ in range(scans):
        pump.scan()
    assert state(pump) == "ready"
    pump.load(encode(other))
    scan_s(pump, 6)
    assert state(pump) == "ready"
