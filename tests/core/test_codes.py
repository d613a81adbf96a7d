"""Codes of bags are compared as eyes see them (PRO-8): one rule for pump and laptop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.protocol.codes import alike, can_show, folded

shown = st.binary(max_size=24).map(lambda code: bytes(32 + c % 95 for c in code))


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (b"TLR-A-0001", b"TLR-A-OOO1"),
        (b"TLR-A-0001", b"tlr-a-0001"),
        (b"TLR-A-0001", b"TLR-A-000l"),
        (b"TLR-A-0001", b"TLR-A-000I"),
        (b"T-1", b"T-1 "),
        (b"T-1", b"T - 1"),
        (b"T-1", b"T-1\r\n"),
        (b"BAG 10", b"bag lo"),
    ],
)
def test_codes_that_look_alike_are_alike(a: bytes, b: bytes) -> None:
    """Else two bags that nobody can tell apart are two to the pump, or the right bag is called wrong."""
    assert alike(a, b) and alike(b, a)


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize(
    ("a", "b"),
    [(b"TLR-A-0001", b"TLR-B-0001"), (b"T-1", b"T-11"), (b"T-1", b"T-2"), (b"T-1", b"T1"), (b"T-1", b""), (b"8", b"B")],
)
def test_codes_that_differ_to_the_eye_differ(a: bytes, b: bytes) -> None:
    """Else the wrong bag is taken for the right one."""
    assert not alike(a, b)


@pytest.mark.req("PRO-8")
@given(shown)
def test_folding_twice_changes_nothing_and_a_code_is_alike_itself(code: bytes) -> None:
    """Else whether two codes are alike hangs on who asks."""
    assert folded(folded(code)) == folded(code) and alike(code, code) and alike(code, code.lower())


@pytest.mark.req("PRO-8")
@given(shown, st.integers(0, 25), st.integers(0, 255))
def test_one_other_character_is_another_code(code: bytes, at: int, c: int) -> None:
    """Else folding swallows more than what looks alike."""
    if at < len(code):
        other = code[:at] + bytes((c,)) + code[at + 1 :]
        assert alike(code, other) == (folded(code[at : at + 1]) == folded(bytes((c,))))


@pytest.mark.req("PRO-8")
def test_what_the_screen_cannot_show_is_no_code() -> None:
    """Else the code on the screen is not the one on the label."""
    assert can_show(b"TLR A-0001") and can_show(bytes(range(33, 127)))
    assert not can_show("Beutel Ä".encode()) and not can_show(b"\tA") and not can_show(b"A\x7f")
    assert not can_show(b"") and not can_show(b"   ")
