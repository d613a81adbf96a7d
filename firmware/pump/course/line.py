"""What the shared line holds, stretch by stretch, from the vein to the bags: plug flow (PRO-7).

Fixed memory: nothing is made while the drug flows, and no loop here passes over more than PARTS stretches. No stretch
is ever empty. A line of many short stretches, one of each re-hanging, may need more than there is room for: then the
two last are joined and count as the stronger bag's, so that what comes from there runs too slowly, never too fast.
"""

from array import array

from pump.base.compat import micropython

PARTS = 16


class Line:
    """`count` stretches: `pulses[i]` of `bag[i]` (pump.protocol.vein.SALINE: of none). No dead volume: no stretch."""

    def __init__(self, strongest):
        self._strongest = strongest  # of two bags, the stronger one
        self.pulses = array("I", bytes(4 * PARTS))
        self.bag = array("b", bytes(PARTS))
        self.count = 0

    @micropython.native
    def fill(self, pulses, bag):
        """The whole line holds so many pulses of one bag."""
        self.count = 1 if pulses else 0
        self.pulses[0] = pulses
        self.bag[0] = bag

    def copy(self):
        """Another line of the same content."""
        other = Line(self._strongest)
        other.pulses[:] = self.pulses
        other.bag[:] = self.bag
        other.count = self.count
        return other

    def holds_only(self, bag):
        """True when no other bag's solution is in it."""
        return not self.count or (self.count == 1 and self.bag[0] == bag)

    @micropython.native
    def push(self, bag, pulses):
        """So many pulses of a bag enter, as many leave at the vein."""
        if not self.count or not pulses:
            return
        self._enter(bag, pulses)
        held, gone = self.pulses, 0
        while held[gone] <= pulses:  # the line holds more than what entered: a stretch stays
            pulses -= held[gone]
            gone += 1
        held[gone] -= pulses
        if gone:
            self._forward(gone)

    @micropython.native
    def _enter(self, bag, pulses):
        last = self.count - 1
        if self.bag[last] != bag:
            if self.count < PARTS:
                last = self.count
                self.count = last + 1
                self.pulses[last] = 0
                self.bag[last] = bag
            else:
                self.bag[last] = self._strongest(self.bag[last], bag)
        self.pulses[last] += pulses

    @micropython.native
    def _forward(self, gone):
        """The first stretches have left."""
        held, bags = self.pulses, self.bag
        count = self.count = self.count - gone
        for i in range(count):
            held[i] = held[i + gone]
            bags[i] = bags[i + gone]

    def pack(self, to):
        """Appends what it holds."""
        to.append(self.count)
        for i in range(self.count):
            to.append(self.pulses[i])
            to.append(self.bag[i])
