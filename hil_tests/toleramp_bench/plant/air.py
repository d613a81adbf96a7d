"""Air in the line: pockets that travel with the liquid past the detector to the patient, whole picolitres.

Every place in the liquid keeps the mark that the entry's count of volume had when it came in. Then nothing has to be
moved: the entry, the detector and the vein are cursors on one scale, and a pocket is an interval on it.
"""

from __future__ import annotations

from bisect import bisect_left


class AirPath:
    """The air in a line of `volume_pl`. entered = in the line + reached the patient, always."""

    def __init__(self, volume_pl: int) -> None:
        self._entry_mark, self._vein_mark = 0, -volume_pl
        self._pockets: list[tuple[int, int]] = []  # marks from, to; the vein's end first
        self.entered_pl = self.reached_pl = 0

    @property
    def in_line_pl(self) -> int:
        """Air that is in the line."""
        return sum(end - start for start, end in self._pockets)

    def between_pl(self, from_pl: int, to_pl: int) -> int:
        """Air that lies `from_pl` to `to_pl` behind the entry."""
        low, high = self._entry_mark - to_pl, self._entry_mark - from_pl
        return sum(max(0, min(end, high) - max(start, low)) for start, end in self._pockets)

    def feed(self, volume_pl: int, air: bool = False) -> None:
        """`volume_pl` of liquid, or of air, comes in at the entry."""
        start = self._entry_mark
        self._entry_mark = end = start + volume_pl
        if not air or not volume_pl:
            return
        self.entered_pl += volume_pl
        if self._pockets and self._pockets[-1][1] == start:
            start = self._pockets.pop()[0]
        self._pockets.append((start, end))

    def take(self, volume_pl: int) -> int:
        """`volume_pl` leaves into the vein (below 0: blood comes in); the air in it."""
        self._vein_mark += volume_pl
        return self._leave() if self._pockets else 0

    def withdraw(self, volume_pl: int) -> int:
        """A pump that turns back draws `volume_pl` out of the entry; the air in it."""
        mark = self._entry_mark = self._entry_mark - volume_pl
        gone_pl = sum(end - max(start, mark) for start, end in self._pockets if end > mark)
        self._pockets = [(start, min(end, mark)) for start, end in self._pockets if start < mark]
        self.entered_pl -= gone_pl
        return gone_pl

    def enter(self, volume_pl: int, place_pl: int) -> int:
        """A bubble comes in `place_pl` behind the entry (a leaking joint) and pushes on what lies towards the vein.

        The air that reaches the patient by it.
        """
        mark = self._entry_mark - place_pl
        split = [part for pocket in self._pockets for part in _split(pocket, mark)]
        ahead = bisect_left(split, (mark, mark))
        pushed = [(start - volume_pl, end - volume_pl) for start, end in split[:ahead]]
        self._pockets = [*pushed, (mark - volume_pl, mark), *split[ahead:]]
        self.entered_pl += volume_pl
        return self._leave()

    def _leave(self) -> int:
        """Takes away what lies beyond the vein's mark."""
        mark = self._vein_mark
        gone_pl = sum(min(end, mark) - start for start, end in self._pockets if start < mark)
        self._pockets = [(max(start, mark), end) for start, end in self._pockets if end > mark]
        self.reached_pl += gone_pl
        return gone_pl


def _split(pocket: tuple[int, int], mark: int) -> list[tuple[int, int]]:
    start, end = pocket
    return [(start, mark), (mark, end)] if start < mark < end else [pocket]
