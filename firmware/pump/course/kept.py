"""What of the account outlives the power: a tally in bytes, and what has flowed since, booked anew (INT-2).

Of what flows only counts are written, since all of it would take a scan too long: how much of each bag that was
follows from the course.
"""

import struct

from pump.base.compat import micropython
from pump.course.line import PARTS
from pump.protocol.protocol import MAX_SOLUTIONS, MAX_STEPS

_LAYOUT = "<" + "I" * (2 * MAX_SOLUTIONS + MAX_STEPS + PARTS) + "b" * PARTS + "B"
SIZE = struct.calcsize(_LAYOUT)
_FILLED, _DRAWN = MAX_SOLUTIONS, MAX_SOLUTIONS + MAX_STEPS
_LINE = _DRAWN + MAX_SOLUTIONS
_BAGS = _LINE + PARTS
_NUMBER = 4


@micropython.native
def put_tally(tally, buf, at):
    """Writes it to buf[at:at+SIZE]; takes no memory."""
    line = tally.line
    _put(buf, at, tally.by_bag)
    _put(buf, at + _NUMBER * _FILLED, tally.filled)
    _put(buf, at + _NUMBER * _DRAWN, tally.drawn)
    at += _NUMBER * _LINE
    _put(buf, at, line.pulses)
    at += _NUMBER * PARTS
    for i in range(PARTS):
        buf[at + i] = line.bag[i] & 255
    buf[at + PARTS] = line.count


@micropython.native
def _put(buf, at, row):
    for i in range(len(row)):
        value = row[i]
        buf[at] = value & 255
        buf[at + 1] = value >> 8 & 255
        buf[at + 2] = value >> 16 & 255
        buf[at + 3] = value >> 24
        at += _NUMBER


def take_tally(tally, buf, at):
    """Takes what `put_tally` wrote of a tally of the same plan."""
    values, line = struct.unpack_from(_LAYOUT, buf, at), tally.line
    for bag in range(len(tally.by_bag)):
        tally.by_bag[bag] = values[bag]
        tally.drawn[bag] = values[_DRAWN + bag]
    for k in range(len(tally.filled)):
        tally.filled[k] = values[_FILLED + k]
    for i in range(PARTS):
        line.pulses[i] = values[_LINE + i]
        line.bag[i] = values[_BAGS + i]
    line.count = values[-1]


def book_since(tally, course, first, step, pulses):
    """Books `pulses` that have come since the tally stood so, from step `first` to before `step`, which has begun or
    comes next: each of these steps has given its own, the last one the rest. Returns what is left over, which is none
    where the counts belong together."""
    for k in range(first, step):
        given = pulses if k == step - 1 else min(pulses, course.pulses[k])
        tally.settle(k, course.bag[k], given)
        pulses -= given
    return pulses
