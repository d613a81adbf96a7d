"""Lines that people or scripts type at a program that runs on: never waited for."""

from __future__ import annotations

import os
import select
import stat


class LineInput:
    """Lines from a file descriptor, never waited for. A terminal is only read while it is ours to read."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""
        self._poll = select.poll()
        self._tty = os.isatty(fd)
        self.open = self._tty or stat.S_ISFIFO(os.fstat(fd).st_mode)
        if self.open:
            self._poll.register(fd, select.POLLIN)

    def lines(self) -> list[str]:
        """The lines that are there; a pipe's last one may lack its line feed."""
        if not self.open or not self._poll.poll(0) or not self._ours():
            return []
        try:
            data = os.read(self._fd, 4096)
        except OSError:
            data = b""
        if not data:
            self.open = False
            data = b"\n" if self._rest else b""
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]

    def _ours(self) -> bool:
        """Reading a terminal from the background would stop this process."""
        return not self._tty or os.tcgetpgrp(self._fd) == os.getpgrp()
