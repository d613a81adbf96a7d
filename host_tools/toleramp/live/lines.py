"""What happened, and how far the session is, in a line each for people at the bedside."""

from typing import Any

from pump.tables import events, states, vitals
from toleramp.live.amounts import bag_name, clock, ml_text, rate_text
from toleramp.words import alarms, causes, keys, listening, rows
from toleramp.words import events as event_words
from toleramp.words import refusals as refusal_words

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
        setting=f"{record['code']} {record['arg']}",
        arg=record["arg"],
        event=record["code"],
        part=record["code"],
        bag=preposition + bag if bag else "",
    )


def event_line(record: Record, bag: str = "") -> str:
    """The event's time and sentence."""
    return f"{clock(record['t_ms'])}  {sentence(record, bag)}"


def _signs(record: Record) -> str:
    spo2 = "--" if record["spo2"] is None else record["spo2"]
    pulse = "--" if record["pulse"] is None else record["pulse"]
    flags = [name for name in record["vitals"] if name != _VALID]
    said = f"SpO2 {spo2} %  pulse {pulse}" + (f" ({', '.join(flags)})" if flags else "")
    stream = listening.stream(record.get("stream")) if record["spo2"] is None else ""
    return f"{said}: {stream}" if stream else said


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
    """A status record of the session log in one line."""
    pl, bag = record["pl_pulse"], bag_name(record["solution"], protocol)
    parts = [clock(record["t_ms"]), record["state"]]
    if record["hold"] and rows.group(states, record["state"]) & (states.HOLDS | states.OVER):
        parts[1] += f" ({causes.reason(record['hold']) or record['hold']})"
    if record["steps"]:
        parts.append(f"step {record['step']}/{record['steps']}")
        parts += [f"bag {bag}"] if bag else []
        parts += [
            rate_text(record["rate_ml_h"]),
            *_of_step(record, protocol),
            f"total {ml_text(record['total_ml'], pl)}",
        ]
    parts.append(_signs(record))
    parts += [f"ALARM {alarms.title(record['alarm'])}"] if record["alarm"] else []
    return "  ".join(parts)
