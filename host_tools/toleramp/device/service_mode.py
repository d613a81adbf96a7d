"""The REPL of a pump in service mode: the way to what no request over the line may do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from toleramp.device import ports
from toleramp.errors import LinkLost, UserError

ANSWER_S = 3.0  # one read of the line
REPL_S = 4.0  # until the REPL must have shown itself
_ENTER = (
    "switch the pump off, hold SILENCE while switching it on, let go, press CONFIRM (its screen stays dark), "
    "then run this again"
)


class Repl:
    """What runs code on the pump. `transport` is mpremote's."""

    def __init__(self, transport: Any, port: str) -> None:
        self.transport, self.port = transport, port

    def enter(self) -> None:
        """Enters the raw REPL without a restart, which would end service mode. UserError when there is none."""
        from mpremote.transport import TransportError

        try:
            self.transport.enter_raw_repl(soft_reset=False, timeout_overall=REPL_S)
        except TransportError:
            raise UserError("the pump is not in service mode", self.port, _ENTER) from None

    def demand_toleramp(self, undone: str) -> None:
        """Raises UserError, which says what was `undone`, when another program than Toleramp's is on the board."""
        from mpremote.transport import TransportExecError

        try:
            self.transport.exec("import build_info")
        except TransportExecError:
            raise UserError(
                f"MicroPython answers, but without Toleramp: {undone}", self.port, "flash the firmware first"
            ) from None


@contextmanager
def repl(port: str, undone: str, failed: str) -> Iterator[Repl]:
    """The REPL of a Toleramp pump. What mpremote prints about its troubles goes nowhere.

    `undone`: what was not done to a board of somebody else; `failed`: what has failed when the line breaks (LinkLost).
    """
    import serial
    from mpremote.transport import TransportError

    try:
        with _line(port) as line:
            line.enter()
            line.demand_toleramp(undone)
            yield line
    except (TransportError, serial.SerialException, OSError) as error:
        raise LinkLost(f"{failed} ({type(error).__name__})", port, "check the cable and run this again") from None


@contextmanager
def _line(port: str) -> Iterator[Repl]:
    from mpremote.transport import TransportError
    from mpremote.transport_serial import SerialTransport

    ports.open_port(port).close()  # says why when it cannot be opened
    with redirect_stdout(io.StringIO()):
        try:
            transport = SerialTransport(port, baudrate=ports.BAUD, timeout=ANSWER_S)
        except TransportError as error:
            raise UserError(f"cannot be opened ({error})", port, "end the program that uses it") from None
        try:
            yield Repl(transport, port)
            transport.exit_raw_repl()
        finally:
            with suppress(OSError):  # the line is gone already
                transport.close()
