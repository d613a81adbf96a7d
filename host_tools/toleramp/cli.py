"""The command line: finds a command's module by its name, imports only that one, says errors in one line.

Commands are the modules of `toleramp.commands`, and those that other packages register (`toleramp.plugins`).

Exit codes: 0 success, 1 the answer is "no", 2 the input cannot be used or something failed. A command that Ctrl-C ends
without a result exits with 130, as shells have it; one whose partial result is usable (scenario run, campaign) says so
and exits with 1: not all that was asked for is there.
"""

import argparse
import ast
import difflib
import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from toleramp import __version__, plugins, terminal
from toleramp.errors import UserError, one_line

FAILED = 2
_COMMANDS = Path(__file__).parent / "commands"


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises UserError instead of printing the usage; with what was probably meant, where a word is unknown."""
        unknown = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        near = difflib.get_close_matches(unknown[1], re.findall(r"[\w.-]+", unknown[2]), 1) if unknown else []
        remedy = f"did you mean {near[0]}?" if near else f"see `{self.prog} --help`"
        raise UserError(message, self.prog, remedy)


def _own() -> dict[str, Path]:
    """The tool's own commands and their files: the modules of `toleramp.commands`."""
    return {path.stem: path for path in sorted(_COMMANDS.glob("*.py")) if not path.stem.startswith("_")}


def commands() -> dict[str, Path | None]:
    """Every command and its file: the tool's own, then what other packages register; None: its file is not there."""
    added = plugins.registered(plugins.COMMANDS)
    return {name: plugins.source(entry) for name, entry in added.items()} | _own()


def _module(name: str) -> Any:
    """The command's module. UserError for one that is registered and not there."""
    if name in _own():
        return import_module(f"toleramp.commands.{name}")
    return plugins.load(plugins.registered(plugins.COMMANDS)[name])


def _help(name: str, path: Path | None) -> str:
    """The first line of the module's docstring, read without importing it."""
    if path is None:
        return f"(not installed; {plugins.SETUP})"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    line = text.partition("\n")[0].rstrip(".").removeprefix(f"`toleramp {name}`: ")
    return line.replace("%", "%%")


def _parser(wanted: str | None) -> Parser:
    """The parser, with the whole of the wanted command, or with every command's help line."""
    parser = Parser(prog="toleramp", description="Prepares, loads, watches and reports on desensitization sessions.")
    parser.add_argument("--version", action="version", version=f"toleramp {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    if wanted:
        _module(wanted).add_parser(subparsers)
    else:
        for name, path in sorted(commands().items()):
            subparsers.add_parser(name, help=_help(name, path))
    return parser


def _wanted(argv: list[str]) -> str | None:
    """The command that is asked for; UserError for one that does not exist."""
    name = argv[0] if argv and not argv[0].startswith("-") else None
    if name is None or name in _own():
        return name
    added, known = plugins.registered(plugins.COMMANDS), sorted(commands())
    if name in added:
        return name
    near = difflib.get_close_matches(name, known, 1)
    remedy = f"did you mean `toleramp {near[0]}`?" if near else f"commands are {', '.join(known)}"
    if not added and not near:
        raise UserError(f"no command is called {name!r}, and the bench is not installed", "toleramp", plugins.SETUP)
    raise UserError(f"no command is called {name!r}", "toleramp", remedy)


def _run(argv: list[str]) -> int:
    args = _parser(_wanted(argv)).parse_args(argv)
    status = int(args.func(args))
    sys.stdout.flush()
    return status


def _complain(text: str) -> None:
    plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
    mark = "error:" if plain else "\033[1;31merror:\033[0m"
    print(f"{mark} {one_line(text)}", file=sys.stderr)


def _reader_left() -> int:
    """Standard output was closed by its reader (`| head`): end quietly, Python's last flush included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def main(argv: list[str] | None = None) -> int:
    """Runs a command, returns its exit code. TOLERAMP_DEBUG=1 lets an unexpected error show its traceback."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except UserError as error:
        _complain(str(error))
    except KeyboardInterrupt:
        _complain("interrupted")
        return terminal.INTERRUPTED
    except ImportError as error:
        _complain(f"a package is not installed ({error}); {plugins.SETUP}")
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:
        if os.environ.get("TOLERAMP_DEBUG"):
            raise
        _complain(f"unexpected: {type(error).__name__}: {error}; please report it with TOLERAMP_DEBUG=1's output")
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
