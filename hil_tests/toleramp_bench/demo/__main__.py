"""`make demo`: the real image, on the emulated board, carries a desensitization through; the laptop's tools do the
rest.

A pseudo-terminal stands where the USB cable is. On its far side `toleramp load` and `toleramp monitor` run as anybody
would run them; on this side the bench plays patient and nurse: SpO2 falls once, the skin reacts once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from pump.io import STOP
from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol
from pump.tables import causes
from toleramp.device import ports
from toleramp.errors import UserError, one_line
from toleramp.protocol.file import compile_file, compile_protocol, scaled
from toleramp_bench.boards.emulator.pty import serve
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.demo.checks import Check, Outcome, failure, judged
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import ROOT, image, standard_protocol
from toleramp_bench.runs.delivered import dose_pg, measured_records, step_runs

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130
SLACK_S = 900  # on top of twice the protocol's time: people's answers, and the minute of good readings after a hold
SCREEN_US = 3_000_000
_LOOK_US = 100_000


class Patient:
    """What happens to the patient, by the step that runs: a desaturation in step 6, hives in step 8."""

    def __init__(self, bench: PumpBench, nurse: Nurse, say: Callable[[str], None], folder: Path) -> None:
        self.bench, self.nurse, self.say, self.folder = bench, nurse, say, folder
        self._done: set[str] = set()

    def live(self) -> None:
        """Looks at the pump's events and lets happen what is due."""
        if self._once("desaturation", EVENTS.STEP_STARTED, 6):
            self.say("patient: SpO2 falls to 90 %")
            self.bench.oximeter.ramp(2, spo2=90)
        if self._once("recovery", EVENTS.PAUSED, 6):
            self.say("patient: held; SpO2 comes back")
            self.nurse.wishes.cause = causes.TECHNICAL
            self.bench.oximeter.ramp(8, spo2=97)
            board = self.bench.board
            board.at_ns(board.now_ns + 1_200_000_000, self._photograph)
        if self._once("hives", EVENTS.STEP_STARTED, 8):
            board = self.bench.board
            board.at_ns(board.now_ns + 5_000_000_000, self._hives)

    def _once(self, what: str, event: str, step: int) -> bool:
        if what in self._done or not self.bench.find(event, step=step):
            return False
        self._done.add(what)
        return True

    def _photograph(self) -> None:
        self.bench.screen.to_png(self.folder / "screen-held.png", 6)

    def _hives(self) -> None:
        self.say("patient: hives on the neck; the nurse presses STOP, calls it mild, goes back to step 7")
        self.nurse.wishes.cause, self.nurse.wishes.step = causes.MILD, 7
        self.bench.press(STOP)


