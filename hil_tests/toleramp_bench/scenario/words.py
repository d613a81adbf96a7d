"""The words of a scenario file: every key with its kind and range, every `do`, and what the pump cannot do yet.

Numbers stay as they are written (int or Decimal); times "hh:mm:ss" become milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pump.base.units import RATE_MAX_E4, RATE_MIN_E4
from pump.tables import causes, checks, events, oximeters, parts, recoveries
from toleramp_bench.names import ALARMS, CAUSES, EVENTS, REFUSALS, STATES, VITALS

Number = int | Decimal


@dataclass(frozen=True)
class Key:
    """One key. `kind`: text, number, whole, flag, amount (true, false or a number), texts (one or a list), time, any.

    `default` is put in where the key is missing; `open` is the requirement that the pump still lacks for this key.
    """

    kind: str
    low: Number | None = None
    high: Number | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    default: Any = None
    open: str = ""
    longest: int = 200  # characters of a text


@dataclass(frozen=True)
class Word:
    """One `do`: its keys, how many of them it needs (`least`, or just one: `single`), the requirement still open."""

    keys: dict[str, Key] = field(default_factory=dict)
    least: int = 0
    single: bool = False
    open: str = ""


TEXT, FLAG, TIME = Key("text"), Key("flag"), Key("time")
_ON = Key("flag", default=True)
_WHO = Key("text", longest=24, open="SES-12")
_TIMES = Key("whole", 1, 10_000)
SPAN = Key("number", Decimal("0.001"), 86_400)  # seconds
BUTTONS = ("start", "stop", "confirm", "silence", "up", "down")
HOST = ("pause", "stop", "hang", "ping", "garbage", "load", "silence")  # silence: the laptop pings no more
SCREEN = parts.NAMES[parts.SCREEN]  # the part, and the word for what stands on it
LINE = 16  # characters of a line of the screen
PRIORITIES = ("none", "low", "medium", "high")  # of alarms, as their records number them
RESUME = ("same", "one-back", "two-back", "any-back")
GRADES = CAUSES.at(causes.GRADES)

# Signs of a reaction by the grade that follows from them (SES-4). Skin alone is mild; nothing else is.
_SKIN = ("hives", "urticaria", "itch", "flush", "rash", "erythema")
_NEVER_MILD = (
    "throat-tightness", "chest-tightness", "hoarseness", "angioedema", "wheeze", "stridor", "dyspnoea", "vomiting",
    "abdominal-pain", "presyncope", "syncope", "hypotension", "hypoxia", "cough", "collapse",
)  # fmt: skip
SIGNS = dict.fromkeys(_SKIN, CAUSES.MILD)
SIGNS |= dict.fromkeys(_NEVER_MILD, CAUSES.SEVERE)

# What is entered when the pump asks next: the grade of the hold (technical, mild, severe, end), or the step to go
# on at (same, one-back, two-back; any-back with `step`), and the bag. With any-back and mild `step` is the one that
# is chosen (after_step picks among the records of `after`); with the others it picks the record, as everywhere.
# With staff = "none" just this is entered: no press resumes.
_DECIDE = {
    "choice": Key("text", choices=(*RESUME, *GRADES), required=True),
    "step": Key("whole", 1, 40),
    "rate_ml_h": Key("number", Decimal(RATE_MIN_E4) / 10_000, RATE_MAX_E4 // 10_000, open="SES-3"),
    "minutes": Key("number", Decimal("0.01"), 1440, open="SES-3"),
    "insert": Key("flag", open="SES-3"),
}
_DECIDE["bag"] = Key("text", longest=1)

DO: dict[str, Word] = {
    "press": Word(
        {
            "button": Key("text", choices=BUTTONS),
            "buttons": Key("texts", choices=BUTTONS),  # one after the other, each beside the one before
            "overlap_ms": Key("whole", 0, 600_000),  # for so long; without it they go down and up together
            "bounce": Key("amount", 0, 100),  # ms; true: as long as the bench thinks usual
            "hold_ms": Key("whole", 1, 600_000, default=200),
            "who": _WHO,
        }
    ),
    "pin": Word({"who": Key("text", longest=24, required=True)}, open="SES-12"),
    "checklist": Word({"who": _WHO}, open="SES-1"),
    "premedicate": Word({"who": _WHO}, open="SES-13"),
    "prime": Word({"who": _WHO}, open="FLO-9"),
    "connect": Word({"who": _WHO}, open="FLO-9"),
    "observe": Word(
        {
            "sbp": Key("number", 20, 300),
            "dbp": Key("number", 10, 200),
            "hr": Key("number", 0, 350),
            "rr": Key("number", 0, 100),
            "spo2": Key("number", 0, 100),
            "temp": Key("number", 25, 45),
            "skin": Key("texts"),
            "symptoms": Key("texts"),
        },
        least=1,
        open="SES-2",
    ),
    # STOP is pressed, after staff_delay_s, and the grade of the signs entered at the hold. With staff = "none" too: the
    # event says it, so somebody comes for just this, presses STOP at once, enters the grade, and does nothing else.
    "reaction": Word({"signs": Key("texts", choices=tuple(SIGNS), required=True)}),
    # The patient of the file gets it, so there must be one; that the pump has it entered (SES-3) is still missing.
    "treat": Word({"drug": Key("text", choices=("antihistamine", "steroid", "adrenaline"), default="antihistamine")}),
    "decide": Word(_DECIDE),
    "hang": Word({"solution": Key("text", longest=1), "code": Key("text", longest=24), "scan": FLAG}, least=1),
    "flush": Word(open="SES-9"),
    "oximeter": Word(
        {
            "spo2": Key("number", 0, 100),
            "pulse": Key("number", 0, 321),
            "ramp_to": Key("number", 0, 100),
            "ramp_s": Key("number", 0, 3600),
            "off": FLAG,
            "unplug": FLAG,  # the cable to the pump
            "sensor_out": FLAG,  # the sensor's plug at the oximeter
            "power_off": FLAG,
            "freeze": FLAG,
            VITALS.ARTIFACT: FLAG,
            "out_of_track": FLAG,  # so many artifacts that it has no values, but those for display
            "perfusion": Key("text", choices=("good", "weak", "low")),
            "low_battery": FLAG,
            "drop": Key("number", 0, 1),  # share of bytes lost
            "baud": Key("whole", 300, 115_200),  # the rate to which the oximeter is set by mistake
            "noise": Key("amount", 0, 1),  # share of bytes spoilt; true: as much as the bench thinks bad
            "rubbish_bytes": Key("whole", 1, 2_000_000),  # so much of another device's text comes instead of readings
            "samples": Key("any"),  # [[spo2, pulse, seconds], ...]: what it says, row after row
            "trace": TEXT,  # a recording that it says: CSV of time (s), spo2, pulse, or .csv.gz, beside the scenario
            "repeat": _TIMES,  # so often
            "swap": Key("text", choices=tuple(oximeters.NAMES)),  # another module, of that format
            "counter": FLAG,  # whether its packets are counted
        },
        least=1,
    ),
    "occlude": Word({"where": Key("text", choices=("downstream", "upstream"), default="downstream")}),
    "release": Word(),
    "air": Word({"ul": Key("number", Decimal("0.001"), 50_000, required=True)}),
    # The door has an input on the board that the pump does not read yet.
    "door": Word({"open": _ON}, open="ALM-5"),
    "bag_empty": Word(),
    "stall": Word({"on": _ON}),
    "slip": Word({"fraction": Key("number", 0, 1, default=Decimal("0.05"))}),
    "free_flow": Word({"on": _ON}),
    "scale": Word({"offset_g": Key("number", -5000, 5000), "drift_g_h": Key("number", -1000, 1000)}, least=1),
    "battery": Word({"volts": Key("number", 0, 10, default=Decimal("3.3")), "supply": FLAG}),  # on the mains
    "power": Word({"off": FLAG, "on": FLAG}, least=1, single=True),
    "cpu_stuck": Word(),
    "flash_stall": Word({"ms": Key("number", Decimal("0.001"), 60_000, required=True)}),
    "stuck_key": Word({"button": Key("text", choices=BUTTONS, default="confirm"), "on": _ON}),
    "corrupt": Word({"where": Key("text", choices=("protocol", "plan", "fram", "load"), required=True)}),
    "clock": Word(
        {
            "offset_s": Key("number", -(10**9), 10**9),  # it jumps
            "ppm": Key("number", -500_000, 500_000),  # from now on it is fast by so much
            "stopped": FLAG,
            "lost": FLAG,  # supply and battery were away: it begins anew, and says so
            "battery_out": FLAG,  # the next time the supply goes it loses its time
        },
        least=1,
    ),
    "host": Word(
        {
            "command": Key("text", choices=HOST, required=True),
            "code": Key("text", longest=24),  # of a bag, for hang
            "data": Key("text", longest=4000),  # bytes in hex, for garbage
            "times": _TIMES,  # so often
            "every_ms": Key("whole", 1, 3_600_000),
        }
    ),
    "line_noise": Word(
        {
            "line": Key("text", choices=("oximeter", "host"), default="oximeter"),
            "bytes": Key("whole", 1, 100_000, default=64),
            "every_ms": Key("whole", 1, 3_600_000),
            "times": _TIMES,
        }
    ),
}
# Parts that fall silent, or are there again; the driver's enable is a wire. What the pump does not read yet is open.
PARTS = (*parts.NAMES[1:], "driver", "encoder", "pressure", "air", "scale")
DO["unplug"] = Word({"part": Key("text", choices=PARTS, required=True)})
DO["plug"] = Word({"part": Key("text", choices=PARTS, required=True)})
DO["bus_stuck"] = Word(
    {
        "part": Key("text", choices=PARTS, default=parts.NAMES[parts.SCREEN]),
        "for_ms": Key("whole", 1, 3_600_000, required=True),
    }
)
DO["handover"] = Word({"who": Key("text", longest=24)}, open="SES-12")

WITH_STEP = ("any-back", CAUSES.MILD)  # choices of "decide" that may name a step
# Which record: `after_step` and `after_code` where the word itself has a `step` or a `code`.
PICK = {"step": Key("whole"), "code": TEXT}
MOMENT = {"at": TIME, "after": TEXT, "nth": _TIMES, "plus": TIME}
EVENT = {"id": Key("text", longest=40), "do": TEXT, **MOMENT, "after_step": PICK["step"], "after_code": PICK["code"]}
END = {**MOMENT, **PICK}

TOP = {
    "format": Key("any"),
    "name": Key("text", required=True),
    "protocol": Key("any", required=True),
    "dose_scale": Key("number", Decimal("1e-9"), 1, default=1),
    "oximeter": Key("text", default=oximeters.NAMES[0]),
    "staff": Key("text", choices=("prompt", "none"), default="prompt"),
    "staff_delay_s": Key("number", 0, 3600, default=5),
    "shows": Key("texts", default=()),
    "bench_mode": Key("flag", default=True),
    "scan_ms": Key("whole", 1, 1000),
    "targets": Key("texts"),
    "limit": Key("time", default=12 * 3_600_000),
    "seed": Key("whole", 0, (1 << 63) - 1),
    **{name: Key("any") for name in ("event", "expect", "end", "differences", "plant", "patient")},
}
DIFFERENCES = {"allow_ms": Key("whole", 0, 3_600_000, required=True), "why": Key("text", required=True)}

_RECORD = {**PICK, "state": Key("text", choices=tuple(STATES))}
_SOON = Key("number", Decimal("0.001"), 10**7)
_BOUND = Key("number", -(10**12), 10**12)
_PULSE = Key("number", 0, 10**9)
_COUNT = Key("whole", 0, 10**6)
EXPECT: dict[str, dict[str, Key]] = {
    "event": {
        **_RECORD,
        "nth": _TIMES,
        "of": TEXT,
        "within_s": _SOON,
        "not_before_s": Key("number", 0, 10**7),
        "last_pulse_within_ms": _PULSE,
        "last_pulse_of_ms": _PULSE,
        "priority": Key("text", choices=PRIORITIES),
        "sound": FLAG,
    },
    "never": {**_RECORD, "before": TEXT, "after": TEXT, "of": TEXT, "within_s": _SOON},
    "value": {"equals": Key("any"), "tolerance": Key("number", 0, 10**12), "at_least": _BOUND, "at_most": _BOUND},
    "count": {**_RECORD, "equals": _COUNT, "tolerance": _COUNT, "at_least": _COUNT, "at_most": _COUNT, "under": _COUNT},
}
_WINDOW = {"of": TEXT, "not_before_s": Key("number", 0, 10**7), "within_s": _SOON}
EXPECT[SCREEN] = {**_WINDOW, "never": FLAG}
EXPECT["sound"] = _WINDOW
EXPECT["records_per_hour_under"] = {"event": TEXT, "code": TEXT, "of": TEXT}
# Words that stand beside others, which then say what they are about.
BESIDE = {"sound": ("event",), "event": ("records_per_hour_under",), "never": (SCREEN,)}
FORMS = {"sound": FLAG, "records_per_hour_under": Key("whole", 1, 10**6)}

# Paths into a result: numbers, numbers that are never below zero, texts.
TOP_NUMBERS = ("simulated_s", "delivered_ml", "delivered_mg", "vein_mg", "pulse_ml")
TOP_TEXTS = ("final_state", "scenario", "target")
STEP_NUMBERS = (
    "step", "run", "planned_ml", "delivered_ml", "planned_mg", "delivered_mg", "started_ms", "ended_ms",
    "rate_error_percent",
)  # fmt: skip
RECORD_NUMBERS, RECORD_TEXTS = ("t_ms", "step", "arg"), ("event", "code", "arg")
ACTION_NUMBERS, ACTION_TEXTS = ("t_ms",), ("do",)

RECORDS = tuple(EVENTS)
# The causes that records of a name can have: a cause that the pump learns is known here at once.
_GRADED = frozenset(causes.GRADES)
_HOLDING = frozenset(row for row, does in enumerate(causes.DOES) if does == causes.HOLDS)
_FINAL_WORDS = frozenset(row for row, waits in enumerate(causes.WAITS) if waits == causes.NOTHING)
_NOTED = frozenset(row for row, does in enumerate(causes.DOES) if does == causes.NOTES)
_FOUND = frozenset(row for row in _NOTED if causes.KIND[row] == causes.SENSOR)  # at power-on
_CAUSES_OF: dict[str, frozenset[int]] = {}
_CAUSES_OF[EVENTS.PAUSED] = _HOLDING | _FOUND | {causes.WRONG_BAG}  # three wrong bags hold
_CAUSES_OF[EVENTS.RESUMED] = _CAUSES_OF[EVENTS.PAUSED] | {causes.MILD}
_CAUSES_OF[EVENTS.STOPPED] = (_NOTED & _FINAL_WORDS) - {causes.SEVERE}
_CAUSES_OF[EVENTS.LOCKED] = frozenset(causes.REACTIONS)
_CAUSES_OF[EVENTS.FAULT] = frozenset(row for row, does in enumerate(causes.DOES) if does == causes.ENDS)
_CAUSES_OF[EVENTS.CLOCK_WRONG] = frozenset(row for row, does in enumerate(causes.DOES) if does == causes.ALERTS)
_CAUSES_OF[EVENTS.CLOCK_SET] = _CAUSES_OF[EVENTS.CLOCK_WRONG]
_CAUSES_OF[EVENTS.DECISION] = _GRADED
_CAUSES_OF[EVENTS.REACTION] = frozenset(causes.REACTIONS)


_ROWS_OF: dict[int, tuple[str, ...]] = {}
_ROWS_OF[events.OF_PART] = tuple(parts.NAMES[1:])
_ROWS_OF[events.OF_EVENT] = tuple(EVENTS)
_ROWS_OF[events.OF_RECOVERY] = tuple(recoveries.NAMES[1:])
_ROWS_OF[events.OF_CHECK] = tuple(checks.NAMES[1:])


def codes_of(event: str) -> tuple[str, ...]:
    """The codes that records of that name can have; none for most."""
    if event in EVENTS.of(events.ALARMS):
        return tuple(ALARMS)[1:]
    kind = events.CODE[EVENTS.row(event)] if event in RECORDS else events.OF_NOTHING
    if kind == events.OF_REFUSAL:
        return tuple(REFUSALS)[1:]
    if kind in _ROWS_OF:
        return _ROWS_OF[kind]
    return CAUSES.at(sorted(_CAUSES_OF.get(event, ())))


_WORSE = CAUSES.SEVERE


def grade(signs: Iterable[str]) -> str:
    """Mild when all signs are of the skin, else severe."""
    skin_alone = all(SIGNS.get(sign) == CAUSES.MILD for sign in signs)
    return CAUSES.MILD if skin_alone else _WORSE


def clock(t_ms: int) -> str:
    """A time for people: hh:mm:ss.mmm."""
    seconds, ms = divmod(t_ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
