"""What `toleramp report FOLDER` makes of scenarios' evidence, and the options that only it has."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPTIONS = ("library", "requirements")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what a session log has not."""
    parser.add_argument("--library", type=Path, metavar="DIR", help="of evidence: all scenario files there are")
    parser.add_argument("--requirements", type=Path, metavar="DIR", help="of evidence: the requirements' items")


@dataclass
class Made:
    """A report: whether all is good, its page, its JSON document."""

    good: bool
    html: Callable[[], str]
    summary: Callable[[], dict[str, Any]]


def report(args: argparse.Namespace) -> Made:
    """The report on the folders `args.paths`; UserError where there is no evidence in one."""
    from toleramp_bench.runs import report as tools

    runs = tools.read_runs(args.paths)
    made = tools.build(runs, args.library or tools.LIBRARY, args.requirements or tools.REQUIREMENTS)
    return Made(made.good, lambda: tools.html(made), lambda: tools.summary(made))
