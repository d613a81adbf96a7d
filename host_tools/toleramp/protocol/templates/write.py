"""A plan as the text of a protocol file: exact decimal text, short comments, sections in the order of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction

from pump.protocol import protocol as device
from toleramp.preparation.amounts import spoken_unit
from toleramp.protocol.keys import KEYS, MONITORING, RESUME
from toleramp.protocol.templates import contract
from toleramp.protocol.templates.exact import decimal_text, near, plain
from toleramp.protocol.templates.model import E4, NL_PER_ML, PG_PER_MG, Bag, Plan, Portion, Rung
from toleramp.protocol.templates.options import Values

_LONGEST_NAME = 60  # bytes, as the compiled form has it
_FLAGS = ("true", "false")
_ELSEWHERE = ("protocol", "solution", "step", "monitoring", "reaction", "approval")  # sections that others write


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in pairs)


def _dose_words(dose: Fraction, unit: str) -> str:
    """The full dose as a name has it: to its last digit, and in a written unit where it would begin with zeros."""
    spoken = spoken_unit([dose], unit)
    return f"{near(dose / spoken.size, 9)} {spoken.name}"


def _name(values: Values, plan: Plan, unit: str) -> str:
    if "name" in values:
        return str(values["name"])
    dose = _dose_words(Fraction(plan.dose_pg, PG_PER_MG), unit)
    steps = sum(not rung.fill for rung in plan.rungs)
    size = f"{len(plan.portions)} doses" if plan.portions else f"{steps} steps"
    name = f"{values['drug']} {dose}, {size}"
    return name if len(name.encode()) <= _LONGEST_NAME else f"{dose}, {size}"


def _head(values: Values, plan: Plan, unit: str) -> str:
    pairs = [
        ("name", _quoted(_name(values, plan, unit))),
        ("drug", _quoted(values["drug"])),
        ("route", _quoted(values["route"])),
        (f"full_dose_{unit.lower()}", decimal_text(Fraction(plan.dose_pg, PG_PER_MG))),
        ("class", _quoted(plan.kind)),
        ("dose_unit", _quoted(unit)),
        ("tolerance_gap_h", str(values["tolerance_gap_h"])),
        ("max_hold_min", str(values["max_hold_min"])),
        ("max_wait_min", str(values["max_wait_min"])),
    ]
    if not plan.portions:
        pairs.append(("line_dead_volume_ml", decimal_text(values["line_dead_volume_ml"])))
        pairs.append(("primed_with", _quoted(values["primed_with"])))
    for key in ("weight_kg", "height_cm"):
        if key in values and key in KEYS["protocol"]:
            pairs.append((key, decimal_text(values[key])))
    pairs += _given("protocol", values)
    return "[protocol]\n" + _pairs(pairs)


def _bag(values: Values, bag: Bag, unit: str) -> str:
    code = f"TLR-{bag.letter}-{values['code']}"
    pairs = [("id", _quoted(bag.letter)), ("code", _quoted(code)), ("dilution", _quoted(f"1:{plain(bag.dilution)}"))]
    if "diluent" in values:
        pairs.append(("diluent", _quoted(values["diluent"])))
    pairs.append(("volume_ml", decimal_text(Fraction(bag.volume_nl, NL_PER_ML))))
    pairs.append((f"drug_{unit.lower()}", decimal_text(Fraction(bag.drug_pg, PG_PER_MG))))
    if bag.line_nl:
        pairs.append(("line_volume_ml", decimal_text(Fraction(bag.line_nl, NL_PER_ML))))
    return "[[solution]]\n" + _pairs([*pairs, *_given("solution", values)])


def _step(plan: Plan, rung: Rung) -> str:
    pairs = [("solution", _quoted(plan.bags[rung.bag].letter)), ("rate_ml_h", decimal_text(Fraction(rung.rate_e4, E4)))]
    if rung.minutes is not None:
        pairs.append(("minutes", decimal_text(rung.minutes)))
    elif rung.volume_nl is not None:
        pairs.append(("volume_ml", decimal_text(Fraction(rung.volume_nl, NL_PER_ML))))
    else:
        pairs.append(("to_full_dose", "true"))
    if rung.fill:
        pairs.append(("kind", _quoted("line-fill")))
    return "[[step]]\n" + _pairs([*pairs, *rung.printed])


def _portion(portion: Portion, unit: str) -> str:
    dose = decimal_text(Fraction(portion.dose_pg, PG_PER_MG))
    pairs = [("kind", _quoted("oral")), (f"dose_{unit.lower()}", dose), ("minutes", decimal_text(portion.minutes))]
    return "[[step]]\n" + _pairs(pairs)


def _toml(value: object) -> str:
    """A value that an option read, as TOML."""
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    if isinstance(value, datetime):
        return _quoted(value.isoformat())
    if isinstance(value, Fraction):
        return decimal_text(value)
    return str(value) if isinstance(value, int) or value in _FLAGS else _quoted(str(value))


def _given(section: str, values: Values) -> list[tuple[str, str]]:
    """The keys of a section that were given, as TOML."""
    return [(name, _toml(value)) for name, value in contract.of_section(section, values).items()]


def _sections(values: Values) -> Iterator[str]:
    """The sections that stand only where something was given for them."""
    for section in KEYS:
        pairs = [] if section in _ELSEWHERE else _given(section, values)
        if pairs:
            yield f"[{section}]\n{_pairs(pairs)}"
    for section, row in contract.rows(values):
        yield f"[[{section}]]\n{_pairs([(key, _quoted(text)) for key, text in row.items()])}"
    for dose in values.get(contract.PREMEDICATION, ()):
        pairs = [("drug", _quoted(dose.drug)), ("dose", _quoted(dose.dose)), ("wait_min", str(dose.wait_min))]
        yield f"[[premedication]]\n{_pairs(pairs)}"


def _rules(values: Values) -> str:
    """Vital signs and reactions: what was given, else the pump's defaults, written out to be read and confirmed."""
    rules = device.Protocol()
    monitoring = {key: str(getattr(rules, name)) for key, name in MONITORING.items()}
    choices = [name for bit, name in enumerate(RESUME) if rules.resume_choices >> bit & 1]
    reaction = {
        "resume_choices": json.dumps(choices),
        "decision_after_count": str(rules.decision_after_count),
        "min_hold_min": str(rules.min_hold_min),
        "insert_allowed": "true" if rules.insert_allowed else "false",
        "boundary": '"rehang"' if rules.rehang_first else '"present"',
    }
    monitoring |= dict(_given("monitoring", values))
    reaction |= dict(_given("reaction", values))
    head = "# Where nothing was given, the pump's defaults: the prescriber confirms or changes them.\n"
    return f"{head}[monitoring]\n{_pairs([*monitoring.items()])}\n[reaction]\n{_pairs([*reaction.items()])}"


def protocol_text(template: str, values: Values, plan: Plan, unit: str, aloud: Sequence[str] = ()) -> str:
    """The protocol file (TOML) of a plan; `unit` is "mg" or "U"; `aloud`: how its numbers came about."""
    comments = [
        f"Written by `toleramp protocol new` from the template {template}.",
        "Not a prescription: each value is the prescriber's to confirm.",
        *aloud,
        *plan.notes,
    ]
    parts = ["".join(f"# {line}\n" for line in comments) + "format = 1\n", _head(values, plan, unit)]
    parts += [_bag(values, bag, unit) for bag in plan.bags]
    parts += [_step(plan, rung) for rung in plan.rungs]
    parts += [_portion(portion, unit) for portion in plan.portions]
    return "\n".join([*parts, *_sections(values), _rules(values)])
