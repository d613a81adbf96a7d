"""The parts of a protocol's page, as text for the people at the bedside: bags, steps, limits, and who keeps them.

Doses in the protocol's unit (mg or U) or in a smaller one that is named, volumes in mL, rates in mL/h, times in min and
h:mm. All numbers are made from exact fractions, without exponent, with a leading and no trailing zero; what is not zero
never shows as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, chain
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from pump.protocol import vein
from pump.protocol.doses import fills
from pump.protocol.protocol import UNITS, Protocol, Solution
from pump.senses import vitals
from toleramp.preparation.amounts import DIGITS, EXACT, IN_COLUMN, Unit, column_unit, figure, in_bag, unit_for
from toleramp.preparation.mixing import concentration, show, used_ml
from toleramp.protocol import by_hand
from toleramp.protocol.flush import at_vein_pg, flushed_pg
from toleramp.protocol.reader import Table, when
from toleramp.protocol.table import dose_rates_mg_h, minutes_of, step_doses, vein_doses
from toleramp.words import times
from toleramp.words.routes import doses_words

WIDTH = 100  # columns: what a printer puts on one line
ENTERED = 20  # digits: what people wrote, or a label says, is shown to its last digit
# Digits that a computed cell may have, exact and rounded, and blanks between columns: the first that fits the page.
STAGES = ((EXACT, DIGITS, 2), (EXACT, DIGITS, 1), (DIGITS, DIGITS, 1), (5, 5, 1), (4, 4, 1))
PG = 10**9  # in one mg; in one U the same part
RESUME_WORDS = ("same step", "one back", "two back", "further back")
BY_PUMP = "THE PUMP DOES THIS BY ITSELF"
BY_PEOPLE = "PEOPLE DO THIS FROM PAPER: THE PUMP DOES NOT KNOW OF IT"
Labelled = Iterator[tuple[str, str]]


def number(value: Fraction, exact: int = EXACT, digits: int = DIGITS) -> str:
    """As `figure`, with as many digits as a narrow column has: `exact`, else rounded to `digits`."""
    text = show(value, exact)
    return text if Fraction(text) == value else show(value, digits)


def clock(minutes: Fraction, seconds: bool = False) -> str:
    """A time in min as h:mm, or as h:mm:ss; the nearest, a half goes up."""
    whole = int(minutes * (60 if seconds else 1) + Fraction(1, 2))
    hours, rest = divmod(whole, 3600 if seconds else 60)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if seconds else f"{hours}:{rest:02}"


def _points(cells: list[str]) -> list[str]:
    """Cells of one width, decimal points under each other: so a slip by ten catches the eye."""
    after = [len(cell) - cell.find(".") if "." in cell else 0 for cell in cells]
    padded = [
        cell + " " * (max(after) - own) if cell[:1].isdigit() else cell
        for cell, own in zip(cells, after, strict=True)
    ]  # fmt: skip
    width = max(map(len, padded))
    return [cell.rjust(width) for cell in padded]


def columns(rows: list[list[str]], left: tuple[int, ...] = (), gap: int = 2) -> list[str]:
    """Rows of cells as lines, as wide as the content wants; the columns `left` are texts."""
    made = []
    for index, column in enumerate(zip(*rows, strict=True)):
        width = max(map(len, column))
        made.append([cell.ljust(width) for cell in column] if index in left else _points(list(column)))
    return [(" " * gap).join(cells).rstrip() for cells in zip(*made, strict=True)]


def wrapped(line: str, indent: int = 4) -> list[str]:
    """A line as lines that fit the page; codes and hyphened words stay whole."""
    return wrap(line, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False) or [""]


def labelled(title: str, rows: Labelled) -> list[str]:
    """A block under its title; nothing when there are no rows."""
    found = list(rows)
    lines = [line for label, text in found for line in wrapped(f"  {label:<13}{text}", 15)]
    return ["", title, *lines] if found else []


def _optional(table: Table, texts: dict[str, str]) -> str:
    """The texts whose key stands in the table, each with its value put in."""
    return ", ".join(text.format(show(Fraction(table[key]), ENTERED)) for key, text in texts.items() if key in table)


def given_together(content: Table) -> Iterator[tuple[str, int]]:
    """What is given before, in its order: (drugs given together, the wait in min after them).

    A drug with a wait of 0 min is given together with the next one: their waits are one, not a sum.
    """
    drugs: list[str] = []
    for row in content.get("premedication", []):
        drugs.append(f"{row['drug']} {row['dose']}")
        if row["wait_min"]:
            yield " and ".join(drugs), row["wait_min"]
            drugs = []
    if drugs:
        yield " and ".join(drugs), 0


def _then(drugs: str, wait_min: int) -> str:
    together = ", together" if " and " in drugs else ""
    return f"{drugs}{together}, then wait {wait_min} min" if wait_min else f"{drugs}{together}, no wait"


def premedication(content: Table) -> list[str]:
    """What is given before, in its order, with the wait after each in min, and the sum of the waits."""
    groups = list(given_together(content))
    lines = [f"  {n}. {_then(*group)}" for n, group in enumerate(groups, 1)]
    if len(groups) > 1:
        lines.append(f"  in all {sum(wait for _, wait in groups)} min of waiting, one after the other")
    title = ["", "PREMEDICATION, BY PEOPLE: THE PUMP DOES NOT KNOW OF IT"] if lines else []
    return title + [part for line in lines for part in wrapped(line, 5)]


# -- bags


def _dates(table: Table, ward: ZoneInfo | None) -> str:
    """When the bag was prepared and when it expires, each with its zone."""
    prepared = when(table.get("prepared_at"))
    if prepared is None:
        return ""
    text = f"prepared {times.shown(prepared, ward)}"
    if "expires_h" not in table:
        return text
    return f"{text}, expires {times.shown(times.later(prepared, table['expires_h']), ward)}"


def _bag_cells(protocol: Protocol, bag: Solution, table: Table, drawn: Fraction, named: bool) -> list[str]:
    drug, volume = Fraction(bag.drug_pg, PG), Fraction(bag.volume_nl, 10**6)
    unit = in_bag(drug, volume, UNITS[protocol.unit])
    held, strength = unit.number(drug), unit.number(concentration(bag))
    if named:
        held, strength = f"{held} {unit.name}", f"{strength} {unit.name}/mL"
    return [bag.id, bag.code, held, figure(volume), strength, figure(drawn), "" if named else _made_of(table)]


def _made_of(table: Table) -> str:
    return " in ".join(str(table[key]) for key in ("dilution", "diluent") if key in table)


def has_small_bags(protocol: Protocol) -> bool:
    """True where the contents of a bag are given in a smaller unit than the protocol's: each then has its unit."""
    units = (
        in_bag(Fraction(bag.drug_pg, PG), Fraction(bag.volume_nl, 10**6), UNITS[protocol.unit])
        for bag in protocol.solutions
    )
    return not all(unit.is_base for unit in units)


