"""What the pump's refusal reads like: its place is a step, or the part of the protocol, never a record's number."""

from __future__ import annotations

import pytest

from pump.protocol import protocol as p
from pump.tables import refusals
from toleramp.errors import Refused


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("code", "where", "detail", "words"),
    [
        ("ratio-exceeded", 9, 400, "step 9: ratio-exceeded"),
        ("range", p.MONITORING, 3, "monitoring: range"),
        ("range", p.STEP, 41, "steps: range"),
        ("duplicate", p.SOLUTION, 0, "bags: duplicate"),
        ("missing", p.REACTION, 0, "reaction: missing"),
        ("missing", 3, p.SOLUTION, "step 3: missing"),
        ("unknown-key", 200, 0, "record 200: unknown-key"),
    ],
)
def test_the_place_of_a_refusal_is_in_words(code: str, where: int, detail: int, words: str) -> None:
    """Else a pharmacist looks for a step 48."""
    assert words in str(Refused(refusals.NAMES.index(code), where, detail, "the protocol"))
