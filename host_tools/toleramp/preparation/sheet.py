"""The sheet by which the pharmacy mixes, as a document (numbers as exact text) and as a page for people."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pump.protocol.protocol import UNITS, Protocol
from toleramp.preparation.as_made import Made, Rise, dose_of, largest_rise, last_bag, vein_rise, warnings
from toleramp.preparation.mixing import Bag, Means, dose_error, parts, show, signed
from toleramp.preparation.oral import as_lines

SYRINGE_STEPS = "0.01 mL up to 1 mL, 0.1 up to 10 mL, 0.2 up to 20 mL, 1 above; where that is too coarse, two syringes"
_WIDTHS = (20, 20, 20, 0)


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
    syringes = {"draw_syringes": _parts(bag.draw_ml, means), "diluent_syringes": _parts(bag.diluent_ml, means)}
    return head | {key: exact(value) for key, value in numbers.items()} | syringes


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


def document(protocol: Protocol, content: Any, made: Made) -> dict[str, Any]:
    """What the sheet of bags says beside its head, as `--json` shows it: numbers as exact text."""
    means, bags = made.means, made.bags
    off, percent = dose_error(bags)
    diluents = [str(table.get("diluent", "diluent")) for table in content["solution"]]
    return {
        "stock_per_ml": exact(means.stock) if means.stock else None,
        "syringe_step_ml": exact(means.step_ml) if means.step_ml else "auto",
        "rounded_down": means.down,
        "bags": [
            _bag_row(bag, planned.code, diluent, means)
            for bag, planned, diluent in zip(bags, protocol.solutions, diluents, strict=True)
        ],
        "given": exact(sum((bag.given for bag in bags), Fraction(0))),
        "made_given": exact(sum((bag.made_given for bag in bags), Fraction(0))),
        "dose_error": exact(off),
        "dose_error_percent": exact(percent),
        "last_bag": last_bag(protocol, bags, UNITS[protocol.unit]),
        "warnings": warnings(protocol, bags, means),
        "as_made": comparison(protocol, made.protocol if means.stock else None, made.findings),
    }


def _shown(text: str, digits: int = 6) -> str:
    return show(Fraction(text), digits)


def _signed(text: str) -> str:
    return signed(Fraction(text))


def _by(syringes: list[list[str]]) -> str:
    """By which syringes, where there are two."""
    if len(syringes) < 2:
        return ""
    each = [
        f"{_shown(ml)} mL in {holds} mL syringes" if Fraction(ml) > int(holds) else f"{ml} mL in a {holds} mL syringe"
        for ml, holds in syringes
    ]
    return f": {' + '.join(each)}"


def _how(bag: dict[str, Any], unit: str) -> list[str]:
    """The steps of mixing one bag."""
    holds, diluent = bag["holds_ml"], Fraction(bag["diluent_ml"])
    lines = [f"take   {_shown(holds)} mL {bag['diluent']}, really in the container (overfill included)"]
    if holds == "0":
        lines = ["take   an empty container"]
    if diluent:
        verb = "add  " if diluent > 0 else "remove"
        lines.append(f"{verb:<6} {_shown(str(abs(diluent)))} mL {bag['diluent']}{_by(bag['diluent_syringes'])}")
    name = "stock" if bag["source"] == "stock" else f"the solution of bag {bag['source']}"
    batch = Fraction(bag["exact_ml"]) * Fraction(bag["source_per_ml"])
    lines.append(
        f"add    {_shown(bag['draw_ml'])} mL of {name}    ({_shown(str(batch))} {unit} / "
        f"{_shown(bag['source_per_ml'])} {unit}/mL = {_shown(bag['exact_ml'])} mL){_by(bag['draw_syringes'])}"
    )
    if bag["extra_ml"] != "0":
        lines.append(f"mix, then take {_shown(bag['extra_ml'])} mL out for the weaker bag (made in addition for it)")
    return lines


def _bag_text(bag: dict[str, Any], unit: str) -> list[str]:
    lines = [
        f"Bag {bag['id']}: {_shown(bag['drug'])} {unit} in {_shown(bag['volume_ml'])} mL"
        f" = {_shown(bag['per_ml'])} {unit}/mL    code {bag['code']}"
    ]
    if bag["source"]:
        lines += [f"  {line}" for line in _how(bag, unit)]
        lines.append(
            f"  makes  {_shown(bag['made_drug'])} {unit} in {_shown(bag['made_volume_ml'])} mL"
            f" = {_shown(bag['made_per_ml'])} {unit}/mL, {_signed(bag['error_percent'])} %"
        )
    lines.append(
        f"  steps draw {_shown(bag['used_ml'])} mL: {_shown(bag['made_given'])} {unit} given,"
        f" {_shown(str(Fraction(bag['made_drug']) - Fraction(bag['made_given'])))} {unit} discarded"
    )
    if bag["line_volume_ml"] != "0":
        lines.append(
            f"  prime its own line with {_shown(bag['line_volume_ml'])} mL of it, off the patient: they stay in it"
        )
    if bag["line_fill_ml"] != "0":
        lines.append(f"  of what is drawn, {_shown(bag['line_fill_ml'])} mL fill the shared line and count as no dose")
    return [*lines, ""]


def _ordered(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The bags in the order of mixing: one that another is made from comes first."""
    bags: list[dict[str, Any]] = sheet["bags"]
    if any(bag["source"] not in ("", "stock") for bag in bags):
        return sorted(bags, key=lambda bag: Fraction(bag["per_ml"]), reverse=True)
    return bags


