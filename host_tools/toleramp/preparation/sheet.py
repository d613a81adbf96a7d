"""The sheet by which the pharmacy mixes, as a document (numbers as exact text) and as a page for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from pump.protocol.protocol import UNITS, Protocol
from toleramp.preparation.amounts import Unit, amount_text, figure, unit_for
from toleramp.preparation.as_made import Made, Rise, dose_of, largest_rise, last_bag, vein_rise, warnings
from toleramp.preparation.instructions import diluent_line, ml, steps, stock_line, stock_needed_ml, unit_of, vials
from toleramp.preparation.mixing import Bag, Means, dose_error, parts, show, signed
from toleramp.preparation.oral import as_lines
from toleramp.words.routes import doses_words

SYRINGE_STEPS = "0.01 mL up to 1 mL, 0.1 up to 10 mL, 0.2 up to 20 mL, 1 above; where that is too coarse, two syringes"
UNNAMED = "diluent"  # what a diluent is called that the file does not name
_WIDTHS = (24, 20, 20, 0)


def exact(value: Fraction) -> str:
    """A number as text without loss: decimal where it ends, otherwise p/q. fractions.Fraction reads both."""
    rest, places = value.denominator, 0
    while rest % 10 == 0:
        rest //= 10
        places += 1
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
            places += 1
    if rest != 1:
        return str(value)
    scaled = abs(value.numerator) * 10**places // value.denominator
    digits = f"{scaled:0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".") if places else digits
    return f"-{text}" if value < 0 else text


def _parts(volume_ml: Fraction, means: Means) -> list[list[str]]:
    """[mL, mL of the syringe] each, by the syringes as they come; none where the step was given, or nothing is."""
    known = parts(abs(volume_ml)) if means.stock and means.step_ml is None and volume_ml else []
    return [[exact(ml), exact(holds)] for ml, holds in known]


def _bag_row(bag: Bag, code: str, diluent: str, means: Means) -> dict[str, Any]:
    numbers = {
        "volume_ml": bag.volume_ml,
        "drug": bag.drug,
        "per_ml": bag.per_ml,
        "used_ml": bag.used_ml,
        "line_fill_ml": bag.fill_ml,
        "line_volume_ml": bag.line_ml,
        "given": bag.given,
        "discarded": bag.drug - bag.given,
        "holds_ml": bag.holds_ml,
        "source_per_ml": bag.source_per_ml,
        "exact_ml": bag.exact_ml,
        "draw_ml": bag.draw_ml,
        "diluent_ml": bag.diluent_ml,
        "extra_ml": bag.extra_ml,
        "made_volume_ml": bag.made_volume_ml,
        "made_drug": bag.made_drug,
        "made_per_ml": bag.made_per_ml,
        "error_percent": bag.error_percent,
        "made_given": bag.made_given,
    }
    head = {"id": bag.letter, "code": code, "diluent": diluent, "source": bag.source}
    flags = {"label_as_planned": bag.near_plan, "emptied": bag.is_emptied}
    syringes = {"draw_syringes": _parts(bag.draw_ml, means), "diluent_syringes": _parts(bag.diluent_ml, means)}
    return head | {key: exact(value) for key, value in numbers.items()} | syringes | flags


def _pair(planned: Fraction, made: Fraction | None) -> dict[str, Any]:
    return {"planned": exact(planned), "made": None if made is None else exact(made)}


def _rise(planned: Rise | None, made: Rise | None) -> dict[str, Any] | None:
    if planned is None:
        return None
    steps = {"planned_step": planned[1], "made_step": made[1] if made else None}
    return _pair(planned[0], made[0] if made else None) | steps


def comparison(planned: Protocol, made: Protocol | None, findings: list[dict[str, str]]) -> dict[str, Any]:
    """Dose (mg or U) and largest rises, planned and as made (None: it is not known how); what is new as made."""
    return {
        "dose": _pair(dose_of(planned), dose_of(made) if made else None),
        "largest_rise": _rise(largest_rise(planned), largest_rise(made) if made else None),
        "vein_rise": _rise(vein_rise(planned), vein_rise(made) if made else None),
        "findings": findings,
        "remedy": "",
    }


def document(protocol: Protocol, content: Any, made: Made, vial_ml: Fraction | None = None) -> dict[str, Any]:
    """What the sheet of bags says beside its head, as `--json` shows it: numbers as exact text.

    `vial_ml`: what a vial of the stock holds, where the vials are to be counted.
    """
    means, bags = made.means, made.bags
    off, percent = dose_error(bags)
    diluents = [str(table.get("diluent", UNNAMED)) for table in content["solution"]]
    planned = zip(bags, protocol.solutions, diluents, strict=True)
    rows = [_bag_row(bag, solution.code, diluent, means) for bag, solution, diluent in planned]
    needed = stock_needed_ml(rows)
    return {
        "stock_ml": exact(needed),
        "vial_ml": exact(vial_ml) if vial_ml else None,
        "vials": vials(needed, vial_ml) if vial_ml and means.stock else None,
        "stock_per_ml": exact(means.stock) if means.stock else None,
        "syringe_step_ml": exact(means.step_ml) if means.step_ml else "auto",
        "rounded_down": means.down,
        "bags": rows,
        "given": exact(sum((bag.given for bag in bags), Fraction(0))),
        "made_given": exact(sum((bag.made_given for bag in bags), Fraction(0))),
        "dose_error": exact(off),
        "dose_error_percent": exact(percent),
        "last_bag": last_bag(protocol, bags, UNITS[protocol.unit]),
        "warnings": warnings(protocol, bags, means),
        "as_made": comparison(protocol, made.protocol if means.stock else None, made.findings),
    }


def _shown(text: str) -> str:
    return figure(Fraction(text))


def _signed(text: str) -> str:
    return signed(Fraction(text))


def _bag_text(bag: dict[str, Any], sheet: dict[str, Any]) -> list[str]:
    """One bag: what it is in the protocol's figures, how it is mixed, what then comes of it."""
    unit = unit_of(bag, sheet["dose_unit"])

    def text(key: str) -> str:
        return unit.text(Fraction(bag[key]))

    lines = [f"Bag {bag['id']}: {text('drug')} in {ml(bag['volume_ml'])} = {text('per_ml')}/mL    code {bag['code']}"]
    if bag["source"]:
        how = steps(bag, sheet["bags"], sheet["dose_unit"])
        lines += [f"  {number}. {line}" for number, line in enumerate(how, 1)]
        made = f"{text('made_drug')} in {ml(bag['made_volume_ml'])} = {text('made_per_ml')}/mL"
        whose = "the protocol's" if bag["label_as_planned"] else "THESE"
        lines.append(f"  As measured: {made}, {_signed(bag['error_percent'])} %; the label bears {whose} figures.")
    elif bag["diluent"] != UNNAMED:
        lines.append(f"  Diluent: {bag['diluent']}.")
    return [*lines, *_use(bag, unit.text), "  Made by __________  Checked by __________  At __________", ""]


