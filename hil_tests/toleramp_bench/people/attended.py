"""The patient of a scenario's [patient] table: feels the dose at the vein, shows it at the oximeter and on the skin.

Without the table nobody reacts, and what the oximeter shows is what the events say. Keys are those of plant.patient:
a trait fixes it for this person, a parameter changes the population that the rest is drawn from.
"""

from __future__ import annotations

import random
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any

from pump.tables import states
from toleramp_bench.names import STATES
from toleramp_bench.plant.patient import Patient, PatientConfig, Traits
from toleramp_bench.scenario.model import Action, Moment

TICK_MS = 5_000
_US_PER_H = 3_600_000_000
# What people call it when they see it; skin alone is mild, the rest is never (SES-4).
_SIGNS = {1: ("hives",), 2: ("hives", "dyspnoea"), 3: ("hypotension", "dyspnoea")}


def person(options: dict[str, Any], seed: int) -> Patient:
    """The patient that a table describes; what it leaves open is drawn."""
    values = {key: float(value) for key, value in options.items()}
    config = PatientConfig(**{f.name: values[f.name] for f in fields(PatientConfig) if f.name in values})
    drawn = Patient.draw(random.Random(f"{seed} patient"), config)
    own = {f.name: values[f.name] for f in fields(Traits) if f.name in values and f.name not in _IN_BOTH}
    return Patient(replace(drawn.traits, **own), config)


_IN_BOTH = {f.name for f in fields(Traits)} & {f.name for f in fields(PatientConfig)}


class Attended:
    """Books itself on a run's agenda; people who attend see signs at each look and act once until they are gone."""

    def __init__(self, run: Any, options: dict[str, Any], seed: int) -> None:
        self.run, self.patient = run, person(options, seed)
        scenario = run.scenario
        self._full_pg = Fraction(scenario.protocol.full_dose_pg) / scenario.dose_scale  # rates are not scaled
        self._felt_pg = Fraction(0)
        self._felt_us = 0
        self._told = False
        run.book(0, self._tick)

    def _tick(self) -> None:
        run, now_us = self.run, self.run.target.now_us
        run.settle()
        dose_pg, self._felt_pg = run.plant.vein_pg() - self._felt_pg, run.plant.vein_pg()
        dt_us, self._felt_us = now_us - self._felt_us, now_us
        if dt_us:
            self.patient.advance(dt_us, float(dose_pg / self._full_pg * _US_PER_H / dt_us))
        if run.target.state() != "off":
            run.target.oximeter.ramp(TICK_MS / 1000, spo2=self.patient.spo2, pulse=self.patient.pulse)
        self._show(self.patient.grade())
        run.later(TICK_MS, self._tick)

    def _show(self, grade: int) -> None:
        if not grade:
            self._told = False
        elif not self._told and self.run.target.state() in STATES.of(states.SUPERVISED):
            self._told = True
            self.run.act(Action("signs", "reaction", Moment(), {"signs": list(_SIGNS[grade])}))
