"""Whose key a command signs with: --key, else TOLERAMP_KEY, else the key in the user's configuration."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toleramp.approval.key_files import Person
    from toleramp.device.client import Pump

VARIABLE = "TOLERAMP_KEY"
BENCH_MODE = 1  # field `mode` of HELLO_REPLY


def usual_place() -> Path:
    """Where a person's key lies when nothing names another file."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "toleramp" / "my.key"


def add_key(parser: argparse.ArgumentParser) -> None:
    """Adds --key."""
    place = "~/.config/toleramp/my.key"
    text = f"your key file (else {VARIABLE}, else {place}); in bench mode none is needed, and only --key is used"
    parser.add_argument("--key", type=Path, metavar="FILE", help=text)


def chosen(named: Path | None, bench_mode: bool) -> Person | None:
    """The person whose key it is; None: none is named, or needed. UserError for a file that is none."""
    from toleramp.approval.key_files import read_person

    path = named
    if not path and not bench_mode:
        said = os.environ.get(VARIABLE)
        usual = usual_place()
        path = Path(said) if said else usual if usual.exists() else None
    return read_person(path) if path else None


def use(args: argparse.Namespace, pump: Pump, hello: dict[str, Any]) -> None:
    """What the pump is asked from now on is signed with the chosen key."""
    person = chosen(args.key, hello["mode"] == BENCH_MODE)
    if person:
        pump.sign_as(person)
