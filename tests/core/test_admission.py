"""What a pump takes: two people's approval or bench mode, and every rule, whoever has signed (PRO-1)."""

from __future__ import annotations

import pytest
from core_kit import standard
from test_approval import KEYS, signed

from pump.base import crc
from pump.protocol import approval
from pump.protocol import protocol as p
from pump.protocol.admission import admit
from pump.protocol.encoding import encode
from pump.tables import refusals

FORTY = {f"person-{number}": bytes([number] * 32) for number in range(1, 41)}


def refused(protocol: p.Protocol, bench: bool, keys: dict[str, bytes | None] | None = None) -> str:
    """The name of the refusal; empty: it is taken."""
    try:
        admit(protocol, bytearray(encode(protocol)), bench, KEYS if keys is None else keys)
    except p.Refusal as refusal:
        return refusal.name
    return ""


def tenfold() -> p.Protocol:
    """Its second step is ten times as fast: the dose rate rises too far."""
    protocol = standard()
    protocol.steps[1].rate_e4 *= 10
    protocol.steps[1].volume_nl *= 10
    return protocol


@pytest.mark.req("PRO-1", "PRO-2", "SES-1")
@pytest.mark.parametrize("bench", [False, True])
def test_no_signature_and_no_bench_excuses_from_a_rule(bench: bool) -> None:
    """Else two people's slip, or a bench, gives ten times the dose rate."""
    assert refused(signed(standard()), bench) == ""
    assert refused(signed(tenfold()), bench) not in ("", refusals.NAMES[refusals.APPROVAL])


@pytest.mark.req("SES-1", "PRO-9")
def test_outside_the_bench_nothing_is_taken_that_nobody_signed() -> None:
    """Else a pump at a bed runs what a laptop has made."""
    bench_kind = standard()
    bench_kind.kind = p.BENCH
    assert refused(standard(), False) == refused(signed(standard()), False, {}) == refusals.NAMES[refusals.APPROVAL]
    assert refused(signed(bench_kind), False) == refusals.NAMES[refusals.BENCH_MODE]
    assert refused(standard(), True) == ""
    wrong = signed(standard(), clone=bytes(32))
    wrong.approval = p.Approval("afischer", "bmeier", bytes(32), bytes(32))
    assert refused(wrong, True) == refusals.NAMES[refusals.APPROVAL] and refused(wrong, True, {}) == ""


@pytest.mark.req("PRO-1", "SES-12")
def test_forty_people_are_read_and_forty_one_are_not() -> None:
    """Else a keyring takes more memory than there is."""
    assert approval.decode_keyring(bytearray(approval.encode_keyring(FORTY))) == FORTY
    more = bytearray(approval.encode_keyring({**FORTY, "one more": bytes([41] * 32)}))
    with pytest.raises(ValueError, match="a person"):
        approval.decode_keyring(more)


@pytest.mark.req("PRO-1", "INT-4")
def test_what_is_too_short_for_a_keyring_is_none() -> None:
    """Else what is left of a torn one is an exception, and the pump starts anew for ever."""
    empty = bytearray(approval.encode_keyring({}))
    assert approval.decode_keyring(empty) == {}
    for size in range(len(empty)):
        with pytest.raises(ValueError, match="not a keyring"):
            approval.decode_keyring(empty[:size])


@pytest.mark.req("PRO-1", "INT-4")
def test_a_person_cut_off_is_no_person() -> None:
    """Else a key that lacks its end opens the pump."""
    whole = approval.encode_keyring({"afischer": KEYS["afischer"]})
    for gone in range(1, approval.KEY_BYTES + 9):
        torn = bytearray(whole[: len(whole) - crc.SIZE - gone]) + bytes(crc.SIZE)
        torn[4:6] = len(torn).to_bytes(2, "little")
        crc.put(torn, len(torn) - crc.SIZE)
        with pytest.raises(ValueError):
            approval.decode_keyring(torn)


def versioned(version: int) -> bytearray:
    """A keyring that says it is of that version."""
    blob = bytearray(approval.encode_keyring(KEYS))
    blob[3] = version
    crc.put(blob, len(blob) - crc.SIZE)
    return blob


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize(("version", "known"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_keyring_of_a_later_version_is_not_guessed_at(version: int, known: bool) -> None:
    """Else a key that was revoked in a way this firmware does not know still opens the pump."""
    assert approval.encode_keyring(KEYS)[3] == 2
    if known:
        assert approval.decode_keyring(versioned(version)) == KEYS
        return
    with pytest.raises(ValueError, match="another version"):
        approval.decode_keyring(versioned(version))


@pytest.mark.req("PRO-1", "SES-12")
def test_an_id_has_twenty_four_letters_at_the_most() -> None:
    """Else a record has no room for who it was."""
    for letters, taken in ((24, True), (25, False)):
        ring = {"a" * letters: KEYS["afischer"]}
        blob = bytearray(approval.encode_keyring(ring))
        if taken:
            assert approval.decode_keyring(blob) == ring
        else:
            with pytest.raises(ValueError, match="a person"):
                approval.decode_keyring(blob)
