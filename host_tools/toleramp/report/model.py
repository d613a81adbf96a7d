"""The report's figures: planned against delivered, exactly, per run of a step, per bag and in total."""

from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction

from pump.tables import states
from toleramp.report.numbers import NL_PER_ML, PL_PER_ML, show_span
from toleramp.report.plan import Bag, Plan, PlanStep, read_plan
from toleramp.report.rows import Course, Row, read_course
from toleramp.report.timeline import Record, Timeline, read_timeline

TARGET_APART = Fraction(1, 1000)  # a target this far from the plan is another order, not rounding


class NoSteps(ValueError):
    """The log holds no started step."""


class BadPlan(ValueError):
    """The protocol in the log's head cannot be read."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """One run of a step: mL, mg, mL/h, ms since the first step; None where the log does not tell."""

    row: Row
    plan: PlanStep | None
    bag: Bag | None
    bag_name: str
    start_ms: int
    end_ms: int
    hold_ms: int
    target_ml: Fraction | None
    delivered_ml: Fraction
    delivered_mg: Fraction | None
    cumulative_mg: Fraction | None
    measured_ml: Fraction | None

    @property
    def fills(self) -> bool:
        """True for a line-fill: its volume is drawn from the bag and counts as no dose."""
        return self.plan is not None and self.plan.fill

    @property
    def dose_mg_per_ml(self) -> Fraction | None:
        """The dose that a mL of this run counts as: none in a line-fill; None without a bag."""
        if self.bag is None:
            return None
        return Fraction(0) if self.fills else self.bag.mg_per_ml

    @property
    def mean_rate_ml_h(self) -> Fraction | None:
        """Volume over the time with flow."""
        flow_ms = self.end_ms - self.start_ms - self.hold_ms
        return self.delivered_ml * 3_600_000 / flow_ms if flow_ms > 0 else None

    @property
    def retargeted(self) -> bool:
        """Whether the pump was to deliver another volume than the plan's, as in a last step after repeats."""
        if self.plan is None or self.target_ml is None:
            return False
        return abs(self.target_ml - self.plan.volume_ml) > TARGET_APART * self.plan.volume_ml

    @property
    def due_ml(self) -> Fraction | None:
        """The volume that this run was to deliver."""
        if self.plan is None or self.retargeted:
            return self.target_ml
        return self.plan.volume_ml

    @property
    def deviation_percent(self) -> Fraction | None:
        """Delivered against due, of a run that came to its end."""
        if self.row.outcome != states.COMPLETED or not self.due_ml:
            return None
        return (self.delivered_ml / self.due_ml - 1) * 100


@dataclass(slots=True)
class BagResult:
    """One solution: planned, delivered and measured, mL and mg; fills are in the volumes and in no dose."""

    name: str
    bag: Bag | None
    planned_ml: Fraction | None
    delivered_ml: Fraction = Fraction(0)
    measured_ml: Fraction | None = None
    planned_fill_ml: Fraction = Fraction(0)
    fill_ml: Fraction = Fraction(0)

    @property
    def planned_mg(self) -> Fraction | None:
        """Volume less line-fills x concentration."""
        if self.bag is None or self.planned_ml is None:
            return None
        return (self.planned_ml - self.planned_fill_ml) * self.bag.mg_per_ml

    @property
    def delivered_mg(self) -> Fraction | None:
        """Volume less line-fills x concentration."""
        return (self.delivered_ml - self.fill_ml) * self.bag.mg_per_ml if self.bag else None

    @property
    def left_ml(self) -> Fraction | None:
        """What stays in the bag for disposal."""
        return self.bag.volume_ml - self.delivered_ml if self.bag and self.bag.volume_ml else None


@dataclass(slots=True)
class Report:
    """All that the page shows. Times in ms since the first step's start unless said otherwise."""

    timeline: Timeline
    course: Course
    plan: Plan | None
    steps: list[StepResult]
    bags: list[BagResult]
    t0_ms: int
    notes: list[str] = field(default_factory=list)
    digest: str = ""
    file_name: str = ""

    @property
    def delivered_ml(self) -> Fraction:
        """All runs together."""
        return sum((step.delivered_ml for step in self.steps), Fraction(0))

    @property
    def delivered_mg(self) -> Fraction | None:
        """All runs together; None without a protocol."""
        return self.steps[-1].cumulative_mg

    @property
    def measured_ml(self) -> Fraction | None:
        """The bench's own count over all runs."""
        found = [step.measured_ml for step in self.steps if step.measured_ml is not None]
        return sum(found, Fraction(0)) if found else None

    @property
    def measured_mg(self) -> Fraction | None:
        """The measured volumes' dose."""
        pairs = [(s.measured_ml, s.dose_mg_per_ml) for s in self.steps if s.measured_ml is not None]
        if not pairs or any(strength is None for _ml, strength in pairs):
            return None
        return sum((ml * strength for ml, strength in pairs if strength is not None), Fraction(0))

    @property
    def unit(self) -> str:
        """The unit of every dose: mg, or U."""
        return self.plan.unit if self.plan else "mg"

    @property
    def duration_ms(self) -> int:
        """From the first start to the end of the last run."""
        return self.steps[-1].end_ms

    @property
    def is_bench(self) -> bool:
        """Whether no patient was connected: bench protocol, bench mode or a bench's own record."""
        return bool(self.timeline.bench or (self.plan and self.plan.bench) or bench_mode(self.timeline.head))


def pump_of(head: Record) -> Record:
    """The pump's identity in a log's head; empty where it is missing."""
    pump = head.get("pump")
    return pump if isinstance(pump, dict) else {}


