"""A pump that is set to another format than its oximeter's: it says so, without a search."""

from __future__ import annotations

import pytest

from pump.tables import messages, oximeters, streams
from pump.tables.oximeters import NAMES
from toleramp_bench.devices.oximeter import Oximeter
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
    target.oximeter = Oximeter(target.board, form=form, spo2=spo2, pulse=pulse)
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


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", NAMES)
def test_a_device_without_a_finger_is_of_its_format(form: str) -> None:
    """Else a person looks for a wrong setting where the probe is off."""
    target = CoreTarget()
    target.choose(form)
    target.oximeter = Oximeter(target.board, form=form)
    target.oximeter.finger(False)
    target.start(False)
    said = set()
    while target.now_us < 20_000_000:
        target.oximeter.wake()
        target.board.run_to(target.now_us + target.scan_us, lambda: False)
        said.add(target.brain.controller.oximeter.stream)
    assert streams.OTHER_FORMAT not in said and target.brain.controller.oximeter.stream == streams.READINGS
