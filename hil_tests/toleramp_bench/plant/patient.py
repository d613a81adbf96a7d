"""A patient who may react: for campaigns of the controller, not for clinical claims.

What it stands for: a pump that climbs too fast, too early, or without looking meets someone who reacts; one that
climbs as ordered mostly does not; one that holds sees recovery. Its numbers are chosen so that about one standard
session in four shows a reaction, mostly mild and late, as cohorts report. It predicts nothing about a person.

The dose rate at the vein is given as a share of the full dose an hour (mg/h per mg of full dose). A dose rate above
the tolerated one releases mediators in proportion to the logarithm of the excess; the tolerated rate follows the
running one up to a headroom above it, and is lost over a day. Mediators, weakened by treatment, act on skin, airway
and circulation. Inside, time goes in ticks of a second, so that the caller's steps do not matter.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import exp, log, sqrt

TICK_US = 1_000_000
_TICK_S = TICK_US / 1_000_000


@dataclass(frozen=True)
class PatientConfig:
    """The people that are drawn from. Medians, and sigmas of the logarithms."""

    threshold_per_h: float = 0.02  # tolerated at first: between bag B's last step and bag C's first (assumed)
    sensitivity_sigma: float = 1.2  # lognormal: one in forty ten times as sensitive (assumed)
    headroom: float = 2.4  # tolerated over running rate once adapted; ladders rise 2 to 2.5 times (protocols)
    headroom_sigma: float = 0.35  # so that about one in four reacts (cohorts of 12-step ladders: 18 to 24 %)
    adapt_s: float = 360.0  # time constant of tolerance; steps of 15 min work (protocols)
    lose_s: float = 86_400.0  # tolerance is lost in one to two days (literature)
    release: float = 10.0  # mediators for each e-fold of excess, at rest (assumed)
    clear_s: float = 600.0  # mediators' time constant; histamine goes in minutes (literature class)
    organ_sigma: float = 0.5  # who reacts with what (assumed)
    onset_s: float = 60.0  # organs follow mediators; signs within minutes (literature class)
    recover_s: float = 300.0  # and come back slower (assumed)


# Mediator level that half drives each organ: skin first, circulation last (grading scales' order).
_HALF = {"skin": 0.8, "airway": 3.5, "circulation": 5.0}
# Treatment: how much it divides mediators' effect by, less one, and its time constant in s (drug labels' class).
_TREATMENTS = {"antihistamine": (1.0, 14_400.0), "steroid": (0.5, 28_800.0), "adrenaline": (8.0, 900.0)}


@dataclass(frozen=True)
class Traits:
    """One person: what is drawn once."""

    sensitivity: float
    headroom: float
    skin: float
    airway: float
    circulation: float
    spo2: float
    hr: float
    sbp: float
    dbp: float
    rr: float


class Patient:
    """Feels `advance()`, shows `signs()`. Deterministic: nothing is drawn after the traits."""

    def __init__(self, traits: Traits, config: PatientConfig | None = None) -> None:
        self.traits, self.config = traits, config or PatientConfig()
        self.mediators = 0.0
        self._naive_ln = self._tolerated_ln = log(self.config.threshold_per_h / traits.sensitivity)
        self._organs = dict.fromkeys(_HALF, 0.0)
        self._treated: dict[str, float] = {}
        self._into_us, self._exposure = 0, 0.0

    @classmethod
    def draw(cls, rng: random.Random, config: PatientConfig | None = None) -> Patient:
        """A person drawn from the population."""
        own = config or PatientConfig()
        sensitivity = rng.lognormvariate(0.0, own.sensitivity_sigma)
        headroom = own.headroom * rng.lognormvariate(0.0, own.headroom_sigma)
        skin, airway, circulation = (rng.lognormvariate(0.0, own.organ_sigma) for _ in range(3))
        spo2, hr, sbp = rng.uniform(96, 99), rng.uniform(60, 90), rng.uniform(110, 140)
        dbp, rr = sbp * rng.uniform(0.58, 0.66), rng.uniform(12, 17)
        return cls(Traits(sensitivity, headroom, skin, airway, circulation, spo2, hr, sbp, dbp, rr), own)

    @property
    def tolerated_per_h(self) -> float:
        """The dose rate that releases nothing now."""
        return exp(self._tolerated_ln)

    def treat(self, kind: str) -> None:
        """Gives "antihistamine", "steroid" or "adrenaline"; again means more. KeyError for anything else."""
        self._treated[kind] = self._treated.get(kind, 0.0) + _TREATMENTS[kind][0]

    # --- time ----------------------------------------------------------------------------------------------

    def advance(self, dt_us: int, dose_rate_per_h: float) -> None:
        """`dt_us` pass at a dose rate in mg/h per mg of full dose."""
        while dt_us:
            part_us = min(dt_us, TICK_US - self._into_us)
            self._exposure += dose_rate_per_h * part_us
            self._into_us += part_us
            dt_us -= part_us
            if self._into_us == TICK_US:
                self._tick(self._exposure / TICK_US)
                self._into_us, self._exposure = 0, 0.0

    def _tick(self, rate_per_h: float) -> None:
        released = self._release(log(rate_per_h)) if rate_per_h > 0 else self._release(None)
        config = self.config
        self.mediators += (released - self.mediators) * _TICK_S / config.clear_s
        self._wear_off()
        acting = self.mediators / (1 + sum(self._treated.values()))
        for organ, level in self._organs.items():
            strength = (acting * getattr(self.traits, organ) / _HALF[organ]) ** 2
            rest = strength / (1 + strength) - level
            self._organs[organ] = level + rest * _TICK_S / (config.onset_s if rest > 0 else config.recover_s)

    def _release(self, rate_ln: float | None) -> float:
        """What the mediators go to at this dose rate; tolerance moves."""
        aim_ln = self._naive_ln if rate_ln is None else max(self._naive_ln, rate_ln + log(self.traits.headroom))
        excess = 0.0 if rate_ln is None else max(0.0, rate_ln - self._tolerated_ln)
        time_s = self.config.adapt_s if aim_ln > self._tolerated_ln else self.config.lose_s
        self._tolerated_ln += (aim_ln - self._tolerated_ln) * _TICK_S / time_s
        return self.config.release * excess

    def _wear_off(self) -> None:
        for kind in self._treated:
            self._treated[kind] *= 1 - _TICK_S / _TREATMENTS[kind][1]

    # --- what is seen --------------------------------------------------------------------------------------

    @property
    def spo2(self) -> float:
        """Saturation in percent."""
        return self.traits.spo2 - 20 * self._organs["airway"]

    @property
    def pulse(self) -> float:
        """Beats a minute: up with the fall of pressure, and a little with the skin."""
        return self.traits.hr + 55 * self._organs["circulation"] + 15 * self._organs["skin"]

    def signs(self) -> dict[str, int]:
        """spo2 (%), hr and rr (1/min), sbp and dbp (mmHg), skin (0 none, 1 flush, 2 hives, 3 all over)."""
        organs, traits = self._organs, self.traits
        tone = 1 - 0.5 * organs["circulation"]
        breaths = traits.rr + 20 * organs["airway"]
        values = (self.spo2, self.pulse, traits.sbp * tone, traits.dbp * tone, breaths, 3 * sqrt(organs["skin"]) - 0.2)
        return dict(zip(("spo2", "hr", "sbp", "dbp", "rr", "skin"), (max(0, round(v)) for v in values), strict=True))

    def grade(self) -> int:
        """0 none, 1 skin, 2 airway or circulation too, 3 severe: SpO2 to 92, systolic below 90 or down by 30 %."""
        seen, traits = self.signs(), self.traits
        if seen["spo2"] <= 92 or seen["sbp"] < 90 or seen["sbp"] <= 0.7 * traits.sbp:
            return 3
        if seen["spo2"] <= traits.spo2 - 3 or seen["sbp"] <= traits.sbp - 20:
            return 2
        return 1 if seen["skin"] >= 1 else 0
