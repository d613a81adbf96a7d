"""Exact time for the emulated PIO blocks.

rp2040py steps a PIO block once per processor instruction, and once for a whole sleep: pulses are late while
the core is busy and lost while it sleeps. Here a block is taken out of that loop (it looks stopped to it) and
driven by an alarm on the simulated clock, set to the moment its next instruction is due. The processor's (and
the DMA's) accesses pass through `PioWindow`, which first brings the block to the present, so both always see
each other in order. A counting loop (`jmp x--` to itself) is skipped in one go and put back when somebody
looks at the machine.

Times are in the block's own unit, 1/256 of a system clock cycle ("fp"), counted from the start of the
simulation.
"""

from __future__ import annotations

from typing import Any

TICKS_PER_SECOND = 16_000_000_000
"""Resolution of the simulated clock: 1/16 ns."""

_NEVER = 1 << 62
_CTRL, _TXF0, _TXF3 = 0x00, 0x10, 0x1C
_INSTR_MEM0, _SM0, _SM_SIZE, _SM_END = 0x48, 0xC8, 0x18, 0x128
_INSTR = 0x10
_WAIT_PIN, _WAIT_TX_FIFO = 1, 3
_RETRIED = (_WAIT_PIN, _WAIT_TX_FIFO)
"""Stalls that may be left and taken up again without a trace."""
_SCRATCH = {2: "x", 4: "y"}
"""Jump conditions that count down, and the register they count."""


