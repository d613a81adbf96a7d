"""Damaged lines of every oximeter format: what is believed, and how soon the right readings are back (VIT-3, INT-7)."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from oximeter_kit import FORMS, Sample, per_reading, read, stream, sure, vectors, wanted

from oximeters.nonin_df2 import FRAMES, RATE_AGREE, SPO2_AGREE
from oximeters.registry import parser as parser_of
from toleramp_bench.devices import bci5, contec9
from toleramp_bench.evidence import oximeter_lines as lines
from toleramp_bench.evidence.fuzz import Finding
from toleramp_bench.evidence.fuzz import run as run_fuzz

CHECKSUM = lines.CHECKED
# By how much a wrong reading may be wrong, and the share of all single damages (a byte deleted or doubled, a bit
# flipped) that may give one: what the rule of two of three lets pass, none where more than half of a block must agree.
LET_PASS = {
    "nonin-df2": (0, 0, 0.0), "nonin-df7": (0, 0, 0.0), "bci5": (0, 0, 0.0), "contec9": (0, 0, 0.0),
    "nonin-df1": (4, 15, 0.24), "nonin-df8": (4, 15, 0.18), "masimo-ascii": (4, 15, 0.006),
    "nellcor-ascii": (6, 20, 0.012), "nonin-ascii": (4, 15, 0.025),
}  # fmt: skip
SPO2, PULSE = 95, 128
FUZZ_BYTES = 250_000  # a format, less than a second; ten minutes each in `make evidence`
SIZES = {"bci5": bci5.SIZE, "contec9": contec9.SIZE}


def damages(packet: bytes, at: int) -> Iterator[bytes]:
    """The packet with the byte at `at` deleted, doubled, flipped in each bit."""
    head, byte, tail = packet[:at], packet[at], packet[at + 1 :]
    yield head + tail
    yield head + bytes((byte, byte)) + tail
    for bit in range(8):
        yield head + bytes((byte ^ 1 << bit,)) + tail


def places(form: str, packet: bytes) -> range:
    """Each byte of the packet; of a frame like all others the bytes of a few will do."""
    return range(2 * len(packet) // 20 if form in ("bci5", "contec9") else len(packet))


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", FORMS)
def test_what_one_spoiled_byte_makes_the_pump_believe(form: str) -> None:
    """Else line noise stops the drug, or hides a desaturation; or a bad cable makes the pump blind."""
    per = per_reading(form)
    packets = stream(form, 5 * per + 3, SPO2, PULSE)
    middle = packets[2 * per]
    wrong: list[tuple[int, int]] = []
    tried = 0
    for at in places(form, middle):
        for spoiled in damages(middle, at):
            parser = parser_of(form)
            before = lines.readings(parser, b"".join(packets[: 2 * per]))
            hit = lines.readings(parser, spoiled)
            behind = [lines.readings(parser, packet) for packet in packets[2 * per + 1 :]]
            found = sure(before + hit + [each for some in behind for each in some])
            wrong += [each for each in found if each != (SPO2, PULSE)]
            tried += 1
            back = [each for some in behind[: lines.BACK_WITHIN * per] for each in some]
            assert (SPO2, PULSE) in sure(back), (at, spoiled)
            assert set(sure([each for some in behind[lines.BACK_WITHIN * per :] for each in some])) == {(SPO2, PULSE)}
    off_spo2, off_pulse, share = LET_PASS[form]
    print(f"{form}: {len(wrong)} wrong readings of {tried} damages ({len(wrong) / tried:.3f})")
    assert len(wrong) <= share * tried
    assert all(abs(spo2 - SPO2) <= off_spo2 and abs(pulse - PULSE) <= off_pulse for spo2, pulse in wrong)


def some_damages(data: bytes, most: int) -> Iterator[bytes]:
    """At most so many damages of the data, spread over all its bytes and kinds."""
    step = max(1, len(data) * 10 // most) | 1
    for number in range(0, len(data) * 10, step):
        yield list(damages(data, number // 10))[number % 10]


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", [form for form in FORMS if form != "nonin-ascii"])
def test_damaged_reference_vectors(form: str, shared_folder: Path) -> None:
    """Else the encoder of our own hides what real bytes do. Of long vectors a part of all damages."""
    near_spo2, near_pulse, _ = LET_PASS[form]
    for row in vectors(shared_folder, form):
        data = row["data"]
        if form in ("bci5", "contec9"):
            data = data[: len(data) if len(data) > 99 else SIZES[form]]
        around = data * (1 if len(data) > 99 else 20)
        for spoiled in some_damages(data, 200 if len(data) > 99 else 400):
            found = sure(read(form, around + spoiled + around, 3 if len(data) < 99 else 25))
            for spo2, pulse in found:
                assert any(
                    abs(spo2 - right[0]) <= near_spo2 and abs(pulse - right[1]) <= near_pulse for right in wanted(row)
                ), (row["id"], spoiled, spo2, pulse)


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", ["bci5", "contec9"])
def test_more_than_half_of_a_block_must_say_so(form: str) -> None:
    """Else one frame that nothing protects is a reading."""
    frames = b"".join(stream(form, 12))
    size = len(frames) // 240
    other = b"".join(stream(form, 1, 65, 140))[:size]
    for hit in (1, 7, 8):
        mixed = bytearray(frames)
        for k in range(hit):  # all in the second block, three frames lock
            at = (3 + 15 + 2 * k % 15) * size
            mixed[at : at + size] = other
        found = sure(read(form, bytes(mixed)))
        assert found[1] == ((97, 72) if hit < 8 else (65, 140))
        assert set(found[:1] + found[2:]) == {(97, 72)}


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", CHECKSUM)
def test_300_000_frames_with_a_percent_of_all_bytes_wrong(form: str) -> None:
    """Else a bad cable makes up values; ten million frames are in `make evidence`."""
    found = lines.error_run(form, 300_000)
    print(f"{form}: {found.wrong} of {found.delivered} wrong, {found.expected:.3f} by formula")
    assert found.wrong == 0 and found.expected < 0.1
    packets = 300_000 // FRAMES
    assert found.delivered > 0.2 * packets  # a quarter of all packets has no wrong byte


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("most", [SPO2_AGREE, RATE_AGREE])
def test_the_formula_is_that_of_the_count(most: int) -> None:
    """Else the rate that is stated for what the sum does not see is not the rate that is."""
    random, passed, tries = Random(3), 0, 300_000
    for _ in range(tries):
        value, other = random.randrange(256), random.randrange(256)
        off = lines.another(value, random) - value
        apart = lines.another(other, random) - other
        passed += not (off + apart) % 256 and 0 < min(off % 256, -off % 256) <= most
    assert abs(passed / tries / lines.unseen(most) - 1) < 0.1
    assert 0 < lines.expected_wrong("nonin-df2", 10**7, 0.01) < lines.expected_wrong("nonin-df7", 10**7, 0.01) < 2


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", FORMS)
def test_one_lost_byte_at_random_places(form: str) -> None:
    """Else a reader that skips whole frames is blind for a minute."""
    count = 1_000 if form in ("bci5", "contec9", "masimo-ascii") else 2_000
    lost = lines.resync_run(form, count)
    print(f"{form}: {len(lost)} lost bytes, median {statistics.median(lost)}, worst {lost[-1]} packets")
    assert len(lost) == count and lost[-1] <= (1 if form in ("nonin-df1", "nonin-df8") else 0)


@pytest.mark.req("VIT-3", "INT-7")
@pytest.mark.parametrize("form", FORMS)
def test_noise_ends_with_the_noise(form: str) -> None:
    """Else noise crashes the reader, holds it in a false lock, or fills its memory."""
    fuzz, finding = lines.LineFuzz(form, Random(5)), None
    while finding is None and fuzz.seen["bytes"] < FUZZ_BYTES:
        _, finding = run_fuzz(fuzz.one, fuzz.seen, most=10)
    assert finding is None and fuzz.seen["sure readings accepted"] > 1_000


@pytest.mark.req("VIT-3", "INT-7")
@pytest.mark.parametrize("form", FORMS)
def test_noise_alone_is_no_patient_and_takes_no_memory(form: str) -> None:
    """Else an open line fills the memory or invents a patient."""
    parser, random = parser_of(form), Random(11)
    size = len(parser.buf)
    found: list[Sample] = []
    for _ in range(1_500):
        found += lines.readings(parser, random.randbytes(16), 16)
    believed = len(sure(found))
    print(f"{form}: {believed} of 24,000 bytes of noise were believed")
    # Without a checksum: three bytes fit, twice, near each other.
    assert believed <= {"nonin-df1": 60, "nonin-df8": 60}.get(form, 0)
    assert len(parser.buf) == size and parser.rejected > 10_000


@pytest.mark.req("VIT-3")
def test_the_fuzzer_finds_a_reader_that_stays_in_a_false_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the fuzzers pass whatever the readers do."""
    from oximeters.nonin_df8 import Parser

    monkeypatch.setattr(Parser, "size", 3)
    fuzz = lines.LineFuzz("nonin-df8", Random(5))
    assert isinstance(run_fuzz(fuzz.one, fuzz.seen, most=80)[1], Finding)


@pytest.mark.req("INT-7")
def test_the_fuzzer_finds_a_reader_that_keeps_what_it_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else memory that grows on the pump's line is found by a patient."""
    from oximeters.nellcor_ascii import Parser

    monkeypatch.setattr(Parser, "forget", lambda self: self.buf.append(0))
    fuzz = lines.LineFuzz("nellcor-ascii", Random(5))
    finding = run_fuzz(fuzz.one, fuzz.seen, most=80)[1]
    assert isinstance(finding, Finding) and "memory" in str(finding)
