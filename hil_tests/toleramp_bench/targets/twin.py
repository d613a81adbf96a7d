"""The core twice: in this process, and in MicroPython with the chip's integers and memory; both have the same inputs.

Scans are sent in batches, so that hundreds of thousands cost seconds. What MicroPython answers is compared bit by bit;
`compare` also compares all that both cores hold. A number beyond 31 bits or an object where the scan may take no memory
ends MicroPython's process: a TargetFault that says where.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from pump.io import Outputs, Snapshot
from pump.tables import parts
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.boards.local_brain import LocalBrain
from toleramp_bench.devices.samples import Samples
from toleramp_bench.places import ROOT
from toleramp_bench.targets.unix import HEAP, Child, layout

BATCH = 200  # scans, less than a pipe holds
DIGEST = (ROOT / "hil_tests/on_micropython/digest.py").read_text()
_SLOTS = 1 << 15  # more than an answer can have


class Different(AssertionError):
    """The two cores do not agree."""


class Sampled:
    """Reads a sample where the oximeter's bytes stand, as MicroPython's end does."""

    silence_ms = Samples.silence_ms

    def __init__(self) -> None:
        self.spo2 = self.pulse = self.flags = self.samples = self.rejected = 0

    def forget(self) -> None:
        """There is nothing that is learnt of it."""

    def take(self, data: bytearray, count: int) -> bool:
        """A sample, or that there is none."""
        there, self.spo2, self.pulse, self.flags = layout.unpack_sample(data)
        self.samples += there
        return bool(there)


class Twin(LocalBrain):
    """The brain of a virtual board whose every scan MicroPython repeats."""

    def __init__(self, pump: CorePump, heap: str = HEAP, form: int | None = None) -> None:
        """`form`: the oximeter's row of tables.oximeters whose bytes come; None: samples. Takes the place of the pump's
        own brain before its first scan."""
        super().__init__(pump.controller)
        self.pump, self.scans = pump, 0
        pace = layout.SAMPLES if form is None else 0
        if form is None:
            pump.controller.parser = Sampled()
        self.child = Child(heap)
        self._requests, self._wanted, self._ends = bytearray(), bytearray(), [0]
        self._due: tuple[bytes, list[int]] = b"", [0]  # MicroPython's answers to the batch before
        self._request, self._reply = bytearray(layout.REQUEST), bytearray(_SLOTS)
        snap = pump.board.snap
        self._put(
            layout.boot(
                pump.period_us, pump.controller.bench, 0, 0, 0, parts.ALL, PL_PULSE, pace, form or 0, 0, 0, snap
            )
        )
        self.child.send(self._requests)
        self._requests.clear()
        self.child.read(layout.BOOTED)
        pump.controller.boot(0, snap)
        pump.controller.self_test(parts.ALL)

    def _put(self, head: bytes, more: bytes = b"") -> None:
        self._requests += head.ljust(layout.REQUEST, b"\0") + more

    def scan(self, snap: Snapshot, out: Outputs) -> None:
        """One scan here; MicroPython's comes with its batch."""
        if snap.ox_n and isinstance(self.controller.parser, Sampled):
            samples = self.pump.parser
            layout.pack_sample(snap.ox, samples.take(snap.ox, 1), samples.spo2, samples.pulse, samples.flags)
        layout.pack_scan(self._request, snap)
        self._requests += self._request
        super().scan(snap, out)
        self._wanted += self._reply[: layout.pack_answer(self._reply, out, out.tx, out.tx_n)]
        self._ends.append(len(self._wanted))
        self.scans += 1
        if len(self._ends) > BATCH:
            self._send()

    def _send(self) -> None:
        """MicroPython makes a batch, while this process makes the next."""
        self._collect()
        self.child.send(self._requests)
        self._due = bytes(self._wanted), self._ends
        self._requests.clear()
        self._wanted.clear()
        self._ends = [0]

    def _collect(self) -> None:
        wanted, ends = self._due
        got = b""
        while len(got) < len(wanted):
            got += self.child.read(1)
            if not wanted.startswith(got):
                self._differs(wanted, got, ends)
        self._due = b"", [0]

    def flush(self) -> None:
        """MicroPython makes the scans that are due. Raises Different, or TargetFault when it could not."""
        self._send()
        self._collect()

    def _differs(self, wanted: bytes, got: bytes, ends: list[int]) -> None:
        at = next((k for k, pair in enumerate(zip(wanted, got, strict=False)) if pair[0] != pair[1]), len(wanted))
        number = sum(end <= at for end in ends) - 1
        begin, end = ends[number], ends[number + 1]
        raise Different(
            f"{len(ends) - 1 - number} scans before the end of a batch, about {self.pump.snap.now_ms} ms, byte "
            f"{at - begin} of an answer: {wanted[begin:end].hex()} here, {got[begin:end].hex()} in MicroPython"
        )

    def hand_over(self, blob: bytes) -> None:
        """A protocol that has come in full, for the next scan to judge."""
        self.flush()
        self._put(layout.load(len(blob)), blob)
        super().hand_over(blob)

    def run(self, program: str) -> str:
        """Runs a program in both, with `core`; what MicroPython's leaves in `said`. Raises Different when it is another
        here."""
        self.flush()
        got = self.child.run(program)
        names: dict[str, Any] = {"brain": SimpleNamespace(core=self.controller), "said": ""}
        exec(program, names)
        if got != str(names["said"]):
            rows = zip(str(names["said"]).splitlines(), got.splitlines(), strict=False)
            raise Different(next((f"{a} here, {b} in MicroPython" for a, b in rows if a != b), "one says more"))
        return got

    def compare(self) -> int:
        """Compares all that both cores hold, after all that is due; how many objects."""
        return len(self.run(DIGEST).splitlines())

    def close(self) -> None:
        """MicroPython ends."""
        self.child.close()


def twin_pump(
    period_us: int = 20_000, start_ms: int = 0, heap: str = HEAP, twins: Callable[[CorePump, str], Twin] = Twin
) -> CorePump:
    """A pump of both cores, in bench mode; its `brain` is the Twin. `start_ms`: the ticks at power-on."""
    pump = CorePump(period_us, start_ms)
    pump.brain = pump.board.brain = twins(pump, heap)
    return pump
