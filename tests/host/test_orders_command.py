"""`toleramp orders forget`: the way out of a damaged memory of orders, in service mode alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_pump import FakePump
from fake_repl import FakeRepl

from toleramp import cli
from toleramp.device import service_mode


@pytest.mark.req("SES-15", "SEC-3")
def test_without_yes_it_says_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    """Else a slip of the hand lets a dose be given twice."""
    assert cli.main(["orders", "forget", "--port", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert "gives an order again" in said and "--yes" in said and "nowhere" not in said


@pytest.mark.req("SES-15", "SEC-3")
def test_a_pump_that_runs_forgets_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever is on the line makes an order new."""
    monkeypatch.setattr(service_mode, "REPL_S", 0.5)
    monkeypatch.setattr(service_mode, "ANSWER_S", 0.2)
    with FakePump() as pump:
        assert cli.main(["orders", "forget", "--yes", "--port", pump.port]) == 2
        assert pump.seen == []
    assert "not in service mode" in capsys.readouterr().err


@pytest.mark.req("SES-15")
@pytest.mark.parametrize("toleramp", [True, False])
def test_a_board_without_the_pump_s_parts_is_told(
    tmp_path: Path, toleramp: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a person believes that the memory is empty, and it is not."""
    board = FakeRepl(tmp_path, toleramp=toleramp)
    try:
        assert cli.main(["orders", "forget", "--yes", "--port", board.port]) == 2
    finally:
        board.close()
    said = capsys.readouterr()
    assert said.err.count("error") == 1 and "remembers no order" not in said.out
