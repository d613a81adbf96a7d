"""The laptop's end of the host line as bytes: requests out, answers in, for targets that carry them themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pump.tables import messages as m
from pump.tables import refusals
from toleramp.device.loading import load_requests
from toleramp.device.wire import Message, Wire, layout_of


class HostLine:
    """Encodes requests with running numbers, and tells the answer to the last one."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.news: list[Message] = []  # what came unasked
        self._number = 0

    def _encode(self, layout: tuple[int, str, str], **fields: Any) -> bytes:
        self._number = self._number % 255 + 1
        return self.wire.encode(layout, self._number, **fields)

    def ping(self) -> bytes:
        """A sign of life."""
        return self._encode(m.PING)

    def stream(self, period_ms: int) -> bytes:
        """Asks for status and records as they come."""
        return self._encode(m.STREAM, period_ms=period_ms)

    def request(self, command: str, **fields: Any) -> bytes:
        """The bytes of a command: pause, stop, ping, hang (code), garbage (data)."""
        if command == "garbage":
            return bytes(fields["data"])
        if command == "hang":
            return self._encode(m.HANG, data=fields["code"].encode())
        return self._encode(layout_of(command))

    def load_requests(self, blob: bytes) -> Iterator[bytes]:
        """The requests of a load, one after the other."""
        for layout, fields in load_requests(blob):
            yield self._encode(layout, **fields)

    def listen(self) -> None:
        """From now on the answer to the next request is awaited."""
        self.news.clear()

    def answer(self, data: bytes) -> str | None:
        """Takes bytes from the pump: "" for an ACK of the last request, the refusal's code, None while none came."""
        for message in self.wire.feed(data):
            if message.sequence != self._number:
                self.news.append(message)
            elif message.type == m.REFUSED[0]:
                return refusals.NAMES[message.fields["code"]]
            elif message.type == m.ACK[0]:
                return ""
        return None
