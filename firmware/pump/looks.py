"""What the controller looks after a few times a second, or once in a while, beside what is judged."""

from pump.base.compat import micropython
from pump.tables import events, parts
from pump.tables.states import GROUP, OVER, READY

_SCREEN = parts.BIT[parts.SCREEN]


@micropython.native
def look(pump, snap):
    """Which parts answer; a screen that is back is drawn anew, and never starts what nobody could read. `pump`: the
    controller."""
    pump.parts.look(snap.parts, snap.now_ms)
    pump.keyring.look(pump)
    session, orders = pump.session, pump.orders
    session.case.waits, session.case.unproved = pump.parts.waits or pump.conditions.waits, orders.waits
    if orders.begun and (session.state == READY or GROUP[session.state] & OVER) and not session.progress.total:
        orders.release()
    if snap.parts & ~pump.seen_parts & _SCREEN:
        pump.display.forget()
    pump.seen_parts = snap.parts


@micropython.native
def tell_left_out(pump):
    """Of what was left out of the log a record tells the count, once a span."""
    left_out = pump.budget.left_out
    for kind in range(len(left_out)):
        if left_out[kind]:
            pump.log(events.SUPPRESSED, kind, left_out[kind])
            left_out[kind] = 0
