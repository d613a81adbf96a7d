"""Targets of which the laptop also fetches the recording of the inputs, as `toleramp monitor --log` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pump.tables import messages as m
from pump.tables.oximeters import NAMES
from toleramp.device.wire import Wire
from toleramp.live.session_log import Record, Writer, event_record, session_record
from toleramp.replay.fetch import Fetch
from toleramp_bench.targets.core import CoreTarget
from toleramp_bench.targets.rp2040 import Rp2040Target


class Tap:
    """The laptop's end: asks with each ping, and again while there is more; `lines` is the session log."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send, self.wire, self.fetch = send, Wire(), Fetch()
        self.lines: list[Record] = []
        self.busy = False  # somebody else awaits an answer
        self._number = 0

    def head(self, form_name: str, build: dict[str, str]) -> None:
        """The session's first line."""
        form = NAMES.index(form_name)
        hello = {
            "version": build["version"], "build": build.get("build", ""), "git": build.get("git", ""),
            "contract": m.CONTRACT, "fingerprint": "", "mode": 1, "oximeter": form, "reads": form, "kept": 1,
        }  # fmt: skip
        self.lines.insert(0, session_record(hello, None))

    def ask(self) -> None:
        """The next request."""
        if self.busy:
            return
        self._number = self._number % 255 + 1
        self._send(self.wire.encode(m.INPUTS_GET, self._number, at=self.fetch.at))

    def heard(self, data: bytes, pl_pulse: int) -> None:
        """Bytes of the pump."""
        for message in self.wire.feed(data):
            if message.type == m.INPUTS[0]:
                record = self.fetch.took(message.fields)
                if record:
                    self.lines.append(record)
                if self.fetch.more:
                    self.ask()
            elif message.type == m.EVENT[0] and not message.fields["part"]:
                self.lines.append(event_record(message.fields, pl_pulse))

    def save(self, path: Path) -> None:
        """Writes the log."""
        with Writer(path) as writer:
            for line in self.lines:
                writer.write(line)


class Recorded:
    """What a recorded target does beside its own."""

    tap: Tap

    def host(self, command: str, **fields: Any) -> None:
        """A ping also fetches."""
        super().host(command, **fields)  # type: ignore[misc]
        if command == "ping":
            self.tap.ask()

    def load(self, blob: bytes) -> str:
        """Nothing is fetched meanwhile: the last request of a scan has the answer."""
        self.tap.busy = True
        try:
            return str(super().load(blob))  # type: ignore[misc]
        finally:
            self.tap.busy = False


class RecordedCore(Recorded, CoreTarget):
    """The core, recorded."""

    def __init__(self, scan_us: int = 20_000) -> None:
        super().__init__(scan_us)
        self.tap = Tap(self._send)
        self.board.heard = lambda data: self.tap.heard(data, self.pl_pulse)

    def start(self, bench_mode: bool) -> None:
        """Powers it up."""
        super().start(bench_mode)
        self._send(self.line.stream(1_000))
        self.tap.ask()


class RecordedBoard(Recorded, Rp2040Target):
    """The image on the emulated board, recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.tap = Tap(lambda data: self.bench.board.usb_write(data))

    def _heard(self, data: bytes) -> None:
        super()._heard(data)
        self.tap.heard(data, self.pl_pulse)

    def _boot(self) -> None:
        self.tap.busy = True
        super()._boot()
        self.tap.busy = False
        self.tap.ask()
