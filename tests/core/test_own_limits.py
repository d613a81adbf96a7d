"""Limits of the protocol and of the patient's own baseline: the stricter counts, who may start can resume (VIT-1)."""

from __future__ import annotations

import pytest

from pump.senses.vitals import Vitals
from pump.tables.messages import NONE8

pytestmark = pytest.mark.req("VIT-1")


@pytest.mark.parametrize(
    ("baseline", "stop", "early", "resume"),
    [
        (NONE8, 92, 94, 94),
        (99, 95, 96, 97),
        (97, 93, 94, 95),
        (96, 92, 94, 94),
        (95, 92, 94, 94),
        (94, 92, 94, 93),
        (93, 92, 94, 93),
        (92, 92, 94, 93),
    ],
)
def test_the_levels_of_a_baseline(baseline: int, stop: int, early: int, resume: int) -> None:
    """Else a patient whose own SpO2 is 94 can start and, once held, never resume."""
    vitals = Vitals()
    vitals.set_limits(92, 94, 10, 50, 130, 4, 3)
    vitals.take_up(baseline)
    assert (vitals.stop, vitals.early_limit, vitals.resume) == (stop, early, resume)
