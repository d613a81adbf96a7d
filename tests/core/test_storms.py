"""Keys and lines that press and ask without end: what starts, what is recorded, who is told (INT-6, ALM-8, SEC-3)."""

from __future__ import annotations

import random

import pytest
from core_kit import (
    TECHNICAL,
    classify,
    pump_with,
    scan_s,
    short,
    shown,
    start,
    state,
    tap,
    up,
)

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.protocol.encoding import encode
from pump.senses import keys, power_up
from pump.senses.keys import Buttons
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import ALARMS

KEYS = (START, CONFIRM, SILENCE, UP, DOWN)
SCAN_MS = 20


def resumable() -> CorePump:
    """A pump at 20 ms a scan that wants nothing but two presses."""
    pump = pump_with(short(), 20_000)
    start(pump)
    scan_s(pump, 3)
    tap(pump, STOP)
    classify(pump, TECHNICAL)
    assert pump.controller.session.may_resume()
    return pump


def levels(pump: CorePump, rows: list[int]) -> None:
    """Raw levels, one scan each."""
    for level in rows:
        pump.board.keys = level
        pump.scan()


@pytest.mark.req("INT-6", "SES-3")
@pytest.mark.parametrize("skew", [0, 3, 4, 10, 50, 1000])
def test_a_key_beside_a_held_one_is_no_second_act(skew: int) -> None:
    """Else one hand on two keys resumes."""
    pump = resumable()
    levels(pump, [START] * max(skew, 4) + [START | CONFIRM] * 10 + [CONFIRM] * 10 + [0] * 10)
    assert state(pump) == "resumable"


@pytest.mark.req("INT-6", "SES-3")
def test_two_acts_resume() -> None:
    """Else the pump cannot be used (and the test above cannot fail)."""
    pump = resumable()
    levels(pump, [START] * 10 + [0] * 10 + [CONFIRM] * 10 + [0] * 3)
    assert state(pump) == "running"


