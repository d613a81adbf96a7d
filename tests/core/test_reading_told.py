"""What people are told of the oximeter: each quality on the screen, age, verdicts, the trend since START (VIT-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from core_kit import TECHNICAL, classify, encode, pump_with, resume, running_at, scan_s, short, shown, start, tap, until

from pump.io import START, STOP
from pump.link.frames import HEAD
from pump.link.status import fill_status
from pump.panel.reading import TURNS_S
from pump.senses.baseline import Minute
from pump.senses.trend import BACK_S, EVERY_S, Trend
from pump.senses.vitals import Vitals
from pump.tables import messages as m
from pump.tables import trends, verdicts, vitals
from toleramp.device.wire import unpack
from toleramp.live.lines import status_line
from toleramp.live.session_log import status_record
from toleramp_bench.boards.core_pump import CorePump

SURE, UNSURE = vitals.VALID, vitals.VALID | vitals.ARTIFACT


def lines(pump: CorePump) -> list[str]:
    """The screen, line by line."""
    text = bytes(byte & 127 for byte in pump.controller.display.lines).decode()
    return [text[at : at + 16].rstrip() for at in range(0, 64, 16)]


def round_of(pump: CorePump, line: int) -> set[str]:
    """What stands on a line (from 1) in a round of its turns."""
    seen = set()
    for _ in range(round(TURNS_S * 1_000_000 / pump.period_us)):
        pump.scan()
        seen.add(lines(pump)[line - 1])
    return seen


def said(pump: CorePump) -> dict[str, Any]:
    """The status as a laptop has it, from the bytes that the pump makes."""
    buffer = bytearray(256)
    size = fill_status(buffer, pump.controller)
    return status_record(unpack(m.STATUS, bytes(buffer[HEAD : HEAD + size])))


def verdicts_of(record: dict[str, Any]) -> tuple[str, ...]:
    """Quality of the signal, verdicts on SpO2 and pulse."""
    return record["quality"], record["spo2_verdict"], record["pulse_verdict"]


def name(row: int) -> str:
    """A verdict's name."""
    return verdicts.NAMES[row]


def for_patients(pump: CorePump) -> CorePump:
    """The same pump with the screen that it has outside bench mode."""
    pump.controller.bench = False
    return pump


# -- a reading now


@dataclass(frozen=True)
class Case:
    """A sample that comes all the time, how long, and what is then said of it."""

    sample: tuple[int, int, int]
    seconds: float
    screen: str
    bench: str
    judged: tuple[int, int, int]


CASES = {
    "sure": Case((97, 72, SURE), 1, "SpO2 97% PR 72", "O2 97%P72  BENCH", (2, 2, 2)),
    "widest": Case((100, 130, SURE), 1, "SpO2 100% PR 130", "O2 100%P130BENCH", (2, 2, 2)),
    "early": Case((94, 72, SURE), 1, "SpO2 94% PR 72", "O2 94%P72  BENCH", (2, 3, 2)),
    "low, slow": Case((92, 49, SURE), 1, "SpO2 92% PR 49", "O2 92%P49  BENCH", (2, 4, 4)),
    "fast": Case((97, 131, SURE), 1, "SpO2 97% PR 131", "O2 97%P131 BENCH", (2, 2, 5)),
    "artifact": Case((97, 72, UNSURE), 1, "SpO2 97? PR 72", "O2 97?P72  BENCH", (1, 1, 1)),
    "held by the device": Case((97, 72, vitals.SENSOR_OFF), 1.5, "SpO2 -- 1 s AGO", "O2 -- 1 s  BENCH", (0, 0, 0)),
    "frozen": Case((97, 72, vitals.FROZEN), 1.5, "SpO2 -- 4 s AGO", "O2 -- 4 s  BENCH", (0, 0, 0)),
    "artifact, long": Case((97, 72, UNSURE), 9.5, "SpO2 -- 9 s AGO", "O2 -- 9 s  BENCH", (0, 0, 0)),
}


@pytest.mark.req("VIT-1", "VIT-2")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_reading_stands_with_its_quality_or_not_at_all(case: Case) -> None:
    """Else a held or unsure value looks like a live one."""
    pump = pump_with(short())
    scan_s(pump, 2)
    pump.parser.spo2, pump.parser.pulse, pump.parser.flags = case.sample
    scan_s(pump, case.seconds)
    record = said(pump)
    assert verdicts_of(record) == tuple(name(row) for row in case.judged)
    kept = (None, None) if case.judged[0] == verdicts.NONE else case.sample[:2]
    assert (record["spo2"], record["pulse"]) == kept
    assert (vitals.NAMES[0] in record["vitals"]) == (case.judged[0] != verdicts.NONE)
    assert lines(pump)[2] == case.bench
    for_patients(pump)
    pump.scan()
    pump.scan()
    assert lines(pump)[2] == case.screen


