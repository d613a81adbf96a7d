"""`toleramp scenario run`: each scenario on each target, told line by line, with evidence, compared."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.places import ROOT
from toleramp_bench.scenario.compare import differences
from toleramp_bench.scenario.evidence import explain, write_evidence
from toleramp_bench.scenario.execute import SCAN_MS, Ran, execute, make_target
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.scenario.targets.base import TargetFault

OUT = ROOT / "build" / "scenarios"


def run_all(
    files: list[Path], targets: list[str], options: Namespace, say: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """The documents, one a run. UserError for bad input, found in all files before the first one runs."""
    one = targets[0] if len(files) == 1 and len(targets) == 1 else None
    scenarios = [read_scenario(path, one) for path in files]
    for scenario in scenarios:
        before: dict[str, Any] | None = None
        for name in targets:
            if name not in scenario.targets:
                say(f"not run   {scenario.name} [{name}]: the file leaves this target out")
                continue
            document = _run(scenario, name, options, say)
            if before is not None:
                document["differences"] = _compare(scenario, before, document, say)
            before = before or document
            yield document


def _run(scenario: Scenario, name: str, options: Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    target = make_target(name, scenario, options.pump_port, options.rig_port)
    try:
        ran = execute(scenario, target, options.seed)
    except TargetFault as fault:
        raise UserError(f"the bench broke: {fault}", f"{scenario.path}, target {name}") from None
    document = {**ran.document, "wall_s": round(ran.wall_s, 2)}
    if not options.no_evidence:
        folder = _keep(scenario, ran, options)
        document["evidence"] = str(folder)
    _tell(scenario, ran, document, say)
    return document


def _keep(scenario: Scenario, ran: Ran, options: Namespace) -> Path:
    out = options.out or OUT
    plots = options.plots or not ran.passed
    return write_evidence(
        out, scenario, ran.recording, ran.document, ran.plant, ran.wall_s, ran.seed, plots=plots
    )  # fmt: skip


def _tell(scenario: Scenario, ran: Ran, document: dict[str, Any], say: Callable[[str], None]) -> None:
    word = "passed" if ran.passed else "open" if scenario.uses_open else "FAILED"
    speed = document["simulated_s"] / max(ran.wall_s, 1e-3)
    say(
        f"{word:9} {scenario.name} [{document['target']}]: {document['final_state']},"
        f" {document['simulated_s']:.1f} s in {ran.wall_s:.1f} s ({speed:.0f} times real time)"
    )
    for line in scenario.uses_open:
        say(f"  the pump cannot do this yet: {line}")
    if not ran.passed:
        say(explain(document, ran.recording))


def _compare(scenario: Scenario, one: dict[str, Any], other: dict[str, Any], say: Callable[[str], None]) -> list[str]:
    found = differences(scenario, one, other, SCAN_MS)
    for line in found:
        say(f"  {one['target']} and {other['target']} differ: {line}")
    return found
