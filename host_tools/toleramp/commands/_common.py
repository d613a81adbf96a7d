"""What several commands share: --port, a pump that has said hello, protocols remembered by fingerprint."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp.device import ports

if TYPE_CHECKING:
    from toleramp.device.client import Pump

Record = dict[str, Any]


def add_port(parser: argparse.ArgumentParser) -> None:
    """Adds --port."""
    parser.add_argument("--port", help="the pump's serial port (else TOLERAMP_PORT, else the only pump there is)")


def connect(args: argparse.Namespace) -> "tuple[Pump, Record]":
    """The chosen pump, open and checked, and its HELLO_REPLY. UserError says what stands in the way."""
    from toleramp.device.client import Pump

    pump = Pump(ports.choose(args.port))
    try:
        return pump, pump.hello()
    except BaseException:
        pump.close()
        raise


def print_json(document: object) -> None:
    """The one document on standard output."""
    print(json.dumps(document, indent=2))


def say(text: str) -> None:
    """A message or progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def emphasis(text: str) -> str:
    """`text` in bold red on a terminal that may show colour; the words must suffice without it."""
    plain = os.environ.get("NO_COLOR") or not sys.stdout.isatty()
    return text if plain else f"\033[1;31m{text}\033[0m"


def _remembered(fingerprint: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "toleramp" / "protocols" / f"{fingerprint}.json"


def remember(table: Record) -> None:
    """Keeps a protocol's table under its fingerprint, so that `monitor` can name its bags and log it."""
    path = _remembered(table["fingerprint"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table))
    except OSError:
        pass  # a convenience; the load itself succeeded


def recall(fingerprint: str) -> Record | None:
    """The table of the protocol with this fingerprint, when this laptop loaded it; else None."""
    if not fingerprint.isalnum():
        return None
    try:
        table = json.loads(_remembered(fingerprint).read_text())
    except (OSError, ValueError):
        return None
    return table if isinstance(table, dict) and table.get("fingerprint") == fingerprint else None
