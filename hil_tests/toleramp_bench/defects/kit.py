"""What a seeded defect is, and how it is put into the firmware of a process.

A defect is a change of what an object does, never of a file's text: it holds whatever is moved.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any


@dataclass(frozen=True)
class Defect:
    """`plant` makes the firmware of this process behave wrongly, against the requirement `breaks`; of the scenarios at
    least one has to fail."""

    name: str
    breaks: str
    plant: Callable[[], None]
    scenarios: tuple[str, ...]


def wrong(owner: Any, name: str) -> Callable[[Callable[..., Any]], None]:
    """Puts what follows in the place of a function or method; it gets what stood there as its first argument."""

    def put(instead: Callable[..., Any]) -> None:
        sound = getattr(owner, name)
        setattr(owner, name, wraps(sound)(lambda *arguments: instead(sound, *arguments)))

    return put


def nothing(owner: Any, name: str, answer: Any = None) -> None:
    """Puts a function in that place which does nothing and answers that."""
    setattr(owner, name, wraps(getattr(owner, name))(lambda *_: answer))


def everywhere(sound: Callable[..., Any], instead: Callable[..., Any]) -> None:
    """Replaces a function of the firmware in each of its modules that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("pump", "oximeters"):
            for key, value in list(vars(module).items()):
                if value is sound:
                    setattr(module, key, instead)
