"""run scenarios on the bench: the pure core, MicroPython for Unix, the emulated board or a rig"""

import argparse
import atexit
import json
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.errors import UserError
from toleramp_bench.interrupts import PRESSED
from toleramp_bench.scenario.model import TARGETS

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Iterator

Document = dict[str, Any]
SAME_INTERRUPT_S = 3.0


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describes the command."""
    parser = subparsers.add_parser("scenario", help="run scenarios on the bench")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run_parser = verbs.add_parser(
        "run",
        help="run a scenario and check its expectations",
        description="Runs each scenario on each target and checks its expectations. Exit 0: all met, and no difference "
        "between the targets; 1: one was missed, or a scenario uses what the pump cannot do yet, or Ctrl-C ended it; "
        "2: bad input.",
    )
    run_parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a scenario (.toml), or a folder")
    run_parser.add_argument("--target", default="core", help=f"one of {', '.join(TARGETS)}, or several with commas")
    run_parser.add_argument("--seed", type=_seed, help="seed of all random draws (default: the file's, else 1)")
    run_parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the evidence goes (build/scenarios)")
    _add_plots(run_parser)
    run_parser.add_argument("--no-evidence", action="store_true", help="leave no folder behind")
    run_parser.add_argument("--pump-port", help="target rig: the pump's serial port (default: an emulated pair)")
    run_parser.add_argument("--rig-port", help="target rig: the rig board's serial port")
    run_parser.add_argument("--json", action="store_true", help="one JSON document, a list when there are several runs")
    run_parser.set_defaults(func=run)


def _add_plots(parser: argparse.ArgumentParser) -> None:
    plots = parser.add_mutually_exclusive_group()
    plots.add_argument("--plots", action="store_true", help="draw plots, even of a run that Ctrl-C ended")
    plots.add_argument("--no-plots", action="store_true", help="draw none: saves 0.3 s a run")


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


def _demand_ports_used(args: argparse.Namespace, targets: list[str]) -> None:
    """A port that nobody opens is a mistake: its owner believes that the real pump was tested."""
    for option in ("--pump-port", "--rig-port"):
        if getattr(args, option[2:].replace("-", "_")) and "rig" not in targets:
            raise UserError("only the target rig has ports", option, "write --target rig, or leave the port out")


def run(args: argparse.Namespace) -> int:
    """Runs them all; a failure does not end the rest, a broken bench does. What was finished is printed anyhow."""
    from toleramp_bench.runs import command

    targets = _targets(args.target)
    _demand_ports_used(args, targets)
    files = command.scenario_files(args.files)
    with _first_interrupt():
        return _report(args, command.run_all(files, targets, args, _say(args)), len(files) * len(targets))


def _report(args: argparse.Namespace, runs: "Iterator[Document]", asked: int) -> int:
    done: list[Document] = []
    try:
        whole = _gather(runs, done)
    except Exception:  # its line follows on standard error
        if done:
            _print(args, done, asked)
        raise
    _print(args, done, asked)
    return 0 if whole and all(document["passed"] and not document.get("differences") for document in done) else 1


class _OnePress:
    """A handler for which all that comes within SAME_INTERRUPT_S of a Ctrl-C is that Ctrl-C: people press it twice, and
    `timeout -s INT` sends two. Somebody who goes on pressing still gets out.
    """

    def __init__(self) -> None:
        self._first_s = -SAME_INTERRUPT_S
        self.pressed = False
        self.runs = True  # what is to be ended; afterwards it is Python's own answer that is asked for

    def __call__(self, number: int, frame: Any) -> None:
        if time.monotonic() - self._first_s < SAME_INTERRUPT_S:
            return
        self._first_s, self.pressed = time.monotonic(), True
        if self.runs:
            PRESSED.come()
        signal.default_int_handler(number, frame)


@contextmanager
def _first_interrupt() -> "Iterator[None]":
    """Only the first Ctrl-C of some seconds counts, so that what it leaves is written. That holds to the process's end,
    which a run that was interrupted may reach before the second one comes.
    """
    before = signal.getsignal(signal.SIGINT)
    mine = before is signal.default_int_handler or isinstance(before, _OnePress)
    if not mine or current_thread() is not main_thread():
        yield
        return
    handler = _OnePress()
    signal.signal(signal.SIGINT, handler)
    PRESSED.answered()
    try:
        yield
    finally:
        PRESSED.answered()
        handler.runs = False
        if handler.pressed:  # Python gives its own handler back before it ends: a late one would be the end by a signal
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        else:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _gather(runs: "Iterator[Document]", done: list[Document]) -> bool:
    """Takes what comes into `done`; False after a Ctrl-C."""
    try:
        for document in runs:
            done.append(document)
    except KeyboardInterrupt:  # between runs, or while one is written
        pass
    else:
        if not done or not done[-1].get("interrupted"):
            return True
    terminal.say(f"interrupted; {sum(not document.get('interrupted') for document in done)} run(s) are complete")
    return False


def _print(args: argparse.Namespace, done: list[Document], asked: int) -> None:
    """The JSON document: of the run, or a list when several runs were asked for, however many came to their end."""
    if args.json:
        print(json.dumps(done[0] if done and asked == 1 else done, indent=1))


def _say(args: argparse.Namespace) -> Any:
    def say(text: str) -> None:
        print(text, file=sys.stderr if args.json else sys.stdout, flush=True)

    return say
