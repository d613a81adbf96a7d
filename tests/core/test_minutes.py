"""The patient's vital signs in the log: a minute's lowest, mean and highest, each change, and room for all (INT-5)."""

from __future__ import annotations

import struct
from random import Random
from types import SimpleNamespace

import pytest
from core_kit import END, classify, pump_with, scan_s, short, start, state, tap

from pump.io import CONFIRM, STOP
from pump.store.journal import RECORD, SLOTS, valid
from pump.store.minutes import CHANGES, MINUTE_S, Minutes
from pump.tables import alarms, events
from pump.tables import messages as m
from pump.tables.vitals import VALID
from toleramp.words import vital_signs
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("INT-5")

LONGEST = ROOT / "hil_tests" / "scenarios" / "long" / "longest-session.toml"


def minutes(pump: CorePump) -> list[dict[str, object]]:
    """What the log in the FRAM says of the patient, a minute each, as tools read it."""
    found: list[dict[str, object]] = []
    held = [bytes(data) for slot, data in sorted(pump.board.fram.items()) if slot < SLOTS]
    for at, data in enumerate(held):
        fields = dict(zip(m.EVENT[2].split(), struct.unpack(m.EVENT[1], data), strict=True))
        if fields["kind"] != events.VITALS or fields["part"]:
            continue
        content = b""
        for part in range(fields["parts"]):
            more = dict(zip(m.CONTINUED[2].split(), struct.unpack(m.CONTINUED[1], held[at + 1 + part]), strict=True))
            assert (more["kind"], more["part"]) == (events.VITALS, part + 1)
            content += more["data"]
        told = vital_signs.of_content(content)
        assert told is not None
        brief = vital_signs.of_arg(fields["arg"])
        assert brief["spo2"] == told["spo2"] and brief["pulse_mean"] == (told["pulse"] and told["pulse"][1])
        found.append({**told, "t_s": fields["t_s"], "said": vital_signs.said(fields["arg"], content)})
    return found


def watched(period_us: int = 160_000) -> CorePump:
    """A pump whose session has just begun; each scan is a look."""
    pump = pump_with(short(), period_us)
    start(pump)
    return pump


def last_minute(pump: CorePump) -> None:
    """Up to the first scan of a new minute."""
    before = pump.controller.minutes._since_s
    while pump.controller.minutes._since_s == before:
        pump.scan()


def test_a_minute_has_lowest_mean_and_highest_of_its_readings() -> None:
    """Else a desaturation of ten seconds is not in the log."""
    pump, random = watched(), Random(5)
    last_minute(pump)
    seen: list[tuple[int, int]] = []
    before = pump.controller.minutes._since_s
    while True:
        pump.parser.spo2, pump.parser.pulse = random.randint(95, 99), random.randint(60, 90)
        pump.scan()
        if pump.controller.minutes._since_s != before:
            break
        seen.append((pump.parser.spo2, pump.parser.pulse))
    scan_s(pump, 2)
    told = minutes(pump)[-1]
    for at, name in enumerate(("spo2", "pulse")):
        values = [each[at] for each in seen]
        low, mean, high = told[name]  # type: ignore[misc]
        assert (low, high) == (min(values), max(values))
        assert abs(mean - sum(values) / len(values)) <= 1.0
    assert int(str(told["readings_s"])) >= MINUTE_S - 1


def test_each_change_of_two_points_has_its_second() -> None:
    """Else nobody can tell afterwards how fast it went."""
    pump = watched()
    last_minute(pump)
    for spo2 in (98, 97, 95, 94, 96):
        pump.parser.spo2 = spo2
        scan_s(pump, 5.12)
    last_minute(pump)
    scan_s(pump, 2)
    told = minutes(pump)[-1]
    (second, spo2), *more = told["changed"]  # type: ignore[misc]
    assert spo2 == 95 and 9 <= second <= 12 and not more  # a point to and fro is none


def test_a_lost_reading_and_its_return_are_changes_and_blank_minutes_are_told_once() -> None:
    """Else a probe that was off for an hour fills the log, or is not in it."""
    pump = watched()
    last_minute(pump)
    scan_s(pump, 10)
    pump.parser.flags = 0
    scan_s(pump, 10 * MINUTE_S)
    told = minutes(pump)
    lost = told[-2]["changed"]
    assert lost and lost[-1][1] is None and told[-1]["spo2"] is None  # type: ignore[index]
    assert told[-1]["said"] == "no reading"
    assert sum(each["spo2"] is None for each in told) == 1
    pump.parser.flags = VALID
    scan_s(pump, 2 * MINUTE_S)
    assert minutes(pump)[-1]["spo2"] is not None


