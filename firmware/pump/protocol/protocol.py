"""A protocol as the device sees it: the compiled form, decoded and bounded here, whatever the host says.

    "TLP" | version u8 | length u16 of everything | records | CRC-32 of all before it
    record: key u8 | length u8 | payload; numbers little endian; records in ascending order of their keys

Rates in 0.0001 mL/h, volumes in nL, doses in pg (1e-9 mg; for drugs in units: 1e-9 U), times in ms. The form is
canonical: one protocol has one encoding. Two people's approval is the last record (pump.protocol.approval); the digest
that they sign, and the fingerprint drawn from it, are of everything before it, so that signing changes neither.
"""

import struct

from pump.base import crc
from pump.protocol.codes import alike, can_show
from pump.tables import refusals
from pump.tables.messages import PROTOCOL_MAX

VERSION = 2
MAGIC = b"TLP"
MAX_STEPS = 40
MAX_SOLUTIONS = 8
HEAD = 6

CLASSES = ("multi-bag", "one-bag", "oral", "wide-step", "bench")
MULTI_BAG, ONE_BAG, BY_MOUTH, WIDE_STEP, BENCH = range(len(CLASSES))
UNITS = ("mg", "U")
TO_FULL_DOSE, LINE_FILL = 1, 2  # flags of a step; a line-fill pushes the line's content and counts as no dose
CODE_SHOWN = 11  # so many last characters of a bag's code stand on the screen (PRO-8)

NAME, DRUG, KIND, FULL_DOSE, LIMITS, LINE, ORDER, SOLUTION, STEP, DOSE, MONITORING, REACTION, APPROVAL = (
    1, 2, 3, 4, 5, 6, 7, 16, 32, 33, 48, 49, 64,
)  # fmt: skip
_KNOWN = (NAME, DRUG, KIND, FULL_DOSE, LIMITS, LINE, ORDER, SOLUTION, STEP, DOSE, MONITORING, REACTION, APPROVAL)
_REPEATED = (SOLUTION, STEP, DOSE)
_REQUIRED = (NAME, DRUG, KIND, FULL_DOSE, LIMITS, LINE, MONITORING, REACTION)
_MAC = 32
ORDER_BYTES = 16  # of SHA-256 over order number, cycle and patient: neither of them lies in the pump in clear
FORMATS = {
    KIND: "<BB",
    FULL_DOSE: "<Q",
    LIMITS: "<HHH",
    LINE: "<IB",
    STEP: "<BBIII",
    DOSE: "<QI",
    MONITORING: "<BBBBBBH",
    REACTION: "<BBHB",
}
SOLUTION_HEAD = "<IQIB"  # then the code's text

# Safe ranges of fields (VIT-1 and ours): lowest and highest accepted, in the order of the format.
_RANGES = {
    KIND: ((0, 4), (0, 1)),
    FULL_DOSE: ((1, 10**16),),
    LIMITS: ((1, 1440), (1, 240), (1, 336)),
    LINE: ((0, 50_000_000), (0, 1)),
    STEP: ((0, MAX_SOLUTIONS - 1), (0, 3), (1, 1 << 29), (1, 1 << 29), (1, 1_000_000_000)),
    DOSE: ((1, 10**16), (1, 1_000_000_000)),
    MONITORING: ((85, 99), (1, 10), (86, 100), (1, 10), (0, 20), (30, 80), (90, 220)),
    REACTION: ((1, 15), (1, 10), (0, 240), (0, 3)),
}


class Refusal(Exception):
    """A protocol that the device does not take: a row of tables.refusals, step number or record key, detail."""

    def __init__(self, code, where=0, detail=0):
        super().__init__(refusals.NAMES[code])
        self.code = code
        self.name = refusals.NAMES[code]
        self.where = where
        self.detail = detail


class Solution:
    """A bag: what is really in it, overfill included, and what its own line holds up to the shared one."""

    def __init__(self, volume_nl, drug_pg, letter, code, line_nl=0):
        self.volume_nl = volume_nl
        self.drug_pg = drug_pg
        self.id = letter
        self.code = code
        self.line_nl = line_nl


class Step:
    """One rung: solution index, rate (0.0001 mL/h), dwell (ms), volume (nL), flags."""

    def __init__(self, solution, flags, rate_e4, duration_ms, volume_nl):
        self.solution = solution
        self.flags = flags
        self.rate_e4 = rate_e4
        self.duration_ms = duration_ms
        self.volume_nl = volume_nl


