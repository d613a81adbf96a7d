"""The pump's clock beside this computer's, and how it is set from here."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pump.base import calendar
from pump.tables import causes, refusals
from toleramp.device.client import Pump
from toleramp.errors import NoAnswer, Refused, UserError
from toleramp.words import rows
from toleramp.words.causes import reason
from toleramp.words.times import NO_CLOCK, iso, pump_time

SAME_S = 2  # the pump asks its clock once a second, and both say whole seconds
APART_S = 60
_SETTLE_S = 1.5  # until the pump has asked it anew
_TAKEN_S = 10  # an emulated pump runs slower than real time


def now() -> datetime:
    """This computer's time."""
    return datetime.now(UTC)


def shown(moment: datetime | None) -> str:
    """ "2026-11-22 08:00:00 UTC", or that there is none."""
    return NO_CLOCK if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Clocks:
    """What both say at one moment. `pump`: None where it says no time; `cause`: why it is not trusted, a row."""

    pump: datetime | None
    here: datetime
    cause: int

    def ahead_s(self) -> int | None:
        """By how much the pump's is ahead."""
        return None if self.pump is None else round((self.pump - self.here).total_seconds())

    @property
    def trusted(self) -> bool:
        """By the pump."""
        return self.cause == causes.NONE

    def fine(self) -> bool:
        """Trusted, and not far from this one."""
        ahead_s = self.ahead_s()
        return self.trusted and ahead_s is not None and abs(ahead_s) <= APART_S

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "pump": iso(self.pump),
            "laptop": iso(self.here),
            "ahead_s": self.ahead_s(),
            "trusted": self.trusted,
            "why": rows.name_or_none(causes, self.cause),
            "battery_lost": self.cause == causes.CLOCK_UNSET,
        }

    def text(self) -> str:
        """The same for people, in three lines."""
        return f"pump    {shown(self.pump)}\nlaptop  {shown(self.here)}\n{self._verdict()}"

    def _verdict(self) -> str:
        if not self.trusted:
            return f"the pump does not trust its clock: {reason(rows.name(causes, self.cause))}"
        ahead_s = self.ahead_s()
        if ahead_s is None or abs(ahead_s) <= SAME_S:
            return "both say the same"
        return f"the pump's is {timedelta(seconds=abs(ahead_s))} {'ahead' if ahead_s > 0 else 'behind'}"


def compare(pump: Pump) -> Clocks:
    """Asks the pump now."""
    said = pump.clock()
    return Clocks(pump_time(said["wall_s"]), now(), said["cause"])


def set_from_here(pump: Pump) -> Clocks:
    """Sets it as a second begins here, and compares. UserError when it cannot be, or did not take it."""
    wall_s = int(now().timestamp()) + 1 - calendar.EPOCH
    if not calendar.FIRST_S <= wall_s <= calendar.LAST_S:
        raise UserError(f"this computer's clock says {shown(now())}", "clock --set", "set that first")
    pump.challenge()
    time.sleep(max(0.0, wall_s + calendar.EPOCH - now().timestamp()))
    try:
        pump.set_clock(wall_s)
    except NoAnswer:
        pass  # what it says next tells whether it came
    except Refused as refusal:
        if refusal.row == refusals.BUSY:
            raise UserError("a session runs", pump.port, "set the clock before it or after it") from None
        raise
    time.sleep(_SETTLE_S)
    found = compare(pump)
    ahead_s = found.ahead_s()
    if ahead_s is None or abs(ahead_s) > _TAKEN_S:
        raise UserError(f"the clock did not take the time: it says {shown(found.pump)}", pump.port, "try again")
    return found
