"""From the last byte of the reading that completes the delay to the last pulse at the STEP pin (VIT-4).

python -m toleramp_bench.figures.reaction --target core --phases 1000
python -m toleramp_bench.figures.reaction --target rp2040 --phases 50

Of each format, at random phases of scan, pulse, packet and fall. Which reading completes the delay is reckoned here
from what was on the line: the first one whose last byte came at least the delay after that of the first low one.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from pump.tables.oximeters import NAMES
from toleramp_bench.devices.oximeter import readings
from toleramp_bench.facts import keep_facts
from toleramp_bench.figures import line_cases
from toleramp_bench.figures.line_cases import INTERVAL_MS, CasesRun, last_pulse_ns
from toleramp_bench.figures.plain_line import Told
from toleramp_bench.names import CAUSES, EVENTS
from toleramp_bench.scenario.model import Recording

BAR_MS = 150
PHASES = {"core": 1_000, "rp2040": 50}
DELAY_S = 3
NEAR, LOW = 95, 91  # between well and low: readings without a checksum are in doubt when they leap
STOP = 93  # the limit: four points under a baseline of 97
PULSE = 72
_EXACT_NS = 1_000_000  # the bench's own rounding of a packet's time


@dataclass(frozen=True)
class Outcome:
    """A case: its number, and the time (ms); negative where no pulse came after the byte. `cause`: of the hold."""

    number: int
    late_ms: float
    cause: str


def begin(run: CasesRun[int, Outcome], number: int) -> int:
    """Lets SpO2 fall at a phase of its own; returns when the case is over at the latest (ms)."""
    draw = Random(number)
    period_ms = readings(run.line.form).period_ns / 1e6
    device = run.target.oximeter
    near_ms = line_cases.shift(run, draw) + 500 + draw.uniform(0, 2 * period_ms)
    low_ms = near_ms + 3.2 * period_ms + 1_500 + draw.uniform(0, period_ms)
    run.later(near_ms, lambda: device.say(NEAR, PULSE))
    run.later(low_ms, lambda: device.say(LOW, PULSE))
    return round(low_ms) + 1000 * DELAY_S + 8_000


def completing(told: Sequence[Told], delay_ns: int) -> Told:
    """The reading that completes the delay. Raises ValueError when there is none."""
    low = [each for each in told if each.reading.spo2 is not None and each.reading.spo2 <= STOP]
    for each in low:
        if each.at_ns - low[0].at_ns >= delay_ns - _EXACT_NS:
            return each
    raise ValueError(f"the delay was not completed: {len(low)} low readings of {len(told)}")


def judge(run: CasesRun[int, Outcome], number: int, recording: Recording) -> Outcome:
    """The time from that reading's last byte to the last pulse."""
    held = [record["code"] for record in recording.records if record["event"] == EVENTS.PAUSED]
    late_ns = last_pulse_ns(recording) - completing(run.line.told, DELAY_S * 1_000_000_000).at_ns
    return Outcome(number, late_ns / 1e6, held[-1] if held else "")


def outcomes(target: str, form: str, phases: int, seed: int = 1, jobs: int = 1) -> list[Outcome]:
    """The outcome of each phase."""
    cases = range(seed * 1_000_000, seed * 1_000_000 + phases)
    return line_cases.outcomes(target, form, DELAY_S, cases, begin, judge, jobs)


def sound(found: Sequence[Outcome]) -> bool:
    """Each time within the bar, and for that reason; none before the reading was there."""
    return bool(found) and all(
        -INTERVAL_MS < each.late_ms < BAR_MS and each.cause == CAUSES.SPO2_STOP for each in found
    )


def text(form: str, found: Sequence[Outcome]) -> str:
    """A row of the table."""
    late = [each.late_ms for each in found]
    return f"{form:<14} {len(late):>5} {min(late):>9.1f} {statistics.median(late):>9.1f} {max(late):>9.1f}"


HEAD = f"{'format':<14} {'phases':>5} {'min ms':>9} {'median ms':>9} {'max ms':>9}"


def main(words: list[str] | None = None) -> int:
    """0: within the bar each time; 1: not."""
    parser = line_cases.parser("reaction", __doc__)
    parser.add_argument("--phases", type=int, help="of each format (1000 on the core, 50 on the board)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(words)
    good, facts = True, {}
    print(f"{options.target}: last byte of the reading that completes the delay to the last pulse, bar {BAR_MS} ms")
    print(HEAD, flush=True)
    for form in options.form or NAMES:
        found = outcomes(options.target, form, options.phases or PHASES[options.target], options.seed, options.jobs)
        good = good and sound(found)
        facts[form] = [asdict(each) for each in found]
        print(text(form, found) + ("" if sound(found) else "  MISS"), flush=True)
    if options.out:
        keep_facts(options.out, facts)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
