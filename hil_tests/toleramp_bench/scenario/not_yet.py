"""Names of records and codes that are defined while the pump has not their behaviour yet, each with its requirement.

A file may use them: its run is then "open", as with a word of which the pump lacks a part. What the pump learns leaves
these tables (a test finds what it says already), and needs no other change.
"""

from __future__ import annotations

from collections.abc import Iterable

from pump.tables import events
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.words import codes_of

MISSING: dict[str, str] = {}
MISSING[EVENTS.CHECKLIST_COMPLETED] = "SES-1"
MISSING[EVENTS.PRIMED] = "FLO-9"
MISSING[EVENTS.STEP_INSERTED] = "SES-3"
MISSING[EVENTS.OBSERVATION_DUE] = "SES-2"
MISSING[EVENTS.OBSERVATION] = "SES-2"
MISSING[EVENTS.OBSERVATION_OVERDUE] = "SES-2"
MISSING[EVENTS.UNLOCKED] = "SES-4"
MISSING[EVENTS.PERMIT_LOST] = "FLO-7"
MISSING[EVENTS.FLUSH_STARTED] = "SES-9"
MISSING[EVENTS.FLUSH_COMPLETED] = "SES-9"
MISSING[EVENTS.HANDOVER] = "SES-12"
MISSING[EVENTS.POWER_LOST] = "SES-14"
FINAL_STATES = {"abandoned": "SES-8"}

_SENSED = {
    "occlusion": "ALM-5",
    "air": "ALM-5",
    "door": "ALM-5",
    "bag-empty": "ALM-5",
    "over-temperature": "ALM-5",
    "sensor-plausibility": "ALM-5",
    "free-flow": "FLO-7",
}
_ENTERED = {EVENTS.OBSERVATION: "SES-10", "observation-overdue": "SES-2"}
_CHECKED = {"overrun": "INT-1"}
_ALARMS = {**_SENSED, **_ENTERED, **_CHECKED, "trim": "FLO-3", "reminder": "SES-8", "idle": "SES-8"}
_HELD = {**_SENSED, **_ENTERED}
CODES: dict[str, dict[str, str]] = dict.fromkeys(EVENTS.of(events.ALARMS), _ALARMS)
CODES[EVENTS.PAUSED] = _HELD
CODES[EVENTS.RESUMED] = _HELD
CODES[EVENTS.STOPPED] = _SENSED
CODES[EVENTS.FAULT] = {**_SENSED, **_CHECKED}
CODES[EVENTS.REACTION] = {"moderate": "SES-4"}
CODES[EVENTS.LOCKED] = CODES[EVENTS.REACTION]


def known_codes(event: str) -> tuple[str, ...]:
    """The codes that records of that name have, or will have."""
    own = codes_of(event)
    return (*own, *(code for code in CODES.get(event, ()) if code not in own))


def lacking(event: str | None, code: str | None = None) -> Iterable[str]:
    """What of a record the pump cannot say yet: "observation_due SES-2", "alarm_raised.occlusion ALM-5"."""
    if event in MISSING:
        yield f"{event} {MISSING[event]}"
    if event and code and code not in codes_of(event) and code in CODES.get(event, ()):
        yield f"{event}.{code} {CODES[event][code]}"


def lacking_state(state: str) -> Iterable[str]:
    """What of a final state the pump cannot reach yet."""
    if state in FINAL_STATES:
        yield f"final_state.{state} {FINAL_STATES[state]}"
