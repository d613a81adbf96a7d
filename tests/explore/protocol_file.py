"""A tiny protocol as the project's own protocol file (TOML): what every target loads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction

from pump.protocol import protocol as device
from toleramp.protocol.keys import LINE_FILL, MONITORING, RESUME
from toleramp.protocol.templates.exact import decimal_text

_PG_PER_MG, _NL_PER_ML, _E4 = 10**9, 10**6, 10**4

Pairs = dict[str, object]


def table(head: str, pairs: Pairs) -> str:
    """A table of TOML under its head ("[end]", "[[step]]"): exact decimals, no float."""
    rows = [f"{key} = {decimal_text(value)}" for key, value in pairs.items() if isinstance(value, Fraction)]
    texts = {key: value for key, value in pairs.items() if not isinstance(value, Fraction)}
    rows = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in texts.items()] + rows
    return "\n".join([head, *rows]) + "\n"


def protocol_text(protocol: device.Protocol) -> str:
    """The file's text; read again it is the same protocol, to the byte of its compiled form."""
    return "\n".join(["format = 1\n", *_tables(protocol)])


def _tables(protocol: device.Protocol) -> Iterator[str]:
    yield table("[protocol]", _head(protocol))
    for bag in protocol.solutions:
        volume_ml, drug_mg = Fraction(bag.volume_nl, _NL_PER_ML), Fraction(bag.drug_pg, _PG_PER_MG)
        yield table("[[solution]]", {"id": bag.id, "code": bag.code, "volume_ml": volume_ml, "drug_mg": drug_mg})
    for step in protocol.steps:
        yield table("[[step]]", _step(protocol, step))
    yield table("[monitoring]", {key: getattr(protocol, name) for key, name in MONITORING.items()})
    yield table("[reaction]", _reaction(protocol))


def _head(protocol: device.Protocol) -> Pairs:
    return {
        "name": protocol.name,
        "drug": protocol.drug,
        "class": device.CLASSES[protocol.kind],
        "tolerance_gap_h": protocol.tolerance_gap_h,
        "max_hold_min": protocol.max_hold_min,
        "max_wait_min": protocol.max_wait_min,
        "primed_with": "solution" if protocol.primed_with_solution else "saline",
        "full_dose_mg": Fraction(protocol.full_dose_pg, _PG_PER_MG),
        "line_dead_volume_ml": Fraction(protocol.line_dead_nl, _NL_PER_ML),
    }


def _step(protocol: device.Protocol, step: device.Step) -> Pairs:
    pairs: Pairs = {"solution": protocol.solutions[step.solution].id, "rate_ml_h": Fraction(step.rate_e4, _E4)}
    if step.flags & device.TO_FULL_DOSE:
        return {**pairs, "to_full_dose": True}
    if step.flags & device.LINE_FILL:
        pairs["kind"] = LINE_FILL
    return {**pairs, "volume_ml": Fraction(step.volume_nl, _NL_PER_ML)}


def _reaction(protocol: device.Protocol) -> Pairs:
    return {
        "resume_choices": [name for bit, name in enumerate(RESUME) if protocol.resume_choices >> bit & 1],
        "decision_after_count": protocol.decision_after_count,
        "min_hold_min": protocol.min_hold_min,
        "insert_allowed": bool(protocol.insert_allowed),
        "boundary": "rehang" if protocol.rehang_first else "present",
    }
