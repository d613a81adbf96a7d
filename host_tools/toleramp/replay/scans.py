"""A recording's bytes, opened: its beginning, then scan by scan (the pump's side: pump.link.inputs)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from pump.io import FRAM_SLOT, Snapshot
from pump.link import inputs as i
from pump.link import laid
from pump.tables import checks
from pump.tables import inputs as raw_rows


class Torn(Exception):
    """The bytes end within something."""


class Bytes:
    """Bytes that are taken one after the other; Torn behind the last."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, n: int) -> bytes:
        """The next n."""
        if self.at + n > len(self.data):
            raise Torn
        self.at += n
        return self.data[self.at - n : self.at]

    def byte(self) -> int:
        """The next one."""
        return self.take(1)[0]

    def word(self, n: int = 4) -> int:
        """A signed number of n bytes, low byte first."""
        return int.from_bytes(self.take(n), "little", signed=True)

    def number(self) -> int:
        """One of any size, as pump.link.standing has it."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return -((value + 1) >> 1) if value & 1 else value >> 1

    def run(self) -> bytes:
        """Bytes as pump.link.standing has them."""
        size, found = self.number(), bytearray()
        while len(found) < size:
            found += self.take(self.byte())
            found += bytes(self.byte())
        return bytes(found)


@dataclass(frozen=True)
class PowerOn:
    """What the core was told at power-on."""

    cause: int
    answered: int
    parts: int
    wall_lost: bool
    told: int
    tests: bool
    wall_s: int


@dataclass
class Beginning:
    """A recording's head: which core it is of, the scans before it, the keyring without its keys, the core as
    it stood (a tree of standing's letters), or, `built`, from what it was built; the memory's slots, the power-on."""

    which: str
    scans: int
    keys: People
    built: bool
    core: Any
    memory: dict[int, bytes] = field(default_factory=dict)
    power_on: PowerOn | None = None


@dataclass
class People:
    """A keyring without its keys: each copy is 0 (none), 1 (sound) or 2 (damaged), each key counts or is void."""

    copies: list[int]
    known: dict[str, bool]


def _people(source: Bytes) -> People:
    copies = [source.byte() for _ in range(source.byte())]
    return People(copies, {source.run().decode(): bool(source.byte()) for _ in range(source.byte())})


@dataclass
class Node:
    """A value with parts of a core as it stood: standing's letter, and the parts."""

    kind: str
    parts: list[Any] = field(default_factory=list)
    data: bytes = b""
    number: int = 0


def _tree(source: Bytes) -> Any:
    letter = source.byte()
    if letter >= 0x80:
        return letter - 0x88
    kind = chr(letter)
    if kind in "NTF":
        return {"N": None, "T": True, "F": False}[kind]
    if kind == "i":
        return source.number()
    if kind in "by":
        return Node(kind, data=source.run())
    if kind == "r":
        return Node(kind, number=source.number())
    if kind in "altdo":
        return Node(kind, [_tree(source) for _ in range(source.number())])
    if kind == "x":
        return Node(kind)
    raise ValueError(f"byte {source.at - 1} of its beginning: no value begins with {letter:#04x}")


def beginning(source: Bytes) -> Beginning:
    """A recording's head. Torn when it ends before; ValueError when it is no recording of this format."""
    form = source.byte()
    if form != i.FORMAT:
        raise ValueError(f"a recording of format {form}, this tool reads {i.FORMAT}")
    which = source.run().decode("ascii", "replace")
    found = Beginning(which, source.number(), _people(source), bool(source.byte()), _tree(source))
    while slot := source.number():
        found.memory.setdefault(slot - 1, source.run())
    if source.byte():
        cause, answered, bits, lost, told, tests = source.take(6)
        found.power_on = PowerOn(cause, answered, bits, bool(lost), told, bool(tests), source.number())
    return found


@dataclass
class Scan:
    """One scan: its bytes, its bits, what was decided by name; `values`: the inputs that changed, by name."""

    data: bytes
    bits: int
    values: dict[str, Any]
    said: dict[str, Any]

    def check(self, before: int) -> int:
        """The sum that goes on from the scan before; the scan's last byte is its lowest eight bits."""
        return int(laid.sum_of(self.data, len(self.data) - 1, before))


def _inputs(source: Bytes, bits: int) -> dict[str, Any]:
    values: dict[str, Any] = {"dt_ms": source.word() if bits & i.DT else i.USUAL_MS}
    if bits & i.KEYS:
        byte = source.byte()
        values |= {"buttons": byte & 63, "fram": byte >> 6}
    if bits & i.FACTS:
        byte = source.byte()
        values |= {"parts": byte & 31, "driver_off": bool(byte & 32)}
        values |= {"screen_ready": bool(byte & 64), "wall_lost": bool(byte & 128)}
    if bits & i.OXIMETER:
        values["ox"] = source.take(source.byte())
    if bits & i.LINE:
        values["link"] = source.take(source.byte())
    if bits & i.PULSES:
        values["more"] = source.byte()
    if bits & i.ALL_PULSES:
        values |= {name: source.word() for name in ("pulses", "moved", "idle")}
    if bits & i.QUEUE:
        values["queue_us"] = source.word(3)
    return values


def _decided(source: Bytes, bits: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if bits & i.OUTS:
        byte = source.byte()
        said |= {"abort": byte & 1, "permit": byte >> 1 & 1, "flowing": byte >> 2 & 1, "tidy": byte >> 3 & 1}
        said["lights"] = byte >> 4
    if bits & i.WORDS:
        said |= {"words_us": source.word(3) & 0xFFFFFF, "words_pulses": source.word(2) & 0xFFFF}
    if bits & i.STORES:
        word = source.word()
        said |= {"fram_slot": word & 0x1FFF, "fram_sum": word >> 13}
    if bits & i.RECORDS:
        said |= {"records": source.byte(), "records_chain": source.take(4).hex()}
    if bits & i.TONE:
        said["tone_hz"] = source.word(2)
    if bits & i.STANDS:
        values = struct.unpack(laid.STAND, source.take(struct.calcsize(laid.STAND)))
        said |= dict(zip(laid.STAND_FIELDS.split(), values, strict=True))
    if bits & i.TOLD:
        said["approval"] = source.byte()
    return said


def _seldom(source: Bytes, values: dict[str, Any]) -> None:
    bits = source.byte()
    if bits & i.BROKEN:
        values["ox_broken"] = source.byte()
    if bits & i.RAW:
        values["raw"] = struct.unpack(f"<{raw_rows.COUNT}H", source.take(2 * raw_rows.COUNT))
    if bits & i.WALL:
        values["wall_s"] = source.word()
    if bits & i.READ:
        values["read"] = source.word()
        if values["read"] >= 0:
            values["slot"] = source.take(FRAM_SLOT)
    if bits & i.NOW:
        values["now_ms"] = source.word()
    if bits & i.PROOFS:
        values["proofs"] = [digit == "1" for digit in f"{source.byte():b}"[1:]]
    if bits & i.CHECKS:
        values["passed"], values["failed"] = source.word(), source.byte()
        judged = (check for check in range(checks.COUNT) if values["passed"] >> check & 1 or check == values["failed"])
        values["found"] = {check: source.word() for check in judged}


def scan(source: Bytes) -> Scan:
    """The next scan. Torn when it has not come in full."""
    first = source.at
    bits = int.from_bytes(source.take(2), "little")
    values = _inputs(source, bits)
    said = _decided(source, bits)
    if bits & i.RARE:
        _seldom(source, values)
    source.byte()
    return Scan(source.data[first : source.at], bits, values, said)


def fill(snap: Snapshot, given: Scan) -> None:
    """Sets the scan's inputs."""
    values = given.values
    more = values.get("more", 0)
    snap.now_ms = (snap.now_ms + values["dt_ms"]) & i.TICK_MASK
    snap.pulses, snap.moved = snap.pulses + more, snap.moved + more
    snap.ox_n = snap.link_n = snap.passed = snap.failed = 0
    for name, value in values.items():
        if name in ("ox", "link"):
            getattr(snap, name)[: len(value)] = value
            setattr(snap, name + "_n", len(value))
        elif name == "raw":
            for row, reading in enumerate(value):
                snap.raw[row] = reading
        elif name == "slot":
            snap.slot[:] = value
        elif name == "found":
            for check, found in value.items():
                snap.found[check] = found
        elif name != "more":
            setattr(snap, name, value)
