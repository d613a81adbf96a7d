"""A session that a reset or a power cut has ended: told until a person has seen it, or a protocol is loaded (INT-8).

So is one that ended while the patient was low, by a lock or by a fault; after a lock or a fault no protocol is loaded
before a person has seen it: power off and on is no way around "do not use this pump again".
"""

from pump.store.journal import MUST_SEE
from pump.tables.causes import BIT, SESSION_LOST


class Lost:
    """`step`: the one that ran (from 1), 0: there is none. `must`: nothing is loaded before a person has seen it.
    `bits`: conditions of tables.causes.

    `found`: as journal.unfinished tells.
    """

    def __init__(self, found):
        self.find(found)

    def find(self, found):
        """So much is open."""
        self.must = found & MUST_SEE != 0
        self.step = found & (MUST_SEE - 1)
        self.bits = BIT[SESSION_LOST] if self.step else 0

    def seen(self):
        """A person knows."""
        self.must = False
        self.step = self.bits = 0

    def pack(self, to):
        """Appends what decides from here on."""
        to.append(self.must)
        to.append(self.step)
