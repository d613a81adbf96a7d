"""What sends each serial format and how often, for each row of pump.tables.oximeters; its line, as its module has it.

The devices are those that publish the format, or that others have read with it; none was at this pump yet.
"""

from typing import NamedTuple

from oximeters.registry import module
from pump.tables import lines, oximeters
from toleramp.errors import UserError
from toleramp.words import rows


class Words(NamedTuple):
    """The devices, and the seconds from one reading to the next as people write them."""

    devices: str
    every_s: str


_MODULES = "Nonin OEM III, Xpod, 9560, 3150"
WORDS: dict[int, Words] = {}
WORDS[oximeters.NONIN_DF2] = Words(_MODULES, "1/3")
WORDS[oximeters.NONIN_DF1] = Words(_MODULES, "1")
WORDS[oximeters.NONIN_DF7] = Words(_MODULES, "1/3")
WORDS[oximeters.NONIN_DF8] = Words(_MODULES, "1")
WORDS[oximeters.BCI5] = Words("BCI, Berry, Contec CMS50D+ up to firmware 4.5", "1/4")
WORDS[oximeters.CONTEC9] = Words("Contec CMS50D+ from firmware 4.6, CMS50E, CMS50F", "1/4")
WORDS[oximeters.MASIMO_ASCII] = Words("Masimo Rad-8, Radical-5, Radical-7, set to ASCII 1", "1")
WORDS[oximeters.NELLCOR_ASCII] = Words("Nellcor N-395, N-560, N-595, N-600, NPB-190 to 295", "2")
WORDS[oximeters.NONIN_ASCII] = Words("Nonin 2500, 8500, 9847, Avant", "1")


def demanded(name: str, where: str) -> int:
    """The row of the format with this name; `where` it was written stands in the UserError for any other."""
    form = rows.number(oximeters, name)
    if form == rows.NO_ROW:
        raise UserError(f"no format is called {name[:40]!r}", where, "there are " + ", ".join(oximeters.NAMES))
    return form


def own_line(form: int) -> int:
    """The line settings with which this pump reads a format, as a row of pump.tables.lines."""
    made = module(oximeters.NAMES[form])
    parity = lines.NO_PARITY if made.PARITY is None else made.PARITY
    return next(k for k in range(1, lines.COUNT) if (lines.BAUD[k], lines.PARITY[k]) == (made.BAUD, parity))


def is_started(form: int) -> bool:
    """Whether a device is silent until the pump starts it."""
    return bool(module(oximeters.NAMES[form]).START)


def keep_alive_s(form: int) -> float | None:
    """How often the pump tells the device to stay awake (s); None where it does not."""
    made = module(oximeters.NAMES[form])
    return made.KEEP_ALIVE_MS / 1000 if made.KEEP_ALIVE else None


def sent(form: int) -> str:
    """What the pump sends to the device, in words; "nothing" for most."""
    awake_s = keep_alive_s(form)
    said = ["start"] if is_started(form) else []
    said += [f"keep-alive each {awake_s:g} s"] if awake_s else []
    return ", ".join(said) or "nothing"
