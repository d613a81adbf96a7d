"""Saves and restores a tree of plain objects many thousand times a second, in place: references stay what they were.

What an attribute is (a number, a byte string, an array, a list of numbers, another object of the tree) is learnt once a
class, from the first object of it; then a function of its own does it.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

_PLAIN = (int, str, bytes, float, tuple, type(None), FunctionType, MethodType, BuiltinMethodType, memoryview, type)
_IN_PLACE = (bytearray, array, list)


class Saver:
    """`save(thing)` gives what `restore` takes; `fixed`: classes whose objects never change.

    An object with two owners is saved by the first that is met; the others keep their reference.
    """

    def __init__(self, thing: Any, fixed: tuple[type, ...]) -> None:
        self._fixed = fixed
        self._saves: dict[type, Callable[[Any], Any]] = {}
        self._restores: dict[type, Callable[[Any], None]] = {}
        self._owned: set[int] = {id(thing)}
        self._learn(thing)
        self.save = self._saves[type(thing)]
        self.restore = self._restores[type(thing)]

    def _learn(self, thing: Any) -> None:
        """Makes the two functions of an object's class, those of the objects that it owns first."""
        names: dict[str, Any] = {"copied": _copied, "put": _put}
        save, restore = ["o"], ["o = t[0]"]
        for name, value in vars(thing).items():
            self._attribute(name, value, names, save, restore)
        body = "\n ".join(restore)
        exec(f"def save(o):\n return ({', '.join(save)},)\ndef restore(t):\n {body}", names)
        self._saves[type(thing)], self._restores[type(thing)] = names["save"], names["restore"]

    def _attribute(self, name: str, value: Any, names: dict[str, Any], save: list[str], restore: list[str]) -> None:
        at = len(save)
        if isinstance(value, _PLAIN + self._fixed) or id(value) in self._owned:
            save.append(f"o.{name}")
            restore.append(f"o.{name} = t[{at}]")
            return
        self._owned.add(id(value))
        if isinstance(value, list) and any(hasattr(one, "__dict__") for one in value):
            self._rooms(name, value, names, save, restore)
        elif isinstance(value, _IN_PLACE):
            save.append(f"(o.{name}, o.{name}[:])")
            restore.append(f"a, b = t[{at}]; a[:] = b; o.{name} = a")
        elif isinstance(value, (deque, dict)):
            save.append(f"(o.{name}, copied(o.{name}))")
            restore.append(f"o.{name} = t[{at}][0]; put(*t[{at}])")
        else:
            self._room(f"{name}", f"o.{name}", value, names, save, restore)
            restore.append(f"o.{name} = t[{at}][0]")

    def _room(
        self, key: str, path: str, value: Any, names: dict[str, Any], save: list[str], restore: list[str]
    ) -> None:
        """An object of the tree."""
        if type(value) not in self._saves:
            self._learn(value)
        names[f"save_{key}"], names[f"restore_{key}"] = self._saves[type(value)], self._restores[type(value)]
        restore.append(f"restore_{key}(t[{len(save)}])")
        save.append(f"save_{key}({path})")

    def _rooms(self, name: str, value: list[Any], names: dict[str, Any], save: list[str], restore: list[str]) -> None:
        """A list that never changes: those of its objects that nobody else owns are saved."""
        for index, one in enumerate(value):
            if hasattr(one, "__dict__") and id(one) not in self._owned and not isinstance(one, self._fixed):
                self._owned.add(id(one))
                self._room(f"{name}_{index}", f"o.{name}[{index}]", one, names, save, restore)


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else [list(word) for word in value]


def _put(owner: Any, saved: Any) -> None:
    owner.clear()
    if isinstance(owner, deque):
        owner.extend(list(word) for word in saved)
    else:
        owner.update(saved)
