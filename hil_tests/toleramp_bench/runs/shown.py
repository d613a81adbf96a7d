"""What stood on the pump's screen and came from its buzzer, and when: kept only where a scenario asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from toleramp_bench.scenario.words import LINE

_PRINTABLE = range(32, 127)


def lines_of(text: bytes) -> list[str]:
    """The four lines of a screen's 64 characters; what is drawn inverted, or as a bar, reads as text and blanks."""
    plain = "".join(chr(byte & 127) if byte & 127 in _PRINTABLE else " " for byte in text)
    return [plain[at : at + LINE].rstrip() for at in range(0, len(plain), LINE)]


@dataclass
class Shown:
    """`faces`: (time in us, 64 characters), `tones`: (time in us, Hz, 0 for silence); each time that it changed."""

    faces: list[tuple[int, bytes]] = field(default_factory=list)
    tones: list[tuple[int, int]] = field(default_factory=list)

    def look(self, t_us: int, face: bytes, tone_hz: int) -> None:
        """What is there now."""
        if not self.faces or self.faces[-1][1] != face:
            self.faces.append((t_us, face))
        if not self.tones or self.tones[-1][1] != tone_hz:
            self.tones.append((t_us, tone_hz))

    def with_text(self, text: str, from_us: int, to_us: int) -> Iterator[int]:
        """When in that time a line bore the text: the beginning of each stretch, or of the time."""
        for t_us, face in _in_time(self.faces, from_us, to_us):
            if any(text in line for line in lines_of(face)):
                yield t_us

    def with_tone(self, from_us: int, to_us: int) -> Iterator[int]:
        """When in that time it sounded: the same."""
        for t_us, tone_hz in _in_time(self.tones, from_us, to_us):
            if tone_hz:
                yield t_us


def _in_time(changes: list[tuple[int, Any]], from_us: int, to_us: int) -> Iterator[tuple[int, Any]]:
    """What stood there in that time, each with its beginning in it."""
    for number, (t_us, what) in enumerate(changes):
        end_us = changes[number + 1][0] if number + 1 < len(changes) else to_us + 1
        if end_us > from_us and t_us <= to_us:
            yield max(t_us, from_us), what
