"""The chart for the bedside: the protocol beside empty fields, in which people write what they did and saw.

Made once of texts, drawn as HTML (chart_html) or PDF (chart_pdf). Doses in one unit that is named, volumes in mL, rates
in mL/h; a time of day always with its zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from pump.protocol.doses import fills
from pump.protocol.protocol import UNITS, Protocol
from toleramp.preparation.amounts import amount_text, figure, in_bag
from toleramp.preparation.mixing import concentration
from toleramp.protocol import order, page
from toleramp.protocol.reader import Table, when
from toleramp.protocol.table import dose_rates_mg_h, minutes_of, step_doses
from toleramp.words import times

if TYPE_CHECKING:
    from toleramp.protocol.file import Reading

HANG, STEP, OBSERVE = "hang", "step", "observe"  # kinds of rows
TO_WRITE = ("real time, zone", "BP", "pulse", "SpO2", "resp.", "temp.", "skin, symptoms, what was done", "initials")
PLANNED = "begins, from the first"  # title of the planned times, which want more room than the numbers
NOT_NAMED = "patient ____________________ order ______________"  # at the foot of each page
LABEL = 15  # columns of a label in the limits of the page
EMPTY_ROWS = 4  # for holds, repeated and inserted steps
MOST_OBSERVED = 24  # rows for observations in one step


@dataclass(frozen=True)
class Row:
    """A row of the chart: its kind, the bag's place in the protocol (None for doses by mouth), the printed cells."""

    kind: str
    bag: int | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Chart:
    """The texts of a chart. `refused`: whether a rule is broken; `facts` and `blocks` are (title, lines)."""

    title: str
    refused: bool
    verdict: str
    approval: str
    fingerprint: str
    named: str
    who: tuple[str, ...]
    facts: tuple[str, ...]
    bags: tuple[tuple[int, tuple[str, ...]], ...]
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    premedication: tuple[str, ...]
    blocks: tuple[tuple[str, tuple[str, ...]], ...]
    notice: str


def _place(begins: Fraction, start: datetime | None, ward: Any) -> str:
    """When a row is planned: h:mm after the first step, and the time of day where the start is known."""
    after = page.clock(begins)
    if start is None:
        return after
    moment = start + timedelta(seconds=round(begins * 60))
    there = moment.astimezone(ward) if ward else moment
    return f"{after} = {there:%H:%M} {times.offset(there)}"


class _Plan:
    """When each step begins and ends, in min and as people read it."""

    def __init__(self, protocol: Protocol, start: datetime | None, ward: Any) -> None:
        self.minutes = minutes_of(protocol)
        self.begins = [Fraction(0), *accumulate(self.minutes)]
        self.start, self.ward = start, ward

    def at(self, minutes: Fraction) -> str:
        """A point of the course in words."""
        return _place(minutes, self.start, self.ward)


def _observations(plan: _Plan, number: int, every_min: Any) -> Iterator[Fraction]:
    """When to observe within a step (from 0), in min from the first step; none where the file asks for none."""
    if not every_min:
        return
    begins, lasts = plan.begins[number], plan.minutes[number]
    for count in range(1, MOST_OBSERVED + 1):
        if count * Fraction(every_min) >= lasts:
            return
        yield begins + count * Fraction(every_min)


def _cells(protocol: Protocol, plan: _Plan, number: int, total: Fraction) -> tuple[str, ...]:
    """What is printed of an infusion step (from 0); `total`: the dose with it, mg or U."""
    step, unit = protocol.steps[number], page.dose_unit(protocol)
    dose, rate = step_doses(protocol)[number] / page.PG, dose_rates_mg_h(protocol)[number]
    given = ("line-fill", "") if fills(step) else (unit.number(dose), unit.number(rate))
    name = f"{number + 1} {protocol.solutions[step.solution].id}"
    place = (name, figure(Fraction(step.rate_e4, 10**4)), figure(plan.minutes[number]))
    return (*place, plan.at(plan.begins[number]), figure(Fraction(step.volume_nl, 10**6)), *given, unit.number(total))


def _infused(protocol: Protocol, plan: _Plan, monitoring: Table) -> Iterator[Row]:
    totals, hangs = list(accumulate(dose / page.PG for dose in step_doses(protocol))), None
    for number, step in enumerate(protocol.steps):
        bag = protocol.solutions[step.solution]
        if step.solution != hangs:
            yield Row(HANG, step.solution, (f"hang bag {bag.id}, code {bag.code}; two people check",))
        hangs = step.solution
        yield Row(STEP, step.solution, _cells(protocol, plan, number, totals[number]))
        last = number == len(protocol.steps) - 1
        every = monitoring.get("observe_last_every_min" if last else "observe_every_min")
        for moment in _observations(plan, number, every):
            yield Row(OBSERVE, step.solution, (f"observe at {plan.at(moment)}",))


