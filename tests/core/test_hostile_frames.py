"""Hostile frames at the core, in short: nothing that a pump with a keyring holds is changed by them (SEC-2, INT-7)."""

from __future__ import annotations

from random import Random

import pytest

from pump.link.authentication import Authentication
from pump.tables import refusals
from toleramp_bench.evidence import hostile
from toleramp_bench.evidence.fuzz import Finding

SHORT = 5_000


@pytest.mark.req("SEC-1", "SEC-2", "INT-7")
def test_nothing_comes_of_hostile_frames() -> None:
    """Else a curious student with a laptop finds the one that does something. The whole: `make evidence`."""
    facts = hostile.core(SHORT, 3)
    assert facts["frames"] >= SHORT and set(facts["ways"]) == set(hostile.WAYS)
    keys = {name for name in refusals.NAMES if name.startswith("key-")} - {refusals.NAMES[refusals.KEY_SESSION]}
    assert keys <= set(facts["answers"])


@pytest.mark.req("SEC-2")
@pytest.mark.parametrize("gap", ["any MAC", "any count", "no key"])
def test_a_pump_that_lets_something_through_is_found(gap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the run finds nothing because it looks at nothing."""
    if gap == "any MAC":
        monkeypatch.setattr("pump.link.authentication.same", lambda a, b: True)
    elif gap == "any count":
        whole = Authentication._judged

        def judged(self: Authentication, buf: bytearray, at: int, length: int) -> int:
            self._counts[:] = [0] * len(self._counts)
            return int(whole(self, buf, at, length))

        monkeypatch.setattr(Authentication, "_judged", judged)
    else:
        monkeypatch.setattr(Authentication, "missing", lambda self, kind: 0)
    with pytest.raises(Finding):
        hostile.at_core("with a protocol", 3_000, Random(5))
