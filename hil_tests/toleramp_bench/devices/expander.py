"""MCP23017: sixteen more pins on I2C (pins 0 to 7 are port A, 8 to 15 port B)."""

from __future__ import annotations

from collections.abc import Callable

_IODIR, _IPOL, _IOCON, _GPPU, _GPIO, _OLAT = 0x00, 0x02, 0x0A, 0x0C, 0x12, 0x14
_REGISTERS = 0x16
_INTERRUPT_FLAGS = range(0x0E, 0x12)
_NOT_SEQUENTIAL = 0x20


class Expander:
    """The part with IOCON.BANK = 0, as it wakes up. Interrupts are not modelled."""

    def __init__(self, on_output: Callable[[int, int], None] | None = None) -> None:
        """`on_output(pin, level)` is called when an output changes."""
        self._on_output = on_output
        self._levels: list[int | None] = [None] * 16
        self._sources: dict[int, Callable[[], int]] = {}
        self.power_up()

    def power_up(self) -> None:
        """All pins are inputs again."""
        self.registers = bytearray(_REGISTERS)
        self.registers[_IODIR] = self.registers[_IODIR + 1] = 0xFF
        self._pointer = 0
        self._expects_pointer = True

    def set_input(self, pin: int, level: int | None) -> None:
        """Drives `pin` from outside; None lets go of it (it then reads its pull-up, or low without one)."""
        self._levels[pin] = level
        self._sources.pop(pin, None)

    def set_source(self, pin: int, level: Callable[[], int]) -> None:
        """Asks `level` from outside whenever `pin` is read, until it is driven otherwise."""
        self._sources[pin] = level

    def output(self, pin: int) -> int | None:
        """The level that the part puts on `pin`; None when it is an input."""
        port, bit = divmod(pin, 8)
        if self.registers[_IODIR + port] >> bit & 1:
            return None
        return self.registers[_OLAT + port] >> bit & 1

    # --- bus -----------------------------------------------------------------------------------------------

    def start(self, read: bool) -> None:
        """A transfer begins; one that writes begins with the register's address."""
        self._expects_pointer = not read

    def stop(self) -> None:
        """A transfer ends."""

    def write(self, byte: int) -> None:
        """A register's address, then values."""
        if self._expects_pointer:
            self._pointer = byte % _REGISTERS
            self._expects_pointer = False
            return
        before = [self.output(pin) for pin in range(16)]
        self._store(self._pointer, byte)
        self._advance()
        self._report(before)

    def read(self) -> int:
        """The value at the pointer."""
        pointer = self._pointer
        self._advance()
        if pointer in (_GPIO, _GPIO + 1):
            return self._port(pointer - _GPIO)
        return self.registers[pointer]

    def _store(self, pointer: int, byte: int) -> None:
        if pointer in (_GPIO, _GPIO + 1):
            pointer += _OLAT - _GPIO
        if pointer in (_IOCON, _IOCON + 1):
            self.registers[_IOCON] = self.registers[_IOCON + 1] = byte
        elif pointer not in _INTERRUPT_FLAGS:
            self.registers[pointer] = byte

    def _advance(self) -> None:
        if not self.registers[_IOCON] & _NOT_SEQUENTIAL:
            self._pointer = (self._pointer + 1) % _REGISTERS

    def _report(self, before: list[int | None]) -> None:
        if self._on_output is None:
            return
        for pin, old in enumerate(before):
            new = self.output(pin)
            if new is not None and new != old:
                self._on_output(pin, new)

    def _port(self, port: int) -> int:
        value = 0
        for bit in range(8):
            pin = 8 * port + bit
            level = self.output(pin)
            if level is None:
                given = self._sources[pin]() if pin in self._sources else self._levels[pin]
                pulled = self.registers[_GPPU + port] >> bit & 1
                level = (pulled if given is None else given) ^ (self.registers[_IPOL + port] >> bit & 1)
            value |= level << bit
        return value
