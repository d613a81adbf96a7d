"""The report's figures as one JSON document."""

from typing import Any

from toleramp.report.model import BagResult, Report, StepResult
from toleramp.report.numbers import as_float
from toleramp.report.told import outcome_name


def step_summary(report: Report, step: StepResult) -> dict[str, Any]:
    """One run of a step: mL, mg, mL/h, device time in ms."""
    plan = step.plan
    return {
        "step": step.row.step,
        "attempt": step.row.attempt,
        "outcome": outcome_name(step.row.outcome),
        "solution": step.bag_name,
        "line_fill": step.fills,
        "planned_rate_ml_h": as_float(plan.rate_ml_h if plan else None),
        "mean_rate_ml_h": as_float(step.mean_rate_ml_h),
        "planned_ml": as_float(plan.volume_ml if plan else None),
        "due_ml": as_float(step.due_ml),
        "delivered_ml": as_float(step.delivered_ml),
        "measured_ml": as_float(step.measured_ml),
        "planned_mg": as_float(plan.dose_mg if plan else None),
        "delivered_mg": as_float(step.delivered_mg),
        "planned_cumulative_mg": as_float(plan.cumulative_mg if plan else None),
        "cumulative_mg": as_float(step.cumulative_mg),
        "deviation_percent": as_float(step.deviation_percent),
        "started_ms": report.t0_ms + step.start_ms,
        "ended_ms": report.t0_ms + step.end_ms,
        "hold_ms": step.hold_ms,
    }


def _bag_summary(bag: BagResult) -> dict[str, Any]:
    return {
        "id": bag.name,
        "mg_per_ml": as_float(bag.bag.mg_per_ml if bag.bag else None),
        "planned_ml": as_float(bag.planned_ml),
        "delivered_ml": as_float(bag.delivered_ml),
        "delivered_mg": as_float(bag.delivered_mg),
        "planned_mg": as_float(bag.planned_mg),
        "planned_fill_ml": as_float(bag.planned_fill_ml),
        "fill_ml": as_float(bag.fill_ml),
        "measured_ml": as_float(bag.measured_ml),
        "left_ml": as_float(bag.left_ml),
    }


def summary(report: Report) -> dict[str, Any]:
    """The report as one JSON document: mL, mg, mL/h; times are the device's, in ms since power-on."""
    plan = report.plan
    return {
        "outcome": outcome_name(report.course.outcome),
        "reason": report.course.reason,
        "bench": report.is_bench,
        "protocol": plan.name if plan else None,
        "for_order": (plan.order or None) if plan else None,
        "fingerprint": plan.fingerprint if plan else None,
        "planned_ml": as_float(plan.total_ml if plan else None),
        "planned_mg": as_float(plan.total_mg if plan else None),
        "delivered_ml": as_float(report.delivered_ml),
        "delivered_mg": as_float(report.delivered_mg),
        "measured_ml": as_float(report.measured_ml),
        "measured_mg": as_float(report.measured_mg),
        "duration_s": report.duration_ms / 1000,
        "solutions": [_bag_summary(bag) for bag in report.bags],
        "steps": [step_summary(report, step) for step in report.steps],
        "holds": [
            {
                "start_ms": h.start_ms,
                "end_ms": h.end_ms,
                "code": h.reason,
                "reaction": h.reaction,
                "step": h.step,
            }
            for h in report.course.holds
        ],
        "gaps": [{"start_ms": g.start_ms, "end_ms": g.end_ms, "why": g.why} for g in report.timeline.gaps],
        "notes": report.notes,
        "log_sha256": report.digest,
    }
