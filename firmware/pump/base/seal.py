"""What decides, and changes only at known points, is folded into one number there: a bit that changes by itself in
between is found before it decides (INT-4)."""

from pump.base.compat import micropython


class Seal:
    """`close` after each change by those who may; `whole` before anything is decided by it.

    `parts`: objects and the names of their integers or truths, as pairs (object, tuple of names). One flipped bit of
    them, or of the number itself, is always seen. Takes no memory.
    """

    def __init__(self, parts):
        self._owners = [part[0] for part in parts]
        self._names = [part[1] for part in parts]
        self._folded = 0
        self.close()

    @micropython.native
    def _fold(self):
        bits = 0
        owners, names = self._owners, self._names
        for k in range(len(owners)):
            owner = owners[k]
            for name in names[k]:
                bits ^= getattr(owner, name)
        return bits

    @micropython.native
    def close(self):
        """What they are now is what they have to be."""
        self._folded = self._fold()

    @micropython.native
    def whole(self):
        """False when one of them is not what it was."""
        return self._fold() == self._folded
