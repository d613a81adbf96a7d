"""Bytes to messages and back, without a port: `pump.link.frames` filled by the layouts of `pump.tables.messages`."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pump.link import frames
from pump.tables import messages

Layout = tuple[int, str, str]
Fields = dict[str, Any]

TAIL = 40  # bytes of a stranger's answer that are kept to be shown

NAMES: dict[int, str] = {row[1]: row[0] for row in messages.ROWS}
ANSWERS: dict[int, int] = {row[1]: row[6] for row in messages.ROWS}  # of the pump's own: whether it comes unasked
TO_PUMP: tuple[Layout, ...] = tuple(row[1:4] for row in messages.ROWS if row[4] != messages.PUMP)
TO_HOST: tuple[Layout, ...] = tuple(row[1:4] for row in messages.ROWS if row[4] == messages.PUMP)
_RAW = ("data", "nonce", "mac")  # fields that are bytes and no text
_HASH = struct.calcsize("<I")  # a HELLO_REPLY of any contract begins with its hash
_PART_AT = struct.calcsize("<IIHIHB")  # where a record says which part it is


def layout_of(name: str) -> Layout:
    """The layout of a message by its name in any case: "pause". ValueError for another name."""
    row = messages.ROWS[messages.NAMES.index(name.upper())]
    return row[1], row[2], row[3]


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("ascii", "replace").strip()


def unpack(layout: Layout, payload: bytes) -> Fields:
    """The fields of a message; bytes beyond the fixed part are `data`. ValueError when some are missing."""
    size = struct.calcsize(layout[1])
    if len(payload) < size:
        raise ValueError(f"{NAMES[layout[0]]}: {len(payload)} of {size} bytes")
    values = struct.unpack(layout[1], payload[:size])
    fields: Fields = dict(zip(layout[2].split(), values, strict=True))
    fields = {
        name: _text(value) if isinstance(value, bytes) and name not in _RAW else value for name, value in fields.items()
    }
    if len(payload) > size:
        fields["data"] = payload[size:]
    return fields


def pack(layout: Layout, fields: Fields) -> bytes:
    """The payload of a message: its fields in order, then `data` if any. KeyError when a field is missing."""
    values = (fields[name] for name in layout[2].split())
    fixed = struct.pack(layout[1], *(v.encode("ascii") if isinstance(v, str) else v for v in values))
    return bytes(fixed + fields.get("data", b""))


@dataclass(frozen=True)
class Message:
    """One frame, understood: its layout's type and name, the sequence number and the fields."""

    type: int
    sequence: int
    fields: Fields

    @property
    def name(self) -> str:
        """The layout's name in `pump.tables.messages`."""
        return NAMES[self.type]


class Wire:
    """Bytes to messages and back. `noise` is the last that came since a whole frame, `bad` counts damage."""

    def __init__(self, incoming: Iterable[Layout] = TO_HOST) -> None:
        self._layouts = {layout[0]: layout for layout in incoming}
        self._receiver = frames.Receiver()
        self._misfits = 0
        self.noise = b""

    @property
    def bad(self) -> int:
        """Frames dropped so far: damaged, of unknown type, or too short for their type."""
        return self._misfits + self._receiver.bad

    def encode(self, layout: Layout, sequence: int, **fields: Any) -> bytes:
        """The coded frame; a zero leads it, so that noise before it costs nothing."""
        payload = pack(layout, fields)
        plain = bytearray(frames.MAX_PLAIN)
        plain[: frames.HEAD + len(payload)] = bytes((layout[0], sequence & 255)) + payload
        coded = bytearray(frames.MAX_CODED)
        n = frames.encode(plain, len(payload), coded)
        return b"\0" + bytes(coded[:n])

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete, in order."""
        found = []
        for byte in data:
            self.noise = (self.noise + bytes((byte,)))[-TAIL:]
            length = self._receiver.take(byte)
            message = self._open(length) if length >= 0 else None
            if message:
                self.noise = b""
                found.append(message)
        return found

    def _open(self, length: int) -> Message | None:
        kind, sequence = self._receiver.buf[0], self._receiver.buf[1]
        payload = bytes(self._receiver.buf[frames.HEAD : frames.HEAD + length])
        try:
            return Message(kind, sequence, self._fields(kind, payload))
        except (KeyError, ValueError):
            self._misfits += 1
            return None

    def _fields(self, kind: int, payload: bytes) -> Fields:
        layout = self._layouts[kind]
        if kind == messages.EVENT[0] and payload[_PART_AT : _PART_AT + 1] > b"\0":
            return unpack(messages.CONTINUED, payload)
        if kind == messages.HELLO_REPLY[0] and _HASH <= len(payload) != struct.calcsize(layout[1]):
            # Another contract: only its hash is known.
            payload = payload[:_HASH].ljust(struct.calcsize(layout[1]), b"\0")
        return unpack(layout, payload)
