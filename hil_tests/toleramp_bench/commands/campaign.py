"""run many drawn sessions on the bench and judge each: patients, people, faults"""

import argparse
import atexit
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.errors import UserError

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser(
        "campaign",
        help="run many drawn sessions",
        description="Runs whole sessions with drawn patients, people and faults on the pure core, and judges each by "
        "what was measured at motor and vein. Goes on where an earlier call ended. Exit 0: no findings, 1: findings, "
        "or Ctrl-C ended it before all sessions were there, 2: bad input.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a campaign (.toml)")
    parser.add_argument("--sessions", type=_whole(1), metavar="N", help="how many, those that are there included")
    parser.add_argument("--session", type=_whole(1), metavar="K", help="session K alone, as a finding names it")
    parser.add_argument("--scheduler", default="local", help="local, or dask://HOST:PORT (default: local)")
    parser.add_argument(
        "--jobs", type=_whole(1, 512), metavar="J", help="processes of a local run (default: all cores)"
    )
    parser.add_argument("--seed", type=_whole(0), help="seed of all draws (default: the file's, else 1)")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where it goes (default: build/campaigns/FILE's name)"
    )
    parser.add_argument("--renew", action="store_true", help="drop what the folder holds of another file, seed or code")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(func=run)


def _whole(low: int, high: int = 10**18) -> Any:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not low <= int(text) <= high:
            most = f" to {high}" if high < 10**18 else ""
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {low}{most}")
        return int(text)

    return read


def run(args: argparse.Namespace) -> int:
    """Runs them all, or one again."""
    atexit.register(_end_tracker)  # before multiprocessing is imported, whose own clean-up then comes first
    from toleramp_bench.campaign import control

    if args.session and not args.sessions:
        return _alone(control.one(args.file, args.seed, args.session), args.json)
    if args.session or not args.sessions:
        raise UserError("one of --sessions and --session is needed", "toleramp campaign", "write --sessions 100")
    sessions = control.check_sessions(args.sessions)
    options = control.Options(
        args.file, sessions, args.scheduler, args.seed, args.out, args.jobs or 0, args.renew
    )  # fmt: skip
    outcome = control.run(options, terminal.say)
    if args.json:
        terminal.print_json(outcome.document)
    else:
        print(control.words(outcome))
    return 1 if outcome.broken_off or outcome.document["findings"]["sessions"] else 0


def _end_tracker() -> None:
    """Ends the helper that Python starts beside its worker processes, and waits for it.

    Before 3.13 it outlives this process by a moment and stays defunct where nobody reaps orphans.
    """
    from multiprocessing import active_children, resource_tracker

    end = getattr(getattr(resource_tracker, "_resource_tracker", None), "_stop", None)
    if end and not active_children():  # a worker holds its pipe open: the wait would not end
        with suppress(OSError):
            end()


def _alone(line: dict[str, Any], as_json: bool) -> int:
    if as_json:
        terminal.print_json(line)
    else:
        for key, value in line.items():
            if key != "findings":
                print(f"{key}: {value if isinstance(value, (int, float, str)) else json.dumps(value)}")
        for finding in line["findings"]:
            print(f"finding: {finding['invariant']} at {finding['at_s']} s: {finding['text']}")
        print("no findings" if not line["findings"] else f"{len(line['findings'])} finding(s)")
    return 1 if line["findings"] else 0
