"""Parts that fall silent: told within two seconds, back only when they stay, nothing begun in the dark."""

from __future__ import annotations

import pytest
from core_kit import (
    TECHNICAL,
    classify,
    names,
    pump_with,
    react,
    run_to_step,
    scan_s,
    short,
    start,
    state,
    tap,
    until,
)  # fmt: skip

from pump.io import CONFIRM, FAILED, KEPT, SILENCE, START, STOP, TAKEN
from pump.senses.conditions import GONE_S
from pump.store.journal import SLOTS
from pump.tables import alarms, causes, events, parts, states
from toleramp_bench.boards.core_pump import CorePump


def in_step(step: int, period_us: int = 20_000) -> CorePump:
    pump = pump_with(short(), period_us)
    start(pump)
    run_to_step(pump, step)
    return pump


def logged(pump: CorePump) -> int:
    """How many slots of the FRAM the log takes."""
    return sum(slot < SLOTS for slot in pump.board.fram)


@pytest.mark.req("INT-9", "ALM-2")
@pytest.mark.parametrize("part", range(1, parts.COUNT), ids=parts.NAMES[1:])
@pytest.mark.parametrize("period_us", [20_000, 1_000_000])
def test_each_part_that_is_lost_is_alarmed_and_logged(part: int, period_us: int) -> None:
    """Else the pump goes on without a screen, lights or log, and says so nowhere."""
    pump = in_step(2, period_us)
    pump.board.unplug(part, True)
    scan_s(pump, 2)
    lost = [event for event in pump.events if event["event"] == "part_lost"]
    assert [event["code"] for event in lost] == [parts.NAMES[part]]
    assert pump.controller.alarms.active[causes.ALARM[parts.LOST[part]]]
    pump.board.unplug(part, False)
    scan_s(pump, GONE_S + 4)
    tap(pump, SILENCE)  # an alarm of the highest priority stands until somebody has seen it
    assert not pump.controller.alarms.active[causes.ALARM[parts.LOST[part]]]
    assert len(names(pump, "part_back")) == 1


@pytest.mark.req("INT-9")
@pytest.mark.parametrize("part", range(1, parts.COUNT), ids=parts.NAMES[1:])
def test_the_flow_goes_on_or_holds_as_the_table_says(part: int) -> None:
    """Else a lost lamp ends a session, or a blind pump runs through the ladder."""
    pump = in_step(12)
    pump.board.unplug(part, True)
    scan_s(pump, 58)
    assert state(pump) == "running"
    scan_s(pump, 6)
    waits = parts.FLOW[part] == parts.WAITS
    assert state(pump) == ("held" if waits else "running")
    assert bool(parts.HOLD[part]) == waits


@pytest.mark.req("INT-9")
def test_without_a_screen_no_next_step_begins() -> None:
    """Else the rate rises while nobody can read what it is."""
    pump = in_step(2)
    pump.board.unplug(parts.SCREEN, True)
    done = pump.stepper.moved
    scan_s(pump, 40)  # a step lasts 18 s
    assert state(pump) == "running" and pump.controller.session.progress.step + 1 == 2
    assert pump.controller.session.rate_e4() == 0 and pump.stepper.moved > done
    pump.board.unplug(parts.SCREEN, False)
    scan_s(pump, 4)
    assert pump.controller.session.progress.step + 1 == 3


@pytest.mark.req("INT-9")
def test_without_a_screen_nothing_is_started_or_resumed() -> None:
    """Else two presses start a flow that nobody has read."""
    pump = pump_with(short(), 20_000)
    pump.board.unplug(parts.SCREEN, True)
    scan_s(pump, 1)
    tap(pump, START)
    assert state(pump) == "ready"
    pump.board.unplug(parts.SCREEN, False)
    scan_s(pump, 4)
    start(pump)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    assert state(pump) == "resumable"
    pump.board.unplug(parts.SCREEN, True)
    scan_s(pump, 1)
    tap(pump, START)
    tap(pump, CONFIRM)
    assert state(pump) == "resumable"


