"""What a run came to, as one document; the delivered figures are the bench's own.

They are what pulses that moved the motor came to behind the plant (scenario/pumped.py): volume and dose that left the
tubing, with whatever faults of the plant. Only the planned ones are the protocol's.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from pump.protocol.doses import fills
from pump.protocol.protocol import Protocol
from pump.tables import events, states
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.runs.judge import judge
from toleramp_bench.runs.pumped import Delivered, Pumped
from toleramp_bench.runs.walk import StepRun, step_runs
from toleramp_bench.scenario.model import Recording, Scenario

_DECIMALS = 9  # of mL and mg: a picolitre, a picogram
_NL_PER_ML, _PL_PER_ML, _PG_PER_MG = 10**6, 10**9, 10**9
_US_RATE = 36_000  # pL a us at 1 mL/h, times 0.0001: rate_e4 / 36000
_HELD = STATES.of(states.HOLDS)
_FAULT = STATES.of(states.FAULTY)  # a failed self-test too
_WAITING = STATES.of(states.AT_REST | states.HANGING | states.UNTESTED) - STATES.of(states.OVER) - _FAULT
_RATE_PULSES = 3  # with fewer no rate is measured
_FIGURES, _OF_BAGS = EVENTS.of(events.FIGURES), EVENTS.of(events.HANGS)


def result(scenario: Scenario, recording: Recording, pumped: Pumped | None = None) -> dict[str, Any]:
    """The document of `scenario run --json`, but wall_s; `pumped`: the recording played through its plant.

    Without it that is done here, and nothing is said of the vein: whoever has a vein's dose to judge has its plant.
    A run that uses what the pump cannot do yet, or that was interrupted, has not passed, whatever else it met.
    """
    protocol, runs = scenario.protocol, step_runs(recording.records, recording.moved_us)
    vein = pumped and rounded(pumped.plant.vein_pg() / _PG_PER_MG)
    pumped = pumped or Pumped(scenario, recording, runs)
    document: dict[str, Any] = {
        "scenario": scenario.name,
        "target": recording.target,
        "passed": False,
        "final_state": final_state(recording.final_state),
        "simulated_s": rounded(Fraction(recording.end_ms, 1000)),
        "delivered_ml": rounded(Fraction(pumped.total.pl, _PL_PER_ML)),
        "delivered_mg": rounded(delivered_pg(protocol, pumped, runs) / _PG_PER_MG),
        "vein_mg": vein,
        "steps": _steps(protocol, recording, runs, pumped),
        "events": [_event(protocol, record) for record in recording.records],
        "expectations": [],
        "actions": [{"t_ms": done.t_ms, "id": done.id, "do": done.do} for done in recording.done],
        "pulse_ml": rounded(Fraction(recording.pl_pulse, _PL_PER_ML)),
        "open": list(scenario.uses_open),
    }
    document["expectations"] = judge(scenario, recording, document)
    document["passed"] = all(expectation["met"] for expectation in document["expectations"]) and not document["open"]
    if recording.interrupted:
        document.update(passed=False, interrupted=True)
    return document


def canonical(document: dict[str, Any]) -> str:
    """The text that two runs have in common to the byte: the document without the time that the machine took."""
    return json.dumps({key: value for key, value in document.items() if key != "wall_s"}, ensure_ascii=False, indent=1)


def final_state(state: str) -> str:
    """A session's state as a final state of the contract."""
    if state in _WAITING:
        return "waiting"
    return STATES.HELD if state in _HELD else STATES.FAULT if state in _FAULT else state


def rounded(value: Fraction) -> float:
    """An exact figure as a float of nine decimals."""
    return round(value * 10**_DECIMALS) / 10**_DECIMALS


def delivered_pg(protocol: Protocol, pumped: Pumped, runs: list[StepRun]) -> Fraction:
    """The dose that left the tubing in steps, and before the first one, which nobody ordered; a line-fill is none."""
    shares = [(1, pumped.before(runs)), *((run.number, pumped.of(run)) for run in runs)]
    return sum((delivered.pg for number, delivered in shares if _is_dose(protocol, number)), Fraction(0))


