"""Pause and stop: always allowed, ask nothing, and say what to do at the pump when the line fails (SEC-1)."""

from typing import TYPE_CHECKING

from pump.tables import refusals
from toleramp.device import ports
from toleramp.errors import Refused, UserError
from toleramp.live.amounts import ml_text

if TYPE_CHECKING:
    from toleramp.device.client import Pump

AT_THE_PUMP = "press STOP at the pump"
ANSWER_S = 1.5  # shorter than elsewhere: whoever wants to stop must soon know whether it worked


def halt(port: str | None, what: str) -> int:
    """Sends `what` ("pause" or "stop") and prints what was delivered, as far as the pump tells."""
    from toleramp.device.client import Pump

    try:
        with Pump(ports.choose(port), ANSWER_S) as pump:
            # The first thing on the line, before any hello: another version's pump obeys it too.
            _send(pump, what)
            print("the pump holds" if what == "pause" else "stopped", flush=True)
            print(_delivered(pump), flush=True)
    except UserError as error:
        remedy = f"{AT_THE_PUMP}, then: {error.remedy}" if error.remedy else AT_THE_PUMP
        raise UserError(error.what, error.where, remedy) from None
    return 0


def _send(pump: "Pump", what: str) -> None:
    act = pump.pause if what == "pause" else pump.stop
    try:
        act()
    except Refused as refusal:
        if refusal.row != refusals.CONTRACT:
            raise
        pump.hello(check=False)
        act()


def _delivered(pump: "Pump") -> str:
    from toleramp.live import session_log

    try:
        pump.hello()  # the figures of another version would be misread
        record = session_log.status_record(pump.status())
    except UserError as error:
        return f"how much was delivered is not known: {error.what}"
    total = ml_text(record["total_ml"], record["pl_pulse"])
    if not record["steps"]:
        return f"state {record['state']}, no protocol loaded"
    step = ml_text(record["step_ml"], record["pl_pulse"])
    place = f"{step} in step {record['step']} of {record['steps']}, {total} in all"
    return f"delivered, as the pump reports it: {place} (state {record['state']})"
