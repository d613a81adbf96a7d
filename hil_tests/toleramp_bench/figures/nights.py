"""Whole nights through the shipped core: how often the flow pauses by the default rule and by others, and how soon.

The pump is a real controller that infuses through the night; its people resume as soon as the pump lets them. A rule
that the pump cannot be set to is worked out by the plain judge. The same judge follows the pump by the default rule,
second by second.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.tables import states
from pump.tables.messages import NONE8, NONE16
from pump.tables.vitals import SENSOR_OFF, VALID
from toleramp.errors import UserError
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.boards.pump import BenchFault
from toleramp_bench.figures.measure import attend
from toleramp_bench.figures.night_data import PERIOD_S, Night, low_runs, read_night, recorded_folder, synthetic_night
from toleramp_bench.figures.plain_judge import RULES, PlainJudge, Rule
from toleramp_bench.figures.two_steps import two_steps
from toleramp_bench.names import EVENTS
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

SCANS = 2  # a sample; the shipped pump has sixteen
SAMPLE_US = round(PERIOD_S * 1e6)
BASELINE_S = 60
RATE_ML_H, BAG_ML = 10, 120
BAR_S = 3.5  # from the start of a run under 85 % to the hold
PEOPLE_S = 2.0  # that the plain judge's people need to resume


@dataclass
class Replayed:
    """A night by one rule. Times in seconds since the night's first sample.

    `pauses`: (from, to, why). `low_s`: of each run under 85 % from its start to the hold; 0: held already.
    """

    rule: Rule
    pauses: list[tuple[float, float, str]] = field(default_factory=list)
    low_s: list[float] = field(default_factory=list)
    baseline: int | None = None
    held: list[bool] = field(default_factory=list)  # of each sample

    @property
    def met(self) -> bool:
        """Each run under 85 % holds in time."""
        return all(late_s <= BAR_S for late_s in self.low_s)


def protocol(rule: Rule) -> p.Protocol:
    """One bag for longer than any night, with the rule's limits."""
    made = two_steps("A night", RATE_ML_H, BAG_ML * 1_000, 2 * BAG_ML * 1_000_000, BAG_ML * 10**12 // 500)
    made.spo2_stop, made.spo2_stop_fall, made.spo2_early = rule.stop, rule.fall, rule.stop + 2
    made.spo2_early_fall = min(rule.fall, 3)
    made.delay_s, made.pulse_min, made.pulse_max = int(rule.delay_s), rule.pulse_min, rule.pulse_max
    return made


class Sleeper:
    """A pump, its people and a patient's night. `flowing` before the night begins."""

    def __init__(self, night: Night, rule: Rule) -> None:
        self.pump = CorePump(SAMPLE_US // SCANS, sample_us=SAMPLE_US)
        self.pump.load(encode(protocol(rule)))
        self._nurse = Nurse(ScreenPace())
        first = [spo2 for spo2, _ in islice(night.samples(), round(BASELINE_S / PERIOD_S)) if spo2 is not None]
        self.say(statistics.median_high(first), next(night.samples())[1])

    def say(self, spo2: int | None, pulse: int) -> None:
        """What the oximeter says from now on."""
        parser = self.pump.parser
        parser.spo2 = NONE8 if spo2 is None else spo2
        parser.pulse = NONE16 if spo2 is None else pulse
        parser.flags = VALID
        if spo2 is None:
            parser.flags = SENSOR_OFF

    def scan(self) -> None:
        """One scan, people at hand."""
        attend(self.pump, self._nurse)
        self.pump.scan()

    @property
    def flowing(self) -> bool:
        """The drug flows."""
        return bool(self.pump.controller.session.state == states.RUNNING)

    def start(self) -> None:
        """Lets people start, and the second step begin. Raises BenchFault when it does not."""
        for _ in range(round(600 / PERIOD_S)):
            self.scan()
            if any(event["event"] == EVENTS.STEP_STARTED and event["step"] == 2 for event in self.pump.events):
                return
        raise BenchFault(f"no flow: {self.pump.events[-3:]}")


def replay(night: Night, rule: Rule) -> Replayed:
    """The night through the pump's core."""
    sleeper = Sleeper(night, rule)
    sleeper.start()
    pump, values = sleeper.pump, []
    begun_us, first = pump.now_us, len(pump.events)
    baseline = int(pump.controller.vitals.baseline)
    found = Replayed(rule, baseline=None if baseline == NONE8 else baseline)
    for spo2, pulse in night.samples():
        values.append(spo2)
        sleeper.say(spo2, pulse)
        for _ in range(SCANS):
            sleeper.scan()
        found.held.append(not sleeper.flowing)
    zero_ms = begun_us / 1000
    for event in pump.events[first:]:
        t_s = (float(event["t_ms"]) - zero_ms) / 1000  # type: ignore[arg-type]
        if event["event"] == EVENTS.PAUSED:
            found.pauses.append((t_s, night.hours * 3600, str(event["code"])))
        elif event["event"] == EVENTS.RESUMED and found.pauses:
            found.pauses[-1] = (found.pauses[-1][0], t_s, found.pauses[-1][2])
    found.low_s = [_to_hold_s(found, start * PERIOD_S) for start, _ in low_runs(values)]
    return found


def _to_hold_s(found: Replayed, start_s: float) -> float:
    """From a time to the next hold; 0 within one; for ever when there is none."""
    for begin, end, _ in found.pauses:
        if end > start_s:
            return max(0.0, begin - start_s)
    return float("inf")


def judged(night: Night, rule: Rule, baseline: int | None) -> Replayed:
    """The night by the plain judge alone; its people resume a moment after they could."""
    judge, found = PlainJudge(rule, baseline), Replayed(rule, baseline=baseline)
    values, ready_s = [], None
    for number, (spo2, pulse) in enumerate(night.samples()):
        t_s = number * PERIOD_S
        before = judge.why
        judge.feed(t_s, spo2, pulse)
        values.append(spo2)
        if judge.why and not before:
            found.pauses.append((t_s, night.hours * 3600, judge.why))
        can = bool(judge.why) and judge.recovered
        ready_s = (t_s if ready_s is None else ready_s) if can else None
        if ready_s is not None and t_s - ready_s >= PEOPLE_S:
            judge.release()
            found.pauses[-1] = (found.pauses[-1][0], t_s, found.pauses[-1][2])
        found.held.append(bool(judge.why))
    found.low_s = [_to_hold_s(found, start * PERIOD_S) for start, _ in low_runs(values)]
    return found


def differences(night: Night, found: Replayed) -> list[tuple[float, bool]]:
    """(time in s, whether the pump held) of each second in which the pump's state and the plain judge's differ.

    The judge is let go when the pump's people resume: so one difference does not make others.
    """
    judge, differ, held = PlainJudge(found.rule, found.baseline), [], False
    a_second = round(1 / PERIOD_S)
    for number, (spo2, pulse) in enumerate(night.samples()):
        judge.feed(number * PERIOD_S, spo2, pulse)
        if held and not found.held[number]:
            judge.release()
        held = found.held[number]
        if number % a_second == a_second - 1 and bool(judge.why) != held:
            differ.append((number * PERIOD_S, held))
    return differ


# -- which nights, and their table


def nights(folder: Path | None = None) -> tuple[str, list[Night]]:
    """Where they are from, in words, and the nights. Raises UserError for a folder without any."""
    chosen = folder or recorded_folder()
    if chosen is None:
        return "synthetic: the recorded nights are not at hand (TOLERAMP_SHARED, --traces)", [synthetic_night()]
    paths = sorted([*chosen.glob("*.csv.gz"), *chosen.glob("*.csv")])
    if not paths:
        raise UserError("no night in it", str(chosen), "a folder with *.csv or *.csv.gz")
    return f"recorded: {chosen}", [read_night(path) for path in paths]


@dataclass(frozen=True)
class Told:
    """What is said of a night: lines of a table, and the figures that have a bar: what, value, unit, bar, met."""

    lines: list[str]
    figures: list[tuple[str, float, str, str, bool]]


def measured(night: Night, rules: Sequence[Rule] = RULES) -> Told:
    """A night by each rule, the default first, and where the plain judge differs from the pump by that."""
    share = 100 * night.artifact_share
    lines = [
        f"{night.name}: {night.hours:.2f} h, {len(night.beats)} beats, {share:.1f} % of the time without one",
        HEAD,
    ]
    default = replay(night, rules[0])
    found = [default]
    for rule in rules[1:]:
        found.append(replay(night, rule) if rule.by_pump else judged(night, rule, default.baseline))
    lines += map(row, found)
    apart = differences(night, default)
    lines.append(_apart(apart, len(default.held)))
    by_pump = [each for each in found if each.rule.by_pump]
    late = [late_s for each in by_pump for late_s in each.low_s]
    met = all(each.met for each in by_pump)
    name = f"{night.name}: runs of 3 s under 85 %, from start to hold, most of {len(late)}"
    return Told(lines, [(name, round(max(late, default=0.0), 3), "s", f"{BAR_S:g} at most", met)])


def _apart(apart: list[tuple[float, bool]], samples: int) -> str:
    """Where pump and plain judge differ."""
    seconds = round(samples * PERIOD_S)
    text = f"the plain judge and the pump differ in {len(apart)} of {seconds} s"
    known = {(round(t_s), held) for t_s, held in apart}
    begun = [(t_s, held) for t_s, held in apart if (round(t_s) - 1, held) not in known]
    places = ", ".join(f"{t_s:.0f} s (the pump {'holds' if held else 'flows'})" for t_s, held in begun[:20])
    return text + (f": from {places}" if places else "")


def row(found: Replayed) -> str:
    """A line of the table."""
    by = "pump" if found.rule.by_pump else "plain"
    whys = [why for _, _, why in found.pauses]
    causes = ", ".join(f"{whys.count(why)} {why}" for why in sorted(set(whys))) or "-"
    low = found.low_s
    late = f"{min(low):5.2f} {statistics.median(low):5.2f} {max(low):5.2f}" if low else "    -     -     -"
    held_h = sum(end - begin for begin, end, _ in found.pauses) / 3600
    return f"{found.rule.name:<42} {by:<6} {len(whys):>6} {held_h:>6.2f}  {len(low):>4} {late}  {causes}"


HEAD = f"{'rule':<42} {'by':<6} {'pauses':>6} {'held h':>6}  {'<85':>4} {'least':>5} {'mid':>5} {'most':>5}  why"
