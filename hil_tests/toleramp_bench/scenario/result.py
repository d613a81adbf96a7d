"""What a run came to, as one document; the delivered figures are the bench's own, from pulses that moved the motor."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from pump.account import dose_fraction, fills
from pump.protocol import Protocol
from toleramp_bench.scenario.expect import judge
from toleramp_bench.scenario.model import Recording, Scenario
from toleramp_bench.scenario.step_runs import StepRun, step_runs

_DECIMALS = 9  # of mL and mg: a picolitre, a picogram
_NL_PER_ML, _PL_PER_ML, _PL_PER_NL, _PG_PER_MG = 10**6, 10**9, 1000, 10**9
_US_RATE = 36_000  # pL a us at 1 mL/h, times 0.0001: rate_e4 / 36000
_WAITING, _HELD = ("idle", "ready", "armed", "bag"), ("held", "decision", "resumable")
_RATE_PULSES = 3  # with fewer no rate is measured
_ARGS = ("load_refused", "alarm_raised", "self_test")  # whose arg is a number with a meaning of its own


def result(scenario: Scenario, recording: Recording, vein: Fraction | None = None) -> dict[str, Any]:
    """The document of `scenario run --json`, but wall_s; `vein` is the dose at the vein in pg.

    A run that uses what the pump cannot do yet has not passed, whatever else it met.
    """
    protocol, runs = scenario.protocol, step_runs(recording)
    document: dict[str, Any] = {
        "scenario": scenario.name,
        "target": recording.target,
        "passed": False,
        "final_state": final_state(recording.final_state),
        "simulated_s": rounded(Fraction(recording.end_ms, 1000)),
        "delivered_ml": rounded(Fraction(_pulses(recording) * recording.pl_pulse, _PL_PER_ML)),
        "delivered_mg": rounded(delivered_mg(protocol, recording, runs)),
        "vein_mg": None if vein is None else rounded(Fraction(vein) / _PG_PER_MG),
        "steps": _steps(protocol, recording, runs),
        "events": [_event(protocol, record) for record in recording.records],
        "expectations": [],
        "actions": [{"t_ms": done.t_ms, "id": done.id, "do": done.do} for done in recording.done],
        "pulse_ml": rounded(Fraction(recording.pl_pulse, _PL_PER_ML)),
        "open": list(scenario.uses_open),
    }
    document["expectations"] = judge(scenario, recording, document)
    document["passed"] = all(expectation["met"] for expectation in document["expectations"]) and not document["open"]
    return document


def canonical(document: dict[str, Any]) -> str:
    """The text that two runs have in common to the byte: the document without the time that the machine took."""
    return json.dumps({key: value for key, value in document.items() if key != "wall_s"}, ensure_ascii=False, indent=1)


def final_state(state: str) -> str:
    """A session's state as a final state of the contract."""
    return "waiting" if state in _WAITING else "held" if state in _HELD else state


def rounded(value: Fraction) -> float:
    """An exact figure as a float of nine decimals."""
    return round(value * 10**_DECIMALS) / 10**_DECIMALS


def _pulses(recording: Recording) -> int:
    return len(recording.moved_us) if recording.moved_us is not None else 0


def delivered_mg(protocol: Protocol, recording: Recording, runs: list[StepRun]) -> Fraction:
    """The dose that left the pump: pulses of each run times its bag's concentration; a line-fill is no dose.

    Pulses before the first step, which nobody ordered, are of the bag that hangs then.
    """
    shares = [(run.number, run.pulses) for run in runs]
    if protocol.steps:
        shares.append((1, runs[0].first if runs else _pulses(recording)))
    return sum((_dose_mg(protocol, number, pulses * recording.pl_pulse) for number, pulses in shares), Fraction(0))


def _dose_mg(protocol: Protocol, number: int, volume_pl: int | Fraction) -> Fraction:
    """Dose of so much of a step's bag; none for a step that the protocol does not have."""
    if not 1 <= number <= len(protocol.steps) or fills(protocol.steps[number - 1]):
        return Fraction(0)
    up, down = dose_fraction(protocol, protocol.steps[number - 1], 1)  # pg a nL
    return Fraction(up, down) * volume_pl / _PL_PER_NL / _PG_PER_MG


# -- steps


def _steps(protocol: Protocol, recording: Recording, runs: list[StepRun]) -> list[dict[str, Any]]:
    rows = []
    for index, run in enumerate(runs):
        row = _step(protocol, recording, run)
        before = sum(other.number == run.number for other in runs[:index])
        if before or any(other.number == run.number for other in runs[index + 1 :]):
            row["run"] = before + 1
        rows.append(row)
    return rows


def _step(protocol: Protocol, recording: Recording, run: StepRun) -> dict[str, Any]:
    known = 1 <= run.number <= len(protocol.steps)
    volume_nl = protocol.steps[run.number - 1].volume_nl if known else 0
    moved_pl = run.pulses * recording.pl_pulse
    return {
        "step": run.number,
        "planned_ml": rounded(Fraction(volume_nl, _NL_PER_ML)),
        "delivered_ml": rounded(Fraction(moved_pl, _PL_PER_ML)),
        "planned_mg": rounded(_dose_mg(protocol, run.number, volume_nl * _PL_PER_NL)),
        "delivered_mg": rounded(_dose_mg(protocol, run.number, moved_pl)),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "rate_error_percent": _rate_error(recording, run, protocol.steps[run.number - 1].rate_e4) if known else None,
    }


def _rate_error(recording: Recording, run: StepRun, rate_e4: int) -> float | None:
    """How far the rate of the pulses lies above what was ordered, holds left out; None for too few pulses."""
    if run.pulses < _RATE_PULSES:
        return None
    moved, intervals, time_us = recording.moved_us, 0, 0
    for begin, end in run.flows:
        if end - begin > 1:
            intervals += end - begin - 1
            time_us += moved.at(end - 1) - moved.at(begin)
    if not time_us:
        return None
    ratio = Fraction(intervals * recording.pl_pulse * _US_RATE, time_us * rate_e4)
    return rounded((ratio - 1) * 100)


# -- events


def _event(protocol: Protocol, record: dict[str, Any]) -> dict[str, Any]:
    """A record as the contract has it: a key that says nothing is left out; `arg` is a bag's letter or a number."""
    event: dict[str, Any] = {"t_ms": record["t_ms"], "event": record["event"]}
    if record.get("step"):
        event["step"] = record["step"]
    if record.get("code") is not None:
        event["code"] = record["code"]
    arg = record.get("arg")
    if record["event"].startswith("bag_") and arg is not None and 0 <= arg < len(protocol.solutions):
        event["arg"] = protocol.solutions[arg].id
    elif record["event"] in _ARGS and arg is not None:
        event["arg"] = arg
    return event
