"""A session goes on after the power was off, or after a reset: every room takes it up, or none does (INT-2, SES-14).

Nothing flows by it: the session stands in the state recovered until a person has looked, and decides. What cannot be
taken up whole is lost, and the pump says so, and why.
"""

from pump.base.compat import collect
from pump.loading import judged, take_over
from pump.protocol.protocol import Refusal
from pump.session.recovered import Record, restore
from pump.store.journal import MUST_SEE, newest, reactions, watched
from pump.tables import events, recoveries
from pump.tables.causes import SEVERE
from pump.tables.states import ARMED, GROUP, ON

BY_WATCHDOG = 3  # the board's reset cause
NO_FINGERPRINT = b"--------"
_NEXT = 1
_SIXTEEN = 0xFFFF
_BEGINNING = 64  # a start takes fewer records
UNSURE_NL = 50_000  # INT-2: what the log's newest record tells may be so much more


def recover(pump, cause):
    """At power-on, before the first scan. `pump`: the controller; `cause`: the board's reset cause."""
    _recover(pump, cause)
    if pump.read_slot is None or GROUP[pump.session.state] & ON:
        return
    if watched(pump.read_slot, pump.journal.slot, pump.wall.now_s):
        monitoring = pump.conditions.monitoring  # power off and on is no act that ends it (ALM-7)
        monitoring.on = True
        monitoring.on_end = pump.vitals.leave


def _recover(pump, cause):
    lost = pump.lost
    found = pump.saved.read(pump.read_slot)
    if not lost.step and found.why == recoveries.NONE and _begins(pump, Record(found.now, 0)):
        lost.find(1)
    if not lost.step:
        return
    why = recoveries.SESSION_OVER if lost.must else found.why
    record = Record(found.now, 0) if why == recoveries.NONE else None
    if record and record.severe and record.open:  # that stands, whatever else happens (SES-4)
        pump.log(events.REACTION, SEVERE, record.flowed + 1)
        lost.find(lost.step | MUST_SEE)
        why = recoveries.SESSION_OVER
    if why == recoveries.NONE:
        reset = cause == BY_WATCHDOG and pump.journal.boot == record.boot + _NEXT
        why = _go_on(pump, found, record, reset)
    if why != recoveries.NONE:
        pump.log(events.SESSION_LOST, why, lost.step)
        return
    lost.seen()
    how = recoveries.POWER_CUT
    if reset:
        how = recoveries.RESET
    pump.log(events.RECOVERED, how, pump.session.recovered.unsure_nl)


def _go_on(pump, found, record, reset):
    """Why it does not, a row of tables.recoveries."""
    blob = found.protocol(record.mark)
    if blob is None:
        return recoveries.PROTOCOL_GONE
    if not record.open or _behind(pump, record):
        return recoveries.STALE
    bench, pump.bench = pump.bench, record.bench or pump.bench
    why = recoveries.PROTOCOL_GONE
    try:
        protocol, plan, order = judged(pump, blob)
        if pump.orders.go_on(order):
            take_over(pump, blob, protocol, plan)
            collect()
            why = _takes_up(pump, found, record)
    except Refusal:
        pass
    if why != recoveries.NONE:
        pump.bench = bench
        pump.fingerprint = NO_FINGERPRINT
        pump.orders.adopt(None)
        pump.session.give_up()
        return why
    pump.vitals.take_up(record.baseline)
    pump.saved.go_on(record)
    pump.session.go_on(record, reset, found.older)
    return recoveries.NONE


def _takes_up(pump, found, record):
    """Both channels, each from its own. A row of tables.recoveries."""
    if not restore(pump.session.case, record, [held for _, held in found.turns]):
        return recoveries.STALE
    if not pump.guard.take_up(found.guard_now, [held for _, held in found.guards]):
        return recoveries.STALE
    return recoveries.NONE


def _begins(pump, record):
    """Whether a session had just begun to flow, of which the log does not tell yet."""
    number, state, _ = newest(pump.read_slot, pump.journal.slot)
    return record.open and state == ARMED and 0 <= (number - record.run) & _SIXTEEN < _BEGINNING


def _behind(pump, record):
    """Whether the log tells of more than the record does: then that is older than the session was."""
    slot = pump.journal.slot
    if reactions(pump.read_slot, slot) > record.reactions:
        return True
    _, _, told = newest(pump.read_slot, slot)
    return told > record.total + UNSURE_NL * 1000 // pump.pl_pulse
