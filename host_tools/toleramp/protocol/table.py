"""The dose table of a protocol: exact fractions, shown as numbers that mean something."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pump.protocol import vein
from pump.protocol.doses import dose_fraction, dose_rate_fraction, fills, reached_dose
from pump.protocol.protocol import CLASSES, UNITS, Protocol
from toleramp.preparation.mixing import show
from toleramp.protocol.rule_rows import Row, finding_rows

_NONE = Fraction(0)
SMALLER = {"mg": ("mg", "mcg", "ng", "pg", "fg"), "U": ("U", "mU", "uU", "nU", "pU")}  # a thousandth each
SHOWN_FROM = Fraction(1, 10**4)  # a ladder that begins lower is drawn in a smaller unit, in which it begins
SCALED_FROM = Fraction(1, 100)  # at least here


def step_doses(protocol: Protocol) -> list[Fraction]:
    """Each step's dose in pg, exactly: nothing for a line-fill; each dose of a protocol by mouth."""
    if protocol.doses:
        return [Fraction(dose.dose_pg) for dose in protocol.doses]
    return [
        _NONE if fills(step) else Fraction(*dose_fraction(protocol, step, step.volume_nl)) for step in protocol.steps
    ]


def vein_doses(protocol: Protocol) -> list[Fraction]:
    """What reaches the vein during each step in pg, exactly."""
    return [Fraction(*dose) for dose in vein.doses(protocol)] if protocol.steps else []


def _vein_summary(protocol: Protocol) -> dict[str, float | None]:
    """Worst rise at the vein with its time, first drug at the vein, and what the flush still has to bring."""
    worst = vein.worst_jump(protocol) if protocol.steps else None
    first = vein.first_drug(protocol) if protocol.steps else None
    left = Fraction(*vein.left_in_line(protocol)) if protocol.steps else _NONE
    reached = Fraction(*reached_dose(protocol)) / 10**9 if protocol.steps else None

    def minutes(index: int, done_nl: int) -> float:
        return float(Fraction(*vein.time_ms(protocol, index, done_nl)) / 60_000)

    return {
        "dead_volume_ml": protocol.line_dead_nl / 10**6,
        "max_ratio": worst[2] / worst[3] if worst else None,
        "max_ratio_minute": minutes(worst[0], worst[1]) if worst else None,
        "first_drug_minute": minutes(*first) if first else None,
        "left_in_line_mg": float(left / 10**9),
        "with_flush_mg": None if reached is None else float(reached),
    }


def dose_rates_mg_h(protocol: Protocol) -> list[Fraction]:
    """Each step's dose rate in mg/h, exactly (0.0001 mL/h * pg/nL = 1e-7 mg/h); nothing for a line-fill."""
    return [_NONE if fills(step) else Fraction(*dose_rate_fraction(protocol, step)) / 10**7 for step in protocol.steps]


def minutes_of(protocol: Protocol) -> list[Fraction]:
    """How long each step lasts, or the wait after each dose by mouth."""
    return [Fraction(rung.duration_ms, 60_000) for rung in (protocol.doses or protocol.steps)]


def _infused(protocol: Protocol) -> list[dict[str, Any]]:
    """What a row says of an infusion or a line-fill, but for its place in the course."""
    rows: list[dict[str, Any]] = []
    for step, rate, given in zip(protocol.steps, dose_rates_mg_h(protocol), vein_doses(protocol), strict=True):
        rows.append(
            {
                "kind": "line-fill" if fills(step) else "infusion",
                "solution": protocol.solutions[step.solution].id,
                "rate_ml_h": step.rate_e4 / 10_000,
                "volume_ml": step.volume_nl / 1_000_000,
                "dose_rate_mg_h": None if fills(step) else float(rate),
                "rises_by": rate,
                "vein": given,
            }
        )
    return rows


def _by_mouth(protocol: Protocol) -> list[dict[str, Any]]:
    empty = dict.fromkeys(("solution", "rate_ml_h", "volume_ml", "dose_rate_mg_h"))
    return [{"kind": "oral", **empty, "rises_by": Fraction(dose.dose_pg), "vein": None} for dose in protocol.doses]


