"""Events and figures in words: every name has some, and a figure shows what it knows."""

from types import ModuleType

import pytest
from fake_pump import event_fields

from pump import io
from pump.tables import alarms, causes, events, messages, oximeters, refusals, settings, states
from toleramp.live import amounts, lines, session_log
from toleramp.report import told as report_told
from toleramp.words import causes as cause_words
from toleramp.words import events as event_words
from toleramp.words import formats as format_words
from toleramp.words import keys, rows
from toleramp.words import refusals as refusal_words
from toleramp.words import settings as setting_words


def test_every_cause_has_words() -> None:
    """Else the tool says a new cause's name, or nothing, to a nurse."""
    for name in causes.NAMES:
        assert (cause_words.reason(name) or "").strip(), name
    assert all(causes.ALARM[row] for row in range(len(causes.NAMES)) if row not in cause_words.WORDS)


@pytest.mark.parametrize(("table", "words"), [(events, event_words), (refusals, refusal_words)])
def test_every_row_has_words(table: ModuleType, words: ModuleType) -> None:
    """Else the tool says a new row's name, or nothing, to a nurse."""
    assert list(words.WORDS) == list(range(len(table.NAMES))), "a row without words, or words out of the table's order"
    said = [text for row in words.WORDS.values() for text in ([row] if isinstance(row, str) else row)]
    assert all(text.strip() for text in said)


def test_a_row_that_does_not_exist_is_shown_as_it_is() -> None:
    """Else the log of a newer pump ends the report with a traceback, or counts as something that it is not."""
    assert rows.name(states, 99) == "99" and rows.number(states, "dancing") == rows.NO_ROW
    assert rows.group(states, "dancing") == rows.group(states, 99) == rows.group(states, None) == 0
    assert cause_words.reason("odd") is None and report_told.reason("odd") == "odd"
    assert report_told.event_title("odd_event") == "odd event"


@pytest.mark.parametrize("event", events.NAMES)
@pytest.mark.parametrize("code", [0, 1, 255])
def test_every_event_can_be_said(event: str, code: int) -> None:
    record = session_log.event_record(event_fields(1, event, code=code), 100_000)
    assert lines.event_line(record)


@pytest.mark.req("ALM-2")
def test_an_alarm_says_what_why_and_what_to_do() -> None:
    for number, row in enumerate(alarms.ROWS[1:], 1):
        said = lines.sentence(session_log.event_record(event_fields(1, "alarm_raised", code=number), 1))
        assert all(text in said for text in row[2:5])


@pytest.mark.parametrize(
    ("event", "code", "text"),
    [
        ("decision", causes.TECHNICAL, "decided: technical hold, goes on at step 4"),
        ("decision", causes.MILD, "decided: resume at step 4 after a mild reaction"),
        ("decision", 0, "decided: go on at step 4"),
        ("armed", 0, "START pressed; waiting for the bag to be confirmed"),
        ("resumed", causes.MILD, "resumed at step 3"),
        ("pressed", io.START, "START pressed"),
        ("pressed", io.UP | io.STOP, "UP and STOP pressed"),
        ("pressed", 0, "a button pressed"),
        ("setting", settings.OXIMETER, "setting changed: oximeter bci5, counts from the next power-on"),
        ("baseline", 0, "baseline SpO2 4 %"),
        ("suppressed", events.BAG_REJECTED, "left out of the log: 4 times bag rejected"),
    ],
)
def test_what_people_did(event: str, code: int, text: str) -> None:
    record = session_log.event_record(event_fields(1, event, code=code, arg=4), 100_000)
    assert lines.sentence(record) == text


def test_what_a_setting_says_is_a_name() -> None:
    """Else a nurse reads a number of a table; and a START without a baseline has one of 255 %."""
    assert list(setting_words.VALUES) == list(setting_words.COUNTS) == list(range(settings.COUNT))
    assert settings.HIGHEST[settings.OXIMETER] < len(setting_words.VALUES[settings.OXIMETER].NAMES)
    assert setting_words.changed("colour", 3) == "colour 3"
    none = session_log.event_record(event_fields(1, "baseline", arg=messages.NONE8), 1)
    assert "none" in lines.sentence(none) and "255" not in lines.sentence(none)
    assert list(format_words.WORDS) == list(range(len(oximeters.NAMES)))


def test_buttons_are_named_by_their_bits() -> None:
    assert [getattr(io, name.upper()) for name in keys.KEYS] == [1 << bit for bit in range(len(keys.KEYS))]


def test_the_report_says_the_same() -> None:
    assert report_told.reason("start") == "START"
    assert report_told.reason("technical") == cause_words.WORDS[causes.TECHNICAL]
    assert report_told.reason(None) == report_told.reason("none") == ""
    assert report_told.event_title("decision") == "Decided"


@pytest.mark.parametrize(
    ("rate", "text"), [(2.0, "2 mL/h"), (4.6875, "4.6875 mL/h"), (0.1, "0.1 mL/h"), (1200.0, "1200 mL/h")]
)
def test_rates(rate: float, text: str) -> None:
    assert amounts.rate_text(rate) == text


@pytest.mark.parametrize(("pl_pulse", "text"), [(62_500, "1.2346 mL"), (1_000_000, "1.235 mL"), (10**8, "1.2 mL")])
def test_volumes(pl_pulse: int, text: str) -> None:
    assert amounts.ml_text(1.23456, pl_pulse) == text


@pytest.mark.parametrize(("t_ms", "text"), [(0, "00:00.0"), (130_400, "02:10.4"), (3_730_450, "1:02:10.4")])
def test_clock(t_ms: int, text: str) -> None:
    assert amounts.clock(t_ms) == text
