"""The protocol as the log carries it, in fractions."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from toleramp.report.numbers import exact


@dataclass(frozen=True, slots=True)
class Bag:
    """A solution: concentration in mg/mL, volume in mL."""

    name: str
    mg_per_ml: Fraction
    volume_ml: Fraction | None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step as ordered: mL/h, min, mL, mg; `start_min` and `before_mg` count from the first step."""

    number: int
    bag: int
    rate_ml_h: Fraction
    minutes: Fraction
    volume_ml: Fraction
    dose_mg: Fraction
    start_min: Fraction
    before_mg: Fraction
    fill: bool = False  # a line-fill: its volume is drawn, and counts as no dose

    @property
    def cumulative_mg(self) -> Fraction:
        """The dose ordered up to this step's end."""
        return self.before_mg + self.dose_mg


@dataclass(frozen=True, slots=True)
class Plan:
    """What was ordered. Doses are volume x concentration, computed anew and exactly."""

    name: str
    fingerprint: str
    bench: bool
    full_dose_mg: Fraction
    bags: tuple[Bag, ...]
    steps: tuple[PlanStep, ...]
    monitoring: dict[str, Any]
    order: dict[str, Any] = field(default_factory=dict)  # order_id, cycle, patient_id, birth_date, as far as known
    unit: str = "mg"  # or "U": the names with mg then mean units

    @property
    def total_mg(self) -> Fraction:
        """The sum of all steps in mg."""
        return sum((step.dose_mg for step in self.steps), Fraction(0))

    @property
    def total_ml(self) -> Fraction:
        """The sum of all steps in mL."""
        return sum((step.volume_ml for step in self.steps), Fraction(0))

    @property
    def total_min(self) -> Fraction:
        """The planned time of all steps in minutes."""
        return sum((step.minutes for step in self.steps), Fraction(0))

    def step(self, number: int) -> PlanStep | None:
        """The step of that number, or None."""
        return next((step for step in self.steps if step.number == number), None)

    def limit(self, key: str) -> float | None:
        """A monitoring limit of the protocol, or None where it gives none."""
        try:
            return float(exact(self.monitoring.get(key)))
        except ValueError:
            return None


def _read_bag(row: dict[str, Any]) -> Bag:
    volume = exact(row["volume_ml"]) if row.get("volume_ml") is not None else None
    if volume and row.get("drug_mg") is not None:
        return Bag(str(row["id"]), exact(row["drug_mg"]) / volume, volume)
    return Bag(str(row["id"]), exact(row["mg_per_ml"]), volume)


def _read_steps(rows: list[dict[str, Any]], bags: tuple[Bag, ...]) -> tuple[PlanStep, ...]:
    steps: list[PlanStep] = []
    minutes = dose = Fraction(0)
    index = {bag.name: number for number, bag in enumerate(bags)}
    for row in rows:
        bag = index[str(row["solution"])]
        volume, fill = exact(row["volume_ml"]), row.get("kind") == "line-fill"
        step = PlanStep(
            int(row["step"]),
            bag,
            exact(row["rate_ml_h"]),
            exact(row["minutes"]),
            volume,
            Fraction(0) if fill else volume * bags[bag].mg_per_ml,
            minutes,
            dose,
            fill,
        )
        steps.append(step)
        minutes, dose = minutes + step.minutes, step.cumulative_mg
    return tuple(steps)


def read_plan(table: dict[str, Any]) -> Plan:
    """A plan from the log's dose table; KeyError, TypeError or ValueError where it is malformed."""
    bags = tuple(_read_bag(row) for row in table["solutions"])
    monitoring, order = table.get("monitoring"), table.get("for_order")
    return Plan(
        str(table.get("name") or "unnamed protocol"),
        str(table.get("fingerprint") or ""),
        table.get("class") == "bench",
        exact(table["full_dose_mg"]),
        bags,
        _read_steps(table["steps"], bags),
        monitoring if isinstance(monitoring, dict) else {},
        order if isinstance(order, dict) else {},
        str(table.get("dose_unit") or "mg"),
    )
