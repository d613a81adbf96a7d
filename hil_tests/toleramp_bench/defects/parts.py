"""Defects of how lost parts, power cuts and batteries are told."""

from __future__ import annotations

from typing import Any

from pump.senses import battery
from pump.senses.lost import Lost
from pump.senses.parts import Parts
from pump.store.throttle import Throttle
from toleramp_bench.defects.kit import Defect, nothing, wrong


def _lost_parts_unseen() -> None:
    nothing(Parts, "look")


def _lost_once_lost_for_ever() -> None:
    @wrong(Parts, "look")
    def look(sound: Any, parts: Parts, present: int, now_ms: int) -> None:
        sound(parts, present & ~parts._lost, now_ms)


def _flows_without_a_screen() -> None:
    @wrong(Parts, "look")
    def look(sound: Any, parts: Parts, present: int, now_ms: int) -> None:
        sound(parts, present, now_ms)
        parts.waits = False
        parts.bits = 0


def _lost_session_untold() -> None:
    @wrong(Lost, "__init__")
    def made(sound: Any, lost: Lost, step: int) -> None:
        sound(lost, 0)


def _battery_never_low() -> None:
    for row in range(len(battery.LOW)):
        battery.LOW[row] = 0


def _each_wrong_code_recorded() -> None:
    @wrong(Throttle, "came")
    def came(sound: Any, throttle: Throttle, arg: int, content: bytes = b"") -> None:
        throttle._since_ms, throttle._fresh = -1, False
        sound(throttle, arg, content)


PARTS = (
    Defect("a lost part is not told", "INT-9", _lost_parts_unseen, ("lights-out.toml",)),
    Defect("a lost part is never back", "INT-9", _lost_once_lost_for_ever, ("fram-back.toml",)),
    Defect("flow without a screen", "INT-9", _flows_without_a_screen, ("screen-out.toml",)),
    Defect("a session that was cut off is not told", "SES-14", _lost_session_untold, ("power-cut.toml",)),
    Defect("a battery is never low", "ALM-2", _battery_never_low, ("battery-low.toml",)),
    Defect("each wrong code has a record", "ALM-8", _each_wrong_code_recorded, ("hang-flood.toml",)),
)
