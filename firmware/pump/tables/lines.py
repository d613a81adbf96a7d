"""The line settings that a search for the oximeter tries, a row each, in the order in which they are tried.

    name | baud | parity (1 odd, 0 even, NO_PARITY) | ms without any byte after which the next is tried | ms at the most
    | the format that has to be spoken to | the formats that are looked for, as bits

Row 0 is no setting of its own: the line is as the pump's setting has it. The times: a monitor sends a line each two
seconds, or one began just before the search; what sends sixty frames a second shows itself within one.
"""

from array import array

from pump.tables import oximeters as o

NOBODY = 255
NO_PARITY = 255
_BCI = 1 << o.BCI5
_CONTEC = 1 << o.CONTEC9
_SLOW = (1 << len(o.ROWS)) - 1 - _CONTEC

ROWS = (
    ("as set", 0, NO_PARITY, 0, 0, NOBODY, 0),
    ("9600 8N1", 9_600, NO_PARITY, 2_200, 4_700, NOBODY, _SLOW),
    ("115200 8N1", 115_200, NO_PARITY, 2_000, 2_500, o.CONTEC9, _CONTEC | _BCI),
    ("19200 8O1", 19_200, 1, 1_000, 1_500, NOBODY, _BCI),
    ("4800 8O1", 4_800, 1, 1_000, 1_500, NOBODY, _BCI),
    ("4800 8N1", 4_800, NO_PARITY, 1_000, 1_500, NOBODY, _BCI),
)
NAMES = tuple([row[0] for row in ROWS])
COUNT = len(ROWS)
BAUD = tuple([row[1] for row in ROWS])
PARITY = bytes([row[2] for row in ROWS])
QUIET_MS = array("H", [row[3] for row in ROWS])
MOST_MS = array("H", [row[4] for row in ROWS])
SPOKEN_TO = bytes([row[5] for row in ROWS])
FORMATS = tuple([bytes([k for k in range(len(o.ROWS)) if row[6] >> k & 1]) for row in ROWS])
AS_SET = 0


def described():
    """What pump and tool must agree on: names, their order, and what each is."""
    return ["%s %d %d %d %d %d %d" % row for row in ROWS]
