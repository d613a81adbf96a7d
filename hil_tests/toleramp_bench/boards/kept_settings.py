"""The pump's settings as they lie in its FRAM, written beforehand: as `toleramp oximeter set` leaves them."""

from __future__ import annotations

from pump.io import FRAM_SLOT, Outputs
from pump.store.settings import Settings
from pump.tables import oximeters
from pump.tables.settings import OXIMETER
from toleramp_bench.devices.fram import Fram


def slot_for(form: str) -> tuple[int, bytes]:
    """FRAM slot and content by which a pump expects that oximeter format."""
    settings, out = Settings(), Outputs()
    settings.set(OXIMETER, oximeters.NAMES.index(form))
    settings.store(out)
    return out.fram_slot, bytes(out.fram)


def memory_for(form: str) -> Fram:
    """The FRAM of a pump that was set to that format, and has nothing else in it."""
    fram = Fram()
    slot, content = slot_for(form)
    fram.contents[slot * FRAM_SLOT : (slot + 1) * FRAM_SLOT] = content
    return fram
