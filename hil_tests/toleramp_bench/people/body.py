"""The patient at the pump: feels the dose rate at the vein, shows it at the oximeter and to whoever looks."""

from __future__ import annotations

import random
from itertools import pairwise

from toleramp_bench.campaign.model import Campaign, Fault
from toleramp_bench.plant.patient import Patient, PatientConfig

TICK_S = 10
_EDGE_S = 20.0  # a desaturation falls and rises within so long
_PG_H = 3_600_000_000.0  # us


class Body:
    """`advance` once a tick; `spo2`, `pulse` and `grade` afterwards. A desaturation is not due to the drug."""

    def __init__(self, campaign: Campaign, seed: int, full_dose_pg: int, faults: tuple[Fault, ...]) -> None:
        self.patient = Patient.draw(random.Random(f"{seed} patient"), PatientConfig(**campaign.patient))
        self._full_pg = full_dose_pg
        self._dips = [fault for fault in faults if fault.kind == "desaturation"]
        self.grade = self.worst = 0
        self._since = 0  # the worst grade since it was last asked for
        self.well_us = 0  # since when there has been no sign

    def advance(self, now_us: int, dt_us: int, dose_pg: float) -> None:
        """`dt_us` have passed in which `dose_pg` reached the vein evenly."""
        if not dt_us:
            return
        self.patient.advance(dt_us, dose_pg / self._full_pg * _PG_H / dt_us)
        self.grade = self.patient.grade()
        self.worst, self._since = max(self.worst, self.grade), max(self._since, self.grade)
        if self.grade:
            self.well_us = now_us

    def examined(self) -> int:
        """The worst grade since the last look."""
        worst, self._since = max(self._since, self.grade), self.grade
        return worst

    def treat(self, grade: int) -> None:
        """What the reaction kit holds for a grade."""
        for drug in ("antihistamine",) if grade == 1 else ("adrenaline", "antihistamine", "steroid"):
            self.patient.treat(drug)

    def spo2(self, now_us: int) -> float:
        """Saturation in percent, as a sensor sees it."""
        return max(1.0, self.patient.spo2 - sum(_depth(fault, now_us / 1e6) for fault in self._dips))

    @property
    def pulse(self) -> float:
        """Beats a minute."""
        return self.patient.pulse


def _depth(fault: Fault, t_s: float) -> float:
    """Points that a desaturation takes away at a time: down, a while, up again."""
    edges = (fault.at_s, fault.at_s + _EDGE_S, fault.at_s + _EDGE_S + fault.seconds)
    corners = [*zip(edges, (0.0, fault.size, fault.size), strict=True), (edges[2] + _EDGE_S, 0.0)]
    for (start, low), (end, high) in pairwise(corners):
        if start <= t_s < end:
            return low + (high - low) * (t_s - start) / (end - start)
    return 0.0
