"""How much of a test is run: `make test` has the short form of what takes long, `--long` (`make evidence`) the whole.

A test or a row that only the long form has is marked `pytest.mark.long`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
TIMES = "TOLERAMP_EXAMPLES"  # how many times as many; the long form sets it where nobody has
LONG_TIMES = 10


def times() -> int:
    """How many times the short form's number of examples, phases, cuts is run."""
    return int(os.environ.get(TIMES, "1"))


def examples(count: int) -> int:
    """So many examples, phases or cuts in the short form; in the long one a multiple."""
    return count * times()


def some(rows: Sequence[T], every: int) -> Sequence[T]:
    """Every so-manieth of the rows, from the first on, in the short form; in the long one all."""
    return rows[:: every if times() == 1 else 1]
