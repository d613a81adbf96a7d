"""The oximeter's line: what comes on it, and the search for its format and settings while the pump is at rest.

Bytes that come for FOREIGN_MS without a packet of the format that is set are of another one, or the line's settings are
wrong; pauses between them, as of a monitor that sends a line each two seconds, change nothing of that. Without a
checksum bytes of another format look like a packet now and then: one that is in doubt or has no reading is no proof
where bytes have been thrown away within CLEAN_MS. Nor is one, before any other has proved the format, that has numbers
without a sensor, and says that their pulse is weak or disturbed: bytes at a wrong rate say so for ever, a device for
the moment in which the finger goes.

A search (oximeters.detection) ends in the scan in which a key is down, a session is on, the patient is watched, the
laptop is silent or something else is asked of the pump: `line` is what the board has to open, in that same scan.
"""

from pump.base.compat import micropython
from pump.base.units import age_ms, ticks_diff
from pump.tables import refusals
from pump.tables.messages import LISTEN, NONE8, NONE16
from pump.tables.searches import CALLED_OFF, KEY_DOWN, LAPTOP_SILENT, NOT_AT_REST
from pump.tables.states import AT_REST, GROUP
from pump.tables.streams import NO_BYTES, OTHER_FORMAT, READINGS, SEARCH
from pump.tables.vitals import PULSED_FLAGS, SENSOR_OFF, UNSURE_FLAGS, VALID

FOREIGN_MS = 5_000  # two lines of the slowest format
CLEAN_MS = 900  # between two packets of a second each


class Oximeter:
    """`stream`: a row of tables.streams; `search`: the last one that was asked for, or None; `searches`: it goes on."""

    def __init__(self):
        self.stream = NO_BYTES
        self.search = None
        self.searches = False
        self._heard_ms = self._read_ms = -1  # when bytes, and readings, last came; bytes began to come
        self._proved = False  # the bytes that came last are of the format
        self._rejected, self._torn_ms = 0, -1  # by the parser, as far as is known; when it was found to be more

    @micropython.native
    def take(self, snap, parser):
        """Bytes of this scan; True when they complete a sample."""
        now_ms = snap.now_ms
        if self._heard_ms < 0:
            self._read_ms = now_ms
        if self.stream == NO_BYTES:
            self.stream = READINGS
        self._heard_ms = now_ms
        if not parser.take(snap.ox, snap.ox_n):
            return False
        flags = parser.flags
        if (flags & VALID and not flags & UNSURE_FLAGS) or (self._clean(parser, now_ms) and self._fits(parser)):
            self.stream = READINGS
            self._read_ms = now_ms
            self._proved = True
        return True

    def _fits(self, parser):
        """Whether a device can have said the newest sample, which is not sure."""
        flags = parser.flags
        if self._proved or not flags & SENSOR_OFF or not flags & PULSED_FLAGS:
            return True
        return parser.spo2 == NONE8 and parser.pulse == NONE16

    def _clean(self, parser, now_ms):
        """Whether nothing was thrown away before the newest sample, which is not sure."""
        if parser.rejected != self._rejected:
            self._rejected = parser.rejected
            self._torn_ms = now_ms
        elif self._torn_ms >= 0 and not 0 <= ticks_diff(now_ms, self._torn_ms) < CLEAN_MS:
            self._torn_ms = -1
        return self._torn_ms < 0

    @micropython.native
    def look(self, now_ms, parser):
        """Each look: after a silence what the parser has learnt of a module ends."""
        if self._heard_ms < 0:
            return
        silent_ms = ticks_diff(now_ms, self._heard_ms)
        if silent_ms > parser.silence_ms:
            if self._proved or silent_ms > FOREIGN_MS:
                self._anew(parser)
            else:
                parser.forget()
                if self.stream == READINGS:
                    self.stream = NO_BYTES
        elif self.stream == READINGS and ticks_diff(now_ms, self._read_ms) > FOREIGN_MS:
            self.stream = OTHER_FORMAT
            self._proved = False

    def _anew(self, parser):
        self._heard_ms = -1
        self.stream = NO_BYTES
        self._proved = False
        parser.forget()

    # -- the search

    def asked(self, keys, pump, out):
        """The laptop wants a search, or its end, or something else, which ends one too. `pump`: the controller.

        With `keys` down it does not begin: what they are pressed for may be a session, in this very scan.
        """
        wanted = pump.link.wanted
        pump.link.wanted = -1
        if wanted != 1:
            if self.searches:
                self.search.end(CALLED_OFF)
                self._follow(pump, out)
        elif pump.conditions.monitoring.on:
            pump.link.decline(LISTEN, refusals.WATCHED)
        else:
            self._begin(keys, pump, out)

    def _begin(self, keys, pump, out):
        if self.search is None:
            from oximeters.detection import Search  # no memory for what most pumps never do

            self.search = Search()
        self.search.begin()
        if keys:
            self.search.end(KEY_DOWN)
        if self.search.on or self.searches:
            self._follow(pump, out)

    def go_on(self, snap, pump, out):
        """A scan of a search."""
        search = self.search
        if snap.buttons:
            search.end(KEY_DOWN)
        elif not GROUP[pump.session.state] & AT_REST or pump.conditions.monitoring.on:
            search.end(NOT_AT_REST)
        elif pump.link.lost:
            search.end(LAPTOP_SILENT)
        elif not search.take(snap.ox, snap.ox_n, snap.ox_broken, snap.dt_ms):
            return
        self._follow(pump, out)

    def _follow(self, pump, out):
        """The board opens the line that the search wants, or the one that is set; the memory of the one before goes."""
        search = self.search
        self.searches = search.on
        out.ox_line = search.line
        out.tidy = True
        self._anew(pump.parser)
        if self.searches:
            self.stream = SEARCH

    def pack(self, to, now_ms, parser):
        """Appends what decides from here on."""
        to.append(age_ms(now_ms, self._heard_ms, max(parser.silence_ms, FOREIGN_MS)))
        to.append(age_ms(now_ms, self._read_ms, FOREIGN_MS) if self.stream == READINGS else -1)
        to.append(self.stream)
        to.append(self._proved)
        to.append(age_ms(now_ms, self._torn_ms, CLEAN_MS))
        to.append(parser.rejected == self._rejected)
        to.append(self.searches)