def bench_mode(head: Record) -> bool:
    """Whether the pump was in bench mode, which the log gives as the device's number or by name."""
    return pump_of(head).get("mode") not in (None, 0, "", "clinical", "normal")


def _measured_at(series: list[tuple[int, int]], t_ms: int) -> Fraction:
    """The bench's count in nL at a time, straight between its records."""
    at = bisect_left(series, (t_ms, -1))
    if at == len(series):
        return Fraction(series[-1][1])
    if at == 0 or series[at][0] == t_ms:
        return Fraction(series[at][1])
    (t0, v0), (t1, v1) = series[at - 1], series[at]
    return v0 + Fraction((v1 - v0) * (t_ms - t0), t1 - t0)


def _hold_ms(course: Course, row: Row) -> int:
    spans = ((hold.start_ms, row.end_ms if hold.end_ms is None else hold.end_ms) for hold in course.holds)
    return sum(max(0, min(end, row.end_ms) - max(start, row.start_ms)) for start, end in spans)


def _bag_of(row: Row, plan: Plan | None) -> int | None:
    """The bag that hung: the device's word first, then the plan's."""
    step = plan.step(row.step) if plan else None
    if row.solution is not None and (plan is None or row.solution < len(plan.bags)):
        return row.solution
    return step.bag if step else None


def _make_steps(timeline: Timeline, course: Course, plan: Plan | None) -> list[StepResult]:
    results: list[StepResult] = []
    t0 = course.rows[0].start_ms
    ends = [row.start_ms for row in course.rows[1:]] + [timeline.end_ms()]
    total: Fraction | None = Fraction(0)
    for row, next_ms in zip(course.rows, ends, strict=True):
        index = _bag_of(row, plan)
        bag = plan.bags[index] if plan and index is not None else None
        volume = Fraction(row.volume_pl, PL_PER_ML)
        step = plan.step(row.step) if plan else None
        dose = None if bag is None else Fraction(0) if step and step.fill else volume * bag.mg_per_ml
        total = None if total is None or dose is None else total + dose
        measured = None
        if timeline.measured:
            span = _measured_at(timeline.measured, next_ms) - _measured_at(timeline.measured, row.start_ms)
            measured = span / NL_PER_ML
        name = bag.name if bag else ("" if index is None else str(index + 1))
        target = Fraction(row.target_pl, PL_PER_ML) if row.target_pl else None
        times = (row.start_ms - t0, row.end_ms - t0, _hold_ms(course, row))
        results.append(StepResult(row, step, bag, name, *times, target, volume, dose, total, measured))
    return results


def _make_bags(steps: list[StepResult], plan: Plan | None) -> list[BagResult]:
    bags: dict[str, BagResult] = {}
    for index, bag in enumerate(plan.bags if plan else ()):
        drawn = [step for step in plan.steps if step.bag == index] if plan else []
        used, fill = (sum((s.volume_ml for s in of), Fraction(0)) for of in (drawn, [s for s in drawn if s.fill]))
        bags[bag.name] = BagResult(bag.name, bag, used, planned_fill_ml=fill)
    for step in steps:
        result = bags.setdefault(step.bag_name, BagResult(step.bag_name, step.bag, None))
        result.delivered_ml += step.delivered_ml
        result.fill_ml += step.delivered_ml if step.fills else 0
        if step.measured_ml is not None:
            result.measured_ml = (result.measured_ml or Fraction(0)) + step.measured_ml
    return list(bags.values())


def _notes(report: Report, torn: bool) -> list[str]:
    """What a reader must know before trusting the figures."""
    timeline, plan, first = report.timeline, report.plan, report.course.rows[0]
    notes = []
    if plan is None:
        notes.append("The log carries no protocol: planned values and doses are not known, only volumes.")
    shown = str(pump_of(timeline.head).get("fingerprint") or "")
    if plan and plan.fingerprint and shown and plan.fingerprint != shown:
        notes.append(f"The protocol in the log ({plan.fingerprint}) is not the one in the pump ({shown}).")
    if first.start_pl:
        before = float(Fraction(first.start_pl, PL_PER_ML))
        notes.append(f"The record begins with {before:.4g} mL already delivered; they are not counted here.")
    if timeline.gaps:
        seconds = show_span(sum(gap.end_ms - gap.start_ms for gap in timeline.gaps))
        notes.append(
            f"Gaps in the record: {len(timeline.gaps)}, {seconds} in all. The pump goes on by itself; volumes "
            "over a gap come from its own counter, vital signs are missing."
        )
    if timeline.restarts:
        notes.append(f"Restarts of the pump: {len(timeline.restarts)}; what it delivered is uncertain there.")
    if any(not row.start_seen for row in report.course.rows):
        notes.append("A step's start is missing in the record; its time is taken from the next status.")
    if torn:
        notes.append("The log's last line was cut off and is left out.")
    if timeline.more_sessions:
        notes.append("The log holds a further session after this one; it is not in this report.")
    return notes


def build(records: list[Record], torn: bool = False) -> Report:
    """A report from a log's records; NoSteps where none was started, BadPlan for a malformed protocol."""
    timeline = read_timeline(records)
    table = timeline.head.get("protocol")
    try:
        plan = read_plan(table) if table is not None else None
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadPlan(str(error) or type(error).__name__) from error
    course = read_course(timeline)
    if not course.rows:
        raise NoSteps
    steps = _make_steps(timeline, course, plan)
    report = Report(timeline, course, plan, steps, _make_bags(steps, plan), course.rows[0].start_ms)
    report.notes = _notes(report, torn)
    return report
