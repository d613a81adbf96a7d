"""The log's memory made free: called by a person at the prompt of service mode, when all of it has been pulled.

It frees what the laptop has proved to have, and nothing else: the digest over all slots, worked out here, must be that
of the laptop's file (toleramp.pump_log.form). The newest record becomes the first of the next log, so that no number is
given twice, and the two logs show that they belong together. It is written first, and the rest is freed upwards: where
the power goes in between, either it or its copy is there, and what is left is a log that can be pulled and freed again.
"""

import hashlib

from pump.store.journal import SLOT, count_records, unfinished

FREED, OTHER, UNFINISHED, FAILED = range(4)
_BLANK = bytes(SLOT)
_TELL_EVERY = 256  # slots


def free(read, write, opened, digest, tell=lambda: None):
    """FREED; OTHER: the log is not that of the digest; UNFINISHED: a session is open, or nobody has seen its end;
    FAILED: a slot does not keep what is written.

    `read(slot)`, `write(slot, bytes)`: drivers.fram's; `opened`: the 32 bytes that the digest begins with; `tell` is
    called now and then.
    """
    count = count_records(read)
    if _digest(read, count, opened, tell) != digest:
        return OTHER
    if count < 2:
        return FREED
    newest = bytearray(read(count - 1))
    if unfinished(read, count) or unfinished(lambda slot: newest, 1):
        return UNFINISHED
    for slot in range(count):
        content = _BLANK if slot else newest
        write(slot, content)
        if read(slot) != content:
            return FAILED
        if slot % _TELL_EVERY == 0:
            tell()
    return FREED


def _digest(read, count, chain, tell):
    """Over each slot's number and bytes, and the digest before it."""
    for slot in range(count):
        sum_ = hashlib.sha256(chain)
        sum_.update(bytes((slot & 255, slot >> 8)))
        sum_.update(read(slot))
        chain = sum_.digest()
        if slot % _TELL_EVERY == 0:
            tell()
    return chain
