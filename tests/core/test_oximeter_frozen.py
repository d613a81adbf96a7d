"""A device that hangs is known within three seconds, whatever the line does to its bytes, and never believed after."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from df2 import Packet
from oximeter_kit import encode, stream

from oximeters.registry import parser as parser_of
from pump.tables import vitals as v
from toleramp_bench.boards.rig.oximeter_ahead import AheadWire
from toleramp_bench.devices import bci5, contec9
from toleramp_bench.devices.oximeter import Oximeter

SUMMED = ("nonin-df2", "nonin-df7")
THIRD_S = 1 / 3
KNOWN_S = 3.4
PIECE = 25
RATES = (0, 1e-5, 1e-4, 1e-3)


def good(parser: Any) -> bool:
    """The newest sample is a sure reading."""
    return bool(parser.flags & v.VALID and not parser.flags & v.UNSURE_FLAGS)


PLUGGED_US = 2_000_000  # until the bench's swapped module speaks


def believed(parser: Any, line: bytes) -> list[int]:
    """Which pieces of the line made a sure reading."""
    found = []
    for number, at in enumerate(range(0, len(line), PIECE)):
        piece = bytearray(line[at : at + PIECE])
        if parser.take(piece, len(piece)) and good(parser):
            found.append(number)
    return found


def noisy(line: bytes, rate: float, random: Random) -> bytes:
    """The line with so large a share of its bytes replaced."""
    return bytes(random.randrange(256) if random.random() < rate else byte for byte in line)


def device(form: str, seconds: int, pulse: float = 72, counter: bool = True) -> bytes:
    """What the bench's oximeter sends."""
    wire = AheadWire(0)
    made = Oximeter(wire, pulse=pulse, form=form)
    made.swap(form, counter)
    made.start()
    wire.advance(PLUGGED_US)
    made.wake()
    wire.advance(PLUGGED_US + seconds * 1_000_000)
    return b"".join(data for _, data in wire.collect())


def loud(line: bytes, rate: float, random: Random, at: int, size: int) -> bytes:
    """The line with a wrong bit in so large a share of its pleth bytes, which lie at `at` of each frame."""
    found = bytearray(line)
    for place in range(at, len(found), size):
        if random.random() < rate:
            found[place] ^= 1 << random.randrange(7)
    return bytes(found)


# -- packets with a sum


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", SUMMED)
@pytest.mark.parametrize("rate", RATES)
def test_a_lost_or_wrong_byte_makes_no_frozen_device_live(form: str, rate: float) -> None:
    """Else one wrong byte in a minute, and a device that hangs is believed for ever."""
    for seed in range(3):
        parser, random = parser_of(form), Random(seed)
        assert believed(parser, b"".join(stream(form, 12)))
        last = believed(parser, noisy(encode(form, 97, 72, 12) * 300, rate, random))
        pieces = len(encode(form, 97, 72, 12)) // PIECE
        assert not last or (last[-1] + 1) / pieces * THIRD_S <= KNOWN_S, seed


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", SUMMED)
def test_the_same_packet_is_frozen_where_no_counter_ever_moved(form: str) -> None:
    """Else a device that hung before the pump was switched on is a steady patient."""
    packet, parser = encode(form, 97, 72, 0), parser_of(form)
    assert len(believed(parser, packet * 9)) == 9
    assert believed(parser, packet * 200) == []


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("damage", ["silence", "lost byte", "lost lock"])
def test_a_gap_makes_no_frozen_device_live(damage: str) -> None:
    """Else a cable that is out for a moment makes a device that hangs live."""
    parser, packet = parser_of("nonin-df2"), Packet(counter=0).encode()
    believed(parser, packet * 12)
    for _ in range(5):
        if damage == "silence":
            parser.forget()
        gap = {"silence": b"", "lost byte": packet[:60] + packet[61:], "lost lock": b"\x55" * 40}[damage]
        assert believed(parser, gap + packet * 12) == [], damage


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("form", "counts", "most"), [(form, n, 0 if n else 6) for form in SUMMED for n in (0, 1)])
def test_a_device_that_hangs_just_before_a_silence_is_known_behind_it(form: str, counts: int, most: int) -> None:
    """Else the pump learns it anew, and believes it for as long. At once by its counter; else the silence counts."""
    parser = parser_of(form)
    line = device(form, 4, counter=bool(counts))
    packet = len(encode(form, 97, 72, 1))
    live, last = line[: 10 * packet], line[9 * packet : 10 * packet]
    assert believed(parser, live)
    parser.forget()
    assert len(believed(parser, last * 60)) == most


@pytest.mark.req("VIT-2")
def test_one_odd_packet_makes_no_frozen_device_live() -> None:
    """Else damage with a lucky sum is a patient for three more seconds."""
    parser, packet = parser_of("nonin-df2"), Packet().encode()
    believed(parser, packet * 20)
    assert believed(parser, Packet(wave=9).encode() + packet * 20) == []


