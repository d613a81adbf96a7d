"""The battery's last half hour: what is left by its voltage, step by step, and the mains (ALM-5)."""

from __future__ import annotations

import pytest
from core_kit import pump_with, running_at, scan_s, short, state, tap
from power_kit import cycle, why

from pump.controller import senses_of_inputs
from pump.io import START
from pump.senses import battery
from pump.store.journal import SLOTS, valid
from pump.tables import alarms, causes, inputs
from pump.tables import battery as rows
from pump.tables.causes import BIT
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import EVENTS
from toleramp_bench.records import is_part, unpack_record

pytestmark = pytest.mark.req("ALM-5")

MAINS_LOOKS = 9


def told(mv: list[float], mains: bool = False) -> list[int]:
    """The conditions after each look at these voltages."""
    sense, supply = senses_of_inputs()
    found = []
    for _ in range(MAINS_LOOKS):
        supply.sense(int(mains))
    for each in mv:
        sense.sense(round(each / 1000 / 2 / 3.3 * 4095))
        supply.sense(int(mains))
        found.append(sense.bits)
    return found


@pytest.mark.parametrize("row", range(rows.COUNT))
def test_each_step_is_told_within_a_second_below_its_voltage(row: int) -> None:
    """Else people hear of an empty battery when it is empty."""
    high = 4_200 if not row else rows.LIMIT_MV[row - 1] - 10
    cause = rows.CAUSE[row]
    found = told([high] * 40 + [rows.LIMIT_MV[row] - 10] * 14)
    assert BIT[cause] not in found[:41] and found[-1] == BIT[cause]
    assert alarms.PRIORITY[causes.ALARM[cause]] == (alarms.MEDIUM, alarms.MEDIUM, alarms.HIGH, alarms.HIGH)[row]


def test_the_voltages_are_those_of_the_minutes() -> None:
    """Else a row says 15 minutes, and there are five. By hand: 15 A min of 180 are an eighth of the way down, ..."""
    charge = [rows.LOAD_MA * minutes / 60 / rows.CELL_MAH * 100 for minutes, _ in rows.ROWS]
    assert charge == [15, 7.5, 2.5, 1.5]
    rest_mv = [3_680 + 60 / 2, 3_450 + 230 / 2, 3_000 + 450 / 2, 3_000 + 450 * 0.3]
    assert list(rows.LIMIT_MV) == [mv - 60 for mv in rest_mv]
    assert list(rows.LIMIT_MV) == sorted(rows.LIMIT_MV, reverse=True) and rows.LIMIT_MV[-1] > 3_000


def test_noise_at_a_limit_neither_flickers_nor_hides_it() -> None:
    """Else a voltage that trembles at the limit fills the log, or a flat battery says nothing."""
    limit = rows.LIMIT_MV[0]
    found = told([limit + 200] * 20 + [limit + 40, limit - 120] * 100)
    assert found[-1] == BIT[causes.BATTERY_LOW] and sum(a != b for a, b in zip(found, found[1:], strict=False)) == 1
    assert not any(told([limit + 60, limit - 40] * 100)[10:])
    assert not any(told([4_000, 3_000, 4_000, 4_000] * 50))  # a motor that starts


def test_a_step_is_over_only_plainly_above_it() -> None:
    """Else the load that goes away with the flow takes the alarm back."""
    limit = rows.LIMIT_MV[3]
    assert told([limit - 20] * 20 + [limit + rows.BACK_MV - 10] * 200)[-1] == BIT[causes.BATTERY_FLAT]
    assert told([limit - 20] * 20 + [limit + rows.BACK_MV + 20] * 20)[-1] == BIT[causes.BATTERY_5]


def test_on_the_mains_nothing_is_told_but_a_cell_that_is_missing() -> None:
    """Else a pump that charges holds, or one whose battery is out is taken for one with a battery."""
    assert not any(told([3_000] * 100, mains=True))
    assert told([0] * 30, mains=True)[-1] == BIT[causes.BATTERY_LOW]


def test_mains_that_come_take_an_alarm_back_without_another() -> None:
    """Else the charger's voltage passes for a battery of 15 minutes."""
    sense, supply = senses_of_inputs()
    for _ in range(40):
        sense.sense(battery.counts_of(3_000))
        supply.sense(0)
    assert sense.bits == BIT[causes.BATTERY_FLAT]
    seen = set()
    for _ in range(20):
        sense.sense(battery.counts_of(3_550))
        supply.sense(1)
        seen.add(sense.bits)
    assert seen == {BIT[causes.BATTERY_FLAT], 0}
    for _ in range(3):
        sense.sense(battery.counts_of(3_000))
        supply.sense(0)
    assert sense.bits  # they are gone again: at once


def records(pump: CorePump) -> list[tuple[str, str | None]]:
    """What lies in the FRAM: event and code."""
    held = [bytes(data) for slot, data in sorted(pump.board.fram.items()) if slot < SLOTS]
    told = [unpack_record(data) for data in held if valid(bytearray(data), 0) and not is_part(data)]
    return [(each["event"], each["code"]) for each in told]


def volts(pump: CorePump, value: float, supply: bool = False) -> None:
    """The battery's from now on."""
    pump.board.plant.do("battery_volts", {"volts": value, "supply": supply})


@pytest.mark.req("ALM-5", "INT-2")
def test_a_flat_battery_holds_is_recorded_and_nothing_goes_on_before_the_mains() -> None:
    """Else the power goes in flow, or somebody resumes into it."""
    pump = running_at(3)
    volts(pump, 3.0)
    scan_s(pump, 3)
    assert state(pump) == "held" and pump.controller.alarms.active[alarms.BATTERY_FLAT]
    assert (EVENTS.PAUSED, "battery-flat") in records(pump)
    cycle(pump)
    assert why(pump) and state(pump) == "recovered"
    scan_s(pump, 3)
    assert pump.controller.session.case.waits and not pump.stepper.moved
    volts(pump, 4.0, supply=True)
    scan_s(pump, 3)
    assert not pump.controller.session.case.waits


def test_nothing_begins_on_a_flat_battery() -> None:
    """Else a session begins that the power ends three minutes later."""
    pump = pump_with(short())
    volts(pump, 3.0)
    scan_s(pump, 3)
    tap(pump, START)
    scan_s(pump, 2)
    assert state(pump) == "ready"
    volts(pump, 3.0, supply=True)
    scan_s(pump, 3)
    tap(pump, START)
    scan_s(pump, 2)
    assert state(pump) == "armed"


def test_the_sense_of_each_row_has_its_place() -> None:
    """Else the battery is judged by another input."""
    assert inputs.NAMES[inputs.BATTERY] == "battery" and inputs.NAMES[inputs.SUPPLY] == "supply"
