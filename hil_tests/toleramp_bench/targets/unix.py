"""The target "unix": the core that MicroPython for Unix runs, in a process of its own, on the virtual board.

Everything it says comes over the host line, frame by frame, as from the real board. Slow scans (100 ms and more) take
samples instead of an oximeter's bytes, get a protocol at once and send all that they have to say in one scan.
"""

from __future__ import annotations

import os
import runpy
import select
import subprocess
import tempfile
import weakref
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import IO, Any

from pump.io import Outputs, Snapshot
from pump.store.entries import FIRST_SLOT
from pump.tables import messages as m
from pump.tables import refusals
from pump.tables.oximeters import NAMES
from toleramp.device.wire import Message
from toleramp_bench.devices.samples import Samples
from toleramp_bench.people.seen import OFF, Seen, seen_in
from toleramp_bench.places import ROOT
from toleramp_bench.records import named
from toleramp_bench.targets.base import TargetFault
from toleramp_bench.targets.core import CoreTarget
from toleramp_bench.targets.host_line import HostLine

BINARY = ROOT / "build" / "unix" / "micropython"
BRAIN = "hil_tests/on_micropython/brain.py"
# The core's objects take 1.51 times the chip's bytes here, where words have 64 bits (what a load of 12, 20, 40 steps
# takes: 17,600, 23,456 and 35,616 bytes, on the chip 11,824, 15,376 and 23,616): so much is free at rest, of the chip's
# 122,864.
HEAP = "389K"
STREAM_MS = 100
ANSWER_S = 10.0  # a scan takes some ten microseconds

layout: Any = SimpleNamespace(**runpy.run_path(str(ROOT / "hil_tests/on_micropython/layout.py")))
_WHERE = {"protocol": layout.PROTOCOL, "plan": layout.PLAN}


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Ends a process that this one has started (not one of a process that this one was forked from)."""
    if os.getpid() != owner:
        return
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()
    process.kill()
    process.wait()


class Child:
    """MicroPython in a process: requests in, answers out. It ends with this object, with this process, with its input.

    It has a session of its own, so that Ctrl-C at the terminal is only ours to handle.
    """

    def __init__(self, heap: str = HEAP) -> None:
        """`heap`: its size as MicroPython's option says it."""
        if not BINARY.exists():
            raise TargetFault(f"unix: {BINARY} is missing; run: make unix")
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (read after the process has died)
        # Short words only: an argument or a path beyond 255 bytes crashes MicroPython for Unix.
        self.process = subprocess.Popen(
            ["micropython", "-X", f"heapsize={heap}", BRAIN], executable=BINARY, cwd=ROOT, env={}, bufsize=0,
            start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._ready = select.poll()
        self._ready.register(self._out, select.POLLIN)
        self.close = weakref.finalize(self, _end, self.process, os.getpid())

    def send(self, request: bytes | bytearray) -> None:
        """Sends a request. TargetFault when nobody takes it."""
        try:
            os.write(self._in, request)
        except OSError:
            raise self._fault("took no request") from None

    def read(self, size: int) -> bytes:
        """At least `size` bytes of an answer."""
        data = b""
        while len(data) < size:
            if not self._ready.poll(ANSWER_S * 1000):
                raise self._fault(f"no answer within {ANSWER_S:g} s")
            more = os.read(self._out, 65536)
            if not more:
                raise self._fault("died")
            data += more
        return data

    def run(self, program: str) -> str:
        """Runs a program beside the core (`brain`), while no scan is due; what it leaves in `said`."""
        text = program.encode()
        self.send(layout.run(len(text)).ljust(layout.REQUEST, b"\0") + text)
        said = self.read(layout.SAID)
        length = layout.SAID + layout.said_length(said[: layout.SAID])
        if len(said) < length:
            said += self.read(length - len(said))
        return said[layout.SAID :].decode()

    def _fault(self, what: str) -> TargetFault:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)  # its last words
        code = self.process.returncode
        self.close()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        return TargetFault(f"unix: MicroPython {what}: {said or f'exit status {code}'}")


