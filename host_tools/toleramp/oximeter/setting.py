"""The oximeter's format: which one the pump is set to, which one it reads, and from when on a change counts."""

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from pump.tables import oximeters, refusals, settings
from toleramp.errors import Refused, UserError
from toleramp.words import rows

if TYPE_CHECKING:
    from toleramp.device.client import Pump

SAVED_S, _LOOK_S = 2.0, 0.15  # records may be written before it
SWITCH = "switch the pump off and on"


class Setting(NamedTuple):
    """Formats as rows of pump.tables.oximeters: the one that is `set`, the one that is `read` since power-on; `kept`:
    what is set outlives power-off."""

    set: int
    read: int
    kept: bool

    @property
    def waits(self) -> bool:
        """Whether what is set counts from the next power-on only."""
        return self.set != self.read

    def record(self) -> dict[str, Any]:
        """With names, for a program."""
        return {"set": _name(self.set), "reads": _name(self.read), "kept": self.kept}


def of(hello: dict[str, Any]) -> Setting:
    """What a HELLO_REPLY says of it."""
    return Setting(int(hello["oximeter"]), int(hello["reads"]), bool(hello["kept"]))


def told(setting: Setting) -> str:
    """What is read since when, and what is set from when on."""
    lost = "" if setting.kept else "; this is not saved: the pump's memory does not answer (LOG LOST)"
    if not setting.waits:
        return f"{_name(setting.read)}, set and read since power-on{lost}"
    return f"{_name(setting.read)}, read since power-on; {_name(setting.set)} is set for the next power-on{lost}"


def change(pump: "Pump", form: int) -> Setting:
    """Sets a format, and waits until it is saved. UserError while a session runs, and where it is not saved."""
    try:
        pump.set(settings.OXIMETER, form)
    except Refused as refusal:
        if refusal.row == refusals.BUSY:
            raise UserError("a session runs", pump.port, "set the format before it or after it") from None
        raise
    end = time.monotonic() + SAVED_S
    setting = of(pump.hello())
    while not setting.kept and time.monotonic() < end:
        time.sleep(_LOOK_S)
        setting = of(pump.hello())
    if not setting.kept:
        what = f"{_name(form)} is set, but not saved: the pump's memory does not answer (LOG LOST)"
        raise UserError(what, pump.port, "the next power-on forgets it: see to the memory, then set it again")
    return setting


def changed(setting: Setting) -> str:
    """What comes after a change."""
    name, read = _name(setting.set), _name(setting.read)
    if not setting.waits:
        return f"{name} is set and saved; the pump reads it already, since power-on"
    return f"{name} is set and saved, and counts from the next power-on: {SWITCH}; until then the pump reads {read}"


def _name(form: int) -> str:
    return rows.name(oximeters, form)
