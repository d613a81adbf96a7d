"""The console on a pseudo-terminal, for tools that want a serial port."""

from __future__ import annotations

import os
import pty
import select
import time
import tty
from collections.abc import Callable

from toleramp_bench.boards.emulator.board import Board

_SLICE_US = 2000
_CHUNK = 4096
_MAX_LAG_S = 0.25


class PtyConsole:
    """Bridges a board's USB console to a pseudo-terminal in raw mode.

    `path` is what a program opens as its serial port; it may be closed and opened again. While nobody has it
    open the board sees a host without a terminal (DTR off), and what it writes is dropped.
    """

    def __init__(self, board: Board, listener: Callable[[bytes], None] | None = None) -> None:
        """`listener` hears, too, what the board sends."""
        self._board, self._listener = board, listener
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, select.POLLIN | select.POLLHUP)
        self._out = bytearray()
        self.opened = False
        board.usb.attach(False)
        board.usb.on_data(self._from_board)

    def __enter__(self) -> PtyConsole:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the pseudo-terminal back."""
        self._board.usb.on_data(None)
        os.close(self._master)

    def _from_board(self, data: bytes) -> None:
        if self._listener:
            self._listener(data)
        if self.opened:
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
        self._board.usb.attach(opened)

    def _receive(self) -> None:
        try:
            self._board.usb_write(os.read(self._master, _CHUNK))
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


def serve(
    board: Board,
    pace: float | None = 1.0,
    until: Callable[[], bool] = lambda: False,
    announce: Callable[[str], None] = print,
    listener: Callable[[bytes], None] | None = None,
) -> None:
    """Runs `board` with its console on a pseudo-terminal until `until()`; `announce` is told the path first.

    `pace` is simulated seconds a wall second, None as fast as it goes. Where the simulation cannot keep up it
    falls behind, and does not rush afterwards. `listener` hears what the board sends.
    """
    with PtyConsole(board, listener) as console:
        announce(console.path)
        pacer = _Pacer(board, pace)
        while not until():
            board.run_for(_SLICE_US)
            console.exchange(pacer.ahead_s())


class _Pacer:
    def __init__(self, board: Board, pace: float | None) -> None:
        self._board, self._pace = board, pace
        self._simulated, self._wall = board.now_ns, time.monotonic()

    def ahead_s(self) -> float:
        """Wall seconds by which the simulation is ahead."""
        if self._pace is None:
            return 0.0
        now = time.monotonic()
        ahead = (self._board.now_ns - self._simulated) / 1e9 / self._pace - (now - self._wall)
        if ahead < -_MAX_LAG_S:
            self._simulated, self._wall = self._board.now_ns, now
        return max(0.0, ahead)
