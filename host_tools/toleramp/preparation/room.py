"""Whether a text fits where it is to be printed: on a label nothing is cut off without a word.

Widths are those of the widest of the fonts that the labels name (DejaVu Sans), rounded up: what fits here fits there.
"""

from __future__ import annotations

import unicodedata

from toleramp.errors import UserError

MM_PER_PT = 25.4 / 72
_NARROW, _MIDDLE, _BROAD = 0.42, 0.65, 1.0  # of the letter's size
_BOLD = 1.12
_THIN = set("iljtfrI.,:;'!|()[] /-1")


def _em(letter: str) -> float:
    if letter in _THIN:
        return _NARROW
    if unicodedata.east_asian_width(letter) in "WF" or letter in "mwMW@%":
        return _BROAD
    return 0.78 if letter.isupper() else _MIDDLE


def width_mm(text: str, size_pt: float, bold: bool = False) -> float:
    """How wide a text of that size is at most, in mm."""
    return sum(map(_em, text)) * size_pt * MM_PER_PT * (_BOLD if bold else 1)


def lines_of(text: str, across_mm: float, size_pt: float, bold: bool = False) -> int:
    """How many lines a text takes at most, wrapped at blanks, long words broken anywhere."""
    lines, used = 1, 0.0
    for word in text.split():
        wide = width_mm(word + " ", size_pt, bold)
        if used and used + wide > across_mm:
            lines, used = lines + 1, 0.0
        over = int(max(wide - 1e-9, 0) / across_mm)
        lines, used = lines + over, used + wide - over * across_mm
    return lines


def demand_room(text: str, lines: int, across_mm: float, size_pt: float, where: str, bold: bool = False) -> None:
    """Raises UserError unless the text fits into so many lines."""
    needed = lines_of(text, across_mm, size_pt, bold)
    if needed > lines:
        most = max(len(text) * lines // (needed + 1), 1)
        what = f"{text[:40]!r}{'...' if len(text) > 40 else ''} does not fit on the label"
        raise UserError(what, where, f"write it shorter, about {most} characters")
