"""read, check and show protocol files"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from toleramp.protocol.verbs import VERBS


def add_parser(subparsers: Any) -> None:
    """Adds `protocol` with its verbs."""
    parser = subparsers.add_parser("protocol", help="read, check and show protocol files")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb in VERBS:
        import_module(f"toleramp.protocol.verbs.{verb}").add_parser(verbs)
