"""The wiring's self-test names the line that is cut, and only that."""

from __future__ import annotations

import pytest
from rig_kit import pair

from toleramp_bench.boards.rig.link import RigLink
from toleramp_bench.boards.rig.wiring import wiring_test
from toleramp_bench.targets.rig import RigTarget

CUTS = {
    "STEP": "step",
    "PERMIT": "permit",
    "DIR": "dir",
    "ENN": "enn",
    "START": "start",
    "SILENCE_SENSE": "silence",
    "STOP": "stop",
    "STOP_SENSE": "stop",
    "DOOR": "door",
    "POWER": "power",
    "POWER_SENSE": "power",
}


@pytest.mark.req("TST-1")
def test_whole_wiring_has_no_complaint() -> None:
    """Else people learn to ignore it."""
    assert wiring_test(RigTarget(pair()), power=True) == []


@pytest.mark.req("TST-1")
@pytest.mark.parametrize("cut", CUTS)
def test_the_rig_names_a_cut_wire(cut: str) -> None:
    """Else a loose wire is taken for a fault of the pump."""
    both = pair((cut,))
    link = RigLink(both)
    link.hello()
    both.wait(300_000)
    assert link.selftest(power=cut.startswith("POWER")) == [CUTS[cut]]


@pytest.mark.req("TST-1", "VIT-1")
def test_an_oximeter_that_the_pump_does_not_hear_is_named() -> None:
    """Else a desaturation is played to nobody."""
    dead = wiring_test(RigTarget(pair(("OX_TX",))))
    assert [str(line) for line in dead] == [
        "oximeter does not answer: rig GPIO 0 to the pump's GPIO 9, through the RS-232 shifter"
    ]


@pytest.mark.req("TST-1")
def test_two_cut_wires_are_both_named() -> None:
    """Else the second one costs another round."""
    dead = wiring_test(RigTarget(pair(("UP", "PERMIT"))))
    assert [line.name for line in dead] == ["permit", "up"]
    assert str(dead[1]) == "up does not answer: rig GPIO 9, its sense GPIO 19, pump GPIO 20"
