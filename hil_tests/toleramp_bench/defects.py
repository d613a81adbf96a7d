"""Firmware broken on purpose: eight seeded defects, and whether the library of scenarios catches each.

`python -m toleramp_bench.defects [NAME ...]` copies the firmware, puts one defect in, runs on the core the scenarios
that should catch it, and says which did. Exit 1 when a defect was not caught.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from toleramp_bench.places import ROOT

SCENARIOS = ROOT / "hil_tests" / "scenarios"
_CAUGHT, _MISSED = 1, 0
_TIMEOUT_S = 240


@dataclass(frozen=True)
class Defect:
    """Changes of one firmware file (old text, new text), and the scenarios of which at least one has to fail."""

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]
    scenarios: tuple[str, ...]


DEFECTS = (
    Defect(
        "late stop",
        "pump/session/session.py",
        (("        self.delivery.stop()\n        self._abort = True", "        self._abort = False"),),
        ("host-pause", "host-stop"),
    ),
    Defect(
        "wrong unit",
        "pump/base/units.py",
        (("divmod(pl_pulse * US_RATE, rate_e4)", "divmod(pl_pulse * US_RATE, rate_e4 * 10)"),),
        ("standard-session",),
    ),
    Defect(
        "skipped protocol check",
        "pump/protocol/admission.py",
        (("    demand(protocol)\n", ""),),
        ("decimal-slip",),
    ),
    Defect(
        "skipped approval check",
        "pump/protocol/admission.py",
        (("        approval.demand(protocol, blob, keys)", "        pass"),),
        ("no-approval",),
    ),
    Defect(
        "step ended by time",
        "pump/session/session.py",
        (
            (
                "if self.done < self.leg_end:  # what",
                "if self.step_ms < self.plan.duration_ms[self.step] - 400:  # what",
            ),
            ("        if self.done < self.leg_end:\n            return\n", ""),
            (
                "self.plan.duration_ms[self.step] - self.step_ms",
                "self.plan.duration_ms[self.step] - 400 - self.step_ms",
            ),
        ),
        ("standard-session",),
    ),
    Defect(
        "stale oximeter value accepted",
        "pump/senses/vitals.py",
        (("        if age >= HOLD_MS:", "        if age >= 1 << 28:"),),
        ("cable-out", "frozen-oximeter"),
    ),
    Defect(
        "volume counter reset on hold",
        "pump/session/session.py",
        (("            self.hold_code = code\n", "            self.hold_code = code\n            self.done = 0\n"),),
        ("host-pause",),
    ),
    Defect(
        "lost pulse at a rate change",
        "pump/delivery/delivery.py",
        (("self.left = pulses\n", "self.left = pulses - 1\n"),),
        ("standard-session",),
    ),
    Defect(
        "resume without a press",
        "pump/session/decisions.py",
        (("        elif presses & CONFIRM and self.want_confirm:", "        elif presses & CONFIRM:"),),
        ("one-press-no-resume",),
    ),
    Defect(
        "the line's stronger content forgotten",
        "pump/course/course.py",
        (("own if content == SALINE else min(own, plan.equal_rate(k, content))", "own"),),
        ("back-over-a-bag",),
    ),
)


def break_firmware(defect: Defect, folder: Path) -> Path:
    """A copy of the firmware with the defect in it. ValueError when the code has changed and it fits no more."""
    copy = folder / "firmware"
    shutil.copytree(ROOT / "firmware", copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / defect.file
    text = path.read_text("utf-8")
    for old, new in defect.edits:
        if text.count(old) != 1:
            raise ValueError(f"{defect.name}: {defect.file} holds {old.strip()!r} {text.count(old)} times")
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return copy


def run_with(firmware: Path, scenarios: tuple[str, ...]) -> tuple[bool, str]:
    """Runs scenarios on the core with that firmware: (whether one of them failed, what they said)."""
    files = [str(SCENARIOS / f"{name}.toml") for name in scenarios]
    command = [sys.executable, "-m", "toleramp.cli", "scenario", "run", *files, "--target", "core", "--no-evidence"]
    environment = {**os.environ, "PYTHONPATH": str(firmware), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, cwd=firmware.parent
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the scenarios could not run: {done.stderr.strip()[-500:]}")
    return done.returncode == 1, done.stdout


def caught(defect: Defect) -> tuple[bool, str]:
    """Whether the library catches a defect, and the words of the runs."""
    with tempfile.TemporaryDirectory() as folder:
        return run_with(break_firmware(defect, Path(folder)), defect.scenarios)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.defects", description="seeded defects of the firmware")
    parser.add_argument("names", nargs="*", help="defects (default: all)")
    wanted = parser.parse_args(arguments).names
    missed = 0
    for defect in DEFECTS:
        if wanted and defect.name not in wanted:
            continue
        found, words = caught(defect)
        by = [line.split("[")[0][10:].strip() for line in words.splitlines() if line.startswith("FAILED")]
        print(
            f"{'caught' if found else 'MISSED':7} {defect.name}: {'; '.join(by) or 'every scenario passed'}", flush=True
        )
        missed += not found
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
