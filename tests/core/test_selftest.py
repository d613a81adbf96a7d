"""The self-test as the core judges it: the first check that fails names itself and stops the pump (INT-1)."""

from __future__ import annotations

import pytest
from core_kit import pump_with, running_at, scan_s, short, state, tap
from power_kit import cycle, lines_of, why

from pump.checks import KEY_MS
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.link import status
from pump.link.frames import HEAD
from pump.protocol.encoding import encode
from pump.tables import alarms, checks, inputs, states
from pump.tables import messages as m
from toleramp.device.wire import unpack
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.names import EVENTS

STOPPING = [row for row in range(1, checks.COUNT) if checks.DOES[row] == checks.STOPS]
ONLY_TOLD = [row for row in range(1, checks.COUNT) if checks.DOES[row] != checks.STOPS]
RUNNING_CHECKS = [row for row in range(1, checks.COUNT) if checks.WHEN[row] & checks.PERIODIC]
OWN = (1 << checks.SUPPLY) | (1 << checks.KEY)  # the core's; the board says all others


def switched_on(keys: int = 0, mv: int = 4_000) -> CorePump:
    """A pump in the first scans of its self-test; nothing has passed yet but what the core judges."""
    pump = CorePump(held=keys)
    pump.board.plant.do("battery_volts", {"volts": mv / 1000})
    pump.board.keys = keys
    pump.controller.boot(0, pump.snap, True)
    pump.scan()
    return pump


def says(pump: CorePump, passed: int = 0, failed: int = 0, value: int = 0) -> None:
    """The board's word with the next scan."""
    pump.snap.passed, pump.snap.failed = passed, failed
    pump.snap.found[failed] = value
    pump.scan()
    pump.snap.passed = pump.snap.failed = 0


def passes_all(pump: CorePump, but: int = 0) -> None:
    """All checks of the board pass, except those."""
    says(pump, checks.AT_POWER_UP & ~OWN & ~but)
    scan_s(pump, 0.5)


def dead(pump: CorePump) -> None:
    """Whatever people press and load: nothing flows, no permit, no other state."""
    permits = 0
    stood = state(pump)
    for key in (START, CONFIRM, CONFIRM, UP, DOWN, START, STOP, CONFIRM):
        pump.press(key)
        for _ in range(60):
            pump.scan()
            permits += bool(pump.out.permit)
        assert state(pump) == stood
    assert permits == 0 and pump.stepper.pulses == 0


@pytest.mark.req("INT-1", "ALM-1")
@pytest.mark.parametrize("row", STOPPING, ids=[checks.NAMES[row] for row in STOPPING])
def test_the_first_that_fails_names_itself_and_stops(row: int) -> None:
    """Else a pump with a broken part starts, or says only that something is wrong."""
    pump = switched_on()
    before = sum(1 << other for other in range(1, row) if not OWN >> other & 1)
    says(pump, before)
    says(pump, failed=row, value=7)
    says(pump, failed=1 + row % (checks.COUNT - 1), value=9)  # another one later is not the first
    scan_s(pump, 3)
    assert state(pump) == "failed"
    screen = lines_of(pump)
    assert screen[0] == f"SELF-TEST {checks.WORDS[row].decode()}" and screen[1] == checks.TO_DO[row].decode()
    named = [checks.NAMES[stopping] for stopping in STOPPING]
    told = [event for event in pump.events if event["event"] == EVENTS.SELF_TEST and event["code"] in named]
    assert [(event["code"], event["arg"]) for event in told] == [(checks.NAMES[row], 7)]
    controller = pump.controller
    assert alarms.PRIORITY[controller.alarms.top] == alarms.HIGH and controller.alarms.priority == alarms.HIGH
    assert not states.GROUP[controller.session.state] & states.AT_REST  # so the link takes no load
    dead(pump)
    buf = bytearray(256)
    size = status.fill_status(buf, controller)
    assert unpack(m.STATUS, bytes(buf[HEAD : HEAD + size]))["check"] == row


@pytest.mark.req("INT-1")
@pytest.mark.parametrize("row", ONLY_TOLD, ids=[checks.NAMES[row] for row in ONLY_TOLD])
def test_what_is_only_told_stops_nothing(row: int) -> None:
    """Else a pump without its clock, which a session does without, cannot go on with one."""
    pump = switched_on()
    says(pump, failed=row)
    passes_all(pump, 1 << row)
    assert state(pump) == "idle" and not pump.controller.checks.pending
    assert pump.controller.checks.verdicts[row] == checks.FAILED
    assert [e["code"] for e in pump.events if e["event"] == EVENTS.SELF_TEST] == [checks.NAMES[row]]


@pytest.mark.req("INT-1")
@pytest.mark.parametrize(
    ("mv", "stands"), [(2_900, "failed"), (3_100, "testing"), (4_300, "testing"), (4_600, "failed")]
)
def test_a_supply_out_of_its_range_fails(mv: int, stands: str) -> None:
    """Else a pump begins that ends within minutes, or whose sensing is broken."""
    pump = switched_on(mv=mv)
    scan_s(pump, 0.2)
    assert state(pump) == stands
    found = pump.controller.checks.values[checks.SUPPLY]
    assert abs(found - min(mv, 4_500)) < 150 and inputs.BATTERY == 0


@pytest.mark.req("INT-1", "INT-6")
@pytest.mark.parametrize("key", [START, CONFIRM, SILENCE, UP, DOWN, STOP])
def test_a_key_that_is_stuck_at_power_up_is_named(key: int) -> None:
    """Else the first press of the other keys is taken beside one that nobody presses."""
    pump = switched_on(keys=key)
    passes_all(pump)
    assert state(pump) == "idle"
    scan_s(pump, KEY_MS / 1000 - 1)
    assert state(pump) == "idle"
    scan_s(pump, 1)
    assert state(pump) == "failed" and lines_of(pump)[0] == "SELF-TEST KEY"


