"""`toleramp clock`: both clocks side by side, and the pump's set from this computer's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from fake_pump import FakePump, event_fields

from pump.base import calendar
from pump.tables import causes, refusals
from pump.tables import messages as m
from toleramp import cli
from toleramp.device import clock
from toleramp.live import lines, session_log
from toleramp.words.times import NO_CLOCK

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOON_S = int(NOON.timestamp()) - calendar.EPOCH


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer's clock stands at noon; nothing is waited for."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr(clock.time, "sleep", lambda seconds: None)


@pytest.mark.req("INT-3")
@pytest.mark.parametrize(
    ("ahead_s", "said", "code"),
    [(0, "both say the same", 0), (-2, "both say the same", 0), (59, "the pump's is 0:00:59 ahead", 0),
     (-3600, "the pump's is 1:00:00 behind", 1), (86_400, "the pump's is 1 day, 0:00:00 ahead", 1)],
)  # fmt: skip
def test_both_times_stand_side_by_side_in_utc(
    fake: FakePump, ahead_s: int, said: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else two times without their zone are compared by eye, an hour apart."""
    fake.clock["wall_s"] = NOON_S + ahead_s
    assert cli.main(["clock", "--port", fake.port]) == code
    pump = NOON + timedelta(seconds=ahead_s)
    shown = f"pump    {pump:%Y-%m-%d %H:%M:%S} UTC\nlaptop  2026-11-22 12:00:00 UTC\n{said}\n"
    assert capsys.readouterr().out == shown
    assert fake.asked(m.CLOCK_SET) == 0


@pytest.mark.req("INT-3")
@pytest.mark.parametrize("cause", [causes.CLOCK_LOST, causes.CLOCK_UNSET, causes.CLOCK_STOPPED, causes.CLOCK_JUMPED])
def test_why_a_clock_is_not_trusted_is_said(fake: FakePump, cause: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a clock that lost its battery says the year 2000, and a right one that jumped passes for right."""
    fake.clock |= {"wall_s": 0 if cause == causes.CLOCK_UNSET else NOON_S, "cause": cause}
    assert cli.main(["clock", "--port", fake.port]) == 1
    out = capsys.readouterr().out
    assert "does not trust its clock: " in out and (NO_CLOCK in out) == (cause == causes.CLOCK_UNSET)
    assert "2000" not in out
    assert cli.main(["clock", "--json", "--port", fake.port]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["why"] == causes.NAMES[cause] and not said["trusted"]
    assert said["battery_lost"] == (said["pump"] is None) == (cause == causes.CLOCK_UNSET)


@pytest.mark.req("INT-3", "SEC-1")
def test_it_is_set_from_here_and_read_back(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a setting that was lost on the line passes for made."""
    fake.clock |= {"cause": causes.CLOCK_UNSET}
    assert cli.main(["clock", "--set", "--port", fake.port]) == 0
    assert fake.clock["wall_s"] == NOON_S + 1
    assert capsys.readouterr().out.startswith(f"set; it said {NO_CLOCK} before\npump    2026-11-22 12:00:01 UTC")
    fake.swallow[m.CLOCK_SET[0]] = 1
    assert cli.main(["clock", "--set", "--json", "--port", fake.port]) == 0, "the answer was lost, the time was not"
    assert json.loads(capsys.readouterr().out)["before"] == "2026-11-22T12:00:01Z"
    assert fake.asked(m.CLOCK_SET) == 2


@pytest.mark.req("SEC-1")
@pytest.mark.parametrize(
    ("row", "said"), [(refusals.BUSY, "a session runs"), (refusals.NO_CLOCK, "its clock does not answer")]
)
def test_a_pump_that_says_no_is_one_line(
    fake: FakePump, row: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else people believe that it is set."""
    fake.refuse[m.CLOCK_SET[0]] = (refusals.NAMES[row], 0, 0)
    assert cli.main(["clock", "--set", "--port", fake.port]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


@pytest.mark.req("INT-3")
def test_a_computer_without_a_time_sets_nothing(
    fake: FakePump, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a laptop whose own battery is flat puts the pump into 1970."""
    monkeypatch.setattr(clock, "now", lambda: datetime(1970, 1, 1, tzinfo=UTC))
    assert cli.main(["clock", "--set", "--port", fake.port]) == 2
    assert "set that first" in capsys.readouterr().err and fake.asked(m.CLOCK_SET) == 0


@pytest.mark.req("INT-5")
def test_records_show_the_pumps_time_of_day_with_its_zone_or_that_there_is_none() -> None:
    """Else a log of a pump without a battery has the year 2000 in it, or a time of an unknown zone."""
    known = session_log.event_record(event_fields(1, "armed", wall_s=NOON_S), 100_000)
    unknown = session_log.event_record(event_fields(1, "armed", wall_s=0), 100_000)
    assert known["pump_clock"] == "2026-11-22T12:00:00Z" and unknown["pump_clock"] is None
    assert lines.event_line(known).startswith("02:11.0  12:00:00 UTC  START pressed")
    assert lines.event_line(unknown).startswith(f"02:11.0  {NO_CLOCK}  START pressed")
    older = {name: value for name, value in known.items() if name != "pump_clock"}
    assert lines.event_line(older).startswith("02:11.0  START pressed")