@pytest.mark.req("INT-9")
def test_a_screen_that_is_back_is_drawn_anew() -> None:
    """Else it goes on showing STEP 1 in a locked emergency."""
    pump = in_step(2)
    scan_s(pump, 5)
    pump.board.unplug(parts.SCREEN, True)
    scan_s(pump, 1)
    pump.board.unplug(parts.SCREEN, False)
    drawn = set()
    for _ in range(200):
        pump.scan()
        drawn.add(pump.out.screen_cell)
    assert set(range(16)) <= drawn


@pytest.mark.req("INT-9")
def test_a_loose_plug_is_one_loss() -> None:
    """Else a plug that is loose for an hour fills the log with itself."""
    pump = in_step(12)
    for second in range(20):
        pump.board.unplug(parts.LIGHTS, second % 2 == 0)
        scan_s(pump, 1)
    scan_s(pump, 4)
    assert len(names(pump, "part_lost")) == len(names(pump, "part_back")) == 1


@pytest.mark.req("INT-12", "INT-9")
def test_what_was_recorded_while_the_log_was_away_is_written_when_it_is_back() -> None:
    """Else 42 of 53 records are gone, and nobody knows."""
    pump = in_step(2)
    kept = logged(pump)
    pump.board.unplug(parts.FRAM, True)
    scan_s(pump, 30)
    assert logged(pump) == kept and pump.controller.alarms.active[alarms.LOG_LOST]
    pump.board.unplug(parts.FRAM, False)
    scan_s(pump, 5)
    journal = pump.controller.journal
    assert journal.stored == journal.seq == logged(pump)


@pytest.mark.req("INT-12")
def test_a_number_is_never_used_again() -> None:
    """Else two records have one number: that on the laptop, and that in the log."""
    pump = in_step(2)
    pump.board.unplug(parts.FRAM, True)
    react(pump, 1)
    scan_s(pump, 10)
    used = {int(str(event["seq"])) for event in pump.events}
    pump.board.unplug(parts.FRAM, False)
    number, slot = pump.board.log_end()
    assert slot == logged(pump) < len(used)
    assert number > max(used)


@pytest.mark.req("INT-12")
def test_a_pump_that_does_not_know_its_log_does_not_write_into_it() -> None:
    """Else what a plug kept away at power-on is written over when it sits again."""
    pump = in_step(2)
    before = dict(pump.board.fram)
    fresh = CorePump(20_000)
    fresh.board.fram = pump.board.fram
    fresh.controller.journal.unheard()
    scan_s(fresh, 2)
    tap(fresh, START)
    assert fresh.board.fram == before
    assert fresh.controller.alarms.active[alarms.LOG_LOST]


@pytest.mark.req("INT-12")
@pytest.mark.parametrize("outcome", [FAILED, TAKEN, KEPT])
def test_a_setting_is_due_until_its_writing_is_proved(outcome: int) -> None:
    """Else a pump listens for the wrong oximeter after the next power-on."""
    pump = CorePump(20_000)
    settings = pump.controller.settings
    settings.set(0, 1)
    settings.store(pump.out)
    settings.settle(outcome)
    assert settings.due == (outcome != KEPT)


@pytest.mark.req("INT-9")
@pytest.mark.parametrize("row", [k for k in range(1, len(states.GROUP)) if states.GROUP[k] & states.OVER])
def test_a_lost_part_is_alarmed_in_states_after_the_session_too(row: int) -> None:
    """Else the emergency stands on a dead screen, and nobody is told that it is dead."""
    assert all(causes.WHERE[parts.LOST[part]] & states.GROUP[row] for part in range(1, parts.COUNT))


@pytest.mark.req("FLO-12", "FLO-7")
@pytest.mark.parametrize("step", [2, 8, 12])
def test_a_driver_that_is_off_is_a_fault_and_nothing_is_booked(step: int) -> None:
    """Else the ladder climbs over doses that moved no motor."""
    pump = in_step(step)
    scan_s(pump, 2)
    before, at_pin = pump.controller.session.progress.total, pump.stepper.pulses
    pump.board.cut_driver(True)
    began = pump.now_us
    assert until(pump, "fault", 1)
    assert pump.now_us - began <= 300_000
    fault = [event for event in pump.events if event["event"] == "fault"]
    assert [event["code"] for event in fault] == ["driver-off"]
    scan_s(pump, 1)
    assert pump.controller.session.progress.total == before
    assert pump.stepper.pulses > at_pin or step == 2


