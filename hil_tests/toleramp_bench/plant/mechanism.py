"""The pumping mechanism: pulses at the motor become a turn of the shaft and a volume in the tube."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import sin, tau

from toleramp_bench.plant.whole import WholePl


@dataclass(frozen=True)
class MechanismConfig:
    """A roller head or lead screw. The defaults are the ideal one: pulses times `pl_pulse`, and nothing else."""

    pl_pulse: int = 100_000  # pL a pulse: boards/pump_pico/mechanism.py (0.32 mL a turn, 3200 microsteps)
    calibration_error: float = 0.0  # fraction; sets and heads differ by 5 to 20 % (makers' tables of roller pumps)
    cyclic_amplitude: float = 0.0  # fraction of the flow, below 1; roller heads 0.1 to 1 (literature), screws 0.01
    cyclic_period_pulses: int = 1067  # a turn of 3200 over three rollers; a screw: pulses a turn (assumed)
    cyclic_phase: float = 0.0  # radians at position 0; where the head was put on (assumed)
    stiction_pulses: int = 0  # dead pulses after a stop or a reversal: backlash and a tube that sets (assumed)

    def ideal(self) -> bool:
        """Whether every pulse moves exactly `pl_pulse`."""
        return not (self.calibration_error or self.cyclic_amplitude or self.stiction_pulses)


TYPICAL = MechanismConfig(calibration_error=0.02, cyclic_amplitude=0.2, stiction_pulses=8)


class Mechanism:
    """Turns pulses (negative: backwards) into volume.

    `shaft_pulses` is the shaft's position in pulses (what an encoder on it can see), `moved_pl` the net volume moved
    so far in whole pL.
    """

    def __init__(self, config: MechanismConfig | None = None) -> None:
        self.config = config or MechanismConfig()
        self.shaft_pulses = self.moved_pl = 0
        self._unity = not (self.config.calibration_error or self.config.cyclic_amplitude)
        self._exact = self.config.ideal()
        self._whole = WholePl()
        self._dead = self.config.stiction_pulses
        self._direction = 1
        self._stalled = False
        self._lost_share, self._slipping, self._lost = Fraction(0), 0, 0
        self._grip = 1.0

    @property
    def exact_pl(self) -> int | None:
        """Volume moved, exact to the pL, while nothing but whole pulses of `pl_pulse` moved it; None afterwards."""
        return self.moved_pl if self._exact else None

    # --- what happens to it --------------------------------------------------------------------------------

    def stall(self, on: bool = True) -> None:
        """The motor stands whatever pulses come: no turn, no volume."""
        self._stalled = on

    def slip(self, fraction: float) -> None:
        """From now on the motor loses this share of its steps: neither shaft nor liquid follow them. 0 ends it."""
        self._lost_share = _share(fraction)
        self._slipping = self._lost = 0

    def slip_tube(self, fraction: float) -> None:
        """From now on the tube lets this share of the volume back: the shaft turns, so no encoder sees it."""
        self._grip = float(1 - _share(fraction))
        self._exact = self._exact and self._grip == 1

    def rest(self) -> None:
        """It has stood long enough to stick again."""
        self._dead = self.config.stiction_pulses

    # --- pulses --------------------------------------------------------------------------------------------

    def advance(self, pulses: int) -> float:
        """Moves by `pulses`; the volume in nL that this moved."""
        return self.advance_pl(pulses) / 1000

    def advance_pl(self, pulses: int) -> int:
        """Moves by `pulses`; the volume in whole pL that this moved (a rest is carried to the next call)."""
        turned = self._turned(pulses) if self._stalled or self._lost_share else pulses
        start = self.shaft_pulses
        self.shaft_pulses = start + turned
        if self.config.stiction_pulses and turned:
            start = self._unstuck(start, turned)
        moved_pl = self._volume_pl(start, self.shaft_pulses)
        self.moved_pl += moved_pl
        return moved_pl

    def _turned(self, pulses: int) -> int:
        if self._stalled:
            return 0
        self._slipping += abs(pulses)
        lost = self._slipping * self._lost_share.numerator // self._lost_share.denominator
        now, self._lost = lost - self._lost, lost
        return pulses - now if pulses > 0 else pulses + now

    def _unstuck(self, start: int, turned: int) -> int:
        """Where the liquid begins to follow."""
        direction = 1 if turned > 0 else -1
        if direction != self._direction:
            self._direction, self._dead = direction, self.config.stiction_pulses
        dead = min(self._dead, abs(turned))
        self._dead -= dead
        return start + direction * dead

    def _volume_pl(self, start: int, end: int) -> int:
        if self._unity and self._grip == 1:
            return (end - start) * self.config.pl_pulse
        travelled = end - start + self._cycle(end) - self._cycle(start)
        return self._whole(travelled * (1 + self.config.calibration_error) * self._grip * self.config.pl_pulse)

    def _cycle(self, position: int) -> float:
        """The integral of amplitude * cos(phase) up to `position`, in pulses; the same again after each period."""
        config = self.config
        if not config.cyclic_amplitude:
            return 0.0
        period = config.cyclic_period_pulses
        turn = tau * (position % period) / period  # reduced in integers: a whole period gives back the same float
        return config.cyclic_amplitude * period / tau * sin(turn + config.cyclic_phase)


def _share(fraction: float) -> Fraction:
    """The decimal fraction as it is written, so that lost steps are counted exactly."""
    if not 0 <= fraction <= 1:
        raise ValueError(f"a share lies from 0 to 1: {fraction}")
    return Fraction(str(fraction))
