"""Rates, volumes, times and bags as people at the bedside read them."""

from decimal import Decimal
from typing import Any

from pump.tables import messages

Record = dict[str, Any]
_HOUR_MS = 3_600_000


def rate_text(rate_ml_h: float) -> str:
    """A rate in mL/h without trailing zeros, exact to 0.0001."""
    return f"{Decimal(round(rate_ml_h * 10_000)).scaleb(-4).normalize():f} mL/h"


def decimals_of(pl_pulse: int) -> int:
    """How many decimals of a volume in mL mean something, at so many picolitres a motor pulse: 1 to 4."""
    digits = 4
    while digits > 1 and pl_pulse > 10 ** (9 - digits):  # one unit of the last digit, in picolitres
        digits -= 1
    return digits


def ml_text(volume_ml: float, pl_pulse: int) -> str:
    """A volume in mL as exact as a motor pulse lets it be; digits stay in place while it grows."""
    return f"{volume_ml:.{decimals_of(pl_pulse)}f} mL"


def clock(t_ms: int) -> str:
    """Device time as mm:ss.t, with hours in front once there are any."""
    seconds, tenth = divmod(t_ms // 100, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:" if hours else "") + f"{minutes:02}:{seconds:02}.{tenth}"


def age(age_ms: int) -> str:
    """How long ago: seconds, from 100 s on minutes; an hour is as long as the pump counts."""
    if age_ms >= _HOUR_MS:
        return "an hour or more"
    return f"{age_ms // 1000} s" if age_ms < 100_000 else f"{age_ms // 60_000} min"


def bag_name(solution: int | None, protocol: Record | None = None) -> str:
    """The bag's name: the protocol's own id where the protocol is known, else A, B, C; "" for none."""
    if solution is None or solution == messages.NONE8:
        return ""
    if protocol and solution < len(protocol.get("solutions", ())):
        return str(protocol["solutions"][solution].get("id", ""))
    return chr(ord("A") + solution)
