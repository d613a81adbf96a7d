"""The core as it stands, whole: all that its rooms hold, in bytes, from which a laptop sets up one that goes on alike.

Objects are gone through from the controller down, attributes by name. A number is one byte from 0x80 on where it lies
between -8 and 119; else a letter leads what follows:

    N T F  none, true, false | i  number, by sevens, the sign in its lowest bit | b  bytes, y  bytearray
    a l t  array, list, tuple: count, then each | d  dict: count, then the values in the order of its keys
    o  object: count of its attributes, then each by name | r  what came before, its number | x  anything else: as built

Bytes are pairs of counts: so many as they are, which follow, then so many zeros. Keys of people are no part of it, but
who they are is: with a key others could sign (SEC-1).
"""

from array import array

from pump.base.compat import micropython, ptr8

LEFT_OUT = ("recorder", "stats", "_seed", "told")
_LOW, _HIGH = -8, 119
_RUN = 255


@micropython.viper
def _filled(data: ptr8, at: int, end: int) -> int:
    """Where two zeros follow, or the end."""
    while at < end:
        if not data[at]:
            if at + 1 >= end:
                return at
            if not data[at + 1]:
                return at
        at += 1
    return at


@micropython.viper
def _zeros(data: ptr8, at: int, end: int) -> int:
    """Where the zeros end."""
    while at < end:
        if data[at]:
            return at
        at += 1
    return at


@micropython.native
def put_number(put, value):
    """A number of any size by seven bits a byte."""
    value = value << 1 if value >= 0 else (-value << 1) - 1
    while value > 127:
        put(value & 127 | 128)
        value >>= 7
    put(value)


@micropython.native
def put_bytes(put, data):
    """Bytes: their number, then pairs of runs."""
    put_number(put, len(data))
    at, end = 0, len(data)
    while at < end:
        first = at
        at = _filled(data, at, min(end, at + _RUN))
        put(at - first)
        for i in range(first, at):
            put(data[i])
        first = at
        at = _zeros(data, at, min(end, at + _RUN))
        put(at - first)


def _put_text(put, value):
    data = value.encode() if isinstance(value, str) else value
    put(ord("y" if isinstance(value, bytearray) else "b"))
    put_bytes(put, data)


@micropython.native
def _simple(put, value):
    """Whether it was a value without parts, which is put."""
    if value is None or value is True or value is False:
        put(ord("N" if value is None else "T" if value else "F"))
    elif isinstance(value, int):
        if _LOW <= value <= _HIGH:
            put(0x80 - _LOW + value)
        else:
            put(ord("i"))
            put_number(put, value)
    elif isinstance(value, (bytes, str)):
        _put_text(put, value)
    else:
        return False
    return True


@micropython.native
def _parts(put, value):
    """A value with parts: its head is put; its parts in their order."""
    kind, parts = "x", ()
    if isinstance(value, (array, list, tuple)):
        kind = "a" if isinstance(value, array) else "l" if isinstance(value, list) else "t"
        parts = value
    elif isinstance(value, dict):
        kind = "d"
        parts = [value[key] for key in sorted(value)]
    elif not callable(value) and hasattr(value, "__dict__") and not hasattr(value, "secret"):
        kind = "o"
        names = value.__dict__
        parts = [names[name] for name in sorted(names) if name not in LEFT_OUT]
    put(ord(kind))
    if kind != "x":
        put_number(put, len(parts))
    return parts


@micropython.native
def put_whole(put, root):
    """`put(byte)` takes the bytes of all that `root` holds. It allocates, and takes some tens of ms."""
    seen = {}
    todo = [root]
    while todo:
        value = todo.pop()
        if _simple(put, value):
            continue
        known = None if isinstance(value, tuple) else seen.get(id(value))
        if known is not None:
            put(ord("r"))
            put_number(put, known)
            continue
        if not isinstance(value, tuple):
            seen[id(value)] = len(seen)
        if isinstance(value, bytearray):
            _put_text(put, value)
        else:
            parts = _parts(put, value)
            for k in range(len(parts) - 1, -1, -1):
                todo.append(parts[k])
