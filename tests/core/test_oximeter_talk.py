"""What the pump says to an oximeter that has to be asked: it is started, started again, and told that we listen."""

from __future__ import annotations

import pytest

from oximeters.registry import module
from oximeters.talk import Talk
from pump.tables.oximeters import NAMES
from toleramp_bench.devices import contec9

SCAN_MS = 20
ASKED = ("contec9",)


def said(talk: Talk, seconds: float, heard: int) -> list[tuple[float, bytes]]:
    """(seconds, bytes) of what is said while so many bytes come in each scan."""
    found = []
    for scan in range(round(seconds * 1000 / SCAN_MS)):
        words = talk.due(SCAN_MS, heard)
        if words:
            found.append((scan * SCAN_MS / 1000, words))
    return found


@pytest.mark.req("VIT-2")
def test_it_is_started_at_once_and_kept_awake() -> None:
    """Else the device is silent, or falls silent within the minute."""
    talk = Talk(module("contec9"))
    assert said(talk, 0.02, 0) == [(0, contec9.START)]
    times = said(talk, 21, 11)
    assert [words for _, words in times] == [contec9.KEEP_ALIVE] * 4
    assert all(abs(time - 5 * number) <= 2 * SCAN_MS / 1000 for number, (time, _) in enumerate(times, 1))


@pytest.mark.req("VIT-2")
def test_a_silent_one_is_started_again_each_second() -> None:
    """Else a device that was switched off and on stays silent."""
    talk = Talk(module("contec9"))
    said(talk, 30, 11)
    again = said(talk, 5.1, 0)
    assert [words for _, words in again].count(contec9.START) >= 4
    assert all(later - sooner >= 1 for (sooner, _), (later, _) in zip(again, again[1:], strict=False))


@pytest.mark.req("VIT-2", "INT-7")
@pytest.mark.parametrize("form", [form for form in NAMES if form not in ASKED])
def test_nothing_is_said_to_those_who_speak_by_themselves(form: str) -> None:
    """Else a monitor opens its menu in the middle of a session."""
    talk = Talk(module(form))
    assert said(talk, 70, 0) == [] and said(talk, 70, 5) == []
