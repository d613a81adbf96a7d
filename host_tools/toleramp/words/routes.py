"""How single doses are given, as a protocol's route says it: "by mouth" is one way of several."""

from __future__ import annotations

from typing import Any

BY_MOUTH = "by mouth"
# Words that people write for a route, in small letters, points left out -> how a dose is given.
WAYS = {
    word: way
    for way, words in {
        BY_MOUTH: "po oral orally mouth",
        "under the skin": "sc sq subq subcut subcutaneous subcutaneously",
        "into the skin": "id intradermal intradermally",
        "into the muscle": "im intramuscular intramuscularly",
        "under the tongue": "sl sublingual sublingually",
        "into the vein by hand": "iv intravenous intravenously",
        "by inhalation": "inh inhaled inhalation neb nebulised nebulized",
        "into the nose": "in nasal intranasal",
        "through a tube": "ng peg tube",
    }.items()
    for word in words.split()
}


def way_of(content: dict[str, Any]) -> str:
    """How a file's single doses are given; the route as it stands where it is none of these."""
    head = content.get("protocol")
    route = head.get("route") if isinstance(head, dict) else None
    if not isinstance(route, str) or not route.strip():
        return BY_MOUTH  # class "oral" says so
    return WAYS.get(route.replace(".", "").strip().casefold(), f"by route {route.strip()}")


def doses_words(way: str) -> str:
    """What such doses are called: "doses by mouth", "single doses (under the skin)"."""
    return "doses by mouth" if way == BY_MOUTH else f"single doses ({way})"
