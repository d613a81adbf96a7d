"""How long to wait for what should come soon: by the speed that this machine has now, since others share it.

Limits on wall time are here only against hanging, never to judge a speed: that is a figure of `make bench`.
"""

from __future__ import annotations

import time

_WORK = 3_000_000  # turns of an empty loop: long enough to meet whatever else wants the processors
_QUIET_S = 0.1  # which a quiet machine of 2020 does in so long
_AGAIN_S = 20.0  # the load changes; one measurement holds so long
_MARGIN = 10.0  # a machine that is quiet now may be busy in a minute
_STRETCH = 10.0
_seen: list[tuple[float, float]] = []  # when, how slow, the slowest that was seen so far


def _work_s() -> float:
    began = time.monotonic()
    for _ in range(_WORK):
        pass
    return time.monotonic() - began


def slowness() -> float:
    """How many times slower than a quiet machine this one is or was, by wall time; 1 at least."""
    now, (looked, slow) = time.monotonic(), _seen[-1] if _seen else (-_AGAIN_S, 1.0)
    if now - looked >= _AGAIN_S:
        slow = max(slow, _work_s() / _QUIET_S)
        _seen[:] = [(now, slow)]
    return slow


def patience_s(quiet_s: float) -> float:
    """A limit against hanging for what a quiet machine does in `quiet_s`: far more than that."""
    return quiet_s * _MARGIN * slowness()


def stretched_s(quiet_s: float) -> float:
    """A wait that is always waited out: as long as a busy machine needs for `quiet_s` of a quiet one's work."""
    return quiet_s * min(_STRETCH, slowness())
