"""A provisioned pump: its keyring written into its flash in service mode, as `toleramp keys install` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pump.io import SILENCE
from toleramp.device.keyring_install import ON_PUMP
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.board import Board
from toleramp_bench.boards.emulator.repl import Repl
from toleramp_bench.boards.emulator.timeline import Appointment
from toleramp_bench.places import image as default_image
from toleramp_bench.places import pins


def service(board: Board, wires: Any) -> list[Appointment]:
    """Somebody asks for service mode at power-up, which is now: SILENCE held, released, CONFIRM. What is booked."""
    booked: list[Appointment] = []
    for pin in (wires.START, wires.CONFIRM, wires.UP, wires.DOWN):
        board.set_input(pin, 1)

    def key(bits: int, down: bool) -> None:
        board.set_input(wires.SILENCE if bits == SILENCE else wires.CONFIRM, int(not down))

    def later(ms: int, call: Callable[[], None]) -> None:
        booked.append(board.at_ns(board.now_ns + ms * 1_000_000, call))

    power_up.act(key, later, SILENCE)
    return booked


def always_service(board: Board, wires: Any) -> None:
    """The same now and after each reset: else who works at its prompt loses the board with the first one."""
    booked = service(board, wires)

    def again(_cause: str) -> None:
        for appointment in booked:
            appointment.cancel()  # of an act that the reset broke off
        booked[:] = service(board, wires)

    board.on_reset(again)


def flash_with_keyring(ring: bytes, image: Path | None = None, flash: bytes | None = None) -> bytes:
    """The flash of a pump that was started in service mode and got `ring` in both its places."""
    board = Board(image or default_image(), flash=flash)
    wires = pins()
    service(board, wires)
    repl = Repl(board)
    repl.enter()
    for place in ON_PUMP:
        repl.run(f"f = open({place!r}, 'wb'); f.write({ring!r}); f.close()")
    board.run_for(200_000)
    return board.flash_image()