def step_rows(protocol: Protocol) -> list[dict[str, Any]]:
    """The rows of the table. Doses by mouth have no bag, no rate, no volume and nothing at the vein: null there."""
    rows: list[dict[str, Any]] = []
    cumulative, highest, reached = _NONE, _NONE, _NONE
    parts = _by_mouth(protocol) if protocol.doses else _infused(protocol)
    for number, (part, dose, minutes) in enumerate(
        zip(parts, step_doses(protocol), minutes_of(protocol), strict=True), 1
    ):
        rises_by, given = part.pop("rises_by"), part.pop("vein")
        cumulative += dose
        reached += given or 0
        rows.append(
            {
                "step": number,
                **part,
                "minutes": float(minutes),
                "dose_mg": float(dose / 10**9),
                "cumulative_mg": float(cumulative / 10**9),
                "ratio": float(rises_by / highest) if highest and rises_by else None,
                "vein_dose_mg": None if given is None else float(given / 10**9),
                "vein_cumulative_mg": None if given is None else float(reached / 10**9),
            }
        )
        highest = max(highest, rises_by)
    return rows


def _solution_rows(protocol: Protocol) -> list[dict[str, Any]]:
    used = [0] * len(protocol.solutions)
    for step in protocol.steps:
        used[step.solution] += step.volume_nl
    return [
        {
            "id": bag.id,
            "code": bag.code,
            "mg_per_ml": float(Fraction(bag.drug_pg, bag.volume_nl) / 1000),
            "volume_ml": bag.volume_nl / 1_000_000,
            "drug_mg": bag.drug_pg / 10**9,
            "line_volume_ml": bag.line_nl / 1_000_000,
            "volume_used_ml": used_nl / 1_000_000,
        }
        for bag, used_nl in zip(protocol.solutions, used, strict=True)
    ]


def table(protocol: Protocol, fingerprint: str = "", more: list[Row] | None = None) -> dict[str, Any]:
    """The document of `protocol table --json` (doses in mg, or in the drug's units); `more`: findings in the file."""
    steps = step_rows(protocol)
    ratios = [row["ratio"] for row in steps if row["ratio"] is not None]
    return {
        "name": protocol.name,
        "drug": protocol.drug,
        "class": CLASSES[protocol.kind],
        "dose_unit": UNITS[protocol.unit],
        "fingerprint": fingerprint,
        "full_dose_mg": protocol.full_dose_pg / 10**9,
        "total_mg": steps[-1]["cumulative_mg"] if steps else 0.0,
        "total_minutes": float(sum(minutes_of(protocol))),
        "max_ratio": max(ratios, default=None),
        "vein": _vein_summary(protocol),
        "solutions": _solution_rows(protocol),
        "steps": steps,
        "monitoring": {"spo2_stop_percent": protocol.spo2_stop, "spo2_early_percent": protocol.spo2_early},
        "findings": finding_rows(protocol) + (more or []),
    }


def in_own_unit(document: Any, unit: str) -> Any:
    """The document as people and programs get it: keys of doses in units say `u` where others say `mg`.

    Within the tools a dose's key says mg whatever its unit is; outside, a number under `dose_mg` is read as milligrams.
    """
    if unit == UNITS[0]:
        return document
    if isinstance(document, list):
        return [in_own_unit(item, unit) for item in document]
    if not isinstance(document, dict):
        return document
    own = unit.lower()
    return {
        "_".join(own if part == "mg" else part for part in key.split("_")): in_own_unit(value, unit)
        for key, value in document.items()
    }


@dataclass(frozen=True)
class Scale:
    """The unit that a picture's doses are drawn in, and how much of the protocol's unit (mg or U) one of it is."""

    name: str
    size: Fraction
    base: str

    def of(self, amount: Fraction) -> Fraction:
        """An amount in the protocol's unit, in this one."""
        return amount / self.size

    def label(self, what: str, per: str = "") -> str:
        """An axis label; a second line names the factor where there is one."""
        factor = "" if self.size == 1 else f"\n1 {self.name} = {show(self.size)} {self.base}"
        return f"{what} ({self.name}{per}), log scale{factor}"


def scale_of(protocol: Protocol) -> Scale:
    """The protocol's own unit, or a smaller one where its first doses would be mostly zeros."""
    base = UNITS[protocol.unit]
    amounts = [dose / 10**9 for dose in step_doses(protocol)] + dose_rates_mg_h(protocol)
    least = min(amount for amount in amounts if amount)
    if least >= SHOWN_FROM:
        return Scale(base, Fraction(1), base)
    sizes = [Fraction(1, 1000**power) for power in range(len(SMALLER[base]))]
    power = next((power for power, size in enumerate(sizes) if least / size >= SCALED_FROM), len(sizes) - 1)
    return Scale(SMALLER[base][power], sizes[power], base)
