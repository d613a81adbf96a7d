"""run scenarios on the bench: the pure core, MicroPython for Unix, the emulated board or a rig"""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp.commands import _common
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

TARGETS = ("core", "unix", "rp2040", "rig")


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("scenario", help="run scenarios on the bench")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run_parser = verbs.add_parser(
        "run",
        help="run a scenario and check its expectations",
        description="Runs each scenario on each target and checks its expectations. Exit 0: all met, and no difference "
        "between the targets; 1: one was missed, or a scenario uses what the pump cannot do yet; 2: bad input.",
    )
    run_parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a scenario (.toml), or a folder")
    run_parser.add_argument("--target", default="core", help=f"one of {', '.join(TARGETS)}, or several with commas")
    run_parser.add_argument("--seed", type=_seed, help="seed of all random draws (default: the file's, else 1)")
    run_parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the evidence goes (build/scenarios)")
    run_parser.add_argument("--plots", action="store_true", help="draw plots into the evidence")
    run_parser.add_argument("--no-evidence", action="store_true", help="leave no folder behind")
    run_parser.add_argument("--pump-port", help="target rig: the pump's serial port (default: an emulated pair)")
    run_parser.add_argument("--rig-port", help="target rig: the rig board's serial port")
    run_parser.add_argument("--json", action="store_true", help="one JSON document, a list when there are several runs")
    run_parser.set_defaults(func=run)


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from 0")
    return int(text)


def _targets(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in TARGETS:
            raise UserError(f"no target is called {name!r}", "--target", "one of " + ", ".join(TARGETS))
    return names


def _files(paths: list[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            raise UserError("no scenario in this folder", str(path), "name a .toml file")
        found += inside
    return found


def run(args: argparse.Namespace) -> int:
    """Runs them all; a failure does not end the rest, a broken bench does."""
    try:
        from toleramp_bench.scenario import command
    except ImportError as error:
        raise UserError(f"the bench is not installed ({error})", remedy="run: make setup") from None
    documents: list[dict[str, Any]] = []
    good = True
    try:
        for document in command.run_all(_files(args.files), _targets(args.target), args, _say(args)):
            documents.append(document)
            good = good and bool(document["passed"]) and not document.get("differences")
    except KeyboardInterrupt:
        good = False
        _common.say(f"interrupted; {len(documents)} run(s) are complete")
    if args.json:
        print(json.dumps(documents[0] if len(documents) == 1 else documents, indent=1))
    return 0 if good else 1


def _say(args: argparse.Namespace) -> Any:
    def say(text: str) -> None:
        print(text, file=sys.stderr if args.json else sys.stdout, flush=True)

    return say
