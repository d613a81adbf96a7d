"""The programs at the laptop's end of a walk on the line: what they ask, sign and load; what a bad cable does to it."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from line_model import REQUESTS, coded, signature
from line_pump import LinePump
from shelf import KEYS as PEOPLE

from pump.tables import messages as m
from toleramp.device.loading import load_requests
from toleramp.device.wire import pack

KEYED = {row[1] for row in m.ROWS if row[4] == m.KEYED}
EDGES: dict[str, tuple[Any, ...]] = {
    "B": (0, 1, 2, 254, 255), "16s": (bytes(16), b"\xff" * 16), "H": (0, 1, 99, 2048, 2049, 65535),
    "I": (0, 63, 64, 65, 1 << 30, (1 << 32) - 1),
}  # fmt: skip
TAILS = (b"", b"", b"\0", b"\1" * 40, b"A" * 41, bytes(190))


def payload(kind: int, draw: Any) -> bytes:
    """Fields of a request by its row, at their edges or beyond; at times cut, or with more behind them."""
    layout = str(REQUESTS[kind][2]).strip("<") if kind in REQUESTS else ""
    codes = re.findall(r"\d*[A-Za-z]", layout)
    fields = b"".join(struct.pack("<" + code, draw(st.sampled_from(EDGES[code]))) for code in codes)
    return (fields + draw(st.sampled_from(TAILS)))[: draw(st.sampled_from((200, 200, 200, 1, 0)))]


def damaged(frame: bytes, how: str, at: int) -> bytes:
    """A frame as a bad cable, or a program that ends in the middle, brings it."""
    if how == "twice":
        return frame + frame
    if how == "cut":
        return frame[at % len(frame) :]
    if how == "flip":
        where = at % len(frame)
        return frame[:where] + bytes((frame[where] ^ 1 << at % 8,)) + frame[where + 1 :]
    return frame[:-1] if how == "open" else frame


@dataclass
class Client:
    """A program at the laptop's end: its numbers, and the load that it is in."""

    name: str
    pump: LinePump
    number: int = 0
    count: int = 0
    pieces: list[bytes] = field(default_factory=list)

    def frame(self, kind: int, content: bytes = b"", skip: int = 1) -> bytes:
        """The next request; `skip` 0 gives it the number of the one before, and the count of its key. It is signed
        where the pump wants that."""
        self.number = (self.number + skip) & 255
        if self.pump.bench or kind not in KEYED:
            return coded(kind, self.number, content)
        self.count += skip > 0
        nonce = self.pump.controller.link.auth.nonce or bytes(16)
        mac = signature(PEOPLE[self.name], nonce, self.name, self.count, kind, content)
        head = struct.pack("<BBI16s", kind, sorted(PEOPLE).index(self.name) + 1, self.count, mac)
        return coded(m.SIGNED[0], self.number, head + content)

    def begins(self) -> bytes:
        """What comes before the first signed request."""
        return b"" if self.pump.bench else self.frame(m.CHALLENGE_GET[0], self.name.encode())

    def begin(self, blob: bytes, fault: str) -> None:
        """The frames of a load, of which one thing is wrong."""
        requests = [(layout[0], pack(layout, fields)) for layout, fields in load_requests(blob)]
        self.pieces = [self.frame(*request) for request in spoilt(requests, blob, fault)]


def spoilt(requests: list[tuple[int, bytes]], blob: bytes, fault: str) -> list[tuple[int, bytes]]:
    """The requests of a load with a fault."""
    begin, *pieces, end = requests
    if fault in ("crc", "size"):
        size, crc = len(blob) + (fault == "size"), zlib.crc32(blob) ^ (fault == "crc")
        begin = (begin[0], struct.pack("<HI", size, crc))
    elif fault == "byte":
        pieces[-1] = (pieces[-1][0], pieces[-1][1][:-1] + bytes((pieces[-1][1][-1] ^ 1,)))
    elif fault == "order":
        pieces.reverse()
    elif fault == "gap":
        pieces = pieces[1:]
    elif fault == "again":
        pieces = [piece for piece in pieces for _ in range(2)]
    elif fault == "short end":
        return [begin, end, *pieces, end]
    elif fault == "other crc":
        spoiled = blob[:-1] + bytes((blob[-1] ^ 1,))
        return spoilt([(layout[0], pack(layout, fields)) for layout, fields in load_requests(spoiled)], spoiled, "")
    return [begin, *pieces, end]
