"""`toleramp protocol templates`: what `protocol new` can write, with each template's options and defaults."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import Any

from toleramp.protocol.templates import TEMPLATES, Template, every_option
from toleramp.protocol.templates.options import COMMON, Option

_INDENT: dict[str, Any] = {
    "initial_indent": " " * 12,
    "subsequent_indent": " " * 12,
    "break_long_words": False,
    "break_on_hyphens": False,
}


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("templates", help="the templates of `protocol new`, with options and defaults")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_templates)


def run_templates(args: argparse.Namespace) -> int:
    """Prints the templates."""
    print(json.dumps(document(), indent=1) if args.json else as_text())
    return 0


def _option(option: Option) -> dict[str, Any]:
    return {
        "option": option.flag,
        "meaning": option.question,
        "unit": option.unit or None,
        "default": option.default,
        "without": option.shown_default(),
        "required": option.required,
        "choices": list(option.choices) or None,
    }


def _template(template: Template) -> dict[str, Any]:
    options = [_option(option) for option in template.options]
    return {"name": template.name, "summary": template.summary, "options": options}


def document() -> dict[str, Any]:
    """The document of `protocol templates --json`."""
    return {"templates": [_template(template) for template in TEMPLATES], "common": [_option(o) for o in COMMON]}


def _short(option: Option) -> str:
    """An option with its default, in a word or two."""
    if option.default is None:
        return f"{option.flag} ({option.shown_default()})"
    return f"{option.flag} {option.default}"


def _line(option: Option) -> str:
    unit = f", {option.unit}" if option.unit else ""
    choices = f": {', '.join(option.choices)}" if option.choices else ""
    return f"  {option.flag:<21} {option.question}{choices}{unit}"


def _meanings() -> list[str]:
    """Each option once, with its meaning."""
    return [_line(option) for option in every_option()]


def as_text() -> str:
    """The list for people: a line a template and its options with their defaults; then what the options mean."""
    lines = []
    for template in TEMPLATES:
        lines.append(f"{template.name:<11} {template.summary}")
        lines.append(textwrap.fill(", ".join(map(_short, template.options)), 100, **_INDENT))
    lines += ["", "every template", textwrap.fill(", ".join(map(_short, COMMON)), 100, **_INDENT), "", "options"]
    return "\n".join(lines + _meanings())
