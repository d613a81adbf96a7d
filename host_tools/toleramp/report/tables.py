"""The report's tables: as text for the page and as CSV files."""

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.tables import events, states
from toleramp.report.model import Report, StepResult
from toleramp.report.numbers import NOTHING, show, show_percent, show_span, show_time
from toleramp.report.plan import PlanStep
from toleramp.report.summary import step_summary
from toleramp.report.timeline import VALID, Event
from toleramp.report.told import alarm_cause, event_title, outcome_name, reason, run_words
from toleramp.words import readings, rows, settings, vital_signs
from toleramp.words.times import NO_CLOCK
from toleramp.words.times import clock as clock_text

VITALS_EVERY_MS = 1000
NO_FILL = Fraction(0)


def _run_name(step: StepResult) -> str:
    return f"{step.row.step}" if step.row.attempt == 1 else f"{step.row.step}, run {step.row.attempt}"


def _ran(step: StepResult, measured: bool) -> dict[str, Any]:
    plan = step.plan
    target = f", {show(step.due_ml)} mL due" if step.retargeted else ""
    target += ", line-fill: no dose" if step.fills else ""
    return {
        "ran": True,
        "repeat": step.row.attempt > 1,
        "outcome": outcome_name(step.row.outcome),
        "cells": [
            _run_name(step),
            step.bag_name or NOTHING,
            show(plan.rate_ml_h if plan else None),
            show(step.mean_rate_ml_h),
            show(plan.volume_ml if plan else step.due_ml),
            show(step.delivered_ml),
            *([show(step.measured_ml)] if measured else []),
            show(plan.dose_mg if plan else None),
            show(step.delivered_mg),
            show(plan.cumulative_mg if plan else None),
            show(step.cumulative_mg),
            show_time(step.start_ms),
            show_time(round(plan.minutes * 60_000) if plan else None),
            show_time(step.end_ms - step.start_ms),
            show_percent(step.deviation_percent),
            run_words(step.row.outcome) + target,
        ],
    }


def _not_run(step: PlanStep, bag: str, measured: bool) -> dict[str, Any]:
    gap = [NOTHING] if measured else []
    cells = [str(step.number), bag, show(step.rate_ml_h), NOTHING, show(step.volume_ml), NOTHING, *gap]
    cells += [show(step.dose_mg), NOTHING, show(step.cumulative_mg), NOTHING, NOTHING]
    words = "not run, line-fill: no dose" if step.fill else "not run"
    cells += [show_time(round(step.minutes * 60_000)), NOTHING, NOTHING, words]
    return {"ran": False, "repeat": False, "outcome": "not-started", "cells": cells}


def step_rows(report: Report) -> list[dict[str, Any]]:
    """The step table: each run in its order, then the planned steps that never ran."""
    measured = report.measured_ml is not None
    rows = [_ran(step, measured) for step in report.steps]
    done = {step.row.step for step in report.steps}
    if report.plan:
        names = [bag.name for bag in report.plan.bags]
        left = (step for step in report.plan.steps if step.number not in done)
        rows += [_not_run(step, names[step.bag], measured) for step in left]
    return rows


def _with_fill(volume: Fraction | None, fill: Fraction) -> str:
    """A volume in mL, and how much of it fills the line and counts as no dose."""
    return f"{show(volume)} ({show(fill)} fill)" if fill else show(volume)


def bag_rows(report: Report) -> list[list[str]]:
    """The bag table: concentration, planned, delivered, measured, left over."""
    rows = []
    for bag in report.bags:
        conc = bag.bag.mg_per_ml if bag.bag else None
        volumes = (_with_fill(bag.planned_ml, bag.planned_fill_ml), _with_fill(bag.delivered_ml, bag.fill_ml))
        cells = [bag.name or NOTHING, show(conc), *volumes]
        if report.measured_ml is not None:
            apart = (bag.delivered_ml / bag.measured_ml - 1) * 100 if bag.measured_ml else None
            cells += [show(bag.measured_ml), show_percent(apart)]
        left_mg = bag.left_ml * conc if bag.left_ml is not None and conc is not None else None
        rows.append([*cells, show(bag.planned_mg), show(bag.delivered_mg), show(bag.left_ml), show(left_mg)])
    return rows


def hold_rows(report: Report) -> list[list[str]]:
    """The holds: number, step, when, how long, why, what was decided."""
    rows = []
    for number, hold in enumerate(report.course.holds, 1):
        lasted = "lasts" if hold.end_ms is None else show_span(hold.end_ms - hold.start_ms)
        kind = "reaction" if hold.reaction else "no reaction recorded"
        decided = f"continue at step {hold.decided}" if hold.decided else NOTHING
        start = show_time(hold.start_ms - report.t0_ms)
        why = reason(hold.reason) or "no reason recorded"
        rows.append([str(number), str(hold.step or NOTHING), start, lasted, why, kind, decided])
    return rows


