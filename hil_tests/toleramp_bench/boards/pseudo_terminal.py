"""A pseudo-terminal for tools that want a serial port."""

from __future__ import annotations

import os
import pty
import select
import time
import tty
from collections.abc import Callable

_CHUNK = 4096


class PseudoTerminal:
    """A line on a pseudo-terminal in raw mode.

    `path` is what a program opens as its serial port; it may be closed and opened again. While nobody has it open, what
    is written is dropped.
    """

    def __init__(
        self,
        received: Callable[[bytes], object],
        attached: Callable[[bool], object] = lambda opened: None,
        most: int | None = None,
    ) -> None:
        """`received` hears bytes, `attached` that a program has opened or closed it. `most`: bytes that are kept while
        that program does not read; more are dropped."""
        self._received, self._attached, self._most = received, attached, most
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN | select.POLLHUP)
        self._out = bytearray()
        self.opened = False

    def close(self) -> None:
        """Gives the pseudo-terminal back."""
        os.close(self._master)

    def write(self, data: bytes) -> None:
        """Bytes for whoever has it open; they go at the next exchange."""
        if self.opened and (self._most is None or len(self._out) + len(data) <= self._most):
            self._out += data

    def exchange(self, wait_s: float) -> None:
        """Passes on what there is in both directions, waiting up to `wait_s` for input."""
        if not self.opened:
            self._look_for_client(wait_s)
            return
        self._send()
        for _fd, event in self._poll.poll(wait_s * 1000):
            if event & select.POLLIN:
                self._receive()
            elif event & select.POLLHUP:
                self._set_opened(False)

    def _look_for_client(self, wait_s: float) -> None:
        """Without a client a poll reports the hang-up at once and for ever: sleep instead, then look."""
        time.sleep(wait_s)
        events = self._poll.poll(0)
        if not any(event & select.POLLHUP for _fd, event in events):
            self._set_opened(True)

    def _set_opened(self, opened: bool) -> None:
        self.opened = opened
        self._out.clear()
        self._attached(opened)

    def _receive(self) -> None:
        try:
            self._received(os.read(self._master, _CHUNK))
        except OSError:
            self._set_opened(False)

    def _send(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(self._master, self._out[:_CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            self._set_opened(False)
