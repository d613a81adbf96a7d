"""The target "rig": a pump on the physical test rig, or both on emulated boards.

What is measured comes from the rig: time stamps of the steps and of the driver's enable by its own clock. What the pump
says (state, records) comes over its host line. A press takes a relay, the oximeter is sent ahead by `bench.lead_us`.
"""

from __future__ import annotations

import heapq
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from pump.senses.power_up import BENCH_KEYS
from pump.tables import messages as m
from toleramp.device.wire import layout_of
from toleramp.errors import UserError
from toleramp_bench.boards.rig.bench import Bench
from toleramp_bench.boards.rig.emulated import EmulatedPair
from toleramp_bench.boards.rig.link import RigLink, Stamped
from toleramp_bench.boards.rig.oximeter_ahead import oximeter_ahead
from toleramp_bench.boards.rig.pump_line import PumpLine
from toleramp_bench.boards.rig.serial_bench import SerialBench
from toleramp_bench.boards.rig.stamp_log import StampLog
from toleramp_bench.devices.oximeter import DEFAULT_FORM
from toleramp_bench.devices.pulses import PulseTimes
from toleramp_bench.people.seen import OFF, Seen, is_tested
from toleramp_bench.places import mechanism_pl_pulse
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.live import LivePlant
from toleramp_bench.scenario.model import LINES_KEPT
from toleramp_bench.targets.base import NotOnTarget, TargetFault

POLL_US = 100_000
SYNCHRONISE_US = 2_000_000
_LOOK_US = 20_000
_KEY_NAMES = ("start", "confirm", "silence", "up", "down", "stop")  # in the order of pump.io's bits
_BENCH_KEY_US = 300_000
_BOOT_US = 8_000_000
_LATE_MOST = 25  # frames of a packet; more is a laptop that does not keep up
_NEVER = 1 << 62


