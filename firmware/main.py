"""The composition root: builds the controller for this board and runs the scan on absolute deadlines."""

import micropython

micropython.kbd_intr(-1)  # before anything else: the interpreter listens for Ctrl-C again with each file that it runs

from drivers.clocking import full_speed

full_speed()  # before the rest is imported: it is a third of the time to the first scan

import gc
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

import machine
from board_mechanism import PL_PULSE
from build_info import BUILD_HASH, GIT, VERSION

from drivers.pump_board import PumpBoard, keys_held, service_asked
from oximeters.registry import module
from pump.controller import Controller
from pump.io import Outputs, Snapshot
from pump.protocol.approval import decode_keyring
from pump.senses.vitals import FRESH_MS
from pump.store.journal import count_records
from pump.store.settings import Settings
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER

PERIOD_US = 20_000
KEYRING = "/keyring.bin"
WATCHDOG_MS = 1_000
TIDY_SCANS = 3_000  # at rest: once a minute
SCANS, MEAN_US, WORST_US, LATE_US, OVERRUNS, FREE_HEAP, _, DROPPED, BOOT_MS, _ = range(10)
PART_KEYS = 8
_MEAN_SHIFT = 10  # the mean is an average over about 1000 scans


def keyring():
    """The people whose approvals count. Without a sound keyring nothing loads outside bench mode."""
    try:
        with open(KEYRING, "rb") as file:
            return decode_keyring(bytearray(file.read()))
    except (OSError, ValueError):
        return {}


class Pump:
    """The board, the core and the loop between them."""

    def __init__(self):
        held = keys_held()
        self.snap, self.out = Snapshot(), Outputs()
        self.board = PumpBoard(self.snap, self.out)
        records, settings = self._stored()
        build = (VERSION.encode(), BUILD_HASH.encode(), GIT.encode())
        chosen = module(NAMES[settings.values[OXIMETER]])
        self.board.listen(chosen.BAUD)
        self.core = Controller(
            chosen.Parser(), PL_PULSE, PERIOD_US, build, records, False, keyring(), settings, held
        )  # fmt: skip
        self.core.vitals.fresh_ms = max(FRESH_MS, chosen.SILENCE_MS)
        self.core.boot(machine.reset_cause())
        self.core.self_test(self.board.parts() | (PART_KEYS if self.core.keys else 0))
        self._mean = 0

    def _stored(self):
        """What the FRAM holds: how many records, and the settings."""
        fram, settings = self.board.fram, Settings()
        if not fram.present:
            return 0, settings
        settings.read(fram.read_slot)
        return count_records(fram.read_slot), settings

    @micropython.native
    def scan(self):
        """One scan: sample, decide, apply."""
        board, core, out = self.board, self.core, self.out
        board.sample(self.snap, out.flowing)
        core.scan(self.snap, out)
        board.apply(out)

    def tidy(self):
        """Collects garbage; only called while nothing flows."""
        gc.collect()
        self.core.stats[FREE_HEAP] = gc.mem_free()

    @micropython.native
    def measure(self, began, due):
        """Keeps the loop's figures: time of the scan that began at `began` and was due at `due`."""
        stats = self.core.stats
        took = ticks_diff(ticks_us(), began)
        late = ticks_diff(began, due)
        self._mean += took - (self._mean >> _MEAN_SHIFT)
        stats[SCANS] += 1
        stats[MEAN_US] = self._mean >> _MEAN_SHIFT
        stats[DROPPED] = self.board.console.dropped
        if self.core.link.loading:
            return  # a protocol is checked in one piece, while no session runs
        if took > stats[WORST_US]:
            stats[WORST_US] = took
        if late > stats[LATE_US]:
            stats[LATE_US] = late
        if took > PERIOD_US:
            stats[OVERRUNS] += 1

    def run(self):
        """Scans for ever; the watchdog is fed here and nowhere else."""
        watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self.tidy()
        gc.disable()
        self.core.stats[BOOT_MS] = ticks_ms()
        due = ticks_us()
        while True:
            began = ticks_us()
            self.scan()
            self.measure(began, due)
            watchdog.feed()
            if self.out.tidy or (self.core.stats[SCANS] % TIDY_SCANS == 0 and not self.out.flowing):
                self.tidy()
                due = ticks_us()  # nothing flows: the timeline starts anew
            due = ticks_add(due, PERIOD_US)
            # Whole milliseconds: the rest would be waited for in a busy loop. A scan may begin up to 1 ms early.
            rest = ticks_diff(due, ticks_us())
            if rest >= 1000:
                sleep_ms(rest // 1000)


if not service_asked():
    Pump().run()
