"""Jobs, each in a fork of this process, a few at a time."""

from __future__ import annotations

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Job = TypeVar("Job")
_BROKEN = 70


@dataclass
class Ended:
    """How a fork ended. `said`: what it wrote; `killed_by`: the signal that ended it, 0: it ended by itself."""

    said: bytes
    killed_by: int
    cpu_s: float


def each_in_a_fork(jobs: Iterable[Job], work: Callable[[Job], bytes], at_once: int) -> Iterator[tuple[Job, Ended]]:
    """Does the work on each job in a process of its own and hands back what became of it, as they end.

    Raises RuntimeError when the work itself raised: that is no result.
    """
    gc.collect()
    gc.freeze()  # else each fork copies what the collector touches
    waiting, running = iter(jobs), {}
    try:
        while True:
            while len(running) < at_once and (job := next(waiting, None)) is not None:
                pid, pipe = _start(work, job)
                running[pid] = (job, pipe)
            if not running:
                return
            pid, status, used = os.wait4(-1, 0)
            if pid in running:
                job, pipe = running.pop(pid)
                yield job, _ended(pipe, status, used.ru_utime + used.ru_stime)
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _start(work: Callable[[Job], bytes], job: Job) -> tuple[int, int]:
    sys.stdout.flush()
    here, there = os.pipe()
    pid = os.fork()
    if pid:
        os.close(there)
        return pid, here
    code = _BROKEN
    try:
        os.write(there, work(job))
        code = 0
    except BaseException:
        os.write(there, traceback.format_exc().encode()[-4000:])
    finally:
        os._exit(code)


def _ended(pipe: int, status: int, cpu_s: float) -> Ended:
    with os.fdopen(pipe, "rb") as stream:
        said = stream.read()
    killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if not killed_by and os.WEXITSTATUS(status):
        raise RuntimeError(f"a run could not be made:\n{said.decode(errors='replace')}")
    return Ended(said, killed_by, cpu_s)
