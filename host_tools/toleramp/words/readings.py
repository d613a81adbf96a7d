"""What is said of a reading's verdict and of the trend, for each row of tables.verdicts and tables.trends."""

from pump.tables import messages, trends, verdicts
from toleramp.words import rows

VERDICTS: dict[int, str] = {}
VERDICTS[verdicts.NONE] = "no reading"
VERDICTS[verdicts.UNSURE] = "unsure"
VERDICTS[verdicts.GOOD] = "good"
VERDICTS[verdicts.EARLY] = "at or below the early limit"
VERDICTS[verdicts.LOW] = "LOW"
VERDICTS[verdicts.HIGH] = "HIGH"

TRENDS: dict[int, str] = {}
TRENDS[trends.UNKNOWN] = ""
TRENDS[trends.STEADY] = "steady"
TRENDS[trends.FALLS] = "FALLS"
TRENDS[trends.RISES] = "rises"


def verdict(name: str | None) -> str:
    """A verdict beside its value, by the row's name: nothing of a good one, nor of one that a log does not know."""
    number = rows.number(verdicts, name)
    return "" if number == verdicts.GOOD else VERDICTS.get(number, "")


def signal(name: str | None) -> str:
    """The quality of the signal, by the row's name."""
    return VERDICTS.get(rows.number(verdicts, name), "")


def trend(name: str | None) -> str:
    """Where SpO2 goes, by the row's name; nothing where that is not known."""
    return TRENDS.get(rows.number(trends, name), "")


def baseline(value: int) -> str:
    """The patient's own SpO2 as an event of START has it, in percent."""
    return "none: no sure reading in the minute before START" if value == messages.NONE8 else f"{value} %"
