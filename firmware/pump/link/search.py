"""A record is sought by its number among the log's places: by halves, beginning where its neighbour was found.

Numbers rise with the places. What is damaged tells none: the next place is looked at instead.
"""

from pump.base.compat import micropython
from pump.store.journal import valid


class Search:
    """`begin`, then `judge` what lies at the place `at`, while it `goes_on`. `seeks`: the number; -1: none."""

    def __init__(self):
        self.at = 0
        self.seeks = -1
        self._low = self._high = self._middle = 0  # it lies at or behind `low`, before `high`
        self._found = self._found_at = -1  # number and place of the last one

    @micropython.native
    def begin(self, seq, places):
        """The record with that number among so many places."""
        self.seeks = seq
        self._low, self._high = 0, places
        middle = self._found_at + seq - self._found
        if self._found < 0 or not 0 <= middle < places:
            middle = places >> 1
        self.at = self._middle = middle

    @micropython.native
    def goes_on(self):
        """False when there is no place left where it might be."""
        return self._low < self._high

    @micropython.native
    def judge(self, record):
        """True when that is it; else `at` is where to look next."""
        at = self.at
        if not valid(record, 0):
            self.at = at + 1
            if at + 1 < self._high:
                return False
            self._high = self._middle
        else:
            number = record[0] | record[1] << 8 | record[2] << 16 | record[3] << 24
            if number == self.seeks:
                self._found, self._found_at = number, at
                return True
            if number < self.seeks:
                self._low = at + 1
            else:
                self._high = self._middle
        self.at = self._middle = (self._low + self._high) >> 1
        return False
