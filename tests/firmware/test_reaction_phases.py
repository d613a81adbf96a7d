"""From the last byte that completes the delay to the last pulse at the STEP pin, on the image, at a phase each."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp_bench.figures import loss_ways, reaction

ON_BOARD = 2  # of the phases, in `make test`; `make evidence` has fifty of each format


@pytest.mark.req("VIT-4")
@pytest.mark.parametrize("form", ["bci5", "nellcor-ascii"])
def test_the_last_pulse_comes_soon_behind_that_byte(form: str, firmware: Path) -> None:
    """Else the chip's line or its counting machine adds what the core knows nothing of."""
    found = reaction.outcomes("rp2040", form, ON_BOARD)
    print(reaction.text(form, found))
    assert len(found) == ON_BOARD and reaction.sound(found), reaction.text(form, found)


@pytest.mark.req("VIT-2")
def test_a_signal_that_goes_from_somebody_low_holds_the_image_at_once(firmware: Path) -> None:
    """Else what the core does in Python the chip's code does not."""
    wanted = [
        case
        for case in loss_ways.cases("nonin-df2", 1, (loss_ways.LOW, loss_ways.FALLING))
        if case.way in ("cable pulled", "finger out", "frozen stream")
    ]
    found = loss_ways.outcomes("rp2040", "nonin-df2", wanted)
    table = "\n".join(loss_ways.rows("nonin-df2", found))
    print(table)
    assert len(found) == 6 and all(loss_ways.met(each, "nonin-df2") for each in found), table
