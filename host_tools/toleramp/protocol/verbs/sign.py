"""`toleramp protocol sign`: one of the two people who answer for a protocol puts a signature into its file."""

from __future__ import annotations

import argparse
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pump.tables import refusals
from toleramp.errors import UserError, one_line

if TYPE_CHECKING:
    from datetime import datetime

    from toleramp.approval.key_files import Person
    from toleramp.protocol.file import Reading

Row = dict[str, Any]
_MARK = "\ufeff"  # a byte order mark

_ABOUT = """Signs a protocol: the first signature is the author's, the second, of another person, the verifier's. A
protocol that breaks a rule is not signed (exit 1). The rest of the file stays as it is, byte for byte."""


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("sign", help="signs a protocol as author or verifier", description=_ABOUT)
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument("--key", type=Path, required=True, metavar="KEYFILE", help="your key: `toleramp keys new`")
    parser.add_argument("--as", dest="role", choices=("author", "verifier"), help="default: what is still missing")
    parser.add_argument("--renew", action="store_true", help="drops the signatures there are, signs anew as author")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="writes there instead of into FILE")
    parser.add_argument("--force", action="store_true", help="overwrites OUT")
    parser.add_argument("--now", metavar="TIME", help="when the first step starts, with its offset; default: now")
    parser.set_defaults(func=run_sign)


def run_sign(args: argparse.Namespace) -> int:
    """Signs; 1 when the protocol or the person is refused, with the reason on standard error."""
    from toleramp.approval.canonical import laptop_only
    from toleramp.approval.key_files import read_person
    from toleramp.approval.table import NotSigned
    from toleramp.protocol import order
    from toleramp.protocol.verbs.check import start
    from toleramp.whole_files import demand_free

    now = start(args.now)
    if args.renew and args.role == "verifier":
        raise UserError("--renew signs as author", "--as verifier", "leave one of them out")
    if args.output:
        demand_free(args.output, args.force)
    person = read_person(args.key)
    text = _text(args.file)
    reading = _reading(args.file, text, args.renew)
    try:
        print_, read = _demand_sound(reading, now)
        role, table = _signed(reading, person, args.role, read)
    except NotSigned as why:
        sys.stdout.flush()  # what was found stands before the reason
        print(f"not signed: {one_line(str(why))}", file=sys.stderr)
        return 1
    _write(args, text, table)
    print(one_line(f"signed for: {order.words(reading.content['protocol'])}"))
    for beside in laptop_only(reading.content):
        print(one_line(f"signed for people, not known to the pump: {beside}"))
    print(f"{one_line(str(args.output or args.file))}: signed by {person} as {role}; fingerprint {print_}")
    print(_missing(table))
    return 0


def _text(path: Path) -> str:
    """The file's text as it stands, its line ends and a byte order mark included; UserError when it is no TOML."""
    from toleramp.protocol.file import read_toml

    read_toml(path)
    return path.read_bytes().decode("utf-8")


def _reading(path: Path, text: str, renew: bool) -> Reading:
    """What this very text holds (the file may change meanwhile); with `renew` as if nobody had signed it."""
    from toleramp.protocol.file import read_content

    content = tomllib.loads(text.removeprefix(_MARK), parse_float=Decimal)
    if renew:
        content.pop("approval", None)
    return read_content(path, content)


def _demand_sound(reading: Reading, now: datetime | None) -> tuple[str, list[Row]]:
    """Prints what there is to find: (fingerprint, findings); NotSigned when a rule is broken.

    A warning is read here, once by each person, and signed with the rest.
    """
    from toleramp.approval.table import NotSigned
    from toleramp.protocol.all_findings import findings
    from toleramp.protocol.verbs.check import line

    print_, rows = findings(reading, now)
    rows = [row for row in rows if row["code"] != refusals.NAMES[refusals.APPROVAL]]
    for row in rows:
        print(line(row))
    errors = sum(row["severity"] == "error" for row in rows)
    if errors or not print_:
        raise NotSigned(f"the protocol has {errors} error{'' if errors == 1 else 's'}; mend it first")
    return print_, rows


def _signed(reading: Reading, person: Person, role: str | None, rows: list[Row]) -> tuple[str, dict[str, str]]:
    from toleramp.approval.canonical import file_digest
    from toleramp.approval.read_warnings import marks
    from toleramp.approval.table import Signable, content_digest, signed

    digest = content_digest(reading.protocol) if reading.protocol else None
    if digest is None:
        raise UserError("it cannot be compiled", str(reading.path), "see `toleramp protocol check`")
    return signed(reading.standing, Signable(digest, file_digest(reading.content), marks(rows)), person, role)


def _write(args: argparse.Namespace, text: str, table: dict[str, str]) -> None:
    from toleramp.approval.text import Untouchable, with_approval
    from toleramp.whole_files import mode_of, replace

    mark = _MARK if text.startswith(_MARK) else ""
    try:
        made = mark + with_approval(text.removeprefix(mark), table)
    except Untouchable:
        remedy = "take it out by hand, then sign"
        raise UserError("[approval] is written in a way that cannot be extended", str(args.file), remedy) from None
    replace(args.output or args.file, made.encode("utf-8"), mode_of(args.file))


def _missing(table: dict[str, str]) -> str:
    if "verifier" in table:
        return f"both have signed: author {table['author']}, verifier {table['verifier']}"
    return f"still missing: the signature of a verifier, another person than {table['author']}"
