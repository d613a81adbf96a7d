"""What a person does at power-up to get a privilege (pump.senses.power_up): holds keys, lets go, presses CONFIRM."""

from __future__ import annotations

from collections.abc import Callable

from pump.io import CONFIRM

HELD_MS = 300  # the firmware looks about 0.1 s after power-up
CONFIRM_AT_MS = 420
CONFIRM_UNTIL_MS = 620
DONE_MS = 700


def act(key: Callable[[int, bool], None], later: Callable[[int, Callable[[], None]], object], keys: int) -> None:
    """`key(bits, down)` moves keys now, `later(ms, call)` books a call; the power comes now."""
    key(keys, True)
    later(HELD_MS, lambda: key(keys, False))
    later(CONFIRM_AT_MS, lambda: key(CONFIRM, True))
    later(CONFIRM_UNTIL_MS, lambda: key(CONFIRM, False))
