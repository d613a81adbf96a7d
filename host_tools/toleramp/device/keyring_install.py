"""Puts a keyring into a pump that is in service mode, through MicroPython's raw REPL; reads it back and compares."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from toleramp.device import ports
from toleramp.errors import LinkLost, UserError

ON_PUMP = "/keyring.bin"  # where main.py reads it
_FRESH = "/keyring.new"
_ANSWER_S = 3.0  # one read of the line
_REPL_S = 4.0  # until the REPL must have shown itself
_ENTER = (
    "switch the pump off, hold SILENCE while switching it on, let go, press CONFIRM (its screen stays dark), "
    "then run this again"
)


class _Repl:
    """The REPL of a pump in service mode."""

    def __init__(self, transport: Any, port: str) -> None:
        self.transport, self.port = transport, port

    def enter(self) -> None:
        """Enters the raw REPL without a restart, which would end service mode. UserError when there is none."""
        from mpremote.transport import TransportError

        try:
            self.transport.enter_raw_repl(soft_reset=False, timeout_overall=_REPL_S)
        except TransportError:
            raise UserError("the pump is not in service mode", self.port, _ENTER) from None

    def demand_toleramp(self) -> None:
        """Raises UserError when another program than Toleramp's is on the board: keys are secret."""
        from mpremote.transport import TransportExecError

        try:
            self.transport.exec("import build_info")
        except TransportExecError:
            raise UserError(
                "MicroPython answers, but without Toleramp: no keys were sent", self.port, "flash the firmware first"
            ) from None

    def put(self, ring: bytes) -> None:
        """Writes the file beside the old one, then puts it in its place, and compares. UserError when it differs."""
        self.transport.fs_writefile(_FRESH, ring)
        self.transport.exec(f"import os\nos.rename({_FRESH!r}, {ON_PUMP!r})")
        if bytes(self.transport.fs_readfile(ON_PUMP)) != ring:
            raise UserError("the pump holds another keyring than was sent", self.port, "run this again before use")


@contextmanager
def _repl(port: str) -> Iterator[_Repl]:
    """The line to the pump; what mpremote prints about its troubles goes nowhere."""
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    ports.open_port(port).close()  # says why when it cannot be opened
    with redirect_stdout(io.StringIO()):
        try:
            transport = SerialTransport(port, baudrate=ports.BAUD, timeout=_ANSWER_S)
        except TransportError as error:
            raise UserError(f"cannot be opened ({error})", port, "end the program that uses it") from None
        try:
            yield _Repl(transport, port)
            transport.exit_raw_repl()
        finally:
            _close(transport)


def _close(transport: Any) -> None:
    with suppress(OSError):  # the line is gone already
        transport.close()


def install(ring: bytes, port: str) -> None:
    """Copies a keyring's bytes to the pump as /keyring.bin. Raises UserError; the old ring then stays or is whole."""
    import serial
    from mpremote.transport import TransportError

    try:
        with _repl(port) as repl:
            repl.enter()
            repl.demand_toleramp()
            repl.put(ring)
    except (TransportError, serial.SerialException, OSError) as error:
        what = f"the keyring was not installed ({type(error).__name__})"
        raise LinkLost(what, port, "check the cable and run this again") from None
