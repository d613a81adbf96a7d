"""The pump's loop: builds the controller for this board and runs the scan on absolute deadlines."""

import gc
from os import urandom
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

import machine
from board_mechanism import PL_PULSE
from build_info import BUILD_HASH, CORE, GIT, VERSION

from drivers.chance import seed
from drivers.checks import SelfTest
from drivers.pump_board import PumpBoard, keys_held
from drivers.stack import LOWEST, wipe
from oximeters.registry import module
from pump.base.calendar import NO_TIME
from pump.controller import Controller
from pump.io import COUNT_MAX, Outputs, Snapshot
from pump.senses.vitals import FRESH_MS
from pump.senses.wall import newest
from pump.store.journal import open_log, unfinished, unknown_log
from pump.store.keyring import Keyring
from pump.store.settings import Settings
from pump.tables.oximeters import NAMES
from pump.tables.settings import OXIMETER

PERIOD_US = 20_000
SPARE_US = 5_000  # a stuck bus costs 3 ms (INT-9)
KEYRINGS = ("/keyring.bin", "/keyring.2nd")  # two copies, installed in this order
KEYRING_MOST = 4_096  # bytes
WATCHDOG_MS = 1_000
TIDY_SCANS = 3_000  # at rest: once a minute
SCANS, MEAN_US, WORST_US, LATE_US, OVERRUNS, FREE_HEAP, _, DROPPED, BOOT_MS, _ = range(10)
PART_KEYS = 128
TOOK_MAX_US = (1 << 19) - 1  # the watchdog bites before long after that; times 1024 it is still a small integer
_MEAN_SHIFT = 10  # the mean is an average over about 1000 scans


def keyring():
    """The people whose keys count. Without a sound copy nothing that takes a key is taken outside bench mode."""
    return Keyring([_held(path) for path in KEYRINGS])


def _held(path):
    """What lies there, None for nothing; at most what a keyring can be."""
    try:
        with open(path, "rb") as file:
            return file.read(KEYRING_MOST)
    except OSError:
        return None


class Pump:
    """The board, the core and the loop between them."""

    def __init__(self):
        held = keys_held()
        self.snap, self.out = Snapshot(), Outputs()
        self.board = PumpBoard(self.snap, self.out)
        (number, slot), lost, settings, last_s = self._stored()
        build = (VERSION.encode(), BUILD_HASH.encode(), GIT.encode())
        ring = keyring()
        people = -1 if ring.bits else len(ring.people())
        chosen = module(NAMES[settings.values[OXIMETER]])
        parser = chosen.Parser()
        self.board.listen(chosen, parser)
        self.core = Controller(
            parser, PL_PULSE, PERIOD_US, build, number, False, ring, settings, held, slot, lost,
            self.board.kept_slot, last_s, seed(),
        )  # fmt: skip
        self.core.vitals.fresh_ms = max(FRESH_MS, chosen.SILENCE_MS)
        self.snap.parts = self.board.parts()
        self.board.tell_time(self.snap)
        cause, recorder = machine.reset_cause(), self.core.link.recorder
        recorder.core = CORE.encode()
        recorder.begin(self.core, None, (number, False, held, slot, lost, last_s))
        self.core.boot(cause, self.snap, True)
        answered = self.board.parts() | (PART_KEYS if people > 0 else 0)
        self.core.self_test(answered)
        recorder.booted(cause, self.snap, answered, True)
        self.tests = SelfTest(self.board, self.snap, settings.found, people)
        self.tests.begin()
        self._mean = 0
        self._since_tidy = 0  # scans

    def _stored(self):
        """What the FRAM holds: where the log goes on, the step of a session that was cut off, the settings, and
        the newest time that a record has."""
        fram, settings = self.board.fram, Settings()
        if not fram.present:
            return unknown_log(int.from_bytes(urandom(2), "little")), 0, settings, NO_TIME
        settings.read(fram.read_slot)
        number, slot = open_log(fram.read_slot)
        return (number, slot), unfinished(fram.read_slot, slot), settings, newest(fram.read_slot, slot)

    @micropython.native
    def scan(self):
        """One scan: sample, decide, apply."""
        board, core, out = self.board, self.core, self.out
        board.sample(self.snap, out.flowing)
        core.scan(self.snap, out)
        self.snap.passed = self.snap.failed = 0
        board.apply(out)

    def tidy(self):
        """Collects garbage; only called while nothing flows."""
        gc.collect()
        self._since_tidy = 0
        self.core.stats[FREE_HEAP] = gc.mem_free()

    @micropython.native
    def measure(self, began, due):
        """Keeps the loop's figures: time of the scan that began at `began` and was due at `due`."""
        stats = self.core.stats
        took = ticks_diff(ticks_us(), began)
        if took > TOOK_MAX_US:
            took = TOOK_MAX_US
        late = ticks_diff(began, due)
        self._mean += took - (self._mean >> _MEAN_SHIFT)
        if stats[SCANS] < COUNT_MAX:
            stats[SCANS] += 1
        self._since_tidy += 1
        stats[MEAN_US] = self._mean >> _MEAN_SHIFT
        stats[DROPPED] = self.board.console.dropped
        if self.core.link.loading:
            return  # a protocol is checked in one piece, while no session runs
        if took > stats[WORST_US]:
            stats[WORST_US] = took
        if late > stats[LATE_US]:
            stats[LATE_US] = late
        if took > PERIOD_US:
            stats[OVERRUNS] = min(stats[OVERRUNS] + 1, COUNT_MAX)

    @micropython.native
    def between(self, rest_us):
        """In the time that is left between two scans: the clock, the self-test."""
        self.board.between(self.snap)
        if self.out.tests:
            self.tests.begin()
        if not self.core.checks.failed:  # after that no other is made: least of all that of the permit
            self.tests.step(self.out.flowing, rest_us)

    @micropython.native
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
            if self.out.tidy or (self._since_tidy >= TIDY_SCANS and not self.out.flowing):
                wipe(LOWEST)
                self.tidy()
                due = ticks_us()  # nothing flows: the timeline starts anew
            due = ticks_add(due, PERIOD_US)
            # Whole milliseconds: the rest would be waited for in a busy loop. A scan may begin up to 1 ms early.
            rest = ticks_diff(due, ticks_us())
            if rest >= SPARE_US:
                self.between(rest)
                rest = ticks_diff(due, ticks_us())
            if rest >= 1000:
                sleep_ms(rest // 1000)


def run():
    """Builds the pump and scans for ever."""
    global running
    running = Pump()
    wipe(LOWEST)  # what lies in the gaps of the loop's own frame stays for as long as it runs
    running.run()


running = None  # what scans now, for the last words
