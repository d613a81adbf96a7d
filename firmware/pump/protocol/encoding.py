"""Writes the compiled form of a protocol (its layout is in pump.protocol.protocol); the device itself only reads it."""

import struct

from pump.base import crc
from pump.protocol.protocol import (
    APPROVAL,
    DOSE,
    DRUG,
    FORMATS,
    FULL_DOSE,
    HEAD,
    KIND,
    LIMITS,
    LINE,
    MAGIC,
    MONITORING,
    NAME,
    ORDER,
    REACTION,
    SOLUTION,
    SOLUTION_HEAD,
    STEP,
    VERSION,
)


def _record(key, payload):
    return bytes((key, len(payload))) + payload


def _fixed(protocol, key):
    return _record(key, struct.pack(FORMATS[key], *protocol.fields(key)))


def _solution_record(solution):
    head = struct.pack(SOLUTION_HEAD, solution.volume_nl, solution.drug_pg, solution.line_nl, ord(solution.id))
    return _record(SOLUTION, head + solution.code.encode())


def _step_record(step):
    values = (step.solution, step.flags, step.rate_e4, step.duration_ms, step.volume_nl)
    return _record(STEP, struct.pack(FORMATS[STEP], *values))


def _approval_record(approval):
    author, verifier = approval.author.encode(), approval.verifier.encode()
    names = bytes((len(author),)) + author + bytes((len(verifier),)) + verifier
    return _record(APPROVAL, names + approval.author_mac + approval.verifier_mac)


def encode(protocol):
    """The compiled form of a protocol (bytes)."""
    body = _record(NAME, protocol.name.encode()) + _record(DRUG, protocol.drug.encode())
    for key in (KIND, FULL_DOSE, LIMITS, LINE):
        body += _fixed(protocol, key)
    if protocol.order is not None:
        body += _record(ORDER, protocol.order)
    for solution in protocol.solutions:
        body += _solution_record(solution)
    for step in protocol.steps:
        body += _step_record(step)
    for dose in protocol.doses:
        body += _record(DOSE, struct.pack(FORMATS[DOSE], dose.dose_pg, dose.duration_ms))
    body += _fixed(protocol, MONITORING) + _fixed(protocol, REACTION)
    if protocol.approval:
        body += _approval_record(protocol.approval)
    length = HEAD + len(body) + crc.SIZE
    blob = bytearray(MAGIC + bytes((VERSION,)) + struct.pack("<H", length) + body + bytes(crc.SIZE))
    crc.put(blob, length - crc.SIZE)
    return bytes(blob)