def _bag_lines(protocol: Protocol, content: Table) -> list[str]:
    """The table of bags; a code or a diluent that is too long for its column is wrapped later."""
    unit, named = UNITS[protocol.unit], has_small_bags(protocol)
    every = zip(protocol.solutions, content["solution"], used_ml(protocol), strict=True)
    of = ["in the bag", "mL", "strength"] if named else [f"{unit} in", "mL", f"{unit}/mL"]
    head = ["bag", "code (scan or pick)", *of, "drawn mL", "" if named else "dilution, diluent"]
    left = (0, 1, 2, 4, 6) if named else (0, 1, 6)
    return columns([head, *(_bag_cells(protocol, *bag, named) for bag in every)], left)


def bags(protocol: Protocol, content: Table) -> list[str]:
    """A line for each bag, then what else is to be known of it."""
    title, *lines = _bag_lines(protocol, content)
    made, named = ["", *wrapped(title)], has_small_bags(protocol)
    for line, bag, table in zip(lines, protocol.solutions, content["solution"], strict=True):
        own = f"{figure(Fraction(bag.line_nl, 10**6))} mL stay in its own line" if bag.line_nl else ""
        more = "; ".join(filter(None, (_made_of(table) if named else "", own, _dates(table, times.zone_of(content)))))
        made += wrapped(line) + (wrapped(f"     {more}", 5) if more else [])
    return made


# -- steps


def _times(protocol: Protocol) -> list[str]:
    """When each step begins; with seconds where one does not begin on a whole minute."""
    starts = [Fraction(0), *accumulate(minutes_of(protocol))][:-1]
    seconds = any(start % 1 for start in starts)
    return [clock(start, seconds) for start in starts]


def _ratio(row: dict[str, Any]) -> str:
    """How much steeper than all before; a line-fill has no dose rate of its own."""
    if row["kind"] == "line-fill":
        return "fill"
    return "" if row["ratio"] is None else show(Fraction(row["ratio"]), 3)


