"""What all tests share: the folder of reference material, and hypothesis without a data base on disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A shell that runs the tests in the background has Ctrl-C ignored, `nohup` the hang-up, and the processes that tests
# start inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_CHECKOUT = Path(__file__).parents[1]

# No deadline: a shared machine stalls now and then. The same examples each time: a build fails for its own change.
settings.register_profile(
    "toleramp", deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("toleramp")


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of reference material beside the checkout (or TOLERAMP_SHARED); tests need it only to check more."""
    folder = Path(os.environ.get("TOLERAMP_SHARED") or _CHECKOUT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("not run: no reference material (TOLERAMP_SHARED)")
    return folder
