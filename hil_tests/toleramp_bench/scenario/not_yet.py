"""Names of records and codes that are defined while the pump has not their behaviour yet, each with its requirement.

A file may use them: its run is then "open", as with a word of which the pump lacks a part. What the pump learns leaves
these tables (a test finds what it says already), and needs no other change.
"""

from __future__ import annotations

from collections.abc import Iterable

from toleramp_bench.scenario.words import codes_of

EVENTS = {
    "checklist_completed": "SES-1",
    "primed": "FLO-9",
    "step_inserted": "SES-3",
    "observation_due": "SES-2",
    "observation": "SES-2",
    "observation_overdue": "SES-2",
    "unlocked": "SES-4",
    "permit_lost": "FLO-7",
    "flush_started": "SES-9",
    "flush_completed": "SES-9",
    "handover": "SES-12",
    "power_lost": "SES-14",
    "recovered": "SES-14",
    "vitals": "INT-5",
}
FINAL_STATES = {"abandoned": "SES-8"}

_SENSED = {
    "occlusion": "ALM-5",
    "air": "ALM-5",
    "door": "ALM-5",
    "bag-empty": "ALM-5",
    "over-temperature": "ALM-5",
    "battery": "ALM-5",
    "sensor-plausibility": "ALM-5",
    "free-flow": "FLO-7",
}
_ENTERED = {"observation": "SES-10", "observation-overdue": "SES-2"}
_CHECKED = {"self-test": "INT-1", "overrun": "INT-1", "clock": "INT-3"}
_ALARMS = {**_SENSED, **_ENTERED, **_CHECKED, "trim": "FLO-3", "reminder": "SES-8", "idle": "SES-8"}
_HELD = {**_SENSED, **_ENTERED}
CODES: dict[str, dict[str, str]] = {
    "alarm_raised": _ALARMS,
    "alarm_cleared": _ALARMS,
    "paused": _HELD,
    "resumed": _HELD,
    "stopped": _SENSED,
    "fault": {**_SENSED, **_CHECKED},
    "reaction": {"moderate": "SES-4"},
    "locked": {"moderate": "SES-4"},
}


def known_codes(event: str) -> tuple[str, ...]:
    """The codes that records of that name have, or will have."""
    own = codes_of(event)
    return (*own, *(code for code in CODES.get(event, ()) if code not in own))


def lacking(event: str | None, code: str | None = None) -> Iterable[str]:
    """What of a record the pump cannot say yet: "observation_due SES-2", "alarm_raised.occlusion ALM-5"."""
    if event in EVENTS:
        yield f"{event} {EVENTS[event]}"
    if event and code and code not in codes_of(event) and code in CODES.get(event, ()):
        yield f"{event}.{code} {CODES[event][code]}"


def lacking_state(state: str) -> Iterable[str]:
    """What of a final state the pump cannot reach yet."""
    if state in FINAL_STATES:
        yield f"final_state.{state} {FINAL_STATES[state]}"
