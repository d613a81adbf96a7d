"""An alarm's title, cause and remedy; the words are the alarm's row in pump.tables.alarms, as the pump shows them."""

from pump.tables import alarms
from toleramp.words import rows

_WHAT, _WHY, _WHAT_TO_DO = 2, 3, 4  # columns of a row


def title(code: str | None) -> str:
    """What it is, by its name."""
    return _cell(code, _WHAT)


def cause(code: str | None) -> str | None:
    """Why it sounds; None for another name."""
    return _cell(code, _WHY) if rows.number(alarms, code) != rows.NO_ROW else None


def whole(code: str | None) -> str:
    """The title with its cause and what to do (ALM-2)."""
    if rows.number(alarms, code) == rows.NO_ROW:
        return str(code)
    return f"{title(code)}: {cause(code)}. {_cell(code, _WHAT_TO_DO)}"


def _cell(code: str | None, column: int) -> str:
    at = rows.number(alarms, code)
    return str(code) if at == rows.NO_ROW else str(alarms.ROWS[at][column])
