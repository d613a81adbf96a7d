"""What a pump must be after its power was cut: its log whole, itself at rest, what was being written dropped.

The log is read here without the firmware's code: a record a slot, in their order, with their CRC-32; a number is never
below its slot's, and each power-on has a block of numbers of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pump.io import CONFIRM, START
from pump.store.journal import RECORD, SLOT, SLOTS
from pump.tables import events, states
from pump.tables import messages as m
from toleramp.device.wire import Message
from toleramp_bench.boards.pump import BenchFault, PumpBench
from toleramp_bench.devices.fram import SIZE, Fram
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.records import is_part, unpack_record

BODY = RECORD - 4
CODE_AT = struct.calcsize(m.EVENT[1][: m.EVENT[1].index("i") - 4])  # where a record says its code
POWER_ON = 1  # the reset cause of the boot record
PARTS, KEYS = 15, 128  # of the self-test record: screen, expander, FRAM and clock; a keyring
STREAM_MS = 100
MOST_UL = 50.0  # INT-2: to within so much the volume is known
QUIET_S = 0.8  # how long a pump is watched after its first answer
_WRITE_ENABLE = 0x06
_TESTED = [EVENTS.SELF_TEST]  # what follows the boot record
RECORD_BYTES = 53  # of a record on the bus: write enable, command and address, the slot


class PowerCut(Exception):
    """The power goes in the middle of a byte stream; the board that raises it is not to be run again."""


class TearableFram(Fram):
    """A FRAM whose power goes while a record is clocked in: see `tear`."""

    def __init__(self, contents: bytearray | None = None) -> None:
        super().__init__(contents)
        self._after: int | None = None
        self._clocked = 0
        self.first_select: Callable[[], None] = lambda: None

    def tear(self, after: int) -> None:
        """The next record is cut when so many of its `RECORD_BYTES` are in: PowerCut out of the board's time."""
        self._after, self._clocked = after, 0

    def select(self) -> None:
        """A command begins."""
        self.first_select()
        super().select()

    def transfer(self, byte: int) -> int:
        """One byte in, one out."""
        if self._after is not None and (self._clocked or (self._opcode is None and byte == _WRITE_ENABLE)):
            if self._clocked == self._after:
                raise PowerCut
            self._clocked += 1
        return super().transfer(byte)


def fram_of(bench: PumpBench) -> TearableFram:
    """The memory of a bench that was made with one to tear."""
    assert isinstance(bench.fram, TearableFram)
    return bench.fram


@dataclass
class Cut:
    """A pump at the instant its power went: what its memories hold, the records the laptop has got, the motor."""

    fram: Fram
    flash: bytes
    streamed: dict[int, bytes]
    pulses: int = 0  # that have moved the motor in this session
    torn: bool = False  # a record was being clocked in
    rings: tuple[bytes | None, ...] = (None,)  # what /keyring.bin may hold
    time: datetime | None = None  # what its clock said; that goes on


@dataclass
class Verdict:
    """What was found wrong (nothing: all well), and figures of the case."""

    findings: list[str] = field(default_factory=list)
    committed: int = 0
    dropped: bool = False  # a torn record lay in the slot after the log
    unknown_pulses: int = 0  # that moved the motor, and of which a pump whose session goes on does not know
    warm: bool = False  # brought up from the prepared board


def tap(bench: PumpBench) -> dict[int, bytes]:
    """The records that come from the pump from now on, byte for byte, by their number."""
    found: dict[int, bytes] = {}

    def note(message: Message) -> None:
        if message.type == m.EVENT[0]:
            layout = m.CONTINUED if message.fields["part"] else m.EVENT
            values = [message.fields[name] for name in layout[2].split()]
            found[message.fields["seq"]] = struct.pack(layout[1], *values)

    bench.on_message = note
    return found


# -- the log


def old_log(count: int) -> bytearray:
    """A memory with so many records of earlier days."""
    contents = bytearray(SIZE)
    for seq in range(count):
        body = struct.pack(
            m.EVENT[1][:-1], seq, seq // 9, 0, 0, 0, events.PRESSED, 0, states.IDLE, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0
        )  # fmt: skip
        contents[seq * SLOT : seq * SLOT + RECORD] = body + zlib.crc32(body).to_bytes(4, "little")
    return contents


