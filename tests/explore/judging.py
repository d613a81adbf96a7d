"""How invariants are told of and judged: each is a function with its requirements, looked at after each scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.explore.world import Violation, World

Check = Callable[[World], str]


@dataclass(frozen=True)
class Invariant:
    """`ids`: the requirements that it is about; `broken(world)`: what is wrong, "" for nothing; `begins`: it is about
    the scan in which a flow begins."""

    name: str
    ids: tuple[str, ...]
    says: str
    broken: Check
    begins: bool = False


ALL: dict[str, Invariant] = {}
ALWAYS: list[Invariant] = []
AS_IT_BEGINS: list[Invariant] = []
WITH_RECORDS: list[Invariant] = []


def holds(*ids: str, when: list[Invariant] = ALWAYS) -> Callable[[Check], Check]:
    """Registers an invariant under its function's name; `when`: only those scans can break it."""

    def put(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        ALL[name] = Invariant(name, ids, (check.__doc__ or "").strip(), check, when is AS_IT_BEGINS)
        when.append(ALL[name])
        return check

    return put


def judge(world: World) -> None:
    """All of them; raises Violation with the first that is broken."""
    _demand(world, ALWAYS)
    if world.fresh:
        _demand(world, AS_IT_BEGINS)
    if world.came:
        _demand(world, WITH_RECORDS)


def _demand(world: World, invariants: list[Invariant]) -> None:
    for invariant in invariants:
        wrong = invariant.broken(world)
        if wrong:
            raise Violation(invariant.name, wrong)


def state_of(world: World) -> int:
    """The session's state now."""
    return int(world.pump.session.state)
