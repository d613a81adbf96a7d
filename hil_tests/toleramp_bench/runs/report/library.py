"""The library of scenario files and the requirements, as far as a report needs them."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from toleramp.errors import UserError
from toleramp_bench.places import ROOT
from toleramp_bench.runs.report.read import texts
from toleramp_bench.scenario.model import TARGETS

LIBRARY = ROOT / "hil_tests" / "scenarios"
REQUIREMENTS = ROOT / "hil_tests" / "requirements"
HAZARDS = "HAZ-"


@dataclass(frozen=True)
class File:
    """A scenario file: its name, the requirements that it shows, its targets; `fault` says why it cannot be read."""

    stem: str
    name: str
    shows: tuple[str, ...] = ()
    targets: tuple[str, ...] = TARGETS
    digest: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Requirement:
    """An item: its words; status open or active; `note` says what is missing, or how far it is shown."""

    id: str
    text: str
    status: str
    note: str


# -- scenarios


def read_library(folder: Path) -> list[File]:
    """Every scenario file of the folder. UserError where there is none."""
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        raise UserError("no scenario in this folder", str(folder), "name the library with --library")
    return [_file(path) for path in files]


def _file(path: Path) -> File:
    try:
        data = path.read_bytes()
        content = tomllib.loads(data.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return File(path.stem, path.stem, fault=f"cannot be read ({error})")
    name = content.get("name")
    shows, targets = tuple(texts(content.get("shows"))), tuple(texts(content.get("targets"))) or TARGETS
    text = name if isinstance(name, str) else path.stem
    return File(path.stem, text, shows, targets, hashlib.sha256(data).hexdigest())


# -- requirements


def read_requirements(folder: Path) -> dict[str, Requirement]:
    """Every item of doorstop's folders by its id, in order, hazards last. UserError where there is none."""
    paths = [path for path in folder.glob("*/*.yml") if not path.name.startswith(".")]
    if not paths:
        raise UserError("no requirements in this folder", str(folder), "name the folder with --requirements")
    items = [_requirement(path) for path in sorted(paths, key=lambda path: id_order(path.stem))]
    return {item.id: item for item in items}


def id_order(uid: str) -> tuple[bool, str, int, str]:
    """Sorts FLO-9 before FLO-10, and hazards last."""
    prefix, _, number = uid.rpartition("-")
    return uid.startswith(HAZARDS), prefix, int(number) if number.isdecimal() else 0, uid


def _requirement(path: Path) -> Requirement:
    try:
        fields = yaml_texts(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read ({error})", str(path), "see hil_tests/requirements/README.md") from None
    return Requirement(path.stem, *(fields.get(key, "") for key in ("text", "status", "note")))


def yaml_texts(text: str) -> dict[str, str]:
    """The texts of a flat YAML document as doorstop writes it, white space folded; lists and tables are left out.

    The tools need no YAML reader for anything else.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        key = re.match(r"([a-z_]+):(?:\s+(.*))?$", line)
        if key:
            lines = found[key[1]] = [key[2] or ""]
        elif line.startswith("- "):
            lines.clear()
        else:
            lines.append(line)
    return {key: _text(value) for key, value in found.items()}


def _text(lines: list[str]) -> str:
    head = lines[0] if lines else ""
    if re.fullmatch(r"[|>][+-]?", head):
        return " ".join(" ".join(lines[1:]).split())
    text = " ".join(" ".join(lines).split())
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text
