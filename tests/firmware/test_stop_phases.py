"""STOP at any phase of the pulse and of the scan: the full dose to within one motor step, measured at the motor."""

from __future__ import annotations

from pathlib import Path

import pytest
from long_form import examples

from toleramp_bench.figures.stop_phases import RATES_ML_H, outcomes, sound, text

ON_CORE, ON_BOARD = examples(25), examples(2)  # of the phases: the module itself runs a hundred in `make bench`


@pytest.mark.req("FLO-12", "FLO-6", "INV-1")
@pytest.mark.parametrize("rate", RATES_ML_H)
def test_on_the_core_every_phase_gives_the_full_dose(rate: int) -> None:
    """Else what leaves the pin after the press is booked as given and never reaches the patient."""
    found = outcomes("core", rate, ON_CORE)
    print(text(found))
    assert len(found) == ON_CORE and sound(found), text(found)
    assert max(outcome.lost for outcome in found) > 0, "pulses came after the press, or nothing was shown"


@pytest.mark.req("FLO-12", "FLO-6", "INV-1")
@pytest.mark.parametrize("rate", RATES_ML_H)
def test_on_the_image_the_full_dose_is_given(rate: int, firmware: Path) -> None:
    """Else the chip's counting machine takes STOP's level otherwise than the bench's does."""
    found = outcomes("rp2040", rate, ON_BOARD)
    print(text(found))
    assert len(found) == ON_BOARD and sound(found), text(found)
