"""A power cut at the writes of the store, on the core: a sample; `make evidence` cuts each of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pump.protocol.encoding import encode
from pump.session import recovered
from pump.store import saved
from toleramp_bench.cuts import writes

pytestmark = pytest.mark.req("INT-2", "SES-14", "PRO-4")


def test_a_cut_at_a_write_costs_nothing_and_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a power cut gives a step twice, or ends a session."""
    code = writes.main(["--every", "37", "--first", "5", "--jobs", "2", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert code == 0 and "findings        0" in said, said
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["cuts"] >= 7 and facts["second_cuts"] >= 5 and 0 < facts["worst_unknown_ul"] <= 50


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pump that writes too seldom."""
    monkeypatch.setattr(recovered, "STEP_NL", 400_000)
    monkeypatch.setattr(saved, "FLOW_S", 1 << 29)
    hold, (step, _, cause) = writes.TO_HOLD
    monkeypatch.setattr(writes, "TO_HOLD", (hold, (step, 900, cause)))  # pulses of 0.1 uL: over 50 uL at the reaction


def first_write_of(hold: int) -> int:
    """The number of the first write that comes once STOP was pressed so often, in a session that nothing cuts."""
    writes_then: list[int] = []

    def see(number: int) -> None:
        if session.held == hold:
            writes_then.append(number)

    session = writes.Session(see)
    session.pump.load(encode(writes.protocol()))
    session.run(session.over)
    return writes_then[0]


@pytest.mark.usefixtures("seldom")
def test_a_pump_that_writes_too_seldom_is_found() -> None:
    """Else the judge agrees with whatever comes up."""
    (cut,) = writes.cut_all(every=1_000, first=first_write_of(len(writes.TO_HOLD)), jobs=1)
    assert any("nL more than it knows have flowed" in text for text in cut.findings), cut
