"""The DS3231 on the image: read and set over the bus, its registers and their arithmetic in the chip's own numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pump.base import calendar
from pump.tables import causes
from pump.tables import messages as m
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.clock import EPOCH

# Where a day, a month, a leap day, a year and the last year of 30 bits begin or end.
TIMES = (
    datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2029, 2, 28, 23, 59, 59, tzinfo=UTC), datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2053, 12, 31, 23, 59, 0, tzinfo=UTC),
)  # fmt: skip


def said(bench: PumpBench) -> tuple[datetime, int]:
    """What the pump says that its clock says, and why it does not trust it."""
    fields = bench.ask(m.CLOCK_GET).fields
    return EPOCH + timedelta(seconds=fields["wall_s"]), fields["cause"]


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= timedelta(seconds=2.2)


@pytest.mark.req("INT-3", "INT-5", "INT-9", "SEC-1")
def test_the_image_reads_and_sets_its_clock() -> None:
    """Else the log's time is that of a clock on a bench, and the real one is never set."""
    bench = PumpBench()
    bench.boot()
    bench.run_for(1)
    shown, cause = said(bench)
    assert near(shown, bench.clock.time) and cause == causes.NONE
    for time in TIMES:
        bench.clock.set_time(time)
        bench.run_for(2.1)
        assert near(said(bench)[0], bench.clock.time)
    assert said(bench)[1] == causes.CLOCK_JUMPED
    bench.clock.lose()
    bench.run_for(2.1)
    assert said(bench) == (EPOCH, causes.CLOCK_UNSET), "no time, not the year 2000"
    for time in TIMES[1:4]:
        answer = bench.ask(m.CLOCK_SET, wall_s=int((time - EPOCH).total_seconds()))
        assert answer.type == m.ACK[0]
        bench.run_for(1.3)
        assert near(bench.clock.time, time) and not bench.clock.lost and bench.clock.registers[0x0E] == 4
        assert said(bench)[1] == causes.NONE and near(said(bench)[0], time)
    kinds = [event["event"] for event in bench.events]
    assert kinds.count("clock_set") == 3 and kinds.count("clock_wrong") == 1
    assert bench.stats()["overruns"] == 0
    assert calendar.seconds(bench.clock.registers) > 0
