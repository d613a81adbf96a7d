"""Every field of a protocol that the device takes is used by it: one that nobody reads is a limit that is none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pump
from pump.protocol import protocol as p

PUMP = Path(pump.__file__).parent
# The codec reads them all, and the mirror compares them: neither is a use.
CODEC = {"protocol/protocol.py", "protocol/encoding.py", "guard/mirror.py"}
# Read by nobody on the device: what people compare by fingerprint, and what waits for its own issue.
FOR_PEOPLE = {"name", "drug", "unit"}
NOT_YET = {"insert_allowed"}  # no step can be inserted (SES-3)


def fields() -> set[str]:
    """Of the protocol, its bags, its steps and its doses by mouth."""
    parts = (p.Protocol(), p.Solution(1, 1, "A", "T-1"), p.Step(0, 0, 1, 1, 1), p.Dose(1, 1))
    return {name for part in parts for name in vars(part)}


def read_in(folder: Path) -> dict[str, set[str]]:
    """Attribute -> files of the device that load it."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            if place not in CODEC and isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.setdefault(node.attr, set()).add(place)
    return found


@pytest.mark.req("SES-6", "PRO-4")
def test_every_field_is_read_by_what_acts_on_it() -> None:
    """Else a limit that two people signed (max_wait_min was one) is taken and never kept."""
    read = read_in(PUMP)
    assert fields() - set(read) == FOR_PEOPLE | NOT_YET
    rules_only = {name for name in fields() & set(read) if all(place.startswith("protocol/") for place in read[name])}
    # A rule bounds the gap, which begins when the ladder is over; doses by mouth are for the laptop's table.
    assert rules_only == {"tolerance_gap_h", "approval", "doses", "dose_pg"}


@pytest.mark.req("SES-6", "PRO-4")
def test_a_field_that_nobody_reads_is_found(tmp_path: Path) -> None:
    """Else the search above finds uses that are none."""
    (tmp_path / "a.py").write_text("def f(protocol):\n    protocol.max_wait_min = 3\n    return protocol.delay_s\n")
    assert set(read_in(tmp_path)) == {"delay_s"}
