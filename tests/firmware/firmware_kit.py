"""Pumps for the tests of the image: emulated, their host line on a pseudo-terminal, the tools as processes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from fractions import Fraction
from functools import wraps
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ClassVar

import pytest

from pump.protocol.protocol import Protocol
from pump.tables import messages as m
from toleramp.device import ports
from toleramp.protocol.file import compile_protocol, read_protocol, scaled
from toleramp_bench.boards.emulator.pty import serve
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures.measure import OximeterTap, running_bench, to_step
from toleramp_bench.figures.two_steps import session, two_steps
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.places import image, standard_protocol
from toleramp_bench.runs.forks import in_fork
from toleramp_bench.runs.patience import patience_s

WAIT_S = 5.0  # what a test waits for comes sooner on a quiet machine
SCALE = Fraction(1, 50)
FLOW_ML_H, FIRST_NL = 20, 1_000  # as in step 4 of the standard protocol; the first step takes a fifth of a second
_LOOK_S = 0.1


class Cable:
    """A pump that runs in a thread of its own, as fast as it goes, its line on the pseudo-terminal `port`."""

    def __init__(self, bench: PumpBench) -> None:
        self.bench = bench
        self.port = ""
        self.cut_after: int | None = None  # the cable is pulled after so many answers
        self.cut_by = m.ACK[0]  # of this type
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._pulled, self._plugged = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._kept: list[int] = []  # the far ends of lines that were pulled
        bench.on_message = self._heard

    def plug(self) -> str:
        """Puts the line on a new pseudo-terminal, which `toleramp devices` knows."""
        self._pulled.clear()
        self._plugged.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._plugged.wait(patience_s(WAIT_S)) and not self._failure, self._failure
        return self.port

    def pull(self) -> None:
        """Takes the cable away; the pump stands still until the next `plug`."""
        if self._thread and self._thread.is_alive() and not self._pulled.is_set():
            with suppress(OSError):  # it may be ending by itself: its failure is told below
                self._keep()
        self._pulled.set()
        ports.unregister_bench()
        if self._thread:
            self._thread.join(patience_s(WAIT_S))
            assert not self._thread.is_alive() and not self._failure, self._failure
        self._thread = None

    def close(self) -> None:
        """Takes the cable away for good."""
        self.pull()
        while self._kept:
            os.close(self._kept.pop())

    def _keep(self) -> None:
        """Holds the line's number, while its path goes: else the next pseudo-terminal on this machine gets both, and a
        tool that opens the path again finds another test's pump."""
        self._kept.append(os.open(self.port, os.O_RDWR | os.O_NOCTTY))

    def do(self, job: Callable[[], Any]) -> Any:
        """Runs `job` in the pump's thread, between two slices of its time; returns what it returns."""
        answer: Future[Any] = Future()
        self._jobs.put((job, answer))
        return answer.result(patience_s(WAIT_S))

    def press(self, button: int) -> None:
        """Presses a button and lets it be released and seen."""
        self.do(lambda: self.bench.press(button))
        self.pass_s(0.5)

    def attend(self, nurse: Nurse, until: Callable[[], bool], limit_s: float) -> None:
        """Lets a nurse answer what the pump asks, by the status that a tool streams, until `until()` in its thread."""
        for _ in range(round(limit_s / _LOOK_S)):
            if self.do(until):
                return
            self.do(lambda: self.bench.attend(nurse))
            self.pass_s(_LOOK_S)
        raise AssertionError(f"waited {limit_s} s with a nurse; state {self.bench.state()}")

    def pass_s(self, seconds: float) -> None:
        """Waits until so much of the pump's time has passed."""
        done = threading.Event()
        board = self.bench.board
        self.do(lambda: board.at_ns(board.now_ns + round(seconds * 1e9), done.set))
        assert done.wait(patience_s(WAIT_S))

    def _run(self) -> None:
        try:
            serve(self.bench.board, None, self._look, self._announce, self.bench._received)
        except BaseException as error:
            self._failure = error
            self._plugged.set()

    def _announce(self, port: str) -> None:
        self.port = port
        ports.register_bench(port)
        self._plugged.set()

    def _look(self) -> bool:
        try:
            job, answer = self._jobs.get_nowait()
        except Empty:
            return self._pulled.is_set()
        try:
            answer.set_result(job())
        except Exception as error:
            answer.set_exception(error)
        return self._pulled.is_set()

    def _heard(self, message: Any) -> None:
        self.bench.inbox.clear()
        if self.cut_after is not None and message.type == self.cut_by:
            self.cut_after -= 1
            if self.cut_after == 0:
                self.cut_after = None
                self._keep()
                self._pulled.set()


