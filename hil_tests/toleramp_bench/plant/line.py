"""The line that the bags share: plug flow through its dead volume, in whole picolitres.

As pump.protocol.vein, by other means: a queue of segments. What goes in pushes the same out at the vein
(`push`), or is stored for a while (`feed` and `take` apart). Nothing is lost: fed = in the line - at first + taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple


class Source(NamedTuple):
    """Where liquid comes from: the bag's id and its concentration in pg/nL (mg/L), exact."""

    bag: str
    pg_nl: Fraction


SALINE = Source("saline", Fraction(0))
AIR = Source("air", Fraction(0))
BLOOD = Source("blood", Fraction(0))


class Segment(NamedTuple):
    """A volume of one liquid."""

    volume_pl: int
    source: Source

    @property
    def dose_pg(self) -> Fraction:
        """The drug in it."""
        return self.volume_pl * self.source.pg_nl / 1000


_Pop = Callable[[], Segment]
_PutBack = Callable[[Segment], None]


class Line:
    """From the pump (entry) to the vein. `total_pl` is what it holds, stored volume included."""

    def __init__(self, dead_pl: int, filling: Source = SALINE) -> None:
        """A line of `dead_pl`, full of `filling`."""
        self.total_pl = dead_pl
        self._queue: deque[Segment] = deque([Segment(dead_pl, filling)] if dead_pl else [])  # the vein's end first
        self._sources = {filling.bag: filling}
        self._out_pl: dict[str, int] = {}

    # --- readouts ------------------------------------------------------------------------------------------

    def contents(self) -> list[Segment]:
        """What is in it, the vein's end first."""
        return list(self._queue)

    def content_pg(self) -> Fraction:
        """The drug in it."""
        return sum((segment.dose_pg for segment in self._queue), Fraction(0))

    def out_pl(self) -> dict[str, int]:
        """Net volume that has reached the vein, by bag."""
        return dict(self._out_pl)

    def out_pg(self, bag: str | None = None) -> Fraction:
        """Dose that has reached the vein, of one bag or of all."""
        bags = self._out_pl if bag is None else (bag,)
        doses = (Segment(self._out_pl[name], self._sources[name]).dose_pg for name in bags if name in self._out_pl)
        return sum(doses, Fraction(0))

    # --- flow ----------------------------------------------------------------------------------------------

    def push(self, volume_pl: int, source: Source) -> list[Segment]:
        """Feeds `volume_pl`; the segments that reach the vein for it, in their order."""
        self.feed(volume_pl, source)
        return self.take(volume_pl)

    def feed(self, volume_pl: int, source: Source) -> None:
        """`volume_pl` of a liquid comes in at the entry."""
        if volume_pl < 0:
            raise ValueError("withdraw() takes back")
        if self._sources.setdefault(source.bag, source) != source:
            raise ValueError(f"bag {source.bag!r} has one concentration")
        self.total_pl += volume_pl
        _join(self._queue, volume_pl, source)

    def take(self, volume_pl: int) -> list[Segment]:
        """`volume_pl` leaves into the vein; what it is made of. Below 0: that much blood is drawn in, and [] given."""
        if volume_pl < 0:
            self._reverse(-volume_pl)
            return []
        taken = self._cut(volume_pl, self._queue.popleft, self._queue.appendleft)
        for volume, source in taken:
            self._out_pl[source.bag] = self._out_pl.get(source.bag, 0) + volume
        return taken

    def withdraw(self, volume_pl: int) -> list[Segment]:
        """A pump that turns back draws `volume_pl` out of the entry; what it is made of, last in first."""
        return self._cut(volume_pl, self._queue.pop, self._queue.append)

    def insert(self, volume_pl: int, source: Source, place_pl: int) -> None:
        """A liquid (air) comes in `place_pl` behind the entry, and pushes on what lies between there and the vein."""
        behind = self.withdraw(min(place_pl, self.total_pl))
        self.feed(volume_pl, source)
        for segment in reversed(behind):
            self.feed(*segment)

    def _reverse(self, volume_pl: int) -> None:
        self.total_pl += volume_pl
        self._sources[BLOOD.bag] = BLOOD
        self._out_pl[BLOOD.bag] = self._out_pl.get(BLOOD.bag, 0) - volume_pl
        self._queue.appendleft(Segment(volume_pl, BLOOD))

    def _cut(self, volume_pl: int, pop: _Pop, put_back: _PutBack) -> list[Segment]:
        """Takes `volume_pl` from one end of the queue."""
        if not 0 <= volume_pl <= self.total_pl:
            raise ValueError(f"{volume_pl} pL of a line that holds {self.total_pl} pL")
        self.total_pl -= volume_pl
        cut = []
        while volume_pl:
            segment = pop()
            if segment.volume_pl > volume_pl:
                put_back(Segment(segment.volume_pl - volume_pl, segment.source))
                segment = Segment(volume_pl, segment.source)
            volume_pl -= segment.volume_pl
            cut.append(segment)
        return cut


class Passed:
    """What has passed a place, in its order: it tells how much of each liquid the first so many picolitres held."""

    def __init__(self) -> None:
        self._queue: deque[Segment] = deque()  # the first to pass first

    def feed(self, volume_pl: int, source: Source) -> None:
        """`volume_pl` more have passed."""
        _join(self._queue, volume_pl, source)

    def withdraw(self, volume_pl: int) -> None:
        """The last `volume_pl` came back."""
        while self._queue and volume_pl > 0:
            last = self._queue.pop()
            if last.volume_pl > volume_pl:
                self._queue.append(Segment(last.volume_pl - volume_pl, last.source))
            volume_pl -= last.volume_pl

    def first(self, volume_pl: int) -> list[Segment]:
        """What the first `volume_pl` were made of."""
        found = []
        for segment in self._queue:
            if volume_pl <= 0:
                break
            found.append(Segment(min(volume_pl, segment.volume_pl), segment.source))
            volume_pl -= segment.volume_pl
        return found


def _join(queue: deque[Segment], volume_pl: int, source: Source) -> None:
    """Appends, joined to a last segment of the same liquid: so the queue stays as short as the bags are few."""
    if queue and queue[-1].source == source:
        queue[-1] = Segment(queue[-1].volume_pl + volume_pl, source)
    elif volume_pl:
        queue.append(Segment(volume_pl, source))
