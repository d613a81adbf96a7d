"""Nonin data format 1: three bytes a second, read whole or not at all (VIT-2, VIT-3)."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from oximeters.nonin_df1 import Parser
from pump.tables import vitals as v
from pump.tables.messages import NONE8, NONE16
from toleramp_bench.devices import nonin_df1, nonin_df2
from toleramp_bench.devices.nonin_df2 import FRAMES, Values

LOCK = bytes((0x80, 72, 97))  # the packet before, on which the reader locks


def read(data: bytes, pieces: int = 64) -> list[tuple[int, int, int]]:
    """(SpO2, pulse, flags) of each packet, the stream given in pieces of that size."""
    parser, found = Parser(), []
    for at in range(0, len(data), pieces):
        for byte in data[at : at + pieces]:
            if parser.take(bytes((byte,)), 1):
                found.append((parser.spo2, parser.pulse, parser.flags))
    return found


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("rate", [18, 72, 127, 128, 140, 255, 256, 300, 321])
@pytest.mark.parametrize("spo2", [1, 60, 97, 100])
def test_values_are_read_as_they_were_sent(rate: int, spo2: int) -> None:
    """Else a rate above 127 or 255 is another one, as in eight public drivers."""
    packet = nonin_df1.packet(Values(hr=rate, spo2=spo2), [nonin_df2.GREEN] * FRAMES, [0] * FRAMES)
    assert [each[:2] for each in read(LOCK + packet)] == [(spo2, rate)]
    assert read(LOCK + packet + packet)[-1] == (spo2, rate, v.VALID)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(
    ("status", "flags"),
    [
        (nonin_df2.SENSOR_OFF, v.SENSOR_OFF), (nonin_df2.OUT_OF_TRACK, v.OUT_OF_TRACK),
        (nonin_df2.RED, v.VALID | v.LOW_PERFUSION), (nonin_df2.ARTIFACT | nonin_df2.GREEN, v.VALID | v.ARTIFACT),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(status: int, flags: int) -> None:
    """Else a probe without a finger has a good reading."""
    packet = nonin_df1.packet(Values(hr=72, spo2=97), [status] * FRAMES, [0] * FRAMES)
    assert read(LOCK + packet) == [(97, 72, flags)]
    nothing = nonin_df1.packet(Values(), [status] * FRAMES, [0] * FRAMES)
    assert read(LOCK + nothing) == [(NONE8, NONE16, flags & ~v.VALID)]


@pytest.mark.req("VIT-3")
def test_a_lost_byte_costs_the_next_packet_and_no_more() -> None:
    """Else a bad cable shifts every value behind it."""
    draw = random.Random(1)
    sent = [(draw.randint(60, 100), draw.randint(18, 321)) for _ in range(200)]
    packets = [nonin_df1.packet(Values(hr=hr, spo2=spo2), [2] * FRAMES, [0] * FRAMES) for spo2, hr in sent]
    for at in range(30, 500):
        data = b"".join(packets)
        found = [(spo2, hr) for spo2, hr, _ in read(data[:at] + data[at + 1 :])]
        hit = at // 3
        whole = sent[1:hit] + sent[hit + 1 :]
        assert len(whole) - len(found) <= 1 and [each for each in whole if each in found] and _is_part(found, whole)


def _is_part(found: list[tuple[int, int]], whole: list[tuple[int, int]]) -> bool:
    """True when `found` is `whole` with some left out."""
    rest = iter(whole)
    return all(any(each == other for other in rest) for each in found)


@pytest.mark.req("VIT-3")
def test_foreign_bytes_lock_nothing_and_the_counts_say_so() -> None:
    """Else text on the line is a patient."""
    parser = Parser()
    for byte in b"SpO2=097 PR=072\r\n" * 200:
        assert not parser.take(bytes((byte,)), 1)
    assert parser.rejected == 17 * 200 and parser.samples == 0


@pytest.mark.req("VIT-3")
def test_the_reference_vectors_are_read_as_stated(shared_folder: Path) -> None:
    """Else our own model and our own reader agree on the same mistake."""
    text = (shared_folder / "oximeters" / "vectors.json").read_text()
    rows = [row for row in json.loads(text)["vectors"] if row["format"] == "nonin-df1"]
    assert len(rows) >= 7
    for row in rows:
        for pieces in (1, 2, 64):
            found = read(LOCK + bytes.fromhex(row["hex"]), pieces)
            wanted = [(s["spo2"] or NONE8, s["pulse"] or NONE16) for s in row["samples"]]
            assert [(spo2, pulse) for spo2, pulse, _ in found] == wanted, row["id"]