def _cells(*cells: str) -> str:
    return "  " + " ".join(f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _compared(name: str, pair: dict[str, Any]) -> str:
    """A line of the comparison: a number planned, as made, and by how much it is off."""
    if pair["made"] is None:
        return _cells(name, _shown(pair["planned"]), "", "")
    off = (Fraction(pair["made"]) / Fraction(pair["planned"]) - 1) * 100
    return _cells(name, _shown(pair["planned"]), _shown(pair["made"]), f"{signed(off)} %")


def _risen(name: str, rise: dict[str, Any] | None) -> list[str]:
    if rise is None:
        return []
    made = f"{_shown(rise['made'], 4)} x (step {rise['made_step']})" if rise["made"] else ""
    return [_cells(name, f"{_shown(rise['planned'], 4)} x (step {rise['planned_step']})", made, "")]


def _comparison_lines(sheet: dict[str, Any]) -> list[str]:
    """What is planned and what is made: concentrations, dose, largest rises, and what the rules warn of as made."""
    made, unit = sheet["as_made"], sheet["dose_unit"]
    lines = [_cells("As made:", "planned", "as made", "off") if _is_made(sheet) else "  Planned:"]
    for bag in sheet["bags"]:
        pair = {"planned": bag["per_ml"], "made": bag["made_per_ml"] if bag["source"] else None}
        lines.append(_compared(f"bag {bag['id']}, {unit}/mL", pair))
    lines.append(_compared(f"dose given, {unit}", made["dose"]))
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
        f"stock {_shown(stock)} {unit}/mL; syringe step {step}"
        if stock
        else "strength of the stock not given (--stock-mg-per-ml): amounts only",
        "",
    ]
    for bag in _ordered(sheet):
        lines += _bag_text(bag, unit)
    return [*lines, *_comparison_lines(sheet), "Dose in a bag is not dose given. " + sheet["last_bag"]]


def _body(sheet: dict[str, Any]) -> list[str]:
    what = "Doses by mouth" if sheet["doses"] else "Bag preparation"
    lines = [f"{what}: {sheet['name']}    fingerprint {sheet['fingerprint']}"]
    lines.append(f"drug {sheet['drug']}, full dose {_shown(sheet['full_dose'])} {sheet['dose_unit']}")
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