class RigTarget:
    """A pump on a rig. `bench` is two serial ports or the emulated pair; it is closed with the target."""

    name = "rig"
    scan_us = 20_000

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.form = DEFAULT_FORM
        self.pl_pulse = mechanism_pl_pulse()
        self.build: dict[str, str] = {}
        self._jammed = 0
        self._pin, self._moved = StampLog(), StampLog()
        self.pin: PulseTimes = self._pin
        self.moved: PulseTimes = self._moved
        self.link, self.line = RigLink(bench), PumpLine(bench)
        self.late = 0  # messages of the oximeter that reached the rig too late
        self._zero_us = 0  # the rig's clock at the first power-on
        self._bench_zero_us = 0  # the same by the bench's clock
        self._steps, self._enn, self._stop = Stamped(array("q")), Stamped(array("q")), Stamped(array("q"))
        self._before = 0  # steps that were there before the first power-on
        self._stalls: list[list[int]] = []  # [from, to] on the rig's clock
        self._calls: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._polled_us = self._synchronised_us = 0
        self._powered = False
        self.oximeter: Any = None
        self.lines: deque[tuple[int, str, bytes]] = deque(maxlen=LINES_KEPT)
        self.line.meanwhile = self._keep_up
        self.line.tap = lambda line, data: self.lines.append((self.now_us, line, data))

    def fit(self, plant: Plant) -> LivePlant:
        """Puts a plant behind the motor: in the emulated bench, else one that follows the rig's stamps."""
        return self.bench.fit(plant, lambda: self._bench_zero_us) or LivePlant(plant, self._moved, lambda: self.now_us)

    # -- start and end

    @classmethod
    def of_ports(cls, pump_port: str | None, rig_port: str | None) -> RigTarget:
        """Real boards. UserError names the port that is missing or not there."""
        if not pump_port or not rig_port:
            raise UserError(f"the {'rig' if pump_port else 'pump'}'s port is missing", "rig", "name both ports")
        return cls(SerialBench(pump_port, rig_port))

    @classmethod
    def emulated(cls) -> RigTarget:
        """Both boards emulated. UserError when an image is not built."""
        try:
            return cls(EmulatedPair())
        except FileNotFoundError as error:
            raise UserError(str(error), "rig") from None

    def watch(self, look: Callable[[int, bytes, int], None]) -> None:
        """There is neither camera nor microphone."""
        raise NotOnTarget("rig: nobody reads the screen or hears the buzzer there")

    def jam(self, keys: int) -> None:
        """The relays of these keys stay closed from before the power comes."""
        self._jammed |= keys

    def choose(self, form: str) -> None:
        """The pump on a rig keeps the format that somebody has set."""
        raise NotOnTarget(f"the oximeter format {form}: the rig plays {DEFAULT_FORM}")

    def start(self, bench_mode: bool) -> None:
        """Proves the rig, cuts the pump's power, restores it, asks for bench mode by keys, waits for its answer."""
        link = self.link
        link.hello()
        link.ask("release")
        link.set("power", 1)
        self.bench.wait(self.bench.off_us)
        self.key(self._jammed | (BENCH_KEYS if bench_mode else 0), True)
        self.bench.wait(2_000)
        self._fetch()
        self._before = len(self._steps.times)
        self._zero_us = link.set("power", 0)
        self.line.lost_power()
        self.oximeter, self._wire = oximeter_ahead(link.now_us + self.bench.lead_us)
        self._powered = True
        self._poll()
        self._wait_us(_BENCH_KEY_US)
        if bench_mode:
            self.key(BENCH_KEYS & ~self._jammed, False)
            self._wait_us(_BENCH_KEY_US)
            link.set("confirm", 1)
            self._wait_us(_BENCH_KEY_US)
            link.set("confirm", 0)
            self._wait_us(_BENCH_KEY_US)  # hands off: a press right after it is none
        self.build = self.line.greet(_BOOT_US)
        if not self.bench.wait_for(self._status_came, _BOOT_US):
            said = "still tests itself: is one of its keys held down?" if self.line.status else "sends no status"
            raise TargetFault(f"rig: the pump on {self.bench.places[1]} {said}")
        self.line.since_last_boot()
        self._bench_zero_us = self.bench.now_us - self.now_us

    def _status_came(self) -> bool:
        self._keep_up()
        self.line.poll()
        return is_tested(self.line.status)

    def close(self) -> None:
        """Lets go of everything and gives the ports back."""
        try:
            self.link.ask("release")
            self.link.ask("silence")
        except UserError:
            pass  # a rig that is gone lets go by itself
        finally:
            self.bench.close()

    # -- time

    @property
    def now_us(self) -> int:
        """Time since the first power-on, by the rig's clock."""
        return self.link.now_us - self._zero_us

    def run_to(self, t_us: int) -> None:
        """Lets time pass until `t_us` or until a record has come; what is due meanwhile is done."""
        while (now := self.now_us) < t_us and not self.line.news:
            call_us = self._calls[0][0] if self._calls else _NEVER
            if call_us <= now:
                heapq.heappop(self._calls)[2]()
                continue
            if now - self._polled_us >= POLL_US:
                self._poll()
                continue
            due_us = min(t_us, call_us, self._polled_us + POLL_US, now + _LOOK_US)
            self.bench.wait(max(1, due_us - now))
            self.line.poll()
        if self.line.news:
            self._fetch()

    def _wait_us(self, us: int) -> None:
        """Lets time pass whatever comes, with the oximeter kept going."""
        end_us = self.now_us + us
        while self.now_us < end_us:
            self._poll()
            self.bench.wait(min(POLL_US, max(1, end_us - self.now_us)))

    def at(self, t_us: int, call: Callable[[], None]) -> None:
        """Books a call; it comes as soon after its time as the laptop can."""
        heapq.heappush(self._calls, (t_us, next(self._order), call))

    def _poll(self) -> None:
        """Once in POLL_US: the oximeter's next bytes to the rig, its stamps from it, the pump's words."""
        self._polled_us = self.now_us
        if self._polled_us - self._synchronised_us >= SYNCHRONISE_US:
            self._synchronised_us = self._polled_us
            self.link.synchronise()
        self._send_ahead()
        self._fetch()
        self.line.poll()

    def _keep_up(self) -> None:
        if self.now_us - self._polled_us >= POLL_US:
            self._poll()

    def _send_ahead(self) -> None:
        if self.oximeter is None:
            return
        self._wire.advance(self.link.now_us + self.bench.lead_us + POLL_US)
        sent = self._wire.collect()
        if sent:
            self.lines.extend((t_us - self._zero_us, "oximeter", data) for t_us, data in sent)
            self.late = self.link.play(sent)
        if self.late > _LATE_MOST:
            raise TargetFault(f"rig: {self.late} frames of the oximeter came too late; the laptop does not keep up")

    def _fetch(self) -> None:
        """Brings the pulse logs up to date."""
        known = len(self._steps.times)
        self.link.pulses(self._steps)
        if len(self._steps.times) == known:
            return
        self.link.edges("enn", self._enn)
        for t_us in self._steps.times[known:]:
            self._pin.times.append(t_us - self._zero_us)
            if self._moves(t_us):
                self._moved.times.append(t_us - self._zero_us)

    def _moves(self, t_us: int) -> bool:
        """Whether the driver was enabled (its line low: an even number of edges so far) and the shaft free."""
        enabled = bisect_right(self._enn.times, t_us) % 2 == 0
        return enabled and not any(begin <= t_us <= end for begin, end in self._stalls)

    def stop_edges(self) -> list[int]:
        """When the STOP line went high (pressed) and low by turns, on the target's clock."""
        self.link.edges("stop", self._stop)
        return [t_us - self._zero_us for t_us in self._stop.times]

    # -- what the pump says

    def records(self) -> list[dict[str, Any]]:
        """Records since the last call, t_ms since the first power-on."""
        shift_us = self.link.now_us - self.bench.now_us - self._zero_us
        return [
            {**{k: v for k, v in r.items() if k != "t_us"}, "t_ms": (r["t_us"] + shift_us) // 1000}
            for r in self.line.records()
        ]

    def seen(self) -> Seen:
        """What a person sees."""
        return self.line.seen() if self._powered else OFF

    def state(self) -> str:
        """The session's state."""
        return str(self.seen().state)

    def load(self, blob: bytes) -> str:
        """Loads over the host line."""
        return self.line.load(blob)

    def host(self, command: str, **fields: Any) -> None:
        """Sends a host command."""
        if command == "garbage":
            self.line.write(fields["data"])
        elif command == "ping":
            self.line.ping()
        elif command == "hang":
            self.line.send(m.HANG, data=fields["code"].encode())
        else:
            self.line.send(layout_of(command))

    # -- what the rig does

    def key(self, button: int, down: bool) -> None:
        """A key goes down or up by its relay."""
        for bit, name in enumerate(_KEY_NAMES):
            if button & 1 << bit:
                self.link.set(name, int(down))

    def press(self, button: int, hold_ms: int = 200, bounce_us: tuple[int, ...] = ()) -> int:
        """A press that the rig times itself; `bounce_us`: an even number of holds before the lasting one. Its time."""
        name = _KEY_NAMES[button.bit_length() - 1]
        return self.link.set(name, 1, *bounce_us, hold_ms * 1000) - self._zero_us

    def power(self, on: bool) -> None:
        """Cuts or restores the pump's power."""
        self.link.set("power", int(not on))
        self._powered = on
        self.line.lost_power()
        if on:
            self._poll()
            self.line.greet(_BOOT_US)

    def noise(self, line: str, data: bytes) -> None:
        """Bytes on a line."""
        if line == "host":
            self.line.write(data)
        else:
            self._wire.uart_send(0, data)

    def motor(self, stalled: bool) -> None:
        """The brake holds the shaft, or lets it go."""
        t_us = self.link.set("stall", int(stalled))
        if stalled:
            self._stalls.append([t_us, _NEVER])
        elif self._stalls:
            self._stalls[-1][1] = t_us

    def door(self, is_open: bool) -> None:
        """The door switch's contact."""
        self.link.set("door", int(is_open))

    def battery(self, volts: float, supply: bool = False) -> None:
        """There is no supply that the rig could turn down."""
        raise NotOnTarget(f"rig: no adjustable battery ({volts} V)")

    def clock(self, **what: Any) -> None:
        """A real clock is what it is."""
        raise NotOnTarget(f"rig: nothing can happen to the clock from outside ({', '.join(what)})")

    def unplug(self, part: str, out: bool) -> None:
        """No part is pulled while it runs."""
        raise NotOnTarget(f"rig: the part {part} cannot be unplugged")

    def bus_stuck(self, part: str, for_ms: int) -> None:
        """Nobody holds a bus for so long."""
        raise NotOnTarget(f"rig: the bus of the part {part} cannot be held for {for_ms} ms")

    def hang(self) -> None:
        """A real processor is not hung from outside."""
        raise NotOnTarget("rig: the processor cannot be made to hang from outside")

    def stall_code(self, ms: float) -> None:
        """A real processor is not held from outside."""
        raise NotOnTarget(f"rig: code cannot be held up from outside ({ms} ms)")

    def corrupt(self, where: str) -> None:
        """The pump's memory is out of reach."""
        raise NotOnTarget(f"rig: memory cannot be changed from outside ({where})")

    def screen(self) -> bytes | None:
        """There is no camera."""
        return None
