"""Whole picolitres from a model that works in floats: what is cut off is carried to the next time."""

from __future__ import annotations

from math import floor


class WholePl:
    """Gives out a flow in whole picolitres; never more than one behind what came in, and never ahead."""

    def __init__(self) -> None:
        self._carry_pl = 0.0

    def __call__(self, volume_pl: float) -> int:
        """The whole picolitres that are due now that `volume_pl` more have come."""
        due_pl = self._carry_pl + volume_pl
        whole_pl = floor(due_pl)
        self._carry_pl = due_pl - whole_pl
        return whole_pl
