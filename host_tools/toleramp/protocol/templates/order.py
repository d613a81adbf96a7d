"""From given text to values: defaults filled in, what is missing asked for or refused, and the dose worked out.

Doses are in mg or in U, as the names of their options say; one order has one of the two.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from pump.protocol.protocol import UNITS
from toleramp.errors import UserError
from toleramp.protocol.templates import Template, body, contract, fits
from toleramp.protocol.templates.exact import plain
from toleramp.protocol.templates.model import MS_PER_MIN, PG_PER_MG, Misfit, Plan
from toleramp.protocol.templates.options import COMMON, DOSES, Option, Values

Ask = Callable[[Option], str | None]  # the answer's text, checked; None: nothing was answered

# Asked on a terminal only: on a command line the unit is in the option's name.
UNIT = Option(
    "dose_unit",
    "Unit of the doses; grams, micrograms and nanograms are converted to mg, IU are U",
    "choice",
    default="mg",
    choices=UNITS,
)
_MOST_DOSE = 10**7  # mg or U: what a protocol holds
_PER_KG, _PER_M2 = ("dose_mg_per_kg", "dose_u_per_kg"), ("dose_mg_per_m2", "dose_u_per_m2")
_FULL_DOSES = ("dose_mg", "dose_u", *_PER_KG, *_PER_M2)
_IN_U = {
    "dose_mg": "dose_u",
    "dose_mg_per_kg": "dose_u_per_kg",
    "dose_mg_per_m2": "dose_u_per_m2",
    "first_dose_mg": "first_dose_u",
}
_IN_MG = {in_u: in_mg for in_mg, in_u in _IN_U.items()}


def _flag(key: str) -> str:
    return "--" + key.replace("_", "-")


_EVERY_FULL_DOSE = ", ".join(map(_flag, _FULL_DOSES))


def _is_in_u(keys: Iterable[str]) -> bool:
    """The unit of the full dose; where none is given yet, that of any other dose."""
    keys = set(keys)
    full = keys.intersection(_FULL_DOSES)
    return bool((full or keys).intersection(_IN_MG))


def demand_doses(keys: Iterable[str]) -> None:
    """Raises UserError for two full doses, and for options in mg beside such in U."""
    keys = list(keys)
    full = [_flag(key) for key in _FULL_DOSES if key in keys]
    if len(full) > 1:
        raise UserError("the full dose is given twice", " and ".join(full), f"give one of {_EVERY_FULL_DOSE}")
    in_u = _is_in_u(keys)
    for key in keys:
        right = (_IN_U if in_u else _IN_MG).get(key)
        if right:
            raise UserError(f"the dose is in {UNITS[in_u]}", _flag(key), f"give {_flag(right)}")


def known(template: Template, given: dict[str, str]) -> None:
    """Raises UserError for an option that the template does not have."""
    keys = {option.key for option in template.every_option()}
    for key in given:
        if key not in keys and key != UNIT.key:
            own = ", ".join(option.flag for option in template.options)
            raise UserError(f"the template {template.name} does not have it", _flag(key), f"it has {own}")


def _needs(key: str) -> tuple[str, ...]:
    """What must be known of the patient for a full dose given in this way."""
    if key in _PER_M2:
        return ("weight_kg", "height_cm")
    return ("weight_kg",) if key in _PER_KG else ()


def _needless(option: Option, given: dict[str, str]) -> bool:
    """True for a question that another answer has settled."""
    if contract.is_needless(option.key, given):
        return True
    in_u = _is_in_u(given) or given.get(UNIT.key) == "U"
    if option.key in (_IN_U if in_u else _IN_MG):
        return True
    dosed = any(key in given for key in _FULL_DOSES)
    by_shares = "shares" in given
    if option.key in (*_PER_KG, *_PER_M2):
        return dosed or any(key not in given for key in _needs(option.key))
    return {
        "dose_mg": dosed,
        "dose_u": dosed,
        "height_cm": "weight_kg" not in given,
        "final_rate": "scaled_final_rate" in given,
        "scaled_final_rate": "final_rate" in given,
        "first_dose_mg": by_shares,
        "first_dose_u": by_shares,
        "series_steps": by_shares,
        "shares": "first_dose_mg" in given or "first_dose_u" in given,
    }.get(option.key, False)


def _required(option: Option, every: dict[str, Option]) -> bool:
    """True when it has no default; in U as in mg."""
    return every[_IN_MG.get(option.key, option.key)].required


def _demand_required(template: Template, given: dict[str, str]) -> None:
    """Raises UserError naming all required options that are missing."""
    every = {option.key: option for option in template.every_option()}
    missing = [o.flag for o in every.values() if _required(o, every) and o.key not in given and not _needless(o, given)]
    if missing:
        raise UserError(f"missing: {', '.join(missing)}", f"template {template.name}", "these have no default")


def _demand_sound(template: Template, given: dict[str, str]) -> None:
    """Raises UserError for what is wrong in itself, before anybody is asked."""
    known(template, given)
    demand_doses(given)
    for option in template.every_option():
        if option.key in given:
            option.read(given[option.key])


def _questions(template: Template, texts: dict[str, str], asked: tuple[Option, ...]) -> Iterator[Option]:
    """The questions that `texts` leave, one after the other; an answer in `texts` may settle later ones."""
    every = {option.key: option for option in template.every_option()}
    for option in every.values():
        if option.key in _IN_U and not any(key in texts for key in (UNIT.key, *_IN_U, *_IN_MG)):
            yield UNIT
        if option.key in texts or _needless(option, texts):
            continue
        if option.key == "shares":  # doses by mouth are either a series or in proportion
            yield replace(option, required=True, hint="")
        elif "shares" in every and option.key in ("first_dose_mg", "first_dose_u"):
            yield option
        elif _required(option, every) or contract.is_needed(option.key, texts):
            yield replace(option, required=True, hint="")
        elif option in asked:
            yield option


def answers(
    template: Template, given: dict[str, str], ask: Ask | None = None, asked: tuple[Option, ...] = ()
) -> dict[str, str]:
    """`given` and the answers to questions: those of `asked`, and all that are needed; key -> text.

    `ask` is None where nobody can answer; a missing required option is then a UserError.
    """
    texts = dict(given)
    _demand_sound(template, texts)
    if ask is None:
        _demand_required(template, texts)
        return texts
    for option in _questions(template, texts, asked):
        answer = ask(option)
        answer = UNIT.default if option is UNIT and answer is None else answer
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
    contract.demand(values)
    values.setdefault("code", secrets.token_hex(2).upper())
    for key in ("dwell_min", "wait_min"):
        if key in values and (values[key] * MS_PER_MIN).denominator != 1:
            raise UserError(f"{plain(values[key])} min is finer than a millisecond", _flag(key), "write fewer decimals")
    return values


def dose_pg(values: Values) -> tuple[int, str]:
    """The full dose in pg (or 1e-9 U) and its unit. Raises UserError for none, two, or one that cannot be held."""
    demand_doses(values)
    key = next((key for key in _FULL_DOSES if key in values), None)
    if key is None:
        raise UserError("the full dose is missing", "--dose-mg", f"give one of {_EVERY_FULL_DOSE}")
    missing = [_flag(needed) for needed in _needs(key) if needed not in values]
    if missing:
        raise UserError(f"a dose by {_by(key)} without it", _flag(key), f"give {' and '.join(missing)}")
    times, unit = _times(key, values), UNITS[key in _IN_MG]
    dose: Fraction = values[key] * times
    if dose > _MOST_DOSE:
        per = key.rpartition("_per_")[2]
        most = plain(Fraction(int(1000 * _MOST_DOSE / times), 1000))
        raise UserError(
            f"{plain(dose)} {unit} are more than a protocol holds", _flag(key), f"at most {most} {unit}/{per}"
        )
    return int(dose * PG_PER_MG), unit


def _by(key: str) -> str:
    return "body surface" if key in _PER_M2 else "weight"


def _times(key: str, values: Values) -> Fraction:
    """What the given dose is multiplied by: kg, m2, or nothing."""
    if key in _PER_M2:
        return body.surface_m2(values["height_cm"], values["weight_kg"], values["bsa_formula"])
    return values["weight_kg"] if key in _PER_KG else Fraction(1)


def aloud(template: Template, texts: dict[str, str], values: Values) -> list[str]:
    """What was converted or worked out, a line each: so that it is checked before anything is mixed by it."""
    options = (option for option in template.every_option() if option.key in texts)
    lines = [words for option in options for words in option.aloud(texts[option.key])]
    key = next((key for key in (*_PER_KG, *_PER_M2) if key in values), None)
    if key is None:
        return lines
    if key in _PER_M2:
        lines.append(body.surface_aloud(values["height_cm"], values["weight_kg"], values["bsa_formula"]))
    per, times = key.rpartition("_per_")[2], _times(key, values)
    dose, unit = plain(Fraction(dose_pg(values)[0], PG_PER_MG)), UNITS[key in _IN_MG]
    return [*lines, f"full dose: {plain(values[key])} {unit}/{per} x {plain(times)} {per} = {dose} {unit}"]


def build(template: Template, values: Values) -> tuple[Plan, str]:
    """The plan of a template for these values, and the unit of its doses.

    Raises UserError; for a plan that no file or pump can hold it says which option may be what.
    """

    def planned(tried: Values) -> Plan:
        plan = template.build(tried, dose_pg(tried)[0])
        fits.demand(plan)
        return plan

    def works(tried: Values) -> bool:
        try:
            return bool(planned(tried))
        except UserError:
            return False

    try:
        return planned(values), dose_pg(values)[1]
    except Misfit as error:
        options = (
            *template.options,
            *(option for option in COMMON if option.key in (*DOSES, "weight_kg", "height_cm")),
        )
        raise UserError(error.what, error.where, fits.remedy(options, values, works)) from None