def dose_unit(protocol: Protocol) -> Unit:
    """The one unit of all doses of the table: so a slip by ten is seen, and no dose begins with many zeros."""
    base, doses = UNITS[protocol.unit], [dose / PG for dose in step_doses(protocol)]
    if protocol.doses:
        return column_unit(doses, base)
    at_vein = [dose / PG for dose in vein_doses(protocol)]
    return unit_for([*doses, *at_vein, *dose_rates_mg_h(protocol)], base, IN_COLUMN)


def unit_line(unit: Unit) -> list[str]:
    """What the unit of the table is, where it is not the protocol's own."""
    return [] if unit.is_base else ["", *wrapped(f"ALL DOSES IN {unit.name.upper()}: {unit.explained()}")]


def _titles(unit: Unit) -> list[str]:
    name = unit.name if unit.is_base else ""
    doses = [f"{what} {name}".strip() for what in ("", "sum", "vein")]
    return ["step", "bag", "mL/h", "min", "begins", "mL", doses[0] or "dose", *doses[1:], f"{name or 'dose'}/h"]


def _step_rows(protocol: Protocol, document: dict[str, Any], digits: tuple[int, int]) -> Iterator[list[str]]:
    unit = dose_unit(protocol)
    yield [*_titles(unit), "ratio"]
    doses, at_vein = step_doses(protocol), vein_doses(protocol)
    amounts = zip(doses, accumulate(doses), accumulate(at_vein), dose_rates_mg_h(protocol), strict=True)
    for step, row, begins, minutes, (dose, total, reached, rate) in zip(
        protocol.steps, document["steps"], _times(protocol), minutes_of(protocol), amounts, strict=True
    ):
        parts = (dose / PG, total / PG, reached / PG, rate)
        given, *sums, steep = (number(amount / unit.size, *digits) for amount in parts)
        if fills(step):
            given = steep = "-"
        speed, volume = figure(Fraction(step.rate_e4, 10**4)), figure(Fraction(step.volume_nl, 10**6))
        place = [str(row["step"]), row["solution"], speed, figure(minutes), begins, volume]
        yield [*place, given, *sums, steep, _ratio(row)]


def _dose_rows(protocol: Protocol, document: dict[str, Any]) -> Iterator[list[str]]:
    """Doses by mouth are what people wrote: exact, and so are their sums."""
    unit, doses = dose_unit(protocol), [dose / PG for dose in step_doses(protocol)]
    name = unit.name if unit.is_base else ""
    yield ["dose", name or "amount", f"sum {name}".strip(), "at", "wait min", "ratio"]
    for row, dose, total, begins, wait in zip(
        document["steps"], doses, accumulate(doses), _times(protocol), minutes_of(protocol), strict=True
    ):
        amounts = (show(part / unit.size, ENTERED) for part in (dose, total))
        yield [str(row["step"]), *amounts, begins, figure(wait), _ratio(row)]


def _fitting(protocol: Protocol, document: dict[str, Any]) -> list[str]:
    """The table with as many digits as the page is wide for."""
    lines: list[str] = []
    for exact, rounded, gap in STAGES:
        lines = columns(list(_step_rows(protocol, document, (exact, rounded))), left=(1,), gap=gap)
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def steps(protocol: Protocol, document: dict[str, Any]) -> list[str]:
    """The table, with a line where a bag is to be hung."""
    named = unit_line(dose_unit(protocol))
    if protocol.doses:
        return [*named, "", *columns(list(_dose_rows(protocol, document)))]
    title, *lines = _fitting(protocol, document)
    made, hangs = [*named, "", title], None
    for line, step in zip(lines, protocol.steps, strict=True):
        bag = protocol.solutions[step.solution]
        if bag is not hangs:
            made.append(f"-- hang bag {bag.id}, code {bag.code} --")
        hangs = bag
        made.append(line)
    return made


