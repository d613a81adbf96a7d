"""Whether and how a session goes on after a power cut or a reset, in words; pump.tables.recoveries has the rows."""

from typing import Any

from pump.tables import recoveries
from toleramp.words import rows

_MEANING = 1  # column of a row
_HOUR_S = 3600
_ML = 1_000_000  # nL


def said(code: str | None) -> str:
    """What the row of that name means; the name itself where there is none."""
    at = rows.number(recoveries, code)
    return str(code) if at == rows.NO_ROW else str(recoveries.ROWS[at][_MEANING])


def off(seconds: Any) -> str:
    """For how long the power was off: "40 s", "2 h 05 min"; -1: nobody knows."""
    if seconds < 0:
        return "a time that nobody knows"
    if seconds < _HOUR_S:
        return f"{seconds // 60} min {seconds % 60:02} s" if seconds >= 60 else f"{seconds} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // 60:02} min"


def ml(volume_nl: Any) -> str:
    """A volume in mL, upwards to 0.001 mL."""
    return f"{-(-volume_nl * 1000 // _ML) / 1000:.3f}"
