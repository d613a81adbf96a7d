"""Who does the work: this process, all cores of this machine, or a Dask cluster. Results come back in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from toleramp.errors import UserError
from toleramp_bench.campaign.work import Batch, Job, OtherCode, work
from toleramp_bench.interrupts import interrupts_held

CHUNK = 4  # sessions a job
AHEAD = 3  # jobs a worker that are under way or wait for an earlier one
DASK_S = 10
_LOOK_S = 1.0
Submit = Callable[[Job], "Future[Batch]"]


@dataclass(frozen=True)
class Farm:
    """A way to have jobs done, and how many at once."""

    submit: Submit
    workers: int

    def results(self, jobs: Iterable[Job]) -> Iterator[Batch]:
        """The batches in the order of the jobs; few are under way at once, so that none pile up."""
        waiting: deque[Future[Batch]] = deque()
        for job in jobs:
            waiting.append(self.submit(job))
            if len(waiting) >= AHEAD * self.workers:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _result(future: Future[Batch]) -> Batch:
    try:
        return future.result()
    except OtherCode as error:
        remedy = "the same sources on every worker, and none changed while it runs"
        raise UserError(str(error), "a worker", remedy) from None
    except BrokenProcessPool:
        raise UserError("a worker process died", "campaign", "what is done is kept; the same command goes on") from None
    except CancelledError:
        raise _lost() from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("distributed", "dask"):
            raise _lost(f" ({type(error).__name__})") from None
        if isinstance(error, ImportError):
            raise UserError(f"a worker lacks a module ({error})", "--scheduler", "install toleramp there") from None
        raise


def _lost(why: str = "") -> UserError:
    return UserError(f"the cluster was lost{why}", "--scheduler", "what is done is kept; the same command goes on")


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


@contextmanager
def open_farm(scheduler: str, jobs: int) -> Iterator[Farm]:
    """The farm for `--scheduler`: local, `jobs` processes (1: this one), or dask://host:port. Raises UserError."""
    if scheduler != "local":
        with _dask(scheduler) as farm:
            yield farm
    elif jobs == 1:
        yield Farm(_here, 1)
    else:
        with _processes(jobs) as farm:
            yield farm


def _here(job: Job) -> Future[Batch]:
    future: Future[Batch] = Future()
    try:
        future.set_result(work(job))
    except Exception as error:
        future.set_exception(error)
    return future


# -- processes of this machine


@contextmanager
def _processes(jobs: int) -> Iterator[Farm]:
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(os.getpid(),))
    try:
        yield Farm(lambda job: _submit(pool, job), jobs)
    finally:
        _end(pool, others)


def _submit(pool: Executor, job: Job) -> Future[Batch]:
    """Hands a job over. A worker that starts for it is deaf to Ctrl-C from its first instruction until `_begin`.

    A terminal sends Ctrl-C to the workers as well, and one that still imports would tell it with a traceback.
    """
    with interrupts_held():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what a new process inherits
        try:
            return pool.submit(work, job)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(pool: Executor, others: set[Any]) -> None:
    """Nothing stays, whatever the workers are at."""
    pool.shutdown(wait=False, cancel_futures=True)
    own = [child for child in multiprocessing.active_children() if child not in others]
    for child in own:
        child.terminate()
    for child in own:
        child.join(5)


def _begin(parent: int) -> None:
    """Ctrl-C is the parent's affair; a worker whose parent is gone ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# -- a Dask cluster


def address_of(scheduler: str) -> str:
    """The cluster's address in dask://host:port. Raises UserError."""
    scheme, _, rest = scheduler.partition("://")
    host, _, port = rest.rpartition(":")
    if scheme != "dask" or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UserError(f"{scheduler!r} is no scheduler", "--scheduler", "write local or dask://HOST:PORT")
    return f"tcp://{rest}"


@contextmanager
def _dask(scheduler: str) -> Iterator[Farm]:
    address = address_of(scheduler)
    client = _client(address, scheduler)
    try:
        workers = sum(client.ncores().values())
        if not workers:
            raise UserError("this cluster has no worker", scheduler, "start `dask worker` somewhere")
        executor = client.get_executor(pure=False)
        yield Farm(lambda job: executor.submit(work, job), workers)
    finally:
        client.close(timeout=DASK_S)


def _client(address: str, scheduler: str) -> Any:
    try:
        import logging

        from distributed import Client
    except ImportError:
        remedy = "run: pip install 'toleramp[campaign]'"
        raise UserError("Dask is not installed here", "--scheduler", remedy) from None
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what goes wrong is said in one line, by us
    try:
        return Client(address, timeout=DASK_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        what = f"no Dask scheduler answers ({type(error).__name__})"
        raise UserError(what, scheduler, "start `dask scheduler`, or name its host and port") from None
