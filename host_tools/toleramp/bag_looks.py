"""How the bags of a protocol are told apart at a glance: a colour and a pattern each, in their order, on every page.

The colour-blind can tell the colours apart (after Okabe and Ito); a printer without colour leaves the pattern.
"""

from __future__ import annotations

from dataclasses import dataclass

SPACE = 6  # of a pattern that repeats, in units of its picture


@dataclass(frozen=True)
class Look:
    """Pale tint of an area, strong colour of a mark, the pattern's strokes (SVG path) and its name in matplotlib."""

    tint: str
    colour: str
    strokes: str
    hatch: str


LOOKS = (
    Look("#E3EEF7", "#0072B2", "", ""),
    Look("#F8EBD8", "#B36A00", "M0 6L6 0", "///"),
    Look("#E2F1EA", "#007A5A", "M0 3H6", "---"),
    Look("#F3E6F0", "#A3447F", "M0 0L6 6M0 6L6 0", "xxx"),
    Look("#F4F2D6", "#6B6300", "M3 0V6", "|||"),
    Look("#E8E8E8", "#333333", "M3 0V6M0 3H6", "+++"),
    Look("#E6E0F5", "#5B3FA8", "M0 0L6 6", "\\\\\\"),
    Look("#FBE3DF", "#B3261E", "M3 2V4M2 3H4", "..."),
)


def look_of(index: int) -> Look:
    """The look of a bag by its place in the protocol, from 0."""
    return LOOKS[index % len(LOOKS)]


def mark_svg(index: int, name: str) -> str:
    """A field of the bag's colour and pattern as inline SVG; `name` is unique on the page."""
    look = look_of(index)
    pattern = f'<pattern id="{name}" width="{SPACE}" height="{SPACE}" patternUnits="userSpaceOnUse">'
    strokes = f'<path d="{look.strokes}" stroke="#fff" stroke-width="1.6" fill="none"/>' if look.strokes else ""
    fill = f'<rect width="{SPACE}" height="{SPACE}" fill="{look.colour}"/>{strokes}</pattern>'
    box = f'<rect width="100%" height="100%" fill="url(#{name})"/>'
    return f'<svg class="mark" aria-hidden="true"><defs>{pattern}{fill}</defs>{box}</svg>'