@pytest.mark.req("VIT-2")
def test_a_line_that_falls_silent_is_aged_and_never_repeated() -> None:
    """Else the last value stands there for ever; the age goes on past every limit, up to an hour."""
    pump = for_patients(pump_with(short(), period_us=100_000))
    pump.controller.vitals.fresh_ms = 2_000
    pump.controller.vitals.seal.close()
    pump.board.samples = False
    seen = {}
    for second in (1, 3, 12, 99, 100, 3_590):
        passed_s = second + 0.5 - pump.controller.vitals.age_ms / 1000
        scan_s(pump, passed_s if second < 200 else 0)
        if second > 200:
            pump.controller.vitals._sure_ms = (pump.snap.now_ms - second * 1000) & 0x3FFFFFFF
            pump.controller.vitals.seal.close()
            scan_s(pump, 0.5)
        round_ = round_of(pump, 3) if second > 200 else {lines(pump)[2]}
        record = said(pump)
        seen[second] = (round_, record["age_ms"] // 1000, record["spo2"])
        assert (vitals.NAMES[0] in record["vitals"]) == (record["spo2"] is not None)
    assert seen[1] == ({"SpO2 97% PR 72"}, 1, 97), "a packet that is late is no lost signal"
    assert seen[3] == ({"SpO2 -- 3 s AGO"}, 3, None)
    assert seen[12][1:] == (12, None) and seen[12][0] <= {"SpO2 -- 12 s AGO", "SpO2 NO BYTES"}
    assert seen[3_590][0] >= {"SpO2 -- 59 m AGO", "SpO2 NO BYTES"}
    scan_s(pump, 20)
    assert said(pump)["age_ms"] == 3_600_000


@pytest.mark.req("VIT-2", "INT-3")
def test_artifact_without_end_is_no_reading_and_an_age_of_days_stays_an_hour() -> None:
    """Else a value flickers that nobody may look at, and after three days the last reading is of 15 s ago."""
    judge = Vitals()
    judge.sample(97, 72, SURE, 0)
    seen = set()
    for now_ms in range(20, 9_000, 20):
        if now_ms % 340 == 0:
            judge.sample(97, 72, UNSURE, now_ms)
        if now_ms % 80 == 0:
            judge.watch(now_ms)
        if not 4_500 < now_ms < 4_600:
            seen.add((now_ms > 4_500, judge.quality()))
    assert seen == {(False, verdicts.GOOD), (False, verdicts.UNSURE), (True, verdicts.NONE)}
    for now_ms in ((1 << 28) + 100, (1 << 28) + 9_000):
        judge.watch(now_ms)
    assert judge.age_ms == 3_600_000


@pytest.mark.req("VIT-2")
def test_before_the_first_reading_there_is_no_age() -> None:
    """Else a pump that has never read anything says how old that is."""
    pump = CorePump(100_000)
    pump.board.samples = False
    scan_s(pump, 8)
    assert said(pump)["age_ms"] is None and said(pump)["lowest"] is None
    assert "ago" not in status_line(said(pump)) and "START" not in status_line(said(pump))


# -- the trend


def followed(values: list[int], baseline: int = 98) -> tuple[Trend, list[str]]:
    """A trend over readings of one a second, sure unless NONE8; where it went, each EVERY_S."""
    minute = Minute()
    trend = Trend(minute)
    for second in range(60):
        minute.keep(baseline, second * 1000)
    trend.begin(baseline)
    newest = Vitals()
    went = []
    for second, value in enumerate(values, 60):
        minute.keep(value, second * 1000)
        newest.spo2, newest.sure = value, value != m.NONE8
        trend.look(second, newest)
        if second % EVERY_S == 0:
            went.append(trends.NAMES[trend.goes])
    return trend, went


@pytest.mark.req("VIT-1")
def test_a_fall_and_a_recovery_are_told_within_a_minute_and_end_after_five() -> None:
    """Else the arrow comes after the alarm, or never goes."""
    trend, went = followed([98] * 120 + [95] * 400 + [98] * 400)
    first = went.index(trends.NAMES[trends.FALLS])
    assert 12 <= first <= 12 + 60 // EVERY_S, "by the median of a minute"
    steady = went.index(trends.NAMES[trends.STEADY], first)
    assert steady - first == BACK_S // EVERY_S
    assert trends.NAMES[trends.RISES] not in went[:steady] and trends.NAMES[trends.FALLS] not in went[steady:]
    assert went.count(trends.NAMES[trends.RISES]) == BACK_S // EVERY_S
    assert (trend.lowest, trend.minute, trend.before) == (95, 98, 98)


@pytest.mark.req("VIT-1")
def test_a_point_to_and_fro_is_no_trend_and_a_slow_fall_is_one() -> None:
    """Else everybody learns to look past the arrow; a fall of a point in two minutes is one of 2 points in five."""
    assert set(followed([97, 98, 99, 97] * 200)[1]) == {trends.NAMES[trends.STEADY]}
    slow = followed([98 - second // 120 for second in range(900)])[1]
    assert slow[-30:] == [trends.NAMES[trends.FALLS]] * 30


@pytest.mark.req("VIT-2")
def test_without_a_reading_nothing_goes_anywhere_and_what_was_known_is_compared() -> None:
    """Else a lost signal reads as a steady patient, or a patient who comes back lower does not."""
    trend, went = followed([98] * 60 + [m.NONE8] * 400 + [94] * 30)
    lost = went[(60 + 60) // EVERY_S + 1 : 460 // EVERY_S]
    assert set(lost) == {trends.NAMES[trends.UNKNOWN]} and went[-1] == trends.NAMES[trends.FALLS]
    assert (trend.before, trend.minute, trend.lowest) == (98, 94, 94)


@pytest.mark.req("VIT-1", "ALM-2", "INT-8")
def test_a_session_with_a_fall_and_a_recovery() -> None:
    """Baseline and lowest stand in turns with the progress; under an alarm that waits for people with the reading, and
    never while it is unsure or something is wrong with it. A laptop that comes only now has the pump's own numbers."""
    pump = running_at(2)
    assert {"BASE 97 MIN 97 ="} < round_of(pump, 4), "by turns"
    pump.parser.spo2 = 88
    assert until(pump, "held")
    scan_s(pump, 2)
    assert round_of(pump, 3) == {"O2 88%P72  BENCH"} and "BASE" not in "".join(round_of(pump, 4))
    scan_s(pump, 30)
    assert said(pump)["trend"] == trends.NAMES[trends.FALLS]
    assert (said(pump)["before_spo2"], said(pump)["minute_spo2"]) == (97, 88)
    pump.parser.spo2 = 96
    scan_s(pump, 70)
    assert round_of(pump, 3) == {"O2 96%P72  BENCH", " 97 MIN 88=BENCH"}
    pump.parser.flags = UNSURE
    scan_s(pump, 0.5)
    record = said(pump)
    assert "O2 96?P72  BENCH" in (texts := round_of(pump, 3)) and "MIN" not in "".join(texts)
    assert (record["baseline"], record["lowest"], record["lowest_verdict"]) == (97, 88, name(verdicts.LOW))
    assert "signal unsure (artifact)  since START: baseline 97 %, lowest 88 % LOW, steady" in status_line(record)


@pytest.mark.req("SES-16", "SES-1")
def test_nothing_takes_turns_while_a_question_is_new_nor_on_lines_1_and_2() -> None:
    """Else a question is covered, or the guard reads a trend for a bag's code."""
    pump = running_at(2)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    scan_s(pump, 2)
    assert any("MIN" in text for text in round_of(pump, 3))
    assert (round_of(pump, 1), round_of(pump, 2)) == ({"RESUME STEP 2"}, {"PRESS START"})
    assert until(pump, lambda c: "MIN" in lines(c)[2])
    pump.press(START)
    seen = []
    for _ in range(10 + round(TURNS_S * 1_000_000 / pump.period_us)):
        pump.scan()
        seen.append((pump.controller.attention.awaits, "MIN" in lines(pump)[2]))
    assert pump.controller.session.question.second
    assert [turn for new, turn in seen if new] == [False] * 3 and (False, True) in seen[5:], seen


@pytest.mark.req("VIT-1", "ALM-7")
def test_the_next_patient_has_a_trend_of_their_own() -> None:
    """Else the lowest of the one before stands on the screen; while one is watched, another file changes nothing."""
    pump = running_at(2)
    pump.parser.spo2 = 95
    scan_s(pump, 2)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    resume(pump)
    assert said(pump)["lowest"] == 95
    pump.controller.vitals.adopt(short(), watched=True)
    assert said(pump)["lowest"] == 95
    pump.controller.vitals.let_go()
    assert [said(pump)[key] for key in ("baseline", "lowest", "minute_spo2")] == [None] * 3
    other = pump_with(short())
    shown(other)
    assert encode(short()) and said(other)["lowest"] is None
    other.parser.spo2 = 99
    scan_s(other, 60)
    start(other)
    assert (said(other)["baseline"], said(other)["lowest"]) == (99, 99)