def _whole(contents: bytes | bytearray, slot: int) -> bool:
    record = contents[slot * SLOT : slot * SLOT + RECORD]
    right = zlib.crc32(record[:BODY]) == int.from_bytes(record[BODY:], "little")
    return right and _number(contents, slot) >= slot


def _number(contents: bytes | bytearray, slot: int) -> int:
    return int.from_bytes(contents[slot * SLOT : slot * SLOT + 4], "little")


def log_length(contents: bytes | bytearray) -> int:
    """How many whole records lie in the memory one after the other."""
    return next((slot for slot in range(SLOTS) if not _whole(contents, slot)), SLOTS)


def _beyond(contents: bytes | bytearray, slot: int) -> list[int]:
    """Slots of whole records after the first slot that holds none."""
    end = -(-len(contents[: SLOTS * SLOT].rstrip(b"\0")) // SLOT)
    return [other for other in range(slot + 1, end) if _whole(contents, other)]


def _committed(cut: Cut, count: int) -> list[str]:
    """What is wrong with the log as the cut left it."""
    contents = cut.fram.contents
    kept = {_number(contents, slot): contents[slot * SLOT : slot * SLOT + RECORD] for slot in range(count)}
    lost = [seq for seq, record in cut.streamed.items() if kept.get(seq) != record]
    found = [f"record {seq} had been sent to the laptop and is not in the FRAM" for seq in lost]
    return found + [f"record {slot} lies beyond the log's end at {count}" for slot in _beyond(contents, count)]


# -- bringing up


@dataclass
class Prepared:
    """A board with that flash, powered up until just before it first looks at its FRAM. For one use (a fork's)."""

    flash: bytes
    bench: PumpBench

    @classmethod
    def of(cls, flash: bytes) -> Prepared:
        """Time up to there is the same on every run; a first board measures it."""
        probe = PumpBench(fram=TearableFram(), flash=flash, bench_mode=False)
        seen: list[int] = []
        fram_of(probe).first_select = lambda: seen.append(probe.board.now_ns)
        probe.run_until(lambda: bool(seen), 3, "the pump's first look at its FRAM")
        bench = PumpBench(fram=TearableFram(), flash=flash, bench_mode=False)
        bench.board.run_to(seen[0] / 1000 - 20)
        return cls(flash, bench)


def bring_up(cut: Cut, prepared: Prepared | None) -> PumpBench:
    """The pump with the power back; nobody touches it. From the prepared board when the flash is the same."""
    cut.fram.power_cut()
    if prepared and prepared.flash == cut.flash:
        bench = prepared.bench
        bench.fram.contents[:] = cut.fram.contents
        bench.fram.status = cut.fram.status
    else:
        fram = TearableFram(cut.fram.contents)
        fram.status = cut.fram.status
        bench = PumpBench(fram=fram, flash=cut.flash, bench_mode=False)
    if cut.time:
        bench.clock.set_time(cut.time + timedelta(microseconds=bench.board.now_us))
    return bench


def _press_both(bench: PumpBench) -> None:
    """Somebody presses START and CONFIRM, as to go on."""
    for button in (START, CONFIRM):
        bench.press(button)
        bench.run_for(0.4)


def judge(
    cut: Cut, prepared: Prepared | None = None, again: int | None = None, pressed: bool = False, cause: int = POWER_ON
) -> Verdict:
    """Brings the pump up and says what is wrong. `again`: the power goes a second time, after so many bytes of the
    boot's own record; `pressed`: somebody then presses START and CONFIRM.
    """
    count = log_length(cut.fram.contents)
    verdict = Verdict(_committed(cut, count), count)
    verdict.dropped = any(cut.fram.contents[count * SLOT : (count + 1) * SLOT])
    before = bytes(cut.fram.contents[: count * SLOT])
    bench = bring_up(cut, prepared)
    verdict.warm = prepared is not None and bench is prepared.bench
    if again is not None:
        return _cut_again(cut, verdict, bench, again)
    streamed = tap(bench)
    try:
        bench.boot(STREAM_MS)
        bench.run_for(QUIET_S)
        verdict.findings += _at_rest(bench)
        if bench.state() == STATES.RECOVERED:
            verdict.unknown_pulses = cut.pulses - bench.status["total_pulses"]
            verdict.findings += _known(verdict.unknown_pulses, bench.status["pl_pulse"])
        if pressed:
            _press_both(bench)
            verdict.findings += [f"{found}, after START and CONFIRM" for found in _at_rest(bench)]
    except BenchFault as fault:
        verdict.findings.append(f"the pump does not come up: {fault}")
        return verdict
    verdict.findings += _log_after(bytes(bench.fram.contents), before, count, streamed, cause)
    return verdict


def _cut_again(cut: Cut, verdict: Verdict, bench: PumpBench, again: int) -> Verdict:
    """The power goes while the boot record is being written; what was there before must still be."""
    fram_of(bench).tear(again)
    streamed = tap(bench)
    try:
        bench.boot(STREAM_MS)
        raise BenchFault("a pump that came up wrote no record")
    except PowerCut:
        pass
    both = {**cut.streamed, **streamed}
    second = judge(Cut(bench.fram, bench.board.flash_image(), both, cut.pulses, time=bench.clock.time))
    verdict.findings += [f"{found}, cut twice" for found in second.findings]
    if second.committed < verdict.committed:
        verdict.findings.append(f"of {verdict.committed} records {second.committed} are left, cut twice")
    verdict.dropped = verdict.dropped or second.dropped
    return verdict


def _known(unknown: int, pl_pulse: int) -> list[str]:
    """What is wrong with the volume of a session that goes on."""
    unknown_ul = unknown * pl_pulse / 1e6
    return [] if 0 <= unknown_ul <= MOST_UL else [f"{unknown_ul:g} uL more than it knows have flowed"]


def _at_rest(bench: PumpBench) -> list[str]:
    """What a pump does that it must not do before people have looked."""
    found = []
    if len(bench.step_log):
        found.append(f"{len(bench.step_log)} pulses at the pin")
    if len(bench.permit.windows) > 1:  # the self-test tries it once
        found.append("the motor driver was enabled")
    status: dict[str, Any] = bench.status
    goes_on = bool(status) and bench.state() == STATES.RECOVERED
    if not status or not (goes_on or bench.state() == STATES.IDLE):
        found.append(f"it is {bench.state() if status else 'silent'}, not idle")
    loaded = 0 if goes_on else m.FLAG_LOADED
    if status.get("flags", 0) & (m.FLAG_FLOW | m.FLAG_PERMIT | m.FLAG_RESUMABLE | loaded):
        found.append(f"its status has flags {status['flags']:#x}")
    return found


def _log_after(contents: bytes, before: bytes, count: int, streamed: dict[int, bytes], cause: int) -> list[str]:
    """What is wrong with the log of the pump that came up: the old records, then a boot record in the next slot."""
    found = []
    if contents[: len(before)] != before:
        found.append("records from before the cut were changed")
    after = log_length(contents)
    records = [contents[slot * SLOT : slot * SLOT + RECORD] for slot in range(count, after)]
    new = [unpack_record(record) for record in records if not is_part(record)]
    for at in [k for k, record in enumerate(new[1:4], 1) if record["event"] == EVENTS.RECOVERED][:1]:
        del new[at]  # where a session was on it goes on, once the self-test has passed
    names = [record["event"] for record in new]
    if names[:1] != [EVENTS.BOOT] or names[1:2] != _TESTED:
        return [*found, f"no boot record in slot {count}, where the log went on, but {names}"]
    wrong = {record["event"] for record in new[2:]} - EVENTS.of(events.ALARMS) - {EVENTS.PRESSED, EVENTS.TIME_OFF}
    if wrong:
        found.append(f"it did by itself: {', '.join(sorted(wrong))}")
    if contents[count * SLOT + CODE_AT] != cause:
        found.append(f"its boot record has the cause {contents[count * SLOT + CODE_AT]}, not {cause}")
    if new[1]["arg"] & PARTS != PARTS:
        found.append(f"its self-test found only parts {new[1]['arg']:#x}")
    found += _committed(Cut(Fram(bytearray(contents)), b"", streamed), after)
    first = _number(contents, count)
    if count and first <= _number(contents, count - 1):
        found.append(f"it went on with number {first}, which an earlier power-on may have given")
    if min(streamed, default=-1) != first:
        found.append(f"it streamed records from {min(streamed, default=-1)} on, not from {first}")
    return found
