"""DS3231: the battery-backed clock on I2C."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_REGISTERS = 0x13
_TIME, _CONTROL, _STATUS, _TEMPERATURE = 0x00, 0x0E, 0x0F, 0x11
_TIME_REGISTERS = 7
_OSCILLATOR_STOPPED = 0x80
_ROOM = 25
NEW = datetime(2000, 1, 1, tzinfo=UTC)  # what it says with its first supply
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)  # of the pump's own seconds
START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)  # what the bench's clocks say at power-on


class RealTimeClock:
    """Tells the time since `start` by the simulated time that `now_ns` gives, fast by `ppm`.

    `lost_power` is a clock whose battery was empty: its status says so until the firmware clears that.
    `stopped` holds it still (a broken crystal). 24 hour mode only; the alarms are memory. `battery_out`: it keeps
    nothing when the supply goes.
    """

    def __init__(self, now_ns: Callable[[], int], start: datetime, ppm: float = 0.0, lost_power: bool = False) -> None:
        self._now_ns = now_ns
        self._base, self._base_ns = start.astimezone(UTC), now_ns()
        self._ppm = ppm
        self._stopped = False
        self.battery_out = False
        self.registers = bytearray(_REGISTERS)
        self.registers[_CONTROL] = 0x1C
        self.registers[_STATUS] = _OSCILLATOR_STOPPED if lost_power else 0
        self.registers[_TEMPERATURE] = _ROOM
        self._pointer = 0
        self._expects_pointer = True
        self._set = False

    @property
    def time(self) -> datetime:
        """What the clock thinks the time is."""
        if self._stopped:
            return self._base
        elapsed = (self._now_ns() - self._base_ns) * (1 + self._ppm / 1e6)
        return self._base + timedelta(microseconds=elapsed / 1000)

    def set_time(self, time: datetime) -> None:
        """Sets the clock from outside."""
        self._base, self._base_ns = time.astimezone(UTC), self._now_ns()

    def set_drift(self, ppm: float) -> None:
        """From now on the clock is fast by `ppm`."""
        self.set_time(self.time)
        self._ppm = ppm

    def stop_oscillator(self, stopped: bool = True) -> None:
        """The clock stands still (and its status says so) or goes on."""
        self.set_time(self.time)
        self._stopped = stopped
        if stopped:
            self.registers[_STATUS] |= _OSCILLATOR_STOPPED

    @property
    def lost(self) -> bool:
        """It says that its oscillator has stood still since it was set."""
        return bool(self.registers[_STATUS] & _OSCILLATOR_STOPPED)

    def lose(self) -> None:
        """Supply and battery were both away: it begins anew, and says so."""
        self.set_time(NEW)
        self.registers[_STATUS] |= _OSCILLATOR_STOPPED

    def set_to(self, time: datetime) -> None:
        """The firmware sets it: its status is cleared too."""
        self.set_time(time)
        self.registers[_STATUS] &= ~_OSCILLATOR_STOPPED

    def power_cut(self) -> None:
        """The supply goes; its battery keeps it going."""
        if self.battery_out:
            self.lose()

    def power_up(self) -> None:
        """It has supply again: all was kept."""

    def moved_to(self, now_ns: Callable[[], int], away_ns: int) -> None:
        """It goes on by another clock of the bench, `away_ns` later."""
        time = self.time
        if not self._stopped:
            time += timedelta(microseconds=away_ns * (1 + self._ppm / 1e6) / 1000)
        self._now_ns = now_ns
        self.set_time(time)

    # --- bus -----------------------------------------------------------------------------------------------

    def start(self, read: bool) -> None:
        """A transfer begins: the time is latched, so that it does not change while it is read."""
        self._expects_pointer = not read
        self._set = False
        self.registers[_TIME : _TIME + _TIME_REGISTERS] = to_bcd(self.time)

    def stop(self) -> None:
        """A transfer ends: what was written into the time registers counts from now."""
        if self._set:
            self.set_time(from_bcd(bytes(self.registers[_TIME : _TIME + _TIME_REGISTERS])))
            self._set = False

    def write(self, byte: int) -> None:
        """A register's address, then values."""
        if self._expects_pointer:
            self._pointer = byte % _REGISTERS
            self._expects_pointer = False
            return
        if self._pointer == _STATUS:
            byte = (byte & 0x7F) | (byte & self.registers[_STATUS] & _OSCILLATOR_STOPPED)
        if self._pointer < _TEMPERATURE:
            self.registers[self._pointer] = byte
        self._set = self._set or self._pointer < _TIME_REGISTERS
        self._pointer = (self._pointer + 1) % _REGISTERS

    def read(self) -> int:
        """The value at the pointer."""
        value = self.registers[self._pointer]
        self._pointer = (self._pointer + 1) % _REGISTERS
        return value


def to_bcd(time: datetime) -> bytes:
    """The seven time registers: second, minute, hour, weekday (1 is Monday), day, month with century,
    year."""
    values = (time.second, time.minute, time.hour, time.isoweekday(), time.day, time.month, time.year % 100)
    return bytes(value // 10 << 4 | value % 10 for value in values)


def from_bcd(registers: bytes) -> datetime:
    """The time in those registers, in this century. Raises ValueError when it is none."""
    masks = (0x7F, 0x7F, 0x3F, 0x07, 0x3F, 0x1F, 0xFF)
    fields = [(raw & mask) >> 4 for raw, mask in zip(registers, masks, strict=True)]
    second, minute, hour, _weekday, day, month, year = (
        tens * 10 + (raw & 0x0F) for tens, raw in zip(fields, registers, strict=True)
    )
    return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)


def happen(
    clock: RealTimeClock,
    offset_s: float = 0,
    ppm: float | None = None,
    stopped: bool | None = None,
    lost: bool = False,
    battery_out: bool | None = None,
) -> None:
    """What a scenario says of it: it jumps, runs fast, stands still, has lost its time, has no battery."""
    if offset_s:
        clock.set_time(clock.time + timedelta(seconds=float(offset_s)))
    if ppm is not None:
        clock.set_drift(float(ppm))
    if stopped is not None:
        clock.stop_oscillator(stopped)
    if lost:
        clock.lose()
    if battery_out is not None:
        clock.battery_out = battery_out
