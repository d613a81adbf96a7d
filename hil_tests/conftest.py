"""What of the library's runs `make test` leaves to `make evidence`."""

from __future__ import annotations

import pytest

from toleramp_bench.evidence.runs import LATER
from toleramp_bench.runs.pytest_plugin import ScenarioItem


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is for later, unless the file is named or all long ones are asked for."""
    if config.getoption("--long"):
        return
    left = [item for item in items if _is_later(item) and not session.isinitpath(item.path)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def _is_later(item: pytest.Item) -> bool:
    return isinstance(item, ScenarioItem) and item.target != "core" and item.path.stem in LATER
