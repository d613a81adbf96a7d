"""pytest collects scenarios: each .toml that is one is a test on each target (`--target core,rp2040`).

Every .toml below a folder `scenarios` counts as one, but for protocols and campaigns; elsewhere below `hil_tests`, and
when it is named, what has the shape of one. Files in `scenarios/long` take minutes to hours: only when
named, or with --long.

The emulated board boots once a process; each scenario goes on from there in a fork. A run on another target is then
compared with the core's. When the bench itself breaks, the remaining tests stop with the first cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb
from typing import Any

import pytest

FOLDER, ROOM, LONG = "scenarios", "hil_tests", "long"
USUAL = "core,rp2040"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --target, --scenario-out and --long."""
    group = parser.getgroup("toleramp", "scenarios on the bench")
    group.addoption("--target", default=USUAL, help=f"targets of scenarios, with commas (default: {USUAL})")
    group.addoption("--scenario-out", default=None, metavar="FOLDER", help="evidence (default: build/scenarios)")
    group.addoption("--long", action="store_true", help=f"run the scenarios in {FOLDER}/{LONG} too")


def pytest_configure(config: pytest.Config) -> None:
    """A target that does not exist would make a run green in which nothing ran."""
    from toleramp_bench.scenario.model import TARGETS

    for name in _targets(config):
        if name not in TARGETS:
            raise pytest.UsageError(f"--target: no target is called {name!r}; one of {', '.join(TARGETS)}")


def _targets(config: pytest.Config) -> list[str]:
    return str(config.getoption("--target")).split(",")


# -- which files


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file."""
    if file_path.suffix == ".toml" and _is_ours(file_path, parent.session):
        collected: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
        return collected
    return None


def _is_ours(path: Path, session: pytest.Session) -> bool:
    """Where a scenario is expected a fault in it is told; elsewhere only what has its shape is one."""
    named, expected = session.isinitpath(path), _in_library(path, session.config.rootpath)
    if not (named or expected or {ROOM, FOLDER} & set(path.parts)):
        return False
    from toleramp_bench.runs.command import NOT_SCENARIOS, shape

    if named or expected:
        return shape(path) not in NOT_SCENARIOS and (named or not _is_run_folder(path))
    return shape(path) == "scenario" or (ROOM in path.parts and shape(path) == "broken")


def _in_library(path: Path, root: Path) -> bool:
    """Below a folder of scenarios; that a checkout lies in one says nothing about its files."""
    inside = path.relative_to(root).parts[:-1] if path.is_relative_to(root) else ()
    return FOLDER in (*inside, path.parent.name)


def _is_run_folder(path: Path) -> bool:
    """The copy in the folder that a run has left."""
    return path.name == "scenario.toml" and (path.parent / "result.json").exists()


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the long ones out, and says how many."""
    if config.getoption("--long"):
        return
    left = [item for item in items if isinstance(item, ScenarioItem) and _is_long(item.path, session)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _is_long(path: Path, session: pytest.Session) -> bool:
    named = session.isinitpath(path) or session.isinitpath(path.parent)
    return path.parts[-3:-1] == (FOLDER, LONG) and not named


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
        for name in _targets(self.config):
            if name in scenario.targets:
                yield ScenarioItem.from_parent(self, name=f"{self.path.stem}[{name}]", scenario=scenario, target=name)


# -- a run


class Missed(Exception):
    """An expectation was missed, or the target differs from the core."""


class NoTarget(Exception):
    """The bench lacks what a target is made of: an image, a program, a port."""


class ScenarioItem(pytest.Item):
    """One scenario on one target."""

    def __init__(self, *, scenario: Any, target: str, **more: Any) -> None:
        super().__init__(**more)
        self.scenario, self.target = scenario, target
        if scenario.shows and not scenario.uses_open:
            self.add_marker(pytest.mark.req(*scenario.shows))

    def runtest(self) -> None:
        """Runs it; what the pump cannot do yet is reported as open. A broken bench stops the rest."""
        from toleramp.errors import UserError

        if not self.scenario.expects:
            raise Missed("nothing is expected: a test that cannot fail")
        if self.scenario.uses_open:
            pytest.xfail("open, the pump cannot do this yet: " + "; ".join(self.scenario.uses_open))
        try:
            problem = self._run()
        except UserError:
            raise
        except Exception as error:
            if not _of_the_pump(error):
                self.session.shouldstop = f"the bench broke in {self.name}: {_in_a_line(error)}"
            raise
        if problem:
            raise Missed(problem)

    def _run(self) -> str:
        if self.target == "core":
            return self._judge(self._made())
        from toleramp_bench.runs.forks import in_fork

        if self.target != "rp2040":
            return in_fork(lambda: self._judge(self._made()))
        target = self._made()
        return in_fork(lambda: self._judge(target))

    def _made(self) -> Any:
        """The target. NoTarget when it cannot be had: a skip would make a run green in which nothing ran."""
        from toleramp.errors import UserError
        from toleramp_bench.runs.execute import make_target
        from toleramp_bench.runs.forks import booted

        try:
            return (
                booted(self.scenario.bench_mode) if self.target == "rp2040" else make_target(self.target, self.scenario)
            )
        except (UserError, FileNotFoundError) as error:
            raise NoTarget(str(error)) from None

    def _judge(self, target: Any) -> str:
        """Runs, leaves the evidence, and says what was missed or differs; "" when nothing is."""
        from toleramp_bench.runs.folder import explain, write_folder

        scenario, ran = self.scenario, self._executed(target, None)
        out = self.config.getoption("--scenario-out") or self.config.rootpath / "build" / FOLDER
        folder = write_folder(
            Path(out), scenario, ran.recording, ran.document, ran.plant, ran.wall_s, ran.seed, plots=not ran.passed
        )
        if not ran.passed:
            return str(explain({**ran.document, "evidence": str(folder)}, ran.recording))
        return "" if self.target == "core" or "core" not in scenario.targets else self._compared(ran)

    def _compared(self, ran: Any) -> str:
        from toleramp_bench.runs.execute import make_target
        from toleramp_bench.runs.phases import told_apart

        core = self._executed(make_target("core", self.scenario), ran.seed)
        found = told_apart(self.scenario, core.document, ran.document, ran.seed)
        return "\n".join([f"core and {self.target} differ:", *found]) if found else ""

    def _executed(self, target: Any, seed: int | None) -> Any:
        """A run that was not interrupted: pytest ends as ever, whoever has taken the Ctrl-C."""
        from toleramp_bench.runs.execute import execute

        ran = execute(self.scenario, target, seed)
        if ran.document.get("interrupted"):
            raise KeyboardInterrupt
        return ran

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A missed expectation in its own words, what the user can mend in a line; a broken bench with its cause."""
        from toleramp.errors import UserError

        if isinstance(excinfo.value, Missed):
            return f"{self.scenario.path}, target {self.target}\n{excinfo.value}"
        if isinstance(excinfo.value, (UserError, NoTarget)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is told."""
        return self.path, 0, self.name


def _of_the_pump(error: Exception) -> bool:
    """True where the core's own code raised: a finding of this scenario, not a bench that broke."""
    from toleramp_bench.places import ROOT

    frames = extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(ROOT / "firmware")


def _in_a_line(error: Exception) -> str:
    """The cause; our own exceptions are sentences, others need their name."""
    from toleramp.errors import one_line
    from toleramp_bench.targets.base import TargetFault

    own = isinstance(error, (TargetFault, NoTarget))
    return one_line(str(error) if own else f"{type(error).__name__}: {error}")
