"""`make bench`: the pump's figures side by side with their bars, measured now, on this machine.

Figures in simulated time are exact and the same everywhere; wall times and speeds are this machine's.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from pump.tables import events, oximeters
from toleramp import cli
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file, scaled
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.figures import listen, measure, nights, oximeter_cost, speed
from toleramp_bench.figures.heap import locked_scans
from toleramp_bench.names import EVENTS
from toleramp_bench.places import ROOT, image, mechanism_pl_pulse, standard_protocol

SCALE = Fraction(1, 50)


@dataclass(frozen=True)
class Figure:
    """One figure: what, its value and unit, its bar in words, whether it is met."""

    name: str
    value: float
    unit: str
    bar: str
    met: bool


def below(name: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that has to stay under a bar."""
    return Figure(name, round(value, 4), unit, f"under {bar:g}", value < bar)


def above(name: str, value: float, unit: str, bar: float) -> Figure:
    """A figure that has to exceed a bar."""
    return Figure(name, round(value, 4), unit, f"over {bar:g}", value > bar)


def planned_pulses(scale: Fraction = Fraction(1)) -> list[int]:
    """Pulses of each step of the standard protocol by its volumes, worked out here and not by the core."""
    _, protocol = compile_file(standard_protocol())
    if scale != 1:
        protocol = scaled(protocol, scale)
    return [round(Fraction(step.volume_nl * 1000, mechanism_pl_pulse())) for step in protocol.steps]


def _core() -> Iterator[Figure]:
    slow, fast = measure.core_session(1_000_000), measure.core_session(20_000)
    planned = planned_pulses()
    for name, run, bar in (("1 s", slow, 2.0), ("20 ms", fast, 90.0)):
        off = max((abs(a - b) for a, b in zip(run.pulses, planned, strict=True)), default=-1)
        yield Figure(f"core, full dwell, {name} scan: worst step off its planned volume", off, "pulses", "0", off == 0)
        yield below(f"core, full dwell, {name} scan: wall time", run.wall_s, "s", bar)
    same = [(e["event"], e["step"]) for e in slow.events] == [(e["event"], e["step"]) for e in fast.events]
    yield Figure("core: steps and events of both scan periods alike", int(same), "", "1", same)


def session_figures(bench: PumpBench, scale: Fraction = SCALE) -> Iterator[Figure]:
    """Figures of a whole session at that scale on the emulated board, its events against the core's."""
    bench.run_for(0.3)  # the alarm of the end comes a few scans later
    planned, counted = planned_pulses(scale), measure.steps_at_pin(bench)
    off = max(abs(a - b) for a, b in zip(counted, planned, strict=True))
    yield Figure(
        f"board, scale {scale}: worst step off its planned volume, at the pin", off, "pulses", "1 at most", off <= 1
    )
    left_out = EVENTS.of(events.UNTIMED) | {EVENTS.PRESSED}  # a core has not been switched on
    core, board = (
        [key(event) for event in told if event["event"] not in left_out]
        for told in (measure.core_session(20_000, scale).events, bench.events)
    )
    yield Figure("board: order of steps and events equal to the core's", int(core == board), "", "1", core == board)
    stats = bench.stats()
    yield below("scan, mean", stats["mean_us"] / 1000, "ms", 2)
    yield below("scan, worst", stats["worst_us"] / 1000, "ms", 7)
    yield below("scan, worst lateness", stats["late_worst_us"] / 1000, "ms", 2)
    yield Figure("scans longer than their period", stats["overruns"], "", "0", stats["overruns"] == 0)
    yield above("free heap while running", stats["free_heap"] / 1024, "KB", 100)
    for step, rate, interval_us in ((1, 2, 180_000), (12, 80, 4_500)):
        pulses, error = measure.interval_errors_us(bench, step, interval_us)
        yield below(f"pulse interval at {rate} mL/h against ideal, {pulses} pulses", error, "us", 1)


def key(event: dict[str, object]) -> tuple[object, ...]:
    """What two targets must agree on of an event."""
    return event["event"], event["step"], event["code"]


def _session() -> Iterator[Figure]:
    bench, _, nurse = measure.running_bench(SCALE, stream_ms=100)
    began, since_us = time.perf_counter(), bench.board.now_us
    measure.run_session(bench, nurse, lambda: bench.state() in measure.OVER, 600)
    wall_s, simulated_s = time.perf_counter() - began, (bench.board.now_us - since_us) / 1e6
    yield from session_figures(bench)
    yield above("emulated board, whole mix", simulated_s / wall_s, "simulated s a wall s", 6)


def _idle() -> Iterator[Figure]:
    """A pump that waits for its nurse, nobody on its line; it died of a leak once, after two minutes."""
    bench = PumpBench()
    bench.boot()
    bench.board.usb.attach(False)
    bench.run_for(330)
    bench.board.usb.attach(True)
    bench.run_for(0.2)
    yield above("scans of a pump that waited for 330 s", bench.stats()["scans"], "", 16_000)
    resets = bench.board.resets
    yield Figure("its restarts", resets, "", "0", resets == 0)


def _in_step(step: int, seconds: float) -> tuple[PumpBench, measure.OximeterTap]:
    """A pump that has run for a while in a step."""
    bench, tap, nurse = measure.running_bench()
    measure.to_step(bench, nurse, step)
    bench.run_for(seconds)
    return bench, tap


