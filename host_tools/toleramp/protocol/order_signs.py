"""The number of an order or a patient as eyes see it: what looks the same is one, what only looks Latin is none.

A number is typed from a sheet, again and again. Two readings of one number must be one order, else its dose is given
twice; two numbers must stay two, else one patient's dose blocks another's.
"""

from __future__ import annotations

import re
import unicodedata

_RUN = re.compile(r"[0-9oil]+")  # digits, and the letters that are read as digits
_AS_SEEN = str.maketrans("oi", "01")
_STROKES = str.maketrans({"|": "1", "ı": "1"})  # a stroke and an i without its dot, which stand for no separator
# Letters of other alphabets by the Latin letter or the digit that each looks like.
_LOOKS = {
    "А": "A", "В": "B", "Е": "E", "З": "3", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T",
    "У": "Y", "Х": "X", "Ь": "b", "Ѕ": "S", "І": "I", "Ї": "I", "Ј": "J", "Ԛ": "Q", "Ԝ": "W", "Ү": "Y", "Һ": "h",
    "а": "a", "б": "6", "в": "B", "е": "e", "з": "3", "к": "k", "м": "M", "н": "H", "о": "o", "р": "p", "с": "c",
    "т": "T", "у": "y", "х": "x", "ѕ": "s", "і": "i", "ї": "i", "ј": "j", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w",
    "ѵ": "v", "Ѵ": "V", "Ӏ": "I", "ӏ": "l", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K",
    "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "α": "a", "γ": "y", "ι": "i", "κ": "k",
    "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x", "ϳ": "j", "Ϲ": "C", "ϲ": "c", "Օ": "O", "օ": "o",
    "Տ": "S", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "զ": "q", "Ꭺ": "A", "Ᏼ": "B", "Ꮯ": "C", "Ꭼ": "E", "Ꮋ": "H",
    "Ꭵ": "i", "Ꭻ": "J", "Ꮶ": "K", "Ꮮ": "L", "Ꮇ": "M", "Ꮲ": "P", "Ꮪ": "S", "Ꭲ": "T", "Ꮩ": "V", "Ꮃ": "W",
}  # fmt: skip


def _sign(sign: str) -> str:
    """A letter with its marks, a digit of any script as its number, else the mark for what stands between."""
    if unicodedata.category(sign).startswith(("L", "M")):
        return sign
    number = unicodedata.digit(sign, -1)
    return str(number) if number >= 0 else "-"


def _is_number(run: str, token: str) -> bool:
    """True for digits, whatever letters are typed among them; an o, i or l within a word stays a letter."""
    return run == token or re.search("[0-9]", run) is not None


def _seen(token: str) -> str:
    """Letters and digits as eyes have them: O as 0, I as 1; a small L as 1 among digits, and by itself.

    That of a word stays what it is: trial 12 is trial12.
    """

    def run(found: re.Match[str]) -> str:
        text, begins, ends = found[0], found.start() == 0, found.end() == len(token)
        digits = [at for at, sign in enumerate(text) if sign.isdigit()]
        first, last = (digits[0], digits[-1]) if digits else (len(text), -1)
        low, high = 0 if begins else first, len(text) if ends else last
        if _is_number(text, token):
            text = text[:low] + text[low:high].replace("l", "1") + text[high:]
        return text.translate(_AS_SEEN)

    return _RUN.sub(run, token)


def _ends(run: re.Match[str] | None, token: str) -> bool:
    """Whether a token meets the mark with a number; one lone 0 or 1 behind a word may as well be its letter."""
    if run is None or not _is_number(run[0], token):
        return False
    return run[0] == token or len(run[0]) > 1 or run[0] in "23456789"


def folded(text: str) -> str:
    """As eyes and keyboards have it: no case, O as 0, I and l as 1, what stands between letters left out.

    Between two numbers it stays, as one mark: 12-3 and 1-23 are two patients.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_STROKES)
    tokens = [token for token in "".join(map(_sign, plain)).split("-") if token]
    made = ""
    for before, token in zip(["", *tokens], tokens, strict=False):
        apart = _ends(re.search(r"[0-9oil]+$", before), before) and _ends(_RUN.match(token), token)
        made += ("-" if apart else "") + _seen(token)
    return made


def _letters(text: str) -> list[str]:
    return [sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign).startswith("L")]


def _is_latin(sign: str) -> bool:
    name = unicodedata.name(sign, "")
    return "LATIN" in name or name == "FEMININE ORDINAL INDICATOR" or name == "MASCULINE ORDINAL INDICATOR"


def mixes_scripts(text: str) -> bool:
    """True for letters of two alphabets: a Cyrillic one looks like a Latin one, and makes another order of it."""
    latin = [_is_latin(sign) for sign in _letters(text)]
    return any(latin) and not all(latin)


def foreign(text: str) -> str:
    """The first letter that looks Latin, or like a digit, and is not, in words; "" where none is taken for another.

    A word of another alphabet that has a letter of its own, as a name in Cyrillic, is taken for no other.
    """
    others = [sign for sign in _letters(text) if not _is_latin(sign)]
    found = [sign for sign in others if sign in _LOOKS]
    if not found or (not mixes_scripts(text) and len(found) < len(others)):
        return ""
    alphabet = unicodedata.name(found[0], "another alphabet").split()[0].capitalize()
    return f"{found[0]!r}, a letter of the {alphabet} alphabet that looks like {_LOOKS[found[0]]}"
