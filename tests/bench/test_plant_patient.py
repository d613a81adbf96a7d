"""The patient of campaigns: who climbs as ordered mostly does not react, who does not, does; and it heals."""

from __future__ import annotations

import random
from collections import Counter
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toleramp_bench.plant.patient import Patient, PatientConfig, Traits

MIN = 60_000_000
MG_H = [r * c for c, rates in ((0.02, (2, 5, 10, 20)), (0.2, (5, 10, 20, 40)), (1.98426, (10, 20, 40))) for r in rates]
LAST = 80 * 1.98426
TRAITS = Traits(1.0, 2.4, 1.0, 1.0, 1.0, 98.0, 70.0, 120.0, 75.0, 14.0)


def worst(seed: int, ladder: list[tuple[float, int]]) -> tuple[int, int]:
    """Highest grade in a ladder of (mg/h of 500 mg, minutes), and the step (from 1) of the first sign; 0 for none."""
    patient, top, first = Patient.draw(random.Random(seed)), 0, 0
    for number, (mg_h, minutes) in enumerate(ladder, 1):
        for _ in range(minutes // 5):
            patient.advance(5 * MIN, mg_h / 500)
            top = max(top, patient.grade())
            first = first or (number if patient.grade() else 0)
    return top, first


def test_about_one_ordered_session_in_four_shows_a_reaction_and_most_are_mild_and_late() -> None:
    """Else campaigns see no reaction, or nothing else."""
    ladder = [(mg_h, 15) for mg_h in MG_H] + [(LAST, 30)]
    found = [worst(seed, ladder) for seed in range(100)]
    grades = Counter(grade for grade, _ in found)
    assert 0.10 <= 1 - grades[0] / 100 <= 0.35 and grades[3] <= 8 and grades[1] > grades[2] + grades[3]
    steps = [step for grade, step in found if grade]
    assert sum(step >= 9 for step in steps) > len(steps) / 2


def test_the_last_step_at_once_is_dangerous_and_leaps_are_worse_than_the_ladder() -> None:
    """Else a pump that skips the ladder goes unpunished."""
    direct = Counter(worst(seed, [(LAST, 30)])[0] for seed in range(100))
    leaps = Counter(worst(seed, [(mg_h, 15) for mg_h in MG_H[::3]])[0] for seed in range(100))
    assert direct[0] <= 15 and direct[3] >= 70
    assert leaps[0] < 60 and leaps[3] >= 15


def test_a_hold_lets_it_pass_and_tolerance_stays() -> None:
    """Else a hold is pointless, or the ladder must begin anew."""
    patient = Patient(TRAITS)
    patient.advance(10 * MIN, 0.3)
    assert patient.grade() == 3 and patient.signs()["hr"] > 100 and patient.signs()["skin"] >= 2
    tolerated = patient.tolerated_per_h
    patient.advance(90 * MIN, 0.0)
    assert patient.grade() == 0 and patient.signs() == {
        "spo2": 98, "hr": 70, "sbp": 120, "dbp": 75, "rr": 14, "skin": 0
    }  # fmt: skip
    assert patient.tolerated_per_h == pytest.approx(0.02 * (tolerated / 0.02) ** exp(-90 / 1440), rel=1e-3)
    assert patient.tolerated_per_h > 0.8 * tolerated
    patient.advance(3 * 1440 * MIN, 0.0)
    assert patient.tolerated_per_h == pytest.approx(0.02, rel=0.2)


def test_tolerance_follows_the_running_rate_to_its_headroom() -> None:
    """Else steps of another length than the ladder's are judged wrongly. Closed form on the logarithm."""
    patient = Patient(TRAITS)
    patient.advance(6 * MIN, 0.02)
    assert patient.tolerated_per_h == pytest.approx(0.02 * 2.4 ** (1 - exp(-1)), rel=2e-3)
    assert patient.mediators == 0


def test_treatment_lessens_signs() -> None:
    """Else adrenaline does nothing, or cures for ever."""
    ill, treated = Patient(TRAITS), Patient(TRAITS)
    for patient in (ill, treated):
        patient.advance(8 * MIN, 0.2)
    before = treated.spo2
    treated.treat("adrenaline")
    treated.advance(6 * MIN, 0.0)
    ill.advance(6 * MIN, 0.0)
    assert treated.spo2 > max(before, ill.spo2) + 4 and treated.grade() < ill.grade() == 3
    with pytest.raises(KeyError):
        treated.treat("tea")


def test_treatment_wears_off() -> None:
    """Else one dose protects for the whole session."""
    plain, treated = Patient(TRAITS), Patient(TRAITS)
    treated.treat("adrenaline")
    for patient in (plain, treated):
        patient.advance(120 * MIN, 0.0)  # eight time constants of a quarter of an hour
        patient.advance(4 * MIN, 0.2)
    assert treated.spo2 == pytest.approx(plain.spo2, abs=0.1) and plain.spo2 < 90


def test_signs_come_back_with_their_time_constant() -> None:
    """Else saturation jumps back when the flow stops."""
    patient = Patient(TRAITS)
    patient.advance(6 * MIN, 0.2)
    fall, patient.mediators = 98 - patient.spo2, 0.0
    patient.advance(5 * MIN, 0.0)
    assert 98 - patient.spo2 == pytest.approx(fall * exp(-1), rel=0.01)


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_the_same_seed_is_the_same_person(seed: int) -> None:
    """Else a finding of a campaign cannot be run again."""
    one, two = Patient.draw(random.Random(seed)), Patient.draw(random.Random(seed))
    assert one.traits == two.traits
    for patient in (one, two):
        patient.advance(3 * MIN, 0.1)
    assert one.signs() == two.signs() and one.spo2 == two.spo2
    assert one.traits != Patient.draw(random.Random(seed + 1)).traits


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3_000_000), min_size=1, max_size=60), st.floats(0.0, 0.5))
def test_the_caller_s_step_does_not_matter(parts: list[int], rate: float) -> None:
    """Else a slow bench's patient reacts otherwise."""
    stepped, once = Patient(TRAITS), Patient(TRAITS)
    for part_us in parts:
        stepped.advance(part_us, rate)
    once.advance(sum(parts), rate)
    assert stepped.spo2 == pytest.approx(once.spo2, abs=1e-9) and stepped.mediators == pytest.approx(once.mediators)


def test_sensitivity_is_drawn_lognormally() -> None:
    """Else the population has no very sensitive people."""
    drawn = sorted(Patient.draw(random.Random(seed)).traits.sensitivity for seed in range(2000))
    own = PatientConfig()
    assert drawn[1000] == pytest.approx(1.0, rel=0.1)
    assert drawn[round(2000 * 0.8413)] == pytest.approx(exp(own.sensitivity_sigma), rel=0.12)


def test_grades_follow_the_signs() -> None:
    """Else a severe reaction is reported as mild."""
    patient = Patient(TRAITS)
    assert patient.grade() == 0
    seen = []
    for _ in range(60):
        patient.advance(10_000_000, 0.25)
        seen.append(patient.grade())
    assert seen == sorted(seen) and set(seen) == {0, 1, 2, 3}
    assert patient.spo2 <= 92.5 or patient.signs()["sbp"] <= 90