@pytest.mark.req("VIT-2")
def test_a_pleth_that_repeats_itself_is_frozen_whatever_the_counter_says() -> None:
    """Else half a device hangs, and its counter hides it."""
    parser = parser_of("nonin-df2")
    line = b"".join(Packet(counter=n, wave=0).encode() for n in range(1, 40))
    assert max(believed(parser, line)) < 5 * 9 and parser.flags & v.FROZEN


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", SUMMED)
def test_a_device_that_goes_on_is_believed_within_a_second(form: str) -> None:
    """Else nobody can go on with a patient after a device was off and on."""
    parser, hung = parser_of(form), encode(form, 97, 72, 12)
    believed(parser, hung * 30)
    assert len(believed(parser, b"".join(stream(form, 12, first=13)))) >= 9


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", ["nonin-df2", "nonin-df7", "bci5", "contec9"])
@pytest.mark.parametrize("pulse", [30, 45, 60, 90, 180])
def test_a_device_on_a_patient_is_never_frozen(form: str, pulse: int) -> None:
    """Else a pulse that fits the packets, one beat each, stops the drug."""
    parser, flags = parser_of(form), 0
    line = device(form, 30, pulse, counter=False)
    for at in range(0, len(line), PIECE):
        piece = bytearray(line[at : at + PIECE])
        if parser.take(piece, len(piece)):
            flags |= parser.flags
    assert parser.samples > 60 and not flags & v.FROZEN


@pytest.mark.req("VIT-2", "ALM-2")
@pytest.mark.parametrize("form", ["nonin-df2", "nonin-df7", "bci5", "contec9"])
def test_an_empty_probe_is_not_a_frozen_device(form: str) -> None:
    """Else people switch the oximeter off and on where a finger is out, whose pleth is flat."""
    wire = AheadWire(0)
    made, parser = Oximeter(wire, form=form), parser_of(form)
    made.swap(form, False)
    made.start()
    wire.advance(PLUGGED_US)
    made.wake()
    flags = []
    for second in range(30):
        if second in (5, 25):
            made.finger(second == 25)
        wire.advance(PLUGGED_US + (second + 1) * 1_000_000)
        for _, data in wire.collect():
            if parser.take(data, len(data)):
                flags.append((second, parser.flags))
    assert all(bits & v.SENSOR_OFF and not bits & v.FROZEN for second, bits in flags if 6 <= second < 25)
    assert flags[-1][1] == v.VALID, "it goes on"


@pytest.mark.req("VIT-2")
def test_a_weak_pleth_is_not_frozen() -> None:
    """Else a cold finger, whose curve is a few counts high, stops the drug."""
    parser, random = parser_of("nonin-df2"), Random(1)
    for number in range(200):
        frames = [bytes((1, 0x80 | (n == 0), 120 + random.randint(0, 1), value)) for n, value in
                  enumerate(Packet(counter=0).values())]  # fmt: skip
        line = bytearray(b"".join(frame + bytes((sum(frame) & 255,)) for frame in frames))
        assert parser.take(line, len(line)) and good(parser), number


# -- frames marked by bit 7

SIXTY = [("bci5", bci5, 1), ("contec9", contec9, 3)]


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize(("form", "frames", "at"), SIXTY)
@pytest.mark.parametrize("rate", [0, 1 / 150, 0.02])
def test_wrong_bits_of_the_pleth_make_no_frozen_device_live(form: str, frames: Any, at: int, rate: float) -> None:
    """Else one wrong bit each two seconds is a patient."""
    for seed in range(3):
        parser, random = parser_of(form), Random(seed)
        live = b"".join(stream(form, 12))
        assert believed(parser, live)
        hung = loud(frames.stuck(live) * 180, rate, random, at, frames.SIZE)
        last = believed(parser, hung)
        assert not last or last[-1] * PIECE / frames.SIZE / 60 <= KNOWN_S, seed
        assert len(believed(parser, b"".join(stream(form, 12)))) >= 10, "it goes on"


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("form", "frames", "at"), SIXTY)
def test_a_silence_makes_no_frozen_device_of_frames_live(form: str, frames: Any, at: int) -> None:
    """Else a cable that is out for a moment makes a device that hangs live."""
    parser, hung = parser_of(form), frames.stuck(b"".join(stream(form, 4)))
    believed(parser, hung * 12)
    for _ in range(3):
        parser.forget()
        assert believed(parser, hung * 12) == []


@pytest.mark.req("VIT-2")
def test_a_curve_of_two_counts_is_a_curve() -> None:
    """Else a cold finger stops the drug; 45 beats a minute, each over a third of a second."""
    parser = parser_of("bci5")
    beat = [20] * 60 + [21] * 6 + [22] * 8 + [21] * 6
    line = b"".join(bytes((0x82, pleth, 6, 45, 97)) for pleth in beat * 30)
    whole = [n for n in range(0, len(line), 75) if parser.take(line[n : n + 75], 75) and good(parser)]
    assert len(whole) >= len(beat) * 30 // 15 - 1
