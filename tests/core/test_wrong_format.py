"""A pump that is set to another format than its oximeter's: it says so, without a search."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from oximeters.registry import module
from oximeters.registry import parser as parser_of
from pump.io import OX_MAX
from pump.senses.oximeter import Oximeter
from pump.tables import messages, oximeters, streams, vitals
from pump.tables.oximeters import NAMES
from toleramp_bench.boards.rig.oximeter_ahead import AheadWire
from toleramp_bench.devices.line_bits import resample
from toleramp_bench.devices.oximeter import Oximeter as Device
from toleramp_bench.figures.listen import Case, CoreSearch
from toleramp_bench.targets.core import CoreTarget


@pytest.mark.req("VIT-2", "ALM-2")
@pytest.mark.parametrize(
    ("sent", "stream_row", "shown"),
    [("masimo-ascii", streams.OTHER_FORMAT, "BAD FORMAT BENCH"), ("", streams.NO_BYTES, "NO BYTES   BENCH")],
)
def test_a_wrong_format_and_a_silent_line_are_told_apart(sent: str, stream_row: int, shown: str) -> None:
    """Else a person changes the cable where the setting is wrong."""
    made = CoreSearch(Case(oximeters.MASIMO_ASCII, 1))
    made.target.oximeter.cable_out = not sent
    made.pass_us(7_000_000)
    core = made.target.brain.controller
    assert core.oximeter.stream == stream_row
    made.ask(messages.STATUS_GET)
    made.target.board.sent.clear()
    made.pass_us(200_000)
    said = made.target.line.wire.feed(bytes(made.target.board.sent))
    assert [answer.fields["stream"] for answer in said if answer.type == messages.STATUS[0]] == [stream_row]
    assert bytes(core.display.lines[32:48]).decode().rstrip() == shown


@pytest.mark.req("VIT-2")
def test_a_format_that_fits_again_is_read_again() -> None:
    """Else the pump says a wrong format for ever."""
    made = CoreSearch(Case(oximeters.MASIMO_ASCII, 1))
    made.pass_us(7_000_000)
    core = made.target.brain.controller
    assert core.oximeter.stream == streams.OTHER_FORMAT
    made.target.oximeter.swap(made.case.other)
    made.pass_us(5_000_000)
    assert core.oximeter.stream == streams.READINGS and core.vitals.sure


@pytest.mark.req("VIT-2", "INT-8")
@pytest.mark.parametrize(
    ("chosen", "form", "spo2", "pulse"),
    [
        ("nonin-df2", "nellcor-ascii", 97, 72),
        ("contec9", "nellcor-ascii", 97, 72),
        ("nonin-df1", "nonin-df7", 97, 72),
        ("nonin-df8", "nonin-df2", 97, 72),
        ("nonin-df1", "bci5", 100, 140),
    ],
)
def test_pauses_and_chance_packets_change_nothing_of_it(chosen: str, form: str, spo2: int, pulse: int) -> None:
    """Else it says by turns that no byte comes, and nothing; or it takes what looks like a packet for the format."""
    target = CoreTarget()
    target.choose(chosen)
    target.oximeter = Device(target.board, form=form, spo2=spo2, pulse=pulse)
    target.start(False)
    said = set()
    while target.now_us < 16_000_000:
        target.board.run_to(target.now_us + target.scan_us, lambda: False)
        if target.now_us > 8_500_000:
            said.add(target.brain.controller.oximeter.stream)
    assert said == {streams.OTHER_FORMAT}
    target.oximeter.cable_out = True
    target.board.run_to(target.now_us + 8_000_000, lambda: False)
    assert target.brain.controller.oximeter.stream == streams.NO_BYTES


def told(form: str, chunks: list[tuple[float, bytes]]) -> tuple[list[int], int]:
    """The rows of streams that a pump set to that format says of a line (ms, bytes), and how many sure readings."""
    parser, sense, rows, sure, at = parser_of(form), Oximeter(), [streams.NO_BYTES], 0, 0
    for now_ms in range(0, int(chunks[-1][0]) + 100, 20):
        data = b""
        while at < len(chunks) and chunks[at][0] <= now_ms and len(data) + len(chunks[at][1]) <= OX_MAX:
            data += chunks[at][1]
            at += 1
        if data and sense.take(SimpleNamespace(now_ms=now_ms, ox=data, ox_n=len(data)), parser):
            sure += bool(parser.flags & vitals.VALID and not parser.flags & vitals.UNSURE_FLAGS)
        sense.look(now_ms, parser)
        if sense.stream != rows[-1]:
            rows.append(sense.stream)
    return rows, sure


@pytest.mark.req("VIT-2", "ALM-2", "INT-8")
@pytest.mark.parametrize(
    ("form", "baud", "chosen", "spo2", "pulse"),
    [
        ("nonin-df1", 4800, "nonin-df8", 97, 131),
        ("nonin-df1", 4800, "nonin-df8", 97, 72),
        ("nonin-ascii", 115_200, "nonin-df1", 97, 72),
        ("nonin-ascii", 115_200, "nonin-df1", 99, 90),
        ("nonin-ascii", 115_200, "nonin-df8", 97, 72),
        ("nonin-df8", 4800, "nonin-df1", 97, 131),
    ],
)
def test_bytes_at_a_wrong_rate_are_no_device_without_a_sensor(
    form: str, baud: int, chosen: str, spo2: int, pulse: int
) -> None:
    """Else a person looks at the probe for ever, where the setting is wrong."""
    wire = AheadWire(0)
    Device(wire, form=form, spo2=spo2, pulse=pulse).start()
    wire.advance(14_000_000)
    chunks = [
        (us / 1000 + after_s * 1000, bytes((word & 255,)))
        for us, data in wire.collect()
        for after_s, word in resample(data, baud, module(chosen).BAUD, None, None)
    ]
    rows, sure = told(chosen, chunks)
    assert rows[-1] == streams.OTHER_FORMAT and not sure


@pytest.mark.req("VIT-2", "ALM-2")
@pytest.mark.parametrize("form", ["nonin-df1", "nonin-df8"])
@pytest.mark.parametrize("happened", ["finger", "sensor", "both", "artifact", "out_of_track"])
@pytest.mark.parametrize("at_s", [0, 4])
def test_a_device_without_a_checksum_and_without_a_reading_is_of_its_format(
    form: str, happened: str, at_s: int
) -> None:
    """Else an unplugged sensor, or a patient who moves, is a wrong setting."""
    wire = AheadWire(0)
    device = Device(wire, form=form)
    device.start()
    wire.advance(at_s * 1_000_000)
    if happened in ("finger", "both"):
        device.finger(False)
    if happened in ("sensor", "both"):
        device.sensor(False)
    device.artifact = happened in ("artifact", "both")
    device.out_of_track = happened == "out_of_track"
    wire.advance(40_000_000)
    rows, _ = told(form, [(us / 1000, data) for us, data in wire.collect()])
    assert streams.OTHER_FORMAT not in rows and rows[-1] == streams.READINGS


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", NAMES)
def test_a_device_without_a_finger_is_of_its_format(form: str) -> None:
    """Else a person looks for a wrong setting where the probe is off."""
    target = CoreTarget()
    target.choose(form)
    target.oximeter = Device(target.board, form=form)
    target.oximeter.finger(False)
    target.start(False)
    said = set()
    while target.now_us < 20_000_000:
        target.oximeter.wake()
        target.board.run_to(target.now_us + target.scan_us, lambda: False)
        said.add(target.brain.controller.oximeter.stream)
    assert streams.OTHER_FORMAT not in said and target.brain.controller.oximeter.stream == streams.READINGS
