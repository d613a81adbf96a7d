"""The log's memories made free: called by a person at the prompt of service mode, when all of it has been pulled.

It frees what the laptop has proved to have, and nothing else: the digest over all places, in the flash and then in the
FRAM, worked out here, must be that of the laptop's file (toleramp.pump_log.form). The newest record becomes the first
of the next log, so that no number is given twice, and the two logs show that they belong together. It is written beside
the log first; then store.moving's mark decides, and where the power goes after that the next power-on goes on.
"""

import hashlib

from pump.store import moving
from pump.store.draining import Draining
from pump.store.journal import SLOT, count_records, unfinished
from pump.store.moving import TELL_EVERY

FREED, OTHER, UNFINISHED, FAILED = range(4)


def free(memory, sectors, opened, digest, tell=lambda: None):
    """FREED; OTHER: the log is not that of the digest; UNFINISHED: a session is open, or nobody has seen its end;
    FAILED: a slot does not keep what is written.

    `memory`, `sectors`: as store.draining's; `opened`: the 32 bytes that the digest begins with; `tell` is called now
    and then.
    """
    draining = Draining(memory, sectors)
    draining.open_all()
    if draining.failed:
        return FAILED
    count = count_records(memory.read_slot)
    draining.find_front(count)
    found, newest = _gone_through(memory, sectors, draining.front, count, opened, tell)
    if found != digest:
        return OTHER
    if sectors.records + count - draining.front < 2:
        return FREED
    if unfinished(memory.read_slot, count) or unfinished(lambda slot: newest, 1):
        return UNFINISHED
    try:
        moving.write(memory, moving.NEWEST_SLOT, newest)
        moving.mark(memory, moving.FREED, 0, count)
        moving.finish(memory, sectors, tell)
    except moving.Unkept:
        return FAILED
    return FREED


def _gone_through(memory, sectors, front, end, chain, tell):
    """(digest, newest record): over each place's number and bytes, and the digest before it."""
    record, drained = bytearray(SLOT), sectors.records
    for place in range(drained + end - front):
        if place < drained:
            sectors.read(place, record)
        else:
            record[:] = memory.read_slot(place - drained + front)
        sum_ = hashlib.sha256(chain)
        sum_.update(bytes((place & 255, place >> 8)))
        sum_.update(record)
        chain = sum_.digest()
        if place % TELL_EVERY == 0:
            tell()
    return chain, record
