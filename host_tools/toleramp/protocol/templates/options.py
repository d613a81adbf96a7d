"""What a template can be told: one Option each, read from a command line or from an answer by the same code."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol.codes import can_show
from toleramp.errors import UserError, one_line
from toleramp.protocol.keys import BOUNDS, TEXT_BYTES
from toleramp.protocol.reader import when
from toleramp.protocol.templates import body, premedication, units
from toleramp.protocol.templates.exact import number
from toleramp.words import times, unit_keys
from toleramp.words.lists import number_texts

Values = dict[str, Any]  # option key -> what was read; an option that was not given and has no default is missing
ROWS = "rows"  # kind of an option: lines of texts, of which each is a key's, with a colon between them
ALL_LINES = "lines"  # kind of an option: texts with a semicolon between them
NUMBERS = ("number", "whole", "numbers")  # kinds of options that have a unit
RATE_DIGITS, VOLUME_DIGITS, DRUG_DIGITS = 4, 6, 9  # the pump's resolution: 0.0001 mL/h, 1 nL, 1 pg


def one_of(text: str, known: Iterable[str]) -> str:
    """A remedy for a word that is not known: the one that was probably meant, and all that there are."""
    every = list(known)
    near = difflib.get_close_matches(text, every, 1)
    return (f"did you mean {near[0]}? " if near else "") + "one of " + ", ".join(every)


@dataclass(frozen=True)
class Option:
    """One option. `default` is read like given text; `hint` says in words what happens without one."""

    key: str
    question: str
    kind: str = "number"  # number, whole, choice, text, numbers, path, lines, time, premedication
    unit: str = ""
    default: str | None = None
    hint: str = ""
    required: bool = False
    low: str = "0"
    high: str = "10000000"
    digits: int = VOLUME_DIGITS
    choices: tuple[str, ...] = ()
    longest: int = 40  # bytes of a text
    alone: bool = True  # of numbers: one may stand there by itself (else a comma between two has one reading)
    asked: bool = True  # asked on a terminal when nothing was given

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.key.replace("_", "-")

    def shown_default(self) -> str:
        """What happens when it is not given, in a word or two."""
        return self.default if self.default is not None else self.hint or ("no default" if self.required else "none")

    def read(self, text: str) -> Any:
        """The value in `text`. Raises UserError, one line, naming the option."""
        if self.kind == "choice":
            return self._choice(text.strip())
        if self.kind == "text":
            return self._text(text.strip())
        if self.kind in _OTHER_KINDS:
            return _OTHER_KINDS[self.kind](self, text)
        if self.kind == "numbers":
            return tuple(self._number(part) for part in number_texts(text, self.flag, self.alone))
        value = self._number(text)
        return int(value) if self.kind == "whole" else value

    def _lines(self, text: str) -> tuple[str, ...]:
        """Texts with a semicolon between them."""
        read = self._choice if self.choices else self._text
        return tuple(read(part.strip()) for part in text.split(";"))

    def _rows(self, text: str) -> tuple[dict[str, str], ...]:
        """Rows with a semicolon between them, the texts of each (as many as `choices`) with a colon."""
        made = []
        for part in text.split(";"):
            texts = [self._text(cell.strip()) for cell in part.split(":", len(self.choices) - 1)]
            if len(texts) != len(self.choices):
                what = f"{part.strip()[:40]!r} has not all of {', '.join(self.choices)}"
                raise UserError(what, self.flag, f'write "{": ".join(self.choices)}"')
            made.append(dict(zip(self.choices, texts, strict=True)))
        return tuple(made)

    def _time(self, text: str) -> datetime:
        moment = when(text.strip())
        if moment is None:
            remedy = "write it like 2026-11-22T08:00:00+01:00"
            raise UserError(f"{text.strip()[:40]!r} is no time with its offset", self.flag, remedy)
        return moment

    def _zone(self, text: str) -> str:
        if times.zone(text.strip()) is None:
            raise UserError(f"{text.strip()[:40]!r} is no time zone by name", self.flag, "write it like Europe/Berlin")
        return text.strip()

    def aloud(self, text: str) -> list[str]:
        """What was converted in `text` from another unit, in words."""
        if self.kind not in NUMBERS:
            return []
        parts = number_texts(text, self.flag, self.alone) if self.kind == "numbers" else [text]
        return [words for part in parts if (words := units.aloud(part, self.unit, self.flag))]

    def _path(self, text: str) -> Path:
        if not text.strip() or not text.isprintable():
            raise UserError("this is no file name", self.flag, "name a file")
        return Path(text)

    def _number(self, text: str) -> Fraction:
        digits = 0 if self.kind == "whole" else self.digits
        text = units.without(text, self.unit, self.flag)
        low, high = Fraction(self.low), Fraction(self.high)
        try:
            return number(text, self.flag, digits, low, high, self.unit)
        except UserError as error:
            slip = self._slip(text, low, high)
            if not slip:
                raise
            raise UserError(f"{text.strip()} {self.unit} is out of range", error.where, slip) from None

    def _slip(self, text: str, low: Fraction, high: Fraction) -> str:
        """What a number out of its bounds comes to in the other usual unit, as a height in metres; else ""."""
        try:
            value = number(text, self.flag, RATE_DIGITS, Fraction(0), Fraction(10**7))
        except UserError:
            return ""
        return "" if low <= value <= high else unit_keys.slip(self.key, value, low, high)

    def _choice(self, text: str) -> str:
        if text not in self.choices:
            raise UserError(f"{text!r} is not a choice", self.flag, one_of(text, self.choices))
        return text

    def _text(self, text: str) -> str:
        if not text or text != one_line(text) or not text.isprintable():
            raise UserError("not a line of printable text", self.flag, "write it in letters and digits")
        if len(text.encode("utf-8", "replace")) > self.longest:
            raise UserError(f"longer than {self.longest} bytes", self.flag, "write it shorter")
        if self.key == "code" and not can_show(text.encode("utf-8", "replace")):
            raise UserError(f"{text!r} cannot be shown on the pump's screen", self.flag, "write it in ASCII letters")
        return text


_OTHER_KINDS: dict[str, Callable[[Option, str], Any]] = {
    "path": Option._path,
    ALL_LINES: Option._lines,
    ROWS: Option._rows,
    "time": Option._time,
    "zone": Option._zone,
    "premedication": lambda option, text: premedication.read(text, option.flag, option._text),
}


def _high(section: str, key: str) -> str:
    """The most that a protocol file takes there."""
    return str(BOUNDS[section, key][1])


def _bounded(key: str, question: str, kind: str, unit: str, default: str | None = None, **other: Any) -> Option:
    """An option that becomes the key of [protocol] of its name, with the bounds that the file has."""
    low, high = map(str, BOUNDS["protocol", key])
    return Option(key, question, kind, unit, default, low=low, high=high, **other)


_MOST_BAG, _MOST_LINE = _high("solution", "volume_ml"), _high("solution", "line_volume_ml")

BAG = Option("bag_ml", "Nominal volume of each bag", unit="mL", default="250", low="0.001", high=_MOST_BAG)
OVERFILL = Option(
    "overfill_ml",
    "Overfill on top of it, one number or one for each bag, comma between",
    "numbers",
    "mL",
    "0",
    high=_MOST_BAG,
)
FIRST_RATE = Option(
    "first_rate", "First rate of the weak bags", unit="mL/h", low="0.0001", high="1200", digits=RATE_DIGITS
)
FINAL_RATE = Option("final_rate", "Final rate", unit="mL/h", low="0.0001", high="1200", digits=RATE_DIGITS)
SCALED_RATE = Option(
    "scaled_final_rate",
    "Final rate that all rates are scaled to (rounded to 0.0001 mL/h)",
    unit="mL/h",
    hint="rates not scaled",
    low="0.0001",
    high="1200",
    digits=RATE_DIGITS,
)
DWELL = Option(
    "dwell_min", "Dwell of each step but the last", unit="min", default="15", low="0.01", high="1440", digits=4
)
LINE_FILL = Option(
    "line_fill_ml",
    "Line-fill before each bag's first step (before the first bag only in a line primed with saline), no dose",
    unit="mL",
    default="0",
    high=_MOST_LINE,
)
OWN_LINE = Option(
    "line_volume_ml",
    "Own line of each bag, primed from it; stays behind",
    unit="mL",
    default="0",
    high=_MOST_LINE,
)
LAST_BAG = Option(
    "last_bag",
    "Last bag (under: what the others leave of the dose; full: all of it, run to the dose; run-dry: all of it given)",
    "choice",
    default="under",
    choices=("under", "full", "run-dry"),
)

# Doses: one option for each unit, so that none is ever without.
FIRST_DOSE = Option("first_dose_mg", "First dose", unit="mg", low="0.000001", digits=DRUG_DIGITS)
FIRST_DOSE_U = Option("first_dose_u", "First dose of a drug in units", unit="U", low="0.000001", digits=DRUG_DIGITS)

# What every protocol says, whatever its template; the prescriber's decisions have no default.
DRUG = Option("drug", "Drug", "text", required=True, longest=TEXT_BYTES["protocol", "drug"])
WEIGHT = _bounded("weight_kg", "Weight of the patient", "number", "kg", hint="not by weight", digits=3)
PER_KG = Option("dose_mg_per_kg", "Dose by weight", unit="mg/kg", hint="the full dose is given", low="0.000001")
PER_KG_U = Option(
    "dose_u_per_kg", "Dose by weight of a drug in units", unit="U/kg", hint="the full dose is given", low="0.000001"
)
HEIGHT = Option(
    "height_cm", "Height of the patient", unit="cm", hint="not by body surface", low="30", high="250", digits=1
)
FORMULA = Option(
    "bsa_formula", "Formula of the body surface", "choice", default="mosteller", choices=tuple(body.FORMULAS),
    asked=False,
)  # fmt: skip
PER_M2 = Option("dose_mg_per_m2", "Dose by body surface", unit="mg/m2", hint="the full dose is given", low="0.000001")
PER_M2_U = Option(
    "dose_u_per_m2",
    "Dose by body surface of a drug in units",
    unit="U/m2",
    hint="the full dose is given",
    low="0.000001",
)
DOSE = Option("dose_mg", "Full dose", unit="mg", required=True, low="0.000001", digits=DRUG_DIGITS)
DOSE_U = Option(
    "dose_u",
    "Full dose of a drug in units",
    unit="U",
    hint="the dose is in mg",
    low="0.000001",
    digits=DRUG_DIGITS,
    asked=False,
)
DOSES = {option.key for option in (PER_KG, PER_KG_U, PER_M2, PER_M2_U, DOSE, DOSE_U, FIRST_DOSE, FIRST_DOSE_U)}
ROUTE = Option("route", "Route", "text", default="IV")
COMMON = (
    DRUG,
    WEIGHT,
    HEIGHT,
    FORMULA,
    PER_KG,
    PER_KG_U,
    PER_M2,
    PER_M2_U,
    DOSE,
    DOSE_U,
    _bounded("max_hold_min", "Longest hold before the session ends", "whole", "min", required=True),
    _bounded("max_wait_min", "Longest wait at a bag change", "whole", "min", "30"),
    _bounded("tolerance_gap_h", "Tolerance is lost after", "whole", "h", "48"),
    _bounded("line_dead_volume_ml", "Dead volume of the shared line, hub to vein", "number", "mL", required=True),
    Option("primed_with", "The line is primed with", "choice", required=True, choices=("saline", "solution")),
    Option("diluent", "Diluent", "text", hint="not named"),
    Option(
        "name", "Name of the protocol", "text", hint="from drug, dose and steps", longest=TEXT_BYTES["protocol", "name"]
    ),
    ROUTE,
    Option("code", "End of the bag codes, TLR-A-...", "text", hint="drawn at random", longest=9, asked=False),
)
