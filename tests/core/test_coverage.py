"""Guard, bounds and course: no line and no branch that no test passes through (coverage.py, in a process of its own).

Only tests that go scan by scan are measured: whole sessions pass through much and look at little of it. The same tests
run without it too; what this adds is one run of a few seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toleramp_bench.runs.patience import patience_s

CHECKOUT = Path(__file__).parents[2]
MEASURED = ("firmware/pump/guard", "firmware/pump/course")
TESTS = (
    "test_bounds_limits",
    "test_course_numbers",
    "test_guard_claims",
    "test_guard_counts",
    "test_guard_memory",
    "test_guard_screen",
    "test_guard_volume",
    "test_hanging",
    "test_kept",
    "test_lease",
    "test_levels",
    "test_line_stretches",
    "test_packed",
    "test_plan_numbers",
)
LONG = ("pushed_last", "moves_no_pulse", "shows_in_the_row")  # whose many examples pass where the others do
OTHERS = "not " + " and not ".join(LONG)
RUN_S = 60


def run(folder: Path, *arguments: str) -> None:
    """A command of coverage.py, its data in `folder`; what it said when it failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}
    done = subprocess.run(
        [sys.executable, "-m", "coverage", *arguments],
        cwd=CHECKOUT,
        env={**kept, "COVERAGE_FILE": str(folder / "measured")},
        capture_output=True,
        text=True,
        timeout=patience_s(RUN_S),
    )
    assert not done.returncode, f"coverage {' '.join(arguments)}\n{done.stdout}{done.stderr}"


def gaps(folder: Path, sources: tuple[str, ...], *program: str) -> tuple[set[str], list[str]]:
    """What was measured of the sources while a program ran, and where it never came: file:line, file:from->to."""
    run(folder, "run", "--branch", f"--source={','.join(sources)}", *program)
    run(folder, "json", "-q", "-o", str(folder / "report.json"))
    files = json.loads((folder / "report.json").read_text("utf-8"))["files"]
    missing = [f"{name}:{line}" for name, told in files.items() for line in told["missing_lines"]]
    for name, told in files.items():
        missing += [f"{name}:{begin}->{end}" for begin, end in told["missing_branches"]]
        missing += [f"{name}:{line} (excluded)" for line in told["excluded_lines"]]
    return {Path(name).name for name in files}, missing


@pytest.mark.req("FLO-5", "FLO-7", "PRO-2", "PRO-4", "INT-4")
def test_every_line_and_branch_of_guard_bounds_and_course_is_tested(tmp_path: Path) -> None:
    """Else a branch of the supervisor is first passed through in a patient's session."""
    tests = [f"tests/core/{name}.py" for name in TESTS]
    files, missing = gaps(tmp_path, MEASURED, "-m", "pytest", "-q", "-p", "no:xdist", "-k", OTHERS, *tests)
    assert files == {path.name for room in MEASURED for path in (CHECKOUT / room).glob("*.py")}
    assert not missing, "no test passes here: " + ", ".join(missing)


@pytest.mark.req("FLO-5")
def test_what_no_test_passes_through_is_named(tmp_path: Path) -> None:
    """Else the measure above is green whatever is left out."""
    source = "import sys\nif len(sys.argv) > 9:\n    print(1)\nfor _ in sys.argv:\n    break\nleft = 1\n"
    (tmp_path / "part.py").write_text(source + "right = 2  # pragma: no cover\n", encoding="utf-8")
    _, missing = gaps(tmp_path, (str(tmp_path),), str(tmp_path / "part.py"))
    told = [text.rpartition("part.py:")[2] for text in missing]
    assert told == ["3", "2->3", "4->6", "7 (excluded)"]
