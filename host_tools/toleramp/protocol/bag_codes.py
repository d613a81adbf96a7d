"""The codes of a file's bags: what the pump can show, and no two that an eye or a hurried hand takes for each other.

The pump's own rule (pump.protocol.codes) holds for what is scanned at the bedside. The laptop is stricter here, where a
code can still be changed: more signs that look alike, marks between, a code that begins another, a bag's letter.
"""

from __future__ import annotations

import re

from pump.protocol import protocol as device
from pump.protocol.codes import can_show, folded
from pump.tables import refusals
from toleramp.protocol.reader import Reader, Table, brief

_HOUSE = re.compile(r"TLR-([A-Z])-.+", re.IGNORECASE)
_ALIKE = "O and 0, I, l and 1, S and 5, B and 8, Z and 2, W and VV, case, marks between"
_REMEDY = "each bag has its own code: it is what tells them apart"
_SEEN = str.maketrans({"S": "5", "B": "8", "Z": "2", "W": "VV"})


def as_seen(code: str) -> str:
    """A code as a tired eye sees it: the pump's folding, more signs that look alike, no marks between."""
    return _bare(folded(code.encode()).decode("ascii", "ignore")).translate(_SEEN)


def _bare(code: str) -> str:
    """Letters and digits alone, in capitals; of a code without any, its marks."""
    return re.sub(r"[^A-Z0-9]", "", code.upper()) or code


def _demand_shown(reader: Reader, text: str, where: str) -> None:
    if can_show(text.encode()) and text == " ".join(text.split()):
        return
    plain = " ".join(text.encode("ascii", "ignore").decode().split()) or "TLR-A-0001"
    remedy = f"write letters, digits and marks of ASCII, as {plain}, without a blank before, behind or doubled"
    raise reader.fail(f"code {brief(text)} is not one that the pump's screen can show", where, remedy)


def _what(text: str, other: str, first: int) -> str:
    """In which way two codes are alike; "" for codes that are not."""
    ends = (text[-device.CODE_SHOWN :], other[-device.CODE_SHOWN :])
    mine, theirs = as_seen(text), as_seen(other)
    if text == other:
        return f"code {brief(text)} is that of solution {first} too"
    if as_seen(ends[0]) == as_seen(ends[1]) and max(len(text), len(other)) > device.CODE_SHOWN:
        same = "are" if ends[0] == ends[1] else "look like"
        return f"the last {device.CODE_SHOWN} characters of code {brief(text)} {same} those of solution {first}"
    if mine == theirs:
        return f"code {brief(text)} looks like {brief(other)}, the code of solution {first} ({_ALIKE})"
    if _bare(text).startswith(_bare(other)) or _bare(other).startswith(_bare(text)):
        short, long = sorted((text, other), key=len)
        return f"code {brief(short)} is how code {brief(long)} begins (solution {first} and this one): too much alike"
    return ""


def _demand_letter(reader: Reader, table: Table, letters: dict[str, int], where: str) -> None:
    """A code of the house's form bears no other bag's letter: bags A and B exchanged is a hundredfold (PRO-6)."""
    found, own = _HOUSE.fullmatch(table["code"]), str(table.get("id"))
    letter = found[1].upper() if found else own
    if letter != own and letter in letters:
        what = f"code {table['code']} of bag {own} bears the letter of bag {letter} (solution {letters[letter]})"
        remedy = f"exchange the codes, or write TLR-{own}-... for bag {own}"
        raise reader.fail(what, where, remedy, refusals.DUPLICATE)


def demand_codes(reader: Reader, tables: list[Table]) -> None:
    """Every fault of the bags' codes is gathered, one a bag."""
    letters = {str(table.get("id")): number for number, table in enumerate(tables, 1)}
    before: list[tuple[int, str]] = []
    for number, table in enumerate(tables, 1):
        text, where = table.get("code"), f"solution {number}"
        if not isinstance(text, str):
            continue  # told elsewhere
        with reader.gather():
            _demand_shown(reader, text, where)
            alike = next((what for first, other in before if (what := _what(text, other, first))), "")
            before.append((number, text))
            if alike:
                raise reader.fail(alike, where, _REMEDY, refusals.DUPLICATE)
            _demand_letter(reader, table, letters, where)
