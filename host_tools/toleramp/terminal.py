"""What every command says and how: one JSON document, messages beside it, emphasis."""

import json
import os
import sys

INTERRUPTED = 130  # exit code of a command that Ctrl-C ended, as shells have it


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
