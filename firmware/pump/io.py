"""What goes into a scan and what comes out of it: two records, allocated once, the only link to a board.

The board fills a Snapshot and carries out an Outputs; neither decides anything. A recorded run is the Snapshots'
changes.
"""

from array import array

from pump.base.calendar import UNREAD
from pump.base.compat import micropython
from pump.tables import checks, inputs
from pump.tables.lines import AS_SET
from pump.tables.parts import ALL

# Bits of Snapshot.buttons (1 = pressed now) and of a press.
START, CONFIRM, SILENCE, UP, DOWN, STOP = 1, 2, 4, 8, 16, 32

# Bits of Outputs.lights.
RED, YELLOW, CYAN, NURSE_CALL = 1, 2, 4, 8

OX_MAX = 64
LINK_MAX = 64
TX_MAX = 224  # bytes to the host a scan: a whole frame, and room to pad it
MAX_WORDS = 8  # for the step generator a scan
FRAM_SLOT = 48  # bytes of one write to the FRAM
TRIES = 4  # of a slot that does not keep what is written: then it is taken for a worn one
COUNT_MAX = 1 << 29  # where a count stops, or is halved with what it is set against: no product of it passes 31 bits

# Snapshot.fram: what became of the write to the FRAM in the scan before.
NO_WRITE, KEPT, FAILED, TAKEN = 0, 1, 2, 3  # proved by reading it back; not proved; something sound lies there


class Snapshot:
    """All inputs of one scan.

    now_ms: device time modulo 2**30; dt_ms: since the last scan; buttons: raw levels as bits; pulses: all counted at
    the step pin since power-on; moved: those of them made while STOP's contact let the driver be enabled (FLO-12), and
    the driver did not itself say that it was off; idle: those that came while it said so; all three modulo 2**30;
    queue_us: how far the step generator's queue reaches ahead of now; ox, ox_n: bytes of the oximeter; ox_broken: how
    many of them had a wrong stop bit or parity, counted during a search alone; link, link_n: bytes of the host; raw:
    one reading for each row of tables.inputs; screen_ready: the board takes another cell; parts: those of tables.parts
    that answer, as bits; driver_off: the motor driver says that it is not enabled (False while nobody can ask it);
    fram: what became of the last write; wall_s: what the clock said when it was last asked (pump.base.calendar), UNREAD
    before it was; wall_lost: it said that it had stood still since it was set; read, slot: the slot of the FRAM that
    was read in the scan before (-1: none), and its bytes; passed, failed, found: the checks (tables.checks) that have
    passed since the scan before, as bits, the one that has failed (0: none), and what each found.
    """

    def __init__(self):
        self.now_ms = 0
        self.dt_ms = 0
        self.buttons = 0
        self.pulses = 0
        self.moved = 0
        self.idle = 0
        self.queue_us = 0
        self.ox = bytearray(OX_MAX)
        self.ox_n = 0
        self.ox_broken = 0
        self.link = bytearray(LINK_MAX)
        self.link_n = 0
        self.screen_ready = True
        self.parts = ALL
        self.driver_off = False
        self.fram = NO_WRITE
        self.wall_s = UNREAD
        self.wall_lost = False
        self.read = -1
        self.slot = bytearray(FRAM_SLOT)
        self.raw = array("H", bytes(2 * inputs.COUNT))
        self.passed = 0
        self.failed = checks.NONE
        self.found = array("i", [0] * checks.COUNT)


class Outputs:
    """All outputs of one scan: words for the step generator, abort, permit edge, whether the drug flows, lights, tone,
    bytes for host and FRAM, the slot of it to read (never in a scan that writes), the screen's text and the cell of it
    to draw, whether there is time to tidy, the line settings (tables.lines) that the oximeter's line has from now on,
    the time to which the clock is set (UNREAD: it is not), whether the self-test is to be made anew."""

    def __init__(self):
        self.words = 0
        self.word_count = [0] * MAX_WORDS
        self.word_us = [0] * MAX_WORDS
        self.abort = False
        self.permit = False
        self.flowing = False
        self.lights = 0
        self.tone_hz = 0
        self.tx = bytearray(TX_MAX)
        self.tx_n = 0
        self.fram_slot = -1
        self.fram = bytearray(FRAM_SLOT)
        self.read_slot = -1
        self.screen = b""
        self.screen_cell = -1
        self.tidy = False
        self.ox_line = AS_SET
        self.clock_s = UNREAD
        self.tests = False

    @micropython.native
    def clear(self):
        """Before a scan: nothing asked for."""
        self.words = 0
        self.abort = False
        self.permit = False
        self.tx_n = 0
        self.fram_slot = self.read_slot = -1
        self.screen = b""
        self.screen_cell = -1
        self.tidy = self.tests = False
        self.clock_s = UNREAD

    @micropython.native
    def add_word(self, count, interval_us):
        """Queues `count` pulses of `interval_us` each (count 0: a pause of that length)."""
        n = self.words
        self.word_count[n] = count
        self.word_us[n] = interval_us
        self.words = n + 1