@pytest.mark.req("INT-1", "SEC-3")
def test_a_key_that_is_let_go_in_time_is_none_that_is_stuck() -> None:
    """Else who asks for bench mode gets a pump that is out of order."""
    pump = switched_on(keys=UP | DOWN)
    passes_all(pump)
    scan_s(pump, 4)
    pump.board.key(UP | DOWN, False)
    scan_s(pump, 5)
    assert state(pump) == "idle" and not pump.controller.checks.pending


@pytest.mark.req("INT-1", "FLO-7")
def test_pulses_that_the_guard_sees_before_all_has_passed_are_that_check() -> None:
    """Else a driver gone mad at power-on is a fault of a session that nobody has begun, and ends one that is kept."""
    pump = switched_on()
    pump.stepper.add(100, 1_000, pump.now_us)
    scan_s(pump, 1)
    assert state(pump) == "failed" and lines_of(pump)[0] == "SELF-TEST PULSES"


@pytest.mark.req("INT-1")
def test_start_counts_for_nothing_before_all_have_passed() -> None:
    """Else the drug flows by a time that nobody has compared with the clock."""
    pump = switched_on()
    assert state(pump) == "testing"
    passes_all(pump, 1 << checks.CRYSTAL)
    pump.load(encode(short()))
    scan_s(pump, 3)
    assert state(pump) == "ready" and lines_of(pump)[1].endswith("TESTING")
    tap(pump, START)
    scan_s(pump, 2)
    assert state(pump) == "ready"
    says(pump, 1 << checks.CRYSTAL)
    scan_s(pump, 1)
    tap(pump, START)
    scan_s(pump, 1)
    assert state(pump) == "armed"


@pytest.mark.req("INT-1", "INT-4", "FLO-2")
@pytest.mark.parametrize("row", RUNNING_CHECKS, ids=[checks.NAMES[row] for row in RUNNING_CHECKS])
def test_one_that_fails_in_a_session_ends_it_at_once(row: int) -> None:
    """Else the drug goes on flowing by a program that has changed."""
    pump = running_at(3)
    scan_s(pump, 1)
    assert pump.stepper.end_us > pump.now_us
    says(pump, failed=row, value=3)
    stopped = pump.stepper.pulses
    scan_s(pump, 2)
    assert state(pump) == "fault" and pump.stepper.pulses == stopped
    assert lines_of(pump)[:2] == ["FAULT SELF-TEST", checks.WORDS[row].decode()]
    assert [e["code"] for e in pump.events if e["event"] == EVENTS.FAULT] == ["self-test"]
    assert pump.controller.alarms.priority == alarms.HIGH
    pulses = pump.stepper.pulses
    for key in (START, CONFIRM, CONFIRM):
        tap(pump, key)
        scan_s(pump, 1)
    assert pump.stepper.pulses == pulses


@pytest.mark.req("INT-1")
def test_what_passes_while_it_runs_changes_nothing() -> None:
    """Else a good check interrupts a session, or START stays without effect."""
    pump, other = running_at(3), running_at(3)
    for _ in range(100):
        says(pump, sum(1 << row for row in RUNNING_CHECKS))
        other.scan()
    assert state(pump) == state(other) == "running" and pump.stepper.pulses == other.stepper.pulses > 0


@pytest.mark.req("INT-1", "INT-2", "SES-14")
@pytest.mark.parametrize("late", [False, True], ids=["before the session is taken up", "after that"])
def test_a_failed_self_test_loses_no_session(late: bool) -> None:
    """Else a loose plug at power-on costs the patient the whole session, and nobody knows how much was given."""
    pump = running_at(3)
    scan_s(pump, 2)
    total = pump.controller.session.progress.total
    for _ in range(3):
        cycle(pump, scanned_s=0.2, tests=True)
        assert state(pump) == "testing"
        if late:
            says(pump, checks.FIRST & ~OWN)
            scan_s(pump, 1)
            assert state(pump) == "recovered"
        says(pump, failed=checks.CRYSTAL if late else checks.FRAM)
        scan_s(pump, 40)
        assert state(pump) == "failed"
        tap(pump, CONFIRM)  # somebody tries: no word about the session
        scan_s(pump, 2)
    cycle(pump, scanned_s=0.2, tests=True)
    passes_all(pump)
    assert state(pump) == "recovered" and why(pump) == "power-cut"
    assert abs(pump.controller.session.progress.total - total) * PL_PULSE <= 50_000 * 1_000


@pytest.mark.req("INT-1")
def test_it_is_made_anew_when_that_is_asked_for_at_rest() -> None:
    """Else a technician has to switch it off and on to see whether a part is good again."""
    pump = switched_on()
    passes_all(pump)
    pump.controller.checks.again(pump.out)
    assert pump.out.tests and not any(pump.controller.checks.verdicts)
    scan_s(pump, 0.5)
    assert state(pump) == "idle" and pump.controller.checks.pending == checks.AT_POWER_UP & ~OWN
    passes_all(pump)
    assert not pump.controller.checks.pending
    says(pump, failed=checks.TONE)
    assert state(pump) == "failed"
    pump.out.tests = False
    pump.controller.checks.again(pump.out)
    assert not pump.out.tests, "only switching it off and on ends a failure"


def test_a_pump_that_is_not_told_to_test_itself_begins_at_once() -> None:
    """Else every bench that has no board waits for checks which nobody makes."""
    pump = pump_with(short())
    scan_s(pump, 1)
    assert state(pump) == "ready"
