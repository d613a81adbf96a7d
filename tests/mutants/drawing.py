"""Which mutants are judged: by the hash of each one's name, so that a change draws anew only where it is."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from itertools import zip_longest

from kernel import modules
from mutants import Mutant, mutants_of

SEED = "toleramp"
ONE_IN = 10
LEAST = 10  # of a module
SAMPLE = 40


def _rank(mutant: Mutant) -> str:
    return hashlib.sha256(f"{SEED} {mutant.name}".encode()).hexdigest()


def drawn(module: str, one_in: int = ONE_IN) -> list[Mutant]:
    """A module's share, in the measure of its size."""
    found = sorted(mutants_of(module), key=_rank)
    return found[: max(LEAST, -(-len(found) // one_in))]


def draw(one_in: int = ONE_IN) -> list[Mutant]:
    """Those of all modules."""
    return [mutant for module in modules() for mutant in drawn(module, one_in)]


def sample(listed: Container[str]) -> list[Mutant]:
    """So few that each `make test` judges them, none that is listed: of each module the first, then the second, ..."""
    rounds = zip_longest(*(drawn(module) for module in modules()))
    flat = [mutant for each in rounds for mutant in each if mutant is not None]
    return [mutant for mutant in flat if mutant.name not in listed][:SAMPLE]
