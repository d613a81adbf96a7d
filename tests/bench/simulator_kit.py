"""Lines and clocks for a simulated oximeter that needs no real time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from toleramp.oximeter.samples import Decoder, Sample
from toleramp_bench.simulator.session import SECOND, Session
from toleramp_bench.simulator.told import read_words


class Kept:
    """A line that keeps what comes: (ns by its clock, bytes). `paced` as a pseudo-terminal."""

    def __init__(self, paced: bool = True) -> None:
        self.paced = paced
        self.now: Callable[[], int] = lambda: 0
        self.sent: list[tuple[int, bytes]] = []
        self.rates: set[tuple[int, int | None]] = set()

    def send(self, data: bytes, baud: int, parity: int | None) -> None:
        self.sent.append((self.now(), data))
        self.rates.add((baud, parity))

    def take(self) -> bytes:
        """What came since the last call."""
        data = b"".join(piece for _, piece in self.sent)
        self.sent.clear()
        return data


class LateClock:
    """A clock that is also the line's wait: each is over late by up to `late_ns`, by chance."""

    def __init__(self, late_ns: int) -> None:
        self.now_ns, self._late_ns, self._draw = 7 * SECOND, late_ns, Random(4)

    def __call__(self) -> int:
        return self.now_ns

    def exchange(self, wait_s: float) -> None:
        self.now_ns += round(wait_s * SECOND) + self._draw.randrange(self._late_ns)


class Told:
    """An oximeter of a format in virtual time, and the pump's reader at its line."""

    def __init__(self, form: str, paced: bool = True) -> None:
        self.form, self.line = form, Kept(paced)
        self.session = Session(form, self.line)
        self.line.now = lambda: self.session.now_ns
        self._decoder = Decoder(form)
        self._asks = getattr(__import__("oximeters.registry", fromlist=["module"]).module(form), "START", b"")

    def say(self, text: str) -> None:
        """A typed line."""
        self.session.tell(read_words(text, "a test"))

    def run(self, seconds: float, asked: bool = True) -> list[Sample]:
        """Samples of so many seconds; a device that must be asked is asked in each."""
        end_ns = self.session.now_ns + round(seconds * SECOND)
        while self.session.now_ns < end_ns:
            if asked and self._asks:
                self.session.hear(self._asks)
            self.session.run_to(min(end_ns, self.session.now_ns + SECOND))
        return list(self._decoder.read(self.line.take()))

    def silence(self) -> None:
        """The reader is told, as in the pump, that the line was silent."""
        self._decoder.silence()

    @property
    def rejected(self) -> int:
        """Bytes that the reader threw away so far."""
        return self._decoder.rejected
