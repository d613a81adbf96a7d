"""What `make mutants` tells: a row a module, each survivor with its lines."""

from __future__ import annotations

import json
import resource
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from judging import Verdict
from mutants import difference

BAR = 0.95


@dataclass
class Row:
    """One module's verdicts."""

    killed: int = 0
    equivalent: int = 0
    survived: int = 0
    cpu_s: float = 0.0

    @property
    def drawn(self) -> int:
        """All of them."""
        return self.killed + self.equivalent + self.survived


@dataclass
class Report:
    """All verdicts, with the reasons of those that are judged equivalent, and of the holes that are known."""

    equivalent: dict[str, str]
    open: dict[str, str]
    verdicts: list[Verdict] = field(default_factory=list)

    def survivors(self) -> list[Verdict]:
        """Those that no list knows."""
        known = {**self.equivalent, **self.open}
        return [each for each in self.verdicts if not each.by and each.mutant.name not in known]

    def wrongly_listed(self) -> list[Verdict]:
        """Listed, and yet a test tells them apart."""
        known = {**self.equivalent, **self.open}
        return [each for each in self.verdicts if each.by and each.mutant.name in known]

    def rows(self) -> dict[str, Row]:
        """By module, in the kernel's order."""
        rows: dict[str, Row] = defaultdict(Row)
        for each in self.verdicts:
            row = rows[each.mutant.module]
            row.cpu_s += each.cpu_s
            if each.by:
                row.killed += 1
            elif each.mutant.name in self.equivalent:
                row.equivalent += 1
            else:
                row.survived += 1
        return dict(sorted(rows.items()))

    def passed(self) -> bool:
        """No survivor that is not listed, none listed wrongly, and enough killed of those that could be."""
        rows = self.rows().values()
        killed, survived = sum(row.killed for row in rows), sum(row.survived for row in rows)
        return not self.survivors() and not self.wrongly_listed() and killed >= BAR * (killed + survived)

    def text(self) -> str:
        """The table and what is wrong."""
        rows = self.rows()
        total = Row(*(sum(getattr(row, key) for row in rows.values()) for key in ("killed", "equivalent", "survived")))
        lines = [f"{'module':<28}{'drawn':>7}{'killed':>8}{'equivalent':>12}{'survived':>10}{'CPU s':>8}"]
        for name, row in (*rows.items(), ("all", total)):
            cpu_s = row.cpu_s or sum(each.cpu_s for each in rows.values())
            counts = f"{row.drawn:>7}{row.killed:>8}{row.equivalent:>12}{row.survived:>10}"
            lines.append(f"{name.removeprefix('pump.'):<28}{counts}{cpu_s:>8.1f}")
        for each in self.survivors():
            lines += [f"SURVIVED {each.mutant.name}", *(f"    {line}" for line in difference(each.mutant))]
            lines.append(f"    {each.ran} of the {each.reaching} tests that reach it have run")
        lines += [f"LISTED, YET KILLED {each.mutant.name}\n    {each.by} fails" for each in self.wrongly_listed()]
        return "\n".join([*lines, self.verdict(total)])

    def verdict(self, total: Row) -> str:
        """One line: how many of those that could be killed were, and the processor time of it all."""
        able = total.killed + total.survived
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        cpu_s = sum(each.ru_utime + each.ru_stime for each in used)
        word = "PASS" if self.passed() else "FAIL"
        share = 100 * total.killed / able if able else 100.0
        return (
            f"{word}: {total.killed} of {able} killed ({share:.1f} %; bar {100 * BAR:.0f} %), {cpu_s:.0f} s CPU in all"
        )

    def write(self, path: Path) -> None:
        """The same, one entry a mutant."""
        told = [
            {
                "name": each.mutant.name,
                "killed_by": each.by,
                "equivalent": self.equivalent.get(each.mutant.name, ""),
                "tests_run": each.ran,
                "tests_reaching": each.reaching,
                "cpu_s": round(each.cpu_s, 2),
                "difference": difference(each.mutant),
            }
            for each in self.verdicts
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
