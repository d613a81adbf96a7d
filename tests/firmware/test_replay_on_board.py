"""The real image's recording, replayed by the tool: the same decisions on the chip and on the laptop."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp_bench.evidence.replays import FAULTS, equal, recorded


@pytest.mark.parametrize("name", [FAULTS[0], *(pytest.param(name, marks=pytest.mark.long) for name in FAULTS[1:])])
def test_the_image_decides_what_the_core_decides(name: str, tmp_path: Path, firmware: Path) -> None:
    """Else what is proved of the core does not hold for the pump."""
    pieces = recorded(name, "rp2040", tmp_path / "log.jsonl")
    assert equal(pieces) and pieces[0].outcome.begins == "power-on"
    assert sum(piece.outcome.records for piece in pieces) >= 10
