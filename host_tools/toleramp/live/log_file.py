"""The log of a running watch: a disk that takes no more ends no watch; once it takes again, what was missed follows."""

import time
from collections.abc import Callable

from toleramp.errors import UserError
from toleramp.live import session_log
from toleramp.live.session_log import Record

AGAIN_S = 1.0


class LogFile:
    """`write` each record; `due`: an attempt may be made to `go_on`. Without a path (`on` is false) it does nothing.

    `stands`: why it cannot be written; None: it is written. `seq`: of the newest event that is in it, -1: none.
    """

    def __init__(self, path: str | None, say: Callable[[str], None]) -> None:
        """Raises UserError for a file that cannot be written now. `say` tells people what becomes of it."""
        self.on = path is not None
        self._writer = session_log.Writer(path) if path is not None else None
        self._say = say
        self._again_at = 0.0
        self.stands: UserError | None = None
        self.seq = -1

    def begin(self, record: Record) -> None:
        """The first line. Raises UserError where it cannot be written: then nobody believes that there is a log."""
        if self._writer:
            self._writer.write(record)

    def write(self, record: Record) -> None:
        """Appends a record; the first one that cannot be written is told, later ones are not tried."""
        if self._writer is None or self.stands:
            return
        try:
            self._writer.write(record)
        except UserError as error:
            self._fail(error)
            return
        self.seq = record.get("seq", self.seq)

    def _fail(self, error: UserError) -> None:
        if not self.stands:
            self._say(f"{error.what} ({error.where}): make room; the watch goes on, the log does not")
        self.stands = error
        self._again_at = time.monotonic() + AGAIN_S

    def due(self) -> bool:
        """Whether it stands, and has done so for a second since the last attempt."""
        return self.stands is not None and time.monotonic() >= self._again_at

    def go_on(self, head: Record) -> bool:
        """Opens the file anew, behind what was torn, and writes `head`, as a later run of the watch does. True when
        it is written again."""
        assert self._writer
        try:
            fresh = session_log.Writer(self._writer.path)
            try:
                fresh.write(head)
            except UserError:
                fresh.close()
                raise
        except UserError as error:
            self._fail(error)
            return False
        self._writer.close()
        self._writer, self.stands = fresh, None
        self._say("the log is written again; what was missed follows, as far as the pump has it")
        return True

    def close(self) -> None:
        """Closes the file; says so when its end is missing."""
        if self.stands:
            self._say(f"the log ends early: {self.stands.what} ({self.stands.where})")
        if self._writer:
            self._writer.close()
