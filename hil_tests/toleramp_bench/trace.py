"""`make trace`: which test shows which requirement, and what is still open.

Requirements and hazards are doorstop's items under hil_tests/requirements; the tests come from pytest's own collection
(marker `req`), so what is listed is what would run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from toleramp.errors import UserError
from toleramp_bench.places import ROOT

REQUIREMENTS = ROOT / "hil_tests" / "requirements"
TESTS = (ROOT / "tests", ROOT / "hil_tests")
OUT = ROOT / "build" / "trace"
HAZARDS = "HAZ"
STATUSES = ("open", "active")


@dataclass
class Requirement:
    """One item: its words, the hazards it keeps away, and the tests that name it."""

    id: str
    text: str
    hazards: list[str]
    source: str
    status: str
    note: str = ""
    tests: list[str] = field(default_factory=list)
    cases: int = 0  # a test with parameters is one test and several cases

    def standing(self) -> str:
        """The status as people read it."""
        if self.status != "open" or not self.tests:
            return self.status
        return f"open, {len(self.tests)} test{'s' * (len(self.tests) > 1)} (partly shown)"


@dataclass
class Matrix:
    """All requirements with their tests, the hazards, and what is wrong."""

    requirements: list[Requirement]
    hazards: dict[str, str]
    problems: list[str] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many have this status."""
        return sum(requirement.status == status for requirement in self.requirements)

    def summary(self) -> str:
        """The matrix in one line."""
        tested = sum(bool(r.tests) for r in self.requirements if r.status == "open")
        verdict = f"FAIL ({len(self.problems)})" if self.problems else "PASS"
        return (
            f"{verdict}: {len(self.requirements)} requirements, {self.count('active')} active,"
            f" {self.count('open')} open ({tested} of them partly shown), {len(self.hazards)} hazards"
        )


# -- reading


def read_requirements(folder: Path) -> Matrix:
    """Requirements and hazards under `folder`, not yet matched with tests. Raises UserError."""
    # Imported here: doorstop takes half a second, which tests of the checks need not pay.
    import doorstop

    try:
        tree = doorstop.build(cwd=str(folder), root=str(folder))
        items = [item for document in tree.documents for item in document.items if item.active]
        hazards = {str(item.uid): _text(item) for item in items if item.document.prefix == HAZARDS}
        requirements = [_requirement(item) for item in items if item.document.prefix != HAZARDS]
    except (doorstop.DoorstopError, AttributeError) as error:
        raise UserError(f"requirements cannot be read: {error}", str(folder)) from None
    if not requirements:
        raise UserError("no requirements", str(folder), "see hil_tests/requirements/README.md")
    return Matrix(sorted(requirements, key=lambda r: _number(r.id)), {id: hazards[id] for id in _by_number(hazards)})


def _number(uid: str) -> tuple[str, int]:
    prefix, _, number = uid.rpartition("-")
    return prefix, int(number) if number.isdigit() else 0


def _by_number(ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=_number)


def _text(item: Any) -> str:
    return " ".join(str(item.text).split())


def _requirement(item: Any) -> Requirement:
    source, status, note = (" ".join(str(item.get(key) or "").split()) for key in ("source", "status", "note"))
    return Requirement(str(item.uid), _text(item), _by_number(map(str, item.links)), source, status, note)


