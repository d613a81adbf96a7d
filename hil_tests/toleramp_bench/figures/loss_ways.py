"""The oximeter's signal goes, in every way that a format has: how soon people are told, and the flow is held (VIT-2).

python -m toleramp_bench.figures.loss_ways

The times count from the last byte of the last good reading on the line to the record of the alarm, and to the last
pulse at the STEP pin: 5 s and 15 s. Where some readings still come through it is the last one before. Of a patient who
is low (at the stop limit) or falling as it goes there is no grace: it is a look (LOOK_MS) after the loss can be known.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from random import Random
from types import MethodType
from typing import Any

from pump.tables.oximeters import NAMES
from toleramp_bench.devices.oximeter import DEFAULT_FORM, must_be_started, readings, settings
from toleramp_bench.facts import keep_facts
from toleramp_bench.figures import line_cases, plain_line
from toleramp_bench.figures.line_cases import INTERVAL_MS, LOOK_MS, CasesRun, last_pulse_ns
from toleramp_bench.figures.plain_line import Told
from toleramp_bench.names import ALARMS, CAUSES, EVENTS
from toleramp_bench.scenario.model import Recording

ALERT_MS, HOLD_MS = 5_000, 15_000
RECORD_MS = 1  # records have whole ones: so early may one seem
DELAY_S = 20  # long, so that what holds is the loss
PHASES = 12  # of each format: more than a hundred of each way
WELL, LOW, FALLING = "well", "low", "falling"
SPO2 = {WELL: 97, LOW: 92, FALLING: 94}  # of a patient with 97 %: stop limit 93, early limit 94
PULSE = 72
TENTH = 10
NEVER = -1e6  # ms: what has not come is never in time


@dataclass(frozen=True)
class Case:
    """One way, on one patient, at one phase."""

    way: str
    level: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """Milliseconds from the last good reading to the alarm, to the last pulse, and to when the line itself lets know
    that the signal is gone (NEVER: it did not come to that); what held."""

    case: Case
    alert_ms: float
    hold_ms: float
    known_ms: float
    cause: str


# -- the ways


def _cable(run: Any) -> None:
    run.line.quiet = True


def _power(run: Any) -> None:
    """It says goodbye where it can; what it was sending is torn."""
    goodbye = getattr(run.target.oximeter._bytes, "GOODBYE", b"")
    run.line.other = True
    run.line.uart_send(1, goodbye, *run.target.oximeter.line)
    torn = Random(run.case.number).random()

    def tear(data: bytes) -> bytes:
        run.line.quiet = True
        return data[: int(len(data) * torn)]

    run.line.spoil = tear


def _finger(run: Any) -> None:
    run.target.oximeter.finger(False)


def _sensor(run: Any) -> None:
    run.target.oximeter.sensor(False)


def _search(run: Any) -> None:
    run.target.oximeter.out_of_track = True


def _artifact(run: Any) -> None:
    run.target.oximeter.artifact = True


def _freeze(run: Any) -> None:
    run.target.oximeter.frozen = True


def _pleth(run: Any) -> None:
    """The curve stands; values, counter and beats go on."""
    device = run.target.oximeter
    sample = device._sample
    device._sample = MethodType(lambda self, t_ns: (sample(t_ns)[0], 100), device)


def _noise(run: Any) -> None:
    run.line.spoil = plain_line.noise(Random(run.case.number))


def _half(run: Any) -> None:
    run.line.spoil = plain_line.lose_half(Random(run.case.number))


def _format(run: Any) -> None:
    line, own = run.target.oximeter.line, run.line.form
    others = [form for form in NAMES if form != own and settings(form) == line]
    run.line.other = True
    run.target.oximeter.swap(Random(run.case.number).choice(others or [DEFAULT_FORM]))


def _rate(run: Any) -> None:
    own = run.target.oximeter.baud
    run.line.rate = Random(run.case.number).choice([rate for rate in (4_800, 9_600, 19_200, 115_200) if rate != own])


def _tenth(run: Any) -> None:
    """Nine packets of ten are lost on the way."""
    device, line = run.target.oximeter, run.line
    first = device._frame // device._bytes.CHUNKS

    def pass_tenth(data: bytes) -> bytes:
        number = (device._frame // device._bytes.CHUNKS - first) // device._bytes.EVERY
        return data if number and number % TENTH == 0 else b""

    line.spoil = pass_tenth


def _unasked(run: Any) -> None:
    """What the pump says does not reach it."""
    run.target.oximeter.hear = lambda data: None
    run.target.oximeter._until_ns = run.target.oximeter._wire.now_ns


WAYS: dict[str, Callable[[Any], None]] = {
    "cable pulled": _cable, "power off": _power, "finger out": _finger, "sensor unplugged": _sensor,
    "searching": _search, "artifact for ever": _artifact, "frozen stream": _freeze, "frozen pleth": _pleth,
    "noise": _noise, "half the bytes lost": _half, "wrong format": _format, "wrong baud": _rate,
    "every tenth packet": _tenth, "no longer asked": _unasked,
}  # fmt: skip
# The device's next readings show these, so many of them as it takes to tell; the others are shown by no reading at all.
_SHOWN = ("finger out", "sensor unplugged", "searching", "artifact for ever", "frozen stream", "frozen pleth")
# Bytes come that the pump may take for readings in doubt: of who is low or falling they may say low, and that is told.
_IN_DOUBT = ("artifact for ever", "wrong format", "wrong baud", "noise", "half the bytes lost")
_THROUGH = ("half the bytes lost", "every tenth packet")  # some readings arrive whole


def has(way: str, form: str) -> bool:
    """Whether there is such a way with that format."""
    said = readings(form)
    of_some = {
        "artifact for ever": said.artifact,
        "frozen pleth": said.still_pleth > 0,
        "no longer asked": must_be_started(form),
    }
    return of_some.get(way, True)


def told(way: str, form: str) -> bool:
    """Whether the format gives the pump any means to tell."""
    return way != "frozen stream" or readings(form).still > 0


# -- a case


def begin(run: CasesRun[Case, Outcome], case: Case) -> int:
    """The patient's course, then the way, at a phase of its own; returns when the case is over at the latest (ms)."""
    draw = Random(case.number)
    period_ms = readings(run.line.form).period_ns / 1e6
    begin_ms = line_cases.shift(run, draw)
    device = run.target.oximeter
    if case.level != WELL:
        run.later(begin_ms, lambda: device.say(SPO2[case.level], PULSE))
    lost_ms = begin_ms + 2.5 * period_ms + 1_500 + draw.uniform(0, period_ms)
    run.later(lost_ms, lambda: WAYS[case.way](run))
    return round(lost_ms + HOLD_MS + 7_000)


