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
from toleramp.errors import UserError, one_line
from toleramp.preparation.mixing import Bag, show
from toleramp.protocol.reader import when
from toleramp.words import times

TEMPLATE = Path(__file__).with_name("labels.html.j2")
AGREE = Fraction(1, 1000)  # what rounding to the printed digits may part amount, volume and concentration by
IDENTIFIERS_MAX = 2


@dataclass(frozen=True)
class Label:
    """The texts of one label; an empty one is a line to write on."""

    patient: str
    identifiers: tuple[str, ...]
    number: str
    letter: str
    drug: str
    amount: str
    volume: str
    per_ml: str
    unit: str
    planned: str
    diluent: str
    dilution: str
    prepared: str
    expires: str
    code: str
    qr: str
    fingerprint: str


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


def _label(
    protocol: Protocol,
    index: int,
    bag: Bag,
    table: dict[str, Any],
    print_: str,
    whose: tuple[str, tuple[str, ...]],
    ward: ZoneInfo | None,
) -> Label:
    """The texts of one label: what is in the bag as made; what the protocol wants beside it where that differs."""
    unit, code = UNITS[protocol.unit], protocol.solutions[index].code
    shown = show(bag.made_drug), show(bag.made_volume_ml), show(bag.made_per_ml)
    planned = show(bag.drug), show(bag.volume_ml), show(bag.per_ml)
    demand_agreement(f"bag {bag.letter}", *shown)
    prepared, expires = moments(table, ward)
    return Label(
        patient=whose[0],
        identifiers=whose[1],
        number=f"{index + 1} of {len(protocol.solutions)}",
        letter=bag.letter,
        drug=protocol.drug,
        amount=shown[0],
        volume=shown[1],
        per_ml=shown[2],
        unit=unit,
        planned="" if shown == planned else f"protocol {planned[0]} {unit} in {planned[1]} mL",
        diluent=str(table.get("diluent", "")),
        dilution=str(table.get("dilution", "")),
        prepared=prepared,
        expires=expires,
        code=code,
        qr=qr_svg(code),
        fingerprint=print_,
    )


def make(
    protocol: Protocol, content: dict[str, Any], fingerprint: str, bags: list[Bag], whose: tuple[str, tuple[str, ...]]
) -> str:
    """The page with all labels. Raises UserError where a label would contradict itself."""
    from jinja2 import Environment, StrictUndefined

    made = [
        _label(protocol, index, bag, table, fingerprint, whose, times.zone_of(content))
        for index, (bag, table) in enumerate(zip(bags, content["solution"], strict=True))
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(labels=made, name=protocol.name)
