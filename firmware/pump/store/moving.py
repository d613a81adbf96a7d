"""What changes the log's memories in more than one write: its mark is the one write that decides it (INT-2, INT-12).

Two slots of the FRAM beside the log hold it. MOVED: the log begins with slot 0, what lies from slot `shift` up to
`end` is what it was copied from. FREED: the log is the one record that lies in the second slot, all
else is gone. Whoever sees a mark finishes what it says, however often the power goes meanwhile, and takes the mark away
at the end. What was recorded since it was made stays.
"""

import struct

from pump.base import crc
from pump.io import FRAM_SLOT
from pump.store.journal import SLOTS, valid

MARK_SLOT = SLOTS
NEWEST_SLOT = SLOTS + 1
NONE, MOVED, FREED = range(3)
MAGIC, VERSION = b"TLM", 1
_LAYOUT = "<3sBBHH"  # magic, version, what, shift, end
_CRC_AT = FRAM_SLOT - crc.SIZE
BLANK = bytes(FRAM_SLOT)
TELL_EVERY = 256  # slots


class Unkept(Exception):
    """A slot does not keep what is written."""


def write(memory, slot, content):
    """Writes a slot and reads it back. Raises Unkept. `memory`: read_slot(slot), whose bytes are used again, and
    write_slot(slot, bytes) of the FRAM."""
    memory.write_slot(slot, content)
    if memory.read_slot(slot) != content:
        raise Unkept


def clear(memory, first, end, tell=lambda: None):
    """Blanks so many slots of the log, those that are not blank yet. Raises Unkept."""
    for slot in range(first, end):
        if memory.read_slot(slot) != BLANK:
            write(memory, slot, BLANK)
        if slot % TELL_EVERY == 0:
            tell()


def mark(memory, what, shift, end):
    """Decides it. Raises Unkept."""
    content = bytearray(FRAM_SLOT)
    struct.pack_into(_LAYOUT, content, 0, MAGIC, VERSION, what, shift, end)
    crc.put(content, _CRC_AT)
    write(memory, MARK_SLOT, content)


def marked(memory):
    """(what, shift, end) that was decided and is not finished; NONE for a torn mark, too."""
    held = bytearray(memory.read_slot(MARK_SLOT))
    if not crc.holds(held, _CRC_AT):
        return NONE, 0, 0
    magic, version, what, shift, end = struct.unpack_from(_LAYOUT, held, 0)
    if magic != MAGIC or version != VERSION:
        return NONE, 0, 0
    return what, shift, min(end, SLOTS)


def finish(memory, sectors, tell=lambda: None):
    """Finishes what is decided; raises Unkept. `sectors`: store.archive's. `tell` is called now and then."""
    what, shift, end = marked(memory)
    if what == MOVED:
        _clear_copied(memory, sectors, shift, end)
    elif what == FREED:
        sectors.forget(tell)
        write(memory, 0, bytes(memory.read_slot(NEWEST_SLOT)))
        clear(memory, 1, end, tell)
    if what != NONE:
        write(memory, MARK_SLOT, BLANK)


def _clear_copied(memory, sectors, shift, end):
    """Blanks what was copied, what is torn, and the one slot before it, which lies in the flash: that was the newest
    there. What is another record was made later."""
    last = bytearray(FRAM_SLOT)
    sectors.read(max(0, sectors.records - 1), last)
    for slot in range(max(0, shift - 1), end):
        held = bytearray(memory.read_slot(slot))
        twin = memory.read_slot(slot - shift) if slot >= shift else last
        if held != BLANK and (held == twin or not valid(bytearray(held), slot)):
            write(memory, slot, BLANK)
