"""A board beside the core, whatever the phase of its scan.

What a hold leaves of a step, and at which look a nurse sees that it can go on, depends on where the pump's scans
fall between the oximeter's packets and the nurse's looks, and on how old the status is by then. That phase is the
image's: a microsecond of start-up moves it, and no scan of a board comes exactly 20 ms after the one before. So a board
is told from the core by what differs from the core at every phase: a result that the core gives too, at one of them, is
no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from toleramp_bench.runs.compare import Finding, differences, findings, in_lines
from toleramp_bench.runs.execute import SCAN_MS, execute, scan_us
from toleramp_bench.scenario.model import Scenario
from toleramp_bench.targets.core import IN_STEP, CoreTarget, Phase

CORE = CoreTarget.name
BOARDS = ("rp2040", "rig")  # targets whose scans have a phase of their own
_EVERY_US = 2_000
UNSTEADY_US = 500  # the loop waits in whole milliseconds
STATUS_MS = 100  # a board sends its status ten times a second

Document = dict[str, Any]


def told_apart(scenario: Scenario, one: Document, other: Document, seed: int | None) -> list[str]:
    """The differences of two targets' results, a line each: of a board, what the core has at no phase.

    The lines' figures are those of `one` and `other`. Other phases of the core are run only while something differs.
    """
    if one["target"] != CORE or other["target"] not in BOARDS:
        return differences(scenario, one, other, SCAN_MS)
    found = findings(scenario, one, other, SCAN_MS)
    phases = (findings(scenario, core, other, SCAN_MS) for core in _others(scenario, seed))
    return in_lines(everywhere(found, phases))


def everywhere(found: list[Finding], others: Iterable[list[Finding]]) -> list[Finding]:
    """Those of `found` that each of the others names too; no more of them are asked for when none is left."""
    each: Iterator[list[Finding]] = iter(others)
    while found and (other := next(each, None)) is not None:
        named = {what for what, _ in other}
        found = [finding for finding in found if finding[0] in named]
    return found


def _others(scenario: Scenario, seed: int | None) -> Iterator[Document]:
    """The core at all phases of its scan: on time, and as unsteady and with as old a status as a board's."""
    for late_us in range(0, scan_us(scenario), _EVERY_US):
        for phase in (Phase(late_us), Phase(late_us, UNSTEADY_US, STATUS_MS)):
            if phase != IN_STEP:
                yield execute(scenario, CoreTarget(scan_us(scenario), phase), seed).document
