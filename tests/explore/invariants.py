"""What has to hold in every reachable state: judged after each scan.

Each sees the world (tests.explore.world) as it was before the scan and as it is now, and answers what is wrong, or "".
What the pump believes stands on one side, what really happened on the other.
"""

from __future__ import annotations

from tests.explore import invariants_flow, invariants_people
from tests.explore.judging import ALL, Invariant, judge

__all__ = ["ALL", "Invariant", "invariants_flow", "invariants_people", "judge"]
