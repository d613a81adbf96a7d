"""The oximeter's line (Nonin data format 2): never a wrong value, back within two packets (VIT-2, VIT-3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from df2 import ARTIFACT, DISCONNECT, GREEN, OUT_OF_TRACK, SENSOR_ALARM, Packet
from hypothesis import given, settings
from hypothesis import strategies as st

from oximeters.nonin_df2 import DISTURBED_PACKETS, Parser
from oximeters.registry import parser as make_parser
from pump.tables import messages as m
from pump.tables import vitals

Sample = tuple[int, int, int]
UNSURE = vitals.DEGRADED | vitals.ARTIFACT


def read(line: bytes, chunk: int = 1, parser: Parser | None = None) -> list[Sample]:
    """All samples (spo2, pulse, flags) of a line that arrives in chunks."""
    parser = parser or make_parser("nonin-df2")
    samples = []
    for at in range(0, len(line), chunk):
        piece = bytearray(line[at : at + chunk])
        if parser.take(piece, len(piece)):
            samples.append((parser.spo2, parser.pulse, parser.flags))
    return samples


def sure(samples: list[Sample]) -> list[tuple[int, int]]:
    """The values that count: valid, agreed, without artifact."""
    return [(spo2, pulse) for spo2, pulse, flags in samples if flags & vitals.VALID and not flags & UNSURE]


def countless(count: int, first: int = 0) -> bytes:
    """So many packets of a module without a counter; its pleth goes on."""
    return b"".join(Packet(counter=0, wave=first + n).encode() for n in range(count))


def stream(count: int, first: int = 1, **values: Any) -> bytes:
    """So many packets, their counter going on."""
    return b"".join(Packet(counter=first + n, **values).encode() for n in range(count))


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("rate", [1, 30, 63, 64, 127, 128, 140, 255, 256, 300, 321])
def test_rates_beyond_seven_bits(rate: int) -> None:
    """Else a rate of 140 reads as 12."""
    assert sure(read(stream(3, rate=rate))) == [(97, rate)] * 3


@pytest.mark.req("VIT-3", "VIT-2")
@pytest.mark.parametrize(
    ("spo2", "valid"), [(0, False), (1, True), (100, True), (101, False), (126, False), (127, False)]
)
def test_spo2_at_the_edges(spo2: int, valid: bool) -> None:
    """Else "missing" is taken for 127 %."""
    samples = read(stream(2, spo2=spo2))
    assert len(samples) == 2
    assert sure(samples) == ([(spo2, 72)] * 2 if valid else [])
    assert valid or all(spo2 == m.NONE8 for spo2, _, _ in samples)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("spo2", "rate"), [(None, 72), (97, None), (None, None), (97, 0)])
def test_a_missing_value_is_never_valid(spo2: int | None, rate: int | None) -> None:
    """Else half a reading keeps the drug flowing."""
    assert sure(read(stream(3, spo2=spo2, rate=rate))) == []


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(
    ("status", "flag"),
    [
        (OUT_OF_TRACK, vitals.OUT_OF_TRACK),
        (SENSOR_ALARM, vitals.SENSOR_OFF),
        (DISCONNECT, vitals.SENSOR_OFF),
        (OUT_OF_TRACK | SENSOR_ALARM, vitals.SENSOR_OFF),
    ],
)
def test_values_under_a_sensor_flag_do_not_count(status: int, flag: int) -> None:
    """Else the last reading of a fallen probe stays good."""
    samples = read(stream(3, status=status))
    assert sure(samples) == []
    assert all(flags & flag and not flags & vitals.VALID for _, _, flags in samples)


@pytest.mark.req("VIT-2")
def test_finger_off_while_the_display_still_shows_a_value() -> None:
    """Else ten seconds of an old 97 % are delivered after the finger is gone."""
    held = stream(3, spo2=None, rate=None, display=97, display_rate=72)
    assert sure(read(held)) == []
    assert sure(read(stream(2) + stream(3, 3, spo2=None, rate=None, display=97, display_rate=72))) == [(97, 72)] * 2


@pytest.mark.req("VIT-1", "VIT-2")
def test_artifact_is_passed_on_as_doubt() -> None:
    """Else a movement counts as a sure reading."""
    assert all(flags & vitals.ARTIFACT for _, _, flags in read(stream(3, status=ARTIFACT)))


@pytest.mark.req("VIT-2")
def test_a_disturbed_beat_counts_until_the_next_one_is_seen() -> None:
    """Else at 72 a minute, each beat disturbed, one packet in three has no mark and is a good reading."""
    beat, rest = GREEN, 0
    parts = [(1, beat | ARTIFACT), (2, rest), (1, beat), (2, rest), (1, beat | ARTIFACT), (DISTURBED_PACKETS + 1, rest)]
    line, number = b"", 1
    for count, status in parts:
        line += stream(count, first=number, status=status)
        number += count
    doubt = [bool(flags & vitals.ARTIFACT) for _, _, flags in read(line)]
    assert doubt == [True] * 3 + [False] * 3 + [True] * DISTURBED_PACKETS + [False] * 2


@pytest.mark.req("VIT-2")
def test_a_counter_that_stops_is_frozen() -> None:
    """Else a hung oximeter repeats its last good packet for ever."""
    line = stream(3) + Packet(counter=3).encode() * 5
    samples = read(line)
    assert len(samples) == 8 and len(sure(samples)) == 3
    assert all(flags & vitals.FROZEN for _, _, flags in samples[3:])
    assert sure(read(line + stream(2, 4)))[3:] == [(97, 72)] * 2


@pytest.mark.req("VIT-2")
def test_a_module_without_a_counter_is_not_frozen() -> None:
    """Else an older module never starts."""
    assert len(sure(read(countless(60)))) == 60


@pytest.mark.req("VIT-2")
def test_a_pleth_without_any_movement_is_frozen_after_three_seconds() -> None:
    """Else a stuck sensor with a running counter counts as a patient."""
    samples = read(stream(12, still=True))
    assert all(flags & vitals.FROZEN and not flags & vitals.VALID for _, _, flags in samples[8:])
    assert not samples[7][2] & vitals.FROZEN


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize(
    ("values", "agrees"),
    [
        ({"fast": 91}, True), ({"fast": 90}, False), ({"extended": 91}, True), ({"extended": 90}, False),
        ({"extended_rate": 92}, True), ({"extended_rate": 93}, False), ({"extended_rate": 51}, False),
        ({"fast": 127}, True), ({"extended": 127}, True), ({"fast": 127, "extended": 127}, False),
        ({"extended_rate": 511}, False), ({"fast": 127, "extended": 127, "extended_rate": 511}, False),
    ],
)  # fmt: skip
def test_values_that_disagree_are_degraded(values: dict[str, int], agrees: bool) -> None:
    """Else one wrong byte with a lucky sum is a wrong SpO2. What is missing agrees with nothing."""
    samples = read(stream(2, **values))
    assert [bool(flags & vitals.DEGRADED) for _, _, flags in samples] == [not agrees] * 2


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("cut", range(125))
def test_starting_anywhere_in_a_packet(cut: int) -> None:
    """Else plugging in at a bad moment shifts every value."""
    samples = sure(read(stream(1, spo2=88, rate=60)[cut:] + stream(3, 2)))
    assert samples[-3:] == [(97, 72)] * 3
    assert samples[:-3] == ([(88, 60)] if not cut else [])


@pytest.mark.req("VIT-3")
@settings(max_examples=60)
@given(st.integers(1, 60))
def test_the_size_of_the_pieces_does_not_matter(chunk: int) -> None:
    """Else a busy scan loses packets."""
    expected = [(97, 72)] * (1 + 500 // 125)
    assert sure(read(stream(5), chunk)) == expected


def damaged(packet: bytes, at: int, damage: str) -> list[bytes]:
    """The packet with the byte at `at` deleted, doubled, flipped in each bit, or with one inserted before it."""
    head, byte, tail = packet[:at], packet[at], packet[at + 1 :]
    if damage == "deleted":
        return [head + tail]
    if damage == "doubled":
        return [head + bytes((byte, byte)) + tail]
    if damage == "inserted":
        return [head + bytes((other, byte)) + tail for other in (0, 1, 6, 0x80, 0x81, 0xFF)]
    return [head + bytes((byte ^ 1 << bit,)) + tail for bit in range(8)]


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("damage", ["deleted", "doubled", "flipped", "inserted"])
def test_one_spoiled_byte_never_gives_a_wrong_value_and_costs_two_packets_at_most(damage: str) -> None:
    """Else line noise stops the drug, or hides a desaturation."""
    around, middle = [(97, 72)] * 2, Packet(spo2=95, rate=128, counter=3).encode()
    allowed = {(97, 72), (95, 128)}
    for at in range(len(middle)):
        for spoiled in damaged(middle, at, damage):
            samples = sure(read(stream(2) + spoiled + stream(3, 4), 5))
            assert set(samples) <= allowed, (at, spoiled.hex())
            assert samples[:2] == around and samples[-2:] == around
            assert len(samples) >= 4


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("lost", range(25))
def test_a_lost_frame_drops_its_packet(lost: int) -> None:
    """Else the values behind it move up a place and mean something else."""
    frames = Packet(spo2=95, rate=96, counter=3).frames()
    del frames[lost]
    samples = sure(read(stream(2) + b"".join(frames) + stream(2, 4)))
    assert set(samples) <= {(97, 72)} and len(samples) >= 3


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("answer", [b"\x06", b"\x15"])
def test_an_answer_between_two_frames_costs_nothing(answer: bytes) -> None:
    """Else each acknowledgement loses a packet."""
    frames = Packet(counter=3).frames()
    for at in range(26):
        line = stream(2) + b"".join(frames[:at]) + answer + b"".join(frames[at:]) + stream(2, 4)
        assert sure(read(line, 7)) == [(97, 72)] * 5


@pytest.mark.req("VIT-3", "INT-7")
@settings(max_examples=100)
@given(st.binary(max_size=700))
def test_noise_gives_no_value_no_growth_and_the_line_comes_back(noise: bytes) -> None:
    """Else an open line fills the memory or invents a patient."""
    parser = Parser()
    size = len(parser.buf)
    assert sure(read(noise, 64, parser)) == []
    assert len(parser.buf) == size
    assert sure(read(stream(4), 25, parser))[-2:] == [(97, 72)] * 2
    assert not noise[10:] or parser.rejected


@pytest.mark.req("VIT-3")
def test_an_unknown_format_is_refused_by_name() -> None:
    """Else a wrong setting reads nothing for ever."""
    with pytest.raises(ValueError, match="nellcor"):
        make_parser("nellcor")


@pytest.mark.req("VIT-2", "VIT-3")
def test_the_reference_vectors(shared_folder: Path) -> None:
    """Else a real device reads otherwise than its maker wrote."""
    text = (shared_folder / "oximeters" / "vectors.json").read_text(encoding="utf-8")
    vectors = [v for v in json.loads(text)["vectors"] if v["format"] == "nonin-df2" and "samples" in v]
    assert vectors
    for vector in vectors:
        wanted = [
            (m.NONE8 if s["spo2"] is None else s["spo2"], m.NONE16 if s["pulse"] is None else s["pulse"])
            for s in vector["samples"]
        ]
        got = read(bytes.fromhex(vector["hex"]), 3)
        assert [(spo2, pulse) for spo2, pulse, _ in got] == wanted, vector["id"]


# -- what is learnt of a module ends with it


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("odd", [1, 2, 3, 127, 16_383])
def test_one_odd_packet_is_no_counter(odd: int) -> None:
    """Else one damaged packet of a module without a counter makes it "frozen" until power-off."""
    line = countless(4) + Packet(counter=odd, wave=4).encode() + countless(60, 5)
    assert len(sure(read(line))) == 65


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("how", ["silence", "lost lock"])
def test_a_module_changed_for_one_without_a_counter_is_not_frozen(how: str) -> None:
    """Else the spare oximeter is refused because of the one before it. It is changed in a silence."""
    parser = Parser()
    for at in range(0, len(first := stream(6)), 25):
        parser.take(first[at : at + 25], 25)
    if how == "silence":
        parser.forget()
    else:
        parser.take(bytes((0x55,)) * 30, 30)
    good = 0
    other = countless(20)
    for at in range(0, len(other), 25):
        good += bool(parser.take(other[at : at + 25], 25) and parser.flags & vitals.VALID)
    assert good >= 18 if how == "silence" else good <= 1


@pytest.mark.req("VIT-2")
def test_a_module_with_a_counter_is_known_again_after_a_gap() -> None:
    """Else a hung oximeter is believed once its cable has been out."""
    parser = Parser()
    line = stream(4) + Packet(counter=4).encode() * 3
    for _ in range(2):
        frozen = 0
        for at in range(0, len(line), 25):
            frozen += bool(parser.take(line[at : at + 25], 25) and parser.flags & vitals.FROZEN)
        assert frozen == 3
        parser.forget()
