# The bytes between the bench and the core that MicroPython for Unix runs: one module for both ends. CPython's end
# (toleramp_bench.targets.unix) packs requests and takes answers apart, brain.py does the reverse.
#
# A request is always as long; a loaded protocol and a program follow theirs. An answer's own length comes first.
# What MicroPython does of it in each scan takes no memory: what a scan leaves on its heap is the core's.
import struct

from pump.base.compat import micropython, ptr8
from pump.base.copying import copy
from pump.io import FRAM_SLOT, LINK_MAX, OX_MAX
from pump.tables import inputs

SCAN, BOOT, CORRUPT, LOAD, KEEP, RUN = 83, 66, 67, 76, 75, 82  # the first byte of a request
# Bits of a boot: slow scans; samples stand for the oximeter's bytes; the board tests itself.
SLOW, SAMPLES, TESTS = 1, 2, 4
PROTOCOL, PLAN = 0, 1  # where a bit is flipped

# kind, dt_ms, now_ms, buttons, pulses, moved, idle, queue_us, parts, driver off, FRAM, oximeter bytes, link bytes,
# broken bytes of the oximeter, one more than the clock's time, its OSF, one more than the FRAM slot that was read,
# checks of the self-test that passed as bits, the one that failed, and what was found of that
_SCAN = "<BIIBIIIIBBBBBBIBHIBi"
_RAW = "<" + inputs.COUNT * "H"
# kind, scan_us, bench mode, reset cause, first record, its slot, parts, pl_pulse, pace, oximeter, lost step,
# the log's newest time, and the clock as in a scan
_BOOT = "<BIBBIiBIBBBIIB"
_CORRUPT = "<BB"  # kind, where
_LOAD = "<BH"  # kind, bytes that follow
_KEEP = "<BH"  # kind, slot of the FRAM; then its bytes
_RUN = "<BH"  # kind, bytes of the program that follow; answered by a length and what it said
_SAID = "<H"
_SAMPLE = "<BBHB"  # in place of the oximeter's bytes while scans are slow: there is one, SpO2, pulse, flags
_ANSWER = "<HBBBHHhbBh4si"  # length, abort and permit, words, lights, tone_hz, bytes to the host, FRAM slot, the
# screen's cell that is drawn (-1: none), the oximeter's line, FRAM slot to read, the cell's four characters,
# the clock's new time
_CELL, _DARK = 4, b"\0\0\0\0"
_WORD = "<II"  # count, interval_us
_BOOTED = "<I12s8s"  # contract, version, build hash

_RAW_AT = struct.calcsize(_SCAN)
_OX_AT = _RAW_AT + struct.calcsize(_RAW)
_LINK_AT = _OX_AT + OX_MAX
_SLOT_AT = _LINK_AT + LINK_MAX
REQUEST = _SLOT_AT + FRAM_SLOT
SAMPLE = struct.calcsize(_SAMPLE)
SAID = struct.calcsize(_SAID)
ANSWER = struct.calcsize(_ANSWER)
_CELL_AT = ANSWER - _CELL - struct.calcsize("<i")
WORD = struct.calcsize(_WORD)
BOOTED = struct.calcsize(_BOOTED)


def pack_scan(request, snap):
    # A scan's inputs into a bytearray of REQUEST bytes.
    struct.pack_into(
        _SCAN, request, 0, SCAN, snap.dt_ms, snap.now_ms, snap.buttons, snap.pulses, snap.moved, snap.idle,
        snap.queue_us, snap.parts, snap.driver_off, snap.fram, snap.ox_n, snap.link_n,
        snap.ox_broken, snap.wall_s + 1, snap.wall_lost, snap.read + 1, snap.passed, snap.failed,
        snap.found[snap.failed],
    )  # fmt: skip
    if inputs.COUNT:
        struct.pack_into(_RAW, request, _RAW_AT, *snap.raw)
    request[_OX_AT:_LINK_AT] = snap.ox
    request[_LINK_AT:_SLOT_AT] = snap.link
    request[_SLOT_AT:] = snap.slot


@micropython.viper
def _word(data: ptr8, at: int) -> int:
    return int(data[at]) | int(data[at + 1]) << 8 | int(data[at + 2]) << 16 | int(data[at + 3]) << 24


@micropython.native
def unpack_scan(request, snap):
    # The same into a snapshot.
    snap.dt_ms = _word(request, 1)
    snap.now_ms = _word(request, 5)
    snap.buttons = request[9]
    snap.pulses = _word(request, 10)
    snap.moved = _word(request, 14)
    snap.idle = _word(request, 18)
    snap.queue_us = _word(request, 22)
    snap.parts = request[26]
    snap.driver_off = request[27] != 0
    snap.fram = request[28]
    snap.ox_n = request[29]
    snap.link_n = request[30]
    snap.ox_broken = request[31]
    snap.wall_s = _word(request, 32) - 1
    snap.wall_lost = request[36] != 0
    snap.read = (request[37] | request[38] << 8) - 1
    snap.passed = _word(request, 39)
    snap.failed = request[43]
    snap.found[snap.failed] = _word(request, 44)
    for row in range(inputs.COUNT):
        snap.raw[row] = request[_RAW_AT + 2 * row] | request[_RAW_AT + 2 * row + 1] << 8
    copy(snap.ox, 0, request, _OX_AT, OX_MAX)
    copy(snap.link, 0, request, _LINK_AT, LINK_MAX)
    copy(snap.slot, 0, request, _SLOT_AT, FRAM_SLOT)


