"""What a real oximeter sent, byte by byte at its pace, arrives as the values it showed; noise makes up none."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from firmware_kit import in_its_fork
from long_form import examples

from pump.tables import messages as m
from pump.tables import vitals
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices import nonin_df2
from toleramp_bench.devices.nonin_df2 import FRAMES, Values

CAPTURE = "nonin-df2-9560-capture"
FRAME, PER_SECOND = 5, 75
UART = 1
SECOND_NS = 1_000_000_000
Sample = tuple[int, int]


@pytest.fixture(scope="module")
def silent(firmware: Path) -> PumpBench:
    """A pump at whose oximeter line nothing hangs, streaming its status; its time passes in forks only."""
    bench = PumpBench(firmware, oximeter=False)
    bench.boot(stream_ms=100)
    return bench


def play(bench: PumpBench, data: bytes) -> float:
    """Books bytes at 375 a second, in frames of five as the device sends them; returns how long they take."""
    start = bench.board.now_ns
    for number, at in enumerate(range(0, len(data), FRAME)):
        piece = data[at : at + FRAME]
        bench.board.at_ns(start + number * SECOND_NS // PER_SECOND, lambda p=piece: bench.board.uart_send(UART, p))
    return len(data) / FRAME / PER_SECOND


def packet(spo2: int, pulse: int, number: int) -> bytes:
    """A packet with these values in all its averages, its counter running, a beat in its curve."""
    values = Values(
        hr=pulse, spo2=spo2, spo2_d=spo2, spo2_fast=spo2, spo2_bb=spo2, e_hr=pulse, e_spo2=spo2, e_spo2_d=spo2,
        hr_d=pulse, e_hr_d=pulse, tmr=number,
    )  # fmt: skip
    return nonin_df2.packet(values, [0] * FRAMES, [40 + (7 * (number + frame)) % 90 for frame in range(FRAMES)])


def now(bench: PumpBench) -> dict[str, Any]:
    """The pump's status, asked for now."""
    return bench.ask(m.STATUS_GET).fields


@pytest.fixture(scope="session")
def capture(shared_folder: Path) -> bytes:
    """The recorded stream: the end of a packet, a whole one, the beginning of the next."""
    vectors = json.loads((shared_folder / "oximeters" / "vectors.json").read_text())["vectors"]
    return bytes.fromhex(next(vector["hex"] for vector in vectors if vector["id"] == CAPTURE))


def shows(bench: PumpBench, data: bytes, spo2: int, pulse: int) -> None:
    """Nothing before, these values after `data`."""
    assert (now(bench)["spo2"], now(bench)["pulse"]) == (m.NONE8, m.NONE16)
    bench.run_for(play(bench, data) + 0.1)
    said = now(bench)
    assert (said["spo2"], said["pulse"], said["vitals"]) == (spo2, pulse, vitals.VALID)


@pytest.mark.req("VIT-3")
@in_its_fork
def test_a_recorded_nonin_9560(silent: PumpBench, capture: bytes) -> None:
    shows(silent, capture, 96, 74)


@pytest.mark.req("VIT-3")
@in_its_fork
def test_the_same_from_our_encoder(silent: PumpBench) -> None:
    """Cut as the recording is: four frames, a packet, one frame."""
    data = packet(91, 120, 1)[-4 * FRAME :] + packet(96, 74, 2) + packet(85, 60, 3)[:FRAME]
    shows(silent, data, 96, 74)


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize(("spo2", "pulse"), [(97, 72), (88, 127), (70, 128), (100, 255), (35, 300), (99, 18)])
@in_its_fork
def test_values_across_their_range(silent: PumpBench, spo2: int, pulse: int) -> None:
    shows(silent, b"".join(packet(spo2, pulse, n) for n in range(4)), spo2, pulse)


def noisy(data: bytes, rng: random.Random, per_byte: float) -> bytes:
    """Bytes dropped, flipped and put in, each with probability `per_byte` / 3."""
    out = bytearray()
    for byte in data:
        draw = rng.random() / per_byte
        if draw < 1 / 3:
            continue
        out.append(byte ^ 1 << rng.randrange(8) if draw < 2 / 3 else byte)
        if 2 / 3 <= draw < 1:
            out.append(rng.randrange(256))
    return bytes(out)


def course(rng: random.Random, packets: int) -> Iterator[Sample]:
    """Values that wander, never far."""
    spo2, pulse = 96, 80
    for _ in range(packets):
        spo2 = min(99, max(88, spo2 + rng.randint(-1, 1)))
        pulse = min(130, max(60, pulse + rng.randint(-3, 3)))
        yield spo2, pulse


@pytest.mark.req("VIT-3", "INT-7")
@pytest.mark.parametrize("per_byte", [0.002, 0.02, 0.1])
@in_its_fork
def test_noise_on_the_line_makes_up_no_value(silent: PumpBench, per_byte: float) -> None:
    bench, rng = silent, random.Random(int(per_byte * 1e4))
    sent = list(course(rng, examples(40)))
    seen: set[Sample] = set()
    bench.on_message = lambda message: seen.add((message.fields["spo2"], message.fields["pulse"])) if (
        message.type == m.STATUS[0] and message.fields["vitals"] & vitals.VALID
    ) else None  # fmt: skip
    for number, sample in enumerate(sent):
        bench.run_for(play(bench, noisy(packet(*sample, number), rng, per_byte)))
        if number % 6 == 0:
            bench.send(m.PING)
    assert seen <= set(sent), seen - set(sent)
    assert per_byte > 0.05 or len(seen) > 4
    assert now(bench)["loss_permille"] > 0 and bench.stats()["overruns"] == 0