class Demo:
    """One run: the pump with its people on a pseudo-terminal, the tools as processes of their own."""

    def __init__(self, scale: Fraction, folder: Path, bench: PumpBench | None = None) -> None:
        self.scale, self.folder = scale, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log, self.report = folder / "session.jsonl", folder / "report.html"
        self.files = (self.report, self.log, folder / "screen-held.png", folder / "screen.png")
        for path in self.files:
            path.unlink(missing_ok=True)  # what an earlier run left shows nothing of this one
        self.bench = bench or PumpBench(image())
        self.nurse = Nurse(ScreenPace(1500))
        self.patient = Patient(self.bench, self.nurse, self.say, folder)
        self.tools: list[subprocess.Popen[bytes]] = []
        self.port = ""
        self._looked_us = self._ended_us = 0
        self._protocol = self._write_protocol()
        self.limit_s = 2 * sum(step.duration_ms for step in self._protocol.steps) / 1000 + SLACK_S

    def say(self, text: str) -> None:
        """A line of the demo's own."""
        print(f"-- {text}", flush=True)

    def _write_protocol(self) -> Protocol:
        blob, protocol = compile_file(standard_protocol())
        if self.scale != 1:
            protocol = scaled(protocol, self.scale)
            blob = compile_protocol(protocol, "the demo's protocol")
        (self.folder / "protocol.tlp").write_bytes(blob)
        self.say(f"protocol: {protocol.name}, at scale {float(self.scale):g}, fingerprint {fingerprint(blob)}")
        return protocol

    def _tool(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "toleramp.cli", *arguments]
        self.say("toleramp " + " ".join(arguments))
        self.tools.append(subprocess.Popen(command, cwd=ROOT))

    def _look(self) -> bool:
        """Every tenth of a second: people act, tools follow one another. True at the end."""
        bench = self.bench
        if bench.board.now_us - self._looked_us < _LOOK_US:
            return False
        self._looked_us = bench.board.now_us
        if len(self.tools) == 1 and self.tools[0].poll() is not None:
            if self.tools[0].returncode:
                return True
            self._tool("monitor", "--port", self.port, "--log", self._name(self.log), "--until", STATES.COMPLETED)
        if len(self.tools) == 2:
            self.patient.live()
            bench.attend(self.nurse)
        return self._over() or bench.board.now_us > self.limit_s * 1e6

    def _over(self) -> bool:
        """The monitor has ended, and the screen has had the time to say so too."""
        if len(self.tools) < 2 or self.tools[1].poll() is None:
            return False
        self._ended_us = self._ended_us or self.bench.board.now_us
        return self.bench.board.now_us - self._ended_us > SCREEN_US

    def _name(self, path: Path) -> str:
        return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

    def _begin(self, port: str) -> None:
        self.port = port
        ports.register_bench(port)
        self.say(f"the pump runs on {port}")
        self._tool("load", self._name(self.folder / "protocol.tlp"), "--port", port)

    def run(self) -> int:
        """Runs the session and reports; 0 when every check is met."""
        began = time.monotonic()
        try:
            serve(self.bench.board, None, self._look, self._begin, self.bench._received)
        finally:
            ports.unregister_bench()
            exits = dict(zip(("load", "monitor"), map(self._ended, self.tools), strict=False))
        wall_s = time.monotonic() - began
        told = self._write_report(wall_s) if "monitor" in exits else None  # without it there is nothing to report on
        outcome = self._outcome(exits | {"report": told})
        self._tell(wall_s)
        return verdict(judged(outcome))

    def _ended(self, tool: subprocess.Popen[bytes]) -> int | None:
        """Its exit code; None for one that had to be ended."""
        code = tool.poll()
        if code is None:
            tool.terminate()
        return code

    def _write_report(self, wall_s: float) -> int:
        """Completes the log and has the report made of it; the tool's exit code."""
        facts = {"kind": "bench", "target": "rp2040", "scale": float(self.scale), "wall_s": round(wall_s, 1),
                 "simulated_s": round(self.bench.board.now_us / 1e6, 3)}  # fmt: skip
        with self.log.open("a") as file:
            for record in [*measured_records(self.bench), facts]:
                file.write(json.dumps(record) + "\n")
        self.bench.screen.to_png(self.folder / "screen.png", 6)
        command = [sys.executable, "-m", "toleramp.cli", "report", str(self.log), "-o", str(self.report)]
        return subprocess.run(command, check=False).returncode

    def _outcome(self, exits: dict[str, int | None]) -> Outcome:
        bench, protocol = self.bench, self._protocol
        strongest = protocol.solutions[-1]
        return Outcome(
            exits=exits,
            records=bench.events,
            state=bench.state(),
            resets=bench.board.resets,
            simulated_s=bench.board.now_us / 1e6,
            limit_s=self.limit_s,
            steps=len(protocol.steps),
            given_pg=dose_pg(bench, protocol),
            order_pg=Fraction(protocol.full_dose_pg),
            pulse_pg=Fraction(bench.pl_pulse * strongest.drug_pg, 1000 * strongest.volume_nl),
            files={path.name: path.stat().st_size if path.is_file() else 0 for path in self.files},
        )

    def _tell(self, wall_s: float) -> None:
        bench, simulated_s = self.bench, self.bench.board.now_us / 1e6
        print("\nstep   planned mL   counted mL   (each run of a step; counted at the motor)")
        for run in step_runs(bench):
            planned = self._protocol.steps[run.number - 1].volume_nl
            print(f"{run.number:>4} {planned / 1e6:>12.6f} {run.pulses * bench.pl_pulse / 1e9:>12.6f}")
        print(f"\nsimulated {simulated_s:.0f} s in {wall_s:.0f} s ({simulated_s / wall_s:.1f} times real time)")
        for path in filter(Path.is_file, self.files):
            print(f"{path.stem + ':':<13} {self._name(path)}", flush=True)


def verdict(checks: list[Check]) -> int:
    """Prints every figure with its bound and, on standard error, why the demo failed; the exit code."""
    for check in checks:
        print(f"{'ok  ' if check.met else 'MISS'} {check}", flush=True)
    why = failure(checks)
    if why:
        complain(why)
    return FAILED if why else 0


def complain(why: str) -> None:
    """The one line of a failure."""
    print(f"demo: failed: {one_line(why)}", file=sys.stderr)


def scale_of(text: str) -> Fraction:
    """A scale from the command line. ValueError for what is none; argparse says so in a line."""
    try:
        scale = Fraction(text)
    except ZeroDivisionError:
        raise ValueError(text) from None
    if not 0 < scale <= 1:
        raise ValueError(text)
    return scale


def main(arguments: list[str] | None = None) -> int:
    """The command line of the demo. TOLERAMP_DEBUG=1 lets an unexpected error show its traceback."""
    parser = argparse.ArgumentParser(prog="toleramp_bench.demo", description=__doc__)
    parser.add_argument(
        "--scale", type=scale_of, default=Fraction(1, 50), help="of dwells and dose (1 is the full one)"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo")
    args = parser.parse_args(arguments)
    try:
        return Demo(args.scale, args.out).run()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (UserError, FileNotFoundError) as error:
        complain(str(error))
        return UNUSABLE
    except Exception as error:
        if os.environ.get("TOLERAMP_DEBUG"):
            raise
        complain(str(error) if isinstance(error, BenchFault) else f"{type(error).__name__}: {error}")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
