"""How fast the bench and the tools are, in processor time, which other programs on the machine hardly change.

No test asks for these: what is slow on a busy machine is not wrong.
"""

from __future__ import annotations

import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from pump.tables import states
from toleramp import cli
from toleramp_bench.figures.measure import core_session
from toleramp_bench.names import VITALS
from toleramp_bench.places import ROOT, mechanism_pl_pulse
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.runs.folder import write_folder
from toleramp_bench.scenario.model import LINES_KEPT
from toleramp_bench.scenario.reader import read_scenario

SCENARIOS = ROOT / "hil_tests" / "scenarios"
_STATUS_MS = 200


def least_s(call: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of a call, the least of some."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        call()
        spent.append(time.process_time() - began)
    return min(spent)


def full_scenario_s() -> float:
    """A scenario of a full session on the core, its plant and its verdict."""
    scenario = read_scenario(SCENARIOS / "full-session.toml")
    return least_s(lambda: execute(scenario, make_target("core", scenario)))


def plant_s() -> float:
    """20,000 steps of an ideal plant."""

    def steps() -> None:
        plant = Plant()
        for k in range(1, 20_001):
            plant.advance(k * 20_000, k & 7)

    return least_s(steps)


def evidence_s() -> float:
    """The evidence of a run whose log of the lines is full."""
    scenario = read_scenario(SCENARIOS / "stop-button.toml")
    ran = execute(scenario, make_target("core", scenario))
    lines = [(k * 13_333, "oximeter", bytes((1, k % 256, 3, 97, 5))) for k in range(LINES_KEPT)]
    full = replace(ran.recording, lines=lines)
    with tempfile.TemporaryDirectory() as folder:
        return least_s(lambda: write_folder(Path(folder), scenario, full, ran.document, ran.plant, 1.0, 1))


def report_s() -> float:
    """The report on a session of six hours, five statuses a second."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "session.jsonl"
        log.write_text("".join(json.dumps(record) + "\n" for record in _six_hours()))

        def report() -> None:
            with redirect_stdout(io.StringIO()):
                cli.main(["report", str(log), "-o", str(Path(folder) / "report.html")])

        return least_s(report, 1)


def _six_hours() -> Iterator[dict[str, Any]]:
    yield {"kind": "session", "format": 1, "wall": "2026-11-22T09:00:00.000+01:00", "pump": {}, "protocol": None}
    events = core_session(1_000_000).events
    status: dict[str, Any] = {"kind": "status", "steps": 12, "pl_pulse": mechanism_pl_pulse(), "hold": None}
    status |= {"alarm": None, "spo2": 97, "pulse": 72, "vitals": [VITALS.VALID], "state": states.NAMES[states.RUNNING]}
    for event, following in zip(events, events[1:], strict=False):
        yield {"kind": "event", **event}
        for t_ms in range(event["t_ms"], following["t_ms"], _STATUS_MS):
            rate = event["rate_e4"] / 10_000
            yield {**status, "t_ms": t_ms, "step": event["step"], "total_pulses": event["pulses"], "rate_ml_h": rate}


FIGURES: tuple[tuple[str, Callable[[], float], float], ...] = (
    ("core: scenario of a full session, processor time", full_scenario_s, 2.0),
    ("plant: 20,000 steps, processor time", plant_s, 0.2),
    ("evidence of a run with a full log of the lines, processor time", evidence_s, 3.0),
    ("report on six hours at five statuses a second, processor time", report_s, 10.0),
)
