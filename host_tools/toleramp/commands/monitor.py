"""watch the session: a live line, every event, and a log on demand"""

import argparse
import time
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser(
        "monitor",
        help="watch the session",
        description=(__doc__ or "").capitalize() + ". On a terminal, type pause or stop and Enter to send it.",
    )
    chosen.add_port(parser)
    parser.add_argument("--log", metavar="FILE.jsonl", help="append everything to this session log")
    parser.add_argument("--until", metavar="NAME", help="end when this state is reached or this event happens")
    parser.add_argument("--timeout-s", type=float, metavar="S", help="give up after so many seconds (exit code 1)")
    parser.add_argument("--json-lines", action="store_true", help="records of the log on standard output instead")
    parser.set_defaults(func=run)


def _check_until(name: str | None) -> None:
    import difflib

    from pump.tables import events, states
    from toleramp.errors import UserError

    known = states.NAMES + events.NAMES
    if name and name not in known:
        near = difflib.get_close_matches(name, known, 3)
        remedy = "did you mean " + " or ".join(near) + "?" if near else f"states are {', '.join(states.NAMES)}"
        raise UserError(f"no state or event is called {name!r}", "--until", remedy)


def run(args: argparse.Namespace) -> int:
    """Watches until --until, --timeout-s or Ctrl-C; a lost connection is waited out."""
    from contextlib import ExitStack

    from toleramp.live.face import Screen
    from toleramp.live.log_file import LogFile
    from toleramp.live.watch import Watch

    _check_until(args.until)
    pump, hello = chosen.connect(args)
    with ExitStack() as stack:
        stack.callback(pump.close)  # closing twice is no error
        screen = Screen(json_lines=args.json_lines)
        log = LogFile(args.log, screen.note)
        stack.callback(log.close)
        stack.callback(screen.finish)
        watch = Watch(pump, hello, screen, log, args.until)
        stack.callback(watch.close)
        deadline = time.monotonic() + args.timeout_s if args.timeout_s else None
        try:
            return watch.run(deadline) or int(log.stands is not None)
        except KeyboardInterrupt:
            screen.note("stopped watching; the pump goes on by itself")
            return terminal.INTERRUPTED
