"""Reads a protocol file's TOML and checks its shape: sections, keys, kinds and bounds, each fault with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol.protocol import UNITS
from pump.tables import refusals
from toleramp.errors import UserError
from toleramp.protocol.keys import (
    BOUNDS,
    FORMAT,
    INFUSION,
    KEYS,
    ORAL,
    REPEATED,
    STEP,
    TEXT_BYTES,
    TEXT_BYTES_ELSE,
    WORDS,
    needed,
    senseless,
)
from toleramp.words import quoted, times, unit_keys
from toleramp.words.routes import BY_MOUTH, way_of

LARGEST_BYTES = 256 * 1024
_FINEST = -30  # decimal exponents below are no measurement
Table = dict[str, Any]


class Fault(UserError):
    """A fault of a file's content; `finding` is its row of pump.tables.refusals."""

    def __init__(self, what: str, where: str, remedy: str, finding: int = refusals.FORMAT) -> None:
        super().__init__(what, where, remedy)
        self.finding = finding


def bytes_of(path: Path) -> bytes:
    """The bytes of a regular file of at most LARGEST_BYTES. Raises UserError, one line for each thing it may be."""
    try:
        if path.is_dir():
            raise UserError("this is a folder, not a protocol file", str(path), "name a .toml file")
        if path.exists() and not path.is_file():
            raise UserError("not a file", str(path), "name a .toml file")
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError("too large for a protocol", str(path), "a protocol file has a few kilobytes")
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError("no such file", str(path), "name an existing protocol file") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "check the file's permissions") from None
    except ValueError:
        raise UserError("this is no file name", ascii(str(path)), "name an existing protocol file") from None


def read_toml(path: Path) -> Table:
    """The file's content with decimals kept exact. Raises UserError for all that is not a readable TOML file."""
    try:
        text = bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("not UTF-8 text", f"{path}, byte {error.start}", "save the file as UTF-8") from None
    if not text.strip():
        raise UserError("the file is empty", str(path), "`toleramp protocol new` writes one")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError, ArithmeticError) as error:
        where, remedy = _of_toml(str(error), text)
        raise UserError(f"not valid TOML: {error}", f"{path}{where}", remedy) from None


def _of_toml(error: str, text: str) -> tuple[str, str]:
    """(place, remedy) for what is no TOML: a number with a comma, a unit or no digit before its point has its own."""
    at, lines = re.search(r"at line (\d+)", error), text.splitlines()
    number = int(at[1]) if at else 0
    remedy = quoted.in_line(lines[number - 1]) if 0 < number <= len(lines) else ""
    return (f", line {number}", remedy) if remedy else ("", "mend that line")


def brief(value: Any) -> str:
    """A value as an error shows it, never a page of it."""
    try:
        text = value.isoformat() if isinstance(value, (date, time)) else repr(value)
        text = str(value) if isinstance(value, (Decimal, int)) else text
    except ValueError:  # an integer of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 40 else text[:37] + "..."


