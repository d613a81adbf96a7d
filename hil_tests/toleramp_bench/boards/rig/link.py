"""The rig's line, from the laptop's side: commands, answers, time stamps as microseconds of the rig's clock."""

from __future__ import annotations

import base64
import runpy
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.boards.rig.bench import Bench
from toleramp_bench.places import ROOT

_LINE: dict[str, Any] = runpy.run_path(str(ROOT / "boards/rig_pico/firmware/rig/line.py"))
PROTOCOL: int = _LINE["PROTOCOL"]
_seal, _unseal = _LINE["seal"], _LINE["unseal"]

_ANSWER_US = 400_000
_SLOW_US = 5_000_000  # selftest
_TRIES = 3
_RUN_MOST = 40
_DRIFT = 10_000  # two crystals differ by less than one part in so many
_HALF = 1 << 31  # a stamp belongs to the nearest time that ends in its 32 bits
_UNEVEN_US = 6
_FLASH = "flash it: make flash BOARD=rig_pico"


class RigSilent(UserError):
    """Nothing, or no rig, on the rig's port."""


class RigRefused(UserError):
    """The rig says no; `word` is its reason."""

    def __init__(self, word: str, text: str, where: str) -> None:
        self.word, self.text = word, text
        super().__init__(f"the rig refused: {word}, {text}", where)


@dataclass
class Stamped:
    """Edges of one line as they are fetched: `times` in us of the rig's clock, 64 bits wide."""

    times: array[int]
    counted: int = 0


def runs(messages: Sequence[tuple[int, bytes]]) -> list[tuple[int, int, int, bytes]]:
    """Messages of equal length and distance (to 6 us), joined: (time of the first, span of all, length, bytes)."""
    found: list[tuple[int, int, int, bytes]] = []
    k = 0
    while k < len(messages):
        t_us, data = messages[k]
        gap_us = messages[k + 1][0] - t_us if k + 1 < len(messages) else 0
        n = 1
        while gap_us and n < _RUN_MOST and k + n < len(messages):
            next_us, more = messages[k + n]
            if len(more) != len(messages[k][1]) or abs(next_us - t_us - n * gap_us) > _UNEVEN_US:
                break
            data += more
            n += 1
        span_us = (messages[k + n - 1][0] - t_us) * n // (n - 1) if n > 1 else 0
        found.append((t_us, span_us, len(messages[k][1]), data))
        k += n
    return found


