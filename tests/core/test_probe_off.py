"""A probe that is off on purpose is quiet for ten minutes, by one hold of SILENCE, while nothing flows (ALM-7)."""

from __future__ import annotations

import pytest
from core_kit import running_at, scan_s, state, up
from power_kit import lines_of
from test_watched_patient import held_by_stop

from pump.io import SILENCE
from pump.tables import vitals
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import ALARMS, EVENTS


def taken_off() -> CorePump:
    """Held by STOP, the probe off for 16 s, and SILENCE held for it."""
    pump = held_by_stop()
    pump.parser.flags = 0
    scan_s(pump, 16)
    pump.press(SILENCE, 3_500)
    return pump


@pytest.mark.req("ALM-7")
def test_a_probe_taken_off_on_purpose_is_quiet_for_ten_minutes() -> None:
    """Else a patient who is washed costs the monitoring; or a probe that fell off is quiet for ever."""
    pump = taken_off()
    scan_s(pump, 8)
    assert not up(pump) & {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST}
    assert lines_of(pump)[2].startswith("NO PROBE 10")
    scan_s(pump, 590)
    assert not up(pump) & {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST}
    scan_s(pump, 20)
    assert {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST} <= up(pump)


@pytest.mark.req("ALM-7")
def test_a_probe_is_never_off_on_purpose_while_the_drug_flows() -> None:
    """Else one long press lets the drug flow unwatched."""
    pump = running_at(3)
    pump.parser.flags = 0
    scan_s(pump, 6)
    pump.press(SILENCE, 5_000)
    scan_s(pump, 9.5)
    assert state(pump) == "held" and ALARMS.SIGNAL_HOLD in up(pump)


@pytest.mark.req("ALM-7")
def test_a_probe_that_is_back_is_watched_again() -> None:
    """Else what is left of ten minutes hides the next loss."""
    pump = taken_off()
    scan_s(pump, 5)
    pump.parser.flags = vitals.VALID
    scan_s(pump, 15)
    pump.parser.flags = 0
    scan_s(pump, 16)
    assert ALARMS.SIGNAL_HOLD in up(pump)


def silent_since(pump: CorePump, seconds: float) -> bool:
    """Whether the signal's alarms are taken back at the end of that time."""
    scan_s(pump, seconds)
    return not up(pump) & {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST}


@pytest.mark.req("ALM-7", "INT-6")
@pytest.mark.parametrize("before_s", [0.3, 5, 100])
def test_a_silence_key_that_was_down_before_the_signal_went_grants_nothing(before_s: float) -> None:
    """Else fluid under SILENCE takes the signal's alarms away for ever."""
    pump = held_by_stop()
    pump.board.key(SILENCE, True)
    scan_s(pump, before_s)
    pump.parser.flags = 0
    for _ in range(60):
        scan_s(pump, 20)
        assert not pump.controller.conditions.monitoring.probe_s
    assert {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST} <= up(pump)


@pytest.mark.req("ALM-7", "INT-6")
@pytest.mark.parametrize("again", [False, True])
def test_one_hold_of_silence_grants_once(again: bool) -> None:
    """Else a key that stays down renews the ten minutes; or a person cannot."""
    pump = held_by_stop()
    pump.parser.flags = 0
    scan_s(pump, 16)
    pump.board.key(SILENCE, True)
    assert silent_since(pump, 8)
    assert not silent_since(pump, 620)
    scan_s(pump, 700)
    assert [e["event"] for e in pump.events].count(EVENTS.PROBE_OFF) == 1
    pump.board.key(SILENCE, False)
    scan_s(pump, 3)
    if again:
        pump.press(SILENCE, 3_500)
    assert silent_since(pump, 8) is again


@pytest.mark.req("ALM-7", "INT-6")
def test_a_hold_of_silence_in_the_ten_minutes_does_not_lengthen_them() -> None:
    """Else a key that falls in before they are over takes ten more."""
    pump = taken_off()
    scan_s(pump, 300)
    pump.board.key(SILENCE, True)
    scan_s(pump, 330)
    assert {ALARMS.SIGNAL_HOLD, ALARMS.SIGNAL_LOST} <= up(pump)
