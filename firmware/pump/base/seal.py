"""What decides, and changes only at known points, is folded into one number there: a bit that changes by itself in
between is found before it decides (INT-4)."""

from pump.base.compat import micropython


class Seal:
    """`close` after each change by those who may; `whole` before anything is decided by it.

    `fold(owner)`: exclusive or of all its integers and truths, so that one flipped bit of them, or of the number kept
    here, is always seen. It names each by itself: to look names up costs twice the time. Takes no memory.
    """

    def __init__(self, fold, owner):
        self._fold = fold
        self._owner = owner
        self._folded = 0
        self.close()

    @micropython.native
    def close(self):
        """What they are now is what they have to be."""
        self._folded = self._fold(self._owner)

    @micropython.native
    def whole(self):
        """False when one of them is not what it was."""
        return self._fold(self._owner) == self._folded
