"""One label a bag, 100 x 60 mm, as a page that stands alone: amounts that agree, and the code that the pump asks for.

Volumes in mL, amounts in mg or U, concentrations in that per mL.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pump.protocol.protocol import UNITS, Protocol
from toleramp.bag_looks import mark_svg
from toleramp.errors import UserError, one_line
from toleramp.preparation.amounts import amount_text, figure, in_bag
from toleramp.preparation.mixing import Bag
from toleramp.preparation.room import demand_room, lines_of, width_mm
from toleramp.protocol import order
from toleramp.protocol.reader import when
from toleramp.words import times

TEMPLATE = Path(__file__).with_name("labels.html.j2")
AGREE = Fraction(1, 1000)  # what rounding to the printed digits may part amount, volume and concentration by
IDENTIFIERS_MAX, IDENTIFIER_LINES = 2, 2
WHO_MM, TEXT_MM, ACROSS_MM = 64, 57, 87  # room beside the bag's letter, beside the code, and across the label
NAME_PT, AMOUNT_PT, LONG_PT, SMALL_PT = 10, 11, 8.5, 6.5


Who = tuple[str, tuple[str, ...]]  # the patient's name and identifiers


@dataclass(frozen=True)
class Label:
    """The texts of one label; an empty one is a line to write on."""

    patient: str
    identifiers: tuple[str, ...]
    born: bool
    number: str
    letter: str
    mark: str
    drug: str
    route: str
    amount: str
    per_ml: str
    use: str
    planned: str
    diluent: str
    prepared: str
    expires: str
    storage: str
    batch: str
    code: str
    qr: str
    fingerprint: str
    long: bool


def patient(name: str | None, identifiers: list[str]) -> tuple[str, tuple[str, ...]]:
    """The patient's name and one or two identifiers; neither of them: lines to write on. Raises UserError."""
    cleaned = one_line(name or "").strip(), tuple(one_line(text).strip() for text in identifiers)
    if bool(cleaned[0]) != any(cleaned[1]):
        raise UserError("a patient is named by name and identifier", "--patient, --patient-id", "give both or neither")
    if len(cleaned[1]) > IDENTIFIERS_MAX or max(map(len, (cleaned[0], *cleaned[1]))) > 60:
        raise UserError("does not fit on the label", "--patient, --patient-id", "at most 2 of 60 characters")
    return cleaned


def demand_agreement(where: str, amount: str, volume_ml: str, per_ml: str) -> None:
    """The three printed numbers must agree with each other: a label that contradicts itself is a trap."""
    wanted = Fraction(amount) / Fraction(volume_ml)
    if abs(Fraction(per_ml) - wanted) > wanted * AGREE:
        what = f"{amount} in {volume_ml} mL is not {per_ml} per mL"
        raise UserError(what, where, "correct drug and volume in the protocol file")


def qr_svg(code: str) -> str:
    """The QR of a code as inline SVG; error correction M, with its quiet zone. Raises UserError."""
    import segno

    try:
        made = segno.make_qr(code, error="m", boost_error=False)
    except (ValueError, segno.DataOverflowError):
        raise UserError("the code does not fit into a QR", "labels", "use a shorter code") from None
    text: str = made.svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True)
    return text


def moments(table: dict[str, Any], ward: ZoneInfo | None = None) -> tuple[str, str]:
    """When the bag was made and until when it is good, with their zone; "" where the file does not say. UserError."""
    text, hours = table.get("prepared_at"), table.get("expires_h")
    if not text:
        return "", ""
    made = when(text)
    if made is None:
        remedy = 'write it like "2026-11-22T08:00:00+01:00"'
        raise UserError(f"{text!r} is no time with its offset", f"bag {table['id']}, prepared_at", remedy)
    end = times.later(made, hours) if hours else None
    return times.shown(made, ward), times.shown(end, ward) if end else ""


@dataclass(frozen=True)
class Figures:
    """The three numbers of a label, their unit written with them, and what the protocol wants where that differs."""

    amount: str
    per_ml: str
    planned: str


def figures(bag: Bag, unit: str) -> Figures:
    """The protocol's own figures, one for each thing, where the bag as made differs by rounding alone.

    So label, sheet and page say the same; a bag that is further off bears what is in it, and the protocol's beside it.
    """
    of = in_bag(bag.drug, bag.volume_ml, unit)

    def amount(drug: Fraction, volume_ml: Fraction) -> str:
        return f"{of.text(drug)} in {figure(volume_ml)} mL"

    planned = amount(bag.drug, bag.volume_ml)
    if bag.near_plan:
        demand_agreement(f"bag {bag.letter}", of.number(bag.drug), figure(bag.volume_ml), of.number(bag.per_ml))
        return Figures(planned, f"{of.text(bag.per_ml)}/mL", "")
    made = amount(bag.made_drug, bag.made_volume_ml)
    return Figures(made, f"{of.text(bag.made_per_ml)}/mL", f"NOT AS THE PROTOCOL WANTS IT: {planned}")