def wet(seed: int, per_s: float, seconds: int) -> list[int]:
    """Levels of a keypad with fluid in it: each key closes by itself, so often a second in all, for 0.05 to 1 s."""
    draw, closed, found = random.Random(seed), dict.fromkeys(KEYS, 0), []
    for _ in range(seconds * 1000 // SCAN_MS):
        for key in KEYS:
            if closed[key] > 0:
                closed[key] -= 1
            elif draw.random() < per_s * SCAN_MS / 1000 / len(KEYS):
                closed[key] = draw.randint(3, 50)
        found.append(sum(key for key in KEYS if closed[key]))
    return found


@pytest.mark.req("INT-6", "ALM-2")
@pytest.mark.parametrize("per_s", [3, 6, 12])
def test_a_wet_keypad_lets_nothing_flow_and_says_so(per_s: float) -> None:
    """Else fluid on the keys resumes within a minute, 40 times of 40."""
    for seed in range(10):
        pump = resumable()
        levels(pump, wet(seed, per_s, 60))
        assert state(pump) != "running", seed
        assert ALARMS.KEY_STORM in up(pump) or ALARMS.KEY_STUCK in up(pump)


@pytest.mark.req("INT-6")
def test_after_a_storm_nothing_counts_until_it_is_quiet() -> None:
    """Else the pause between two splashes starts the pump."""
    buttons = Buttons()
    press = [CONFIRM] * 5 + [0] * 5
    for _ in range(keys.STORM_KEYS + 1):
        found = [buttons.update(level, SCAN_MS) for level in press]
    assert not any(found) and buttons.bits
    assert buttons.update(STOP, SCAN_MS) == STOP
    quiet = keys.QUIET_MS // SCAN_MS
    assert not any(buttons.update(level, SCAN_MS) for level in [0] * (quiet - 10) + press)
    assert not any(buttons.update(0, SCAN_MS) for _ in range(quiet + 1))
    assert [p for p in (buttons.update(level, SCAN_MS) for level in press) if p] == [CONFIRM] and not buttons.bits


@pytest.mark.req("INT-6")
def test_fast_hands_are_no_storm() -> None:
    """Else a nurse who goes through a list is locked out."""
    buttons = Buttons()
    three_a_second = [UP] * 8 + [0] * 9
    assert sum(bool(buttons.update(level, SCAN_MS)) for level in three_a_second * 90) == 90


def slow(seed: int, per_s: float, seconds: int) -> list[int]:
    """Levels of a keypad in which one random key after the other closes for 0.1 s, so often a second."""
    draw, found = random.Random(seed), []
    for _ in range(round(seconds * per_s)):
        found += [draw.choice(KEYS)] * 5 + [0] * round((1000 / per_s - 100) / SCAN_MS)
    return found


@pytest.mark.req("INT-6", "ALM-2")
@pytest.mark.parametrize("per_s", [0.7, 1, 2, 2.9])
def test_slow_random_presses_are_a_storm_before_they_are_two_acts(per_s: float) -> None:
    """Else a slow leak into the keypad resumes within a minute, 40 times of 40, and nobody is told of a fault."""
    resumed = 0
    for seed in range(40):
        buttons, asked, storm = Buttons(), False, False
        for level in slow(seed, per_s, 120):
            press = buttons.update(level, SCAN_MS)
            storm = storm or bool(buttons.bits)
            if press and asked and press == CONFIRM:
                resumed += 1
                break
            asked = press == START if press else asked
        else:
            assert storm
    assert resumed <= 15  # 25 % of them, with a margin for the draw; 39 without the rule


@pytest.mark.req("INT-6", "ALM-2")
def test_a_slow_wet_keypad_is_a_keypad_fault_of_the_pump() -> None:
    """Else the pump that is about to be started by a leak looks like a sound one."""
    pump = resumable()
    levels(pump, ([UP] * 5 + [0] * 50 + [START] * 5 + [0] * 50) * 3)
    assert state(pump) == "resumable" and ALARMS.KEY_STORM in up(pump)


@pytest.mark.req("INT-6", "SES-3")
@pytest.mark.parametrize("first", [UP, DOWN])
@pytest.mark.parametrize(
    ("then", "gap_s", "counts"), [(0, 0.5, False), (0, 4.0, False), (0, 6.0, True), (CONFIRM, 0.5, True)]
)
def test_start_after_up_or_down_wants_the_confirm_between(first: int, then: int, gap_s: float, counts: bool) -> None:
    """Else a leak's START counts; or a nurse who has entered a step has to wait."""
    buttons = Buttons()

    def pressed(key: int, rest_s: float) -> int:
        rows = [key] * 5 + [0] * round(rest_s * 1000 / SCAN_MS)
        return sum(buttons.update(level, SCAN_MS) for level in rows)

    assert pressed(first, gap_s) == first
    if then:
        assert pressed(then, 0.5) == then
    assert (pressed(START, 0.5) == START) is counts
    assert pressed(CONFIRM, 0.5) == CONFIRM and not buttons.bits


@pytest.mark.req("INT-6")
@pytest.mark.parametrize(("turns", "storm"), [(8, False), (9, True)])
def test_to_and_fro_in_a_list_is_no_storm_eight_times_a_minute(turns: int, storm: bool) -> None:
    """Else a nurse who goes past her step is locked out."""
    buttons = Buttons()
    for turn in range(turns + 1):
        for level in ([(UP, DOWN)[turn % 2]] * 8 + [0] * 20) * 3:
            buttons.update(level, SCAN_MS)
    assert bool(buttons.bits) is storm
    for _ in range(keys.QUIET_MS // SCAN_MS + 5):
        buttons.update(0, SCAN_MS)
    assert [p for p in (buttons.update(level, SCAN_MS) for level in [CONFIRM] * 5 + [0] * 5) if p] == [CONFIRM]
    assert not buttons.bits, "what is over is over"


@pytest.mark.req("INT-6", "ALM-2")
def test_a_broken_stop_wire_is_a_key_fault_after_a_minute() -> None:
    """Else the pump that cannot run says nothing."""
    pump = pump_with(short())
    pump.board.key(STOP, True)
    scan_s(pump, 58)
    assert ALARMS.KEY_STUCK not in up(pump)
    scan_s(pump, 5)
    assert ALARMS.KEY_STUCK in up(pump)
    pump.board.key(STOP, False)
    scan_s(pump, 15)
    assert ALARMS.KEY_STUCK not in up(pump)


@pytest.mark.req("PRO-5", "SES-1")
@pytest.mark.parametrize("after", range(8))
def test_start_in_the_scan_that_loads_arms_nothing(after: int) -> None:
    """Else a press meant for one protocol starts another, whose fingerprint was on no screen."""
    pump = pump_with(short(), 20_000)
    other = short()
    other.name = other.drug = "another"
    pump.press(START, 400)
    for _ in range(after):
        pump.scan()
    if state(pump) != "ready":
        return  # the press was for the first protocol, and came before
    pump.load(encode(other))
    scan_s(pump, 1)
    assert state(pump) == "ready"


@pytest.mark.req("PRO-5", "SES-1")
def test_start_counts_when_its_question_was_shown_for_a_second_with_all_keys_up() -> None:
    """Else a finger that rests on START takes the next protocol too."""
    pump = pump_with(short(), 20_000)
    pump.load(encode(short()))
    tap(pump, START)
    assert state(pump) == "ready"
    pump.board.key(UP, True)
    scan_s(pump, 5)
    pump.board.key(UP, False)
    scan_s(pump, 0.2)
    tap(pump, START)
    assert state(pump) == "ready"
    shown(pump)
    tap(pump, START)
    assert state(pump) == "armed"


# -- privileges


def powered(rows: list[int]) -> CorePump:
    """A pump at whose power-up the keys have these levels, a scan each."""
    pump = CorePump(20_000, bench=False, held=rows[0])
    levels(pump, rows)
    return pump


BOTH = UP | DOWN


@pytest.mark.req("SEC-3", "PRO-1")
@pytest.mark.parametrize(
    ("rows", "bench"),
    [
        ([BOTH] * 20 + [0] * 10 + [CONFIRM] * 10 + [0] * 5, True),
        ([BOTH] * 20 + [UP] * 5 + [0] * 10 + [CONFIRM] * 10 + [0] * 5, True),
        ([BOTH] * 20 + [0] * 100, False),  # no CONFIRM yet
        ([BOTH] * 600 + [CONFIRM] * 10, False),  # stuck
        ([BOTH] * 260 + [0] * 10 + [CONFIRM] * 10, False),  # released too late
        ([BOTH] * 20 + [0] * 250 + [CONFIRM] * 10, False),  # CONFIRM too late
        ([UP] * 20 + [0] * 10 + [CONFIRM] * 10, False),  # the old way
        ([UP] * 600, False),
        ([BOTH] * 20 + [BOTH | CONFIRM] * 10 + [0] * 10, False),
        ([BOTH] * 20 + [0] * 10 + [CONFIRM | START] * 10 + [0] * 5, False),
        ([BOTH] * 20 + [0] * 10 + [UP] * 10 + [0] * 5 + [CONFIRM] * 10, False),
        ([BOTH | SILENCE] * 20 + [0] * 10 + [CONFIRM] * 10, False),
        ([0] * 20 + [CONFIRM] * 10, False),
    ],
)
def test_bench_mode_is_an_act(rows: list[int], bench: bool) -> None:
    """Else a stuck key lets a protocol run that nobody approved."""
    assert powered(rows).controller.bench is bench


@pytest.mark.req("SEC-3", "INT-1", "INT-6")
@pytest.mark.parametrize("held", [UP, BOTH, START, SILENCE])
def test_a_key_that_stays_down_from_power_up_is_a_fault(held: int) -> None:
    """Else a keypad with fluid in it looks like a sound one."""
    pump = powered([held] * (power_up.RELEASE_MS // SCAN_MS + 50))
    assert ALARMS.KEY_STUCK in up(pump) and not pump.controller.bench
    with pytest.raises(ValueError, match="bench-mode|approval"):
        pump.load(encode(short()))


@pytest.mark.req("SEC-3")
@pytest.mark.parametrize(
    ("rows", "granted"),
    [
        ([SILENCE] * 20 + [0] * 10 + [CONFIRM] * 10, True),
        ([SILENCE] * 400, False),
        ([SILENCE] * 20 + [0] * 400, False),
        ([SILENCE] * 20 + [0] * 10 + [SILENCE] * 10 + [0] * 10 + [CONFIRM] * 10, False),
    ],
)
def test_service_mode_is_an_act(rows: list[int], granted: bool) -> None:
    """Else a stuck SILENCE key opens the interpreter, and the pump is dark."""
    act, answer = power_up.Act(power_up.SERVICE_KEYS), power_up.PENDING
    for level in rows:
        answer = act.take(level, SCAN_MS)
        if answer != power_up.PENDING:
            break
    assert (answer == power_up.GRANTED) is granted