@pytest.mark.req("FLO-12")
def test_a_driver_off_for_one_look_is_no_fault_and_a_missing_reader_none_either() -> None:
    """Else one bad read of the expander, or its loss, ends a session."""
    pump = in_step(8)
    pump.board.cut_driver(True)
    scan_s(pump, 0.06)
    pump.board.cut_driver(False)
    scan_s(pump, 2)
    assert state(pump) == "running"
    pump.board.unplug(parts.LIGHTS, True)
    scan_s(pump, 2)
    assert state(pump) == "running"


def an_hour_of_loose_plugs(which: int, away_s: float, there_s: float, spared: int = 0) -> CorePump:
    """A session that is held, in which parts go and come for an hour."""
    protocol = short()
    protocol.max_hold_min = 240
    pump = pump_with(protocol, 100_000)
    start(pump)
    run_to_step(pump, 2)
    tap(pump, STOP)
    for _ in range(round(3600 / (away_s + there_s))):
        pump.board.parts = parts.ALL & ~(which & ~spared)
        scan_s(pump, away_s)
        pump.board.parts = parts.ALL
        scan_s(pump, there_s)
    return pump


def counted(pump: CorePump, name: str, part: str = "") -> int:
    """Records of that event, of one part or of all."""
    return sum(event["event"] == name and (not part or event["code"] == part) for event in pump.events)


@pytest.mark.req("ALM-8", "INT-9")
@pytest.mark.parametrize(("away_s", "there_s"), [pytest.param(0.5, 2.3, marks=pytest.mark.long), (0.5, 13), (3, 3)])
def test_loose_plugs_write_no_more_than_their_number_an_hour(away_s: float, there_s: float) -> None:
    """Else loose plugs write 7723 records an hour, and the log is full before the session is over."""
    pump = an_hour_of_loose_plugs(parts.ALL, away_s, there_s)
    for name in ("part_lost", "part_back"):
        assert counted(pump, name) <= events.AN_HOUR[events.NAMES.index(name)]
        assert all(counted(pump, name, part) >= 10 for part in parts.NAMES[1:])
    told = [event for event in pump.events if event["event"] == "suppressed" and event["code"] == "part_lost"]
    lost = sum(int(str(event["arg"])) for event in told) + pump.controller.parts._left_out
    assert counted(pump, "part_lost") + lost == (parts.COUNT - 1) * round(3600 / (away_s + there_s))
    assert alarms.NAMES[alarms.LOG_FAST] in {event["code"] for event in pump.events}


@pytest.mark.req("ALM-8", "INT-9")
def test_a_loose_plug_takes_no_record_from_another_part() -> None:
    """Else the loss of the screen is in no log, because the lights' plug was loose before."""
    pump = an_hour_of_loose_plugs(parts.ALL, 0.5, 2.3, parts.BIT[parts.SCREEN])
    assert not counted(pump, "part_lost", "screen")
    for _ in range(3):
        pump.board.unplug(parts.SCREEN, True)
        scan_s(pump, 1)
        assert pump.controller.alarms.active[alarms.SCREEN]
        pump.board.unplug(parts.SCREEN, False)
        scan_s(pump, 3)
    assert counted(pump, "part_lost", "screen") == counted(pump, "part_back", "screen") == 3


@pytest.mark.req("ALM-8", "INT-9", "ALM-2")
def test_the_alarm_of_a_part_needs_no_record() -> None:
    """Else a plug that was loose for an hour is silent when it falls out."""
    pump = an_hour_of_loose_plugs(parts.BIT[parts.LIGHTS], 0.5, 2.3)
    scan_s(pump, 20)
    assert not pump.controller.alarms.active[alarms.LIGHTS]
    pump.board.unplug(parts.LIGHTS, True)
    scan_s(pump, 1.2)
    assert pump.controller.alarms.active[alarms.LIGHTS]
    pump.board.unplug(parts.LIGHTS, False)
    scan_s(pump, 12 * 60)
    assert not pump.controller.parts.bits, "what is over is over"