def _reactions() -> Iterator[Figure]:
    yield below("desaturation, last byte to last pulse", measure.desaturation_ms(*_in_step(8, 0)), "ms", 150)
    for what, measured, seconds, bar in (
        ("STOP edge", measure.stop_ms, 3.003, 50),
        ("hung loop", measure.hang_ms, 1.234, 300),
    ):
        pin_ms, motor_ms = measured(_in_step(8, seconds)[0])
        yield below(f"{what} to last pulse at the pin", pin_ms, "ms", bar)
        yield below(f"{what} to last step of the motor", motor_ms, "ms", bar)


def _decision() -> Iterator[Figure]:
    """What is worked out at rest, in one scan: the course of the session from another step on."""
    bench, _, nurse = measure.running_bench(Fraction(1, 100))
    measure.to_step(bench, nurse, 9)
    bench.run_for(2)
    yield below("two steps back to another bag: longest scan, at rest", measure.decision_ms(bench, 2), "ms", 20)


def _image() -> Iterator[Figure]:
    size = image().with_suffix(".bin").stat().st_size
    yield below("image size", size / 1024, "KB", 700)
    yield below("power-on to first answer, simulated", measure.boot_ms() / 1000, "s", 2)


def twenty_steps() -> bytes:
    """A compiled 20-step protocol from the shipped template."""
    command = ["protocol", "new", "--template", "bwh-20", "--drug", "drug", "--dose-mg", "500", "--max-hold-min", "120"]
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()):
        path = Path(folder) / "twenty.toml"
        cli.main([*command, "--line-dead-volume-ml", "0.3", "--primed-with", "solution", "-o", str(path)])
        return compile_file(path)[0]


def _protocol() -> Iterator[Figure]:
    took_ms, left = measure.accept_ms(twenty_steps())
    yield below("20-step protocol, checked and accepted by the pump", took_ms, "ms", 300)
    yield Figure("heap that stays taken after four more loads", left, "bytes", "0", left <= 0)


def _oximeters() -> Iterator[Figure]:
    """The parsers alone, at the full rate of their formats."""
    _, repl = oximeter_cost.service_board()
    for form in oximeters.NAMES:
        found = oximeter_cost.cost(repl, form)
        yield below(f"reading {form} at its full rate", found.percent, "% of the processor", 5)
        yield below(f"reading {form}: longest call", found.worst_ms, "ms", 3)
        wanted, right = found.wanted_memory, found.last[:2] == (oximeter_cost.SPO2, oximeter_cost.PULSE)
        yield Figure(f"reading {form}: calls that wanted memory", wanted, "", "0", not wanted and right)


def _listen() -> Iterator[Figure]:
    """A search for the oximeter, over the phases of its packets."""
    for case in listen.cases():
        times = listen.core_seconds(case)
        yield below(f"{case.name}: found, of {len(times)} phases the last", max(times), "s", case.bar_s)
        yield Figure(f"{case.name}: the first", min(times), "s", "-", True)
        times, worst_us = listen.board_seconds(case)
        yield below(f"{case.name}: found, emulated board, {len(times)} phases", max(times), "s", case.bar_s)
        yield below(f"{case.name}: longest scan of a search", worst_us / 1000, "ms", 20)


def _heap() -> Iterator[Figure]:
    failed, _ = locked_scans(10_000)
    yield Figure("scans of 10,000 that wanted memory, heap locked", failed, "", "0", failed == 0)


def _speed() -> Iterator[Figure]:
    for name, measured, bar in speed.FIGURES:
        yield below(name, measured(), "s", bar)


def _nights(folder: Path | None = None) -> Iterator[Figure]:
    """Pauses of whole nights, by the pump's rule and by others."""
    source, found = nights.nights(folder)
    print(source, file=sys.stderr, flush=True)
    for night in found:
        told = nights.measured(night)
        print("\n".join(told.lines), file=sys.stderr, flush=True)
        for figure in told.figures:
            yield Figure(*figure)


GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "image": _image,
    "core": _core,
    "session": _session,
    "at-rest": _idle,
    "reactions": _reactions,
    "deciding": _decision,
    "nights": _nights,
    "protocol": _protocol,
    "listen": _listen,
    "heap": _heap,
    "oximeters": _oximeters,
    "speed": _speed,
}


def run(groups: list[str], traces: Path | None = None) -> list[Figure]:
    """Measures these groups, printing each figure as it is known. `traces`: the folder of the nights."""
    found = []
    for group in groups:
        for figure in _nights(traces) if group == "nights" else GROUPS[group]():
            found.append(figure)
            print(line(figure), file=sys.stderr, flush=True)
    return found


def line(figure: Figure) -> str:
    """A figure in one line."""
    mark = "ok  " if figure.met else "MISS"
    return f"{mark} {figure.name:<72} {figure.value:>12g} {figure.unit:<22} ({figure.bar})"


def main() -> int:
    """The command line of `make bench`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(GROUPS), action="append", help="measure this group only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    parser.add_argument(
        "--traces", type=Path, metavar="FOLDER", help="recorded nights: CSV files of interval,spo2,pulse"
    )
    args = parser.parse_args()
    try:
        figures = run(args.only or list(GROUPS), args.traces)
    except (BenchFault, FileNotFoundError, UserError) as error:
        print(f"figures: {error}", file=sys.stderr)
        return 2
    target = args.json or ROOT / "build" / "bench" / "figures.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"figures": [asdict(figure) for figure in figures]}, indent=1))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
