"""The rules of doses by mouth: sum, rise, order and waits; the class bounds no first dose (PRO-2, PRO-3)."""

from __future__ import annotations

import pytest

from pump.protocol import protocol as p
from pump.protocol import rules
from pump.protocol.encoding import encode

MIN = 60_000
DOSES_U = (100, 200, 400, 800, 1600, 3200, 6400, 12_000, 24_000, 48_000, 80_000, 160_000, 320_000, 640_000)


def oral(doses: tuple[int, ...] = DOSES_U, wait_ms: int = 15 * MIN, full: int | None = None) -> p.Protocol:
    """A protocol by mouth of so many units each."""
    protocol = p.Protocol()
    protocol.name, protocol.drug, protocol.kind, protocol.unit = "Penicillin V", "penicillin", 2, 1
    protocol.full_dose_pg = (sum(doses) if full is None else full) * 10**9
    protocol.doses = [p.Dose(dose * 10**9, wait_ms) for dose in doses]
    return protocol


def found(protocol: p.Protocol) -> list[tuple[str, str, int]]:
    return [row[:3] for row in rules.findings(protocol)]


@pytest.mark.req("PRO-2", "PRO-3")
def test_the_published_fourteen_doses_are_clean() -> None:
    """Else doses by mouth cannot be written down."""
    protocol = oral()
    assert sum(DOSES_U) == 1_296_700 and rules.findings(protocol) == []
    again = p.decode(bytearray(encode(protocol)))
    assert [(dose.dose_pg, dose.duration_ms) for dose in again.doses] == [(u * 10**9, 15 * MIN) for u in DOSES_U]
    rules.demand(again)


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize(("second", "severity"), [(260, None), (261, "warning"), (300, "warning"), (301, "error")])
def test_a_dose_rises_as_a_dose_rate_may(second: int, severity: str | None) -> None:
    """Else a skipped dose by mouth is taken."""
    rows = found(oral((100, second)))
    assert [row[0] for row in rows if row[1].startswith("ratio-")] == ([severity] if severity else [])


@pytest.mark.req("PRO-2", "PRO-6")
@pytest.mark.parametrize("left_out", range(1, 13))
def test_a_dose_left_out_is_refused(left_out: int) -> None:
    """Else a line lost in copying is a fourfold dose."""
    doses = (*DOSES_U[:left_out], *DOSES_U[left_out + 1 :])
    assert ("error", "ratio-exceeded", left_out + 1) in found(oral(doses))


@pytest.mark.req("PRO-2", "PRO-6")
def test_a_dose_that_falls_is_refused_and_no_way_to_climb() -> None:
    """Else a slip downward makes the next dose look small."""
    rows = found(oral((100, 200, 20, 400)))
    assert rows == [("error", "order", 3)]
    assert ("error", "ratio-exceeded", 4) in found(oral((100, 200, 20, 601)))


@pytest.mark.req("PRO-3")
def test_the_wait_and_the_sum_are_bounded_and_the_first_dose_is_not() -> None:
    """Else doses follow too soon, or sum to another order."""
    assert found(oral(wait_ms=15 * MIN - 1)) == [("error", "dwell-short", number) for number in range(1, 15)]
    for full, refused in ((1_303_183, False), (1_303_300, True), (1_290_250, False), (1_290_200, True)):
        assert (("error", "dose-sum", 0) in found(oral(full=full))) is refused
    assert found(oral((1000, 1000))) == []  # half the dose at once: by signature


@pytest.mark.req("PRO-1", "PRO-3")
def test_doses_and_bags_do_not_mix() -> None:
    """Else doses by mouth run into a vein."""
    protocol = oral()
    protocol.solutions.append(p.Solution(10**8, 10**9, "A", "T-1"))
    assert found(protocol) == [("error", "oral", 0)]
    protocol = oral()
    protocol.kind = 0
    assert found(protocol) == [("error", "oral", 0)]
    for kind in range(len(p.CLASSES)):
        empty = p.Protocol()
        empty.kind = kind
        assert found(empty) == [("error", "missing", 0)]
