"""Whether the pump is on the mains, as the comparator of its supply says; a part that does not answer says no (ALM-5).

Nothing follows from it alone: the battery is judged by it (senses.battery).
"""

from pump.base.compat import micropython

LOOKS = 8  # of 80 ms, in a row: a plug that bounces is none


class Sense:
    """`sense` takes a reading each look; `present` once the mains have been there for so many of them."""

    bits = 0

    def __init__(self):
        self._looks = 0
        self.present = False

    @micropython.native
    def sense(self, level):
        """A reading: 1 with the mains there."""
        self._looks = min(self._looks + 1, LOOKS) if level else 0
        self.present = self._looks >= LOOKS

    def comes(self):
        """It seems to be there, and is not yet sure."""
        return 0 < self._looks < LOOKS

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self._looks)