class PioWindow:
    """Stands in for one PIO block on the emulated bus and keeps its time.

    `steps` counts the instructions that were executed one by one (a measure of cost).
    """

    def __init__(self, chip: Any, index: int) -> None:
        self._chip, self._clock, self._block = chip, chip.clock, chip.pio[index]
        self._machines = list(self._block.machines)
        self._active: list[Any] = []
        self._skipped: dict[int, tuple[int, int, str]] = {}
        self._arrived: list[tuple[int, int]] = [(-1, -1)] * 4
        self._loops: dict[tuple[int, int], tuple[str, int] | None] = {}
        self._alarm = self._clock.create_alarm(self._due)
        self._alarm_at = _NEVER
        self._base_ticks, self._base_fp, self._ticks_per_cycle = 0, 0, 128.0
        self._watched: set[int] = set()
        self._stepping = False
        self.steps = 0
        chip.peripherals[0x50200 + 0x100 * index] = self

    # --- the bus -------------------------------------------------------------------------------------------

    def read_uint32(self, offset: int) -> int:
        """A bus read at `offset`."""
        self.sync()
        value: int = self._block.read_uint32(offset)
        self._settle()
        return value

    def write_uint32(self, offset: int, value: int) -> None:
        """A plain bus write at `offset`."""
        self.write_uint32_atomic(offset, value, 0)

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        """A bus write at `offset`; `atomic_type` 0 to 3: plain, xor, set, clear."""
        self.sync()
        if offset == _CTRL or _INSTR_MEM0 <= offset < _SM_END:
            self._configure(offset, value, atomic_type)
        else:
            self._block.write_uint32_atomic(offset, value, atomic_type)
        self._settle()

    def _configure(self, offset: int, value: int, atomic_type: int) -> None:
        """A write that may change how machines run: they are put back to where they really are first."""
        self._restore()
        self._loops.clear()
        if offset >= _SM0 and (offset - _SM0) % _SM_SIZE == _INSTR:
            self._force(self._machines[(offset - _SM0) // _SM_SIZE], offset, value, atomic_type)
            return
        self._block.write_uint32_atomic(offset, value, atomic_type)
        if offset == _CTRL:
            self._after_control()

    def _force(self, machine: Any, offset: int, value: int, atomic_type: int) -> None:
        """The processor makes a machine execute one instruction. A stall it is in is tried again
        afterwards."""
        retried = machine.waiting and machine.wait_type in _RETRIED
        if retried:
            machine.waiting = False
        self._block.write_uint32_atomic(offset, value, atomic_type)
        if retried and not machine.waiting:
            machine.next_due_fp = self._block.cycle_fp
            self._block.recompute_due()

    def _after_control(self) -> None:
        """Takes over which machines run. A disabled machine must not answer to its pin or FIFO: it stalls
        anew."""
        for machine in self._machines:
            if not machine.enabled and machine.waiting and machine.wait_type in _RETRIED:
                machine.waiting = False
        self._block.recompute_due()
        self._adopt()

    def _adopt(self) -> None:
        self._active = [machine for machine in self._machines if machine.enabled]
        self._block.stopped = True

    # --- time ----------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """The chip was reset, and the block with it."""
        self._skipped.clear()
        self._loops.clear()
        self._adopt()
        self.sync()
        self._settle()

    def now_fp(self) -> int:
        """The present in 1/256 cycles; follows changes of the system clock."""
        ticks: int = self._clock.ticks
        per_cycle = TICKS_PER_SECOND / self._chip.clk_sys
        if per_cycle != self._ticks_per_cycle:
            self._base_fp += int((ticks - self._base_ticks) * 256 / self._ticks_per_cycle)
            self._base_ticks, self._ticks_per_cycle = ticks, per_cycle
        if per_cycle == 128.0:
            return self._base_fp + 2 * (ticks - self._base_ticks)
        return self._base_fp + int((ticks - self._base_ticks) * 256 / per_cycle)

    def sync(self) -> None:
        """Executes everything that is due by now."""
        block, now = self._block, self.now_fp()
        if self._stepping:
            return
        if self._active and block.next_due_fp <= now:
            self._stepping = True
            try:
                self._step_until(now)
            finally:
                self._stepping = False
        block.cycle_fp = now

    def _step_until(self, now: int) -> None:
        block = self._block
        due = block.next_due_fp
        while due <= now:
            block.cycle_fp = max(due, block.cycle_fp)
            block.advance(0)
            self.steps += 1
            self._skip_loops()
            due = block.next_due_fp

    def pin_moved(self) -> None:
        """An input changed from outside; call `sync` before the change and this after it."""
        self._settle()

    def _due(self) -> None:
        self._alarm_at = _NEVER
        self.sync()
        self._settle()

    def _settle(self) -> None:
        """Sets the alarm to the next instruction, and watches the pins that machines now wait for."""
        if self._stepping:
            return
        due = _NEVER
        if self._active:
            self._skip_loops()
            due = self._block.next_due_fp
            self._watch_pins()
        if due == self._alarm_at:
            return
        self._alarm_at = due
        if due >= _NEVER:
            self._alarm.cancel()
        else:
            self._schedule(due - self._block.cycle_fp)

    def _schedule(self, delta_fp: int) -> None:
        per_cycle = self._ticks_per_cycle
        ticks = (delta_fp + 1) >> 1 if per_cycle == 128.0 else -int(-delta_fp * per_cycle // 256)
        self._alarm.schedule_ticks(max(0, ticks))

    def _watch_pins(self) -> None:
        for machine in self._active:
            if machine.waiting and machine.wait_type == _WAIT_PIN:
                pin = machine.wait_index
                if pin not in self._watched and pin < 30:
                    self._watched.add(pin)
                    self._chip.gpio[pin].add_listener(self._watched_pin_changes)

    def _watched_pin_changes(self, _new: int, _old: int) -> None:
        """The processor itself moves a pin that a machine waits for. The block's time must be right before it
        is told (that follows), and the alarm set after that: both are due at once."""
        if self._stepping:
            return
        self._block.cycle_fp = self.now_fp()
        self._alarm_at = self._block.cycle_fp
        self._alarm.schedule_ticks(0)

    # --- counting loops ------------------------------------------------------------------------------------

    def _skip_loops(self) -> None:
        """Skips the rest of a counting loop once its first turn has been executed (its side-set is then
        done)."""
        for machine in self._active:
            index = machine.index
            if machine.waiting:
                self._arrived[index] = (-1, -1)
                continue
            here = (machine.pc, machine.next_due_fp)
            if here[0] == self._arrived[index][0] and here[1] != self._arrived[index][1]:
                self._skip(machine, here)
            else:
                self._arrived[index] = here

    def _skip(self, machine: Any, here: tuple[int, int]) -> None:
        key = (machine.index, here[0])
        loop = self._loops[key] if key in self._loops else self._loops.setdefault(key, self._loop_at(machine))
        if loop is None:
            return
        register, period = loop
        turns = getattr(machine, register)
        if turns < 2:
            return
        end = here[1] + turns * period
        setattr(machine, register, 0)
        machine.next_due_fp = end
        self._skipped[machine.index] = (end, period, register)
        self._block.recompute_due()

    def _loop_at(self, machine: Any) -> tuple[str, int] | None:
        """The counted register and the time of one turn, if the machine's next instruction jumps to
        itself."""
        opcode = self._block.instructions[machine.pc]
        register = _SCRATCH.get((opcode >> 5) & 7)
        if opcode >> 13 or register is None or opcode & 0x1F != machine.pc:
            return None
        delay = (opcode >> 8) & ((1 << (5 - machine.sideset_count)) - 1)
        return register, (1 + delay) * machine.div_fp

    def _restore(self) -> None:
        """Puts every skipped loop back to the turn it is really in."""
        now = self._block.cycle_fp
        for index, (end, period, register) in self._skipped.items():
            machine = self._machines[index]
            if machine.next_due_fp == end and end > now and getattr(machine, register) == 0:
                left = (end - now - 1) // period
                setattr(machine, register, left)
                machine.next_due_fp = end - left * period
                self._arrived[index] = (machine.pc, -1)
        self._skipped.clear()
        self._block.recompute_due()