def _detail(event: Event, bags: list[str]) -> str:
    """What an event's code and argument say, in words."""
    group = rows.group(events, event.number)
    number = event.arg if isinstance(event.arg, int) else -1
    if event.number == events.SETTING:
        return settings.changed(event.code, number)
    if event.number == events.BASELINE:
        return readings.baseline(number)
    parts = [alarm_cause(event.code) if group & events.ALARMS else reason(event.code)]
    if event.number == events.DECISION and number > 0:
        parts.append(f"continue at step {number}")
    elif group & events.BAGS and 0 <= number < len(bags):
        parts.append(f"bag {bags[number]}")
    return ", ".join(part for part in parts if part)


def event_rows(report: Report) -> list[dict[str, Any]]:
    """The event table: clock, device time, time since the first step, step, words."""
    rows = []
    bags = [bag.name for bag in report.plan.bags] if report.plan else []
    for event in report.timeline.events:
        if event.number == events.VITALS:
            continue  # in the picture, in vitals.csv and minutes.csv; they would bury the rest
        clock = report.timeline.clock(event.t_ms)
        text = clock_text(clock) if clock else NOTHING
        times = [text, show_time(event.device_ms), show_time(event.t_ms - report.t0_ms)]
        cells = [*times, str(event.step or NOTHING), event_title(event.name), _detail(event, bags)]
        rows.append({"kind": event.name, "cells": cells})
    return rows


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def _event_csv(report: Report) -> Iterable[list[Any]]:
    for event in report.timeline.events:
        clock = report.timeline.clock(event.t_ms)
        yield [
            clock.isoformat(timespec="milliseconds") if clock else "",
            event.device_ms,
            event.t_ms - report.t0_ms,
            event.seq,
            event.name,
            event.step,
            event.code or "",
            event.arg,
            None if event.volume_pl is None else event.volume_pl / 1e9,
            event.pump_clock or NO_CLOCK,
        ]


def _vitals_csv(report: Report) -> Iterable[list[Any]]:
    """A sample a second, and each change in between."""
    last: tuple[Any, ...] = ()
    last_ms = -VITALS_EVERY_MS
    for sample in report.timeline.samples:
        state = (sample.spo2, sample.pulse, sample.flags)
        if state == last and sample.t_ms - last_ms < VITALS_EVERY_MS:
            continue
        last, last_ms = state, sample.t_ms
        valid = int(report.timeline.is_valid(sample))
        flags = " ".join(flag for flag in sample.flags if flag != VALID)
        yield [sample.wall, sample.t_ms - report.t0_ms, sample.spo2, sample.pulse, valid, flags]


def _minutes_csv(report: Report) -> Iterable[list[Any]]:
    """The pump's own record of each minute: what there is when the laptop was away."""
    for event in report.timeline.events:
        if event.number == events.VITALS and isinstance(event.arg, int) and event.arg >= 0:
            signs = vital_signs.of_arg(event.arg)
            spo2 = signs["spo2"] or [None] * 3
            yield [event.t_ms - report.t0_ms, event.step, *spo2, signs["pulse_mean"], event.pump_clock or NO_CLOCK]


def write_csv(report: Report, folder: Path) -> None:
    """Writes steps.csv, events.csv, vitals.csv and minutes.csv (mL, mg, mL/h, ms); OSError as it comes."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [step_summary(report, step) for step in report.steps]
    _write(folder / "steps.csv", list(steps[0]), [list(step.values()) for step in steps])
    head = ["wall", "device_ms", "since_start_ms", "seq", "event", "step", "code", "arg", "total_ml", "pump_clock"]
    _write(folder / "events.csv", head, _event_csv(report))
    _write(
        folder / "vitals.csv",
        ["wall", "since_start_ms", "spo2", "pulse", "valid", "flags"],
        _vitals_csv(report),
    )
    head = ["since_start_ms", "step", "spo2_lowest", "spo2_mean", "spo2_highest", "pulse_mean", "pump_clock"]
    _write(folder / "minutes.csv", head, _minutes_csv(report))


def totals(report: Report) -> dict[str, str]:
    """The headline's figures as text."""
    plan, mg, ml = report.plan, report.delivered_mg, report.delivered_ml
    share = mg / plan.total_mg * 100 if plan and mg is not None and plan.total_mg else None
    held = sum((h.end_ms or report.timeline.end_ms()) - h.start_ms for h in report.course.holds)
    measured = report.measured_ml
    apart = (ml / measured - 1) * 100 if measured else None
    return {
        "dose": show(mg),
        "planned_dose": show(plan.total_mg if plan else None),
        "share": NOTHING if share is None else f"{float(share):.1f}".removesuffix(".0"),
        "volume": show(ml),
        "planned_volume": show(plan.total_ml if plan else None),
        "bags_planned": _with_fill(
            plan.total_ml if plan else None, sum((b.planned_fill_ml for b in report.bags), NO_FILL)
        ),
        "bags_delivered": _with_fill(ml, sum((bag.fill_ml for bag in report.bags), NO_FILL)),
        "measured_volume": show(measured),
        "measured_dose": show(report.measured_mg),
        "apart": show_percent(apart),
        "time": show_span(report.duration_ms),
        "planned_time": show_span(round(plan.total_min * 60_000)) if plan else NOTHING,
        "held": show_span(held) if report.course.holds else "none",
        "steps_done": str(len({s.row.step for s in report.steps if s.row.outcome == states.COMPLETED})),
        "steps_planned": str(len(plan.steps)) if plan else NOTHING,
    }
