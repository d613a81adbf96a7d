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
# Those of each scan, of one in which a flow begins, of one with records: asked a million times, so no more than needed.
ALWAYS: list[tuple[str, Check]] = []
AS_IT_BEGINS: list[tuple[str, Check]] = []
WITH_RECORDS: list[tuple[str, Check]] = []


def holds(*ids: str, when: list[tuple[str, Check]] = ALWAYS) -> Callable[[Check], Check]:
    """Registers an invariant under its function's name; `when`: only those scans can break it."""

    def put(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        ALL[name] = Invariant(name, ids, (check.__doc__ or "").strip(), check, when is AS_IT_BEGINS)
        when.append((name, check))
        return check

    return put


def judge(world: World) -> None:
    """All of them; raises Violation with the first that is broken."""
    _demand(world, ALWAYS)
    if world.fresh:
        _demand(world, AS_IT_BEGINS)
    if world.came:
        _demand(world, WITH_RECORDS)


def _demand(world: World, checks: list[tuple[str, Check]]) -> None:
    for name, broken in checks:
        wrong = broken(world)
        if wrong:
            raise Violation(name, wrong)


def state_of(world: World) -> int:
    """The session's state now."""
    return int(world.pump.session.state)
