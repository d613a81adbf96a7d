"""The compiled protocol: one encoding, and the device refuses every other byte string (PRO-1)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
from core_kit import standard
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.base import crc
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import digest, fingerprint
from pump.tables import refusals
from toleramp_bench.evidence import fuzz

PARTS = ("solutions", "steps", "doses")
FIELDS = [name for name in vars(p.Protocol()) if name not in (*PARTS, "approval")]
RECORDS = p.HEAD
ROUNDS = 3_000
CODE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=10)
TEXT = st.text(st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=24)


def record_spans(blob: bytes) -> list[tuple[int, int]]:
    """Start and end of each record."""
    spans, at = [], RECORDS
    while at < len(blob) - crc.SIZE:
        spans.append((at, at + 2 + blob[at + 1]))
        at = spans[-1][1]
    return spans


def sealed(body: bytes) -> bytearray:
    """An envelope with right length and checksum around any records."""
    length = RECORDS + len(body) + crc.SIZE
    blob = bytearray(p.MAGIC + bytes((p.VERSION,)) + struct.pack("<H", length) + body + bytes(crc.SIZE))
    crc.put(blob, length - crc.SIZE)
    return blob


def refusal(blob: bytes) -> str:
    """The code with which these bytes are refused."""
    with pytest.raises(p.Refusal) as caught:
        p.decode(bytearray(blob))
    return str(caught.value.name)


def within(key: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*(st.integers(*bounds) for bounds in p._RANGES[key]))


@st.composite
def protocols(draw: st.DrawFn) -> p.Protocol:
    """Any protocol within the bounds of its fields, by mouth or not, signed or not; its rules may be broken."""
    protocol = p.Protocol()
    protocol.name, protocol.drug = draw(TEXT), draw(TEXT)
    for key in (p.KIND, p.FULL_DOSE, p.LIMITS, p.LINE, p.MONITORING, p.REACTION):
        protocol._set(key, draw(within(key)))
    if p.CLASSES[protocol.kind] == "oral":
        protocol.doses = [p.Dose(*values) for values in draw(st.lists(within(p.DOSE), min_size=1, max_size=12))]
    else:
        _bags_and_steps(draw, protocol)
    if draw(st.booleans()):
        macs = draw(st.binary(min_size=32, max_size=32)), draw(st.binary(min_size=32, max_size=32))
        protocol.approval = p.Approval(draw(TEXT), draw(TEXT), *macs)
    return protocol


def _bags_and_steps(draw: st.DrawFn, protocol: p.Protocol) -> None:
    letters = draw(st.permutations("ABCDEFGH"))[: draw(st.integers(1, p.MAX_SOLUTIONS))]
    for letter in letters:
        volume, drug = draw(st.integers(1, 3 * 10**9)), draw(st.integers(1, 10**16))
        code = f"{draw(CODE)}{letter}"  # told apart by its end
        protocol.solutions.append(p.Solution(volume, drug, letter, code, draw(st.integers(0, 50_000_000))))
    for values in draw(st.lists(within(p.STEP), min_size=1, max_size=p.MAX_STEPS)):
        protocol.steps.append(p.Step(values[0] % len(letters), *values[1:]))


def small_oral() -> p.Protocol:
    """Two doses by mouth."""
    protocol = p.Protocol()
    protocol.name, protocol.drug, protocol.kind, protocol.full_dose_pg = "By mouth", "aspirin", 2, 3 * 10**9
    protocol.doses = [p.Dose(10**9, 900_000), p.Dose(2 * 10**9, 900_000)]
    return protocol


def signed() -> p.Protocol:
    """The standard ladder with something where signatures are."""
    protocol = standard()
    protocol.approval = p.Approval("author", "verifier", bytes(range(32)), bytes(range(32, 64)))
    return protocol


@pytest.mark.req("PRO-1")
@settings(max_examples=150)
@given(protocols())
def test_what_was_written_is_what_is_read(protocol: p.Protocol) -> None:
    """Else the pump runs another plan than the one approved."""
    blob = encode(protocol)
    if len(blob) > p.PROTOCOL_MAX:
        assert refusal(blob) == "truncated"
        return
    again = p.decode(bytearray(blob))
    assert [getattr(again, name) for name in FIELDS] == [getattr(protocol, name) for name in FIELDS]
    for part in PARTS:
        assert [vars(one) for one in getattr(again, part)] == [vars(one) for one in getattr(protocol, part)]
    assert (vars(again.approval) if again.approval else None) == (
        vars(protocol.approval) if protocol.approval else None
    )
    assert encode(again) == blob


@pytest.mark.req("PRO-1", "PRO-6", "INT-4")
@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF, 0x55])
@pytest.mark.parametrize("make", [standard, small_oral, signed])
def test_every_changed_byte_is_refused(make: Callable[[], p.Protocol], change: int) -> None:
    """Else a bit flipped on the way or in memory changes a dose."""
    blob = encode(make())
    for at in range(len(blob)):
        damaged = bytearray(blob)
        damaged[at] ^= change
        assert refusal(damaged) in refusals.NAMES


@pytest.mark.req("PRO-1")
def test_cut_at_every_length_is_refused() -> None:
    """Else half a protocol runs."""
    blob = encode(standard())
    for length in range(len(blob)):
        refusal(blob[:length])
    assert refusal(blob + b"\0") == "truncated"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_missing_record_is_refused_by_name() -> None:
    """Else a limit left out is silently none."""
    blob = encode(standard())
    single = [span for span in record_spans(blob) if blob[span[0]] not in (p.SOLUTION, p.STEP)]
    for begin, end in single:
        body = blob[RECORDS:begin] + blob[end : -crc.SIZE]
        assert refusal(sealed(body)) == "missing"


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize("key", [p.SOLUTION, p.STEP])
def test_no_bag_or_no_step_is_refused(key: int) -> None:
    """Else an empty ladder counts as a plan."""
    blob = encode(standard())
    body = b"".join(blob[a:b] for a, b in record_spans(blob) if blob[a] != key)
    assert refusal(sealed(body)) == "missing"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_record_twice_is_refused() -> None:
    """Else the second of two doses wins unseen."""
    blob = encode(standard())
    for begin, end in record_spans(blob):
        if blob[begin] != p.STEP:
            body = blob[RECORDS:end] + blob[begin:end] + blob[end : -crc.SIZE]
            assert refusal(sealed(body)) == "duplicate"


@pytest.mark.req("PRO-1", "PRO-6")
def test_records_out_of_order_are_refused() -> None:
    """Else one protocol has several fingerprints."""
    blob = encode(standard())
    spans = record_spans(blob)
    for first, second in zip(spans, spans[1:], strict=False):
        if blob[first[0]] != blob[second[0]]:
            swapped = blob[second[0] : second[1]] + blob[first[0] : first[1]]
            body = blob[RECORDS : first[0]] + swapped + blob[second[1] : -crc.SIZE]
            assert refusal(sealed(body)) == "order"


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize("key", sorted(set(range(256)) - set(p._KNOWN)))
def test_an_unknown_record_is_refused(key: int) -> None:
    """Else a field that this pump does not know is ignored."""
    blob = encode(standard())
    body = blob[RECORDS : -crc.SIZE] + bytes((key, 1, 0))
    assert refusal(sealed(body)) in ("unknown-key", "order")


@pytest.mark.req("PRO-1", "PRO-6", "VIT-1")
@pytest.mark.parametrize("key", sorted(p._RANGES))
def test_a_value_outside_its_safe_range_is_refused(key: int) -> None:
    """Else a stop limit of 20 % SpO2 loads."""
    blob = encode(small_oral() if key == p.DOSE else standard())
    begin, end = next(span for span in record_spans(blob) if blob[span[0]] == key)
    layout = p.FORMATS[key]
    values = struct.unpack(layout, blob[begin + 2 : end])
    for field, (low, high) in enumerate(p._RANGES[key]):
        top = 256 ** struct.calcsize("<" + layout[1 + field]) - 1
        for value in {low - 1, high + 1, top} - {-1}:
            if high < value <= top or 0 <= value < low:
                changed = struct.pack(layout, *values[:field], value, *values[field + 1 :])
                body = blob[RECORDS : begin + 2] + changed + blob[end : -crc.SIZE]
                assert refusal(sealed(body)) in ("range", "missing")


@pytest.mark.req("PRO-1", "PRO-6")
def test_bags_and_doses_by_mouth_do_not_mix_and_an_approval_is_whole() -> None:
    """Else doses by mouth run into a vein, or half a signature counts."""
    for oral, other in ((small_oral(), standard()), (small_oral(), signed())):
        oral.solutions, other.doses = other.solutions, oral.doses
        assert refusal(encode(oral)) == refusal(encode(other)) == "oral"
    empty = small_oral()
    empty.doses = []
    assert refusal(encode(empty)) == "missing"
    blob = encode(signed())
    begin, end = next(span for span in record_spans(blob) if blob[span[0]] == p.APPROVAL)
    for payload in (b"", b"\1", blob[begin + 2 : end - 1], blob[begin + 2 : end] + b"x"):
        body = blob[RECORDS:begin] + bytes((p.APPROVAL, len(payload))) + payload
        assert refusal(sealed(body)) == "truncated"


@pytest.mark.req("PRO-1", "PRO-8")
def test_an_own_line_beyond_its_bound_and_codes_that_look_alike_are_refused() -> None:
    """Else a line holds more than its bag, or two bags show one code."""
    protocol = standard()
    protocol.solutions[1].line_nl = 50_000_001
    assert refusal(encode(protocol)) == "range"
    protocol.solutions[1].line_nl = 50_000_000
    assert p.decode(bytearray(encode(protocol))).solutions[1].line_nl == 50_000_000
    protocol.solutions[0].code, protocol.solutions[1].code = "A-12345678901", "B-12345678901"
    assert refusal(encode(protocol)) == "duplicate"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_step_of_a_bag_that_is_not_there_is_refused() -> None:
    """Else a step runs from whatever hangs."""
    protocol = standard()
    protocol.steps[4].solution = 3
    assert refusal(encode(protocol)) == "missing"


@pytest.mark.req("PRO-1", "PRO-6")
def test_two_bags_of_one_letter_and_one_step_too_many_are_refused() -> None:
    """Else the screen asks for a bag that is two."""
    protocol = standard()
    protocol.solutions[1].id = "A"
    assert refusal(encode(protocol)) == "duplicate"
    protocol = standard()
    protocol.steps += protocol.steps[-1:] * (p.MAX_STEPS + 1 - len(protocol.steps))
    assert refusal(encode(protocol)) == "range"


@pytest.mark.req("PRO-1", "INT-7")
@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_random_records_in_a_right_envelope_end_in_a_refusal(body: bytes) -> None:
    """Else a crafted protocol crashes the pump."""
    assert refusal(sealed(body)) in refusals.NAMES and refusal(body) in refusals.NAMES


@pytest.mark.req("PRO-1", "INT-7")
@settings(max_examples=300)
@given(st.data())
def test_a_spoiled_record_in_a_right_envelope_never_crashes(draw: st.DataObject) -> None:
    """Else a wrong tool crashes the pump."""
    blob = bytearray(encode(standard()))
    for _ in range(draw.draw(st.integers(1, 4))):
        blob[draw.draw(st.integers(RECORDS, len(blob) - crc.SIZE - 1))] = draw.draw(st.integers(0, 255))
    crc.put(blob, len(blob) - crc.SIZE)
    try:
        again = p.decode(blob)
    except p.Refusal:
        return
    assert encode(again) == blob


@pytest.mark.req("PRO-1")
@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_the_fingerprint_has_eight_characters_that_nobody_misreads(blob: bytes) -> None:
    """Else people compare O with 0."""
    mark = fingerprint(blob)
    assert len(mark) == 8 and not set(mark) & set("ILOU") and mark.isalnum() and mark == mark.upper()
    assert fingerprint(bytearray(blob)) == mark


@pytest.mark.req("PRO-1")
def test_the_fingerprint_is_the_first_40_bits_of_sha256_and_tells_protocols_apart() -> None:
    """Else an altered protocol shows the same eight characters."""
    import hashlib

    blob = encode(standard())
    content = hashlib.sha256(blob[:4] + blob[6:-4]).digest()  # without the length and the checksum
    assert digest(blob) == content
    number = int.from_bytes(content[:5], "big")
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    assert fingerprint(blob) == "".join(digits[number >> 35 - 5 * i & 31] for i in range(8))
    assert fingerprint(encode(signed())) == fingerprint(blob)  # signing changes what is signed by nothing
    other = standard()
    other.steps[0].rate_e4 += 1
    assert fingerprint(encode(other)) != fingerprint(blob)


@pytest.mark.req("PRO-1")
def test_decoding_leaves_the_bytes_alone() -> None:
    """Else the guard's own copy differs from what was approved."""
    blob = bytearray(encode(standard()))
    before = bytes(blob)
    protocol = p.decode(blob)
    assert bytes(blob) == before
    assert Fraction(protocol.full_dose_pg, 10**9) == 500


