"""MicroPython's raw REPL over the emulated console."""

from __future__ import annotations

from toleramp_bench.boards.emulator.board import Board

_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_END = b"\x04"


class ReplError(RuntimeError):
    """The snippet raised on the board, or the board did not answer in time."""


class Repl:
    """Runs snippets on a board whose image offers the REPL."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._seen = bytearray()

    def enter(self, timeout_s: float = 5.0) -> None:
        """Interrupts whatever runs and enters the raw REPL. Raises ReplError when there is none."""
        board = self._board
        if not board.run_until(lambda: board.usb_connected, timeout_s * 1e6):
            raise ReplError("the board's console did not come up")
        self._seen.clear()
        board.usb_read()
        board.usb_write(b"\r\x03\x03\x01")
        self._await(_BANNER, timeout_s)

    def start(self, code: str) -> None:
        """Starts `code` and returns at once (simulated time passes only as far as it takes to send it)."""
        board = self._board
        board.usb_write(code.encode() + _END)
        if not board.run_until(lambda: board.usb.pending == 0, 5e6, slice_us=200):
            raise ReplError("the board does not take the snippet")

    def finish(self, timeout_s: float = 10.0) -> str:
        """Waits for what `start` started and gives its output. Raises ReplError on an exception on the
        board."""
        self._await(b"OK", timeout_s)
        output = self._await(_END, timeout_s)
        error = self._await(_END, timeout_s)
        self._await(b">", timeout_s)
        if error:
            raise ReplError(error.decode(errors="replace"))
        return output.decode(errors="replace").replace("\r\n", "\n")

    def run(self, code: str, timeout_s: float = 100.0) -> str:
        """Runs `code` to its end and gives its output. Raises ReplError."""
        self.start(code)
        return self.finish(timeout_s)

    def _await(self, mark: bytes, timeout_s: float) -> bytes:
        """What came before `mark`."""

        def arrived() -> bool:
            self._seen += self._board.usb_read()
            return mark in self._seen

        if not self._board.run_until(arrived, timeout_s * 1e6, slice_us=500):
            raise ReplError(f"no {mark!r} from the board, but {bytes(self._seen)!r}")
        before, _, after = bytes(self._seen).partition(mark)
        self._seen[:] = after
        return before
