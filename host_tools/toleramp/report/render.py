"""The page: one HTML file with everything in it, no network, no script."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from pump.tables import states
from toleramp.report import tables
from toleramp.report.figures import draw
from toleramp.report.model import Report, bench_mode, pump_of
from toleramp.report.numbers import NOTHING, show_span
from toleramp.report.told import OUTCOMES, outcome_name, reason
from toleramp.words import rows
from toleramp.words.times import offset

TEMPLATE = Path(__file__).with_name("template.html.j2")
VITALS = "vitals"  # the picture of the oximeter's readings
TITLES = {
    "rate": "Rate: planned and real",
    "dose": "Cumulative dose (log scale)",
    "vitals": "Oxygen saturation and pulse",
    "dose_rate": "Dose rate (log scale)",
}
NOTES = {
    "rate": "The planned line keeps the plan's own clock: after a hold the real one runs behind it.",
    "dose": "Each line on the scale is ten times the one below. Doses as pumped; the tubing delays them.",
    "vitals": "Line: mean; band: lowest to highest. Invalid samples and missing records stay blank. "
    "Numbers are those of the holds below.",
    "dose_rate": "The quantity that desensitization is judged by: how much drug an hour.",
}


def _alt(name: str, report: Report) -> str:
    """A picture in one sentence, for those who do not see it."""
    total, holds = tables.totals(report), len(report.course.holds)
    if name == VITALS:
        good = [s for s in report.timeline.samples if report.timeline.is_valid(s) and s.t_ms >= report.t0_ms]
        spo2 = [s.spo2 for s in good if s.spo2 is not None]
        span = f"SpO2 between {min(spo2)} and {max(spo2)} percent" if spo2 else "no valid SpO2"
        return f"Line chart of SpO2 and pulse over time: {span}; {holds} hold(s)."
    what = {"rate": "infusion rate in mL/h", "dose": "cumulative dose", "dose_rate": "dose rate"}[name]
    end = f"{total['dose']} of {total['planned_dose']} {report.unit}" if report.plan else f"{total['volume']} mL"
    return f"Line chart of {what} over {total['time']}, planned and real: {end} delivered, {holds} hold(s)."


WHOSE = {"order_id": "Order", "cycle": "Cycle", "patient_id": "Patient", "birth_date": "Born"}


def _whose(report: Report) -> list[tuple[str, str]]:
    """The order that was carried out, as far as the log knows it."""
    order = report.plan.order if report.plan else {}
    return [(title, str(order[key])) for key, title in WHOSE.items() if order.get(key)]


def _facts(report: Report) -> list[tuple[str, str]]:
    head, pump, plan = report.timeline.head, pump_of(report.timeline.head), report.plan
    build = " ".join(str(pump[key]) for key in ("version", "build") if pump.get(key))
    drops = f"{report.timeline.pl_pulse / 1000:g} nL a motor pulse" if report.timeline.pl_pulse else NOTHING
    facts = [
        ("Protocol", plan.name if plan else "not in the log"),
        *_whose(report),
        ("Ordered dose", f"{tables.show(plan.full_dose_mg)} {plan.unit}" if plan else NOTHING),
        (
            "Protocol fingerprint",
            (plan.fingerprint if plan else "") or str(pump.get("fingerprint") or NOTHING),
        ),
        ("Pump firmware", build or NOTHING),
        ("Firmware source", str(pump.get("git") or NOTHING)),
        ("Pump mode", "bench" if bench_mode(head) else "clinical"),
        ("Calibration", drops),
        ("Laptop tool", str(head.get("tool") or NOTHING)),
        ("Session log", report.file_name or NOTHING),
        ("Log SHA-256", report.digest or NOTHING),
    ]
    return facts + [(f"Bench: {key}", value) for key, value in _bench_facts(report)]


def _bench_facts(report: Report) -> list[tuple[str, str]]:
    bench = report.timeline.bench or {}
    keys = (key for key, value in bench.items() if key not in ("kind", "t_ms") and not isinstance(value, dict | list))
    return [(str(key).replace("_", " "), str(bench[key])) for key in keys]


def _when(report: Report) -> str:
    moment = report.timeline.clock(report.t0_ms)
    if moment is None:
        try:
            moment = datetime.fromisoformat(str(report.timeline.head.get("wall")))
        except ValueError:
            return ""
    return f"{moment:%d %B %Y, %H:%M} {offset(moment)}"


def _pictures(report: Report) -> list[dict[str, Any]]:
    drawn = draw(report)
    return [
        {
            "name": name,
            "title": title,
            "note": NOTES[name],
            "alt": _alt(name, report),
            "svg": Markup(drawn[name]),
        }
        for name, title in TITLES.items()
        if name in drawn
    ]


def _story(report: Report) -> str:
    """The outcome in a sentence."""
    total, course = tables.totals(report), report.course
    why = reason(course.reason) if rows.group(states, course.outcome) & states.OVER else ""
    dose = (
        f"{total['dose']} {report.unit} of {total['planned_dose']} {report.unit}"
        if report.plan
        else f"{total['volume']} mL"
    )
    share = f" ({total['share']} %)" if report.plan else ""
    words = f"{dose}{share} delivered in {total['time']}"
    return f"{words}; reason: {why}." if why else f"{words}."


def html(report: Report) -> str:
    """The whole page as text."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    symbol, headline = OUTCOMES[report.course.outcome]
    reactions = sum(hold.reaction for hold in report.course.holds)
    return template.render(
        report=report,
        plan=report.plan,
        symbol=symbol,
        headline=headline,
        story=_story(report),
        when=_when(report),
        whose=", ".join(f"{title.lower()} {text}" for title, text in _whose(report)),
        total=tables.totals(report),
        reactions=reactions,
        measured=report.measured_ml is not None,
        pictures=_pictures(report),
        step_rows=tables.step_rows(report),
        bag_rows=tables.bag_rows(report),
        hold_rows=tables.hold_rows(report),
        outcome=outcome_name(report.course.outcome),
        event_rows=tables.event_rows(report),
        facts=_facts(report),
        gaps=[
            (tables.show_time(g.start_ms - report.t0_ms), show_span(g.end_ms - g.start_ms), g.why)
            for g in report.timeline.gaps
        ],
    )
