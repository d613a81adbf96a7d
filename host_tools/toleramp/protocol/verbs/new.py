"""`toleramp protocol new`: writes a protocol file from a template, and says what the rules find in it."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import Any

from pump.protocol.doses import fills
from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol
from toleramp.errors import UserError, one_line
from toleramp.protocol.all_findings import findings
from toleramp.protocol.rule_rows import finding_rows, has_errors
from toleramp.protocol.table import minutes_of
from toleramp.protocol.templates import BY_NAME, TEMPLATES, Template, body, every_option, order, tried
from toleramp.protocol.templates.exact import near
from toleramp.protocol.templates.interview import Interview, asked_for, interviewed
from toleramp.protocol.templates.options import Option, Values, one_of
from toleramp.protocol.templates.write import protocol_text
from toleramp.protocol.verbs import check
from toleramp.words.routes import doses_words, way_of

_ABOUT = """Writes a protocol (TOML) from a template. Asks on a terminal: without --template for everything, one
question at a time, else for what is missing and has no default. Rates that are given stand as they are; those that are
not scale with the bag. The file is written even when a rule is broken (exit 1, the pump would refuse it), so that it
can be looked at and mended; input that makes no protocol writes nothing (exit 2)."""


_FORMULAS = "; ".join(f"{name}: {formula.words} ({formula.source})" for name, formula in body.FORMULAS.items())
_DOSES = f"""The full dose is one of --dose-mg, --dose-mg-per-kg (with --weight-kg), --dose-mg-per-m2 (with --weight-kg
and --height-cm), or the same in international units: --dose-u, --dose-u-per-kg, --dose-u-per-m2. A number may bear its
unit: that of the option is taken, another of its kind is converted and the conversion told (0.3 g, 300 micrograms,
20 nanograms, 0.25 L, 0.25 h), any other is refused; IU are U and never mg. Body surface by {_FORMULAS}"""


def _users(option: Option) -> str:
    names = [template.name for template in TEMPLATES if option.key in {own.key for own in template.options}]
    return f" ({', '.join(names)})" if names and len(names) < len(TEMPLATES) else ""


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("new", help="writes a protocol file from a template", description=_ABOUT, epilog=_DOSES)
    parser.add_argument("--template", metavar="NAME", help="one of " + ", ".join(BY_NAME))
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the file to write")
    parser.add_argument("--force", action="store_true", help="overwrite FILE")
    for option in every_option():
        choices = f": {', '.join(option.choices)}" if option.choices else ""
        text = f"{option.question}{choices}{_users(option)}".replace("%", "%%")
        parser.add_argument(option.flag, dest=f"option_{option.key}", metavar=option.unit or "...", help=text)
    parser.set_defaults(func=run_new)


_TEMPLATE = Option("template", "Template", "choice", default="bwh-12", choices=tuple(BY_NAME))
_OUTPUT = Option("output", "File to write", "path", required=True)


def _template(name: str | None, ask: Interview | None) -> Template:
    if name is None:
        if ask is None:
            raise UserError("no template", "--template", "one of " + ", ".join(BY_NAME))
        name = ask(_TEMPLATE) or _TEMPLATE.default or ""
    if name not in BY_NAME:
        raise UserError(f"no template is called {name!r}", "--template", one_of(name, BY_NAME))
    return BY_NAME[name]


def _free(target: Path, force: bool) -> Path:
    if os.path.isdir(target):
        raise UserError("this is a folder", str(target), "name a file")
    if os.path.exists(target) and not os.path.isfile(target):
        raise UserError("this is no file", str(target), "name a file")
    if os.path.exists(target) and not force:
        raise UserError("the file exists", str(target), "give --force to overwrite it, or another name")
    if not os.path.isdir(target.parent):
        raise UserError("cannot be written: there is no such folder", str(target), "name a file in another one")
    return target


def _target(ask: Interview | None, force: bool) -> Path:
    """The file to write, asked for until it can be written."""
    if ask is None:
        raise UserError("no file to write", "-o", "give -o FILE")
    return asked_for(_OUTPUT, ask, lambda name: _free(Path(name), force))


def _checked(text: str, target: Path) -> tuple[bytes, Protocol]:
    """The text, read back and compiled as every other command will do it. Raises UserError."""
    from toleramp.protocol.file import compile_file

    with TemporaryDirectory() as folder:
        trial = Path(folder) / "protocol.toml"
        trial.write_text(text, "utf-8")
        try:
            return compile_file(trial)
        except UserError as error:
            where = error.where.replace(str(trial), str(target))
            raise UserError(error.what, f"{where} (not written)", error.remedy) from None


def _replace(target: Path, text: str) -> None:
    """The whole text or the old file: written beside it, then put in its place."""
    handle, name = mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _create(target: Path, text: str) -> None:
    """A file where there is none; of a failed attempt nothing is left."""
    with open(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8", newline="\n"
    ) as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            target.unlink(missing_ok=True)
            raise


def _write(target: Path, text: str, force: bool) -> None:
    try:
        (_replace if force else _create)(target, text)
    except FileExistsError:
        raise UserError("the file exists", str(target), "give --force to overwrite it, or another name") from None
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", str(target), "name another file") from None


def _size(protocol: Protocol, values: Values) -> str:
    """Steps, fluid and time, in a few words."""
    minutes = near(sum(minutes_of(protocol), Fraction(0)), 3)
    if protocol.doses:
        given = doses_words(way_of({"protocol": {"route": values["route"]}}))
        return f"{len(protocol.doses)} {given}, {minutes} min"
    filling = sum(fills(step) for step in protocol.steps)
    line = f" and {filling} line-fill{'s' if filling > 1 else ''}" if filling else ""
    volume = Fraction(sum(step.volume_nl for step in protocol.steps), 10**6)
    weight = f" ({near(volume / values['weight_kg'], 2)} mL/kg)" if "weight_kg" in values else ""
    return f"{len(protocol.steps) - filling} steps{line}, {near(volume, 3)} mL{weight}, {minutes} min"


def _say(target: Path, made: _Made) -> int:
    blob, protocol, values = made.blob, made.protocol, made.values
    for words in made.aloud:
        print(words)
    print(f"wrote {one_line(str(target))}: {_size(protocol, values)}; fingerprint {fingerprint(blob)}")
    found = check.document(target)
    print(check.as_text(found))
    if not found["errors"]:
        return 0
    print(_help(made, target))
    return 1


def _keeps_all(made: _Made) -> bool:
    """True where no rule has a word to say, and nothing in the file is an error."""
    from toleramp.protocol.file import read_content

    reading = read_content(Path("protocol.toml"), tomllib.loads(made.text, parse_float=Decimal))
    return not finding_rows(made.protocol) and not has_errors(findings(reading)[1])


def _help(made: _Made, target: Path) -> str:
    """What would keep the rules, tried with this template."""

    def keeps(texts: dict[str, str]) -> bool:
        try:
            return _keeps_all(_made(made.template, texts, target))
        except UserError:
            return False

    found = tried.remedies(made.template, made.texts, keeps)
    if not found:
        return "tried without success: other lines, bags and dwells; the order itself has to be looked at"
    return "would keep the rules, tried: " + "; or ".join(found)


def _given(args: argparse.Namespace) -> dict[str, str]:
    """The options on the command line: key -> text."""
    pairs = {key.removeprefix("option_"): value for key, value in vars(args).items() if key.startswith("option_")}
    return {key: value for key, value in pairs.items() if value is not None}


@dataclass(frozen=True)
class _Made:
    """A protocol: the values it was made of, the text of its file, its compiled form, and how that reads back."""

    template: Template
    texts: dict[str, str]
    values: Values
    aloud: list[str]
    text: str
    blob: bytes
    protocol: Protocol


def _made(template: Template, texts: dict[str, str], target: Path) -> _Made:
    """The protocol that the texts make. Raises UserError."""
    values = order.read(template, texts)
    plan, unit = order.build(template, values)
    aloud = order.aloud(template, texts, values)
    text = protocol_text(template.name, values, plan, unit, aloud)
    return _Made(template, texts, values, aloud, text, *_checked(text, target))


def _written(text: str, target: Path | None, ask: Interview | None, force: bool) -> Path:
    """Writes the file; where somebody answers, another one when this cannot be written. Its name."""
    while True:
        target = target or _target(ask, force)
        try:
            _write(target, text, force)
            return target
        except UserError as error:
            if ask is None:
                raise
            ask.say(error)
            target = None


def run_new(args: argparse.Namespace) -> int:
    """Writes the file; 1 when a rule is broken."""
    ask = Interview(sys.stdin, sys.stderr) if sys.stdin and sys.stdin.isatty() else None
    template = _template(args.template, ask)
    target = _free(args.output, args.force) if args.output else None
    if target is None and ask is None:
        target = _target(None, args.force)
    make = partial(_made, template, target=target or Path("the protocol"))
    given = _given(args)
    if ask:
        made = interviewed(template, given, ask, args.template is None, make)
    else:
        made = make(order.answers(template, given))
    target = _written(made.text, target, ask, args.force)
    return _say(target, made)