def test_more_changes_than_there_is_room_for_are_counted() -> None:
    """Else a minute of artifact looks calm, or its record breaks the log."""
    pump = watched()
    last_minute(pump)
    for k in range(60):
        pump.parser.spo2 = 95 + 4 * (k & 1)
        scan_s(pump, 0.96)
    last_minute(pump)
    scan_s(pump, 2)
    told = minutes(pump)[-1]
    assert len(told["changed"]) == CHANGES and int(str(told["changes"])) > 2 * CHANGES  # type: ignore[arg-type]
    assert all(0 <= second < MINUTE_S for second, _ in told["changed"])  # type: ignore[union-attr]


def test_the_last_minute_is_recorded_when_watching_ends() -> None:
    """Else what was seen last is in no record."""
    pump = watched()
    scan_s(pump, 90)
    tap(pump, STOP)
    classify(pump, END)
    assert state(pump) == "stopped"
    before = len(minutes(pump))
    for _ in range(2):
        tap(pump, CONFIRM)
    scan_s(pump, 3)
    assert not pump.controller.conditions.monitoring.on and len(minutes(pump)) == before + 1
    scan_s(pump, 300)
    assert len(minutes(pump)) == before + 1


@pytest.mark.long
def test_the_longest_session_fits_with_a_third_to_spare() -> None:
    """Else its end, which matters most, is not in the log."""
    target = CoreTarget()
    ran = execute(read_scenario(LONGEST), target)
    assert ran.document["passed"], ran.document["expectations"]
    held = [slot for slot, data in target.board.fram.items() if slot < SLOTS and valid(bytearray(data), slot)]
    assert RECORD == 48 and 1_000 < len(held) < SLOTS * 2 // 3, len(held)
    print(f"{len(held)} of {SLOTS} slots of {RECORD} bytes in {ran.document['simulated_s'] / 3600:.1f} h")


def test_a_full_memory_alarms_and_no_record_is_written_over_by_a_minute() -> None:
    """Else the newest readings take the place of the oldest record."""
    pump = watched()
    journal = pump.controller.journal
    scan_s(pump, 2)
    at = SLOTS - 6  # as if a long time had passed
    journal.seq = journal.stored = journal.sent = journal._first = journal.slot = pump.brain._seen = at
    scan_s(pump, 3 * MINUTE_S)
    assert journal.slot == SLOTS and pump.controller.alarms.active[alarms.JOURNAL]
    before = dict(pump.board.fram)
    scan_s(pump, 5 * MINUTE_S)
    now = pump.board.fram
    assert all(now[slot] == data for slot, data in before.items() if slot < SLOTS)
    assert max(slot for slot in now if slot < SLOTS) == SLOTS - 1
    assert pump.controller.alarms.active[alarms.JOURNAL]


ONE_PART = (m.DATA_BYTES - struct.calcsize(events.SIGNS)) // 2


@pytest.mark.parametrize(
    ("changes", "parts"), [(0, 1), (ONE_PART, 1), (ONE_PART + 1, 2), (CHANGES, 2), (CHANGES + 9, 2)]
)
def test_a_record_is_as_long_as_its_changes(changes: int, parts: int) -> None:
    """Else the last change of a minute is cut off, or a calm one takes the room of two."""
    said, pieces = list[tuple[int, ...]](), list[bytes]()
    minute = Minutes()
    vitals = SimpleNamespace(sure=True, spo2=90, pulse=70)
    pump = SimpleNamespace(
        t_s=0, vitals=vitals, conditions=SimpleNamespace(monitoring=SimpleNamespace(on=True)),
        note=lambda *record: said.append(record),
        journal=SimpleNamespace(part=lambda kind, part, piece: pieces.append(bytes(piece))),
    )  # fmt: skip
    for second in range(max(1, changes)):
        pump.t_s, vitals.spo2 = second, 90 if changes and second & 1 else 99
        minute.look(pump)
        if not changes:
            minute._changes = 0
    pump.conditions.monitoring.on = False
    minute.look(pump)
    ((kind, _, _, announced),) = said
    told = vital_signs.of_content(b"".join(pieces))
    assert (kind, announced, len(pieces)) == (events.VITALS, parts, parts)
    assert told is not None and told["changes"] == changes and len(told["changed"]) == min(changes, CHANGES)
