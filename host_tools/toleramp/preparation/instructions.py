"""How one bag is mixed, in sentences that a person would say; and what is needed of the stock in all.

Of the rows of `sheet.document`: numbers as exact text, volumes in mL, amounts in mg or U.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

from toleramp.preparation.amounts import Unit, amount_text, figure, in_bag

STOCK = "stock"


def ml(text: str | Fraction) -> str:
    """A volume for people, with its unit."""
    return f"{figure(abs(Fraction(text)))} mL"


def _by(syringes: list[list[str]]) -> str:
    """By which syringes, where there are two."""
    if len(syringes) < 2:
        return ""
    each = [
        f"{figure(Fraction(volume))} mL in {holds} mL syringes"
        if Fraction(volume) > int(holds)
        else f"{volume} mL in a {holds} mL syringe"
        for volume, holds in syringes
    ]
    return f": {' + '.join(each)}"


def _container(bag: dict[str, Any]) -> list[str]:
    """What is taken to begin with, and what of its diluent is added or drawn off."""
    holds, diluent, name = Fraction(bag["holds_ml"]), Fraction(bag["diluent_ml"]), bag["diluent"]
    if holds + diluent == 0:
        return ["Take an empty container: nothing is diluted in this bag."]
    if not holds:
        return ["Take an empty container.", f"Add {ml(diluent)} of {name}{_by(bag['diluent_syringes'])}."]
    lines = [f"Take a container that really holds {ml(holds)} of {name}, overfill included."]
    if diluent > 0:
        lines.append(f"Add {ml(diluent)} of {name}{_by(bag['diluent_syringes'])}.")
    elif diluent < 0:
        lines.append(f"Draw off {ml(diluent)} and discard it{_by(bag['diluent_syringes'])}.")
    return lines


def _source(bag: dict[str, Any], unit: str) -> str:
    """What is added of the stock or of a stronger bag, with the sum that it comes from."""
    name = "the stock" if bag["source"] == STOCK else f"the solution of bag {bag['source']}"
    batch = Fraction(bag["exact_ml"]) * Fraction(bag["source_per_ml"])
    of = in_bag(batch, max(Fraction(bag["exact_ml"]), Fraction(1)), unit)
    why = f"{of.text(batch)} / {of.text(Fraction(bag['source_per_ml']))}/mL = {figure(Fraction(bag['exact_ml']))} mL"
    return f"Add {figure(Fraction(bag['draw_ml']))} mL of {name} ({why}){_by(bag['draw_syringes'])}."


def steps(bag: dict[str, Any], bags: list[dict[str, Any]], unit: str) -> list[str]:
    """What is done for one bag, a sentence each; `bags`: all of them, for what goes from one into another."""
    lines = [*_container(bag), f"{_source(bag, unit)} Mix."]
    if bag["extra_ml"] != "0":
        weaker = " and ".join(other["id"] for other in bags if other["source"] == bag["id"])
        lines.append(f"Take {ml(bag['extra_ml'])} out: they go into bag {weaker}, and were made in addition for it.")
    return lines


def unit_of(bag: dict[str, Any], unit: str) -> Unit:
    """The unit of all amounts of this bag, on sheet, label and page."""
    return in_bag(Fraction(bag["drug"]), Fraction(bag["volume_ml"]), unit)


def stock_needed_ml(bags: list[dict[str, Any]]) -> Fraction:
    """What is drawn of the stock for all bags together, mL."""
    return sum((Fraction(bag["draw_ml"]) for bag in bags if bag["source"] == STOCK), Fraction(0))


def vials(needed_ml: Fraction, vial_ml: Fraction) -> int:
    """How many vials of `vial_ml` hold `needed_ml`."""
    return ceil(needed_ml / vial_ml)


def stock_line(sheet: dict[str, Any]) -> str:
    """How much of the stock all bags want, and in how many vials it comes; "" where no stock is named."""
    if not sheet["stock_per_ml"]:
        return ""
    needed, unit = Fraction(sheet["stock_ml"]), sheet["dose_unit"]
    amount = needed * Fraction(sheet["stock_per_ml"])
    text = f"Stock for all bags together: {figure(needed)} mL ({amount_text(amount, unit)})"
    if not sheet["vials"]:
        return f"{text}; --vial-ml counts the vials."
    left = sheet["vials"] * Fraction(sheet["vial_ml"]) - needed
    plural = "s" if sheet["vials"] > 1 else ""
    return f"{text}: {sheet['vials']} vial{plural} of {figure(Fraction(sheet['vial_ml']))} mL, {ml(left)} left over."


def diluent_line(sheet: dict[str, Any]) -> str:
    """How much of each diluent is taken in all, containers and what is added; "" where nothing is measured."""
    if not sheet["stock_per_ml"]:
        return ""
    needed: dict[str, Fraction] = {}
    for bag in sheet["bags"]:
        taken = Fraction(bag["holds_ml"]) + max(Fraction(bag["diluent_ml"]), Fraction(0))
        needed[bag["diluent"]] = needed.get(bag["diluent"], Fraction(0)) + taken
    each = ", ".join(f"{figure(taken)} mL of {name}" for name, taken in needed.items() if taken)
    return f"Diluent for all bags together, containers included: {each}." if each else ""
