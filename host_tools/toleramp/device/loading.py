"""A protocol over the host line in pieces: the requests of a load in their order, for whoever carries them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from pump.tables import messages, refusals
from toleramp.device.wire import Layout, Message

Request = tuple[Layout, dict[str, Any]]


def load_requests(blob: bytes) -> Iterator[Request]:
    """Layout and fields of each request: the announcement, the pieces, the end."""
    yield messages.LOAD_BEGIN, {"size": len(blob), "crc": zlib.crc32(blob)}
    for offset in range(0, len(blob), messages.LOAD_CHUNK):
        yield messages.LOAD_DATA, {"offset": offset, "data": blob[offset : offset + messages.LOAD_CHUNK]}
    yield messages.LOAD_END, {}


def load(blob: bytes, ask: Callable[..., Message]) -> Message:
    """Asks one request after the other until one is not taken; the last answer (ACK or REFUSED).

    `ask(layout, **fields)` sends a request and gives its answer.
    """
    for layout, fields in load_requests(blob):
        answer = ask(layout, **fields)
        if answer.type != messages.ACK[0]:
            break
    return answer


def refusal(answer: Message) -> str:
    """What a load came to: "" when the protocol was taken, else the refusal's code."""
    return "" if answer.type == messages.ACK[0] else str(refusals.NAMES[answer.fields["code"]])
