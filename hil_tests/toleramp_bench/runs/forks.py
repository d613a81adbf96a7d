"""Forks as snapshots: an emulated board that was brought to a point once goes on from there in as many processes as
one likes. A fork costs some 10 ms and starts no interpreter; what it changes is lost with it, but for its result.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from typing import Any, NoReturn, TypeVar

from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.interrupts import interrupts_held
from toleramp_bench.targets.base import TargetFault
from toleramp_bench.targets.rp2040 import STREAM_MS, Rp2040Target

T = TypeVar("T")
_PR_SET_PDEATHSIG = 1
_BOOT_S = 3.0


class Twin:
    """The two sides of a fork. `child` tells which this is: the child must `deliver`, the parent takes the `result`."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.child = pid == 0
        self.pid, self.pipe, self.ended = pid, pipe, False

    # -- the child

    def deliver(self, call: Callable[[], Any]) -> NoReturn:
        """Calls, hands the result or the exception to the parent, and ends this process whatever happens."""
        code = 1
        try:
            with suppress(KeyboardInterrupt, OSError), os.fdopen(self.pipe, "wb") as pipe:
                pipe.write(_outcome(call))
                code = 0
        finally:
            os._exit(code)

    # -- the parent

    def result(self) -> Any:
        """Waits for what the child delivers; raises what it raised, or TargetFault when it died before."""
        try:
            with os.fdopen(self.pipe, "rb") as pipe:
                self.pipe = -1
                data = pipe.read()
            status = os.waitpid(self.pid, 0)[1]
            self.ended = True
        except BaseException:
            self.kill()
            raise
        try:
            value, error, text = pickle.loads(data)
        except (EOFError, pickle.UnpicklingError):
            raise TargetFault(f"a forked run died ({_manner(status)})") from None
        if error is not None:
            error.add_note(f"in a forked run:\n{text}")
            raise error
        return value

    def kill(self) -> None:
        """Ends the child, unless it has ended: its number may be another's by then."""
        if self.ended:
            return
        self.ended = True
        with suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self.pid, 0)
        with suppress(OSError):
            os.close(self.pipe)


def _manner(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit status {code}" if code >= 0 else f"signal {-code}"


def _outcome(call: Callable[[], Any]) -> bytes:
    """The result, or the exception with its traceback's text, as bytes that the parent can read."""
    try:
        return pickle.dumps((call(), None, ""))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        text = traceback.format_exc()
        try:
            data = pickle.dumps((None, error, text))
            pickle.loads(data)
            return data
        except Exception:  # an exception that cannot be copied still has its words
            return pickle.dumps((None, TargetFault(f"{type(error).__name__}: {error}"), text))


def split() -> Twin:
    """Forks; call it within `interrupts_held`. The child dies with its parent, and lets alone what the parent's garbage
    collector looks after.

    A Ctrl-C, which a terminal sends to the child as well, ends it on the spot: an exception would climb down the
    parent's stack, through its `finally` and `except`, in the child. What the child leaves undone the parent knows.
    """
    parent = os.getpid()
    down, up = os.pipe()
    pid = os.fork()
    if pid:
        os.close(up)
        return Twin(pid, down)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.close(down)
    gc.freeze()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    return Twin(0, up)


def in_fork(call: Callable[[], T]) -> T:
    """Calls in a forked child and brings its result back, or raises its exception with its traceback as a note.

    Result and exception travel pickled. TargetFault when the child died; whatever ends the wait ends the child.
    """
    with ExitStack() as over:
        with interrupts_held():
            twin = split()
            if not twin.child:
                over.callback(twin.kill)
        if twin.child:
            twin.deliver(call)
        result: T = twin.result()
    return result


@cache
def booted(bench_mode: bool) -> Rp2040Target:
    """A target whose board has booted and answers, made once a process: let its time pass in forks only.

    Call it in the parent; `Run(...).go()` in a child then finds it started. Raises TargetFault when it does not boot.
    """
    try:
        bench = PumpBench(bench_mode=bench_mode)
        target = Rp2040Target(bench)
        bench.boot(STREAM_MS)
        target._name()
        bench.run_until(lambda: bool(bench.status), _BOOT_S, "the first status")
    except BenchFault as fault:
        raise TargetFault(f"rp2040: {fault}") from None
    return target
