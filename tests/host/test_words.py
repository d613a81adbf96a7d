"""Events and figures in words: every name has some, and a figure shows what it knows."""

import pytest
from fake_pump import event_fields

from pump import io
from pump.tables import alarms
from pump.tables import messages as m
from toleramp.device import names as words
from toleramp.live import event_words as _words
from toleramp.live import session_log
from toleramp.report import words as report_words


def test_every_name_has_words() -> None:
    assert set(_words.EVENTS) >= set(m.EVENTS)
    assert set(_words.REASONS) >= set(m.HOLD_CODES[1:])


@pytest.mark.parametrize("event", m.EVENTS)
@pytest.mark.parametrize("code", [0, 1, 255])
def test_every_event_can_be_said(event: str, code: int) -> None:
    record = session_log.event_record(event_fields(1, event, code=code), 100_000)
    assert _words.event_line(record)


@pytest.mark.req("ALM-2")
def test_an_alarm_says_what_why_and_what_to_do() -> None:
    for number, row in enumerate(alarms.ROWS[1:], 1):
        said = _words.event_words(session_log.event_record(event_fields(1, "alarm_raised", code=number), 1))
        assert all(text in said for text in row[2:5])


@pytest.mark.parametrize(
    ("event", "code", "text"),
    [
        ("decision", m.HOLD["technical"], "decided: technical hold, goes on at step 4"),
        ("decision", m.HOLD["mild"], "decided: resume at step 4 after a mild reaction"),
        ("decision", 0, "decided: go on at step 4"),
        ("armed", 0, "START pressed; waiting for the bag to be confirmed"),
        ("resumed", m.HOLD["mild"], "resumed at step 3"),
        ("pressed", io.START, "START pressed"),
        ("pressed", io.UP | io.STOP, "UP and STOP pressed"),
        ("pressed", 0, "a button pressed"),
    ],
)
def test_what_people_did(event: str, code: int, text: str) -> None:
    record = session_log.event_record(event_fields(1, event, code=code, arg=4), 100_000)
    assert _words.event_words(record) == text


def test_buttons_are_named_by_their_bits() -> None:
    assert [getattr(io, name.upper()) for name in words.BUTTONS] == [1 << bit for bit in range(len(words.BUTTONS))]


def test_the_report_says_the_same() -> None:
    assert report_words.reason_words("start") == "START"
    assert report_words.reason_words("technical") == words.REASONS["technical"]
    assert report_words.reason_words(None) == report_words.reason_words("none") == ""
    assert report_words.event_words("decision") == "Decided"


@pytest.mark.parametrize(
    ("rate", "text"), [(2.0, "2 mL/h"), (4.6875, "4.6875 mL/h"), (0.1, "0.1 mL/h"), (1200.0, "1200 mL/h")]
)
def test_rates(rate: float, text: str) -> None:
    assert _words.rate_text(rate) == text


@pytest.mark.parametrize(("pl_pulse", "text"), [(62_500, "1.2346 mL"), (1_000_000, "1.235 mL"), (10**8, "1.2 mL")])
def test_volumes(pl_pulse: int, text: str) -> None:
    assert _words.ml_text(1.23456, pl_pulse) == text


@pytest.mark.parametrize(("t_ms", "text"), [(0, "00:00.0"), (130_400, "02:10.4"), (3_730_450, "1:02:10.4")])
def test_clock(t_ms: int, text: str) -> None:
    assert _words.clock(t_ms) == text
