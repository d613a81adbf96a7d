"""What is said to an oximeter that has to be asked: to start while it is silent, and that somebody still listens."""

from pump.base.compat import micropython

NOTHING = b""
AGAIN_MS = 1_000  # so long without a sample, and it is asked to start again
_MOST_MS = 60_000


class Talk:
    """The pump's side of a line. `form`: the format's module with START, KEEP_ALIVE and KEEP_ALIVE_MS; `parser`: what
    reads the line, so that bytes that are no samples put nothing off. Without one, as in a search, it is started each
    second, whatever comes."""

    def __init__(self, form, parser=None):
        self._start, self._keep, self._every_ms = form.START, form.KEEP_ALIVE, form.KEEP_ALIVE_MS
        self._quiet_ms = self._since_ms = AGAIN_MS
        self._parser = parser
        self._samples = parser.samples if parser else 0

    @micropython.native
    def due(self, dt_ms):
        """`dt_ms` have passed: the bytes to send now, none for nothing."""
        if not self._every_ms:
            return NOTHING
        self._since_ms = min(self._since_ms + dt_ms, _MOST_MS)
        self._quiet_ms = 0 if self._heard() else min(self._quiet_ms + dt_ms, _MOST_MS)
        if self._quiet_ms >= AGAIN_MS and self._since_ms >= AGAIN_MS:
            self._since_ms = 0
            return self._start
        if self._since_ms >= self._every_ms:
            self._since_ms = 0
            return self._keep
        return NOTHING

    @micropython.native
    def _heard(self):
        """A sample was read since the last look."""
        parser = self._parser
        if parser is None or parser.samples == self._samples:
            return False
        self._samples = parser.samples
        return True