class Dose:
    """A dose taken by mouth, confirmed by the operator: pg, and the time to wait after it (ms). Class oral only."""

    def __init__(self, dose_pg, duration_ms):
        self.dose_pg = dose_pg
        self.duration_ms = duration_ms


class Approval:
    """Who wrote and who verified (ids of the keyring), and their HMAC-SHA256, 32 bytes each (approval.py)."""

    def __init__(self, author, verifier, author_mac, verifier_mac):
        self.author = author
        self.verifier = verifier
        self.author_mac = author_mac
        self.verifier_mac = verifier_mac


class Protocol:
    """Name, drug, class and unit, full dose, limits, line, solutions, steps or oral doses, rules, approval or None."""

    def __init__(self):
        self.name = ""
        self.drug = ""
        self.kind = 0
        self.unit = 0
        self.full_dose_pg = 0
        self.order = None  # 16 bytes by which its order is known, or None: the file names none
        self.max_hold_min, self.max_wait_min, self.tolerance_gap_h = 120, 30, 48
        self.line_dead_nl, self.primed_with_solution = 0, 0
        self.solutions = []
        self.steps = []
        self.doses = []
        self.approval = None
        self.spo2_stop, self.spo2_stop_fall, self.spo2_early, self.spo2_early_fall = 92, 4, 94, 3
        self.delay_s, self.pulse_min, self.pulse_max = 10, 50, 130
        self.resume_choices, self.decision_after_count, self.min_hold_min, self.insert_allowed = 15, 3, 0, 1
        self.rehang_first = 0  # over a change of bags the step's own bag is offered before the one that hangs

    def fields(self, key):
        """The values of a record with fixed layout, in its order."""
        if key == KIND:
            return self.kind, self.unit
        if key == FULL_DOSE:
            return (self.full_dose_pg,)
        if key == LIMITS:
            return self.max_hold_min, self.max_wait_min, self.tolerance_gap_h
        if key == LINE:
            return self.line_dead_nl, self.primed_with_solution
        if key == MONITORING:
            return (
                self.spo2_stop, self.spo2_stop_fall, self.spo2_early, self.spo2_early_fall, self.delay_s,
                self.pulse_min, self.pulse_max,
            )  # fmt: skip
        flags = self.insert_allowed | self.rehang_first << 1
        return self.resume_choices, self.decision_after_count, self.min_hold_min, flags

    def _set(self, key, values):
        if key == KIND:
            self.kind, self.unit = values
        elif key == FULL_DOSE:
            self.full_dose_pg = values[0]
        elif key == LIMITS:
            self.max_hold_min, self.max_wait_min, self.tolerance_gap_h = values
        elif key == LINE:
            self.line_dead_nl, self.primed_with_solution = values
        elif key == STEP:
            self.steps.append(Step(*values))
        elif key == DOSE:
            self.doses.append(Dose(*values))
        elif key == MONITORING:
            (
                self.spo2_stop, self.spo2_stop_fall, self.spo2_early, self.spo2_early_fall, self.delay_s,
                self.pulse_min, self.pulse_max,
            ) = values  # fmt: skip
        else:
            self.resume_choices, self.decision_after_count, self.min_hold_min, flags = values
            self.insert_allowed, self.rehang_first = flags & 1, flags >> 1


def check_envelope(blob):
    """Raises Refusal unless magic, version, length and CRC of `blob` (a bytearray) are right."""
    n = len(blob)
    if n < HEAD + crc.SIZE or n > PROTOCOL_MAX:
        raise Refusal(refusals.TRUNCATED, 0, n)
    if bytes(blob[:3]) != MAGIC or blob[3] != VERSION:
        raise Refusal(refusals.FORMAT, 0, blob[3])
    if blob[4] | blob[5] << 8 != n:
        raise Refusal(refusals.TRUNCATED, 0, n)
    if not crc.holds(blob, n - crc.SIZE):
        raise Refusal(refusals.CHECKSUM)


def _records(blob):
    position, end = HEAD, len(blob) - crc.SIZE
    previous = 0
    while position < end:
        if position + 2 > end or position + 2 + blob[position + 1] > end:
            raise Refusal(refusals.TRUNCATED, blob[position])
        key, length = blob[position], blob[position + 1]
        if key not in _KNOWN:
            raise Refusal(refusals.UNKNOWN_KEY, key)
        if key < previous:
            raise Refusal(refusals.ORDER, key)
        if key == previous and key not in _REPEATED:
            raise Refusal(refusals.DUPLICATE, key)
        previous = key
        yield key, bytes(blob[position + 2 : position + 2 + length])
        position += 2 + length