class Stranger:
    """A pseudo-terminal at whose far end something else answers each write with `answer`."""

    def __init__(self, answer: bytes) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._answer = answer
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while os.read(self._master, 4096):
                os.write(self._master, self._answer)
        except OSError:
            return

    def close(self) -> None:
        """Ends it: with the last open end gone the reader wakes."""
        os.close(self._slave)
        self._thread.join(patience_s(WAIT_S))
        os.close(self._master)


class Tool:
    """`toleramp` as a process; one that a failing test left behind is ended after the test."""

    running: ClassVar[list[Tool]] = []

    def __init__(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
        command = [sys.executable, "-m", "toleramp.cli", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=stdin, stdout=pipe, stderr=pipe, text=True, bufsize=1)
        self.out, self.err = "", ""
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in ("out", "err")]
        for reader in self._readers:
            reader.start()
        self.running.append(self)

    def _read(self, name: str) -> None:
        for line in getattr(self.process, f"std{name}"):
            setattr(self, name, getattr(self, name) + line)

    def says(self, words: str) -> str:
        """Waits until these words were said on standard output or standard error; returns their line."""
        until = time.monotonic() + patience_s(WAIT_S)
        while time.monotonic() < until:
            for line in (self.out + self.err).splitlines():
                if words in line:
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no {words!r} in {self.out + self.err!r}")

    def tell(self, line: str) -> None:
        """Types a line at it."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")

    def end(self, timeout_s: float | None = None) -> int:
        """Waits for its end; `out` and `err` then hold what it said. No traceback may be among it."""
        try:
            self.process.wait(timeout_s or patience_s(WAIT_S))
        finally:
            self.kill()
        for reader in self._readers:
            reader.join(patience_s(WAIT_S))
        assert "Traceback" not in self.out + self.err, self.err
        return self.process.returncode

    def kill(self) -> None:
        """Ends it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        if self in self.running:
            self.running.remove(self)

    def refuses(self, *words: str) -> None:
        """Ends with exit code 2 and one line on standard error, which holds these words."""
        assert self.end() == 2, self.out + self.err
        assert len(self.err.splitlines()) == 1 and self.err.startswith("error: "), self.err
        assert all(word in self.err for word in words), self.err


def in_its_fork(test: Callable[..., None]) -> Callable[..., None]:
    """A test in a child of this process: what it does to boards that others share is lost with it."""

    @wraps(test)
    def forked(**fixtures: Any) -> None:
        in_fork(lambda: test(**fixtures))

    return forked


def tool(*arguments: str) -> Tool:
    """Runs a command to its end."""
    process = Tool(*arguments)
    process.end()
    return process


@pytest.fixture(autouse=True)
def _no_tool_stays() -> Iterator[None]:
    yield
    for process in list(Tool.running):
        process.kill()


@pytest.fixture(scope="session")
def firmware() -> Path:
    """The built image."""
    try:
        return image()
    except FileNotFoundError:
        pytest.skip("not run: no image (make firmware)")


@pytest.fixture(scope="session")
def flowing(firmware: Path) -> tuple[PumpBench, OximeterTap]:
    """A pump at the beginning of a step of three minutes, and its tapped oximeter, made once a process.

    Let its time pass in forks only: each test has it as it is here.
    """
    bench, tap, nurse = running_bench(blob=session(two_steps("Flow", FLOW_ML_H, FIRST_NL)).blob)
    to_step(bench, nurse, 2)
    return bench, tap


@pytest.fixture(scope="session")
def bench_protocol() -> Protocol:
    """The standard protocol at a scale at which it ends soon."""
    return scaled(read_protocol(standard_protocol()), SCALE)


@pytest.fixture(scope="session")
def blob(bench_protocol: Protocol) -> bytes:
    """Its compiled form."""
    return compile_protocol(bench_protocol, "the tests' protocol")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No other pump and a cache of our own, for this process and the tools that it starts."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.delenv("TOLERAMP_PORT", raising=False)
        patch.delenv("TOLERAMP_DEBUG", raising=False)
        yield folder


@pytest.fixture(scope="module")
def _module_cable(firmware: Path, world: Path) -> Iterator[Cable]:
    bench = PumpBench(firmware)
    bench.boot()
    bench.run_for(1)
    cable = Cable(bench)
    yield cable
    cable.close()


@pytest.fixture
def cable(_module_cable: Cable) -> Cable:
    """The module's pump, plugged in."""
    if not _module_cable._thread or not _module_cable._thread.is_alive():
        _module_cable.pull()
        _module_cable.plug()
    return _module_cable
