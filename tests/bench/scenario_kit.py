"""Scenario files and made-up recordings for the tests of the scenario's own code."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import Any

import pytest

from toleramp.errors import UserError
from toleramp_bench.places import standard_protocol
from toleramp_bench.scenario.model import Done, Recording, Scenario
from toleramp_bench.scenario.reader import read_scenario

HEAD = f'format = 1\nname = "a test"\nprotocol = "{standard_protocol().name}"\ndose_scale = 0.02\n'
CONTRACT = (
    HEAD
    + """
oximeter = "nonin-df2"
staff = "prompt"
staff_delay_s = 5
shows = ["FLO-6"]
[[event]]
id = "desat"
after = "step_started"
step = 6
nth = 1
plus = "00:00:05"
do = "oximeter"
ramp_to = 88
ramp_s = 4.5
[[expect]]
event = "paused"
of = "desat"
code = "spo2-stop"
within_s = 15
last_pulse_within_ms = 150
[[expect]]
never = "step_started"
step = 7
before = "resumed"
[[expect]]
value = "steps.6.delivered_ml"
equals = 0.05
tolerance = 0.001
[[expect]]
count = "alarm_raised"
code = "spo2-stop"
equals = 1
"""
)
PL = 100_000
INTERVAL_US = {1: 180_000, 2: 72_000}  # of the standard ladder's first steps: 2 and 5 mL/h


class Times:
    """Pulse times as a target has them."""

    def __init__(self, times: list[int]) -> None:
        self.times = sorted(times)

    def __len__(self) -> int:
        return len(self.times)

    def count_until(self, t_us: int) -> int:
        return bisect_right(self.times, t_us)

    def at(self, index: int) -> int:
        return self.times[index]


class Story:
    """A run written down by hand: what the pump logged, what people did, which pulses came."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.done: list[Done] = []
        self.moved: list[int] = []

    def log(self, t_ms: int, event: str, step: int = 0, code: str | None = None, **more: Any) -> Story:
        """A record of the pump."""
        usual = {"state": "running", "arg": 0, "rate_e4": 0, "pulses": 0}
        self.records.append({"t_ms": t_ms, "event": event, "step": step, "code": code, **usual, **more})
        return self

    def act(self, t_ms: int, name: str, do: str = "press") -> Story:
        """An action that was carried out."""
        self.done.append(Done(name, do, t_ms))
        return self

    def pulses(self, t_ms: int, count: int, interval_us: int) -> Story:
        """So many pulses, the first one interval after `t_ms`."""
        self.moved += [t_ms * 1000 + interval_us * (i + 1) for i in range(count)]
        return self

    def told(self, final_state: str = "completed", end_ms: int = 100_000, target: str = "core") -> Recording:
        """The recording."""
        return Recording(
            target=target,
            records=list(self.records),
            done=list(self.done),
            moved_us=Times(self.moved),
            pin_us=Times(self.moved),
            final_state=final_state,
            end_ms=end_ms,
            pl_pulse=PL,
        )


def two_steps() -> Story:
    """Steps 1 and 2 of the standard ladder at a fiftieth: 100 pulses in 18 s, 250 in 18 s, without a hold."""
    story = Story().log(0, "boot").log(10, "loaded", 1, arg=12).log(1_000, "armed", 1).log(1_000, "bag_requested", 1)
    story.log(2_000, "bag_confirmed", 1).log(2_000, "step_started", 1).pulses(2_000, 100, INTERVAL_US[1])
    story.log(20_000, "step_completed", 1).log(20_000, "step_started", 2).pulses(20_000, 250, INTERVAL_US[2])
    return story.log(38_000, "step_completed", 2)


def held_step() -> Story:
    """Step 1 with a stop by SpO2 after 50 pulses, 21 s of hold, and the rest; an action "desat" before it."""
    story = Story().log(1_000, "armed", 1).log(2_000, "step_started", 1).pulses(2_000, 50, INTERVAL_US[1])
    story.act(5_000, "desat", "oximeter").log(11_050, "paused", 1, "spo2-stop", state="held")
    story.log(11_060, "alarm_raised", 1, "spo2-stop", arg=3).log(20_000, "decision", 1, "technical")
    story.log(32_050, "resumed", 1, "spo2-stop").pulses(32_050, 50, INTERVAL_US[1])
    return story.log(41_050, "step_completed", 1)


def scenario(folder: Path, body: str = "", head: str = HEAD) -> Scenario:
    """The scenario that a file of this text makes."""
    return read_scenario(written(folder, head + body))


def written(folder: Path, text: str | bytes) -> Path:
    """A scenario file."""
    path = folder / "scenario.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def event(do: str, when: str = 'at = "00:00:10"') -> str:
    """An [[event]]; `do` may hold further lines."""
    return f'[[event]]\n{when}\ndo = "{do}"\n'


def expect(text: str) -> str:
    """An [[expect]] from keys with / between."""
    return "[[expect]]\n" + text.replace(" / ", "\n") + "\n"


def fault(folder: Path, text: str | bytes, target: str | None = None) -> str:
    """The one line that a file's fault is told in."""
    with pytest.raises(UserError) as caught:
        read_scenario(written(folder, text), target)
    line = str(caught.value)
    assert line and "\n" not in line and line.startswith(str(folder / "scenario.toml")), line
    assert len(line) < 700 and "; " in line, line
    return line
