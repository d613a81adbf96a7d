"""Pump and rig, both images on emulated boards wired together: the rig does it all, the bench checks its word."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from firmware_kit import in_its_fork

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from rig_kit import pair

from pump.io import STOP
from toleramp_bench.boards.rig.emulated import EmulatedPair
from toleramp_bench.figures.measure import standard_blob
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.targets.base import NotOnTarget
from toleramp_bench.targets.rig import RigTarget

SCALE = Fraction(1, 250)
LOST_S = 5  # by then a reading that does not come is missed


class Session:
    """A target with a nurse whose fingers are the rig's relays, and a laptop that pings."""

    def __init__(self, both: EmulatedPair) -> None:
        self.both, self.target, self.nurse = both, RigTarget(both), Nurse(ScreenPace())
        self.live = self.target.fit(Plant())
        self.events: list[dict[str, object]] = []
        self.attended = True

    def run_until(self, event: str, limit_s: float, **match: object) -> dict[str, object]:
        """Lets the session go on until a record has come."""
        target, end_us = self.target, self.target.now_us + limit_s * 1e6
        seen = len(self.events)
        while target.now_us < end_us:
            found = [e for e in self.events[seen:] if e["event"] == event and match.items() <= e.items()]
            if found:
                return found[0]
            self.step()
        raise AssertionError(f"no {event} {match} within {limit_s} s; {target.seen()}, {self.events[-3:]}")

    def run_for(self, seconds: float) -> None:
        """Lets time pass."""
        end_us = self.target.now_us + seconds * 1e6
        while self.target.now_us < end_us:
            self.step()

    def step(self) -> None:
        """A tenth of a second at most."""
        target = self.target
        target.run_to(target.now_us + 100_000)
        self.events += target.records()
        target.host("ping")
        button = self.nurse.press(target.seen(), target.now_us // 1000) if self.attended else 0
        if button:
            target.press(button)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """A pump in bench mode with the standard protocol loaded, on the rig; its time passes in forks only."""
    made = Session(pair())
    made.target.start(bench_mode=True)
    assert made.target.load(standard_blob(SCALE)) == ""
    yield made
    made.target.close()


@pytest.mark.req("FLO-2", "FLO-6", "TST-1")
@in_its_fork
def test_steps_are_counted_at_the_pin_and_stop_acts_within_50_ms(session: Session) -> None:
    """Else the rig's figures are not the pump's, or STOP is late."""
    target, both = session.target, session.both
    session.run_until("step_started", 30, step=3)
    session.run_for(1)
    done = [e for e in session.events if e["event"] == "step_completed"]
    assert [e["step"] for e in done] == [1, 2]
    session.attended = False
    target.press(STOP, 300)
    session.run_for(1.5)
    assert target.state() == "held"
    assert len(target.pin) == len(both.steps_ns) > 80, "exactly what left the pump"
    assert both.pump_bench and len(target.moved) == len(both.pump_bench.motor.times)
    shifts = {rig_us + target._zero_us - t_ns // 1000 for rig_us, t_ns in zip(target.pin.times, both.steps_ns)}  # noqa: B905
    assert max(shifts) - min(shifts) <= 1, "each step's time, to the microsecond"
    pressed_us = target.stop_edges()[-2]
    assert target.pin.at(-1) - pressed_us <= 50_000
    assert target.moved.at(-1) <= pressed_us, "the contact cuts the driver without any software"
    counted = next(e for e in reversed(session.events) if e["event"] == "paused")
    released = [time_us for time_us in target.pin.times if time_us < pressed_us]
    assert counted["pulses"] in (len(released), len(target.moved)), "a pulse after STOP's edge is not given"
    assert session.live.reading("encoder") == len(target.moved) * 2400 // 3200, "the plant runs along"


@pytest.mark.req("VIT-1", "FLO-10", "TST-1")
@in_its_fork
def test_a_desaturation_played_by_the_rig_holds_the_pump(session: Session) -> None:
    """Else the oximeter on the bench is not the one that the pump hears."""
    target = session.target
    session.run_until("step_started", 30, step=1)
    session.attended = False
    target.oximeter.set(spo2=88)
    played_us = target.now_us
    paused = session.run_until("paused", 20, code="spo2-stop")
    assert 10_000 <= int(str(paused["t_ms"])) - played_us // 1000 <= 14_000
    session.run_for(3)
    assert target.state() == "held"
    assert target.pin.at(-1) // 1000 <= int(str(paused["t_ms"])) + 50, "held is zero flow"
    assert len(target.pin) == len(session.both.steps_ns)
    assert target.late == 0


@pytest.mark.req("INT-2", "FLO-10", "TST-1")
@in_its_fork
def test_a_power_cut_by_the_relay_ends_in_a_paused_pump(session: Session) -> None:
    """Else the bench cannot show that power coming back delivers nothing."""
    target = session.target
    session.run_until("step_started", 30, step=2)
    session.run_for(1)
    session.attended = False
    target.power(False)
    session.run_for(1)
    cut = len(target.pin)
    assert target.state() == "off" and cut == len(session.both.steps_ns)
    target.power(True)
    session.run_until("boot", 10, boot=1)
    session.run_for(1)
    assert target.state() not in ("off", "running")
    assert len(target.pin) == cut == len(session.both.steps_ns)
    assert session.live.reading("encoder") == len(target.moved) * 2400 // 3200 > 0, "the plant outlives the cut"
    boots = [e for e in session.events if e["event"] == "boot"]
    assert [e["boot"] for e in boots] == [0, 1]
    assert int(str(boots[1]["t_ms"])) > int(str(boots[0]["t_ms"])) + 1000


@pytest.mark.req("VIT-2", "TST-1")
@in_its_fork
def test_a_cable_out_and_a_wrong_rate_are_no_values(session: Session) -> None:
    """Else the rig cannot show what a bad line does."""
    target = session.target
    session.attended = False
    session.run_for(2)
    assert target.line.status["spo2"] == 97
    target.oximeter.cable_out = True
    session.run_for(LOST_S)
    assert not target.line.status["vitals"] & 1
    target.oximeter.cable_out = False
    session.run_for(2)
    assert target.line.status["vitals"] & 1
    target.link.baud(4800)
    session.run_for(LOST_S)
    assert not target.line.status["vitals"] & 1


@pytest.mark.req("TST-1")
@in_its_fork
def test_what_a_rig_cannot_do_is_said(session: Session) -> None:
    """Else a scenario passes for something that was never done."""
    target = session.target
    for impossible in (
        lambda: target.stall_code(45),
        lambda: target.corrupt("plan"),
        target.hang,
        lambda: target.battery(3.3),
    ):
        with pytest.raises(NotOnTarget, match="^rig: "):
            impossible()
    assert target.screen() is None


@pytest.mark.req("PRO-1", "TST-1")
def test_without_the_bench_key_a_bench_protocol_is_refused() -> None:
    """Else the rig shows a pump in bench mode as the one that people use."""
    target = RigTarget(pair())
    target.start(bench_mode=False)
    assert target.load(standard_blob(SCALE)) not in ("", None)
    target.close()