def when(value: Any) -> datetime | None:
    """A point in time of this age with its offset from UTC, None for anything else."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment if moment.utcoffset() is not None and 2000 <= moment.year < 2200 else None
    except (TypeError, ValueError):
        return None


_EXAMPLE = {
    "text": 'a text in "quotation marks"',
    "number": "a number; its unit is the one in the key",
    "whole": "a whole number; its unit is the one in the key",
    "flag": "true or false",
    "list": '["a", "list", "of texts"]',
    "time": 'a date with its time and offset, as "2026-11-22T08:00:00+01:00"',
    "zone": 'the time zone of the ward by its name, as "Europe/Berlin" (or "UTC")',
}


_KIND_WORDS = {"whole": "whole number", "zone": "time zone"}


def _is_kind(value: Any, kind: str) -> bool:
    if kind == "list":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "time":
        return when(value) is not None
    if kind == "zone":
        return times.zone(value) is not None
    wanted = {"text": str, "number": (Decimal, int), "whole": int, "flag": bool}[kind]
    return isinstance(value, wanted) and (kind == "flag" or not isinstance(value, bool))  # type: ignore[arg-type]


class Reader:
    """Walks one file's content and gathers its faults; `where` names each place in the words of the file."""

    def __init__(self, path: Path, content: Table) -> None:
        self.path = path
        self.content = content
        self.faults: list[UserError] = []
        self.spoilt: set[tuple[str, int]] = set()  # tables with a fault of shape
        head = content.get("protocol")
        self.oral = isinstance(head, dict) and head.get("class") == ORAL
        way = way_of(content)
        self.single = "a protocol by mouth" if way == BY_MOUTH else f"a protocol of single doses ({way})"
        self.unit = head.get("dose_unit", "mg") if isinstance(head, dict) else "mg"
        if self.unit not in UNITS:
            self.unit = "mg"  # what is wrong with it is told elsewhere

    def fail(self, what: str, where: str, remedy: str, finding: int = refusals.RANGE) -> Fault:
        """An error at a place of this file, with its row of refusals."""
        return Fault(what, f"{self.path}, {where}", remedy, finding)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """A fault in this block is kept, and the walk goes on."""
        try:
            yield
        except UserError as fault:
            self.faults.append(fault)

    def sound(self, section: str, number: int = 1) -> bool:
        """True when that table has every key it needs, of the right kind."""
        return (section, number) not in self.spoilt

    def check_sections(self) -> None:
        """Unknown sections and keys, missing keys and wrong kinds are faults, with the nearest right name."""
        if self.content.get(FORMAT) != 1 or isinstance(self.content[FORMAT], bool):
            self.faults.append(self.fail("format is missing or not 1", "line 1", "write: format = 1", refusals.FORMAT))
        for section in self.content:
            if section != FORMAT and section not in KEYS:
                self.faults.append(self.unknown(section, "top level", list(KEYS)))
        for section in KEYS:
            with self.gather():
                for number, table in enumerate(self.tables(section), 1):
                    self.check_table(section, number, table)

    def unknown(self, name: str, where: str, known: list[str], value: Any = None) -> UserError:
        """An unknown key, with what was probably meant; one in another unit with its value converted (PRO-6)."""
        printed = [key for key in known if key.startswith("printed_") and self.is_own(key)]
        united, near = unit_keys.other_unit(name, value, known), unit_keys.meant(name, known)
        if name.lower().startswith("printed") and printed and not unit_keys.taken_apart(name).quantity:
            remedy = (f"did you mean {near[0]}? " if near else "") + f"printed cells there: {', '.join(printed)}"
            return self.fail(f"unknown key {brief(name)[1:-1]}", where, remedy, refusals.UNKNOWN_KEY)
        if united:
            return self.fail(f"unknown key {brief(name)[1:-1]}", where, united, refusals.UNIT)
        remedy = f"did you mean {near[0]}?" if near else "known: " + ", ".join(known)
        return self.fail(f"unknown key {brief(name)[1:-1]}", where, remedy, refusals.UNKNOWN_KEY)

    def tables(self, section: str) -> list[Table]:
        """All tables of a section: one for a plain section, many for a repeated one; none for a plain one left out."""
        repeated = section in REPEATED
        wanted = any(required for _, required in KEYS[section].values())
        if section not in self.content and (repeated or (wanted and section != "protocol")):
            return []
        value = self.content.get(section, {})
        if not isinstance(value, list if repeated else dict) or (
            repeated and not all(isinstance(table, dict) for table in value)
        ):
            form = f"[[{section}]]" if repeated else f"[{section}]"
            raise self.fail(f"{section} is not a table", section, f"write {form}", refusals.FORMAT)
        return value if isinstance(value, list) else [value]

    def check_table(self, section: str, number: int, table: Table) -> None:
        """Every key of one table; whatever is wrong becomes a fault and marks the table as spoilt."""
        where = f"{section} {number}" if section in REPEATED else section
        before = len(self.faults)
        kind = table.get("kind", INFUSION) if section == STEP else INFUSION
        mixed = section == STEP and (kind == ORAL) != self.oral
        if mixed:
            self.faults.append(self.mixed(kind, where))
        without = () if mixed else senseless(section, kind, self.oral)
        for key, value in table.items():
            with self.gather():
                self.check_key(section, key, value, without, where)
        meant = tuple(key + "_" for key in table if key not in KEYS[section])  # told already: the unit is missing
        for key in () if mixed else needed(section, kind, self.oral):
            if key not in table and not any(key.startswith(stem) for stem in meant):
                self.faults.append(self.fail(f"{key} is missing", where, f"add {key} = ...", refusals.MISSING))
        if any(getattr(fault, "finding", None) != refusals.UNKNOWN_KEY for fault in self.faults[before:]):
            self.spoilt.add((section, number))  # an unknown key alone leaves the others as they are

    def check_key(self, section: str, key: str, value: Any, without: tuple[str, ...], where: str) -> None:
        """One key: known, at its place, its value of its kind and within its bounds."""
        keys = KEYS[section]
        if key not in keys:
            raise self.unknown(key, where, [name for name in keys if name not in without], value)
        if key in without:
            what = "this kind of step" if section == STEP else self.single if self.oral else "what is infused"
            remedy = 'write class = "wide-step"' if key == "wide_step" else "leave it out"
            raise self.fail(f"{key} does not go with {what}", where, remedy, refusals.UNKNOWN_KEY)
        self.check_unit(key, where)
        self.check_kind(value, keys[key][0], f"{where}, {key}", key)
        self.check_value(section, key, value, f"{where}, {key}")

    def is_own(self, key: str) -> bool:
        """False for a key of doses in the other unit than the protocol's."""
        return ("u" if self.unit == "mg" else "mg") not in key.split("_")

    def check_unit(self, key: str, where: str) -> None:
        """A printed dose is in the unit of the protocol; the other doses are seen to where they are read."""
        parts, own = key.split("_"), self.unit.lower()
        other = "u" if own == "mg" else "mg"
        if parts[0] == "printed" and other in parts:
            remedy = f"write {'_'.join(own if part == other else part for part in parts)} = ..."
            raise self.fail(f"{key} does not go with dose_unit {self.unit}", where, remedy, refusals.UNIT)

    def mixed(self, kind: Any, where: str) -> Fault:
        """A protocol is by mouth as a whole, or not at all."""
        if self.oral:
            what = f"a step of kind {brief(kind)} in {self.single}"
            return self.fail(what, where, 'write kind = "oral"', refusals.ORAL)
        return self.fail("a dose by mouth in a protocol that is infused", where, 'write class = "oral"', refusals.ORAL)

    def check_kind(self, value: Any, kind: str, where: str, key: str) -> None:
        """Text is text and a number is a finite one."""
        if kind in ("number", "whole") and isinstance(value, str):
            what = f"{brief(value)} is not a {_KIND_WORDS.get(kind, kind)} but a text"
            raise self.fail(what, where, quoted.instead(key, value), refusals.FORMAT)
        if not _is_kind(value, kind):
            name = _KIND_WORDS.get(kind, kind)
            raise self.fail(f"{brief(value)} is not a {name}", where, f"write {_EXAMPLE[kind]}", refusals.FORMAT)
        if kind in ("number", "whole"):
            number = value if isinstance(value, Decimal) else None
            finite = number is None or number.is_finite()
            if not finite or not 0 <= value < 10**16:
                raise self.fail(f"{brief(value)} is out of range", where, "write a number from 0 to below 1e16")
            if number is not None and int(number.as_tuple().exponent) < _FINEST:
                raise self.fail(f"{brief(value)} has more digits than can be held", where, "write fewer decimals")

    def check_value(self, section: str, key: str, value: Any, where: str) -> None:
        """Known words, lengths of texts, bounds of numbers."""
        words = WORDS.get((section, key))
        if words and value not in words:
            raise self.fail(f"{key} {brief(value)} is unknown", where, "one of " + ", ".join(words))
        if isinstance(value, str):
            longest = TEXT_BYTES.get((section, key), TEXT_BYTES_ELSE)
            if not value or len(value.encode()) > longest or not value.isprintable():
                raise self.fail("the text is empty, too long or unprintable", where, f"write 1 to {longest} characters")
        bounds = BOUNDS.get((section, key))
        if bounds and not bounds[0] <= value <= bounds[1]:
            slip = unit_keys.slip(key, Fraction(value), Fraction(bounds[0]), Fraction(bounds[1]))
            remedy = f"write {bounds[0]} to {bounds[1]}" + (f"; {slip}" if slip else "")
            raise self.fail(f"{brief(value)} is out of range", where, remedy)

    def exact(self, value: Decimal | int, scale: int, where: str, unit: str) -> int:
        """value * scale as an integer; more digits than the unit holds are refused, never rounded away."""
        exact = Fraction(value) * scale
        if exact.denominator != 1:
            raise self.fail(
                f"{brief(value)} has more digits than can be held", where, f"the finest is 1/{scale} {unit}"
            )
        return int(exact)