def _by_mouth(protocol: Protocol, plan: _Plan) -> Iterator[Row]:
    unit, doses = page.dose_unit(protocol), [dose / page.PG for dose in step_doses(protocol)]
    for number, (dose, total) in enumerate(zip(doses, accumulate(doses), strict=True)):
        wait = figure(plan.minutes[number])
        yield Row(
            STEP, None, (str(number + 1), plan.at(plan.begins[number]), unit.number(dose), unit.number(total), wait)
        )


def _titles(protocol: Protocol) -> tuple[str, ...]:
    unit = page.dose_unit(protocol).name
    if protocol.doses:
        return ("dose", PLANNED, unit, f"sum {unit}", "wait min")
    return ("step & bag", "mL/h", "min", PLANNED, "mL", unit, f"{unit}/h", f"sum {unit}")


def _bag(protocol: Protocol, index: int, table: Table, ward: Any) -> tuple[str, ...]:
    bag = protocol.solutions[index]
    drug, volume = Fraction(bag.drug_pg, page.PG), Fraction(bag.volume_nl, 10**6)
    unit = in_bag(drug, volume, UNITS[protocol.unit])
    strength = f"{unit.text(concentration(bag))}/mL"
    made_of = " in ".join(str(table[key]) for key in ("dilution", "diluent") if key in table)
    prepared = when(table.get("prepared_at"))
    if prepared and "expires_h" in table:
        expires = f"EXPIRES {times.shown(times.later(prepared, table['expires_h']), ward)}"
        made_of = f"{made_of}; {expires}" if made_of else expires
    return (bag.id, bag.code, f"{unit.text(drug)} in {figure(volume)} mL", strength, made_of)


def _who(head: Table) -> tuple[str, ...]:
    """Who the chart is of: what the file says, and empty fields for the rest ("" after the colon)."""
    known = {"Patient": "", "Identifier": "patient_id", "Born": "birth_date", "Order": "order_id", "Cycle": "cycle"}
    weight = f"{figure(Fraction(head['weight_kg']))} kg" if "weight_kg" in head else ""
    head = {**head, **(order.document(head) or {})}  # a cycle that is not named is the first
    texts = [f"{title}: {head.get(key, '')}" for title, key in known.items()]
    return (*texts, f"Weight: {weight}", "Allergy: ", "Bed: ", "Nurse: ", "Physician on site: ", "Date: ")


def _facts(protocol: Protocol, content: Table, start: datetime | None, ward: Any) -> Iterator[str]:
    head = content["protocol"]
    full = amount_text(Fraction(protocol.full_dose_pg, page.PG), UNITS[protocol.unit])
    yield f"{protocol.drug}, {head.get('route', 'route not written')}, full dose {full}"
    unit = page.dose_unit(protocol)
    if not unit.is_base:
        yield f"ALL DOSES IN {unit.name.upper()}: {unit.explained()}"
    yield from (line.strip() for line in page.totals(protocol, content) if line)
    if start is not None:
        yield f"planned start {times.shown(start, ward)}; holds shift all that follows"
    else:
        yield f"clock times are written with their zone{f' ({ward.key})' if ward else ''}"


def _blocks(protocol: Protocol, content: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The limits of the page, each block with its title; the emergency order first where there is one."""
    order = content.get("emergency", {}).get("text", [])
    if order:
        yield "EMERGENCY ORDER", tuple(order)
    title = ""
    lines: list[str] = []
    for line in [*page.limits(protocol, content), ""]:
        if line and not line.startswith(" "):
            title = line
        elif line.startswith("    ") and lines:
            lines[-1] += " " + line.strip()
        elif line:
            label, text = line[:LABEL].strip(), line[LABEL:].strip()
            lines.append(f"{label}: {text}")
        elif lines:
            yield title, tuple(lines)
            lines = []


def make(
    reading: Reading, protocol: Protocol, document: Table, words: Sequence[str], start: datetime | None = None
) -> Chart:
    """The chart of what was read of a file; `words`: verdict, approval, notice; `start`: of the first step, planned."""
    content, ward = reading.content, times.zone_of(reading.content)
    plan = _Plan(protocol, start, ward)
    monitoring = content.get("monitoring", {})
    rows = _by_mouth(protocol, plan) if protocol.doses else _infused(protocol, plan, monitoring)
    groups = page.given_together(content)
    tables = content.get("solution", [])
    return Chart(
        title=protocol.name,
        refused=any(row["severity"] == "error" for row in document["findings"]),
        verdict=words[0],
        approval=words[1],
        fingerprint=document["fingerprint"],
        named=order.named_words(content["protocol"]) or NOT_NAMED,
        who=_who(content["protocol"]),
        facts=tuple(_facts(protocol, content, start, ward)),
        bags=tuple((index, _bag(protocol, index, tables[index], ward)) for index in range(len(protocol.solutions))),
        titles=_titles(protocol),
        rows=tuple(rows),
        premedication=tuple(f"{drugs}: wait {wait} min" for drugs, wait in groups),
        blocks=tuple(_blocks(protocol, content)),
        notice=words[2],
    )
