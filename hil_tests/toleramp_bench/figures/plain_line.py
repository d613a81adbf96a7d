"""An oximeter's line as it is: what was sent and when its last byte arrived, read plainly, and what was done to it.

The plain reading is that of the format's own file among the devices, and shares nothing with the pump's parsers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from toleramp_bench.devices.oximeter import readings
from toleramp_bench.devices.readings import Reading

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Told:
    """A reading that was on the line: when its last byte had come (ns)."""

    at_ns: int
    reading: Reading


class PlainLine:
    """Stands between an oximeter and its wire, with the wire's own manners.

    `slip_ns`: everything that the oximeter does comes so much later. `quiet`: nothing gets through. `other`: what is
    sent is of another format. `rate`: the baud rate at which it sends, None for its own. `spoil`: makes of the bytes
    what arrives. `told`: the readings that were sent whole and arrived as they were sent. A packet of another format
    that begins just as the last reading was is one more up to there.
    """

    def __init__(self, oximeter: Any) -> None:
        self._wire, self.form = oximeter._wire, oximeter.form
        self.slip_ns = 0
        self.quiet = self.other = False
        self.rate: int | None = None
        self.spoil: Callable[[bytes], bytes] | None = None
        self.told: list[Told] = []
        said = readings(self.form)
        self._reader, self._silence_ns = said.reader(), said.silence_ms * 1_000_000
        self._free_ns = self.now_ns  # when the last byte has come
        self._loose = b""  # bytes that have come and are no whole chunk yet: two halves of equal ones are one
        self._whole = b""  # the chunk that came last, with nothing behind it
        oximeter._wire = self

    @property
    def now_ns(self) -> int:
        """The time."""
        return int(self._wire.now_ns)

    def at_ns(self, t_ns: int, call: Callable[[], None]) -> Any:
        """Passes an appointment on."""
        return self._wire.at_ns(t_ns + self.slip_ns, call)

    def speak(self) -> None:
        """What is sent gets through again."""
        self.quiet = False

    def uart_send(self, number: int, data: bytes, baud: int = 9600, parity: int | None = None) -> None:
        """Passes bytes on."""
        if self.quiet:
            return
        sent = self.spoil(data) if self.spoil else data
        if not sent:
            return
        begin_ns, rate = max(self._free_ns, self.now_ns), self.rate or baud
        if begin_ns - self._free_ns > self._silence_ns:
            self._reader.silence()
        byte_ns = (10 if parity is None else 11) * _SECOND
        self._free_ns = begin_ns + len(sent) * byte_ns // rate
        self._wire.uart_send(number, sent, rate, parity)
        if self.other and self._whole and sent.startswith(self._whole):
            self._note(self._whole, begin_ns + len(self._whole) * byte_ns // rate)  # so far it is one more
        self._loose += sent
        self._whole = b""
        if rate == baud and not self.other and self._loose.endswith(data):
            self._arrive(data)

    def _arrive(self, data: bytes) -> None:
        """A chunk is whole."""
        if self._loose != data:
            self._reader.torn()
        self._note(data, self._free_ns)
        self._loose, self._whole = b"", data

    def _note(self, chunk: bytes, at_ns: int) -> None:
        """A chunk that has come."""
        reading = self._reader.take(chunk)
        if reading:
            self.told.append(Told(at_ns, reading))


def lose_half(draw: Random) -> Callable[[bytes], bytes]:
    """Each byte is lost with a probability of one half."""
    return lambda data: bytes(byte for byte in data if draw.random() < 0.5)


def noise(draw: Random) -> Callable[[bytes], bytes]:
    """Each byte is anything."""
    return lambda data: draw.randbytes(len(data))
