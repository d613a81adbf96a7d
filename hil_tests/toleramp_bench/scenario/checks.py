"""The shape of a scenario file: its bytes, its TOML, and each key's kind and range. The first fault is raised."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from toleramp.errors import UserError
from toleramp.protocol.reader import brief
from toleramp_bench.scenario.words import Key

LARGEST_BYTES = 256 * 1024
_FINEST = -12  # decimal exponents below are no measurement
_MOST = 10**16
_LISTED = 12  # so many names are listed in an error
_TIME = re.compile(r"(\d{2,3}):([0-5]\d):([0-5]\d)(?:\.(\d{3}))?", re.ASCII)
Table = dict[str, Any]

_FORMS = {
    "text": 'a text in "quotation marks"',
    "number": "a number without unit or quotation marks",
    "whole": "a whole number without unit or quotation marks",
    "flag": "true or false",
    "amount": "true, false or a number",
    "texts": 'a text or a list of texts, ["a", "b"]',
    "time": 'a time "hh:mm:ss" or "hh:mm:ss.mmm" in quotation marks',
}


def read_text(path: Path) -> str:
    """The file's text. Raises UserError for all that is not a readable text file of a sensible size."""
    try:
        data = _bytes_of(path)
    except FileNotFoundError:
        raise UserError("no such file", str(path), "name an existing scenario file") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "check name and permissions") from None
    except ValueError:
        raise UserError("this is no file name", ascii(str(path)), "name an existing scenario file") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("not UTF-8 text", f"{path}, byte {error.start}", "save the file as UTF-8") from None
    if not text.strip():
        raise UserError("the file is empty", str(path), "write format = 1, name, protocol, [[event]], [[expect]]")
    return text


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise UserError("this is a folder, not a scenario file", str(path), "name a .toml file")
    if path.exists() and not path.is_file():
        raise UserError("not a file", str(path), "name a .toml file")
    if path.stat().st_size > LARGEST_BYTES:
        raise UserError("too large for a scenario", str(path), f"at most {LARGEST_BYTES // 1024} KB")
    return path.read_bytes()


def parse(text: str, path: Path) -> Table:
    """The TOML with decimals kept exact. Raises UserError."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError, ArithmeticError) as error:
        raise UserError(f"not valid TOML: {error}", str(path), "mend that line") from None


def listed(names: Iterable[str]) -> str:
    """Names for an error, not more than can be read."""
    every = list(names)
    return ", ".join(every[:_LISTED]) + (f" and {len(every) - _LISTED} more" if len(every) > _LISTED else "")


class Checks:
    """What one file's content is checked with; `where` is a place in the words of the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, what: str, where: str, remedy: str) -> UserError:
        """An error at a place of this file."""
        return UserError(what, f"{self.path}, {where}", remedy)

    def unknown(self, what: str, name: Any, where: str, known: Iterable[str]) -> UserError:
        """An unknown name, with what was probably meant."""
        names = list(known)
        shown = brief(name)
        near = difflib.get_close_matches(name[:200], names, 1) if isinstance(name, str) else []
        remedy = f"did you mean {near[0]}?" if near else "known: " + listed(names) if names else "leave it out"
        return self.fail(f"{what} {shown} is unknown", where, remedy)

    def table(self, value: Any, keys: dict[str, Key], where: str) -> Table:
        """A table with these keys only: values checked, times in ms, defaults filled in."""
        if not isinstance(value, dict):
            raise self.fail(f"{brief(value)} is not a table", where, f"write [{where}] and its keys below")
        for name in value:
            if name not in keys:
                raise self.unknown("key", name, where or "top level", keys)
        filled: Table = {}
        for name, key in keys.items():
            place = f"{where}, {name}" if where else name
            if name in value:
                filled[name] = self.value(value[name], key, place)
            elif key.required:
                raise self.fail(f"{name} is missing", where or "top level", f"add {name} = ...")
            elif key.default is not None:
                filled[name] = key.default
        return filled

    def tables(self, value: Any, name: str) -> list[Table]:
        """A list of tables, [[name]]."""
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fail(f"{name} is not a list of tables", name, f"write [[{name}]] above each")
        return value

    # -- one value

    def value(self, value: Any, key: Key, where: str) -> Any:
        """A value of its kind and range; a time as milliseconds, `texts` as a tuple."""
        if key.kind == "any":
            return value
        if key.kind == "time":
            return self._time(value, where)
        if key.kind == "texts":
            return self._texts(value, key, where)
        if not _is_kind(value, key.kind):
            raise self.fail(f"{brief(value)} does not fit", where, f"write {_FORMS[key.kind]}")
        if isinstance(value, str):
            self._text(value, key, where)
        elif not isinstance(value, bool):
            self._number(value, key, where)
        return value

    def _time(self, value: Any, where: str) -> int:
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.fail(f"{brief(value)} is no time", where, f"write {_FORMS['time']}")
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
        return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(match[4] or 0)

    def _texts(self, value: Any, key: Key, where: str) -> tuple[str, ...]:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
            raise self.fail(f"{brief(value)} does not fit", where, f"write {_FORMS['texts']}")
        for item in items:
            self._text(item, key, where)
        return tuple(items)

    def _text(self, value: str, key: Key, where: str) -> None:
        if key.choices and value not in key.choices:
            raise self.unknown(where.rpartition(", ")[2], value, where, key.choices)
        if not value.strip() or len(value) > key.longest or not value.isprintable():
            raise self.fail("the text is empty, too long or unprintable", where, f"write 1 to {key.longest} characters")

    def _number(self, value: int | Decimal, key: Key, where: str) -> None:
        if not measured(value):
            raise self.fail(f"{brief(value)} is out of range", where, "write a number with at most 12 decimals")
        low, high = key.low, key.high
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"write {low} to {high}" if high is not None else f"write {low} or more"
            raise self.fail(f"{brief(value)} is out of range", where, bounds)


def measured(value: int | Decimal) -> bool:
    """True for a finite number that a measurement could give: neither huge nor with endless decimals."""
    if isinstance(value, Decimal) and (not value.is_finite() or int(value.as_tuple().exponent) < _FINEST):
        return False
    return -_MOST < value < _MOST


def is_number(value: Any) -> bool:
    """True for an int or Decimal (true and false are none)."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_kind(value: Any, kind: str) -> bool:
    if kind == "text":
        return isinstance(value, str)
    if kind == "flag":
        return isinstance(value, bool)
    if kind == "amount":
        return isinstance(value, bool) or is_number(value)
    return is_number(value) and (kind == "number" or isinstance(value, int))
