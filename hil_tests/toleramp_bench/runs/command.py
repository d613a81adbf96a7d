"""`toleramp scenario run`: each scenario on each target, told line by line, with evidence, compared."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import Ran, execute, make_target
from toleramp_bench.runs.folder import explain, write_folder
from toleramp_bench.runs.judge import said
from toleramp_bench.runs.phases import told_apart
from toleramp_bench.scenario.checks import parse, read_text
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.base import TargetFault

OUT = ROOT / "build" / "scenarios"
NOT_SCENARIOS = {
    "protocol": 'name it in a scenario: protocol = "FILE"',
    "campaign": "run: toleramp campaign FILE --sessions 100",
}
Document = dict[str, Any]
Say = Callable[[str], None]


# -- files


def shape(path: Path) -> str:
    """What a .toml file is by its top level: "scenario", "protocol", "campaign", "other"; "broken" without a reading.

    Protocols lie beside the scenarios that name them, so a folder of scenarios is not scenarios only.
    """
    try:
        content = parse(read_text(path), path)
    except UserError:
        return "broken"
    if "event" in content or "expect" in content:
        return "scenario" if "protocol" in content else "other"
    if isinstance(content.get("protocol"), dict) and {"solution", "step"} & set(content):
        return "protocol"
    drawn = isinstance(content.get("staff"), dict) or "faults" in content
    return "campaign" if drawn and "protocol" in content else "other"


def scenario_files(paths: list[Path]) -> list[Path]:
    """The files named, and of a folder all but its protocols and campaigns. Raises UserError for a folder without."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [file for file in sorted(path.glob("*.toml")) if shape(file) not in NOT_SCENARIOS]
        if not inside:
            raise UserError("no scenario in this folder", str(path), "name a .toml file")
        found += inside
    return found


def _read(path: Path, target: str | None) -> Scenario:
    try:
        return read_scenario(path, target)
    except UserError:
        kind = shape(path)
        if kind not in NOT_SCENARIOS:
            raise
        remedy = NOT_SCENARIOS[kind].replace("FILE", path.name)
        raise UserError(f"this is a {kind}, not a scenario", str(path), remedy) from None


def demand_writable(out: Path, targets: list[str]) -> None:
    """UserError now, not after the first long run, when evidence cannot be put there."""
    for place in [out / target for target in targets]:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=place):
                pass
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            remedy = "name another folder with --out"
            raise UserError(f"the evidence cannot be written: {why}", str(place), remedy) from None


# -- runs


def run_all(files: list[Path], targets: list[str], options: Namespace, say: Say) -> Iterator[Document]:
    """The documents, one a run. UserError for bad input, found in all files before the first one runs.

    After a Ctrl-C during a run the document of its part is the last one: it is "interrupted", and not passed.
    """
    one = targets[0] if len(files) == 1 and len(targets) == 1 else None
    scenarios = [_read(path, one) for path in files]
    if not options.no_evidence:
        used = [name for name in targets if any(name in scenario.targets for scenario in scenarios)]
        demand_writable(options.out or OUT, used)
    for scenario in scenarios:
        for document in _on_targets(scenario, targets, options, say):
            yield document
            if document.get("interrupted"):
                return


def _on_targets(scenario: Scenario, targets: list[str], options: Namespace, say: Say) -> Iterator[Document]:
    before: Document | None = None
    for name in targets:
        if name not in scenario.targets:
            say(f"not run   {scenario.name} [{name}]: the file leaves this target out")
            continue
        for document in _run(scenario, name, options, say):
            if before is not None and not document.get("interrupted"):
                document["differences"] = _compare(scenario, before, document, options.seed, say)
            before = before or document
            yield document


def _run(scenario: Scenario, name: str, options: Namespace, say: Say) -> Iterator[Document]:
    """The one document. A Ctrl-C while evidence of a whole run is written comes after it."""
    target = make_target(name, scenario, options.pump_port, options.rig_port)
    try:
        ran = execute(scenario, target, options.seed)
    except TargetFault as fault:
        raise UserError(f"the bench broke: {fault}", f"{scenario.path}, target {name}") from None
    document, stopped = {**ran.document, "wall_s": round(ran.wall_s, 2)}, False
    if not options.no_evidence:
        folder, stopped = _keep(scenario, ran, options)
        document["evidence"] = str(folder)
    _tell(scenario, ran, document, say)
    yield document
    if stopped:
        raise KeyboardInterrupt


def _keep(scenario: Scenario, ran: Ran, options: Namespace) -> tuple[Path, bool]:
    """Its evidence, and whether a Ctrl-C came meanwhile.

    Pictures cost 0.3 s a run and 0.4 s once; somebody who has pressed Ctrl-C does not wait for them.
    """

    def write(plots: bool) -> Path:
        return write_folder(
            options.out or OUT, scenario, ran.recording, ran.document, ran.plant, ran.wall_s, ran.seed, plots=plots
        )  # fmt: skip

    try:
        return write(options.plots or not (options.no_plots or ran.document.get("interrupted"))), False
    except KeyboardInterrupt:
        return write(False), True


# -- words


def _tell(scenario: Scenario, ran: Ran, document: Document, say: Say) -> None:
    speed = document["simulated_s"] / max(ran.wall_s, 1e-3)
    nothing = "" if scenario.expects else "; nothing was expected"
    say(
        f"{_verdict(scenario, ran):9} {scenario.name} [{document['target']}]: {document['final_state']},"
        f" {document['simulated_s']:.1f} s in {ran.wall_s:.1f} s ({speed:.0f} times real time){nothing}"
    )
    for line in scenario.uses_open:
        say(f"  the pump cannot do this yet: {line}")
    if ran.document.get("interrupted"):
        _tell_reached(ran, document, say)
    elif not ran.passed:
        say(explain(document, ran.recording))


def _verdict(scenario: Scenario, ran: Ran) -> str:
    if ran.document.get("interrupted"):
        return "interrupted"
    if not ran.passed:
        return "open" if scenario.uses_open else "FAILED"
    return "passed" if scenario.expects else "ran"


def _tell_reached(ran: Ran, document: Document, say: Say) -> None:
    """How far an interrupted run came; what was expected is not judged by a part."""
    records = ran.recording.records
    say(f"  reached: {said(records[-1]) if records else 'no event'}; {len(records)} events")
    if "evidence" in document:
        say(f"  evidence of this part: {document['evidence']}")


def _compare(scenario: Scenario, one: Document, other: Document, seed: int | None, say: Say) -> list[str]:
    found = told_apart(scenario, one, other, seed)
    for line in found:
        say(f"  {one['target']} and {other['target']} differ: {line}")
    return found
