# The bytes between the bench and the core that MicroPython for Unix runs: one module for both ends. CPython's end
# (toleramp_bench.targets.unix) packs requests and takes answers apart, brain.py does the reverse.
#
# A request is always as long; a loaded protocol follows its request. An answer's own length comes first.
import struct

from pump.io import FRAM_SLOT, LINK_MAX, OX_MAX
from pump.tables import inputs

SCAN, BOOT, CORRUPT, LOAD, KEEP = 83, 66, 67, 76, 75  # the first byte of a request
PROTOCOL, PLAN = 0, 1  # where a bit is flipped

_SCAN = (
    "<BIIBIIIIBBBBB"  # kind, dt_ms, now_ms, buttons, pulses, moved, idle, queue_us, parts, driver off, FRAM, oximeter
)
# bytes, link bytes
_RAW = "<" + inputs.COUNT * "H"
# kind, scan_us, bench mode, reset cause, first record, its slot, parts, pl_pulse, slow, oximeter, lost step
_BOOT = "<BIBBIiBIBBB"
_CORRUPT = "<BB"  # kind, where
_LOAD = "<BH"  # kind, bytes that follow
_KEEP = "<BH"  # kind, slot of the FRAM; then its bytes
_SAMPLE = "<BBHB"  # in place of the oximeter's bytes while scans are slow: there is one, SpO2, pulse, flags
_ANSWER = "<HBBBHHhb4s"  # length, abort and permit, words, lights, tone_hz, bytes to the host, FRAM slot, the
# screen's cell that is drawn (-1: none) and its four characters
_WORD = "<II"  # count, interval_us
_BOOTED = "<I12s8s"  # contract, version, build hash

_RAW_AT = struct.calcsize(_SCAN)
_OX_AT = _RAW_AT + struct.calcsize(_RAW)
_LINK_AT = _OX_AT + OX_MAX
REQUEST = _LINK_AT + LINK_MAX
SAMPLE = struct.calcsize(_SAMPLE)
ANSWER = struct.calcsize(_ANSWER)
WORD = struct.calcsize(_WORD)
BOOTED = struct.calcsize(_BOOTED)


def pack_scan(request, snap):
    # A scan's inputs into a bytearray of REQUEST bytes.
    struct.pack_into(
        _SCAN, request, 0, SCAN, snap.dt_ms, snap.now_ms, snap.buttons, snap.pulses, snap.moved, snap.idle,
        snap.queue_us, snap.parts, snap.driver_off, snap.fram, snap.ox_n, snap.link_n,
    )  # fmt: skip
    if inputs.COUNT:
        struct.pack_into(_RAW, request, _RAW_AT, *snap.raw)
    request[_OX_AT:_LINK_AT] = snap.ox
    request[_LINK_AT:] = snap.link


def unpack_scan(request, snap):
    # The same into a snapshot.
    (
        _, snap.dt_ms, snap.now_ms, snap.buttons, snap.pulses, snap.moved, snap.idle, snap.queue_us, snap.parts,
        driver_off, snap.fram, snap.ox_n, snap.link_n,
    ) = struct.unpack_from(_SCAN, request, 0)  # fmt: skip
    snap.driver_off = bool(driver_off)
    for row in range(inputs.COUNT):
        snap.raw[row] = struct.unpack_from("<H", request, _RAW_AT + 2 * row)[0]
    snap.ox[:] = request[_OX_AT:_LINK_AT]
    snap.link[:] = request[_LINK_AT:]


def pack_answer(reply, out, tx, tx_n):
    # A scan's outputs into a bytearray, with `tx_n` bytes of `tx` for the host; how many bytes the answer has.
    at = ANSWER
    for i in range(out.words):
        struct.pack_into(_WORD, reply, at, out.word_count[i], out.word_us[i])
        at += WORD
    if out.fram_slot >= 0:
        reply[at : at + len(out.fram)] = out.fram
        at += len(out.fram)
    reply[at : at + tx_n] = memoryview(tx)[:tx_n]
    at += tx_n
    stops = (1 if out.abort else 0) | (2 if out.permit else 0)
    cell = out.screen_cell
    drawn = bytes(out.screen[4 * cell : 4 * cell + 4]) if cell >= 0 else b""
    struct.pack_into(_ANSWER, reply, 0, at, stops, out.words, out.lights, out.tone_hz, tx_n, out.fram_slot, cell, drawn)
    return at


def answer_length(data):
    # How long the answer is that begins with these ANSWER bytes.
    return struct.unpack_from("<H", data, 0)[0]


def unpack_answer(data, out):
    # The same into outputs; the bytes for the host replace `out.tx`, however many they are.
    (
        _, stops, out.words, out.lights, out.tone_hz, out.tx_n, out.fram_slot, out.screen_cell, drawn
    ) = struct.unpack_from(_ANSWER, data, 0)  # fmt: skip
    if out.screen_cell >= 0:
        out.screen = bytes(4 * out.screen_cell) + drawn  # no more of it is looked at
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
    # there is one, SpO2, pulse, flags
    return struct.unpack_from(_SAMPLE, ox, 0)


def boot(scan_us, bench, cause, first, slot, parts, pl_pulse, slow, form, lost):
    # The request that begins a life.
    return struct.pack(_BOOT, BOOT, scan_us, bench, cause, first, slot, parts, pl_pulse, slow, form, lost)


def unpack_boot(request):
    # scan_us, bench (1) and the keys held at power-up (twice pump.io's bits), cause, first, slot, parts, pl_pulse,
    # slow, form, lost step
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
