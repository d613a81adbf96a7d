"""The standard protocol at full dwell on the pure core: every step's pulses are its planned volume.

`--period-us` runs it and writes facts.json; `--agree` compares two such runs made with different scan periods.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from pump.tables import states
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.facts import NAME, keep_facts
from toleramp_bench.figures.measure import attend
from toleramp_bench.names import STATES
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.walk import step_runs

LIMIT_S = 12 * 3600
# A step's first pulse may wait for the seam of up to three scans after the step before it.
SEAM_SCANS = 3


class FullRun:
    """One session; the pulses are counted at the virtual motor when a record comes, not taken from it."""

    def __init__(self, period_us: int) -> None:
        blob, self.protocol = compile_file(standard_protocol())
        self.pump, self.nurse = CorePump(period_us), Nurse(ScreenPace())
        self.pump.load(blob)
        self._counted: dict[int, int] = {}  # pulses at the motor at the time (ms) of each record
        self._seen = 0

    def people(self, pump: CorePump) -> None:
        """Looks at the records, then lets the nurse press."""
        for event in pump.events[self._seen :]:
            self._counted[int(str(event["t_ms"]))] = pump.stepper.pulses
        self._seen = len(pump.events)
        attend(pump, self.nurse)

    def __len__(self) -> int:
        return self.pump.stepper.pulses

    def count_until(self, t_us: int) -> int:
        """How many pulses had come at the time of a record."""
        return self._counted[t_us // 1000]

    def steps(self) -> list[dict[str, int]]:
        """The steps that were completed."""
        runs = [(run, run.completed_ms) for run in step_runs(self.pump.events, self)]
        return [
            {"step": run.number, "started_ms": run.started_ms, "pulses": run.last_own - run.first,
             "took_ms": completed_ms - run.started_ms}
            for run, completed_ms in runs if completed_ms is not None
        ]  # fmt: skip

    def run(self) -> dict[str, Any]:
        """The session from load to its end: the facts."""
        began = time.monotonic()
        self.pump.run(self.people, lambda pump: states.GROUP[pump.controller.session.state] & states.OVER > 0, LIMIT_S)
        self.people(self.pump)
        return {
            "period_us": self.pump.period_us,
            "state": states.NAMES[self.pump.controller.session.state],
            "simulated_s": self.pump.now_us / 1e6,
            "wall_s": round(time.monotonic() - began, 2),
            "pulses": self.pump.stepper.pulses,
            "steps": self.steps(),
        }

    def faults(self, facts: dict[str, Any]) -> list[str]:
        """What is not as planned, a line each."""
        found = [] if facts["state"] == STATES.COMPLETED else [f"the session ended in {facts['state']}"]
        planned = self.protocol.steps
        if [step["step"] for step in facts["steps"]] != list(range(1, len(planned) + 1)):
            return [*found, f"steps {[step['step'] for step in facts['steps']]}, planned 1 to {len(planned)}"]
        for step, plan in zip(facts["steps"], planned, strict=True):
            if step["pulses"] * PL_PULSE != plan.volume_nl * 1000:
                found.append(
                    f"step {step['step']}: {step['pulses'] * PL_PULSE // 1000} nL, planned {plan.volume_nl} nL"
                )
        if facts["pulses"] * PL_PULSE != sum(plan.volume_nl for plan in planned) * 1000:
            found.append(f"{facts['pulses']} pulses in all: some fell outside the steps")
        return found


def agreement(one: dict[str, Any], other: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """What differs between two runs beyond a seam of the slower scan, and by how much at most."""
    if [(s["step"], s["pulses"]) for s in one["steps"]] != [(s["step"], s["pulses"]) for s in other["steps"]]:
        return ["the runs differ in their steps or in the pulses of a step"], {}
    allowed = SEAM_SCANS * max(one["period_us"], other["period_us"]) // 1000
    apart = [abs(a.get("took_ms", 0) - b.get("took_ms", 0)) for a, b in zip(one["steps"], other["steps"], strict=True)]
    found = [f"step {k}: {ms} ms apart, at most {allowed}" for k, ms in enumerate(apart, 1) if ms > allowed]
    return found, {"allowed_ms": allowed, "largest_ms": max(apart, default=0), "apart_ms": apart}


def _read(folder: Path) -> dict[str, Any]:
    path = folder / NAME
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError("no finished run", str(path), "run: make evidence") from None
    return content


def _run(period_us: int) -> tuple[list[str], dict[str, Any], str]:
    run = FullRun(period_us)
    facts = run.run()
    rate = facts["simulated_s"] / max(facts["wall_s"], 0.01)
    text = f"{facts['simulated_s']:.0f} s in {facts['wall_s']} s ({rate:.0f} times real time), {facts['pulses']} pulses"
    return run.faults(facts), facts, text


def _compare(folders: list[Path]) -> tuple[list[str], dict[str, Any], str]:
    found, facts = agreement(*map(_read, folders))
    return found, facts, f"steps differ by {facts.get('largest_ms', '?')} ms at most"


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 as planned, 1 not, 2 when it cannot run."""
    parser = argparse.ArgumentParser(
        prog="toleramp_bench.evidence.core_full", description="the full session on the core"
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--period-us", type=int, help="scan period")
    what.add_argument("--agree", type=Path, nargs=2, metavar="FOLDER", help="two runs to compare")
    parser.add_argument("--out", type=Path, required=True, help="folder for facts.json")
    args = parser.parse_args(arguments)
    try:
        found, facts, text = _compare(args.agree) if args.agree else _run(args.period_us)
    except UserError as error:
        print(f"core_full: {error}", file=sys.stderr)
        return 2
    keep_facts(args.out, {**facts, "faults": found})
    print("\n".join(found) or text)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
