"""From given text to values: defaults filled in, what is missing asked for or refused, and the dose worked out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from fractions import Fraction

from toleramp.errors import UserError
from toleramp.templates import Template
from toleramp.templates.exact import plain
from toleramp.templates.model import MS_PER_MIN, PG_PER_MG, Plan
from toleramp.templates.options import Option, Values

Ask = Callable[[Option], str | None]  # the answer's text, checked; None: nothing was answered


def known(template: Template, given: dict[str, str]) -> None:
    """Raises UserError for an option that the template does not have."""
    keys = {option.key: option for option in template.every_option()}
    for key in given:
        if key not in keys:
            own = ", ".join(option.flag for option in template.options)
            raise UserError(
                f"the template {template.name} does not have it", f"--{key.replace('_', '-')}", f"it has {own}"
            )


def _needless(option: Option, given: dict[str, str]) -> bool:
    """True for a question that another answer has settled."""
    by_weight = "dose_mg_per_kg" in given
    return {
        "dose_mg": by_weight or "dose_u" in given,
        "dose_mg_per_kg": "weight_kg" not in given or "dose_mg" in given or "dose_u" in given,
        "final_rate": "scaled_final_rate" in given,
        "scaled_final_rate": "final_rate" in given,
        "first_dose_mg": "shares" in given,
        "series_steps": "shares" in given,
        "shares": "first_dose_mg" in given,
    }.get(option.key, False)


def _demand_required(template: Template, given: dict[str, str]) -> None:
    """Raises UserError naming all required options that are missing."""
    options = template.every_option()
    missing = [o.flag for o in options if o.required and o.key not in given and not _needless(o, given)]
    if missing:
        raise UserError(f"missing: {', '.join(missing)}", f"template {template.name}", "these have no default")


def answers(
    template: Template, given: dict[str, str], ask: Ask | None = None, asked: tuple[Option, ...] = ()
) -> dict[str, str]:
    """`given` and the answers to questions: those of `asked`, and all that are required; key -> text.

    `ask` is None where nobody can answer; a missing required option is then a UserError.
    """
    known(template, given)
    texts = dict(given)
    if ask is None:
        _demand_required(template, texts)
        return texts
    for option in template.every_option():
        if option.key in texts or _needless(option, texts):
            continue
        answer = ask(option) if option.required or option in asked else None
        if answer is not None:
            texts[option.key] = answer
    return texts


def read(template: Template, texts: dict[str, str]) -> Values:
    """The values of the texts, with the defaults of what is not there. Raises UserError."""
    values: Values = {}
    for option in template.every_option():
        text = texts.get(option.key, option.default)
        if text is not None:
            values[option.key] = option.read(text)
    values.setdefault("code", secrets.token_hex(2).upper())
    if "dwell_min" in values and (values["dwell_min"] * MS_PER_MIN).denominator != 1:
        dwell = plain(values["dwell_min"])
        raise UserError(f"{dwell} min is finer than a millisecond", "--dwell-min", "write fewer decimals")
    return values


def dose_pg(values: Values) -> tuple[int, str]:
    """The full dose in pg (or 1e-9 U) and its unit. Raises UserError for none, two, or one that cannot be held."""
    by_weight = "dose_mg_per_kg" in values
    if sum((by_weight, "dose_mg" in values, "dose_u" in values)) != 1:
        raise UserError(
            "the full dose is given twice", "--dose-mg", "give one of --dose-mg, --dose-u, --dose-mg-per-kg"
        )
    if by_weight and "weight_kg" not in values:
        raise UserError("a dose by weight without a weight", "--dose-mg-per-kg", "give --weight-kg")
    unit = "U" if "dose_u" in values else "mg"
    dose: Fraction = values["dose_mg_per_kg"] * values["weight_kg"] if by_weight else values[f"dose_{unit.lower()}"]
    if dose > 10**7:
        raise UserError(f"{plain(dose)} {unit} is more than a protocol holds", "the full dose", f"up to 1e7 {unit}")
    return int(dose * PG_PER_MG), unit


def build(template: Template, values: Values) -> tuple[Plan, str]:
    """The plan of a template for these values, and the unit of its doses."""
    full_dose, unit = dose_pg(values)
    return template.build(values, full_dose), unit
