"""Events and figures in words: every name has some, and a figure shows what it knows."""

import pytest
from fake_pump import event_fields

from pump import alarms
from pump import messages as m
from toleramp import session_log
from toleramp.commands import _words


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
    for number, row in enumerate(alarms.TABLE[1:], 1):
        words = _words.event_words(session_log.event_record(event_fields(1, "alarm_raised", code=number), 1))
        assert all(text in words for text in row[3:6])


@pytest.mark.parametrize(
    ("rate", "text"), [(2.0, "2 mL/h"), (4.6875, "4.6875 mL/h"), (0.1, "0.1 mL/h"), (1200.0, "1200 mL/h")]
)
def test_rates(rate: float, text: str) -> None:
    assert _words.rate_text(rate) == text


@pytest.mark.parametrize(
    ("pl_pulse", "text"), [(62_500, "1.2346 mL"), (1_000_000, "1.235 mL"), (10**8, "1.2 mL")]
)
def test_volumes(pl_pulse: int, text: str) -> None:
    assert _words.ml_text(1.23456, pl_pulse) == text


@pytest.mark.parametrize(("t_ms", "text"), [(0, "00:00.0"), (130_400, "02:10.4"), (3_730_450, "1:02:10.4")])
def test_clock(t_ms: int, text: str) -> None:
    assert _words.clock(t_ms) == text
