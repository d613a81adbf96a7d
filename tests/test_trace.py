"""Every test names requirements that exist, every active requirement has a test, every hazard a requirement."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from toleramp_bench.runs.patience import patience_s
from toleramp_bench.trace import REQUIREMENTS, Matrix, Requirement, match, read_requirements

CHECKOUT = Path(__file__).parents[1]
ACTIVE = "tests/test_a.py::test_that_it_flows"


def trace(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`make trace` with these options."""
    command = [sys.executable, "-m", "toleramp_bench.trace", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=patience_s(20), check=False)


def matrix() -> Matrix:
    """Two requirements, one of them open, and the hazards of both."""
    flow = Requirement("FLO-1", "It flows.", ["HAZ-1"], "ours", "active")
    stop = Requirement("FLO-2", "It stops.", ["HAZ-2"], "ours", "open", "the stop")
    return Matrix([flow, stop], {"HAZ-1": "Too little.", "HAZ-2": "Too much."})


def test_the_shipped_tests_and_requirements_fit(tmp_path: Path) -> None:
    """Else a requirement is believed shown that no test shows."""
    done = trace("--out", str(tmp_path))
    assert done.returncode == 0, done.stderr[-2000:]
    content = json.loads((tmp_path / "trace.json").read_text(encoding="utf-8"))
    assert content["problems"] == [] and content["summary"].startswith("PASS")
    page = (tmp_path / "trace.html").read_text(encoding="utf-8")
    for requirement in content["requirements"]:
        assert f'id="{requirement["id"]}"' in page and requirement["id"] in done.stdout
        assert requirement["tests"] or requirement["status"] == "open"


def test_no_requirement_is_left_out() -> None:
    """Else one that nobody works on vanishes from the list of what is open."""
    counts = {"FLO": 12, "PRO": 9, "SES": 16, "VIT": 5, "ALM": 8, "INT": 12, "SEC": 3, "INV": 9, "TST": 1}
    expected = {f"{prefix}-{k}" for prefix, count in counts.items() for k in range(1, count + 1)}
    assert {requirement.id for requirement in read_requirements(REQUIREMENTS).requirements} == expected


def test_what_fits_has_no_problems() -> None:
    """Else the checks below pass because all is refused."""
    found = match(matrix(), [(f"{ACTIVE}[1]", ("FLO-1",)), (f"{ACTIVE}[2]", ("FLO-1",)), ("t.py::other", ())])
    assert found.problems == [] and found.summary().startswith("PASS: 2 requirements, 1 active, 1 open")
    assert (found.requirements[0].tests, found.requirements[0].cases) == ([ACTIVE], 2)
    assert found.requirements[1].standing() == "open"


def test_an_open_requirement_with_tests_is_partly_shown() -> None:
    """Else work under way looks like none."""
    found = match(matrix(), [(ACTIVE, ("FLO-1", "FLO-2"))])
    assert found.problems == [] and found.requirements[1].standing() == "open, 1 test (partly shown)"


def test_an_unknown_id_is_a_problem() -> None:
    """Else a slip of the pen takes a test off its requirement."""
    assert match(matrix(), [(ACTIVE, ("FLO-1", "FLO-11"))]).problems == [
        f"{ACTIVE} names FLO-11, which is no requirement"
    ]


def test_an_active_requirement_without_a_test_is_a_problem() -> None:
    """Else deleting a test goes unseen."""
    assert match(matrix(), [(ACTIVE, ("FLO-2",))]).problems == ["FLO-1 is active and no test names it"]


def test_a_hazard_without_a_requirement_is_a_problem() -> None:
    """Else a known danger is nobody's."""
    orphaned = matrix()
    orphaned.hazards["HAZ-3"] = "Nobody's."
    assert match(orphaned, [(ACTIVE, ("FLO-1",))]).problems == ["hazard HAZ-3 has no requirement"]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("hazards", ["HAZ-9"], "links to HAZ-9, which is no hazard"),
        ("hazards", [], "links to no hazard"),
        ("status", "done", "is neither open nor active"),
        ("note", "", "its note does not say what is missing"),
        ("source", "", "has no source"),
        ("text", "", "has no text"),
    ],
)
def test_an_incomplete_item_is_a_problem(field: str, value: object, problem: str) -> None:
    """Else the list fills with entries that say nothing."""
    spoiled = matrix()
    setattr(spoiled.requirements[1], field, value)
    assert any(problem in line for line in match(spoiled, [(ACTIVE, ("FLO-1",))]).problems)


def test_the_command_fails_on_a_test_with_an_unknown_id(tmp_path: Path) -> None:
    """Else the check is in the code and not in the command."""
    (tmp_path / "test_one.py").write_text('import pytest\n@pytest.mark.req("XYZ-1")\ndef test_one(): pass\n')
    done = trace("--tests", str(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 1 and "XYZ-1, which is no requirement" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--tests", "{here}"], "cannot be collected"), (["--requirements", "{here}"], "no requirements")],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, options: list[str], words: str) -> None:
    """Else a user reads a traceback."""
    (tmp_path / "test_broken.py").write_text("import nothing_of_that_name\n")
    done = trace(*[word.replace("{here}", str(tmp_path)) for word in options], "--out", str(tmp_path / "out"))
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
