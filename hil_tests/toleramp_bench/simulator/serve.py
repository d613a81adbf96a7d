"""Real time for a simulated oximeter, and people who change it while it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from toleramp.errors import UserError
from toleramp_bench.simulator.session import SECOND, Session
from toleramp_bench.simulator.told import WORDS, demand_sayable, read_words

LOOK_NS = SECOND // 50  # so often typed lines are looked for
STDIN = "standard input"
HELP = f"say what happens, as in spo2=88, ramp_to=88 ramp_s=5, off, off=false; words: {', '.join(WORDS)}; quit, help"


class Waits(Protocol):
    """A line that can be waited at."""

    def exchange(self, wait_s: float) -> None: ...


class Served:
    """Serves a session until `ended`, which a signal's handler may set. `say` hears what cannot be done."""

    def __init__(self, session: Session, line: Waits, clock: Callable[[], int], say: Callable[[str], None]) -> None:
        """`clock`: nanoseconds that never go back, of whatever beginning."""
        self.session, self._line, self._clock, self._say = session, line, clock, say
        self.ended = False

    def end(self) -> None:
        """The next look ends it."""
        self.ended = True

    def serve(self, lines: Callable[[], list[str]]) -> None:
        """Runs until the end; `lines` gives those that were typed since the last call."""
        while not self.ended:
            idle_ns = self.session.catch_up(self._clock())
            for text in lines():
                self.told(text)
            if not self.ended:
                self._line.exchange(max(0, min(idle_ns, LOOK_NS)) / SECOND)

    def told(self, text: str) -> None:
        """Does what a typed line says; one line to `say` when that cannot be done."""
        word = text.strip()
        if word == "quit":
            self.ended = True
        elif word == "help":
            self._say(HELP)
        elif word:
            try:
                what = read_words(word, STDIN, Path())
                demand_sayable(self.session.oximeter.form, what, STDIN)
                self.session.tell(what)
            except UserError as error:
                self._say(str(error))


def sent(session: Session, form: str, overrun: int = 0) -> str:
    """One line that says what was sent."""
    seconds = session.now_ns / SECOND
    text = f"{form}: sent {session.frames} frames, {session.bytes} bytes in {seconds:.1f} s"
    also = (
        (session.spoilt, "bytes spoilt"),
        (session.lost, "bytes lost"),
        (overrun, "bytes more than the port takes"),
        (session.heard, "bytes heard"),
        (round(session.stood_ns / SECOND, 1), "s stood still, as this computer did"),
    )
    return ", ".join([text, *(f"{number} {what}" for number, what in also if number)])