def judge(run: CasesRun[Case, Outcome], case: Case, recording: Recording) -> Outcome:
    """From the last good reading to the alarm, and to the last pulse."""
    told_by = (ALARMS.SIGNAL_LOST, ALARMS.SPO2_STOP) if _may_say_low(case) else (ALARMS.SIGNAL_LOST,)
    alarms = [
        record["t_ms"]
        for record in recording.records
        if record["event"] == EVENTS.ALARM_RAISED and record["code"] in told_by
    ]
    held = [record for record in recording.records if record["event"] == EVENTS.PAUSED]
    line: Sequence[Told] = run.line.told
    alert_ms, hold_ms = NEVER, NEVER
    if alarms:
        alert_ms = alarms[0] - last_good(line, case.way, alarms[0] * 1e6).at_ns / 1e6
    if held:
        t_ns = last_pulse_ns(recording)
        hold_ms = (t_ns - last_good(line, case.way, t_ns).at_ns) / 1e6
    known_ms = _known_ms(line, case.way, run.line.form)
    return Outcome(case, alert_ms, hold_ms, known_ms, held[0]["code"] if held else "")


def _may_say_low(case: Case) -> bool:
    """Whether "SpO2 low" is as true as "signal lost"."""
    return case.level != WELL and case.way in _IN_DOUBT


def last_good(line: Sequence[Told], way: str, t_ns: float) -> Told:
    """The last good reading; where some arrive for ever, the last one up to that time."""
    return [each for each in line if each.reading.good and (way not in _THROUGH or each.at_ns <= t_ns)][-1]


