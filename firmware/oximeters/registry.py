"""From a format's name to its module: parsers are imported when they are chosen.

A module has BAUD, PARITY (1 odd, 0 even, None none), SILENCE_MS (longer than this between two bytes, and the line is
dead), START (bytes to send while nothing comes, or none), KEEP_ALIVE (bytes to send, or none) with KEEP_ALIVE_MS, PROOF
(so many samples in a row, and no byte thrown away between them, are of this format), EVERY_MS (no two of them come
sooner after each other), and the class Parser. Its `forget` is called when the line has been silent: what it has learnt
of a module ends there.
"""

from pump.tables.oximeters import NAMES


def module(name):
    """The module of a format by its name. Raises ValueError for a name that is not registered."""
    if name not in NAMES:
        raise ValueError("no oximeter format '%s': there are %s" % (name, ", ".join(NAMES)))
    package = __import__("oximeters." + name.replace("-", "_"))
    return getattr(package, name.replace("-", "_"))


def parser(name):
    """A new parser for the format of that name (ValueError for an unknown one)."""
    return module(name).Parser()
