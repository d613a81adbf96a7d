"""Ctrl-C, and SIGTERM, at a time that suits: never in the middle of what belongs together."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Pressed:
    """A Ctrl-C that nobody has answered yet.

    The exception alone may be lost: raised in a callback of an emulator's compiled part, or while an object dies, it is
    printed and forgotten. Who runs for long asks `demand` at each turn.
    """

    def __init__(self) -> None:
        self.there = False

    def come(self) -> None:
        """From the signal's handler. Raises KeyboardInterrupt."""
        self.there = True
        raise KeyboardInterrupt

    def demand(self) -> None:
        """Raises KeyboardInterrupt when one was pressed and has not been answered."""
        if self.there:
            raise KeyboardInterrupt

    def answered(self) -> None:
        """It has ended what it was to end."""
        self.there = False


PRESSED = Pressed()


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Lets both wait until the end.

    Only the main thread gets any. A child forked within has none to answer for, and keeps the silent handlers: it must
    choose its own before it does anything (`snapshot.split`).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _held(signal.SIGTERM), _held(signal.SIGINT):
        yield


@contextmanager
def _held(number: signal.Signals) -> Iterator[None]:
    # A handler and no signal mask: what the main thread blocks the kernel gives to another thread, and Python then
    # interrupts the main thread all the same.
    came: list[int] = []
    here, before = os.getpid(), signal.signal(number, lambda got, _frame: came.append(got))
    try:
        yield
    finally:
        if os.getpid() == here:
            signal.signal(number, before)
    if came and os.getpid() == here:
        signal.raise_signal(number)
