"""Faults of the processor: it hangs, or it stands still for a while."""

from __future__ import annotations

from typing import Any

_EXECUTABLE = range(0x0000_4000), range(0x1000_0000, 0x1600_0000), range(0x2000_0000, 0x2104_0000)
"""Boot ROM, flash with its aliases and cache, memory with its second image: RP2040 data sheet, 2.2. Nothing else holds
code; between the images there is nothing either, which nobody has met."""

_SELF_BRANCH = 0xE7FE_BE00
"""What the last word of the boot ROM, which is padding, becomes: `b .` (an endless loop) in its upper
half."""


class Processor:
    """Takes the processor out of the game by letting it sleep with every interrupt masked: time, timers, the
    PIO and the DMA go on, and it costs no wall time."""

    def __init__(self, chip: Any) -> None:
        self._chip, self._core = chip, chip.core
        self._alarm = chip.clock.create_alarm(self._go_on)
        self._kept: tuple[int, bool, bool] | None = None
        self._until = 0
        self.hung = False
        self.lock_ups = 0  # since power-up
        chip.on_break = lambda _code: self._lock_up()

    def look(self) -> None:
        """To be called now and then: code that has run away ends as on the chip, which the emulator lets run on through
        addresses where nothing is."""
        pc = self._core.pc
        if not self.hung and not any(pc in part for part in _EXECUTABLE):
            self._lock_up()

    def _lock_up(self) -> None:
        """What a fault ends in, and a breakpoint without a debugger: the image has the SDK's handler, which is one."""
        self.lock_ups += 1
        self.hang(interrupts=False)

    def hang(self, interrupts: bool) -> None:
        """No more work until a reset."""
        if interrupts:
            self._chip.bootrom[-1] = _SELF_BRANCH
            self._core.pc = 4 * len(self._chip.bootrom) - 2
            self._core.waiting = False
            return
        self.hung = True
        self._freeze()

    def stall(self, us: float) -> None:
        """No instruction for `us` microseconds from now; stalls that overlap do not add up."""
        until = self._chip.clock.ticks + round(us * 16_000)
        if self.hung or until <= self._until:
            return
        self._until = until
        self._freeze()
        self._alarm.schedule_ticks(until - self._chip.clock.ticks)

    def reset(self) -> None:
        """The chip was reset: whatever was wrong with the processor is over."""
        self._alarm.cancel()
        self._kept, self._until, self.hung = None, 0, False

    def _freeze(self) -> None:
        core = self._core
        if self._kept is None:
            self._kept = (core.enabled_interrupts, core.waiting, core.pending_pend_sv)
        core.enabled_interrupts = 0
        core.pending_pend_sv = False
        core.waiting = True

    def _go_on(self) -> None:
        if self._kept is None or self.hung:
            return
        core = self._core
        enabled, waiting, pend_sv = self._kept
        self._kept = None
        core.enabled_interrupts = enabled
        core.pending_pend_sv = pend_sv
        core.interrupts_updated = True
        core.waiting = waiting and not core.check_for_interrupts()
