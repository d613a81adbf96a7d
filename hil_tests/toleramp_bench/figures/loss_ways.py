"""The oximeter's signal goes, in every way that a format has: how soon people are told, and the flow is held (VIT-2).

python -m toleramp_bench.figures.loss_ways

The times count from the last byte of the last good reading on the line to the record of the alarm, and to the last
pulse at the STEP pin: 5 s and 15 s, and a look. Where some readings still come through it is the last one before. Of a
patient who is low (at the stop limit) or falling as it goes there is no grace: what counts then is how soon the loss
can be known, by `known_ms`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from types import MethodType
from typing import Any

from oximeters.registry import module
from pump.tables.oximeters import NAMES
from toleramp_bench.figures import line_cases, plain_line
from toleramp_bench.figures.line_cases import CasesRun, last_pulse_ns, period_ns
from toleramp_bench.names import ALARMS, CAUSES, EVENTS
from toleramp_bench.scenario.model import Recording

ALERT_MS, HOLD_MS = 5_000, 15_000
LOOK_MS = 150  # looks lie 80 ms apart, a scan or two follow
BLOCK_MS = 250  # of the formats with 60 frames a second: the reading of a last good frame may be so much older or newer
DELAY_S = 20  # long, so that what holds is the loss
PHASES = 12  # of each format: more than a hundred of each way
WELL, LOW, FALLING = "well", "low", "falling"
SPO2 = {WELL: 97, LOW: 92, FALLING: 94}  # of a patient with 97 %: stop limit 93, early limit 94
PULSE = 72
BEAT_NS = 60 * 1_000_000_000 // PULSE
FRESH_MS = 2_000
TENTH = 10


@dataclass(frozen=True)
class Case:
    """One way, on one patient, at one phase."""

    way: str
    level: str
    number: int


@dataclass(frozen=True)
class Outcome:
    """Milliseconds from the last good reading to the alarm and to the last pulse (-1: none came); what held."""

    case: Case
    alert_ms: float
    hold_ms: float
    cause: str


# -- the ways


def _cable(run: Any) -> None:
    run.line.quiet = True


def _power(run: Any) -> None:
    """It says goodbye where it can; what it was sending is torn."""
    goodbye = getattr(run.target.oximeter._bytes, "goodbye", None)
    run.line.other = True
    if goodbye:
        run.line.uart_send(1, goodbye(), *run.target.oximeter.line)
    torn = Random(run.number).random()

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
    run.line.spoil = plain_line.noise(Random(run.number))


def _half(run: Any) -> None:
    run.line.spoil = plain_line.lose_half(Random(run.number))


def _format(run: Any) -> None:
    others = [form for form in NAMES if form != run.line.form and module(form).BAUD == module(run.line.form).BAUD]
    run.line.other = True
    run.target.oximeter.swap(Random(run.number).choice(others or ["nonin-df2"]))


def _rate(run: Any) -> None:
    own = run.target.oximeter._bytes.BAUD
    run.line.rate = Random(run.number).choice([rate for rate in (4_800, 9_600, 19_200, 115_200) if rate != own])


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
_SAYS_ARTIFACT = ("nonin-df1", "nonin-df2", "nonin-df7", "nonin-df8", "masimo-ascii", "nellcor-ascii")
_HAS_PLETH = ("nonin-df2", "nonin-df7", "bci5", "contec9")
_CANNOT_TELL = {("frozen stream", "nonin-df1"), ("frozen stream", "nonin-df8")}  # no counter, pleth or clock


def has(way: str, form: str) -> bool:
    """Whether there is such a way with that format."""
    if way == "artifact for ever":
        return form in _SAYS_ARTIFACT
    if way == "frozen pleth":
        return form in _HAS_PLETH
    return form == "contec9" if way == "no longer asked" else True


def told(way: str, form: str) -> bool:
    """Whether the format gives the pump any means to tell."""
    return (way, form) not in _CANNOT_TELL


# -- a case


def begin(run: CasesRun[Case, Outcome], case: Case) -> int:
    """The patient's course, then the way, at a phase of its own; returns when the case is over at the latest (ms)."""
    run.number = case.number  # type: ignore[attr-defined]
    draw = Random(case.number)
    period = period_ns(run.line.form)
    run.line.slip_ns = draw.randrange(period)
    period_ms = period / 1e6
    device = run.target.oximeter
    if case.level != WELL:
        device.say(SPO2[case.level], PULSE)
    lost_ms = 2.5 * period_ms + 1_500 + run.line.slip_ns / 1e6 + draw.uniform(0, period_ms)

    def lose() -> None:
        run.begun_ns = run.target.now_us * 1000  # type: ignore[attr-defined]
        run.under_way = run.line.told[-1].at_ns  # type: ignore[attr-defined]
        WAYS[case.way](run)

    run.later(lost_ms, lose)
    return round(lost_ms + HOLD_MS + 7_000)