def _is_dose(protocol: Protocol, number: int) -> bool:
    """Whether what flows in a step is dose: not in a line-fill, nor in a step that the protocol does not have."""
    return 1 <= number <= len(protocol.steps) and not fills(protocol.steps[number - 1])


def _planned_mg(protocol: Protocol, run: StepRun, volume_nl: Fraction) -> Fraction:
    """Dose of so much of the bag that the record of the run names, or of the step's own."""
    if not _is_dose(protocol, run.number):
        return Fraction(0)
    bag = protocol.solutions[protocol.steps[run.number - 1].solution if run.bag < 0 else run.bag]
    return Fraction(bag.drug_pg, bag.volume_nl) * volume_nl / _PG_PER_MG


# -- steps


def _steps(protocol: Protocol, recording: Recording, runs: list[StepRun], pumped: Pumped) -> list[dict[str, Any]]:
    rows = []
    for index, run in enumerate(runs):
        row = _step(protocol, recording, run, pumped.of(run))
        before = sum(other.number == run.number for other in runs[:index])
        if before or any(other.number == run.number for other in runs[index + 1 :]):
            row["run"] = before + 1
        rows.append(row)
    return rows


def _step(protocol: Protocol, recording: Recording, run: StepRun, delivered: Delivered) -> dict[str, Any]:
    known = 1 <= run.number <= len(protocol.steps)
    volume_nl, rate_e4 = planned(protocol, run) if known else (Fraction(0), Fraction(0))
    return {
        "step": run.number,
        "planned_ml": rounded(Fraction(volume_nl, _NL_PER_ML)),
        "delivered_ml": rounded(Fraction(delivered.pl, _PL_PER_ML)),
        "planned_mg": rounded(_planned_mg(protocol, run, volume_nl)),
        "delivered_mg": rounded(delivered.pg / _PG_PER_MG if _is_dose(protocol, run.number) else Fraction(0)),
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "rate_error_percent": _rate_error(recording, run, rate_e4, delivered.pl) if known else None,
    }


def planned(protocol: Protocol, run: StepRun) -> tuple[Fraction, Fraction]:
    """Volume (nL) and rate (0.0001 mL/h) of a run: the step's own, or what gives its dose from another bag (SES-5)."""
    step = protocol.steps[run.number - 1]
    if run.bag in (-1, step.solution):
        return Fraction(step.volume_nl), Fraction(step.rate_e4)
    own, other = protocol.solutions[step.solution], protocol.solutions[run.bag]
    share = Fraction(own.drug_pg * other.volume_nl, own.volume_nl * other.drug_pg)
    return step.volume_nl * share, step.rate_e4 * share


def _rate_error(recording: Recording, run: StepRun, rate_e4: Fraction, delivered_pl: int) -> float | None:
    """How far the run's mean flow lies above what was ordered, in percent; None for too few pulses.

    A flow is volume, as in a trumpet curve: the rate of the pulses, holds left out, times what each of them delivered
    on the mean of the run. So slip, a wrong calibration or an occlusion show in it, as they do on a scale.
    """
    if run.pulses < _RATE_PULSES:
        return None
    moved, intervals, time_us = recording.moved_us, 0, 0
    for begin, end in run.flows:
        if end - begin > 1:
            intervals += end - begin - 1
            time_us += moved.at(end - 1) - moved.at(begin)
    if not time_us:
        return None
    ratio = Fraction(intervals * delivered_pl * _US_RATE, run.pulses * time_us * rate_e4)
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
    if record["event"] in _OF_BAGS and arg is not None and 0 <= arg < len(protocol.solutions):
        event["arg"] = protocol.solutions[arg].id
    elif record["event"] in _FIGURES and arg is not None:
        event["arg"] = arg
    return event