def _in_range(key, values):
    for value, bounds in zip(values, _RANGES[key]):
        if not bounds[0] <= value <= bounds[1]:
            raise Refusal(refusals.RANGE, key, min(value, 0xFFFFFFFF))


def _text(payload, key, longest):
    try:
        text = payload.decode()
    except UnicodeError:
        raise Refusal(refusals.FORMAT, key)
    if not 0 < len(payload) <= longest or any(ord(c) < 32 for c in text):
        raise Refusal(refusals.RANGE, key, len(payload))
    return text


def _read_solution(protocol, payload):
    head = struct.calcsize(SOLUTION_HEAD)
    if len(payload) <= head or len(protocol.solutions) == MAX_SOLUTIONS:
        raise Refusal(refusals.RANGE, SOLUTION, len(payload))
    volume_nl, drug_pg, line_nl, letter = struct.unpack(SOLUTION_HEAD, payload[:head])
    if not 65 <= letter <= 90 or not 0 < volume_nl <= 3_000_000_000 or not 0 < drug_pg <= 10**16:
        raise Refusal(refusals.RANGE, SOLUTION, min(volume_nl, 0xFFFFFFFF))
    if line_nl > _RANGES[LINE][0][1]:
        raise Refusal(refusals.RANGE, SOLUTION, line_nl)
    code = _text(payload[head:], SOLUTION, 24)
    if not can_show(payload[head:]):
        raise Refusal(refusals.RANGE, SOLUTION, len(payload))
    for other in protocol.solutions:  # what tells bags apart on the screen must differ, to an eye
        if other.id == chr(letter) or alike(other.code[-CODE_SHOWN:].encode(), code[-CODE_SHOWN:].encode()):
            raise Refusal(refusals.DUPLICATE, SOLUTION)
    protocol.solutions.append(Solution(volume_nl, drug_pg, chr(letter), code, line_nl))


def _read_approval(protocol, payload):
    n = payload[0] if payload else 0
    v = payload[1 + n] if len(payload) > 1 + n else 0
    if not n or not v or len(payload) != 2 + n + v + 2 * _MAC:
        raise Refusal(refusals.TRUNCATED, APPROVAL, len(payload))
    at = 2 + n + v
    protocol.approval = Approval(
        _text(payload[1 : 1 + n], APPROVAL, 24),
        _text(payload[2 + n : at], APPROVAL, 24),
        payload[at : at + _MAC],
        payload[at + _MAC :],
    )


def _read(protocol, key, payload):
    if key == NAME:
        protocol.name = _text(payload, key, 60)
    elif key == DRUG:
        protocol.drug = _text(payload, key, 40)
    elif key == SOLUTION:
        _read_solution(protocol, payload)
    elif key == APPROVAL:
        _read_approval(protocol, payload)
    elif key == ORDER:
        if len(payload) != ORDER_BYTES:
            raise Refusal(refusals.TRUNCATED, key, len(payload))
        protocol.order = bytes(payload)
    else:
        layout = FORMATS[key]
        if len(payload) != struct.calcsize(layout):
            raise Refusal(refusals.TRUNCATED, key, len(payload))
        values = struct.unpack(layout, payload)
        _in_range(key, values)
        protocol._set(key, values)


def decode(blob):
    """The Protocol in `blob` (a bytearray; left as it was). Raises Refusal. Its rules: pump.protocol.rules."""
    check_envelope(blob)
    protocol = Protocol()
    seen = set()
    for key, payload in _records(blob):
        seen.add(key)
        _read(protocol, key, payload)
    for key in _REQUIRED:
        if key not in seen:
            raise Refusal(refusals.MISSING, key)
    _check_parts(protocol)
    return protocol


def _check_parts(protocol):
    """An oral protocol has doses, every other one bags and steps that draw from them."""
    count = len(protocol.steps) + len(protocol.doses)
    if count > MAX_STEPS:
        raise Refusal(refusals.RANGE, STEP, count)
    oral = protocol.kind == BY_MOUTH
    if oral and (protocol.solutions or protocol.steps):
        raise Refusal(refusals.ORAL, 0, STEP)
    if not oral and protocol.doses:
        raise Refusal(refusals.ORAL, 0, DOSE)
    if not (protocol.doses if oral else protocol.steps):
        raise Refusal(refusals.MISSING, DOSE if oral else STEP)
    if not oral and not protocol.solutions:
        raise Refusal(refusals.MISSING, SOLUTION)
    for number, step in enumerate(protocol.steps):
        if step.solution >= len(protocol.solutions):
            raise Refusal(refusals.MISSING, number + 1, SOLUTION)
