"""The pump's settings as they lie in its FRAM, written beforehand: as `toleramp oximeter set` leaves them."""

from __future__ import annotations

from pump.io import Outputs
from pump.store.settings import Settings
from pump.tables import oximeters
from pump.tables.settings import OXIMETER


def slot_for(form: str) -> tuple[int, bytes]:
    """FRAM slot and content by which a pump expects that oximeter format."""
    settings, out = Settings(), Outputs()
    settings.set(OXIMETER, oximeters.NAMES.index(form))
    settings.store(out)
    return out.fram_slot, bytes(out.fram)
