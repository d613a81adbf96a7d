"""The wiring's self-test, end to end: each line between rig and pump that does not answer, with its pins."""

from __future__ import annotations

from dataclasses import dataclass

from toleramp.errors import NoAnswer
from toleramp_bench.boards.rig.link import RigRefused
from toleramp_bench.places import pins
from toleramp_bench.targets.rig import RigTarget

_SPO2 = 93  # a value that nobody else plays
_HEARD_US = 8_000_000
_BOOT_US = 500_000
_AT_PUMP = {"enn": "the driver's ENN", "door": "the expander's GPB0", "power": "its 3V3", "oximeter": "GPIO 9"}


@dataclass(frozen=True)
class Dead:
    """A line that does not answer: its name and between which pins it lies."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name} does not answer: {self.where}"


def wiring_test(target: RigTarget, power: bool = False) -> list[Dead]:
    """Starts the pump (power-on, bench mode) and tests every line; with `power` also that its relay cuts and restores.

    The scale is optional: its line is named when it is silent, as "scale". STEP, DIR and PERMIT are tested at rest, by
    what drives them.
    """
    link = target.link
    link.hello()
    target.bench.wait(_BOOT_US)  # a pump that is still booting drives no line yet
    bad = link.selftest(power)
    if "power" in bad:
        return [_dead(name) for name in bad]  # without power nothing else can answer
    try:
        target.start(True)
        bad += [] if _hears_oximeter(target) else ["oximeter"]
    except NoAnswer:
        bad.append("host")
    try:
        link.weigh()
    except RigRefused:
        bad.append("scale")
    return [_dead(name) for name in bad]


def _hears_oximeter(target: RigTarget) -> bool:
    """Whether the pump shows what the rig plays."""
    target.oximeter.set(spo2=_SPO2)
    end_us = target.now_us + _HEARD_US
    while target.line.status.get("spo2") != _SPO2:
        if target.now_us >= end_us:
            return False
        target.run_to(target.now_us + 100_000)
        target.records()
    return True


def _dead(name: str) -> Dead:
    rig, pump = vars(pins("rig_pico")), vars(pins())
    if name == "host":
        return Dead(name, "the pump's USB, or UART0, to the laptop")
    if name == "scale":
        return Dead(name, f"HX711 to rig GPIO {rig['HX711_DT']} and {rig['HX711_SCK']}")
    at_pump = _AT_PUMP.get(name) or f"GPIO {pump[name.upper()]}"
    if name == "oximeter":
        return Dead(name, f"rig GPIO {rig['OX_TX']} to the pump's {at_pump}, through the RS-232 shifter")
    sense = rig.get(f"{name.upper()}_SENSE")
    at_rig = f"GPIO {rig[name.upper()]}" + (f", its sense GPIO {sense}" if sense else "")
    return Dead(name, f"rig {at_rig}, pump {at_pump}")
