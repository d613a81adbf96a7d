"""What is said to the simulator: the keys of the scenarios' `oximeter`, in lines and with times."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from toleramp import whole_files
from toleramp.errors import UserError
from toleramp_bench.devices.oximeter import most_pulse
from toleramp_bench.scenario.checks import Checks, Table
from toleramp_bench.scenario.oximeter_word import KEYS, demand_oximeter, with_trace

WORDS = {name: key for name, key in KEYS.items() if key.kind != "any"}
_BARE = {name for name, key in WORDS.items() if key.kind in ("flag", "amount")}  # a key alone is true
_TIME = re.compile(r"(?:(\d{1,3}):([0-5]?\d):)?(\d{1,6}(?:\.\d{1,3})?)", re.ASCII)
_LARGEST_BYTES = 256 * 1024
_REMEDY = "write for example spo2=88, off, off=false, ramp_to=88 ramp_s=5"


def read_words(text: str, source: str, folder: Path = Path()) -> Table:
    """The arguments of a line like `ramp_to=88 ramp_s=5`: checked as a scenario's are, traces read.

    `source` is named in errors; `folder` is where a trace's path begins. Raises UserError.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UserError(f"{text[:40]!r} cannot be read ({error})", source, _REMEDY) from None
    checks = Checks(Path(source))
    found: dict[str, Any] = {}
    for name, value in _pairs(words, checks):
        if name in found:
            raise checks.fail(f"{name} is said twice", name, "leave one out")
        found[name] = value
    return checked(found, source, folder)


def checked(found: Table, source: str, folder: Path = Path()) -> Table:
    """Arguments that fit: kinds, ranges, what goes together; the trace read. Raises UserError."""
    checks = Checks(Path(source))
    arguments = checks.table(found, WORDS, "")
    demand_oximeter(checks, arguments, "together")
    return with_trace(arguments, folder)


def demand_sayable(form: str, said: Table, source: str) -> str:
    """Raises UserError for a pulse that the format cannot say; returns the format from here on."""
    form = said.get("swap", form)
    most = most_pulse(form)
    if most is not None and said.get("pulse", 0) > most:
        remedy = f"write at most {most}, or take another format"
        raise UserError(f"{form} cannot say a pulse of {said['pulse']}", f"{source}, pulse", remedy)
    return form


def _pairs(words: list[str], checks: Checks) -> Iterator[tuple[str, Any]]:
    """Key and value of `key=value`, `key value`, or of a key alone."""
    rest = iter(words)
    before = ""
    for word in rest:
        name, equals, text = word.partition("=")
        if before in _BARE and name in ("on", "off"):
            raise checks.fail(f"{before} {name} is two things", "the line", f"write {before}, or {before}=false")
        if name not in WORDS:
            raise checks.unknown("word", name, "the line", WORDS)
        if not equals and name not in _BARE:
            text = next(rest, "")
        if not text and name not in _BARE:
            raise checks.fail(f"{name} without a value", "the line", _REMEDY)
        before = "" if equals else name
        yield name, value_of(text) if text or equals else True


def value_of(text: str) -> Any:
    """A number, true or false as such; anything else is text."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII) else Decimal(text)
    except InvalidOperation:
        return text


def read_script(path: Path, form: str) -> list[tuple[int, Table]]:
    """(ns since the start, arguments) of each line `TIME WORDS`; `#` begins a remark.

    TIME is in seconds, or hh:mm:ss, and goes never back; `form`: the oximeter's format at the start. Raises UserError
    for the first fault.
    """
    said: list[tuple[int, Table]] = []
    for number, line in enumerate(_lines(path), 1):
        time, _, rest = line.partition("#")[0].strip().partition(" ")
        if not time:
            continue
        where = f"{path}, line {number}"
        said.append((_ns(time, where), read_words(rest, where, path.parent)))
        if not said[-1][1]:
            raise UserError("nothing is said after the time", where, _REMEDY)
        if len(said) > 1 and said[-1][0] < said[-2][0]:
            raise UserError(f"{time} is before the time of the line above", where, "write the lines in order of time")
        form = demand_sayable(form, said[-1][1], where)
    return said


def _lines(path: Path) -> list[str]:
    """The lines of a script."""
    whole_files.demand_end(path)
    try:
        if path.is_file() and path.stat().st_size > _LARGEST_BYTES:
            raise UserError("too large for a script", str(path), f"at most {_LARGEST_BYTES // 1024} KB")
        return path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UserError("this is no text", str(path), "write lines like: 12.5 spo2=88") from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", str(path), "name a script file") from None


def _ns(text: str, where: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None or (match[1] and Decimal(match[3]) >= 60):
        raise UserError(f"{text[:20]!r} is no time", where, "write seconds, 12.5, or hh:mm:ss")
    hours, minutes = int(match[1] or 0), int(match[2] or 0)
    return (hours * 3600 + minutes * 60) * 10**9 + int(Decimal(match[3]) * 10**9)
