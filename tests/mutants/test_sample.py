"""A slip in the safety kernel is noticed: forty of them in each build, and a tool that says when one is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import SAMPLE, draw, drawn, sample
from kernel import CHECKOUT, modules, tree_of
from listed import read, read_open, stale
from mutants import mutants_of

from toleramp_bench.runs.patience import patience_s

TOY = """
LIMIT = 8


def bounded(value):
    if value > LIMIT:
        return LIMIT
    return value


def untested(value):
    return value + 2


def counted(count):
    done = 0
    while done < count:
        done += 1
    return done


def caught(text):
    try:
        return int(text)
    except ValueError:
        return -LIMIT
"""
TOY_TESTS = """
from toy import bounded, caught, counted, untested


def test_bounded():
    assert [bounded(value) for value in (0, 7, 8, 9, 20)] == [0, 7, 8, 8, 8]


def test_untested_runs():
    untested(1)


def test_counted():
    assert [counted(0), counted(3)] == [0, 3]


def test_caught():
    assert [caught("5"), caught("five")] == [5, -8]
"""
UNTESTED = "toy untested: value + 2 -> value - 2 #1"
ENDLESS = "toy counted: done += 1 -> nothing #1"


def tool(*options: str, start: tuple[str, ...] = ("tests/mutants",)) -> subprocess.CompletedProcess[str]:
    """The tool, as `make mutants` starts it."""
    command = [sys.executable, *start, "--jobs", "1", *options]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=patience_s(120), check=False)


@pytest.fixture
def toy() -> Iterator[Path]:
    """Code with a function that no test looks at, in a folder laid out as the tool wants it."""
    folder = CHECKOUT / "build" / f"toy-{uuid.uuid4().hex}"
    for name, file, text in (("firmware", "toy.py", TOY), ("tests", "test_toy.py", TOY_TESTS)):
        (folder / name).mkdir(parents=True)
        (folder / name / file).write_text(text, encoding="utf-8")
    (folder / "equivalent.txt").write_text("", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


def tree_state() -> dict[Path, bytes]:
    """All files of the kernel."""
    return {path: path.read_bytes() for path in sorted((CHECKOUT / "firmware").rglob("*.py"))}


@pytest.mark.timeout(0)  # the command has a limit of its own
def test_forty_slips_in_the_kernel_are_noticed() -> None:
    """Else tests that have gone blind pass for years."""
    before = tree_state()
    done = tool("--sample")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"PASS: {SAMPLE} of {SAMPLE} killed" in done.stdout
    assert tree_state() == before


def test_what_no_test_looks_at_is_found(toy: Path) -> None:
    """Else the tool calls everything killed."""
    done = tool("--place", str(toy), "--one-in", "1", "--name", "untested", "--name", "bounded")
    assert done.returncode == 1, done.stdout + done.stderr
    told = done.stdout[done.stdout.index("SURVIVED") :]
    assert f"SURVIVED {UNTESTED}\n    -    return value + 2\n    +    return value - 2" in told
    survivors = [line for line in told.splitlines() if line.startswith("SURVIVED")]
    assert all("toy untested" in line or "value > LIMIT -> value >= LIMIT" in line for line in survivors), told


def test_a_loop_without_end_counts_as_killed(toy: Path) -> None:
    """Else one mutant keeps the tool for ever."""
    done = tool("--place", str(toy), "--one-in", "1", "--name", ENDLESS)
    assert done.returncode == 0 and "PASS: 1 of 1 killed" in done.stdout, done.stdout + done.stderr
    assert "no end" in (toy / "build" / "report.json").read_text(encoding="utf-8")


def test_what_only_an_exception_reaches_is_judged_too(toy: Path) -> None:
    """Else a slip there lives whatever its tests say, since none of them seems to reach it."""
    done = tool("--place", str(toy), "--one-in", "1", "--name", "toy caught")
    assert done.returncode == 0 and "PASS" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("toy caught") == 0


def test_a_survivor_with_a_reason_passes_and_an_entry_without_mutant_fails(toy: Path) -> None:
    """Else the list of equivalents outlives the code that it was written for."""
    listed = toy / "equivalent.txt"
    listed.write_text(f"{UNTESTED}\n    Nobody uses it.\n", encoding="utf-8")
    assert tool("--place", str(toy), "--one-in", "1", "--name", UNTESTED).returncode == 0
    listed.write_text("toy untested: value + 3 -> value - 3 #1\n    Nobody uses it.\n", encoding="utf-8")
    done = tool("--place", str(toy), "--one-in", "1")
    assert done.returncode == 1 and "no longer there" in done.stdout


def test_the_sample_needs_nothing_that_an_earlier_run_has_left(toy: Path) -> None:
    """Else the first build of a fresh checkout ends in an error of the tool."""
    command = ("--place", str(toy), "--tests", str(toy / "tests"), "--name", "toy bounded")
    tool(*command, "--one-in", "1")
    shutil.move(toy / "build" / "killers.json", toy / "killers.json")
    assert (toy / "killers.json").read_text(encoding="utf-8").count("test_toy.py") > 3
    shutil.rmtree(toy / "build")
    done = tool(*command, "--sample")
    assert (toy / "build" / "sample.json").is_file() and not done.stderr, done.stdout + done.stderr


def test_what_is_listed_and_yet_killed_fails(toy: Path) -> None:
    """Else a hole can be hidden in the list."""
    name = "toy bounded: return value -> return 0 #1"
    (toy / "equivalent.txt").write_text(f"{name}\n    No difference.\n", encoding="utf-8")
    done = tool("--place", str(toy), "--one-in", "1", "--name", name, start=("-m", "tests.mutants"))
    assert done.returncode == 1 and f"LISTED, YET KILLED {name}" in done.stdout


def test_each_reason_names_a_mutant_that_is_there() -> None:
    """Else the reason was given for other code."""
    assert stale({*read(), *read_open()}) == [] and not read().keys() & read_open().keys()


def test_every_module_has_its_share() -> None:
    """Else a module that people think proved is left out."""
    chosen = draw()
    assert len(chosen) >= 400 and len(sample({*read(), *read_open()})) == SAMPLE
    for module in modules():
        share = [mutant for mutant in chosen if mutant.module == module]
        assert len(share) >= max(10, len(mutants_of(module)) // 10)


def test_moved_code_keeps_its_names() -> None:
    """Else each line that is added judges everything anew."""
    module = "pump.session.held"
    moved = tree_of(module)
    moved.body.reverse()
    assert {mutant.name for mutant in mutants_of(module, moved)} == {mutant.name for mutant in mutants_of(module)}
    assert [mutant.name for mutant in drawn(module)] == [mutant.name for mutant in drawn(module)]
