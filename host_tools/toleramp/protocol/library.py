"""A ward's drug library: soft and hard limits for each drug (TOML). A hard limit refuses; a soft one wants a reason.

    format = 1
    [library]
    name = "Infusion centre, 2026-11"
    [[drug]]
    name = "carboplatin"
    also = ["CBDCA"]
    [drug.soft]
    rate_max_ml_h = 80
    [drug.hard]
    rate_max_ml_h = 120

The reason stands in the protocol file, in a [[reason]] with `limit` and `text`, where both people sign it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp.protocol.library_limits import LIMITS, other_bound
from toleramp.protocol.reader import brief, read_toml
from toleramp.words import unit_keys

Table = dict[str, Any]
SMALLEST = (  # lines of a file, with a stroke between
    'name a drug library; the smallest has five lines: format = 1 / [library] / name = "Ward 4" / [[drug]] /'
    ' name = "carboplatin"; limits follow under [drug.soft] and [drug.hard]'
)
SOFT, HARD = "soft", "hard"
_KEYS = {"": ("format", "library", "drug"), "library": ("name",), "drug": ("name", "also", SOFT, HARD)}


@dataclass(frozen=True)
class Drug:
    """A drug's names and its limits: soft and hard, by key."""

    names: tuple[str, ...]
    soft: dict[str, Fraction] = field(default_factory=dict)
    hard: dict[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Library:
    """The library of a ward."""

    name: str
    drugs: tuple[Drug, ...]

    def drug(self, name: str) -> Drug | None:
        """The drug of this name, capital and small letters alike."""
        wanted = name.strip().casefold()
        return next((drug for drug in self.drugs if wanted in map(str.casefold, drug.names)), None)


class _Reader:
    """Reads one library's content; every fault is a UserError with its place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, what: str, where: str, remedy: str) -> UserError:
        return UserError(what, f"{self.path}, {where}", remedy)

    def keys(self, table: Any, known: tuple[str, ...] | list[str], where: str) -> Table:
        """The table, with keys that are known."""
        if not isinstance(table, dict):
            raise self.fail(f"{brief(table)} is not a table", where, "write it under a header in brackets")
        for key, value in table.items():
            if key not in known:
                near = unit_keys.meant(key, known)
                meant = f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)
                remedy = unit_keys.other_unit(key, value, known) or meant
                raise self.fail(f"unknown key {brief(key)[1:-1]}", where, remedy)
        return table

    def text(self, value: Any, where: str) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > 60:
            raise self.fail(f"{brief(value)} is no name", where, "write 1 to 60 characters in quotation marks")
        return value.strip()

    def limits(self, table: Table, kind: str, where: str) -> dict[str, Fraction]:
        """The limits of one kind: numbers above zero, the least not above the greatest."""
        found: dict[str, Fraction] = {}
        for key, value in self.keys(table.get(kind, {}), list(LIMITS), f"{where}, {kind}").items():
            number = isinstance(value, Decimal | int) and not isinstance(value, bool)
            if not number or not Decimal(value).is_finite() or not 0 < value <= 10**9:
                remedy = "write a number above zero; the unit is in the key"
                raise self.fail(f"{key} {brief(value)} is no limit", f"{where}, {kind}", remedy)
            found[key] = Fraction(value)
        for key, limit in found.items():
            other = found.get(other_bound(key))
            if other is not None and LIMITS[key].least and limit > other:
                raise self.fail(f"{key} is above {other_bound(key)}", f"{where}, {kind}", "exchange them, or mend one")
        return found

    def drug(self, table: Any, number: int) -> Drug:
        where = f"drug {number}"
        self.keys(table, _KEYS["drug"], where)
        also = table.get("also", [])
        if not isinstance(also, list):
            raise self.fail("also is no list", where, 'write also = ["another name"]')
        names = (self.text(table.get("name"), f"{where}, name"), *(self.text(name, f"{where}, also") for name in also))
        drug = Drug(names, self.limits(table, SOFT, where), self.limits(table, HARD, where))
        self.demand_order(drug, where)
        return drug

    def demand_order(self, drug: Drug, where: str) -> None:
        """A soft limit lies within the hard one."""
        for key, soft in drug.soft.items():
            hard = drug.hard.get(key)
            if hard is not None and (soft < hard if LIMITS[key].least else soft > hard):
                what = f"the soft {key} lies beyond the hard one, so it would never be asked about"
                raise self.fail(what, where, "write the soft limit within the hard one")


def _content(path: Path) -> Table:
    """The TOML of a library. Raises UserError, which shows the smallest file that is one where there is none."""
    try:
        return read_toml(path)
    except UserError as error:
        what = error.what.replace(", not a protocol file", ", not a drug library").replace(
            "a protocol", "a drug library"
        )
        empty = "protocol" in error.remedy
        raise UserError(what, error.where, SMALLEST if empty else error.remedy) from None


def read_library(path: Path) -> Library:
    """The library in a file. Raises UserError for the first thing that is wrong with it."""
    reader, content = _Reader(path), _content(path)
    reader.keys(content, _KEYS[""], "top level")
    if content.get("format") != 1 or isinstance(content["format"], bool):
        raise reader.fail("format is missing or not 1", "line 1", "write: format = 1")
    head = reader.keys(content.get("library", {}), _KEYS["library"], "library")
    tables = content.get("drug", [])
    if not isinstance(tables, list) or not tables:
        raise reader.fail(
            "there is no drug", "drug", f"write a [[drug]] for each, with its name and limits; or {SMALLEST}"
        )
    drugs = tuple(reader.drug(table, number) for number, table in enumerate(tables, 1))
    seen: set[str] = set()
    for number, drug in enumerate(drugs, 1):
        for name in map(str.casefold, drug.names):
            if name in seen:
                raise reader.fail(f"the name {name!r} stands twice", f"drug {number}", "each drug has its own names")
            seen.add(name)
    return Library(reader.text(head.get("name"), "library, name"), drugs)


def kept_path() -> Path:
    """Where this laptop keeps the ward's library; TOLERAMP_LIBRARY names another file."""
    named = os.environ.get("TOLERAMP_LIBRARY")
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(named) if named else Path(base) / "toleramp" / "library.toml"


def kept_library() -> Library | None:
    """The library that this laptop keeps; None where there is none. UserError for one that cannot be read."""
    path = kept_path()
    return read_library(path) if path.exists() or os.environ.get("TOLERAMP_LIBRARY") else None
