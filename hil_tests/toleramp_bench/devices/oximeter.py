"""An oximeter on a patient: its stream byte by byte in real time, and all that can happen to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import import_module
from math import exp, sin, tau
from typing import Any, Protocol

from pump.tables.oximeters import NAMES
from toleramp_bench.devices import nonin_df2
from toleramp_bench.devices.nonin_df2 import BAUD, FRAMES, FRAMES_PER_SECOND, Values
from toleramp_bench.devices.readings import Readings
from toleramp_bench.devices.traces import Replay, Row, play_on

DEFAULT_FORM = NAMES[0]
_SECOND = 1_000_000_000
_THIRDS = 3  # packets a second
_BEAT_FRAMES = 12
_DISPLAY_PACKETS = 4.5
_BREATH_NS = 4_300_000_000
_DISPLAY_HOLD_NS = 10 * _SECOND
_SWAP_NS = 2 * _SECOND
"""Nobody pulls one plug and puts in another in less."""
_STANDARD_BEATS, _EXTENDED_BEATS, _FAST_BEATS = 4, 8, 2


class Wire(Protocol):
    """What the oximeter needs of a board (or of a test)."""

    @property
    def now_ns(self) -> int:
        """The time."""

    def at_ns(self, t_ns: int, callback: Callable[[], None]) -> Any:
        """Books a callback."""

    def uart_send(self, number: int, data: bytes, baud: int = BAUD, parity: int | None = None) -> None:
        """Sends bytes at their real pace; `parity` 1 odd, 0 even."""


class _Ramp:
    """A value that goes to another in a straight line."""

    def __init__(self, value: float) -> None:
        self._from = self._to = value
        self._start_ns, self._span_ns = 0, 0

    def at(self, t_ns: int) -> float:
        if t_ns >= self._start_ns + self._span_ns:
            return self._to
        return self._from + (self._to - self._from) * (t_ns - self._start_ns) / self._span_ns

    def go(self, t_ns: int, to: float, seconds: float) -> None:
        self._from, self._to = self.at(t_ns), to
        self._start_ns, self._span_ns = t_ns, round(seconds * _SECOND)


class Oximeter:
    """Sends three packets a second, in as many pieces as its format has frames, to UART `uart` of `wire`.

    Values are means over beats, as in the device: standard 4, extended 8, fast 2, beat to beat 1; display
    values are taken each 1.5 s and held for 10 s after the finger is gone. Set at any time: `perfusion` (one of
    nonin_df2.GREEN, YELLOW, RED), `artifact` (each beat is marked as disturbed), `out_of_track` (sustained
    artifact: no values but those for display), `low_battery`, `frozen` (the last packet again and again, its
    counter too; of formats that send frames, the last frame), `cable_out` (silence), `line` (rate and parity). A format
    that has to be asked for its stream (START, KEEP_ALIVE, STOP, LISTENS_S) sends it only after `hear` brought that.
    """

    def __init__(
        self, wire: Wire, uart: int = 1, spo2: float = 97.0, pulse: float = 72.0, form: str = DEFAULT_FORM
    ) -> None:
        """`form`: the serial format, by its name in pump.tables.oximeters; its bytes are the module's of that name."""
        self._wire, self._uart = wire, uart
        self.form = form
        self._bytes: Any = bytes_of(form)
        self.line: tuple[int, int | None] = settings(form)
        self._unplugged_until_ns = 0
        self._ear, self._until_ns = b"", 0  # what the pump said last; how long it is still spoken to
        self._spo2, self._pulse = _Ramp(spo2), _Ramp(pulse)
        self._beats: deque[tuple[float, float]] = deque([(spo2, pulse)] * _EXTENDED_BEATS, _EXTENDED_BEATS)
        self._phase, self._since_beat = 0.0, _BEAT_FRAMES
        self._display = Values()
        self._display_due = 0.0
        self._lost_ns: int | None = None
        self._packet = b""
        self._since: list[int] = []  # status of the frames since the packet before, where it comes less often
        self._frame, self._start_ns = 0, 0
        self._finger_off = self._unplugged = False
        self.perfusion = nonin_df2.GREEN
        self.artifact = self.out_of_track = self.low_battery = False
        self.frozen = self.cable_out = self.switched_off = False
        self.timer = 0
        self._counts = True  # its packets bear a counter
        self._said: tuple[int | None, int | None] | None = None
        self._replay: Replay | None = None

    @property
    def baud(self) -> int:
        """The rate of its line."""
        return self.line[0]

    @property
    def parity(self) -> int | None:
        """That of its line: 1 odd, 0 even, None none."""
        return self.line[1]

    @property
    def must_be_started(self) -> bool:
        """It is silent until it is asked."""
        return must_be_started(self.form)

    # --- what happens to it --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins the stream now."""
        self._start_ns = self._wire.now_ns
        self._next_frame()

    def set(self, spo2: float | None = None, pulse: float | None = None) -> None:
        """Changes the patient's saturation (%) or pulse (1/min) at once."""
        self.ramp(0, spo2, pulse)

    def ramp(self, seconds: float, spo2: float | None = None, pulse: float | None = None) -> None:
        """Lets the saturation or the pulse go to a new value within `seconds`."""
        now = self._wire.now_ns
        if spo2 is not None:
            self._spo2.go(now, spo2, seconds)
        if pulse is not None:
            self._pulse.go(now, pulse, seconds)

    def say(self, spo2: float | None, pulse: float | None) -> None:
        """From now on it says just this, without a mean over beats; the patient is so, too. None: it has no value."""
        self.set(spo2, pulse)
        self._said = None if spo2 is None else round(spo2), None if pulse is None else round(pulse)
        if spo2 is None and self._lost_ns is None:
            self._lost_ns = self._wire.now_ns

    def say_no_more(self) -> None:
        """It measures its patient again."""
        self._said = None

    def play(self, rows: Iterable[Row]) -> None:
        """From now on it says these rows, one after the other; then it measures its patient, as the last one left it.

        A new row is heard from the packet behind its begin on.
        """
        self._replay = Replay(rows, self._wire.now_ns)

    def power(self, on: bool) -> None:
        """It is switched off: it says goodbye where its format can, then nothing. Or on again: it starts anew."""
        goodbye = getattr(self._bytes, "GOODBYE", b"")
        if not on and goodbye and self._speaks():
            self._wire.uart_send(self._uart, goodbye, *self.line)
        if on and self.switched_off:
            self._begin(self.form, self._counts)
            self._lose_beats()
            self._display = Values()
        self.switched_off = not on

    def swap(self, form: str, counter: bool = True) -> None:
        """Another module takes its place on the line, one of that format; without a counter its packets have none.

        The line is silent while somebody does it."""
        self._unplugged_until_ns = self._wire.now_ns + _SWAP_NS
        self._begin(form, counter)

    def _begin(self, form: str, counter: bool) -> None:
        self.form, self._counts = form, counter
        self._bytes = bytes_of(form)
        self.line = settings(form)
        self._until_ns = 0
        self.timer, self._packet = 0, b""
        self._frame, self._start_ns = 0, self._wire.now_ns

    def finger(self, on: bool) -> None:
        """The finger goes out of the sensor, or back in (values come again after four beats)."""
        self._finger_off = not on
        self._lose_beats()

    def sensor(self, plugged: bool) -> None:
        """The sensor is unplugged from the device, or plugged in."""
        self._unplugged = not plugged
        self._lose_beats()

    def _lose_beats(self) -> None:
        self._beats.clear()
        if self._lost_ns is None:
            self._lost_ns = self._wire.now_ns

    @property
    def _no_signal(self) -> bool:
        return self._finger_off or self._unplugged

    # --- the stream ----------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> None:
        """What the pump says on the line."""
        form = self._bytes
        if not self._connected or not self.must_be_started:
            return
        for byte in data:
            self._ear = (self._ear + bytes((byte,)))[-len(form.START) :]
            self._obey(form)

    def wake(self) -> None:
        """Somebody has asked it for its stream, where it wants that."""
        if self.must_be_started:
            self.hear(self._bytes.START)

    def _obey(self, form: Any) -> None:
        """A command has come, perhaps."""
        now = self._wire.now_ns
        if self._ear == form.START or (self._ear == form.KEEP_ALIVE and now < self._until_ns):
            self._until_ns = now + form.LISTENS_S * _SECOND
        elif self._ear == form.STOP:
            self._until_ns = 0
        if self._ear in form.ANSWERS:
            self._wire.uart_send(self._uart, form.ANSWERS[self._ear], *self.line)

    def _speaks(self) -> bool:
        asked = not self.must_be_started or self._wire.now_ns < self._until_ns
        return asked and self._connected

    @property
    def _connected(self) -> bool:
        return not self.cable_out and not self.switched_off and self._wire.now_ns >= self._unplugged_until_ns

    def _next_frame(self) -> None:
        pieces = self._bytes.CHUNKS
        number = self._frame % pieces
        if number == 0:
            self._packet = self._again() if self.frozen and self._packet else self._next_packet()
        chunk = self._chunk(number)
        if chunk and self._speaks():
            self._wire.uart_send(self._uart, chunk, *self.line)
        self._frame += 1
        due = self._start_ns + self._frame * _SECOND // (_THIRDS * pieces)
        self._wire.at_ns(due, self._next_frame)

    def _again(self) -> bytes:
        """What a device that hangs sends: of a stream of frames without a counter, its last frame."""
        stuck = getattr(self._bytes, "stuck", None)
        return self._packet if stuck is None else bytes(stuck(self._packet))

    def _chunk(self, number: int) -> bytes:
        """That piece of the third of a second; nothing where the format rests."""
        form = self._bytes
        if self._frame // form.CHUNKS % form.EVERY:
            return b""
        size = len(self._packet) // form.CHUNKS
        return bytes(self._packet[size * number : size * (number + 1)])

    def _next_packet(self) -> bytes:
        """The next third of a second; the beats in it count for the packet after it."""
        values = self._values()
        now = self._wire.now_ns
        samples = [self._sample(now + n * _SECOND // FRAMES_PER_SECOND) for n in range(FRAMES)]
        self.timer = (self.timer + 1) & 0x3FFF if self._counts else 0
        status = [status for status, _ in samples]
        if self._bytes.EVERY > 1:  # a packet each second or two tells of all that has been since the one before
            self._since = status = (self._since + status)[-FRAMES * self._bytes.EVERY :]
        return self._bytes.packet(values, status, [pleth for _, pleth in samples])

    def _sample(self, t_ns: int) -> tuple[int, int]:
        """Status and pleth of one frame; a beat is entered where it ends."""
        status = self._steady_status()
        if self._no_signal:
            return status, 0
        self._phase += self._pulse.at(t_ns) / 60 / FRAMES_PER_SECOND
        self._since_beat += 1
        if self._phase >= 1:
            self._phase -= 1
            self._since_beat = 0
            self._beats.append((self._spo2.at(t_ns), self._pulse.at(t_ns)))
        if self._since_beat < _BEAT_FRAMES:
            status |= self.perfusion | (nonin_df2.ARTIFACT if self.artifact else 0)
        return status, _pleth(self._phase, t_ns)

    def _steady_status(self) -> int:
        mute = self._said is not None and self._said[0] is None  # a device that has no value says why
        status = nonin_df2.OUT_OF_TRACK if self.out_of_track or mute else 0
        if self._no_signal:
            status |= nonin_df2.SENSOR_ALARM
        if self._unplugged:
            status |= nonin_df2.SENSOR_OFF
        return status

    def _values(self) -> Values:
        self._replay = play_on(self._replay, self._wire.now_ns, self)
        measured = self._measured()
        self._renew_display(measured)
        kept = self._display
        return replace(
            measured,
            spo2_d=kept.spo2,
            e_spo2_d=kept.e_spo2,
            hr_d=kept.hr,
            e_hr_d=kept.e_hr,
            tmr=self.timer,
            low_batt=self.low_battery,
            perfusion=self.perfusion,
        )

    def _measured(self) -> Values:
        if self._no_signal or self.out_of_track or len(self._beats) < _STANDARD_BEATS:
            return Values()
        if self._said is not None:
            spo2, pulse = self._said
            if spo2 is None or pulse is None:
                return Values(hr=pulse, spo2=spo2)
            return Values(hr=pulse, spo2=spo2, spo2_fast=spo2, spo2_bb=spo2, e_hr=pulse, e_spo2=spo2)
        standard, extended = self._mean(_STANDARD_BEATS), self._mean(_EXTENDED_BEATS)
        return Values(
            hr=standard[1],
            spo2=standard[0],
            spo2_fast=self._mean(_FAST_BEATS)[0],
            spo2_bb=self._mean(1)[0],
            e_hr=extended[1],
            e_spo2=extended[0],
        )

    def _mean(self, beats: int) -> tuple[int, int]:
        last = list(self._beats)[-beats:]
        return round(sum(spo2 for spo2, _ in last) / len(last)), round(sum(hr for _, hr in last) / len(last))

    def _renew_display(self, measured: Values) -> None:
        """Display values every 1.5 s (after 4 or 5 packets by turns), kept without a signal for 10 s."""
        if measured.spo2 is not None:
            self._lost_ns = None
            if self.timer >= self._display_due or self.timer < self._display_due - 2 * _DISPLAY_PACKETS:
                self._display, self._display_due = measured, self.timer + _DISPLAY_PACKETS
        elif self._lost_ns is not None and self._wire.now_ns - self._lost_ns >= _DISPLAY_HOLD_NS:
            self._display, self._display_due = Values(), 0.0


def settings(form: str) -> tuple[int, int | None]:
    """Rate and parity (1 odd, 0 even, None none) of that format's line."""
    module = bytes_of(form)
    return int(module.BAUD), getattr(module, "PARITY", None)


def rates(form: str) -> tuple[int, ...]:
    """All baud rates at which devices of that format send; its line's own comes first."""
    module = bytes_of(form)
    return (int(module.BAUD), *getattr(module, "OTHER_BAUD", ()))


def must_be_started(form: str) -> bool:
    """Whether devices of that format are silent until they are asked."""
    return hasattr(bytes_of(form), "START")


def readings(form: str) -> Readings:
    """How that format's readings come."""
    found: Readings = bytes_of(form).READINGS
    return found


def most_pulse(form: str) -> int | None:
    """The highest pulse (1/min) that the format can say; None where each that a device measures can be."""
    return getattr(bytes_of(form), "MOST_PULSE", None)


def bytes_of(form: str) -> Any:
    """What that format's own file has: its bytes, and how they are read."""
    return import_module(f"{__package__}.{form.replace('-', '_')}")


def _pleth(phase: float, t_ns: int) -> int:
    """A synthetic beat: a steep rise, a slower fall with a notch; `phase` 0 to 1. Breath makes one larger than another,
    so that no packet is as the one before it, whatever the pulse."""
    main = exp(-(((phase - 0.18) / 0.09) ** 2))
    notch = 0.45 * exp(-(((phase - 0.45) / 0.13) ** 2))
    return round(40 + (160 + 10 * sin(tau * t_ns / _BREATH_NS)) * min(1.0, main + notch))