def use(bag: Bag, full_dose: Fraction, unit: str) -> str:
    """What the pump gives of this bag, of which full dose, and what happens to the rest."""
    of = in_bag(bag.drug, bag.volume_ml, unit)
    head = f"Full dose {amount_text(full_dose, unit)}."
    if bag.is_emptied:
        return f"{head} This bag is given to its end."
    return f"{head} Of this bag {of.text(bag.given)} are given; DISCARD THE REST ({of.text(bag.drug - bag.given)})."


def _diluent(table: dict[str, Any]) -> str:
    dilution = f"({table['dilution']})" if table.get("dilution") else ""
    return f"{table.get('diluent', '')} {dilution}".strip()


def _demand_room(label: Label) -> None:
    """Raises UserError where a text would be cut off: what matters on a label is all of it."""
    where = f"label of bag {label.letter}"
    demand_room(label.patient, 2, WHO_MM, NAME_PT, f"{where}, --patient", bold=True)
    demand_room("    ".join(label.identifiers), IDENTIFIER_LINES, WHO_MM, SMALL_PT, f"{where}, --patient-id")
    demand_room(f"{label.drug} {label.route}", 2, ACROSS_MM, LONG_PT, f"{where}, drug and route", bold=True)
    demand_room(label.amount, 2, TEXT_MM, LONG_PT, f"{where}, amount", bold=True)
    demand_room(label.diluent, 2, TEXT_MM, SMALL_PT, f"{where}, diluent")
    demand_room(f"Store {label.storage}", 1, TEXT_MM, SMALL_PT, f"{where}, --storage", bold=True)
    demand_room(f"Batch {label.batch}", 1, TEXT_MM, SMALL_PT, f"{where}, --batch", bold=True)


def _identifiers(whose: Who, head: dict[str, Any]) -> tuple[str, ...]:
    """What is given, else the order's patient; then birth date and order, as far as they fit."""
    named = order.document(head) or {}
    found = list(whose[1]) or [text for text in [named.get("patient_id")] if text]
    more = [f"born {head['birth_date']}"] if "birth_date" in head and head["birth_date"] not in found else []
    more += [f"order {named['order_id']}, cycle {named['cycle']}"] if named else []
    for text in more:
        if lines_of("    ".join([*found, text]), WHO_MM, SMALL_PT) <= IDENTIFIER_LINES:
            found.append(text)
    return tuple(found)


def _label(
    protocol: Protocol, index: int, bag: Bag, content: dict[str, Any], sheet: dict[str, Any], whose: Who
) -> Label:
    """The texts of one label. Raises UserError where one does not fit on it."""
    unit, code, table = UNITS[protocol.unit], protocol.solutions[index].code, content["solution"][index]
    identifiers = _identifiers(whose, content["protocol"])
    numbers, (prepared, expires) = figures(bag, unit), moments(table, times.zone_of(content))
    label = Label(
        patient=whose[0],
        identifiers=identifiers,
        born=not whose[1] and not any(text.startswith("born ") for text in identifiers),
        number=f"{index + 1} of {len(protocol.solutions)}",
        letter=bag.letter,
        mark=mark_svg(index, f"bag{index}"),
        drug=protocol.drug,
        route=content["protocol"].get("route", ""),
        amount=numbers.amount,
        per_ml=numbers.per_ml,
        use=use(bag, Fraction(protocol.full_dose_pg, 10**9), unit),
        planned=numbers.planned,
        diluent=_diluent(table),
        prepared=prepared,
        expires=expires,
        storage=sheet["storage"],
        batch=sheet["batch"],
        code=code,
        qr=qr_svg(code),
        fingerprint=sheet["fingerprint"],
        long=max(width_mm(text, AMOUNT_PT, bold=True) for text in (numbers.amount, numbers.per_ml)) > TEXT_MM,
    )
    _demand_room(label)
    return label


def make(protocol: Protocol, content: dict[str, Any], sheet: dict[str, Any], bags: list[Bag], whose: Who) -> str:
    """The page with all labels; of `sheet` its fingerprint, storage and batch.

    Raises UserError where a label would contradict itself, or where a text does not fit.
    """
    from jinja2 import Environment, StrictUndefined

    made = [_label(protocol, index, bag, content, sheet, whose) for index, bag in enumerate(bags)]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(labels=made, name=protocol.name)
