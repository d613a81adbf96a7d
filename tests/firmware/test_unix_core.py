"""The core under MicroPython for Unix: the same files, the same session, step by step as on CPython."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from toleramp_bench.figures.measure import core_session, standard_blob
from toleramp_bench.places import ROOT

_BINARY = ROOT / "build" / "unix" / "micropython"
_SCRIPT = ROOT / "hil_tests" / "on_micropython" / "session.py"


def session(blob: Path, period_us: int) -> list[tuple[str, int, int]]:
    """(event, step, pulses so far) of a whole session under MicroPython."""
    assert _BINARY.exists(), f"{_BINARY}: run make unix"
    done = subprocess.run(
        [str(_BINARY), str(_SCRIPT), str(blob), str(period_us)], capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.split() for line in done.stdout.splitlines()]
    return [(name, int(step), int(pulses)) for name, step, pulses in rows if name != "pressed"]


@pytest.mark.req("SES-2", "FLO-3")
@pytest.mark.parametrize(
    ("scale", "period_us"), [(Fraction(1), 1_000_000), (Fraction(1, 50), 20_000)], ids=["full-1s", "fiftieth-20ms"]
)
def test_micropython_and_cpython_agree(scale: Fraction, period_us: int, tmp_path: Path) -> None:
    """Else what is proved on the laptop does not hold on the chip."""
    cpython = core_session(period_us, scale)
    wanted = [
        (event["event"], event["step"], event["pulses"])
        for event in cpython.events
        if not str(event["event"]).startswith("alarm")
    ]
    blob = tmp_path / "protocol.tlp"
    blob.write_bytes(standard_blob(scale))
    got = [row for row in session(blob, period_us) if not row[0].startswith("alarm")]
    assert got == wanted
    assert got[-1][0] == "completed"
