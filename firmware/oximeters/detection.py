"""A search for the oximeter's format and line settings: the formats' own parsers judge, row by row of tables.lines.

A format fits when PROOF samples of its parser came in a row, no faster than its devices send them, without a byte
thrown away between them and without one that the line broke (stop bit or parity). Formats differ in where bit 7 stands,
in their sums or in their letters, so two never fit the same bytes; where two do all the same, both are told, and nobody
chooses between them.

It allocates, and a scan takes longer with it: it is for a pump at rest. What was heard stays until the next search.
"""

from array import array

from oximeters.registry import module
from oximeters.talk import NOTHING
from pump.base.compat import micropython
from pump.tables import lines
from pump.tables.oximeters import NAMES
from pump.tables.searches import ALL_TRIED, FOUND, GROUP, NEVER, OVER, UNDER_WAY

FIRST = 16  # so many of the first bytes of each line are kept for people
_MOST = 0xFFFF
_AT_ONCE = 2  # samples that may come in no time: the first, and one whose bytes were late


class Line:
    """The line settings of a row of tables.lines, with what has to be said there: what a board opens a line by."""

    def __init__(self, row):
        self.BAUD = lines.BAUD[row]
        self.PARITY = None if lines.PARITY[row] == lines.NO_PARITY else lines.PARITY[row]
        self.START, self.KEEP_ALIVE, self.KEEP_ALIVE_MS = NOTHING, NOTHING, 0
        if lines.SPOKEN_TO[row] != lines.NOBODY:
            form = module(NAMES[lines.SPOKEN_TO[row]])
            self.START, self.KEEP_ALIVE, self.KEEP_ALIVE_MS = form.START, form.KEEP_ALIVE, form.KEEP_ALIVE_MS


class Score:
    """How well the bytes of a line fit one format."""

    def __init__(self, form):
        self.form = form
        found = module(NAMES[form])
        self._parser, self._proof, self._every_ms = found.Parser(), found.PROOF, found.EVERY_MS
        self._rejected = self._since = self._ms = 0

    def take(self, data, count, broken, ms):
        """data[:count], of which `broken` were damaged on the line, which has been open for `ms`; True when they are of
        this format."""
        parser = self._parser
        parser.take(data, count)
        if broken or parser.rejected != self._rejected:
            self._rejected, self._since, self._ms = parser.rejected, parser.samples, ms
        came = parser.samples - self._since
        return self._proof <= came <= (ms - self._ms) // self._every_ms + _AT_ONCE


class Search:
    """`line`: the row of tables.lines that the board shall have open, AS_SET for none; `stands`: of tables.searches.

    By row of tables.lines: `bytes` that came, of them `broken` ones, `took_ms`, `fits` (bits of tables.oximeters), and
    FIRST of the bytes in `first`.
    """

    def __init__(self):
        self.line = lines.AS_SET
        self.stands = NEVER
        self._scores = ()

    @property
    def on(self):
        """True while lines are tried."""
        return not GROUP[self.stands] & OVER

    def begin(self):
        """Forgets what was heard before, and begins with the first row."""
        self.bytes, self.broken, self.took_ms, self.fits = [array("H", bytes(2 * lines.COUNT)) for _ in range(4)]
        self.first = [bytearray(FIRST) for _ in range(lines.COUNT)]
        self.stands = UNDER_WAY
        self._open(lines.AS_SET + 1)

    def end(self, stands):
        """The line is to be as set again."""
        self.stands = stands
        self.line = lines.AS_SET
        self._scores = ()

    def _open(self, line):
        self.line = line
        self._scores = [Score(form) for form in lines.FORMATS[line]]

    def take(self, data, count, broken, dt_ms):
        """`dt_ms` have passed, data[:count] have come on this line, `broken` of them damaged; True when all is over, or
        another line is to be opened."""
        line = self.line
        self.took_ms[line] += dt_ms
        if count:
            self._hear(data, count, broken)
        if self.fits[line]:
            self.end(FOUND)
        elif self.took_ms[line] < (lines.MOST_MS if self.bytes[line] else lines.QUIET_MS)[line]:
            return False
        elif line + 1 == lines.COUNT:
            self.end(ALL_TRIED)
        else:
            self._open(line + 1)
        return True

    @micropython.native
    def _hear(self, data, count, broken):
        line, had = self.line, self.bytes[self.line]
        first = self.first[line]
        for i in range(min(count, FIRST - had)):
            first[had + i] = data[i]
        self.bytes[line] = min(had + count, _MOST)
        self.broken[line] = min(self.broken[line] + broken, _MOST)
        for score in self._scores:
            if score.take(data, count, broken, self.took_ms[line]):
                self.fits[line] |= 1 << score.form
