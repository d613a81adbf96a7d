"""From the last byte that completes the delay to the last pulse at the STEP pin, on the image, at a phase each."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp_bench.figures import reaction

FORM, ON_BOARD = "bci5", 5  # of the phases; `make evidence` has fifty of each format, too


@pytest.mark.long
@pytest.mark.req("VIT-4")
def test_the_last_pulse_comes_soon_behind_that_byte(firmware: Path) -> None:
    """Else the chip's line or its counting machine adds what the core knows nothing of."""
    found = reaction.outcomes("rp2040", FORM, ON_BOARD)
    print(reaction.text(FORM, found))
    assert len(found) == ON_BOARD and reaction.sound(found), reaction.text(FORM, found)