def judge(run: Any, case: Case, recording: Recording) -> Outcome:
    """From the last good reading to the alarm, and to the last pulse."""
    alarms = [
        record["t_ms"]
        for record in recording.records
        if record["event"] == EVENTS.ALARM_RAISED and record["code"] == ALARMS.SIGNAL_LOST
    ]
    held = [record for record in recording.records if record["event"] == EVENTS.PAUSED]
    alert_ms = _since_good_ms(run, case, alarms[0]) if alarms else -1
    hold_ms = _since_good_ms(run, case, last_pulse_ns(recording) / 1e6) if held else -1
    return Outcome(case, alert_ms, hold_ms, held[0]["code"] if held else "")


def _since_good_ms(run: Any, case: Case, t_ms: float) -> float:
    """From the last byte of the last good reading to a time.

    What the oximeter was sending as its finger, curve or pulse went is still of before.
    """
    ending = float(run.begun_ns)
    if case.way in _OF_THE_DEVICE:
        ending += period_ns(run.target.form) + (BLOCK_MS * 1e6 if run.line.form in _BLOCKS else 0)
    if case.way == "artifact for ever":
        ending += BEAT_NS  # each beat is disturbed: the next one has to come
    if case.way in _THROUGH:
        ending = max(ending, t_ms * 1e6)
    ending = max(ending, run.under_way)
    return float(t_ms - max(each.at_ns for each in run.line.told if each.at_ns <= ending) / 1e6)


_BLOCKS = ("bci5", "contec9")
_THROUGH = ("half the bytes lost", "every tenth packet")  # some readings arrive whole
_OF_THE_DEVICE = ("finger out", "sensor unplugged", "searching", "artifact for ever", "frozen stream", "frozen pleth")


def bars_ms(case: Case, form: str) -> tuple[float, float]:
    """Alert and hold at the latest; artifact lengthens a delay, also of who is low (VIT-1)."""
    slack_ms: float = LOOK_MS + (BLOCK_MS if form in _BLOCKS else 0)
    if (case.way, form) == ("wrong format", "nonin-df1"):
        slack_ms += period_ns(form) / 1e6  # the first packet of data format 8 is one of it, and says what is right
    if case.level == WELL or case.way == "artifact for ever":
        return ALERT_MS + slack_ms, HOLD_MS + slack_ms
    return known_ms(case.way, form) + slack_ms, known_ms(case.way, form) + slack_ms


def known_ms(way: str, form: str) -> float:
    """How soon a loss can be known: the next reading says so; a silent line is old, a frozen one takes 3 s."""
    period_ms = period_ns(form) / 1e6
    if way in ("finger out", "sensor unplugged", "searching"):
        return 2 * period_ms
    if way.startswith("frozen"):
        return 3_000 + 2 * period_ms
    return max(FRESH_MS, module(form).SILENCE_MS)


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


def met(found: Outcome, form: str) -> bool:
    """In time; a signal that goes while nothing can tell is believed, and never alerts."""
    alert, hold = bars_ms(found.case, form)
    unsure = found.case.way in ("artifact for ever", "wrong format")  # low ones run the delay and its stretch
    causes = (CAUSES.SIGNAL_LOST, CAUSES.SPO2_STOP) if unsure else (CAUSES.SIGNAL_LOST,)
    early = -BLOCK_MS if form in _BLOCKS else -1
    return early <= found.alert_ms <= alert and early - LOOK_MS <= found.hold_ms <= hold and found.cause in causes


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
    missed = sum(not met(each, form) for each in here)
    text += f"  {min(alert):>6.2f} {max(alert):>6.2f}  {min(hold):>6.2f} {max(hold):>6.2f}"
    return text + (f"  MISS {missed}" if missed else "")


HEAD = f"{'format':<14} {'way':<20} {'patient':<8} {'n':>4}  {'alert s':>13}  {'hold s':>13}"


def main(words: list[str] | None = None) -> int:
    """0: in time each time; 1: not."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.figures.loss_ways", description=__doc__)
    parser.add_argument("--target", default="core", choices=("core", "rp2040"))
    parser.add_argument("--phases", type=int, default=PHASES, help="of each way, patient and format")
    parser.add_argument("--form", action="append", choices=NAMES, help="this format only")
    parser.add_argument("--way", action="append", choices=tuple(WAYS), help="this way only")
    parser.add_argument("--level", action="append", choices=tuple(SPO2), help="this patient only")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="folder for facts.json")
    options = parser.parse_args(words)
    good, facts = True, {}
    print(HEAD, flush=True)
    for form in options.form or NAMES:
        wanted = cases(form, options.phases, options.level or SPO2, options.way or WAYS)
        found = outcomes(options.target, form, wanted, options.jobs)
        good = good and all(met(each, form) for each in found if told(each.case.way, form))
        facts[form] = [asdict(each) for each in found]
        print("\n".join(rows(form, found)), flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "facts.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