class ProcessBrain:
    """The controller in a child, as the virtual board scans it."""

    def __init__(self, boot: bytes, samples: Samples | None, kept: Mapping[int, bytes]) -> None:
        """`kept`: what the FRAM holds behind the log."""
        self.child = Child()
        self._samples = samples
        self._request = bytearray(layout.REQUEST)
        for slot, content in kept.items():
            self._ask(layout.keep(slot, content))
        self._ask(boot)
        contract, version, build = layout.unpack_booted(self.child.read(layout.BOOTED))
        if contract != m.CONTRACT:
            self.close()
            raise TargetFault("unix: build/unix/micropython has another contract than these tools; run: make unix")
        self.build = {
            "version": version.rstrip(b"\0").decode(), "build": build.rstrip(b"\0").decode(),
            "contract": f"{contract:08x}",
        }  # fmt: skip

    def _ask(self, head: bytes) -> None:
        self.child.send(head.ljust(layout.REQUEST, b"\0"))

    def close(self) -> None:
        """The process ends."""
        self.child.close()

    def scan(self, snap: Snapshot, out: Outputs) -> None:
        """One scan."""
        if self._samples is not None:
            self._take_sample(snap, self._samples)
        layout.pack_scan(self._request, snap)
        self.child.send(self._request)
        data = self.child.read(layout.ANSWER)
        length = layout.answer_length(data)
        if len(data) < length:
            data += self.child.read(length - len(data))
        layout.unpack_answer(data, out)

    @staticmethod
    def _take_sample(snap: Snapshot, samples: Samples) -> None:
        there = samples.take(snap.ox, snap.ox_n)
        layout.pack_sample(snap.ox, there, samples.spo2, samples.pulse, samples.flags)
        snap.ox_n = layout.SAMPLE

    def hand_over(self, blob: bytes) -> None:
        """A protocol that has come in full, for the next scan to judge."""
        self._ask(layout.load(len(blob)))
        self.child.send(blob)

    def corrupt(self, where: str) -> None:
        """Flips a bit of the guard's protocol or of control's plan."""
        if where in _WHERE:
            self._ask(layout.corrupt(_WHERE[where]))


class Listener(HostLine):
    """The laptop that listens all the time: records, the newest status, the answer to the last request."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.status: dict[str, Any] = {}
        self._answered: str | None = None

    def listen(self) -> None:
        """From now on the answer to the next request is awaited."""
        self._answered = None

    def answer(self, data: bytes) -> str | None:
        """Takes bytes: "" for an ACK of the last request, the refusal's code, None while none came."""
        self.take(data)
        return self._answered

    def take(self, data: bytes) -> None:
        """Sorts what comes from the pump."""
        for message in self.wire.feed(data):
            if message.type == m.STATUS[0]:
                self.status = message.fields
            elif message.type == m.EVENT[0] and not message.fields["part"]:
                self.records.append(named(message.fields))
            elif message.sequence == self._number:
                self._answered = self._meaning(message)

    @staticmethod
    def _meaning(message: Message) -> str | None:
        if message.type == m.REFUSED[0]:
            return refusals.NAMES[message.fields["code"]]
        return "" if message.type == m.ACK[0] else None

    def seen(self) -> Seen:
        """What stands on the screen, by the newest status."""
        return seen_in(self.status)


class UnixTarget(CoreTarget):
    """A pump whose core runs in MicroPython; everything else as on the core target."""

    name = "unix"

    def __init__(self, scan_us: int = 20_000) -> None:
        super().__init__(scan_us)
        self.line: Listener = Listener()
        self.board.listening = True

    def _make_brain(self, bench: bool, cause: int) -> ProcessBrain:
        self._end_brain()
        self.board.read_clock()
        number, slot = self.board.log_end()
        boot = layout.boot(
            self.scan_us, bench | self.board.keys << 1, cause, number, slot, self.board.parts, self.pl_pulse,
            (layout.SLOW | layout.SAMPLES) * self.slow | layout.TESTS, NAMES.index(self.form), self.board.lost_step(),
            self.board.newest_s(), self.board.snap,
        )  # fmt: skip
        kept = {slot: content for slot, content in self.board.fram.items() if slot >= FIRST_SLOT}
        brain = ProcessBrain(boot, self.oximeter.samples if self.slow else None, kept)
        self.build = brain.build
        return brain

    def _boot(self, bench: bool, cause: int) -> None:
        super()._boot(bench, cause)
        self.line.status = {}
        if not self.slow:
            self._send(self.line.stream(STREAM_MS))

    def _end_brain(self) -> None:
        if self.brain is not None:
            self.brain.close()

    def power(self, on: bool) -> None:
        """Cuts or restores the power."""
        before = self.brain
        super().power(on)
        if not on and before is not None:
            before.close()

    def close(self) -> None:
        """The process ends, whatever state it was in."""
        self._end_brain()
        super().close()

    def _news(self) -> bool:
        if self.board.sent:
            self.line.take(self._take_sent())
        return bool(self.line.records)

    def _collect(self) -> None:
        self._news()
        zero_ms = self.board.zero_us // 1000
        self._records += [{**record, "t_ms": record["t_ms"] + zero_ms} for record in self.line.records]
        self.line.records.clear()

    def now_seen(self) -> Seen:
        """What a person sees, by the newest status."""
        return self.line.seen() if self.brain else OFF

    def host(self, command: str, **fields: Any) -> None:
        """Sends a command; a ping after a silence asks for the stream again, which the pump ends with it."""
        if command == "ping" and not self.slow and self._deaf():
            self._send(self.line.stream(STREAM_MS))
        super().host(command, **fields)

    def _deaf(self) -> bool:
        """No status has come for a second."""
        said = self.line.status
        return bool(said) and self.now_us - self.board.zero_us - 1000 * (said["t_s"] * 1000 + said["t_ms"]) > 1_000_000
