"""What happened, and how far the session is, in a line each for people at the bedside."""

from typing import Any

from pump.tables import events, states, vitals
from toleramp.live.amounts import age, bag_name, clock, ml_text, rate_text
from toleramp.words import alarms, causes, keys, listening, readings, recoveries, rows, vital_signs
from toleramp.words import checks as check_words
from toleramp.words import events as event_words
from toleramp.words import refusals as refusal_words
from toleramp.words import settings as setting_words
from toleramp.words.times import NO_CLOCK

Record = dict[str, Any]
_VALID = vitals.NAMES[0]  # says that the values count: the other flags are worth telling


def _why(record: Record) -> str:
    """An event's code in words."""
    code = record["code"]
    if not code:
        return "no reason recorded"
    return causes.reason(code) or refusal_words.found(code) or str(code)


def sentence(record: Record, bag: str = "") -> str:
    """An event's record of the session log as a sentence; `bag` names its step's bag where it is known."""
    number = rows.number(events, record["event"])
    if number == rows.NO_ROW:
        return str(record["event"])
    alarm = bool(events.GROUP[number] & events.ALARMS)
    preposition = " from bag " if number == events.STEP_STARTED else ": bag "
    return event_words.WORDS[number].sentence.format(
        title=alarms.title(record["code"]) if alarm else "",
        alarm=alarms.whole(record["code"]) if alarm else "",
        n=record["step"],
        rate=rate_text(record["rate_ml_h"]),
        why=_why(record),
        decision=causes.decision(record["code"], record["arg"]),
        button=keys.key_words(record["code"]),
        setting=setting_words.changed(record["code"], record["arg"]),
        arg=record["arg"],
        baseline=readings.baseline(record["arg"]),
        event=_title(record["code"]),
        part=record["code"],
        recovery=recoveries.said(record["code"]),
        ml=recoveries.ml(record["arg"]),
        off=recoveries.off(record["arg"]),
        check=check_words.failed(record["code"], record["arg"]),
        signs=vital_signs.said(record["arg"], record.get("content", b"")) if number == events.VITALS else "",
        bag=preposition + bag if bag else "",
    )


def by(record: Record) -> str:
    """By whose key the line let the pump do this; nothing where none was needed."""
    user = record.get("user")
    return f", by {record.get('person') or f'person {user} of the keyring'}" if user else ""


_FINGERPRINT = 8  # characters


def loaded(content: bytes) -> str:
    """What the record of a load goes on with: its fingerprint, and the beginning of its order's key."""
    order = content[_FINGERPRINT:].rstrip(b"\0").hex()
    said = f"fingerprint {content[:_FINGERPRINT].decode('ascii', 'replace')}"
    return f"{said}, order {order}" if order else said


def _title(name: str | None) -> str:
    """The title of the event that another one names; a name that has none as it is."""
    number = rows.number(events, name)
    return event_words.WORDS[number].title.lower() if number != rows.NO_ROW else str(name)


def event_line(record: Record, bag: str = "") -> str:
    """The event's times (since power-on, and of day where the pump has one) and its sentence."""
    return f"{clock(record['t_ms'])}  {_time_of_day(record)}{sentence(record, bag)}{by(record)}"


def _time_of_day(record: Record) -> str:
    """By the pump's clock; nothing where the log is older than that."""
    if "pump_clock" not in record:
        return ""
    said = record["pump_clock"]
    return f"{said[11:19]} UTC  " if said else f"{NO_CLOCK}  "


def _value(record: Record, name: str, unit: str) -> str:
    """A reading with its unit and, unless that is good, its verdict; two dashes for one where there is none of now."""
    if record[name] is None:
        return f"--{unit}"
    verdict = readings.verdict(record.get(f"{name}_verdict"))
    return f"{record[name]}{unit}" + (f" {verdict}" if verdict else "")


def _signal(record: Record) -> str:
    """How good the reading is, or for how long there has been none and what comes instead."""
    flags = [name for name in record["vitals"] if name != _VALID]
    said = f"signal {readings.signal(record['quality'])}" if "quality" in record else ""
    if record["spo2"] is None:
        age_ms = record.get("age_ms")
        said = "no reading" + ("" if age_ms is None else f", the last sure one {age(age_ms)} ago")
    said += f" ({', '.join(flags)})" if flags else ""
    stream = listening.stream(record.get("stream")) if record["spo2"] is None else ""
    return f"{said}; {stream}" if stream else said


def _signs(record: Record) -> list[str]:
    """SpO2, pulse, the signal, and the trend since START."""
    signs = [f"SpO2 {_value(record, 'spo2', ' %')}", f"pulse {_value(record, 'pulse', '/min')}", _signal(record)]
    return [text for text in (*signs, _trend(record)) if text]


def _trend(record: Record) -> str:
    """Baseline, lowest since START with its verdict, and where SpO2 goes; nothing before START."""
    if record.get("lowest") is None:
        return ""
    own = "--" if record["baseline"] is None else f"{record['baseline']} %"
    said = f"since START: baseline {own}, lowest {_value(record, 'lowest', ' %')}"
    goes = readings.trend(record["trend"])
    return f"{said}, {goes} ({record['before_spo2']} to {record['minute_spo2']} % in 5 min)" if goes else said


def _of_step(record: Record, protocol: Record | None) -> list[str]:
    """How much of the step is done; what is planned where the pump has no target yet, nothing where none is known."""
    pl, target = record["pl_pulse"], record["target_ml"]
    if not target:
        planned = (
            row.get("volume_ml") for row in (protocol or {}).get("steps", ()) if row.get("step") == record["step"]
        )
        target = next(planned, None)
    return [f"{ml_text(record['step_ml'], pl).removesuffix(' mL')} of {ml_text(target, pl)}"] if target else []


def status_line(record: Record, protocol: Record | None = None) -> str:
    """A status record of the session log in one line: what must not be cut off at a terminal's edge stands first."""
    pl, bag = record["pl_pulse"], bag_name(record["solution"], protocol)
    parts = [clock(record["t_ms"]), record["state"]]
    if record["hold"] and rows.group(states, record["state"]) & (states.HOLDS | states.OVER):
        parts[1] += f" ({causes.reason(record['hold']) or record['hold']})"
    if record.get("check"):
        parts[1] += f" ({check_words.named(record['check'])})"
    if record["steps"]:
        parts += [f"step {record['step']}/{record['steps']}", *([f"bag {bag}"] if bag else [])]
        parts.append(rate_text(record["rate_ml_h"]))
    parts += [f"ALARM {alarms.title(record['alarm'])}"] if record["alarm"] else []
    parts += _signs(record)
    if record["steps"]:
        parts += [*_of_step(record, protocol), f"total {ml_text(record['total_ml'], pl)}"]
    return "  ".join(parts)
