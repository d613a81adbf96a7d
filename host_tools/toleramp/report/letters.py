"""The letters that printed pages can show: no name stands there as empty boxes, or back to front.

A browser chooses fonts, and sets scripts that run from the right, by itself: pages of HTML need none of this.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from matplotlib.font_manager import FontProperties, fontManager, get_font

from toleramp.errors import UserError

FIRST = "DejaVu Sans"  # comes with matplotlib: Latin, Greek, Cyrillic
# Chinese, Japanese and Korean signs, as systems bring them (Debian's fonts-noto-cjk, Windows, macOS).
FURTHER = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Source Han Sans",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "Yu Gothic",
    "Malgun Gothic",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Arial Unicode MS",
)
_FROM_RIGHT = ("R", "AL")  # unicodedata.bidirectional: letters that matplotlib would set from the left, unjoined


@cache
def families() -> tuple[str, ...]:
    """The fonts to draw with, in the order in which a sign is looked for: those of the list that are installed."""
    installed = {font.name for font in fontManager.ttflist}
    return (FIRST, *(name for name in FURTHER if name in installed))


@cache
def _signs(family: str) -> frozenset[int]:
    return frozenset(get_font(fontManager.findfont(FontProperties(family=[family]))).get_charmap())


def unknown(text: str) -> str:
    """The first sign that would come out as a box, or from the wrong end; "" when all are right."""
    for sign in text:
        if unicodedata.bidirectional(sign) in _FROM_RIGHT:
            return sign
        if sign.isprintable() and not any(ord(sign) in _signs(family) for family in families()):
            return sign
    return ""


def demand_known(text: str, remedy: str) -> None:
    """Raises UserError, with `remedy` in it, for a text that could not be read as it is written."""
    sign = unknown(text)
    if sign:
        what = f'no font of this computer can print "{sign}" (U+{ord(sign):04X}) in a PDF'
        raise UserError(what, f'"{text}"', remedy)
