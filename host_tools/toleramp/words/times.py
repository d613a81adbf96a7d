"""A point in time as people read it: always with its offset from UTC, and with the ward's zone by name where given.

"08:00" alone is another moment on another ward, and twice a year on the same one: a label read an hour or five late.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pump.base import calendar

UNKNOWN = "zone not known"
NO_CLOCK = "clock not set"  # the pump's: it has no time, or none to be trusted


def zone(name: object) -> ZoneInfo | None:
    """The time zone of this name ("Europe/Berlin"); None for what is none."""
    if not isinstance(name, str) or "/" not in name:  # "EST" and the like stand for more than one
        return ZoneInfo("UTC") if name == "UTC" else None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None


def zone_of(content: dict[str, Any]) -> ZoneInfo | None:
    """The ward's zone as a protocol file names it; None where it does not."""
    head = content.get("protocol")
    return zone(head.get("ward_zone")) if isinstance(head, dict) else None


def pump_time(wall_s: int) -> datetime | None:
    """The time of a record, or of the pump's clock; None where there is none."""
    return None if wall_s == calendar.NO_TIME else datetime.fromtimestamp(calendar.EPOCH + wall_s, UTC)


def iso(moment: datetime | None) -> str | None:
    """ "2026-11-22T08:00:00Z"; None for none."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def later(moment: datetime, hours: Any) -> datetime:
    """So many hours later, as time passes: a change of the clocks in between adds or takes none."""
    return (moment.astimezone(UTC) + timedelta(minutes=float(hours) * 60)).astimezone(moment.tzinfo)


def offset(moment: datetime) -> str:
    """ "+01:00", or that it is not known."""
    return moment.isoformat()[-6:] if moment.utcoffset() is not None else f"({UNKNOWN})"


def shown(moment: datetime, ward: ZoneInfo | None = None) -> str:
    """ "2026-11-22 08:00 +01:00": in the ward's clock, its zone behind it, where the zone is known."""
    if ward is None or moment.utcoffset() is None:
        return f"{moment:%Y-%m-%d %H:%M} {offset(moment)}"
    there = moment.astimezone(ward)
    return f"{there:%Y-%m-%d %H:%M} {offset(there)} {ward.key}"


def clock(moment: datetime) -> str:
    """ "08:00:00 +01:00": for tables that name the day elsewhere."""
    return f"{moment:%H:%M:%S} {offset(moment)}"
