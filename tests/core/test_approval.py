"""Two people's approval as the pump checks it: without it nothing loads outside bench mode (PRO-1, SES-1)."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from core_kit import short, standard, start, state
from hypothesis import given
from hypothesis import strategies as st

from pump.base import crc
from pump.protocol import approval
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import digest, fingerprint
from toleramp_bench.boards.core_pump import CorePump

KEYS = {"afischer": bytes(range(32)), "bmeier": bytes(range(32, 64)), "clone": bytes(range(32))}
PLACES = {
    "unsigned": approval.UNSIGNED,
    "same person": approval.SAME_PERSON,
    "same key": approval.SAME_PERSON,
    "author unknown": approval.AUTHOR_UNKNOWN,
    "verifier unknown": approval.VERIFIER_UNKNOWN,
    "author's key": approval.AUTHOR_WRONG,
    "verifier's key": approval.VERIFIER_WRONG,
    "exchanged author": approval.AUTHOR_WRONG,
    "changed after": approval.AUTHOR_WRONG,
}


def signed(protocol: p.Protocol, author: str = "afischer", verifier: str = "bmeier", **keys: bytes) -> p.Protocol:
    """The protocol with both signatures; other keys than the keyring's may be named."""
    ring = {**KEYS, **keys}
    content = digest(bytearray(encode(protocol)))
    first = approval.author_mac(ring.get(author, bytes(32)), content, author)
    second = approval.verifier_mac(ring.get(verifier, bytes(32)), content, author, verifier, first)
    protocol.approval = p.Approval(author, verifier, first, second)
    return protocol


def faulty(name: str) -> p.Protocol:
    """The standard protocol with an approval that must not count."""
    protocol = signed(standard())
    if name == "unsigned":
        protocol.approval = None
    elif name == "same person":
        signed(protocol, "afischer", "afischer")
    elif name == "same key":
        signed(protocol, "afischer", "clone")
    elif name == "author unknown":
        signed(protocol, "nobody")
    elif name == "verifier unknown":
        signed(protocol, verifier="nobody")
    elif name == "author's key":
        signed(protocol, afischer=bytes(32))
    elif name == "verifier's key":
        signed(protocol, bmeier=bytes(32))
    elif name == "exchanged author":
        protocol.approval.author = "bmeier"
        protocol.approval.verifier = "afischer"
    else:
        protocol.max_hold_min += 1
    return protocol


def pump(bench: bool = False) -> CorePump:
    """A pump that holds the keyring."""
    return CorePump(100_000, bench=bench, keys=KEYS)


@pytest.mark.req("PRO-1", "SES-1")
def test_two_different_people_let_a_protocol_load_and_run() -> None:
    """Else the pump at the bedside takes nothing."""
    made = pump()
    made.load(encode(signed(standard())))
    made.scan()
    assert state(made) == "ready"
    start(made)
    assert b"BENCH" not in bytes(made.controller.display.lines)


@pytest.mark.req("PRO-1", "SES-1")
@pytest.mark.parametrize("name", PLACES)
def test_without_both_signatures_a_protocol_changes_nothing(name: str) -> None:
    """Else one person alone, or nobody, decides what is infused."""
    made = pump()
    made.load(encode(signed(standard())))
    before = made.controller.fingerprint
    other = faulty(name)
    other.name = other.name if name != "unsigned" else "another"
    with pytest.raises(ValueError, match="approval"):
        made.load(encode(other))
    assert made.events[-1]["arg"] == PLACES[name]
    assert made.controller.fingerprint == before and state(made) == "ready"


@pytest.mark.req("PRO-1")
def test_a_pump_without_keys_takes_nothing_outside_bench_mode() -> None:
    """Else a file system that was wiped opens the pump."""
    made = CorePump(100_000, bench=False)
    with pytest.raises(ValueError, match="approval"):
        made.load(encode(signed(standard())))
    for _ in range(40):
        made.scan()
    assert b"NO KEYS IN PUMP" in bytes(made.controller.display.lines)


@pytest.mark.req("PRO-1")
def test_a_bench_protocol_loads_in_bench_mode_only_and_the_screen_says_so() -> None:
    """Else a scaled protocol, whose steps are seconds, reaches a patient."""
    with pytest.raises(ValueError, match="bench-mode"):
        pump().load(encode(signed(short())))
    made = pump(bench=True)
    made.load(encode(short()))
    start(made)
    for _ in range(600):
        made.scan()
        lines = bytes(made.controller.display.lines)
        assert not lines.strip() or b"BENCH" in lines or made.now_us < 5_000_000


@pytest.mark.req("PRO-1")
def test_in_bench_mode_a_forged_signature_is_refused_all_the_same() -> None:
    """Else a forgery goes unnoticed on the bench."""
    with pytest.raises(ValueError, match="approval"):
        pump(bench=True).load(encode(faulty("verifier's key")))


@pytest.mark.req("PRO-1", "PRO-6")
def test_signing_changes_neither_digest_nor_fingerprint() -> None:
    """Else what the verifier compared is not what the screen shows."""
    plain = encode(standard())
    both = encode(signed(standard()))
    assert digest(bytearray(plain)) == digest(bytearray(both)) and plain != both
    assert fingerprint(plain) == fingerprint(both)
    content = plain[:4] + plain[6:-4]
    assert digest(bytearray(plain)) == hashlib.sha256(content).digest()


@pytest.mark.req("PRO-1", "PRO-6")
def test_every_changed_byte_of_a_signed_protocol_is_refused() -> None:
    """Else a flipped bit in the approval goes unseen; the CRC is made anew to fit."""
    blob = encode(signed(standard()))

    for at in range(6, len(blob) - crc.SIZE):
        torn = bytearray(blob)
        torn[at] ^= 1
        crc.put(torn, len(torn) - crc.SIZE)
        with pytest.raises(p.Refusal):
            approval.demand(p.decode(torn), torn, KEYS)


@pytest.mark.req("PRO-1")
@given(st.binary(max_size=64), st.binary(max_size=300))
def test_the_pumps_hmac_is_that_of_the_standard_library(key: bytes, message: bytes) -> None:
    """Else laptop and pump compute different signatures."""
    assert approval.hmac_sha256(key, message) == hmac.new(key, message, hashlib.sha256).digest()


@pytest.mark.req("PRO-1", "INT-4")
@given(st.dictionaries(st.text("abcz-9", min_size=1, max_size=24), st.binary(min_size=32, max_size=32), max_size=12))
def test_a_keyring_is_read_as_written_and_any_changed_byte_makes_it_void(keys: dict[str, bytes]) -> None:
    """Else a torn keyring lets a stranger in."""
    blob = approval.encode_keyring(keys)
    assert approval.decode_keyring(bytearray(blob)) == {name: key if any(key) else None for name, key in keys.items()}
    for at in range(len(blob)):
        torn = bytearray(blob)
        torn[at] ^= 0x10
        with pytest.raises(ValueError):
            approval.decode_keyring(torn)
