"""The one interface behind which every target stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from toleramp_bench.devices.pulses import PulseTimes
from toleramp_bench.devices.traces import Row
from toleramp_bench.people.seen import Seen
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant


class TargetFault(Exception):
    """The bench itself broke (not the pump): one line that says what and where; the remaining runs stop with it."""


class NotOnTarget(Exception):
    """This target cannot do what an action asks for (a rig without that relay, an oximeter without bytes)."""


class OximeterControl(Protocol):
    """What may happen to the oximeter and its patient; as devices.oximeter.Oximeter."""

    perfusion: int
    artifact: bool
    out_of_track: bool
    low_battery: bool
    frozen: bool
    cable_out: bool
    switched_off: bool

    def ramp(self, seconds: float, spo2: float | None = None, pulse: float | None = None) -> None: ...

    def finger(self, on: bool) -> None: ...

    def sensor(self, plugged: bool) -> None: ...

    def power(self, on: bool) -> None: ...

    def say(self, spo2: float | None, pulse: float | None) -> None: ...

    def play(self, rows: Iterable[Row]) -> None: ...

    def say_no_more(self) -> None: ...

    def swap(self, form: str, counter: bool = True) -> None: ...


class Target(Protocol):
    """A pump on a bench. Times are microseconds since the first power-on; all calls happen between slices of time."""

    form: str  # the oximeter's serial format

    name: str
    pl_pulse: int
    scan_us: int
    build: dict[str, str]  # version, build hash, contract of the firmware
    lines: deque[tuple[int, str, bytes]]  # the newest bytes of the lines: time, line, bytes

    def choose(self, form: str) -> None:
        """Before power-on: another oximeter format, which the pump's kept setting names. May raise NotOnTarget."""

    def watch(self, look: Callable[[int, bytes, int], None]) -> None:
        """Before power-on: is told time, the screen's 64 characters and the tone (Hz). May raise NotOnTarget."""

    def jam(self, keys: int) -> None:
        """Before power-on: these keys are down and stay down. May raise NotOnTarget."""

    @property
    def oximeter(self) -> OximeterControl:
        """The oximeter and its patient."""

    @property
    def moved(self) -> PulseTimes:
        """Pulses that moved the motor (driver enabled)."""

    @property
    def pin(self) -> PulseTimes:
        """All pulses at the step pin."""

    @property
    def now_us(self) -> int:
        """Time since the first power-on."""

    def fit(self, plant: Plant) -> LivePlant:
        """Puts a plant behind the pump's motor, before the start; its time is the target's."""

    def start(self, bench_mode: bool) -> None:
        """Powers the pump up (bench mode is asked for by keys) and waits for its first answer."""

    def close(self) -> None:
        """Ends it; nothing stays behind, whatever state it was in."""

    def run_to(self, t_us: int) -> None:
        """Lets time pass until `t_us`, or until just after a record has come, whichever is sooner."""

    def records(self) -> list[dict[str, Any]]:
        """Journal records that have come since the last call, in their order, t_ms since the first power-on."""

    def seen(self) -> Seen:
        """What a person sees on the screen now."""

    def state(self) -> str:
        """The session's state by its name in pump.tables.states.NAMES; "off" without power."""

    def load(self, blob: bytes) -> str:
        """Loads a compiled protocol over the host line; "" when taken, else the refusal's code. Time passes."""

    def host(self, command: str, **fields: Any) -> None:
        """Sends a host command: pause, stop, hang (code=...), ping, garbage (data=bytes). Does not wait."""

    def key(self, button: int, down: bool) -> None:
        """A key (bit of pump.io) goes down or up; STOP also cuts the permit in hardware."""

    def at(self, t_us: int, call: Callable[[], None]) -> None:
        """Calls at exactly that time (between scans on the core)."""

    # -- faults

    def power(self, on: bool) -> None:
        """Cuts or restores the power; FRAM and flash keep what they hold at this instant."""

    def hang(self) -> None:
        """The processor's loop hangs for good (interrupts too), until the watchdog resets it."""

    def stall_code(self, ms: float) -> None:
        """No code runs for so long, as during a flash erase."""

    def corrupt(self, where: str) -> None:
        """Flips one bit: where = "protocol" (the guard's copy), "plan" (control's copy), "fram" (newest record)."""

    def noise(self, line: str, data: bytes) -> None:
        """Puts bytes on a line: "oximeter" or "host"."""

    def motor(self, stalled: bool) -> None:
        """The motor stalls: pulses at the pin are not counted back by the encoder and move nothing."""

    def door(self, is_open: bool) -> None:
        """The door opens or shuts."""

    def battery(self, volts: float, supply: bool = False) -> None:
        """The battery has this voltage from now on, and feeds the pump; with `supply` the mains do."""

    def clock(self, **what: Any) -> None:
        """Something happens to the clock (devices.clock.happen). May raise NotOnTarget."""

    def unplug(self, part: str, out: bool) -> None:
        """A part answers no more, or again: screen, lights, fram; driver: its enable. May raise NotOnTarget."""

    def bus_stuck(self, part: str, for_ms: int) -> None:
        """Somebody holds the clock of that part's bus low for so long. May raise NotOnTarget."""

    def screen(self) -> bytes | None:
        """A PNG picture of the screen, None where there is none."""
