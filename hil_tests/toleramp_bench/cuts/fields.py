"""The fields in RAM that judge, found by walking the objects of a running controller, and one bit of one of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

BITS = 30  # of a small integer of the chip
# What a walk begins with: attributes of the controller, each a room.
ROOMS = (
    "vitals", "delivery", "session", "guard", "alarms", "inputs", "parts", "driver", "buttons", "attention",
    "oximeter", "lost", "budget", "wall", "orders", "saved", "minutes", "settings", "conditions",
)  # fmt: skip
_ARRAY_BITS = {"B": 8, "b": 7, "H": 16, "I": BITS, "i": BITS}


@dataclass(frozen=True)
class Field:
    """A number, or a row of them: attribute `name` of the object at `path`, in the room `room`."""

    room: str
    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}.{self.name}"


def _inner(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _objects(room: str, root: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    queue = [(room, each) for each in _inner(root)]
    while queue:
        path, item = queue.pop(0)
        if id(item) in seen or not type(item).__module__.startswith("pump."):
            continue
        seen.add(id(item))
        yield path, item
        for name, value in getattr(item, "__dict__", {}).items():
            for k, each in enumerate(_inner(value)):
                queue.append((f"{path}.{name}" + (f"[{k}]" if isinstance(value, (list, tuple)) else ""), each))


# The order in which codes are offered: it decides how often somebody presses, nothing else.
HARMLESS = frozenset(("_salt",))


def _is_row(value: Any) -> bool:
    if isinstance(value, (bytearray, array)):
        return len(value) > 0
    return isinstance(value, list) and bool(value) and all(isinstance(each, int) for each in value)


def fields(controller: Any) -> dict[Field, Any]:
    """Each field and the object that has it, each once."""
    seen: set[int] = {id(controller), id(controller.journal), id(controller.link), id(controller.display)}
    rows: set[int] = set()
    found = {}
    for room in ROOMS:
        for path, item in _objects(room, getattr(controller, room), seen):
            for name, value in getattr(item, "__dict__", {}).items():
                if _is_row(value) and id(value) in rows:
                    continue
                if name not in HARMLESS and (isinstance(value, int) or _is_row(value)):
                    rows.add(id(value))
                    found[Field(room, path, name)] = item
    return found


def flip(item: Any, name: str, random: Random) -> str:
    """Changes one drawn bit of a field; which one, in words."""
    value = getattr(item, name)
    if isinstance(value, bool):
        setattr(item, name, not value)
        return "yes and no"
    if isinstance(value, int):
        bit = random.randrange(max(BITS, value.bit_length()))
        setattr(item, name, value ^ 1 << bit)
        return f"bit {bit} of {value}"
    at = random.randrange(len(value))
    if isinstance(value[at], bool):
        value[at] = not value[at]
        return f"[{at}] yes and no"
    bits = _ARRAY_BITS[value.typecode] if isinstance(value, array) else 8 if isinstance(value, bytearray) else BITS
    bit, before = random.randrange(max(bits, value[at].bit_length())), value[at]
    value[at] = before ^ 1 << bit
    return f"[{at}] bit {bit} of {before}"
