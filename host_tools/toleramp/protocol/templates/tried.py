"""What would mend a protocol that breaks a rule: options are changed and the rules asked, before anything is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil

from toleramp.protocol.templates import Template
from toleramp.protocol.templates.exact import plain

Texts = dict[str, str]
Keeps = Callable[[Texts], bool]  # whether options make a protocol that keeps the rules
LARGER_BAGS = (2, 4)
LONGER_DWELLS = (Fraction(4, 3), Fraction(2))
LINE_STEP_ML = Fraction(1, 20)  # to what a line's dead volume is looked for
MOST_NAMED = 3


def _value(template: Template, texts: Texts, key: str) -> Fraction | None:
    """The number that an option has now; None where the template has no such option."""
    option = next((option for option in template.every_option() if option.key == key), None)
    text = texts.get(key, option.default if option else None)
    return None if option is None or text is None else Fraction(option.read(text))


def _changes(template: Template, texts: Texts) -> list[Texts]:
    """Single changes, the least trouble first: the line filled, larger bags, longer steps."""
    found: list[Texts] = []
    dead = _value(template, texts, "line_dead_volume_ml")
    if texts.get("primed_with") == "saline":
        found.append({"primed_with": "solution"})
    if dead and _value(template, texts, "line_fill_ml") == 0:
        found.append({"line_fill_ml": plain(dead)})
    for key, factors in (("bag_ml", LARGER_BAGS), ("dwell_min", LONGER_DWELLS)):
        value = _value(template, texts, key)
        found += [{key: str(ceil(value * factor))} for factor in factors] if value else []
    return found


def _together(changes: list[Texts]) -> Iterator[Texts]:
    """One change, then two, then three; none of the same option twice."""
    for count in (1, 2, 3):
        for chosen in combinations(changes, count):
            merged = {key: text for change in chosen for key, text in change.items()}
            if len(merged) == count:
                yield merged


def _is_new(change: Texts, found: list[Texts]) -> bool:
    """False for one that another one already does with less."""
    return not any(other.items() <= change.items() for other in found)


def _in_words(template: Template, change: Texts) -> str:
    flags = {option.key: option.flag for option in template.every_option()}
    return " ".join(f"{flags[key]} {text}" for key, text in change.items())


def _shorter_line(template: Template, texts: Texts, keeps: Keeps) -> str:
    """The largest dead volume that keeps the rules with all else as it is; "" where none does."""
    dead = _value(template, texts, "line_dead_volume_ml")
    if not dead:
        return ""
    low, high = 0, int(dead / LINE_STEP_ML)
    if not keeps({**texts, "line_dead_volume_ml": "0"}):
        return ""
    while high - low > 1:
        middle = (low + high) // 2
        if keeps({**texts, "line_dead_volume_ml": plain(middle * LINE_STEP_ML)}):
            low = middle
        else:
            high = middle
    return f"--line-dead-volume-ml {plain(low * LINE_STEP_ML)} (a line of so little or less)"


def remedies(template: Template, texts: Texts, keeps: Keeps) -> list[str]:
    """Options that make a protocol of these keep the rules, each tried: a few, the least trouble first."""
    found: list[Texts] = []
    for change in _together(_changes(template, texts)):
        if len(found) == MOST_NAMED:
            break
        if _is_new(change, found) and keeps({**texts, **change}):
            found.append(change)
    words = [_in_words(template, change) for change in found]
    line = _shorter_line(template, texts, keeps)
    return [*words, line] if line else words