class RigLink:
    """Asks, waits for the answer, asks again."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._number = 0
        self._buffer = bytearray()
        self._low, self._high = -(1 << 62), 1 << 62  # of the clocks' difference
        self._narrowed_us = self._latest_us = 0
        self.build: dict[str, str] = {}

    @property
    def where(self) -> str:
        """The port, for messages."""
        return self._bench.places[0]

    # -- lines

    def ask(self, command: str, *words: object, limit_us: int = _ANSWER_US) -> list[str]:
        """The words of the rig's answer. RigSilent when none comes, RigRefused when it says no."""
        self._number = self._number % 9999 + 1
        line = _seal(" ".join([str(self._number), command, *map(str, words)])).encode()
        for _ in range(_TRIES):
            self._bench.rig.write(line)
            found: list[str] = []
            if self._bench.wait_for(lambda: self._answered(found), limit_us):  # noqa: B023 (called within the turn)
                break
        else:
            raise RigSilent(f"no answer to {command}", self.where, f"is this the rig's port, and is it on? {_FLASH}")
        if found[1] == "no":
            raise RigRefused(found[2], " ".join(found[3:]), self.where)
        return found[2:]

    def _answered(self, found: list[str]) -> bool:
        self._buffer += self._bench.rig.read()
        while b"\n" in self._buffer and not found:
            line, _, rest = bytes(self._buffer).partition(b"\n")
            self._buffer[:] = rest
            words = _unseal(line.decode("ascii", "replace"))
            if words and int(words[0]) == self._number:
                found.extend(words)
        return bool(found)

    def hello(self) -> None:
        """Proves that a rig of this protocol is there."""
        said = self.ask("hello")
        if len(said) < 4 or said[0] != "toleramp-rig":
            raise RigSilent("something answers that is no rig", self.where, _FLASH)
        if int(said[1]) != PROTOCOL:
            raise RigSilent(f"the rig speaks protocol {said[1]}, the laptop {PROTOCOL}", self.where, _FLASH)
        self.build = {"version": said[2], "build": said[3]}
        self.synchronise()

    # -- time

    def synchronise(self) -> None:
        """Narrows the bounds of the two clocks' difference: the rig's word lies between request and answer."""
        sent = self._bench.now_us
        self._narrow(int(self.ask("time")[0]), sent)

    def _narrow(self, rig_us: int, sent_us: int) -> None:
        now_us = self._bench.now_us
        apart_us = (now_us - self._narrowed_us) // _DRIFT + 1
        self._narrowed_us = now_us
        low, high = rig_us - now_us, rig_us - sent_us
        self._low, self._high = max(self._low - apart_us, low), min(self._high + apart_us, high)
        if self._low > self._high:  # a clock has jumped, or runs at another rate: an emulated one that does not keep up
            self._low, self._high = low, high

    @property
    def now_us(self) -> int:
        """The rig's clock now, as far as the laptop can tell; never goes back."""
        self._latest_us = max(self._latest_us, self._bench.now_us + (self._low + self._high) // 2)
        return self._latest_us

    @property
    def uncertainty_us(self) -> int:
        """How far `now_us` may be off."""
        return (self._high - self._low + 1) // 2

    # -- what the rig can do

    def set(self, name: str, level: int, *holds_us: int) -> int:
        """Switches a relay, and back after each hold; the rig's time of the first change."""
        sent = self._bench.now_us
        done_us = int(self.ask("set", name, level, *holds_us)[0])
        self._narrow(done_us, sent)
        return done_us

    def levels(self) -> dict[str, int]:
        """Level of each line that the rig reads."""
        return {name: int(level) for name, level in (word.split("=") for word in self.ask("levels"))}

    def play(self, messages: Sequence[tuple[int, bytes]]) -> int:
        """Bytes of the oximeter at times of the rig's clock; how many messages came too late so far."""
        late = 0
        for t_us, span_us, size, data in runs(messages):
            _room, said = self.ask("ox", t_us, span_us, size, base64.b64encode(data).decode())
            late = int(said)
        return late

    def baud(self, rate: int) -> None:
        """The oximeter's line at another rate."""
        self.ask("baud", rate)

    def pulses(self, into: Stamped) -> None:
        """Fetches the steps since the last call; UserError when stamps and counter differ."""
        while True:
            count, first, text = self.ask("pulses")
            into.counted = int(count)
            new = self._take(into, int(first), text)
            if not new or len(into.times) >= into.counted:
                break
        if len(into.times) < into.counted:
            lost = into.counted - len(into.times)
            raise UserError(f"{lost} steps have no time stamp", self.where, "ask for the pulses more often")

    def edges(self, name: str, into: Stamped) -> None:
        """Fetches the edges of "permit", "enn" or "stop" since the last call."""
        while True:
            first, text = self.ask("edges", name)
            if not self._take(into, int(first), text):
                return

    def _take(self, into: Stamped, first: int, text: str) -> int:
        if first != len(into.times):
            raise UserError(f"stamps from {first} on, {len(into.times)} are known", self.where, "start the rig anew")
        stamps = array("I", base64.b64decode(text) if text != "-" else b"")
        near = self.now_us - _HALF
        into.times.extend(near + ((stamp - near) & 0xFFFFFFFF) for stamp in stamps)
        return len(stamps)

    def weigh(self) -> tuple[int, int]:
        """(counts, the rig's time) of the scale."""
        counts, t_us = self.ask("weigh")
        return int(counts), int(t_us)

    def selftest(self, power: bool = False) -> list[str]:
        """Names of the lines that do not answer."""
        try:
            self.ask("selftest", *(["power"] if power else []), limit_us=_SLOW_US)
        except RigRefused as refusal:
            if refusal.word != "wiring":
                raise
            return refusal.text.split()
        return []
