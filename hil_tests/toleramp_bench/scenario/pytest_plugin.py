"""pytest collects scenarios: each .toml in a folder `scenarios` is a test on each target (`--target core,rp2040`).

The emulated board boots once a process; each scenario goes on from there in a fork. A run on another target is then
compared with the core's. When the bench itself breaks, the remaining tests stop with the first cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = "scenarios"
USUAL = "core,rp2040"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --target and --scenario-out."""
    group = parser.getgroup("toleramp", "scenarios on the bench")
    group.addoption("--target", default=USUAL, help=f"targets of scenarios, with commas (default: {USUAL})")
    group.addoption("--scenario-out", default=None, metavar="FOLDER", help="evidence (default: build/scenarios)")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file."""
    if file_path.suffix == ".toml" and file_path.parent.name == FOLDER:
        collected: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
        return collected
    return None


class ScenarioFile(pytest.File):
    """One file: an item a target."""

    def collect(self) -> Iterator[pytest.Item]:
        """The items; a file that cannot be read fails here, with its one line."""
        from toleramp.errors import UserError
        from toleramp_bench.scenario.reader import read_scenario

        try:
            scenario = read_scenario(self.path)
        except UserError as error:
            raise self.CollectError(str(error)) from None
        for name in str(self.config.getoption("--target")).split(","):
            if name in scenario.targets:
                yield ScenarioItem.from_parent(self, name=f"{self.path.stem}[{name}]", scenario=scenario, target=name)


class Missed(Exception):
    """An expectation was missed, or the target differs from the core."""


class ScenarioItem(pytest.Item):
    """One scenario on one target."""

    def __init__(self, *, scenario: Any, target: str, **more: Any) -> None:
        super().__init__(**more)
        self.scenario, self.target = scenario, target
        if scenario.shows and not scenario.uses_open:
            self.add_marker(pytest.mark.req(*scenario.shows))

    def runtest(self) -> None:
        """Runs it; what the pump cannot do yet is reported as open."""
        from toleramp_bench.scenario.targets.base import TargetFault

        if self.scenario.uses_open:
            pytest.xfail("open, the pump cannot do this yet: " + "; ".join(self.scenario.uses_open))
        try:
            problem = self._run()
        except FileNotFoundError as error:
            pytest.skip(f"not run: {error}")
        except TargetFault as fault:
            self.session.shouldstop = f"the bench broke in {self.name}: {fault}"
            raise
        if problem:
            raise Missed(problem)

    def _run(self) -> str:
        if self.target == "core":
            return self._judge("core", None)
        from toleramp_bench.scenario.snapshot import in_fork

        if self.target != "rp2040":
            return in_fork(lambda: self._judge(self.target, None))
        from toleramp_bench.scenario.snapshot import booted

        target = booted(self.scenario.bench_mode)
        return in_fork(lambda: self._judge(self.target, target))

    def _judge(self, name: str, target: Any) -> str:
        """Runs, leaves the evidence, and says what was missed or differs; "" when nothing is."""
        from toleramp_bench.scenario.compare import differences
        from toleramp_bench.scenario.evidence import explain, write_evidence
        from toleramp_bench.scenario.execute import SCAN_MS, execute, make_target

        scenario = self.scenario
        ran = execute(scenario, target or make_target(name, scenario))
        document = dict(ran.document)
        out = self.config.getoption("--scenario-out") or self.config.rootpath / "build" / FOLDER
        folder = write_evidence(
            Path(out), scenario, ran.recording, document, ran.plant, ran.wall_s, ran.seed, plots=not ran.passed
        )
        document["evidence"] = str(folder)
        if not ran.passed:
            return str(explain(document, ran.recording))
        if name == "core" or "core" not in scenario.targets:
            return ""
        core = execute(scenario, make_target("core", scenario), ran.seed).document
        found = differences(scenario, core, ran.document, SCAN_MS)
        return "\n".join([f"core and {name} differ:", *found]) if found else ""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A missed expectation in its own words; a broken bench with its cause."""
        if isinstance(excinfo.value, Missed):
            return f"{self.scenario.path}, target {self.target}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is told."""
        return self.path, 0, self.name
