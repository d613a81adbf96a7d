"""The same rig over serial ports in real time: pseudo-terminals with the emulated boards behind them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from rig_kit import pair

from pump.tables import messages as m
from toleramp.errors import UserError
from toleramp_bench.boards.emulator.pty import PtyConsole
from toleramp_bench.boards.rig.link import RigLink
from toleramp_bench.boards.rig.pump_line import PumpLine
from toleramp_bench.boards.rig.serial_bench import SerialBench
from toleramp_bench.people.seen import is_tested
from toleramp_bench.runs.patience import patience_s

SLICE_US = 2_000


class Ports:
    """Pump and rig run in a thread, not faster than real time, each on a pseudo-terminal."""

    def __init__(self) -> None:
        self._pair = pair()
        assert self._pair.pump_bench
        self._consoles = [PtyConsole(self._pair.pump_bench.board), PtyConsole(self._pair.rig_board)]
        self.pump, self.rig = (console.path for console in self._consoles)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        began, first_us = time.monotonic(), self._pair.now_us
        while not self._ended.is_set():
            self._pair.wait(SLICE_US)
            ahead_s = (self._pair.now_us - first_us) / 1e6 - (time.monotonic() - began)
            for console in self._consoles:
                console.exchange(max(0.0, min(0.01, ahead_s)) / 2)

    def close(self) -> None:
        """Ends both."""
        self._ended.set()
        self._thread.join(patience_s(2))
        for console in self._consoles:
            console.close()


@pytest.fixture(scope="module")
def on_ports() -> Iterator[Ports]:
    """Both boards, behind two ports."""
    ports = Ports()
    yield ports
    ports.close()


@pytest.mark.req("TST-1")
def test_rig_and_pump_answer_over_real_ports(on_ports: Ports) -> None:
    """Else the rig works in simulated time only."""
    with closing(SerialBench(on_ports.pump, on_ports.rig)) as bench:
        link, line = RigLink(bench), PumpLine(bench)
        link.hello()
        assert line.greet(round(patience_s(2) * 1e6))["contract"] == f"{m.CONTRACT:08x}"
        assert link.selftest() == []
        assert bench.wait_for(lambda: line.poll() or is_tested(line.status), round(patience_s(5) * 1e6))
        began_us = link.set("confirm", 1, 200_000)
        assert bench.wait_for(
            lambda: line.poll() or any(r["event"] == "pressed" for r in line.records()), round(patience_s(1) * 1e6)
        )
        assert link.set("confirm", 0) > began_us
        with pytest.raises(UserError, match="in use"):
            SerialBench(on_ports.pump, on_ports.rig)


@pytest.mark.req("TST-1")
def test_swapped_ports_are_named(on_ports: Ports) -> None:
    """Else one cable in the wrong socket costs an afternoon."""
    with (
        closing(SerialBench(on_ports.rig, on_ports.pump)) as bench,
        pytest.raises(UserError, match="is this the rig's port"),
    ):
        RigLink(bench).hello()
