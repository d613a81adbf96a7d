"""What comes on the oximeter's line, and how a search for it ended, for each row of tables.streams and searches."""

from pump.tables import searches, streams
from toleramp.words import rows

STREAMS: dict[int, str] = {}
STREAMS[streams.NO_BYTES] = (
    "nothing comes on the oximeter's line: a cable, its power, or an oximeter that waits to be asked; "
    "`toleramp oximeter listen` asks"
)
STREAMS[streams.READINGS] = ""
STREAMS[streams.OTHER_FORMAT] = (
    "bytes come on the oximeter's line, and none are of the format that is set; `toleramp oximeter listen` finds out"
)
STREAMS[streams.SEARCH] = "the pump listens for its oximeter"

ENDS: dict[int, str] = {}
ENDS[searches.NEVER] = "the pump has started anew"
ENDS[searches.UNDER_WAY] = "the pump goes on with it"
ENDS[searches.FOUND] = "a format was found"
ENDS[searches.ALL_TRIED] = "all line settings were tried"
ENDS[searches.KEY_DOWN] = "a key is down at the pump"
ENDS[searches.NOT_AT_REST] = "a session has begun at the pump"
ENDS[searches.LAPTOP_SILENT] = "the pump has heard nothing of this laptop for 5 s"
ENDS[searches.CALLED_OFF] = "something else was asked of the pump"


def stream(name: str | None) -> str:
    """What comes, by the row's name, in the words of the pump's screen and in others; nothing to be said of readings,
    nor by a log that does not know."""
    row = rows.number(streams, name)
    said = STREAMS.get(row, "")
    return f"{streams.WORDS[row].decode()}: {said}" if said else ""
