"""The order that a protocol carries out: its number, its cycle and its patient (SES-15).

The dose belongs to the order. The pump keeps what it gave under the order's key, sixteen bytes of a digest, and takes
no protocol of that order a second time, whatever the file is called or however its bags are labelled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from pump.protocol.protocol import ORDER_BYTES
from pump.tables import refusals
from toleramp.protocol.order_signs import folded, foreign, mixes_scripts
from toleramp.protocol.reader import Reader

FIRST_CYCLE = 1
_NUMBER, _CYCLE, _PATIENT, _BORN = "order_id", "cycle", "patient_id", "birth_date"
_FIRST_YEAR = 1900
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read(reader: Reader, head: dict[str, Any]) -> bytes | None:
    """The key of the order that [protocol] names; None where it names none. Raises a fault where it is half named."""
    if _BORN in head:
        check_birth(head[_BORN], lambda what, remedy: reader.fail(what, f"protocol, {_BORN}", remedy, refusals.FORMAT))
    number, patient = head.get(_NUMBER), head.get(_PATIENT)
    if number is None and patient is None and _CYCLE not in head:
        return None
    for key, value in ((_NUMBER, number), (_PATIENT, patient)):
        if value is None:
            what = f"{key} is missing: an order is known by its number and its patient, the dose belongs to both"
            raise reader.fail(what, "protocol", f'add {key} = "..."', refusals.MISSING)
        if not folded(value):
            raise reader.fail(f"{key} {value!r} has no letter and no digit", "protocol", "write it as the order has it")
        strange = foreign(value)
        if strange:
            raise reader.fail(f"{key} {value!r} has {strange}", "protocol", "type it anew on a Latin keyboard")
        if mixes_scripts(value):
            what = f"{key} {value!r} has letters of two alphabets, of which some look alike"
            raise reader.fail(what, "protocol", "type it anew with one keyboard")
    return key_of(number, head.get(_CYCLE, FIRST_CYCLE), patient)


def key_of(number: Any, cycle: int, patient: Any) -> bytes:
    """Sixteen bytes by which an order is known: the same however its number is typed."""
    whole = "\n".join((folded(number), str(int(cycle)), folded(patient)))
    return hashlib.sha256(whole.encode()).digest()[:ORDER_BYTES]


def document(head: dict[str, Any]) -> dict[str, Any] | None:
    """The order as `--json` shows it; None where none is named."""
    if _NUMBER not in head:
        return None
    named = {_NUMBER: head[_NUMBER], _CYCLE: int(head.get(_CYCLE, FIRST_CYCLE)), _PATIENT: head.get(_PATIENT, "")}
    return named | ({_BORN: head[_BORN]} if _BORN in head else {})


def same(one: Any, other: Any) -> bool:
    """Whether two texts name the same order or patient."""
    return folded(str(one)) == folded(str(other))


def words(head: dict[str, Any]) -> str:
    """The order in words, or that there is none."""
    if _NUMBER not in head:
        return "no order named: the pump knows this file by its content alone"
    born = f", born {head[_BORN]}" if _BORN in head else ""
    return f"order {head[_NUMBER]}, cycle {head.get(_CYCLE, FIRST_CYCLE)}, patient {head.get(_PATIENT, '?')}{born}"


def named_words(head: dict[str, Any]) -> str:
    """The order in words; "" where none is named."""
    return words(head) if _NUMBER in head else ""


def check_birth(text: str, fail: Callable[[str, str], Exception]) -> None:
    """Raises what `fail` makes of the fault and the remedy when a birth date is none, or is not of a living patient."""
    try:
        if not _ISO_DATE.fullmatch(text):
            raise ValueError(text)
        born = date.fromisoformat(text)
    except ValueError:
        raise fail(f"birth date {text!r} is no date", "write year-month-day, as 1968-04-02") from None
    if born.year < _FIRST_YEAR or born > date.today():
        raise fail(f"birth date {text} is not of a living patient", "look at the year")
