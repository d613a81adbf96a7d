"""The protocol of a scenario: a file beside it or a shipped one, or made from a template; scaled, checked, compiled."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp.errors import UserError
from toleramp.protocol.file import Reading, compile_protocol, read_content, read_file, scaled
from toleramp.protocol.reader import brief
from toleramp.protocol.table import finding_rows
from toleramp.protocol.templates import BY_NAME, Template, order
from toleramp.protocol.templates.options import Option
from toleramp.protocol.templates.write import protocol_text
from toleramp_bench.places import standard_protocol
from toleramp_bench.scenario.checks import Checks, Table, is_number, listed, measured, parse, read_text

SHIPPED = standard_protocol().parent
_LOOKED_AT = 500  # so many files of a folder, for the name that was probably meant
_BAG_CODE = "0001"  # end of the bags' codes where a template's options name none: the same in each run


def protocol_of(checks: Checks, named: Any, scale: Fraction, refused: bool) -> tuple[Protocol, bytes]:
    """The protocol and its compiled form. `refused`: the pump is to refuse it, so it may break the rules."""
    reading = _made(checks, named) if isinstance(named, dict) else read_file(_found(checks, named))
    if reading.protocol is None or reading.faults:
        fault = reading.faults[0]
        more = f" (and {len(reading.faults) - 1} more)" if len(reading.faults) > 1 else ""
        raise UserError(f"the protocol cannot be read: {fault.what}{more}", fault.where, fault.remedy)
    protocol = reading.protocol
    if scale != 1:
        try:
            protocol = scaled(protocol, scale)
        except UserError as error:
            raise checks.fail(error.what, error.where, error.remedy) from None
    blob = compile_protocol(protocol, f"{checks.path}, protocol")
    if not refused:
        _demand(checks, protocol)
    return protocol, blob


def _demand(checks: Checks, protocol: Protocol) -> None:
    errors = [row for row in finding_rows(protocol) if row["severity"] == "error"]
    if errors:
        row, more = errors[0], f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        what = f"the protocol breaks a rule: {row['where']}: {row['message']} [{row['code']}]{more}"
        raise checks.fail(what, "protocol", "mend it, or expect load_refused")
    if not protocol.steps:
        raise checks.fail("a protocol by mouth does not run on a pump", "protocol", "name one that is infused")


# -- a file


def _found(checks: Checks, named: Any) -> Path:
    if not isinstance(named, str) or not named.strip():
        raise checks.fail(f"{brief(named)} is no protocol", "protocol", 'write "FILE.toml", or a [protocol] table')
    for folder in (checks.path.parent, SHIPPED):
        try:
            if (folder / named).is_file():
                return folder / named
        except OSError:  # a name that is too long
            break
    known = sorted({path.name for folder in (checks.path.parent, SHIPPED) for path in _protocols_in(folder)})
    raise checks.unknown("protocol", named, "protocol", known)


def _protocols_in(folder: Path) -> list[Path]:
    """The protocol files of a folder (in which scenarios lie too)."""
    try:
        return [path for path in sorted(folder.glob("*.toml"))[:_LOOKED_AT] if _is_protocol(path)]
    except OSError:
        return []


def _is_protocol(path: Path) -> bool:
    """Whether a file has what a protocol has; one that cannot be read has not."""
    try:
        content = parse(read_text(path), path)
    except UserError:
        return False
    return isinstance(content.get("protocol"), dict) and "solution" in content


# -- a template


def _made(checks: Checks, table: Table) -> Reading:
    """The protocol that a template makes of the table's options."""
    template = _template(checks, table)
    options = {option.key: option for option in template.every_option()}
    for name in table:
        if name != "template" and name not in options:
            raise checks.unknown("key", name, "protocol", ["template", *options])
    texts = {"code": _BAG_CODE}
    texts.update({name: _as_text(checks, options[name], table[name]) for name in table if name != "template"})
    try:
        values = order.read(template, order.answers(template, texts))
        plan, unit = order.build(template, values)
    except UserError as error:
        raise _in_file(checks, error) from None
    place = checks.path.with_name(f"{checks.path.name}, protocol")
    return read_content(place, parse(protocol_text(template.name, values, plan, unit), place))


def _template(checks: Checks, table: Table) -> Template:
    if "template" not in table:
        raise checks.fail("template is missing", "protocol", "write template = one of " + listed(BY_NAME))
    name = table["template"]
    if not isinstance(name, str) or name not in BY_NAME:
        raise checks.unknown("template", name, "protocol", BY_NAME)
    return BY_NAME[name]


def _as_text(checks: Checks, option: Option, value: Any) -> str:
    """An option's value as the command line has it; a file's name counts from the scenario's folder."""
    if isinstance(value, list):
        return ",".join(_as_text(checks, option, item) for item in value if not isinstance(item, list))
    if is_number(value) and measured(value):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if not isinstance(value, str):
        raise checks.fail(f"{brief(value)} does not fit", f"protocol, {option.key}", "write a number or a text")
    return str(checks.path.parent / value) if option.kind == "path" else value


def _in_file(checks: Checks, error: UserError) -> UserError:
    """What a template says about its options on a command line, in the words of the file."""

    def key(flag: re.Match[str]) -> str:
        return flag[1].replace("-", "_")

    what, where, remedy = (re.sub(r"--([a-z][a-z-]*)", key, text) for text in (error.what, error.where, error.remedy))
    return checks.fail(what, f"protocol, {where}" if where else "protocol", remedy)