@micropython.native
def pack_answer(reply, out, tx, tx_n):
    # A scan's outputs into a bytearray, with `tx_n` bytes of `tx` for the host; how many bytes the answer has.
    at = ANSWER
    for i in range(out.words):
        struct.pack_into(_WORD, reply, at, out.word_count[i], out.word_us[i])
        at += WORD
    if out.fram_slot >= 0:
        copy(reply, at, out.fram, 0, FRAM_SLOT)
        at += FRAM_SLOT
    copy(reply, at, tx, 0, tx_n)
    at += tx_n
    stops = (1 if out.abort else 0) | (2 if out.permit else 0)
    cell = out.screen_cell
    struct.pack_into(
        _ANSWER, reply, 0, at, stops, out.words, out.lights, out.tone_hz, tx_n, out.fram_slot, cell, out.ox_line,
        out.read_slot, _DARK, out.clock_s,
    )  # fmt: skip
    if cell >= 0:
        copy(reply, _CELL_AT, out.screen, _CELL * cell, _CELL)
    return at


def answer_length(data):
    # How long the answer is that begins with these ANSWER bytes.
    return struct.unpack_from("<H", data, 0)[0]


def unpack_answer(data, out):
    # The same into outputs; the bytes for the host replace `out.tx`, however many they are.
    (
        _, stops, out.words, out.lights, out.tone_hz, out.tx_n, out.fram_slot, out.screen_cell, out.ox_line,
        out.read_slot, drawn, out.clock_s,
    ) = struct.unpack_from(_ANSWER, data, 0)  # fmt: skip
    if out.screen_cell >= 0:
        out.screen = bytes(_CELL * out.screen_cell) + drawn  # no more of it is looked at
    out.abort, out.permit = bool(stops & 1), bool(stops & 2)
    at = ANSWER
    for i in range(out.words):
        out.word_count[i], out.word_us[i] = struct.unpack_from(_WORD, data, at)
        at += WORD
    if out.fram_slot >= 0:
        out.fram[:] = data[at : at + len(out.fram)]
        at += len(out.fram)
    out.tx = data[at : at + out.tx_n]


def pack_sample(ox, there, spo2, pulse, flags):
    # A reading in the place of the oximeter's bytes.
    struct.pack_into(_SAMPLE, ox, 0, there, spo2, pulse, flags)


def unpack_sample(ox):
    # there is one, SpO2, pulse, flags; MicroPython's end takes the same apart without a tuple
    return struct.unpack_from(_SAMPLE, ox, 0)


def boot(scan_us, bench, cause, first, slot, parts, pl_pulse, pace, form, lost, last_s, snap):
    # The request that begins a life; `pace`: SLOW, SAMPLES, TESTS.
    return struct.pack(
        _BOOT, BOOT, scan_us, bench, cause, first, slot, parts, pl_pulse, pace, form, lost, last_s,
        snap.wall_s + 1, snap.wall_lost,
    )  # fmt: skip


def unpack_boot(request):
    # scan_us, bench (1) and the keys held at power-up (twice pump.io's bits), cause, first, slot, parts, pl_pulse,
    # pace, form, lost step, the log's newest time, one more than the clock's, its OSF
    return struct.unpack_from(_BOOT, request, 0)[1:]


def booted(contract, version, build):
    # The answer to it.
    return struct.pack(_BOOTED, contract, version, build)


def unpack_booted(data):
    # contract, version, build
    return struct.unpack(_BOOTED, data)


def corrupt(where):
    # The request to flip a bit.
    return struct.pack(_CORRUPT, CORRUPT, where)


def load(size):
    # The request to judge a protocol, whose bytes follow.
    return struct.pack(_LOAD, LOAD, size)


def unpack_load(request):
    # How many bytes follow.
    return struct.unpack_from(_LOAD, request, 0)[1]


def keep(slot, content):
    # The request that says what a slot of the FRAM holds.
    return struct.pack(_KEEP, KEEP, slot) + content


def unpack_keep(request):
    # slot, its bytes
    at = struct.calcsize(_KEEP)
    return struct.unpack_from(_KEEP, request, 0)[1], bytes(request[at : at + FRAM_SLOT])


def run(size):
    # The request to run a program, which follows.
    return struct.pack(_RUN, RUN, size)


def unpack_run(request):
    # How many bytes of a program follow.
    return struct.unpack_from(_RUN, request, 0)[1]


def said(text):
    # The answer to it, in MicroPython.
    data = text.encode()
    return struct.pack(_SAID, len(data)) + data


def said_length(data):
    # How many bytes of what was said follow these.
    return struct.unpack(_SAID, data)[0]
