"""All that may happen to an oximeter, its patient and its line, by the keys of the scenarios' word for it.

The keys, with their kinds and ranges, are those of `oximeter` in scenario.words; scenarios and `toleramp oximeter
simulate` come here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from toleramp_bench.devices import nonin_df2
from toleramp_bench.devices.bad_line import NoisyWire
from toleramp_bench.names import VITALS

BAD_LINE = 0.02  # share of bytes spoilt on a bad line
RUBBISH = b"BP 120/80 MAP 93 HR 72 @12:00:01\r\n"  # what a monitor of another kind prints
BYTE_MS = 1.05  # at 9600 baud
PERFUSION = {"good": nonin_df2.GREEN, "weak": nonin_df2.YELLOW, "low": nonin_df2.RED}
_LINE = ("noise", "drop", "baud")


class Happenings:
    """Where it happens. `later(ms, call)` books a call; `send(data)` puts bytes on the oximeter's line."""

    def __init__(
        self, draw: Random, later: Callable[[float, Callable[[], None]], None], send: Callable[[bytes], None]
    ) -> None:
        self._draw, self._later, self._send = draw, later, send

    def happen(self, oximeter: Any, what: Mapping[str, Any]) -> bool:
        """Lets it happen now. False when the oximeter has no bytes, and so no line to spoil; the rest has happened."""
        _patient(oximeter, what)
        _device(oximeter, what)
        if "rubbish_bytes" in what:
            self._rubbish(oximeter, what["rubbish_bytes"])
        if not set(_LINE) & set(what):
            return True
        wire = NoisyWire.on(oximeter, self._draw)
        if wire is None:
            return False
        _spoil(wire, what)
        return True

    def _rubbish(self, oximeter: Any, count: int) -> None:
        """Another device's text on the line, as fast as it carries it; the oximeter is plugged in again behind it."""
        oximeter.cable_out = True
        self._send((RUBBISH * (count // len(RUBBISH) + 1))[:count])

        def back() -> None:
            oximeter.cable_out = False

        self._later(count * BYTE_MS, back)


def _patient(oximeter: Any, what: Mapping[str, Any]) -> None:
    spo2, pulse = what.get("ramp_to", what.get("spo2")), what.get("pulse")
    if spo2 is not None or pulse is not None:
        oximeter.ramp(float(what.get("ramp_s", 0)), spo2=_number(spo2), pulse=_number(pulse))
    if "off" in what:
        oximeter.finger(not what["off"])
    if "perfusion" in what:
        oximeter.perfusion = PERFUSION[what["perfusion"]]


def _device(oximeter: Any, what: Mapping[str, Any]) -> None:
    if "sensor_out" in what:
        oximeter.sensor(not what["sensor_out"])
    if "power_off" in what:
        oximeter.power(not what["power_off"])
    if "swap" in what or "counter" in what:
        oximeter.swap(what.get("swap", oximeter.form), what.get("counter", True))
    if "samples" in what:
        oximeter.play([(float(a), float(b), float(s)) for a, b, s in what["samples"]] * what.get("repeat", 1))
    if "trace" in what:
        oximeter.play(what["trace"].rows * what.get("repeat", 1))
    oximeter.cable_out = what.get("unplug", oximeter.cable_out)
    oximeter.frozen = what.get("freeze", oximeter.frozen)
    oximeter.artifact = what.get(VITALS.ARTIFACT, oximeter.artifact)
    oximeter.out_of_track = what.get("out_of_track", oximeter.out_of_track)
    oximeter.low_battery = what.get("low_battery", oximeter.low_battery)


def _spoil(wire: NoisyWire, what: Mapping[str, Any]) -> None:
    if "noise" in what:
        wire.share = BAD_LINE if what["noise"] is True else float(what["noise"])
    if "drop" in what:
        wire.drop = float(what["drop"])
    if "baud" in what:
        wire.baud = int(what["baud"])


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
