"""The dose table of a protocol: exact fractions, shown as numbers that mean something."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pump import vein
from pump.protocol import CLASSES, UNITS, Protocol
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
    "vein-ratio": "at the vein, behind the line's dead volume, the dose rate rises {:.2f}-fold; the most is 3.0",
    "oral": "oral doses are confirmed by people and cannot be loaded on a pump",
}


def _dead_volume_message(protocol: Protocol, step: int, longer_ms: int) -> str:
    """How much of the step the line takes, and what would make up for it."""
    rung = protocol.steps[step - 1]
    share = Fraction(min(protocol.line_dead_nl, rung.volume_nl), rung.volume_nl)
    return (
        f"the line's {protocol.line_dead_nl / 10**6:g} mL take {float(100 * share):.0f} % of this step's"
        f" {rung.volume_nl / 10**6:g} mL before its solution reaches the vein: use a line of less dead volume,"
        f" or lengthen this step by {longer_ms / 60_000:.4g} min (dead volume / rate)"
    )


def _message(protocol: Protocol, code: str, step: int, detail: int) -> str:
    if code == "dead-volume":
        return _dead_volume_message(protocol, step, detail)
    text = MESSAGES.get(code, code).format(detail / 100)
    return text.replace("3.0", "10.5") if CLASSES[protocol.kind] == "wide-step" else text


def finding_rows(protocol: Protocol) -> list[dict[str, str]]:
    """The findings as `protocol check --json` shows them."""
    rows = []
    found = findings(protocol)
    steep = {(step, detail) for _, code, step, detail in found if code.startswith("ratio-")}
    for severity, code, step, detail in found:
        if code == "vein-ratio" and (step, detail) in steep:
            continue  # the same rise at the pump is told already
        message = _message(protocol, code, step, detail)
        where = f"step {step}" if step else "protocol"
        rows.append({"severity": severity, "code": code, "where": where, "message": message})
    return rows


def has_errors(rows: list[dict[str, str]]) -> bool:
    """True when a finding is an error."""
    return any(row["severity"] == ERROR for row in rows)


def step_doses(protocol: Protocol) -> list[Fraction]:
    """Each step's dose in pg, exactly."""
    return [Fraction(*dose_fraction(protocol, step, step.volume_nl)) for step in protocol.steps]


def vein_doses(protocol: Protocol) -> list[Fraction]:
    """What reaches the vein during each step in pg, exactly."""
    return [Fraction(*dose) for dose in vein.doses(protocol)] if protocol.steps else []


def _vein_summary(protocol: Protocol) -> dict[str, float | None]:
    """Worst rise at the vein with its time, first drug at the vein, and what the flush still has to bring."""
    worst = vein.worst_jump(protocol) if protocol.steps else None
    first = vein.first_drug(protocol) if protocol.steps else None
    left = Fraction(*vein.left_in_line(protocol)) if protocol.steps else Fraction(0)

    def minutes(index: int, done_nl: int) -> float:
        return float(Fraction(*vein.time_ms(protocol, index, done_nl)) / 60_000)

    return {
        "dead_volume_ml": protocol.line_dead_nl / 10**6,
        "max_ratio": worst[2] / worst[3] if worst else None,
        "max_ratio_minute": minutes(worst[0], worst[1]) if worst else None,
        "first_drug_minute": minutes(*first) if first else None,
        "left_in_line_mg": float(left / 10**9),
    }


def dose_rates_mg_h(protocol: Protocol) -> list[Fraction]:
    """Each step's dose rate in mg/h, exactly (0.0001 mL/h * pg/nL = 1e-7 mg/h)."""
    return [Fraction(*dose_rate_fraction(protocol, step)) / 10**7 for step in protocol.steps]


def _step_rows(protocol: Protocol) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cumulative, highest, reached = Fraction(0), Fraction(0), Fraction(0)
    for number, (step, dose, rate, given) in enumerate(
        zip(protocol.steps, step_doses(protocol), dose_rates_mg_h(protocol), vein_doses(protocol), strict=True), 1
    ):
        cumulative += dose
        reached += given
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
                "vein_dose_mg": float(given / 10**9),
                "vein_cumulative_mg": float(reached / 10**9),
            }
        )
        highest = max(highest, rate)
    return rows


def table(protocol: Protocol, fingerprint: str = "", more: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The document of `protocol table --json` (doses in mg, or in the drug's units); `more`: findings in the file."""
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
        "vein": _vein_summary(protocol),
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
        "findings": finding_rows(protocol) + (more or []),
    }
