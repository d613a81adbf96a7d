"""A session with an oximeter of each format: it runs, holds when SpO2 falls, alerts and holds without a good signal."""

from __future__ import annotations

from pathlib import Path

import pytest
from oximeter_sessions import FALL, RECOVERY, judged, lost

from pump.tables.oximeters import NAMES


@pytest.mark.req("VIT-1", "VIT-4", "SES-4")
@pytest.mark.parametrize("form", NAMES)
def test_a_fall_of_spo2_holds_the_session(form: str, tmp_path: Path) -> None:
    """Else a format is read, and nothing follows from it."""
    rows = judged(tmp_path, form, "core", FALL + RECOVERY, "resumed")
    assert len(rows) == 4 and all(row["met"] for row in rows), rows


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("what", ["off = true", "unplug = true"])
@pytest.mark.parametrize("form", NAMES)
def test_a_lost_finger_or_cable_is_told_and_holds(form: str, what: str, tmp_path: Path) -> None:
    """Else the drug flows on into a patient whom nobody sees; ten seconds of display values are no patient."""
    rows = judged(tmp_path, form, "core", lost(what))
    assert len(rows) == 2 and all(row["met"] for row in rows), rows


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", [form for form in NAMES if form not in ("nonin-df1", "nonin-df8")])
def test_a_frozen_device_is_told_and_holds(form: str, tmp_path: Path) -> None:
    """Else a hung device is a steady patient. Formats without pleth, counter and clock cannot say it."""
    rows = judged(tmp_path, form, "core", lost("freeze = true", 0.6))
    assert len(rows) == 2 and all(row["met"] for row in rows), rows


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", ["nonin-df7", "bci5", "masimo-ascii"])
@pytest.mark.parametrize("what", ['swap = "contec9"', "noise = 0.5", "baud = 4800"])
def test_a_line_that_cannot_be_read_is_told_and_holds(form: str, what: str, tmp_path: Path) -> None:
    """Else another device on the line is a patient."""
    rows = judged(tmp_path, form, "core", lost(what))
    assert len(rows) == 2 and all(row["met"] for row in rows), rows
