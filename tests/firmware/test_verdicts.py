"""The laptop's verdict against the device's, over generated protocols, valid and broken: no disagreement."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from long_form import examples

from pump.protocol import protocol as p
from toleramp_bench.figures import generated
from toleramp_bench.figures.generated import UNIX, blobs, compare

COUNT = examples(8_000)  # `make evidence` has a million


@pytest.mark.req("PRO-1", "PRO-2", "PRO-3", "PRO-6", "PRO-7")
def test_laptop_and_device_agree_on_every_protocol(tmp_path: Path) -> None:
    """Else the tool accepts what the pump refuses, or the pump what the tool refuses."""
    kinds, different = compare(UNIX, tmp_path / "blobs", COUNT, seed=3)
    assert different == []
    assert kinds.total() == COUNT and kinds["ok"] > COUNT // 50 and len(kinds) >= 18, kinds
    assert min(kinds["class"], kinds["dwell-long"]) > COUNT // 1000, kinds


@pytest.mark.req("PRO-1")
def test_the_protocols_drawn_have_all_that_a_protocol_can_have() -> None:
    """Else agreement on what is never drawn is claimed."""
    seen = {"oral": 0, "line-fill": 0, "own line": 0, "signed": 0, "unsigned": 0, "ok by mouth": 0, "ok with fill": 0}
    for blob in islice(blobs(4000, seed=5), 4000):
        try:
            protocol = p.decode(bytearray(blob))
        except p.Refusal:
            continue
        filling = any(step.flags & p.LINE_FILL for step in protocol.steps)
        right = generated.verdict(blob) == "ok"
        seen["oral"] += bool(protocol.doses)
        seen["line-fill"] += filling
        seen["own line"] += any(bag.line_nl for bag in protocol.solutions)
        seen["signed" if protocol.approval else "unsigned"] += 1
        seen["ok by mouth"] += right and bool(protocol.doses)
        seen["ok with fill"] += right and filling
    assert min(seen.values()) >= 20, seen


def test_a_micropython_that_ends_early_is_no_agreement(tmp_path: Path) -> None:
    """Else a crash on the first protocol counts as none different."""
    with pytest.raises(RuntimeError, match="after 0 verdicts"):
        compare(Path("/bin/true"), tmp_path / "blobs", 10, seed=3)


def test_a_verdict_that_differs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the comparison passes whatever is compared."""
    right = generated.verdict
    monkeypatch.setattr(generated, "verdict", lambda blob: "ok" if right(blob).startswith("order") else right(blob))
    assert compare(UNIX, tmp_path / "blobs", 1000, seed=3)[1]
