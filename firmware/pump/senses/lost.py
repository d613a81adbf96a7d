"""A session that a reset or a power cut has ended: told until a person has seen it, or a protocol is loaded (INT-8)."""

from pump.tables.causes import BIT, SESSION_LOST


class Lost:
    """`step`: the one that ran (from 1), 0: there is none. `bits`: conditions of tables.causes."""

    def __init__(self, step):
        self.step = step
        self.bits = BIT[SESSION_LOST] if step else 0

    def seen(self):
        """A person knows."""
        self.step = self.bits = 0