class _Collector:
    """A pytest plugin: keeps each collected test's ids and each file that cannot be collected."""

    def __init__(self) -> None:
        self.tests: list[tuple[str, tuple[str, ...]]] = []
        self.broken: list[str] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Called by pytest with all tests."""
        for item in items:
            ids = [str(id) for mark in item.iter_markers("req") for id in mark.args]
            self.tests.append((item.nodeid, tuple(dict.fromkeys(ids))))

    def pytest_collectreport(self, report: Any) -> None:
        """Called by pytest for each file and folder."""
        if report.failed:
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            self.broken.append(f"{report.nodeid}: {lines[-1].strip() if lines else 'no reason given'}")


def collect_tests(places: Iterable[Path], rootdir: Path = ROOT) -> list[tuple[str, tuple[str, ...]]]:
    """(node id, requirement ids) of every test. Raises UserError when a file cannot be collected."""
    import pytest

    collector = _Collector()
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={rootdir}"]
    arguments += ["-c", str(ROOT / "pyproject.toml"), *map(str, places)]
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(arguments, plugins=[collector])
    if collector.broken:
        raise UserError(f"a test file cannot be collected: {collector.broken[0]}", "", "run: make test")
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise UserError(f"pytest cannot collect the tests (exit {int(code)})", "", "run: make test")
    return collector.tests


# -- checking


def match(matrix: Matrix, tests: Iterable[tuple[str, tuple[str, ...]]]) -> Matrix:
    """Puts each test to the requirements that it names and fills `problems`."""
    known = {requirement.id: requirement for requirement in matrix.requirements}
    unknown: dict[tuple[str, str], None] = {}
    for node, ids in tests:
        name = node.split("[")[0]
        for uid in ids:
            if uid not in known:
                unknown[name, uid] = None
                continue
            known[uid].cases += 1
            if name not in known[uid].tests:
                known[uid].tests.append(name)
    matrix.problems = [f"{name} names {uid}, which is no requirement" for name, uid in unknown]
    matrix.problems += [*_item_problems(matrix), *_hazard_problems(matrix)]
    return matrix


def _item_problems(matrix: Matrix) -> Iterable[str]:
    for requirement in matrix.requirements:
        if requirement.status not in STATUSES:
            yield f"{requirement.id}: status {requirement.status!r} is neither open nor active"
        if requirement.status == "active" and not requirement.tests:
            yield f"{requirement.id} is active and no test names it"
        if requirement.status == "open" and not requirement.note:
            yield f"{requirement.id} is open and its note does not say what is missing"
        if not requirement.text or not requirement.source:
            yield f"{requirement.id} has no {'source' if requirement.text else 'text'}"


def _hazard_problems(matrix: Matrix) -> Iterable[str]:
    linked = {hazard for requirement in matrix.requirements for hazard in requirement.hazards}
    yield from (f"hazard {id} has no requirement" for id in matrix.hazards if id not in linked)
    for requirement in matrix.requirements:
        yield from (
            f"{requirement.id} links to {id}, which is no hazard"
            for id in requirement.hazards
            if id not in matrix.hazards
        )
        if not requirement.hazards:
            yield f"{requirement.id} links to no hazard"


# -- showing

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Requirements and tests</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:78rem;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d5dae0;padding:.4rem .5rem;text-align:left;
vertical-align:top}th{background:#f2f4f7}.active{color:#14632c}.open{color:#7a4b00}.bad{color:#a11}
code{font-size:.85em;overflow-wrap:anywhere}summary{cursor:pointer}small{color:#4a525c}
</style></head><body><h1>Requirements and tests</h1>
<p class="{{ 'bad' if matrix.problems else 'active' }}"><strong>{{ matrix.summary() }}</strong></p>
{% if matrix.problems %}<ul class="bad">{% for line in matrix.problems %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
<table><thead><tr><th>id</th><th>requirement</th><th>hazards, source</th><th>status</th><th>tests</th></tr></thead>
<tbody>
{% for r in matrix.requirements %}<tr id="{{ r.id }}"><td>{{ r.id }}</td>
<td>{{ r.text }}{% if r.note %}<br>
<small>{{ 'Missing' if r.status == 'open' else 'Shown' }}: {{ r.note }}</small>{% endif %}</td>
<td>{% for id in r.hazards %}<a href="#{{ id }}">{{ id }}</a> {% endfor %}<br><small>{{ r.source }}</small></td>
<td class="{{ r.status }}">{{ r.standing() }}</td>
<td>{% if r.tests %}<details><summary>{{ r.tests|length }} ({{ r.cases }} cases)</summary>
{% for test in r.tests %}<code>{{ test }}</code><br>{% endfor %}</details>{% else %}none{% endif %}</td></tr>
{% endfor %}</tbody></table><h2>Hazards</h2><table><tbody>
{% for id, text in matrix.hazards.items() %}<tr id="{{ id }}"><td>{{ id }}</td><td>{{ text }}</td><td>
{% for r in matrix.requirements if id in r.hazards %}<a href="#{{ r.id }}">{{ r.id }}</a> {% endfor %}</td></tr>
{% endfor %}</tbody></table></body></html>
"""


def write(matrix: Matrix, out: Path) -> None:
    """trace.html for people, trace.json for programs."""
    out.mkdir(parents=True, exist_ok=True)
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(PAGE).render(matrix=matrix)
    (out / "trace.html").write_text(page, encoding="utf-8")
    content = {"summary": matrix.summary(), **asdict(matrix)}
    (out / "trace.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _short(text: str, width: int = 72) -> str:
    return text if len(text) <= width else text[: width - 3].rstrip() + "..."


def show(matrix: Matrix) -> None:
    """The matrix on standard output, problems on standard error."""
    for requirement in matrix.requirements:
        print(f"{requirement.id:<7} {requirement.standing():<30} {_short(requirement.text)}")
        if requirement.status == "open":
            print(f"{'':<7} missing: {requirement.note}")
        for test in requirement.tests:
            print(f"{'':<7} - {test}")
    print(f"\n{matrix.summary()}")
    for line in matrix.problems:
        print(f"trace: {line}", file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when the matrix holds, 1 when not, 2 when it cannot be drawn up."""
    parser = argparse.ArgumentParser(
        prog="toleramp_bench.trace", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--requirements", type=Path, default=REQUIREMENTS, help="folder of the items")
    parser.add_argument("--tests", type=Path, nargs="+", default=TESTS, help="files or folders of the tests")
    parser.add_argument("--out", type=Path, default=OUT, help="where trace.html and trace.json go")
    args = parser.parse_args(arguments)
    try:
        matrix = match(read_requirements(args.requirements), collect_tests(args.tests))
        write(matrix, args.out)
    except (UserError, OSError) as error:
        print(f"trace: {error}", file=sys.stderr)
        return 2
    show(matrix)
    print(f"page: {args.out / 'trace.html'}")
    return 1 if matrix.problems else 0


if __name__ == "__main__":
    sys.exit(main())
