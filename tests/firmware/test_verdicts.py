"""The laptop's verdict against the device's, over generated protocols, valid and broken: no disagreement."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from pump.protocol import Refusal, decode
from pump.rules import demand
from toleramp_bench.generated import blobs
from toleramp_bench.places import ROOT

_BINARY = ROOT / "build" / "unix" / "micropython"
_SCRIPT = ROOT / "hil_tests" / "on_micropython" / "verdicts.py"
COUNT = 100_000


def laptop(blob: bytes) -> str:
    """The verdict on CPython, in the words of the device's script."""
    try:
        demand(decode(bytearray(blob)))
        return "ok"
    except Refusal as refusal:
        return f"{refusal.name} {refusal.where} {refusal.detail}"


@pytest.mark.req("PRO-1", "PRO-2", "PRO-3", "PRO-6")
def test_laptop_and_device_agree_on_every_protocol(tmp_path: Path) -> None:
    """Else the tool accepts what the pump refuses, or the pump what the tool refuses."""
    path, wanted = tmp_path / "blobs", []
    with path.open("wb") as file:
        for blob in blobs(COUNT, seed=3):
            file.write(len(blob).to_bytes(2, "little") + blob)
            wanted.append(laptop(blob))
    done = subprocess.run([str(_BINARY), str(_SCRIPT), str(path)], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-1000:]
    got = done.stdout.splitlines()
    assert len(got) == COUNT
    assert [pair for pair in zip(wanted, got, strict=True) if pair[0] != pair[1]] == []
    kinds = Counter(verdict.split()[0] for verdict in wanted)
    assert kinds["ok"] > COUNT // 50 and len(kinds) >= 10, kinds
