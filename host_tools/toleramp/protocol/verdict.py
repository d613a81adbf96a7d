"""The verdict that every output of a protocol carries: refused or accepted, how many findings, which one first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toleramp.protocol.rule_rows import Row, has_errors

if TYPE_CHECKING:
    from toleramp.protocol.file import Reading

REFUSED, ACCEPTED = "refused", "accepted"


def counted(number: int, word: str) -> str:
    """ "1 error", "2 errors"."""
    return f"{number} {word}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Verdict:
    """What was found in a protocol and its file; errors first."""

    rows: list[Row] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """True when a finding is an error."""
        return has_errors(self.rows)

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(row["severity"] == "error" for row in self.rows)

    def words(self) -> str:
        """ "REFUSED: 2 errors, 1 warning"."""
        head = REFUSED if self.refused else ACCEPTED
        warnings = len(self.rows) - self.errors
        return f"{head.upper()}: {counted(self.errors, 'error')}, {counted(warnings, 'warning')}"

    def reason(self) -> str:
        """The first error in words; "" for none."""
        return next((f"{row['where']}: {row['message']}" for row in self.rows if row["severity"] == "error"), "")

    def document(self) -> dict[str, Any]:
        """The same as `--json` shows it."""
        return {
            "verdict": REFUSED if self.refused else ACCEPTED,
            "errors": self.errors,
            "warnings": len(self.rows) - self.errors,
        }


def judge(reading: Reading, now: datetime | None = None) -> Verdict:
    """The verdict on what was read of a file, as `protocol check` has it; `now`: when the first step starts."""
    from toleramp.protocol.all_findings import findings

    return Verdict(findings(reading, now)[1])
