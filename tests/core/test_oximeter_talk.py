"""What the pump says to an oximeter that has to be asked: it is started, started again, and told that we listen."""

from __future__ import annotations

import pytest
from oximeter_kit import stream

from oximeters.detection import Line
from oximeters.registry import module
from oximeters.registry import parser as parser_of
from oximeters.talk import Talk
from pump.tables import lines
from pump.tables.oximeters import NAMES
from toleramp_bench.devices import contec9

SCAN_MS = 20
ASKED = ("contec9",)


class Heard:
    """Stands for a parser: so many samples were read."""

    samples = 0


def said(talk: Talk, seconds: float, heard: Heard | None = None, every: int = 0) -> list[tuple[float, bytes]]:
    """(seconds, bytes) of what is said while a sample comes each `every` scans, 0: none."""
    found = []
    for scan in range(round(seconds * 1000 / SCAN_MS)):
        if heard and every and not scan % every:
            heard.samples += 1
        words = talk.due(SCAN_MS)
        if words:
            found.append((scan * SCAN_MS / 1000, words))
    return found


@pytest.mark.req("VIT-2")
def test_it_is_started_at_once_and_kept_awake() -> None:
    """Else the device is silent, or falls silent within the minute."""
    heard = Heard()
    talk = Talk(module("contec9"), heard)
    assert said(talk, 0.02) == [(0, contec9.START)]
    times = said(talk, 21, heard, 12)
    assert [words for _, words in times] == [contec9.KEEP_ALIVE] * 4
    assert all(abs(time - 5 * number) <= 2 * SCAN_MS / 1000 for number, (time, _) in enumerate(times, 1))


@pytest.mark.req("VIT-2")
def test_a_silent_one_is_started_again_each_second() -> None:
    """Else a device that was switched off and on stays silent."""
    heard = Heard()
    talk = Talk(module("contec9"), heard)
    said(talk, 30, heard, 12)
    again = said(talk, 5.1)
    assert [words for _, words in again].count(contec9.START) >= 4
    assert all(round(later - sooner, 2) >= 1 for (sooner, _), (later, _) in zip(again, again[1:], strict=False))


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("stray", [b"\x55", b"\x81", contec9.package(0x0C, ())])
def test_bytes_that_are_no_sample_put_its_start_off_no_more_than_silence(stray: bytes) -> None:
    """Else a byte of noise each second keeps a device silent that was switched on behind the pump."""
    parser = parser_of("contec9")
    talk, starts = Talk(module("contec9"), parser), 0
    for scan in range(1000):
        starts += talk.due(SCAN_MS) == contec9.START
        if scan % 45 == 0:
            parser.take(stray, len(stray))
    assert starts >= 19


@pytest.mark.req("VIT-2")
def test_a_stream_is_not_started_again() -> None:
    """Else a device that sends is told to begin, each second."""
    parser = parser_of("contec9")
    talk, line, words = Talk(module("contec9"), parser), b"".join(stream("contec9", 30)), []
    for at in range(0, len(line), 11):
        words.append(talk.due(SCAN_MS))
        parser.take(line[at : at + 11], len(line[at : at + 11]))
    assert words.count(contec9.START) == 1 and words.count(contec9.KEEP_ALIVE) >= 1


@pytest.mark.req("VIT-2", "INT-8")
def test_a_search_starts_it_each_second_whatever_comes() -> None:
    """Else a stray byte hides the device that the search is for."""
    row = next(row for row in range(lines.COUNT) if lines.SPOKEN_TO[row] != lines.NOBODY)
    assert [words for _, words in said(Talk(Line(row)), 5)] == [contec9.START] * 5


@pytest.mark.req("VIT-2", "INT-7")
@pytest.mark.parametrize("form", [form for form in NAMES if form not in ASKED])
def test_nothing_is_said_to_those_who_speak_by_themselves(form: str) -> None:
    """Else a monitor opens its menu in the middle of a session."""
    talk = Talk(module(form))
    assert said(talk, 70) == []
