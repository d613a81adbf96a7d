"""An oximeter for slow scans: the values themselves, once a scan, in the place of bytes and a parser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pump.tables import messages as m
from pump.tables import vitals
from toleramp_bench.devices import nonin_df2
from toleramp_bench.devices.oximeter import DEFAULT_FORM
from toleramp_bench.devices.samples import Samples
from toleramp_bench.devices.traces import Replay, Row, play_on
from toleramp_bench.targets.base import NotOnTarget


class Clock(Protocol):
    """Whoever knows the time."""

    @property
    def now_us(self) -> int:
        """Microseconds."""


class SlowSamples(Samples):
    """Stands where a parser stands; the board calls it in each scan."""

    def __init__(self, owner: SlowOximeter) -> None:
        super().__init__()
        self._owner = owner

    def take(self, data: bytearray, count: int) -> bool:
        """Takes the owner's values; False when its line is silent."""
        owner = self._owner
        if owner.cable_out or owner.switched_off:
            return False
        self.samples += 1
        if not owner.frozen:
            owner.measure(self)
        elif self.flags & vitals.VALID:
            self.flags &= ~vitals.VALID
            self.flags |= vitals.FROZEN
        return True


class SlowOximeter:
    """The same controls as devices.oximeter.Oximeter."""

    form = DEFAULT_FORM

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.samples = SlowSamples(self)
        self._spo2, self._pulse = (0, 1, 97.0, 97.0), (0, 1, 72.0, 72.0)
        self.perfusion = nonin_df2.GREEN
        self.artifact = self.out_of_track = self.low_battery = False
        self.frozen = self.cable_out = self.switched_off = False
        self._off = self._mute = False
        self._replay: Replay | None = None

    def start(self) -> None:
        """It is always there."""

    def set(self, spo2: float | None = None, pulse: float | None = None) -> None:
        """Changes the values at once."""
        self.ramp(0, spo2, pulse)

    def ramp(self, seconds: float, spo2: float | None = None, pulse: float | None = None) -> None:
        """Lets a value go to another within `seconds`."""
        now, span = self._clock.now_us, round(seconds * 1e6)
        if spo2 is not None:
            self._spo2 = (now, span, self._value(self._spo2), spo2)
        if pulse is not None:
            self._pulse = (now, span, self._value(self._pulse), pulse)

    def say(self, spo2: float | None, pulse: float | None) -> None:
        """From now on it says just this; its patient is so, too. None: it has no value."""
        self.set(spo2, pulse)
        self._mute = spo2 is None or pulse is None

    def say_no_more(self) -> None:
        """What its patient is."""
        self._mute = False

    def play(self, rows: Iterable[Row]) -> None:
        """From now on it says these rows, one after the other."""
        self._replay = Replay(rows, self._clock.now_us * 1000)

    def power(self, on: bool) -> None:
        """It is switched off, or on again."""
        self.switched_off = not on

    def swap(self, form: str, counter: bool = True) -> None:
        """Samples have no format."""
        raise NotOnTarget(f"an oximeter without bytes is no {form}")

    def _value(self, ramp: tuple[int, int, float, float]) -> float:
        passed = self._clock.now_us - ramp[0]
        return ramp[3] if passed >= ramp[1] else ramp[2] + (ramp[3] - ramp[2]) * passed / ramp[1]

    def finger(self, on: bool) -> None:
        """The finger goes out of the sensor, or back in."""
        self._off = not on

    def sensor(self, plugged: bool) -> None:
        """The sensor is unplugged, or plugged in."""
        self._off = not plugged

    def measure(self, samples: Samples) -> None:
        """Writes this moment's values."""
        self._replay = play_on(self._replay, self._clock.now_us * 1000, self)
        lost = self._off or self._mute or self.out_of_track
        samples.spo2 = m.NONE8 if lost else round(self._value(self._spo2))
        samples.pulse = m.NONE16 if lost else round(self._value(self._pulse))
        samples.flags = 0 if lost else vitals.VALID
        if self._off:
            samples.flags |= vitals.SENSOR_OFF
        if self.out_of_track:
            samples.flags |= vitals.OUT_OF_TRACK
        if self._mute:
            samples.flags |= vitals.OUT_OF_TRACK
        if self.perfusion == nonin_df2.RED:
            samples.flags |= vitals.LOW_PERFUSION
        if self.artifact:
            samples.flags |= vitals.ARTIFACT
