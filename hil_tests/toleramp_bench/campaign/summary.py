"""What many sessions came to: figures that grow with each line, a few bytes a session."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from pump.tables import causes, states
from toleramp_bench.campaign.row import Row
from toleramp_bench.names import CAUSES, STATES

FINALS = (*STATES.ordered(states.OVER), "abandoned", "crashed")
LISTED = 500  # findings in full; all are counted
AIR_UL = 50.0  # ALM-5
_FIGURES = ("motor_percent", "vein_percent", "chair_min", "flow_min", "peak_motor", "peak_vein")
Document = dict[str, Any]


class Summary:
    """`add` each row; `document()` is the content of summary.json."""

    def __init__(self) -> None:
        self.sessions = self.reacted = self.slipped = self.airy = self.rejected_bags = self.cut_pulses = 0
        self.final: Counter[str] = Counter()
        self.holds: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.reactions: dict[str, Counter[int]] = {name: Counter() for name in CAUSES.at(causes.REACTIONS)}
        self.completed = {name: array("d") for name in _FIGURES}
        self.others = {name: array("d") for name in _FIGURES}
        self.to_last_pulse_s = array("d")
        self.found: Counter[str] = Counter()
        self.with_findings = 0
        self.findings: list[Row] = []
        self.largest_air_ul = 0.0

    def add(self, row: Row) -> None:
        """A session."""
        self.sessions += 1
        self.final[row["final"]] += 1
        self.faults.update({fault["kind"] for fault in row["faults"]})
        self._find(row)
        if "motor_percent" not in row:
            return
        into = self.completed if row["final"] == STATES.COMPLETED else self.others
        for name in _FIGURES:
            into[name].append(row[name])
        self.to_last_pulse_s.extend(row["to_last_pulse_s"])
        self.holds.update(row["holds"])
        self.reacted += bool(row["reactions"])
        for reaction in row["reactions"]:
            self.reactions.setdefault(reaction["grade"], Counter())[reaction["step"]] += 1
        self.rejected_bags += row["rejected_bags"]
        self.cut_pulses += row["cut_pulses"]
        self.slipped += row["final"] == STATES.COMPLETED and any(fault["kind"] == "slip" for fault in row["faults"])
        self.airy += row["air_ul"] > AIR_UL
        self.largest_air_ul = max(self.largest_air_ul, row["air_ul"])

    def _find(self, row: Row) -> None:
        self.with_findings += bool(row["findings"])
        for finding in row["findings"]:
            self.found[finding["invariant"]] += 1
            if len(self.findings) < LISTED:
                self.findings.append({"session": row["session"], "seed": row["seed"], **finding})

    def document(self) -> Document:
        """All figures."""
        order = sorted(self.final, key=lambda name: FINALS.index(name) if name in FINALS else len(FINALS))
        return {
            "sessions": self.sessions,
            "final": {name: self.final[name] for name in order},
            "findings": {
                "sessions": self.with_findings,
                "by_invariant": dict(self.found.most_common()),
                "listed": self.findings,
            },
            "reacted": self.reacted,
            "reactions": {grade: dict(sorted(steps.items())) for grade, steps in self.reactions.items()},
            "holds": dict(sorted(self.holds.items())),
            "faults": dict(sorted(self.faults.items())),
            "completed": {name: _spread(values) for name, values in self.completed.items()},
            "not_completed": {name: _spread(values) for name, values in self.others.items()},
            "to_last_pulse_s": _spread(self.to_last_pulse_s),
            "rejected_bags": self.rejected_bags,
            "cut_pulses": self.cut_pulses,
            "not_judged": {
                "completed_with_a_slipping_motor": self.slipped,
                "air_beyond_50_ul": self.airy,
                "largest_air_ul": self.largest_air_ul,
            },
        }


def summed(rows: Iterable[Row]) -> Summary:
    """The summary of some rows."""
    summary = Summary()
    for row in rows:
        summary.add(row)
    return summary


def _spread(values: array[float]) -> Document:
    if not values:
        return {"n": 0}
    ranked = sorted(values)

    def at(share: float) -> float:
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    return {"n": len(ranked), "least": ranked[0], "median": at(0.5), "p99": at(0.99), "most": ranked[-1]}


# -- memory


class Memory:
    """What this process and its workers held (KB), over the sessions done: [(sessions, KB)] each."""

    def __init__(self) -> None:
        self.series: dict[str, list[tuple[int, int]]] = {}

    def note(self, who: str, sessions: int, rss_kb: int) -> None:
        """A measurement."""
        self.series.setdefault(who, []).append((sessions, rss_kb))

    def document(self) -> Document:
        """For each: first, last, most; growth from the second tenth to the last one, when caches are warm."""
        return {who: _memory(series) for who, series in sorted(self.series.items())}


def _memory(series: list[tuple[int, int]]) -> Document:
    tenth = max(1, len(series) // 10)
    early, late = series[tenth : 2 * tenth] or series[-1:], series[-tenth:]
    grown = fmean(kb for _, kb in late) - fmean(kb for _, kb in early)
    over = late[-1][0] - early[0][0]
    return {
        "first_kb": series[0][1],
        "last_kb": series[-1][1],
        "most_kb": max(kb for _, kb in series),
        "growth_kb": round(grown),
        "over_sessions": over,
    }