@pytest.mark.req("PRO-1", "INT-7")
def test_thousands_of_damaged_forms() -> None:
    """Else a crafted protocol crashes the pump, or is taken in another form than its own."""
    one = fuzz.ProtocolFuzz(Random(11))
    rounds, finding = fuzz.run(one.one, one.seen, most=ROUNDS)
    assert finding is None, (str(finding), finding.data.hex())
    assert rounds == ROUNDS and one.seen["accepted"] > 300 and len(one.seen) >= 9, one.seen


@pytest.mark.req("PRO-8", "PRO-1")
@pytest.mark.parametrize("code", ["TLR-Ä-0001", "T\x7f1", "µg", "   ", "T→1"])
def test_a_code_that_the_screen_cannot_show_is_refused(code: str) -> None:
    """Else nobody can pick it, or two look the same."""
    protocol = standard()
    protocol.solutions[0].code = code
    assert refusal(encode(protocol)) == "range"


@pytest.mark.req("PRO-8", "PRO-6")
@pytest.mark.parametrize("code", ["TLR-A-OOO2", "tlr-a-0002", "TLR-A-0002 ", "TLR-A-0002"])
def test_two_codes_that_look_the_same_are_refused(code: str) -> None:
    """Else the label that is read is another bag's."""
    protocol = standard()
    protocol.solutions[0].code, protocol.solutions[1].code = "TLR-A-0002", code
    assert refusal(encode(protocol)) == "duplicate"