def _use(bag: dict[str, Any], text: Callable[[Fraction], str]) -> Iterator[str]:
    """What the steps take of the bag, and what is left in it."""
    given, left = Fraction(bag["given"]), Fraction(bag["discarded"])
    if bag["emptied"]:
        yield "  The steps draw all of it: it is given to its end."
    else:
        rest = f"{text(left)} are left: discard them"
        yield f"  The steps draw {ml(bag['used_ml'])} and give {text(given)}; {rest}."
    if bag["line_volume_ml"] != "0":
        yield f"  Prime its own line with {ml(bag['line_volume_ml'])} of it, off the patient: they stay in it."
    if bag["line_fill_ml"] != "0":
        yield f"  Of what is drawn, {ml(bag['line_fill_ml'])} fill the shared line and count as no dose."


def _ordered(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The bags in the order of mixing: one that another is made from comes first."""
    bags: list[dict[str, Any]] = sheet["bags"]
    if any(bag["source"] not in ("", "stock") for bag in bags):
        return sorted(bags, key=lambda bag: Fraction(bag["per_ml"]), reverse=True)
    return bags


def _cells(*cells: str) -> str:
    return "  " + " ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _compared(name: str, pair: dict[str, Any], unit: Unit) -> str:
    """A line of the comparison: a number planned, as made, and by how much it is off."""
    planned = Fraction(pair["planned"])
    if pair["made"] is None:
        return _cells(name, unit.number(planned), "", "")
    made = Fraction(pair["made"])
    return _cells(name, unit.number(planned), unit.number(made), f"{signed((made / planned - 1) * 100)} %")


def _risen(name: str, rise: dict[str, Any] | None) -> list[str]:
    if rise is None:
        return []
    made = f"{show(Fraction(rise['made']), 4)} x (step {rise['made_step']})" if rise["made"] else ""
    return [_cells(name, f"{show(Fraction(rise['planned']), 4)} x (step {rise['planned_step']})", made, "")]


def _comparison_lines(sheet: dict[str, Any]) -> list[str]:
    """What is planned and what is made: concentrations, dose, largest rises, and what the rules warn of as made."""
    made, unit = sheet["as_made"], sheet["dose_unit"]
    lines = [_cells("As made:", "planned", "as made", "off") if _is_made(sheet) else "  Planned:"]
    for bag in sheet["bags"]:
        pair = {"planned": bag["per_ml"], "made": bag["made_per_ml"] if bag["source"] else None}
        own = unit_of(bag, unit)
        lines.append(_compared(f"bag {bag['id']}, {own.name}/mL", pair, own))
    dose = unit_for([Fraction(made["dose"]["planned"])], unit)
    lines.append(_compared(f"dose given, {dose.name}", made["dose"], dose))
    lines += _risen("largest rise", made["largest_rise"]) + _risen("  at the vein", made["vein_rise"])
    return [*lines, *(_finding_lines(sheet) if _is_made(sheet) else []), ""]


def _is_made(sheet: dict[str, Any]) -> bool:
    """False where only the amounts are known."""
    return sheet["as_made"]["dose"]["made"] is not None


def _finding_lines(sheet: dict[str, Any]) -> list[str]:
    found = sheet["as_made"]["findings"]
    lines = [f"  {row['severity']}: {row['where']}: {row['message']} [{row['code']}]" for row in found]
    if sheet.get("rounded_down"):
        lines.append("  what is drawn of a source is rounded down: to the nearest, a rule would be broken")
    if not found:
        lines.append("  no rule finds anything that is not in the protocol")
    return [*lines, "  This is rounding alone: the syringes' own tolerance comes on top."]


def _bag_lines(sheet: dict[str, Any]) -> list[str]:
    """How each bag is mixed, and what rounding does to the dose."""
    unit, stock = sheet["dose_unit"], sheet["stock_per_ml"]
    step = f"auto ({SYRINGE_STEPS})" if sheet["syringe_step_ml"] == "auto" else f"{_shown(sheet['syringe_step_ml'])} mL"
    lines = [
        f"stock {amount_text(Fraction(stock), unit, '/mL')}; syringe step {step}"
        if stock
        else "strength of the stock not given (--stock-mg-per-ml): amounts only",
        *filter(None, (stock_line(sheet), diluent_line(sheet))),
        "",
    ]
    for bag in _ordered(sheet):
        lines += _bag_text(bag, sheet)
    store = f"Storage of the bags: {sheet['storage'] or '____________________'}"
    batch = f"batch of the stock: {sheet['batch'] or '____________________'}"
    return [
        *lines,
        *_comparison_lines(sheet),
        f"{store}    {batch}",
        "Dose in a bag is not dose given. " + sheet["last_bag"],
    ]


def _body(sheet: dict[str, Any]) -> list[str]:
    what = doses_words(sheet["way"]).capitalize() if sheet["doses"] else "Bag preparation"
    lines = [f"{what}: {sheet['name']}    fingerprint {sheet['fingerprint']}"]
    dose = amount_text(Fraction(sheet["full_dose"]), sheet["dose_unit"])
    lines.append(f"drug {sheet['drug']}, full dose {dose}, route {sheet['route']}")
    lines += [sheet["order"]] if sheet["order"] else []
    return (
        [*lines, "", *as_lines(sheet), "", *_comparison_lines(sheet)]
        if sheet["doses"]
        else [*lines, *_bag_lines(sheet)]
    )


def as_text(sheet: dict[str, Any]) -> str:
    """The sheet on one page; where there are errors, these alone: nothing that could be mixed by."""
    lines = [f"NOT TO BE PREPARED: {row['where']}: {row['message']} [{row['code']}]" for row in sheet["errors"]]
    if not sheet["errors"]:
        lines = _body(sheet)
    elif sheet.get("as_made"):
        lines += [f"what would do: {sheet['as_made']['remedy']}", "", *_comparison_lines(sheet)]
    warnings = [row for row in sheet["findings"] if row["severity"] != "error"] + sheet["warnings"]
    lines += [f"warning: {row['where']}: {row['message']} [{row['code']}]" for row in warnings]
    if sheet["errors"]:
        return "\n".join(lines)
    who = "Drawn up" if sheet["doses"] else "Mixed"
    return "\n".join(
        [*lines, "", f"{who} by ____________________    Checked by ____________________    At ____________"]
    )
