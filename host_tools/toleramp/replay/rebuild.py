"""A controller as one stood in a pump: built anew, then filled with what its rooms held."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

from oximeters.detection import Search
from oximeters.registry import module
from pump.controller import Controller
from pump.course.plan import Plan
from pump.io import Outputs
from pump.link.authentication import Authentication
from pump.link.inputs import GOES, Recorder
from pump.link.standing import LEFT_OUT
from pump.loading import take_over
from pump.protocol import approval
from pump.protocol import protocol as protocols
from pump.senses.power_up import BENCH_KEYS, Act
from pump.store.keyring import Keyring
from pump.store.settings import Settings
from toleramp.replay.scans import Beginning, Node, People

PERIOD_US = 20_000


class Misfit(Exception):
    """What stood in the pump has another shape than this core; says where."""


class Sink(Recorder):
    """A recorder whose scans are looked at, and go nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.made = b""

    def begin(self, pump: Controller, out: Outputs | None = None, built: Any = None) -> None:
        """The pump's next recording is a run of its own."""
        self.anew = False

    def _keep(self, work: bytearray, n: int) -> None:
        self.made = bytes(work[:n])


class ToldProofs(Authentication):
    """Is told whether a request's proof held: the keys of people are not in the recording."""

    proofs: Iterator[bool] = iter(())

    def holds(self, key: bytes, name: str, count: int, kind: int, payload: bytes, mac: bytes) -> bool:
        """The next of the scan's; none is left where this core proves what the pump did not."""
        return next(self.proofs, False)


def _keyring(people: People) -> Keyring:
    """As the pump's, with keys that nobody has."""
    keys = {name: b"?" * approval.KEY_BYTES if holds else None for name, holds in people.known.items()}
    copies = (None, approval.encode_keyring(keys), b"damaged")
    return Keyring([copies[state] for state in people.copies])


class _Filler:
    """Goes through a tree of what stood and through a core, both in the same order."""

    def __init__(self) -> None:
        self.known: list[Any] = []

    def value(self, node: Any, present: Any, where: str) -> Any:
        """What is to stand there instead of what is present; that itself where it can be filled."""
        if not isinstance(node, Node):
            return node
        if node.kind == "r":
            return self.known[node.number]
        if node.kind == "b":
            return node.data.decode() if isinstance(present, str) else node.data
        if node.kind == "t":
            now = present if isinstance(present, tuple) and len(present) == len(node.parts) else [None] * 99
            return tuple(self.value(part, now[k], f"{where}[{k}]") for k, part in enumerate(node.parts))
        place = len(self.known)
        self.known.append(present)
        made = getattr(self, "_" + node.kind)(node, present, where, place)
        self.known[place] = made
        return made

    def _x(self, node: Node, present: Any, where: str, place: int) -> Any:
        if present is None:
            raise Misfit(f"{where}: the pump has something there that this core has not")
        return present

    def _y(self, node: Node, present: Any, where: str, place: int) -> bytearray:
        if not isinstance(present, bytearray) or len(present) != len(node.data):
            return bytearray(node.data)
        present[:] = node.data  # views of it show the same
        return present

    def _a(self, node: Node, present: Any, where: str, place: int) -> Any:
        if not isinstance(present, array):
            raise Misfit(f"{where}: an array in the pump, {type(present).__name__} here")
        present[:] = array(present.typecode, node.parts)
        return present

    def _l(self, node: Node, present: Any, where: str, place: int) -> list[Any]:
        found = present if isinstance(present, list) else []
        self.known[place] = found
        now = found + [None] * len(node.parts)
        found[:] = [self.value(part, now[k], f"{where}[{k}]") for k, part in enumerate(node.parts)]
        return found

    def _d(self, node: Node, present: Any, where: str, place: int) -> Any:
        keys = sorted(present) if isinstance(present, dict) else []
        if len(keys) != len(node.parts):
            raise Misfit(f"{where}: {len(node.parts)} entries in the pump, {len(keys)} here")
        for key, part in zip(keys, node.parts, strict=True):
            present[key] = self.value(part, present[key], f"{where}[{key}]")
        return present

    def _o(self, node: Node, present: Any, where: str, place: int) -> Any:
        names = sorted(name for name in getattr(present, "__dict__", {}) if name not in LEFT_OUT)
        if len(names) != len(node.parts):
            raise Misfit(f"{where}: {len(node.parts)} attributes in the pump, {len(names)} here")
        for name, part in zip(names, node.parts, strict=True):
            setattr(present, name, self.value(part, getattr(present, name), f"{where}.{name}"))
        return present


def _part(node: Node, present: Any, path: str) -> Any:
    """What the tree has at a path of attributes; None where there is no object on the way."""
    for name in path.split("."):
        if not isinstance(node, Node) or node.kind != "o":
            return None
        names = sorted(key for key in present.__dict__ if key not in LEFT_OUT)
        node, present = node.parts[names.index(name)], getattr(present, name)
    return node


def build(begin: Beginning, form: str, pl_pulse: int, read_slot: Callable[[int], bytearray | None]) -> Controller:
    """A controller that stands as `begin` has it. Raises Misfit."""
    keyring = _keyring(begin.keys)
    if begin.built:
        core = _built(begin, form, pl_pulse, keyring, read_slot)
    else:
        core = Controller(module(form).Parser(), pl_pulse, PERIOD_US, keyring=keyring, read_slot=read_slot)
        _prepare(begin, core, pl_pulse)
        _Filler().value(begin.core, core, "pump")
    core.link.auth.__class__ = ToldProofs
    recorder = core.link.recorder = Sink()
    recorder.scans, recorder.stands = begin.scans, GOES
    recorder._reads = core.link.archive._asked
    return core


def _built(
    begin: Beginning, form: str, pl_pulse: int, keyring: Keyring, read_slot: Callable[[int], bytearray | None]
) -> Controller:
    """As the pump built it at power-on."""
    *given, stood = begin.core.parts
    first, bench, held, slot, lost, last_s, fresh_ms = given
    settings = _Filler().value(Node("l", [stood]), [Settings()], "settings")[0]
    core = Controller(
        module(form).Parser(), pl_pulse, PERIOD_US, first_record=first, bench=bench, keyring=keyring, settings=settings,
        held=held, first_slot=slot, lost_step=lost, read_slot=read_slot, last_s=last_s,
    )  # fmt: skip
    core.vitals.fresh_ms = fresh_ms
    return core


def _prepare(begin: Beginning, core: Controller, pl_pulse: int) -> None:
    """What a core has not when it is built, and the pump's had."""
    blob = _part(begin.core, core, "guard.blob")
    if isinstance(blob, Node) and blob.data:
        loaded = bytearray(blob.data)
        protocol = protocols.decode(loaded)
        take_over(core, loaded, protocol, Plan(protocol, pl_pulse))
    if isinstance(_part(begin.core, core, "oximeter.search"), Node):
        core.oximeter.search = Search()
    if isinstance(_part(begin.core, core, "act"), Node):
        core.act = Act(BENCH_KEYS)
