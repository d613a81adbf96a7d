"""A campaign as data: what is drawn from, and what was drawn for one session. No behaviour; all of it can be sent."""

from __future__ import annotations

from dataclasses import dataclass, field

Span = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A kind of fault: whether it lasts for a while, and the key of a scenario's `oximeter` that it is, if it is."""

    lasts: bool = False
    oximeter: str = ""


FAULTS: dict[str, Kind] = {}
FAULTS["sensor_off"] = Kind(lasts=True, oximeter="off")
FAULTS["desaturation"] = Kind(lasts=True)
FAULTS["artifact"] = Kind(lasts=True, oximeter="artifact")
FAULTS["frozen"] = Kind(lasts=True, oximeter="freeze")
FAULTS["host_silent"] = Kind(lasts=True)
FAULTS["stop_pressed"] = Kind()
FAULTS["host_pause"] = Kind()
FAULTS["wrong_bag"] = Kind()
FAULTS["power_cut"] = Kind(lasts=True)


@dataclass(frozen=True)
class Rate:
    """How often a fault comes: chance of a session, times then; how long (s) and how deep (points) it is."""

    chance: float = 0.0
    times: Span = (1, 1)
    seconds: Span = (10, 60)
    points: Span = (4, 16)


@dataclass(frozen=True)
class StaffDraws:
    """The people; s, minutes, and weights of the steps to go back by."""

    answer_s: Span = (3, 20)
    bag_change_s: Span = (20, 240)
    hold_s: Span = (10, 120)
    notice_s: Span = (10, 90)
    rest_min: Span = (5, 20)
    back: tuple[float, float, float] = (5, 3, 2)


@dataclass(frozen=True)
class PlantDraws:
    """The mechanism: largest calibration error, and the motor's loss of steps (shares)."""

    calibration: float = 0.0
    slip_chance: float = 0.0
    slip_share: Span = (0.001, 0.03)


@dataclass(frozen=True)
class Campaign:
    """A campaign file, read and checked. `digest` is that of the file's text and of the compiled protocol."""

    name: str
    digest: str
    seed: int
    blob: bytes
    patient: dict[str, float] = field(default_factory=dict)
    staff: StaffDraws = field(default_factory=StaffDraws)
    plant: PlantDraws = field(default_factory=PlantDraws)
    faults: dict[str, Rate] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One fault of a session: when it begins (s since power-on), how long it lasts; `size`: points, share or bag."""

    kind: str
    at_s: float
    seconds: float = 0.0
    size: float = 0.0


@dataclass(frozen=True)
class Drawn:
    """What was drawn for one session; patient and people draw from their own streams of `seed`."""

    number: int
    seed: int
    calibration: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Finding:
    """A violated invariant: its name, when (s since power-on), and what was measured."""

    invariant: str
    at_s: float
    text: str
