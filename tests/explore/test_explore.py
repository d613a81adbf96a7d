"""The shipped core, from power-on and from milestones: every input in every state that comes up, every invariant."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from tests.explore import __main__ as command
from tests.explore.explorer import Explored
from tests.explore.spaces import SPACES, explorer, shortened

from pump.tables.states import NAMES
from toleramp_bench.places import ROOT
from toleramp_bench.runs.patience import patience_s

COUNTS = ROOT / "build" / "explore" / "make-test.txt"
STATES = {"three-bags": 15_100, "dead-volume": 15_100, "line-fill": 15_100, "one-bag": 15_100}

# The states of the session that are not among them, and why; all others are.
NEVER = {
    "idle": "a protocol is loaded from the beginning on",
    "recovered": "the power is never cut (tests.explore.abstractions says which tests prove it)",
    "testing": "the self-test is over before the beginning; tests/core/test_selftest",
    "failed": "the self-test has passed; tests/core/test_selftest",
}
IN_ONE_BAG_NEVER = ("bag", "boundary")


def explored(name: str) -> Explored:
    """So many states of a space."""
    with shortened():
        return explorer(SPACES[name]).run(most=STATES[name], balanced=True)


@pytest.mark.timeout(patience_s(600))
@pytest.mark.req("FLO-10", "PRO-2", "PRO-4", "PRO-5", "PRO-7", "PRO-8", "SES-2", "SES-6", "VIT-1", "VIT-2", "ALM-7")
def test_sixty_thousand_states_break_no_invariant() -> None:
    """Four spaces, two at once; the counts by the state of the session stand in build/explore/make-test.txt."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        told = dict(zip(STATES, pool.map(explored, STATES), strict=True))
    COUNTS.parent.mkdir(parents=True, exist_ok=True)
    COUNTS.write_text("".join(f"{name}: {one.told()}\n" for name, one in told.items()))
    assert not [found for one in told.values() for found in one.found]
    assert sum(one.states for one in told.values()) >= 60_000
    for name, one in told.items():
        assert {*one.by_state, *one.ends} == set(NAMES) - set(NEVER) - set(
            IN_ONE_BAG_NEVER if name == "one-bag" else ()
        )
        assert all(count > 200 for count in one.by_state.values())


def test_the_command_s_last_line_is_its_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a person reads counts and does not know whether all is well; and a slip is one line."""
    for arguments, code, words in (
        (["three-bags", "--states", "1"], 0, "PASS: no invariant broken in"),
        (["three-bags", "--complete", "--cpu", "0"], 1, "FAIL: no invariant broken in"),
    ):
        monkeypatch.setattr("sys.argv", ["explore", *arguments])
        assert command.main() == code
        assert capsys.readouterr().out.splitlines()[-1].startswith(words)
    monkeypatch.setattr("sys.argv", ["explore", "bags"])
    with pytest.raises(SystemExit) as end:
        command.main()
    said = capsys.readouterr().err
    assert end.value.code == 2 and said.count("\n") == 1 and "three-bags" in said
