"""What the pump's board says to an oximeter, by the samples that its format's reader finds in what came."""

from __future__ import annotations

from typing import Any

from oximeters.talk import Talk


class Talking:
    """The board's side of a line; a search's line (a row of tables.lines) has no reader."""

    def __init__(self, form: Any) -> None:
        """`form`: a module of oximeters, or a detection.Line."""
        self._reader: Any = form.Parser() if form.KEEP_ALIVE_MS and hasattr(form, "Parser") else None
        self._talk = Talk(form, self._reader)

    def due(self, dt_ms: int, data: bytearray, count: int) -> bytes:
        """What is said in a scan in which data[:count] came; as on the board they are read behind that."""
        said: bytes = self._talk.due(dt_ms)
        if count and self._reader is not None:
            self._reader.take(data, count)
        return said
