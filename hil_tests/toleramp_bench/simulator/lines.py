"""Where a simulated oximeter's bytes go: a serial port of this computer, or a pseudo-terminal."""

from __future__ import annotations

import os
import select
from collections.abc import Callable

from toleramp.device import ports
from toleramp.errors import LinkLost, PortError
from toleramp_bench.boards.pseudo_terminal import PseudoTerminal

KEPT = 4096  # bytes for a program that has the pseudo-terminal open and does not read
_CHUNK = 4096
PARITIES = {None: "N", 0: "E", 1: "O"}


class PtyLine:
    """A pseudo-terminal. It has no rate of its own: each byte is passed on when a real line would have carried it."""

    paced = True

    def __init__(self, heard: Callable[[bytes], object]) -> None:
        """`heard`: hears what the pump says."""
        self._pty = PseudoTerminal(heard, most=KEPT)
        self.path = self._pty.path

    def send(self, data: bytes, baud: int, parity: int | None) -> None:
        """Bytes for whoever has it open now."""
        self._pty.write(data)

    def exchange(self, wait_s: float) -> None:
        """Passes on what there is in both directions, waiting up to `wait_s`."""
        self._pty.exchange(wait_s)

    def close(self) -> None:
        """Gives it back."""
        self._pty.close()


class PortLine:
    """A serial port with the line settings of the format. Raises PortError when it cannot be opened."""

    paced = False

    def __init__(self, port: str, baud: int, parity: int | None, heard: Callable[[bytes], object]) -> None:
        """`heard`: hears what the pump says."""
        self._port = ports.open_port(port, baud, parity)
        self._heard = heard
        self.path = port
        self.overrun = 0  # bytes that the port did not take: it carries less than the oximeter says

    def send(self, data: bytes, baud: int, parity: int | None) -> None:
        """Bytes at that rate; what the port has no room for is lost. Raises LinkLost, PortError for the rate."""
        self._set(baud, ports.parity_of(self.path, parity))
        try:
            written = os.write(self._port.fileno(), data)
        except BlockingIOError:
            written = 0
        except OSError as error:
            raise self._gone(error) from None
        self.overrun += len(data) - written

    def _set(self, baud: int, parity: str) -> None:
        try:
            if (baud, parity) != (self._port.baudrate, self._port.parity):
                self._port.apply_settings({"baudrate": baud, "parity": parity})
        except OSError as error:
            raise self._gone(error) from None
        except Exception as error:  # termios.error, or ValueError for a rate
            what = f"it does not take {baud} baud 8{parity}1 ({error})"
            raise PortError(what, self.path, "choose another rate") from None

    def exchange(self, wait_s: float) -> None:
        """Waits up to `wait_s`, or until the pump says something. Raises LinkLost."""
        try:
            if select.select([self._port.fileno()], [], [], wait_s)[0]:
                data = os.read(self._port.fileno(), _CHUNK)
                if not data:
                    raise OSError
                self._heard(data)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._gone(error) from None

    def _gone(self, error: OSError) -> LinkLost:
        return LinkLost("the port is gone", self.path, "plug the adapter in, and start again")

    def close(self) -> None:
        """Gives it back."""
        self._port.close()