def _and(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def reached(protocol: Protocol, content: Table) -> tuple[Fraction, str]:
    """(the dose in pg that reaches the vein in the end, by what that is another dose than the steps' sum)."""
    ways = ["line-fills"] if any(fills(step) for step in protocol.steps) else []
    ways += ["primed line"] if protocol.primed_with_solution and protocol.line_dead_nl else []
    table, at_vein = content.get("flush"), at_vein_pg(protocol)
    if table:
        flushed = at_vein + flushed_pg(protocol, Fraction(table["volume_ml"]) * 10**6)
        return flushed, f"with {_and([*ways, 'flush'])}"
    return at_vein, (f"with {_and(ways)}, " if ways else "") + "without a flush"


def totals(protocol: Protocol, content: Table) -> list[str]:
    """Sums; what reaches the patient in the end, where that is another dose; what the line does."""
    unit, time = dose_unit(protocol), sum(minutes_of(protocol), Fraction(0))
    total = unit.with_spoken(sum(step_doses(protocol), Fraction(0)) / PG)
    text = f"total {total} in {figure(time)} min ({clock(time)}, without holds)"
    if protocol.doses:
        return ["", text]
    volume = figure(sum((Fraction(step.volume_nl, 10**6) for step in protocol.steps), Fraction(0)))
    lines = ["", f"{text}, {volume} mL"]
    dose, way = reached(protocol, content)
    if unit.with_spoken(dose / PG) != total:
        lines.append(f"{way} {unit.with_spoken(dose / PG)} reach the patient")
    primed = f"bag {protocol.solutions[protocol.steps[0].solution].id}" if protocol.primed_with_solution else "saline"
    left = unit.with_spoken(Fraction(*vein.left_in_line(protocol)) / PG)
    dead = figure(Fraction(protocol.line_dead_nl, 10**6))
    lines.append(f"shared line to the vein: {dead} mL, primed with {primed}; after the last step it holds {left}")
    return [part for line in lines for part in wrapped(line)]


# -- limits


def _pump_rows(protocol: Protocol) -> Labelled:
    """What the pump acts on; by mouth the same for people."""
    p, severe = protocol, f" (below {vitals.SEVERE_SPO2 + 1} % for {vitals.SEVERE_MS // 1000} s)"
    yield "SpO2", f"stop at {p.spo2_stop} % or less for {p.delay_s} s{severe}; warn at {p.spo2_early} % or less"
    fall = f"stop at {p.spo2_stop_fall} points or more below the baseline"
    yield "SpO2 fall", f"{fall}, warn at {p.spo2_early_fall}; the higher limit counts"
    yield "pulse", f"stop below {p.pulse_min} or above {p.pulse_max} /min for {p.delay_s} s"
    yield "no reading", f"warn within {vitals.ALERT_WITHIN_S} s, stop within {vitals.HOLD_WITHIN_S} s"
    least = f"at least {p.min_hold_min} min, " if p.min_hold_min else ""
    yield "hold", f"{least}at most {p.max_hold_min} min: after that the session can only be ended"
    yield (
        "wait",
        f"at most {p.max_wait_min} min between two {'doses' if p.doses else 'steps'}, then a clinician decides",
    )
    back = [words for bit, words in enumerate(RESUME_WORDS) if p.resume_choices >> bit & 1]
    first = "" if p.doses else f"; over a bag change {'its own' if p.rehang_first else 'the hanging'} bag first"
    yield "resume at", ", ".join(back) + first
    ends = "a clinician decides" if p.doses else "it is locked"
    yield "reactions", f"from reaction {p.decision_after_count} on, and after a severe one, {ends}"


def _paper_rows(protocol: Protocol, content: Table) -> Labelled:
    """What only people keep: as far as it stands in the file."""
    table = content.get("monitoring", {})
    rows = {
        "checklist": "; ".join(content.get("checklist", {}).get("required", [])),
        "blood press.": _optional(
            table,
            {"sbp_min_mmhg": "stop below {} mmHg systolic", "sbp_fall_percent": "stop {} % below the baseline"},
        ),
        "breathing": _optional(table, {"rr_max": "stop above {} /min"}),
        "temperature": _optional(table, {"temp_max_c": "stop above {} C"}),
        "observe": _optional(
            table,
            {
                "observe_every_min": "every {} min",
                "observe_last_every_min": "every {} min in the last step",
                "observe_after_min": "until {} min after the end",
            },
        ),
        "tolerance": f"counts as lost {protocol.tolerance_gap_h} h after the last dose",
        "flush": "" if protocol.doses else _flush(content.get("flush")),
    }
    yield from ((label, text) for label, text in rows.items() if text)


def _flush(table: Table | None) -> str:
    if not table:
        return "none in this protocol: what the line holds then stays in it"
    volume, rate = (show(Fraction(table[key]), ENTERED) for key in ("volume_ml", "rate_ml_h"))
    return f"{volume} mL at {rate} mL/h after the last step"


def limits(protocol: Protocol, content: Table) -> list[str]:
    """Both blocks: what the pump keeps, and what is left to people; by mouth all is theirs."""
    by_pump, by_people = _pump_rows(protocol), _paper_rows(protocol, content)
    if protocol.doses:
        by_pump, given = (row for row in by_pump if row[0] != "no reading"), doses_words(by_hand.of(protocol).way)
        return labelled(f"PEOPLE DO ALL THIS: NO PUMP RUNS {given.upper()}", chain(by_pump, by_people))
    return labelled(BY_PUMP, by_pump) + labelled(BY_PEOPLE, by_people)
