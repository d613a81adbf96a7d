"""The row of one session in sessions.jsonl: the same bytes for the same campaign, seed and number."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pump.tables import events
from toleramp_bench.campaign import judge, judge_rate, judge_still
from toleramp_bench.campaign.case import Case
from toleramp_bench.campaign.model import Drawn, Finding
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.model import Recording

_OVER = EVENTS.of(events.ENDS)
Row = dict[str, Any]


def row_of(case: Case, found: list[Finding]) -> Row:
    """Everything that the summary needs."""
    run, recording, order_pg = case.run, case.recording, case.protocol.full_dose_pg
    peaks = judge_rate.peaks(case)
    motor_pg, vein_pg = judge.motor_pg(run), run.plant.vein_pg()
    paused = Counter(str(q.code) for q in case.quiets if q.why == EVENTS.PAUSED)
    return {
        **_head(run.drawn),
        "final": case.final,
        "sensitivity": round(run.body.patient.traits.sensitivity, 4),
        "worst_grade": run.body.worst,
        "steps": max((one.number for one in case.runs if one.completed_us >= 0), default=0),
        "reactions": _reactions(recording),
        "holds": dict(sorted(paused.items())),
        "rejected_bags": sum(record["event"] == EVENTS.BAG_REJECTED for record in recording.records),
        "pulses": len(recording.moved_us),
        "cut_pulses": len(recording.pin_us) - len(recording.moved_us),
        "motor_percent": round(100 * float(motor_pg / order_pg), 6),
        "vein_percent": round(100 * float(vein_pg / order_pg), 6),
        "air_ul": round(run.plant.flow.air_path.reached_pl / 1e6, 1),
        "flow_min": round(sum(b - a for a, b in case.flows) / 60e6, 3),
        "chair_min": _chair_min(recording),
        "to_last_pulse_s": judge_still.to_last_pulse(case),
        "peak_motor": peaks.motor,
        "peak_vein": peaks.vein,
        "findings": [_finding(finding) for finding in found],
    }


def crashed(drawn: Drawn, now_us: int, invariant: str, text: str) -> Row:
    """The row of a session that ended in an exception."""
    return {**_head(drawn), "final": "crashed", "findings": [_finding(Finding(invariant, now_us / 1e6, text))]}


def text_of(row: Row) -> str:
    """One line of JSON."""
    return json.dumps(row, separators=(",", ":"), ensure_ascii=True) + "\n"


def _head(drawn: Drawn) -> Row:
    faults = [
        {"kind": fault.kind, "at_s": fault.at_s, "seconds": fault.seconds, "size": fault.size} for fault in drawn.faults
    ]
    return {"session": drawn.number, "seed": drawn.seed, "calibration": drawn.calibration, "faults": faults}


def _finding(finding: Finding) -> Row:
    return {"invariant": finding.invariant, "at_s": round(finding.at_s, 3), "text": finding.text}


def _reactions(recording: Recording) -> list[Row]:
    return [
        {"step": record["step"], "grade": record["code"] or "?", "at_min": round(record["t_ms"] / 60_000, 2)}
        for record in recording.records
        if record["event"] == EVENTS.REACTION
    ]


def _chair_min(recording: Recording) -> float:
    """From the first press of the start to the end."""
    armed = [record["t_ms"] for record in recording.records if record["event"] == EVENTS.ARMED]
    over = [record["t_ms"] for record in recording.records if record["event"] in _OVER]
    return round(((over[-1] if over else recording.end_ms) - armed[0]) / 60_000, 2) if armed else 0.0
