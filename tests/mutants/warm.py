"""A process in which pytest, the tests and the firmware are imported once; each run of tests is a fork of it."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from kernel import CHECKOUT

_SPARE_S = 2.0  # of processor time, beside what a test takes with the firmware as it is
_TIMES = 5.0
_SPARE_BYTES = 1 << 30  # a loop that grows a list ends in MemoryError, not in the machine's swap
Work = Callable[[list[pytest.Item]], int]


class _Instead:
    """In the place of pytest's loop over the tests."""

    def __init__(self, work: Work) -> None:
        self.work, self.result = work, 2

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """A failure is enough; the smallest example would take a hundred runs more."""
        settings.register_profile("mutants", settings(), phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests are there."""
        if session.testsfailed:
            raise session.Interrupted("the tests cannot be imported")
        self.result = self.work(session.items)
        return True


def with_tests(files: list[str], work: Work) -> int:
    """Imports the tests of those files (or node ids) and does the work; what the work answers, 2 if it never came."""
    os.chdir(CHECKOUT)
    instead = _Instead(work)
    options = ["-o", "addopts=-s -p no:cacheprovider -p no:xdist -p no:terminal", "--rootdir", str(CHECKOUT)]
    code = pytest.main([*options, *files], plugins=[instead])
    if instead.result == 2 and code:
        print(f"pytest could not collect the tests (exit {int(code)})", file=sys.stderr)
    return instead.result


def first_failure(items: list[pytest.Item], cost_s: Callable[[str], float]) -> str | None:
    """Runs tests in their order up to the first that fails: its node id. In a fork only: a test without an end kills
    the process, by its processor time."""
    _limit_memory()
    for item, after in zip_longest(items, items[1:]):
        _limit_time(cost_s(item.nodeid))
        try:
            reports = runtestprotocol(item, nextitem=after, log=False)
        except BaseException:  # KeyboardInterrupt, SystemExit: what pytest itself does not take as a failure
            return item.nodeid
        if any(report.failed for report in reports):
            return item.nodeid
    return None


def quiet() -> None:
    """What tests print goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for handle in (1, 2):
        os.dup2(nowhere, handle)


def _limit_time(cost_s: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = used.ru_utime + used.ru_stime + _SPARE_S + _TIMES * cost_s
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, resource.RLIM_INFINITY))


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        with suppress(ValueError, OSError):
            limit = pages * resource.getpagesize() + _SPARE_BYTES
            resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
