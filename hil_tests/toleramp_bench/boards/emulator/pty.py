"""The console on a pseudo-terminal, for tools that want a serial port."""

from __future__ import annotations

import time
from collections.abc import Callable

from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.pseudo_terminal import PseudoTerminal

_SLICE_US = 2000
_MAX_LAG_S = 0.25


class PtyConsole(PseudoTerminal):
    """Bridges a board's USB console to a pseudo-terminal. While nobody has it open the board sees a host without a
    terminal (DTR off)."""

    def __init__(self, board: Board, listener: Callable[[bytes], None] | None = None) -> None:
        """`listener` hears, too, what the board sends."""
        super().__init__(board.usb_write, board.usb.attach)
        self._board, self._listener = board, listener
        board.usb.attach(False)
        board.usb.on_data(self._from_board)

    def __enter__(self) -> PtyConsole:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the pseudo-terminal back."""
        self._board.usb.on_data(None)
        super().close()

    def _from_board(self, data: bytes) -> None:
        if self._listener:
            self._listener(data)
        self.write(data)


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
