"""`make demo`: the real image, on the emulated board, carries a desensitization through; the laptop's tools do the
rest.

A pseudo-terminal stands where the USB cable is. On its far side `toleramp load` and `toleramp monitor` run as anybody
would run them; on this side the bench plays patient and nurse: SpO2 falls once, the skin reacts once.
"""

from __future__ import annotations

import argparse
import json
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
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file, compile_protocol, scaled
from toleramp_bench.boards.emulator.pty import serve
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.names import EVENTS
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import ROOT, image, standard_protocol
from toleramp_bench.runs.delivered import dose_pg, measured_records, step_runs

LIMIT_US = 12 * 3_600 * 1_000_000
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

    def __init__(self, scale: Fraction, folder: Path) -> None:
        self.scale, self.folder = scale, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "session.jsonl"
        self.log.unlink(missing_ok=True)
        self.bench = PumpBench(image())
        self.nurse = Nurse(ScreenPace(1500))
        self.patient = Patient(self.bench, self.nurse, self.say, folder)
        self.tools: list[subprocess.Popen[bytes]] = []
        self.failure = ""
        self.port = ""
        self._looked_us = self._ended_us = 0
        self._protocol = self._write_protocol()

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
                self.failure = "loading failed"
                return True
            self._tool("monitor", "--port", self.port, "--log", self._name(self.log), "--until", "completed")
        if len(self.tools) == 2:
            self.patient.live()
            bench.attend(self.nurse)
            return self._over() or bench.board.now_us > LIMIT_US
        return False

    def _over(self) -> bool:
        """The monitor has ended, and the screen has had the time to say so too."""
        if self.tools[1].poll() is None:
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
        """Runs the session and reports; 0 when the full dose was delivered."""
        began = time.monotonic()
        try:
            serve(self.bench.board, None, self._look, self._begin, self.bench._received)
        finally:
            ports.unregister_bench()
            for tool in self.tools:
                if tool.poll() is None:
                    tool.terminate()
        return self._report(time.monotonic() - began)

    def _report(self, wall_s: float) -> int:
        bench = self.bench
        simulated_s = bench.board.now_us / 1e6
        facts = {"kind": "bench", "target": "rp2040", "scale": float(self.scale), "wall_s": round(wall_s, 1),
                 "simulated_s": round(simulated_s, 3)}  # fmt: skip
        with self.log.open("a") as file:
            for record in [*measured_records(bench), facts]:
                file.write(json.dumps(record) + "\n")
        bench.screen.to_png(self.folder / "screen.png", 6)
        report = subprocess.run(
            [sys.executable, "-m", "toleramp.cli", "report", str(self.log), "-o", str(self.folder / "report.html")]
        ).returncode
        return self._verdict(simulated_s, wall_s) or report

    def _verdict(self, simulated_s: float, wall_s: float) -> int:
        bench, protocol = self.bench, self._protocol
        print("\nstep   planned mL   counted mL   (each run of a step; counted at the motor)")
        for run in step_runs(bench):
            planned = protocol.steps[run.number - 1].volume_nl
            print(f"{run.number:>4} {planned / 1e6:>12.6f} {run.pulses * bench.pl_pulse / 1e9:>12.6f}")
        given, due = dose_pg(bench, protocol), protocol.full_dose_pg
        step = Fraction(bench.pl_pulse * protocol.solutions[-1].drug_pg, 1000 * protocol.solutions[-1].volume_nl)
        print(f"\nplanned dose {due / 1e9:.6f} mg, measured {float(given) / 1e9:.6f} mg,"
              f" difference {float(given - due) / 1e9:+.6f} mg (a step is {float(step) / 1e9:.6f} mg)")  # fmt: skip
        print(f"simulated {simulated_s:.0f} s in {wall_s:.0f} s ({simulated_s / wall_s:.1f} times real time)")
        print(f"report:  {self._name(self.folder / 'report.html')}\nlog:     {self._name(self.log)}")
        print(f"screens: {self._name(self.folder / 'screen-held.png')}, {self._name(self.folder / 'screen.png')}")
        if self.failure or not bench.find(EVENTS.COMPLETED):
            print(f"demo failed: {self.failure or 'the session did not complete: ' + bench.state()}", file=sys.stderr)
            return 1
        # A step that the reaction cut short may leave a fraction of a pulse; each run rounds by less than one.
        return 0 if abs(given - due) <= step else 1


def main() -> int:
    """The command line of the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scale", type=Fraction, default=Fraction(1, 50), help="of dwells and dose (1 is the full one)"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "demo")
    args = parser.parse_args()
    try:
        return Demo(args.scale, args.out).run()
    except (UserError, FileNotFoundError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
