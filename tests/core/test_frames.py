"""Frames on the host line under damage: what is accepted is what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.link import frames

PAYLOAD = st.binary(max_size=frames.MAX_PAYLOAD)
BYTE = st.integers(0, 255)


def frame(kind: int, seq: int, payload: bytes) -> bytes:
    """The coded bytes of a frame, its ending zero included."""
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[0], plain[1] = kind, seq
    plain[2 : 2 + len(payload)] = payload
    return bytes(coded[: frames.encode(plain, len(payload), coded)])


def accepted(receiver: frames.Receiver, line: bytes) -> list[bytes]:
    """What the receiver takes from the line: type, sequence and payload of each frame."""
    taken = []
    for byte in line:
        length = receiver.take(byte)
        if length >= 0:
            taken.append(bytes(receiver.buf[: 2 + length]))
    return taken


@pytest.mark.req("INT-7")
@given(BYTE, BYTE, PAYLOAD)
def test_round_trip(kind: int, seq: int, payload: bytes) -> None:
    """Else requests do not arrive."""
    line = frame(kind, seq, payload)
    assert line.count(0) == 1 and line[-1] == 0
    assert len(line) <= frames.MAX_CODED
    assert accepted(frames.Receiver(), line) == [bytes((kind, seq)) + payload]


@pytest.mark.req("INT-7")
@given(BYTE, BYTE, PAYLOAD, st.sampled_from(("flip", "drop", "insert")), st.data())
def test_one_damaged_byte_never_makes_another_frame(
    kind: int, seq: int, payload: bytes, damage: str, draw: st.DataObject
) -> None:
    """Else line noise becomes a request."""
    line = bytearray(frame(kind, seq, payload))
    at = draw.draw(st.integers(0, len(line) - 1))
    if damage == "flip":
        line[at] ^= draw.draw(st.integers(1, 255))
    elif damage == "drop":
        del line[at]
    else:
        line.insert(at, draw.draw(BYTE))
    receiver = frames.Receiver()
    whole = frame(9, 9, b"next")
    taken = accepted(receiver, bytes(line) + b"\0" + whole)
    assert set(taken) <= {bytes((kind, seq)) + payload, b"\x09\x09next"}
    assert taken[-1] == b"\x09\x09next"


@pytest.mark.req("INT-7")
@given(st.binary(max_size=1000))
def test_a_frame_after_garbage_is_taken(garbage: bytes) -> None:
    """Else one burst of noise deafens the pump to STOP."""
    receiver = frames.Receiver()
    assert accepted(receiver, garbage + b"\0" + frame(8, 1, b""))[-1] == b"\x08\x01"
    assert len(receiver.buf) == frames.MAX_CODED


@pytest.mark.req("INT-7")
def test_padding_zeros_mean_nothing() -> None:
    """Else a writer that pads is taken for a damaged line."""
    receiver = frames.Receiver()
    line = b"\0" * 5 + frame(1, 2, b"\0\0") + b"\0" * 7 + frame(3, 4, b"")
    assert accepted(receiver, line) == [b"\x01\x02\0\0", b"\x03\x04"]
    assert receiver.bad == 0


@pytest.mark.req("INT-7")
@pytest.mark.parametrize("length", [frames.MAX_CODED - 1, frames.MAX_CODED, frames.MAX_CODED + 1, 5000])
def test_a_frame_without_end_is_dropped_and_counted(length: int) -> None:
    """Else an endless line fills the memory."""
    receiver = frames.Receiver()
    assert accepted(receiver, b"\x01" * length + b"\0") == []
    assert receiver.bad == 1
    assert accepted(receiver, frame(5, 5, b"x")) == [b"\x05\x05x"]


@pytest.mark.req("INT-7")
@given(PAYLOAD)
def test_a_frame_cut_at_any_place_is_not_taken(payload: bytes) -> None:
    """Else half a request is obeyed."""
    line = frame(2, 7, payload)
    for cut in range(1, len(line) - 1, max(1, len(line) // 20)):
        assert accepted(frames.Receiver(), line[:cut] + b"\0") == []
