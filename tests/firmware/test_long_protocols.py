"""A protocol as long as one may be, with as many bags, is taken by the real image, again and again (PRO-1, INT-11)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.tables import messages as m
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures.__main__ import twenty_steps

NL, PG = 10**6, 10**9


def ladder(steps: int, bags: int) -> bytes:
    """So many steps of 2 mL/h, each bag twice as strong as the one before; on the bench."""
    made = p.Protocol()
    made.name, made.drug, made.kind = "Long", "testdrug", p.BENCH
    dose = Fraction(0)
    each = steps // bags
    for number in range(bags):
        drug = PG * 2**number // 10
        made.solutions.append(p.Solution(100 * NL, drug, chr(65 + number), f"L-{number + 1}"))
        for _ in range(each + (steps % bags if number == bags - 1 else 0)):
            rate_e4 = 20_000
            volume = rate_e4 * 15 * 100 // 60
            made.steps.append(p.Step(number, 0, rate_e4, 15 * 60_000, volume))
            dose += Fraction(volume * drug, 100 * NL)
    made.full_dose_pg = int(dose)
    return encode(made)


@pytest.mark.req("PRO-1", "INT-11", "INT-10")
@pytest.mark.parametrize("longest", [False, True])
def test_the_longest_protocol_is_taken_by_the_board(firmware: Path, longest: bool) -> None:
    """Else a ladder of 20 steps, which the templates make, resets the pump that it is loaded into; or one that was
    replaced stays in memory: a word in a gap of the stack had kept the first for hours."""
    bench = PumpBench(firmware)
    bench.boot()
    blob = ladder(p.MAX_STEPS, p.MAX_SOLUTIONS) if longest else twenty_steps()
    free = []
    for _ in range(3):
        assert bench.load(blob).type == m.ACK[0]
        bench.run_for(0.5)
        free.append(bench.stats()["free_heap"])
    assert bench.board.resets == 0
    assert min(free) > 100_000
    assert free[2] == free[1] >= free[0], free
