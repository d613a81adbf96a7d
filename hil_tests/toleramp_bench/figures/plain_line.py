"""An oximeter's line as it is: what was sent and when its last byte arrived, read plainly, and what was done to it.

The plain reading is written from the formats' own descriptions and shares nothing with the pump's parsers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

FRAMES = 25  # of a packet of Nonin's data formats 2 and 7
LOCKING, BLOCK = 3, 15  # frames of the formats with 60 a second: so many lock, so many make a reading
_SPO2 = re.compile(rb"SPO2=(\d+)")
_NELLCOR = re.compile(rb"\d\d-\w\w\w-\d\d .{11}(.{3})")
_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Told:
    """A reading that was on the line: when its last byte had come (ns), its SpO2 (None: none)."""

    at_ns: int
    spo2: int | None


def value_of(form: str, chunk: bytes) -> int | None:
    """SpO2 of a whole frame, packet or line of that format; of data formats 2 and 7: the frame's fourth byte."""
    if form.startswith(("masimo", "nonin-ascii", "nellcor")):
        found = _SPO2.search(chunk) or _NELLCOR.search(chunk)
        return int(found[1]) if found and found[1].strip().isdigit() else None
    if form == "contec9":
        value = chunk[6] & 0x7F | (chunk[1] & 0x10) << 3
    else:
        value = chunk[{"nonin-df1": 2, "nonin-df8": 2, "bci5": 4}.get(form, 3)] & 0x7F
    return value if 1 <= value <= 100 else None


class PlainLine:
    """Stands between an oximeter and its wire, with the wire's own manners.

    `slip_ns`: everything that the oximeter does comes so much later. `quiet`: nothing gets through. `other`: what is
    sent is of another format. `rate`: the baud rate at which it sends, None for its own. `spoil`: makes of the bytes
    what arrives. `told`: the readings that were sent whole and arrived as they were sent.
    """

    def __init__(self, oximeter: Any) -> None:
        self._wire, self.form = oximeter._wire, oximeter.form
        self.slip_ns = 0
        self.quiet = self.other = False
        self.rate: int | None = None
        self.spoil: Callable[[bytes], bytes] | None = None
        self.told: list[Told] = []
        self._free_ns = 0
        self._tail = b""
        self._frames = 0
        self._packet_spo2: int | None = None
        self._block: list[int | None] = []
        oximeter._wire = self

    @property
    def now_ns(self) -> int:
        """The time."""
        return int(self._wire.now_ns)

    def at_ns(self, t_ns: int, call: Callable[[], None]) -> Any:
        """Passes an appointment on."""
        return self._wire.at_ns(t_ns + self.slip_ns, call)

    def begin_anew(self) -> None:
        """What comes from here on comes behind a silence: frames lock anew, a block begins."""
        self._frames = 0
        self._block.clear()

    def uart_send(self, number: int, data: bytes, baud: int = 9600, parity: int | None = None) -> None:
        """Passes bytes on."""
        if self.quiet:
            return
        sent = self.spoil(data) if self.spoil else data
        if not sent:
            return
        rate = self.rate or baud
        self._free_ns = max(self._free_ns, self.now_ns) + len(sent) * (10 if parity is None else 11) * _SECOND // rate
        self._wire.uart_send(number, sent, rate, parity)
        self._tail = (self._tail + sent)[-len(data) :]  # two halves of equal packets are one
        if not self.other and self._tail == data and rate == baud:
            self._note(data)

    def _note(self, data: bytes) -> None:
        """A chunk that arrives whole."""
        form = self.form
        if form in ("nonin-df2", "nonin-df7"):
            self._note_frame(data)
        elif form in ("bci5", "contec9"):
            self._note_sixtieth(value_of(form, data))
        else:
            self.told.append(Told(self._free_ns, value_of(form, data)))

    def _note_frame(self, data: bytes) -> None:
        """One of 25; the first one has its mark, the third one has the value."""
        status = data[1] if self.form == "nonin-df2" else data[0]
        self._frames = 1 if status & 1 else self._frames + 1
        if self._frames == 3:
            self._packet_spo2 = value_of(self.form, data)
        if self._frames == FRAMES:
            self.told.append(Told(self._free_ns, self._packet_spo2))

    def _note_sixtieth(self, spo2: int | None) -> None:
        """One of a block: a reading is what more than half of its frames say."""
        self._frames += 1
        if self._frames <= LOCKING:
            return
        self._block.append(spo2)
        if len(self._block) == BLOCK:
            most, times = Counter(self._block).most_common(1)[0]
            self.told.append(Told(self._free_ns, most if 2 * times > BLOCK else None))
            self._block.clear()


def lose_half(draw: Random) -> Callable[[bytes], bytes]:
    """Each byte is lost with a probability of one half."""
    return lambda data: bytes(byte for byte in data if draw.random() < 0.5)


def noise(draw: Random) -> Callable[[bytes], bytes]:
    """Each byte is anything."""
    return lambda data: draw.randbytes(len(data))