def _known_ms(line: Sequence[Told], way: str, form: str) -> float:
    """How soon after the last good reading the loss can be known: the next one says so, a few in a row stand, or none
    comes until that one is old."""
    said = readings(form)
    if way not in _SHOWN:
        return said.old_ms
    last = last_good(line, way, 0)
    after = [each for each in line if each.at_ns > last.at_ns]
    wanted = {"frozen stream": said.still, "frozen pleth": said.still_pleth}.get(way, 1)
    return (after[wanted - 1].at_ns - last.at_ns) / 1e6 if 0 < wanted <= len(after) else NEVER


def bars_ms(found: Outcome) -> tuple[float, float]:
    """Alert and hold at the latest; artifact lengthens a delay, also of who is low (VIT-1)."""
    if found.case.level == WELL or found.case.way == "artifact for ever":
        return ALERT_MS, HOLD_MS
    return found.known_ms + LOOK_MS, found.known_ms + LOOK_MS


# -- all of them


def cases(form: str, phases: int, levels: Iterable[str] = SPO2, ways: Iterable[str] = WAYS) -> list[Case]:
    """Each way on each patient, at so many phases."""
    return [
        Case(way, level, NAMES.index(form) * 1_000_000 + place * 10_000 + phase)
        for place, way in enumerate(ways)
        if has(way, form)
        for level in levels
        for phase in range(phases)
    ]


def outcomes(target: str, form: str, wanted: Sequence[Case], jobs: int = 1) -> list[Outcome]:
    """The outcome of each case."""
    return line_cases.outcomes(target, form, DELAY_S, wanted, begin, judge, jobs)


def met(found: Outcome) -> bool:
    """In time, and not before the reading that was the last good one had come."""
    alert, hold = bars_ms(found)
    causes = (CAUSES.SIGNAL_LOST, CAUSES.SPO2_STOP) if _may_say_low(found.case) else (CAUSES.SIGNAL_LOST,)
    in_time = -RECORD_MS <= found.alert_ms <= alert and -INTERVAL_MS <= found.hold_ms <= hold
    return in_time and found.cause in causes


def rows(form: str, found: Sequence[Outcome]) -> Iterable[str]:
    """The table of a format, a line a way and patient."""
    for way in WAYS:
        for level in SPO2:
            here = [each for each in found if (each.case.way, each.case.level) == (way, level)]
            if here:
                yield _row(form, way, level, here)


def _row(form: str, way: str, level: str, here: Sequence[Outcome]) -> str:
    """Least and most of both times in seconds."""
    text = f"{form:<14} {way:<20} {level:<8} {len(here):>4}"
    if not told(way, form):
        return f"{text}  cannot be told: no counter, curve or clock"
    alert, hold = [each.alert_ms / 1000 for each in here], [each.hold_ms / 1000 for each in here]
    missed = sum(not met(each) for each in here)
    text += f"  {min(alert):>6.2f} {max(alert):>6.2f}  {min(hold):>6.2f} {max(hold):>6.2f}"
    return text + (f"  MISS {missed}" if missed else "")


HEAD = f"{'format':<14} {'way':<20} {'patient':<8} {'n':>4}  {'alert s':>13}  {'hold s':>13}"


def main(words: list[str] | None = None) -> int:
    """0: in time each time; 1: not."""
    parser = line_cases.parser("loss_ways", __doc__)
    parser.add_argument("--phases", type=int, default=PHASES, help="of each way, patient and format")
    parser.add_argument("--way", action="append", choices=tuple(WAYS), help="this way only")
    parser.add_argument("--level", action="append", choices=tuple(SPO2), help="this patient only")
    options = parser.parse_args(words)
    good, facts = True, {}
    print(HEAD, flush=True)
    for form in options.form or NAMES:
        wanted = cases(form, options.phases, options.level or SPO2, options.way or WAYS)
        found = outcomes(options.target, form, wanted, options.jobs)
        good = good and all(met(each) for each in found if told(each.case.way, form))
        facts[form] = [asdict(each) for each in found]
        print("\n".join(rows(form, found)), flush=True)
    if options.out:
        keep_facts(options.out, facts)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
