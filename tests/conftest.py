"""What all tests share: the folder of reference material, and hypothesis without a data base on disk."""

from __future__ import annotations

import importlib
import os
import pkgutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from long_form import LONG_TIMES, TIMES, times

from toleramp_bench.runs.patience import patience_s

# A shell that runs the tests in the background has Ctrl-C ignored, `nohup` the hang-up, and the processes that tests
# start inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_CHECKOUT = Path(__file__).parents[1]
TEST_S = 120  # longer than any test takes on a quiet machine; the long form of one that many times
_ROOMS = ("pump", "oximeters", "toleramp", "toleramp_bench", "boards.build")

# No deadline: a shared machine stalls now and then. The same examples each time: a build fails for its own change.
settings.register_profile(
    "toleramp", deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("toleramp")


def pytest_configure(config: pytest.Config) -> None:
    """The long form has a multiple of what is counted in examples, before a module is imported that counts them."""
    if config.getoption("--long"):
        os.environ.setdefault(TIMES, str(LONG_TIMES))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what only the long form has, and says how many.

    Each test ends at last, scenarios included: against hanging only, so the limit follows this machine's speed.
    """
    left = [] if config.getoption("--long") else [item for item in items if item.get_closest_marker("long")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    limit = pytest.mark.timeout(patience_s(TEST_S * times()))
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(limit)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Imports all modules of ours, a second's work, before hypothesis draws.

    Now and then it draws a constant of the local modules that are imported by then, and has no switch for that (6.170):
    without this the examples of a test would depend on the tests that ran before it in its process.
    """
    if not any(item.get_closest_marker("hypothesis") for item in session.items):
        return
    for room in _ROOMS:
        for found in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            with suppress(ImportError):  # labgrid's modules where labgrid is not installed
                if not found.name.endswith(".__main__"):
                    importlib.import_module(found.name)


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of reference material beside the checkout (or TOLERAMP_SHARED); tests need it only to check more."""
    folder = Path(os.environ.get("TOLERAMP_SHARED") or _CHECKOUT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("not run: no reference material (TOLERAMP_SHARED)")
    return folder
