"""What happened and how much, in words and figures for people at the bedside."""

from decimal import Decimal
from typing import Any

from pump.tables import messages
from toleramp.device.names import REASONS, button_words, decision_words

Record = dict[str, Any]

# What each event of messages.EVENTS means. {why} is its code in words, {alarm} what, why and what to do,
# {title} the alarm's title, {n} the step, {rate} and {bag} the step's, {decision} and {button} what a person did.
EVENTS = {
    "none": "nothing",
    "boot": "pump switched on",
    "self_test": "self-test done",
    "loaded": "protocol loaded",
    "load_refused": "protocol refused: {why}",
    "checklist_completed": "checklist complete",
    "primed": "line primed",
    "armed": "START pressed; waiting for the bag to be confirmed",
    "bag_requested": "hang the bag and confirm it at the pump{bag}",
    "bag_confirmed": "bag confirmed{bag}",
    "bag_rejected": "wrong bag: not accepted",
    "step_started": "step {n} started: {rate}{bag}",
    "step_inserted": "step inserted before step {n}",
    "step_completed": "step {n} completed",
    "observation_due": "observation due",
    "observation": "observation entered",
    "observation_overdue": "observation overdue",
    "paused": "held: {why}",
    "reaction": "reaction reported: {why}",
    "locked": "locked: {why}",
    "unlocked": "unlocked at the bedside",
    "decision": "decided: {decision}",
    "resumed": "resumed at step {n}",
    "alarm_raised": "ALARM {alarm}",
    "alarm_cleared": "alarm over: {title}",
    "permit_lost": "flow permit withdrawn",
    "stopped": "stopped: {why}",
    "flush_started": "flush started: {rate}",
    "flush_completed": "flush completed",
    "handover": "handover",
    "power_lost": "power was lost",
    "recovered": "recovered after power loss: paused, a person has to resume",
    "completed": "session completed",
    "fault": "FAULT: {why}",
    "vitals": "vital signs recorded",
    "pressed": "{button} pressed",
}

_HELD = (
    "held",
    "decision",
    "boundary",
    "resumable",
    "locked",
    "stopped",
    "fault",
)  # states whose reason is worth telling


def rate_text(rate_ml_h: float) -> str:
    """A rate in mL/h without trailing zeros, exact to 0.0001."""
    return f"{Decimal(round(rate_ml_h * 10_000)).scaleb(-4).normalize():f} mL/h"


def decimals_of(pl_pulse: int) -> int:
    """How many decimals of a volume in mL mean something, at so many picolitres a motor pulse: 1 to 4."""
    digits = 4
    while digits > 1 and pl_pulse > 10 ** (9 - digits):  # one unit of the last digit, in picolitres
        digits -= 1
    return digits


def ml_text(volume_ml: float, pl_pulse: int) -> str:
    """A volume in mL as exact as a motor pulse lets it be; digits stay in place while it grows."""
    return f"{volume_ml:.{decimals_of(pl_pulse)}f} mL"


def clock(t_ms: int) -> str:
    """Device time as mm:ss.t, with hours in front once there are any."""
    seconds, tenth = divmod(t_ms // 100, 10)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:" if hours else "") + f"{minutes:02}:{seconds:02}.{tenth}"


def bag_name(solution: int | None, protocol: Record | None = None) -> str:
    """The bag's name: the protocol's own id where the protocol is known, else A, B, C; "" for none."""
    if solution is None or solution == messages.NONE8:
        return ""
    if protocol and solution < len(protocol.get("solutions", ())):
        return str(protocol["solutions"][solution].get("id", ""))
    return chr(ord("A") + solution)


def _alarm(name: str | None) -> tuple[str, str]:
    """An alarm's title, and the title with its cause and what to do (ALM-2)."""
    from pump.tables import alarms

    for row in alarms.ROWS:
        if row[0] == name:
            return str(row[2]), f"{row[2]}: {row[3]}. {row[4]}"
    return str(name), str(name)


def _why(record: Record) -> str:
    from toleramp.errors import FOUND

    code = record["code"] or "no reason recorded"
    return REASONS.get(code) or (FOUND.get(code) if record["event"] == "load_refused" else None) or code


def event_words(record: Record, bag: str = "") -> str:
    """An event's record of the session log as a sentence; `bag` names its step's bag where it is known."""
    template = EVENTS.get(record["event"]) or str(record["event"])
    preposition = " from bag " if record["event"] == "step_started" else ": bag "
    title, alarm = _alarm(record["code"]) if record["event"].startswith("alarm") else ("", "")
    return template.format(
        title=title,
        alarm=alarm,
        n=record["step"],
        rate=rate_text(record["rate_ml_h"]),
        why=_why(record),
        decision=decision_words(record["code"], record["arg"]),
        button=button_words(record["code"]),
        bag=preposition + bag if bag else "",
    )


def event_line(record: Record, bag: str = "") -> str:
    """The event's time and sentence."""
    return f"{clock(record['t_ms'])}  {event_words(record, bag)}"


def _signs(record: Record) -> str:
    spo2 = "--" if record["spo2"] is None else record["spo2"]
    pulse = "--" if record["pulse"] is None else record["pulse"]
    flags = [name for name in record["vitals"] if name != "valid"]
    return f"SpO2 {spo2} %  pulse {pulse}" + (f" ({', '.join(flags)})" if flags else "")


def status_line(record: Record, protocol: Record | None = None) -> str:
    """A status record of the session log in one line."""
    pl, bag = record["pl_pulse"], bag_name(record["solution"], protocol)
    step, target = ml_text(record["step_ml"], pl).removesuffix(" mL"), ml_text(record["target_ml"], pl)
    parts = [clock(record["t_ms"]), record["state"]]
    if record["hold"] and record["state"] in _HELD:
        parts[1] += f" ({REASONS.get(record['hold'], record['hold'])})"
    if record["steps"]:
        parts.append(f"step {record['step']}/{record['steps']}")
        parts += [f"bag {bag}"] if bag else []
        parts += [
            rate_text(record["rate_ml_h"]),
            f"{step} of {target}",
            f"total {ml_text(record['total_ml'], pl)}",
        ]
    parts.append(_signs(record))
    parts += [f"ALARM {_alarm(record['alarm'])[0]}"] if record["alarm"] else []
    return "  ".join(parts)
