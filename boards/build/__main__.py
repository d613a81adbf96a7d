"""The command line: python3 -m boards.build --board pump_pico | --port unix | --system | --venv."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import image, system, unix, venv
from .errors import BuildError
from .paths import ROOT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="boards.build", description="Builds Toleramp's images.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--board", help=f"an image to flash: {', '.join(image.boards())}")
    what.add_argument("--port", choices=["unix"], help="MicroPython for this computer, with the core in it")
    what.add_argument("--system", action="store_true", help="only install the system packages that are missing")
    what.add_argument("--venv", action="store_true", help="only make .venv with the tools of the host")
    parser.add_argument("--firmware", type=Path, default=ROOT / "firmware", help=argparse.SUPPRESS)
    return parser


def _do(options: argparse.Namespace) -> None:
    if options.system:
        system.ensure(system.needed(venv=True))
    elif options.venv:
        system.ensure(system.VENV)
        venv.ensure()
    elif options.port:
        unix.build(options.firmware.resolve())
    else:
        image.build(options.board, options.firmware.resolve())


def main(words: list[str] | None = None) -> int:
    """Exit code 0; 1 when a build failed; 2 when something needed is missing or wrong."""
    options = _parser().parse_args(words)
    try:
        _do(options)
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"build: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("build: interrupted; run it again to go on", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
