"""A minute of vital signs from the pump's log, for people and for programs (INT-5)."""

from __future__ import annotations

import json
import struct

import pytest

from pump.tables import events
from toleramp.pump_log import shown
from toleramp.words import vital_signs

pytestmark = pytest.mark.req("INT-5")

CONTENT = struct.pack(events.SIGNS, 91, 95, 98, 61, 72, 90, 47, 3) + struct.pack(
    "<3H", 5 << 7 | 94, 20 << 7 | 91, 31 << 7 | 127
)
ARG = 91 | 95 << 7 | 98 << 14 | 72 << 21
ENTRY = {
    "slot": 7, "seq": 7, "boot": 0, "t_ms": 61_000, "pump_clock": None, "event": "vitals", "code": None, "arg": ARG,
    "user": 0, "state": "running", "step": 2, "solution": 0, "rate_ml_h": 5.0, "pulses": 9, "total_ml": 0.1,
    "dose_ppm": 4, "content": CONTENT,
}  # fmt: skip


def test_a_line_tells_figures_and_changes() -> None:
    """Else people read hexadecimal digits where a desaturation stands."""
    line = shown.line(ENTRY)
    assert "SpO2 91 to 98 %, mean 95; pulse 61 to 90/min, mean 72; readings for 47 s" in line
    assert "SpO2 from 5 s 94, 20 s 91, 31 s none" in line and CONTENT.hex() not in line


def test_programs_get_the_same() -> None:
    """Else each script takes the bytes apart by itself."""
    found = json.loads(next(iter(shown.json_lines([ENTRY]))))["signs"]
    assert found["spo2"] == [91, 95, 98] and found["pulse"] == [61, 72, 90] and found["readings_s"] == 47
    assert found["changed"] == [[5, 94], [20, 91], [31, None]] and found["changes"] == 3
    head, row = "".join(shown.csv_lines([ENTRY])).splitlines()
    assert head.endswith(",signs") and '""spo2"":[91,95,98]' in row


def test_the_argument_alone_tells_the_figures() -> None:
    """Else the live page, which has no content at hand, says nothing."""
    assert vital_signs.said(ARG) == "SpO2 91 to 98 %, mean 95; pulse 72/min"
    assert vital_signs.said((1 << 30) - 1) == "no reading" and vital_signs.said(-1) == "no figures"
