"""The dose table of a protocol: exact fractions, shown as numbers that mean something."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pump.protocol import UNITS, Protocol
from pump.rules import ERROR, dose_fraction, dose_rate_fraction, findings

MESSAGES = {
    "ratio-exceeded": "the dose rate rises {:.2f}-fold over what was tolerated; the most is 3.0",
    "ratio-two-person": "the dose rate rises {:.2f}-fold; above 2.6 two people confirm it",
    "dose-sum": "the steps do not sum to the full dose within 0.5 %",
    "bag-short": "the bag does not hold what its steps draw",
    "bag-sum": "a bag is drawn by no step",
    "first-step": "the first step gives too large a share of the full dose",
    "dwell-short": "the dwell is shorter than 15 min",
    "rate-range": "the rate is outside 0.1 to 1200 mL/h",
    "order": "steps go back to an earlier bag, or the dose rate falls",
    "step-volume": "volume, rate and time do not agree",
}


def finding_rows(protocol: Protocol) -> list[dict[str, str]]:
    """The findings as `protocol check --json` shows them."""
    rows = []
    for severity, code, step, detail in findings(protocol):
        message = MESSAGES.get(code, code).format(detail / 100)
        where = f"step {step}" if step else "protocol"
        rows.append({"severity": severity, "code": code, "where": where, "message": message})
    return rows


def has_errors(rows: list[dict[str, str]]) -> bool:
    """True when a finding is an error."""
    return any(row["severity"] == ERROR for row in rows)


def step_doses(protocol: Protocol) -> list[Fraction]:
    """Each step's dose in pg, exactly."""
    return [Fraction(*dose_fraction(protocol, step, step.volume_nl)) for step in protocol.steps]


def dose_rates_mg_h(protocol: Protocol) -> list[Fraction]:
    """Each step's dose rate in mg/h, exactly (0.0001 mL/h * pg/nL = 1e-7 mg/h)."""
    return [Fraction(*dose_rate_fraction(protocol, step)) / 10**7 for step in protocol.steps]


def _step_rows(protocol: Protocol) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cumulative, highest = Fraction(0), Fraction(0)
    for number, (step, dose, rate) in enumerate(
        zip(protocol.steps, step_doses(protocol), dose_rates_mg_h(protocol), strict=True), 1
    ):
        cumulative += dose
        rows.append(
            {
                "step": number,
                "solution": protocol.solutions[step.solution].id,
                "rate_ml_h": step.rate_e4 / 10_000,
                "minutes": step.duration_ms / 60_000,
                "volume_ml": step.volume_nl / 1_000_000,
                "dose_mg": float(dose / 10**9),
                "cumulative_mg": float(cumulative / 10**9),
                "dose_rate_mg_h": float(rate),
                "ratio": float(rate / highest) if highest else None,
            }
        )
        highest = max(highest, rate)
    return rows


def table(protocol: Protocol, fingerprint: str = "") -> dict[str, Any]:
    """The document of `protocol table --json` (doses in mg, or in the drug's units)."""
    steps = _step_rows(protocol)
    used = [0] * len(protocol.solutions)
    for step in protocol.steps:
        used[step.solution] += step.volume_nl
    ratios = [row["ratio"] for row in steps if row["ratio"] is not None]
    return {
        "name": protocol.name,
        "drug": protocol.drug,
        "dose_unit": UNITS[protocol.unit],
        "fingerprint": fingerprint,
        "full_dose_mg": protocol.full_dose_pg / 10**9,
        "total_mg": steps[-1]["cumulative_mg"] if steps else 0.0,
        "total_minutes": sum(step.duration_ms for step in protocol.steps) / 60_000,
        "max_ratio": max(ratios, default=None),
        "solutions": [
            {
                "id": bag.id,
                "mg_per_ml": float(Fraction(bag.drug_pg, bag.volume_nl) / 1000),
                "volume_ml": bag.volume_nl / 1_000_000,
                "drug_mg": bag.drug_pg / 10**9,
                "volume_used_ml": used_nl / 1_000_000,
            }
            for bag, used_nl in zip(protocol.solutions, used, strict=True)
        ],
        "steps": steps,
        "monitoring": {"spo2_stop_percent": protocol.spo2_stop, "spo2_early_percent": protocol.spo2_early},
        "findings": finding_rows(protocol),
    }
