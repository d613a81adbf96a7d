"""Scenarios of a session with an oximeter of any format, for the tests of core and board."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.scenario.reader import read_scenario

HEAD = """format = 1
name = "a session with {form}"
protocol = "{protocol}"
dose_scale = 0.02
oximeter = "{form}"
staff_delay_s = 2
[end]
after = "{end}"
plus = "00:00:03"
"""
FALL = """[[event]]
id = "fall"
after = "step_started"
after_step = 1
plus = "00:00:01"
do = "oximeter"
ramp_to = 88
ramp_s = 4
[[expect]]
event = "paused"
of = "fall"
code = "spo2-stop"
within_s = 20
not_before_s = 10
last_pulse_within_ms = 150
"""
DEEP = """[[event]]
id = "fall"
after = "step_started"
after_step = 1
plus = "00:00:01"
do = "oximeter"
spo2 = 78
[[expect]]
event = "paused"
of = "fall"
code = "spo2-stop"
within_s = 9
not_before_s = 3
last_pulse_within_ms = 150
"""
RECOVERY = """[[event]]
id = "recovery"
after = "paused"
plus = "00:00:05.400"
do = "oximeter"
ramp_to = 97
ramp_s = 2
[[expect]]
event = "resumed"
of = "recovery"
not_before_s = 60
[[expect]]
count = "alarm_raised"
code = "signal-lost"
under = 1
[[expect]]
never = "step_started"
step = 2
before = "resumed"
"""
LOST = """[[event]]
id = "lost"
after = "step_started"
after_step = 1
plus = "00:00:{second}"
do = "oximeter"
{what}
[[expect]]
event = "alarm_raised"
of = "lost"
code = "signal-lost"
within_s = {alarm}
not_before_s = 1.9
[[expect]]
event = "paused"
of = "lost"
code = "signal-lost"
within_s = {hold}
not_before_s = 11.9
"""


def judged(folder: Path, form: str, target: str, more: str, end: str = "paused") -> list[dict[str, Any]]:
    """The expectations of a run."""
    path = folder / "session.toml"
    path.write_text(HEAD.format(form=form, protocol=standard_protocol(), end=end) + more, "utf-8")
    scenario = read_scenario(path)
    return list(execute(scenario, make_target(target, scenario)).document["expectations"])


def lost(what: str, extra: float = 0) -> str:
    """The probe or the line is lost; `extra`: so long it takes to be known."""
    return LOST.format(what=what, second="02.300", alarm=5.7 + extra, hold=15.7 + extra)
