"""The patient's own saturation before the first step, and what a signal that goes says of a patient who was near a
limit."""

from __future__ import annotations

import pytest
from core_kit import scan_s, short, state, tap, until
from power_kit import lines_of

from pump.io import START
from pump.panel.attention import SEEN_MS
from pump.protocol.encoding import encode
from pump.senses.limits import STRETCH_MS
from pump.senses.vitals import HOLD_MS, Vitals
from pump.tables.causes import PULSE_STOP, SIGNAL_LOST, SPO2_STOP
from pump.tables.messages import NONE8, NONE16
from pump.tables.vitals import OUT_OF_TRACK, SENSOR_OFF, VALID
from toleramp_bench.boards.core_pump import CorePump

STEP_MS = 300
LATE_MS = 400  # a sample, and a look


@pytest.mark.req("VIT-1", "SES-1")
@pytest.mark.parametrize("values", [(), (99,), (99, 99, 99), (95, 99, 99)])
def test_no_session_begins_before_the_patients_own_saturation_is_known(values: tuple[int, ...]) -> None:
    """Else it has no limit under the baseline, or that of the first value that a probe gave."""
    pump = CorePump(20_000)
    pump.parser.flags &= ~VALID
    pump.load(encode(short()))
    assert until(pump, lambda c: c.controller.attention.seen_ms >= SEEN_MS, 4)
    for value in values:
        pump.parser.flags |= VALID
        pump.parser.spo2 = value
        scan_s(pump, 0.5)
        tap(pump, START)
        assert state(pump) == "ready" and "O2 WAIT" in lines_of(pump)[1]
        scan_s(pump, 0.4)
    pump.parser.flags |= VALID
    pump.parser.spo2 = 99
    scan_s(pump, 5)
    assert "START?" in lines_of(pump)[1]
    tap(pump, START)
    vitals = pump.controller.vitals
    assert state(pump) == "armed" and vitals.baseline == 99 and vitals.stop == 95


def held_after_ms(samples: list[tuple[int, int, int, int]], vitals: Vitals | None = None) -> tuple[int, int]:
    """Cause of the hold, and when: samples (for so many ms, SpO2, pulse, flags), each STEP_MS, the last for ever."""
    vitals, now_ms = vitals or Vitals(), 0
    vitals.restart()
    for ms, spo2, pulse, flags in [(20_000, 97, 72, VALID), *samples, (60_000, *samples[-1][1:])]:
        for _ in range(ms // STEP_MS):
            now_ms += STEP_MS
            vitals.sample(spo2, pulse, flags, now_ms)
            vitals.watch(now_ms)
            if vitals.hold:
                return vitals.hold, now_ms - 20_000
    return 0, 0


@pytest.mark.req("VIT-1")
@pytest.mark.parametrize("flags", [OUT_OF_TRACK, SENSOR_OFF, 0])
@pytest.mark.parametrize("pulse", [131, 170, 49, 20])
@pytest.mark.parametrize("ms", [600, 5_100, 6_000, 9_600])
def test_a_signal_that_goes_lengthens_a_pulses_delay_by_no_more_than_artifact(pulse: int, ms: int, flags: int) -> None:
    """Else artifact with no value, to which a racing heart leads, lengthens its delay by 14 s."""
    cause, at_ms = held_after_ms([(ms, 97, pulse, VALID), (300, NONE8, NONE16, flags)])
    lost_ms, over_ms = ms + HOLD_MS, 10_000 + STRETCH_MS
    assert cause == (SIGNAL_LOST if lost_ms < over_ms else PULSE_STOP)
    assert 0 <= at_ms - min(lost_ms, over_ms) <= LATE_MS


@pytest.mark.req("VIT-1", "VIT-5")
@pytest.mark.parametrize("ms", [300, 5_100, 9_300])
@pytest.mark.parametrize("above", [93, 92])
def test_one_value_next_to_the_limit_buys_no_grace(ms: int, above: int) -> None:
    """Else 92 % for nine seconds, one 93 % and a probe that falls off hold after 24 s."""
    cause, at_ms = held_after_ms([(ms, 92, 72, VALID), (300, above, 72, VALID), (300, NONE8, NONE16, SENSOR_OFF)])
    assert cause == SPO2_STOP and at_ms <= ms + 300 + LATE_MS


@pytest.mark.req("VIT-1", "VIT-5")
def test_a_value_plainly_good_has_the_whole_grace() -> None:
    """Else each probe that slips off holds the session."""
    cause, at_ms = held_after_ms([(6_000, 97, 72, VALID), (300, NONE8, NONE16, SENSOR_OFF)])
    assert cause == SIGNAL_LOST and abs(at_ms - 6_000 - HOLD_MS) <= LATE_MS
    assert HOLD_MS > STRETCH_MS


@pytest.mark.req("VIT-1", "VIT-2")
@pytest.mark.parametrize("spo2", [60, 85, 92])
def test_a_low_value_without_a_pulse_is_not_held_for_none(spo2: int) -> None:
    """Else a patient whose pulse the probe does not find any more waits 15 s for a hold."""
    cause, at_ms = held_after_ms([(300, spo2, NONE16, 0)])
    assert cause == SPO2_STOP and at_ms <= LATE_MS
    cause, at_ms = held_after_ms([(300, 97, NONE16, 0)])
    assert cause == SIGNAL_LOST and at_ms > 14_000
