"""Which lines of the kernel each test reaches, and its processor time: measured once for a content, then kept."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from forking import each_in_a_fork
from kernel import CHECKOUT, beside, modules, place
from mutants import MODULE_LEVEL, Mutant
from planting import plant_probes, prepare_probes
from warm import first_failure, quiet

_LIMIT_S = 120.0
_FAR = 10  # a test of another module is as good as one that costs so much more


@dataclass
class Test:
    """One test: its seconds of processor time with the kernel as it is, and the lines that it reaches, by module."""

    cpu_s: float
    lines: dict[str, list[int]] = field(default_factory=dict)
    passes: bool = True


class Map:
    """All tests by node id; kept in a file, a part for each test file, that counts while its content and the firmware
    are the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tests: dict[str, Test] = {}
        self._keys: dict[str, str] = {}

    def fill(self, items: list[pytest.Item], at_once: int) -> int:
        """Reads what is known and measures the rest; how many tests were measured."""
        self._read({str(item.path) for item in items})
        missing = [item for item in items if item.nodeid not in self.tests]
        prepare_probes(modules() if missing else [])
        for item, ended in each_in_a_fork(missing, _measured, at_once):
            said = json.loads(ended.said or b"{}")
            self.tests[item.nodeid] = Test(round(ended.cpu_s, 3), said, bool(said) and not ended.killed_by)
        self._write()
        return len(missing)

    def reaching(self, mutant: Mutant) -> list[str]:
        """The tests that reach the mutant's statement: first the quick ones, those that reach little else and those
        made for the module, of each file a few and of each function with many parameters fewer: ten tests of ten files
        see more than ten of one."""
        made_for = beside(mutant.module)
        found = [
            (test.cpu_s * len(test.lines), name)
            for name, test in self.tests.items()
            if test.passes and _reaches(test.lines.get(mutant.module, ()), mutant)
        ]
        rows: Counter[str] = Counter()
        order = []
        for weight, name in sorted(found):
            file, function = name.split("::")[0], name.split("[")[0]
            rows[file] += function not in rows
            rows[function] += 1
            far = 1 if file in made_for else _FAR
            order.append((weight * rows[file] * rows[function] * far, name))
        return [name for _, name in sorted(order)]

    def cost_s(self, name: str) -> float:
        """Processor time of a test; of one that is not known a guess."""
        return self.tests[name].cpu_s if name in self.tests else 1.0

    def _read(self, files: set[str]) -> None:
        firmware = _hash(*sorted(place().firmware.rglob("*.py")))
        kits = _hash(*sorted(place().tests.glob("*kit.py")))
        for file in files:
            self._keys[str(Path(file).relative_to(CHECKOUT))] = firmware + kits + _hash(Path(file))
        kept = json.loads(self.path.read_text()) if self.path.exists() else {}
        for file, part in kept.items():
            if self._keys.get(file) == part["key"]:
                tests = {name: Test(*test) for name, test in part["tests"].items()}
                self.tests |= {name: test for name, test in tests.items() if test.passes}  # others have another chance

    def _write(self) -> None:
        parts = json.loads(self.path.read_text()) if self.path.exists() else {}
        parts |= {file: {"key": key, "tests": {}} for file, key in self._keys.items()}
        for name, test in self.tests.items():
            parts[name.split("::")[0]]["tests"][name] = (test.cpu_s, test.lines, test.passes)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(parts))


def _reaches(lines: list[int] | tuple[()], mutant: Mutant) -> bool:
    return bool(lines) if mutant.function == MODULE_LEVEL else mutant.line in lines


def _hash(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def _measured(item: pytest.Item) -> bytes:
    quiet()
    touched = {module: plant_probes(module) for module in modules()}
    if first_failure([item], lambda name: _LIMIT_S):
        return b""
    lines = {module: [k for k, seen in enumerate(marks) if seen] for module, marks in touched.items()}
    return json.dumps({module: found for module, found in lines.items() if found} or {"": []}).encode()
