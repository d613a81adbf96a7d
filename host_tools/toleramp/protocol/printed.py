"""The cells of a published or ward table against the protocol's own arithmetic: each misprint named (PRO-3, PRO-6).

A cell `printed_...` is copied as it is printed, with its zeros: it agrees where the exact value rounds to it at its own
number of decimals. Volumes in mL, times in min, doses in the protocol's unit (mg or U).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from pump.protocol.protocol import UNITS, Protocol
from pump.tables import refusals
from toleramp.preparation.mixing import concentration, used_ml
from toleramp.protocol.file import Reading
from toleramp.protocol.keys import STEP
from toleramp.protocol.reader import Table
from toleramp.protocol.rule_rows import Row, finding_row
from toleramp.protocol.table import dose_rates_mg_h, minutes_of, step_doses

Cells = dict[str, Fraction]
PG = 10**9
_HALF_MS = Fraction(1, 120_000)  # min: to what a time is rounded that follows from a volume or the rest of the dose


def agrees(printed: Decimal | int, exact: Fraction, slack: Fraction = Fraction(0)) -> bool:
    """True when the exact value rounds to the printed one at its number of decimals (a half either way)."""
    decimals = max(0, -int(Decimal(printed).as_tuple().exponent))  # 5e2 is 500, not "about 500"
    return abs(Fraction(printed) - exact) <= Fraction(1, 2) / Fraction(10) ** decimals + slack


def shown(exact: Fraction, printed: Decimal | int) -> str:
    """The exact value with the printed cell's decimals and two more."""
    decimals = max(0, -int(Decimal(printed).as_tuple().exponent)) + 2
    scaled = round(exact * 10**decimals)
    text = str(Decimal(scaled).scaleb(-decimals).normalize())
    return f"{Decimal(text):f}"


def _step_cells(protocol: Protocol) -> Iterator[Cells]:
    """What each step's cells should say; by mouth no rate and no volume is."""
    unit, doses = UNITS[protocol.unit].lower(), [dose / PG for dose in step_doses(protocol)]
    columns = {
        "printed_minutes": minutes_of(protocol),
        f"printed_dose_{unit}": doses,
        f"printed_cumulative_{unit}": list(accumulate(doses)),
    }
    if protocol.steps:
        volumes = [Fraction(step.volume_nl, 10**6) for step in protocol.steps]
        columns |= {
            "printed_rate_ml_h": [Fraction(step.rate_e4, 10**4) for step in protocol.steps],
            "printed_volume_ml": volumes,
            "printed_cumulative_ml": list(accumulate(volumes)),
            f"printed_dose_rate_{unit}_h": dose_rates_mg_h(protocol),
        }
    for number in range(len(doses)):
        yield {key: values[number] for key, values in columns.items()}


def _bag_cells(protocol: Protocol) -> Iterator[Cells]:
    """What each bag's cells should say."""
    unit = UNITS[protocol.unit].lower()
    for bag, used in zip(protocol.solutions, used_ml(protocol), strict=True):
        yield {
            f"printed_drug_{unit}": Fraction(bag.drug_pg, PG),
            "printed_volume_ml": Fraction(bag.volume_nl, 10**6),
            f"printed_{unit}_per_ml": concentration(bag),
            "printed_used_ml": used,
        }


def _totals(protocol: Protocol) -> Cells:
    """What the sums under the table should say."""
    cells = {
        "printed_total_minutes": sum(minutes_of(protocol), Fraction(0)),
        f"printed_total_{UNITS[protocol.unit].lower()}": sum(step_doses(protocol), Fraction(0)) / PG,
    }
    if protocol.steps:
        cells["printed_total_ml"] = Fraction(sum(step.volume_nl for step in protocol.steps), 10**6)
    return cells


def _wrong(where: str, table: Table, cells: Cells, slack_min: Fraction) -> Iterator[Row]:
    for key, exact in cells.items():
        slack = slack_min if key.endswith("minutes") else Fraction(0)
        if key in table and not agrees(table[key], exact, slack):
            message = f"{key} is {table[key]}, the arithmetic gives {shown(exact, table[key])}"
            yield finding_row("error", refusals.PRINTED_MISMATCH, where, message)


def printed_findings(reading: Reading, protocol: Protocol) -> list[Row]:
    """Every printed cell that differs from what the file's own rates, times and bags give."""
    content = reading.content
    slack = [Fraction(0) if "minutes" in step else _HALF_MS for step in content.get("step", [])]
    rows = list(_wrong("protocol", content["protocol"], _totals(protocol), sum(slack, Fraction(0))))
    for section, every in (("solution", _bag_cells(protocol)), (STEP, _step_cells(protocol))):
        for number, (table, cells) in enumerate(zip(content.get(section, []), every, strict=True), 1):
            rows += _wrong(f"{section} {number}", table, cells, slack[number - 1] if section == STEP else Fraction(0))
    return rows
