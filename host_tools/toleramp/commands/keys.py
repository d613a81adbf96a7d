"""make the keys by which people approve protocols, and the pump's keyring"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from toleramp import terminal
from toleramp.device import chosen
from toleramp.errors import UserError, one_line

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_ABOUT = """Each person who approves protocols, or who loads and sets, has a key file of his own; the pump holds the
keys of all of them in a keyring. Files with keys are for their owner's eyes: others must not be able to read them."""


def add_parser(subparsers: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `keys` with its verbs."""
    parser = subparsers.add_parser("keys", help="people's keys and the keyring", description=_ABOUT)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_new(verbs)
    _add_ring(verbs)
    _add_list(verbs)
    _add_install(verbs)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")


def _add_new(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("new", help="makes a person's key")
    parser.add_argument("id", metavar="ID", help="the person's id, such as afischer")
    parser.add_argument("--name", default="", help='the person\'s name, such as "A. Fischer"')
    _add_output(parser)
    parser.set_defaults(func=run_new)


def _add_ring(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("ring", help="makes the pump's keyring from key files")
    parser.add_argument("files", type=Path, nargs="+", metavar="KEYFILE", help="one person's key each")
    text = "a person whose key counts no more (may be given several times): the pump says so by name"
    parser.add_argument("--revoked", action="append", default=[], metavar="ID", help=text)
    _add_output(parser)
    parser.set_defaults(func=run_ring)


def _add_list(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("list", help="who is in a keyring (never the keys)")
    parser.add_argument("file", type=Path, metavar="RING", help="a keyring, or one person's key file")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_list)


def _add_install(verbs: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("install", help="copies a keyring to a pump in service mode")
    parser.add_argument("file", type=Path, metavar="RING", help="the keyring")
    chosen.add_port(parser)
    parser.set_defaults(func=run_install)


def run_new(args: argparse.Namespace) -> int:
    """Writes a fresh key."""
    from toleramp.approval import key_files
    from toleramp.whole_files import create_private

    person = key_files.new_person(args.id, args.name)
    create_private(args.output, key_files.key_text(person).encode("utf-8"), args.force)
    shown = key_files.key_print(person.key)
    print(f"{one_line(str(args.output))}: key {shown} of {person}; whoever has this file signs as {person.id}")
    return 0


def run_ring(args: argparse.Namespace) -> int:
    """Writes a keyring and lists it."""
    from toleramp.approval import key_files
    from toleramp.whole_files import create_private

    ring, keys = key_files.make_ring(args.files, args.revoked)
    create_private(args.output, ring, args.force)
    print(_people(keys))
    print(f"{one_line(str(args.output))}: {_count(len(keys))}")
    return 0


def run_list(args: argparse.Namespace) -> int:
    """Ids with the prints of their keys."""
    from toleramp.approval import key_files

    keys = key_files.people_of(args.file)
    if args.json:
        terminal.print_json([{"id": name, "key": _print(keys[name])} for name in sorted(keys)])
    else:
        print(_people(keys) or "nobody")
    return 0


def _print(key: bytes | None) -> str | None:
    from toleramp.approval.key_files import key_print

    return None if key is None else key_print(key)


def _people(keys: dict[str, bytes | None]) -> str:
    return "\n".join(f"{name:<24} key {_print(keys[name]) or 'revoked'}" for name in sorted(keys))


def _count(number: int) -> str:
    return f"{number} {'person' if number == 1 else 'people'}"


def run_install(args: argparse.Namespace) -> int:
    """Copies the keyring to the pump and reads it back."""
    from toleramp.approval import key_files
    from toleramp.device import keyring_install, ports

    ring, keys = key_files.read_ring(args.file)
    if not keys:
        raise UserError("nobody is in it", str(args.file), "make one with `toleramp keys ring`")
    port = ports.choose(args.port)
    terminal.say(f"{port}: copying the keys of {_count(len(keys))}")
    keyring_install.install(ring, port)
    print(_people(keys))
    print(f"{port}: the pump holds the keys of {_count(len(keys))}; switch it off and on to use them")
    return 0
