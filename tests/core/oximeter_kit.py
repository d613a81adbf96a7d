"""Lines of all oximeter formats from the bench's own bytes, and what their parsers make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oximeters.registry import parser as parser_of
from pump.tables import messages as m
from pump.tables.oximeters import NAMES
from toleramp_bench.devices import nonin_df2
from toleramp_bench.evidence.oximeter_lines import encode, per_reading, readings, stream, sure

__all__ = ["FORMS", "Sample", "encode", "per_reading", "read", "stream", "sure", "vectors", "wanted"]
FORMS: tuple[str, ...] = tuple(NAMES)
GREEN = nonin_df2.GREEN
Sample = tuple[int, int, int]


def read(form: str, line: bytes, piece: int = 3) -> list[Sample]:
    """(SpO2, pulse, flags) of each reading of a line that a new parser gets in pieces."""
    return readings(parser_of(form), line, piece)


def vectors(folder: Path, form: str) -> list[dict[str, Any]]:
    """The reference vectors of a format that state samples; their lines end as on the wire."""
    text = (folder / "oximeters" / "vectors.json").read_text(encoding="utf-8")
    rows = [row for row in json.loads(text)["vectors"] if row["format"] == form and "samples" in row]
    for row in rows:
        row["data"] = bytes.fromhex(row["hex"]) if "hex" in row else "".join(f"{x}\r\n" for x in row["lines"]).encode()
    return rows


def wanted(row: dict[str, Any]) -> list[tuple[int, int]]:
    """The stated samples, missing as the core says it."""
    return [
        (m.NONE8 if each["spo2"] is None else each["spo2"], m.NONE16 if each["pulse"] is None else each["pulse"])
        for each in row["samples"]
    ]
