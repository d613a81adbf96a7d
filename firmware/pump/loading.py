"""A protocol that has come in full: taken over by every room at once, or refused; only while no session runs.

Nothing is freed by itself within a scan, and what a protocol of 40 steps is worked out with is more than the memory
holds: it is freed in between.
"""

from pump.base.compat import collect
from pump.course.plan import Plan
from pump.panel.display import LINES
from pump.protocol import protocol as p
from pump.protocol.admission import admit
from pump.protocol.fingerprint import fingerprint
from pump.store.orders import UNKNOWN, UNREAD, key_of
from pump.tables import events, refusals
from pump.tables.messages import DATA_BYTES, LOAD_END

ORDER_SHOWN = DATA_BYTES - 8  # bytes of the order's key that the record of a load has, behind the fingerprint


def load(pump, blob):
    """`pump`: the controller; `blob`: the compiled form (bytearray). What is refused leaves all as it was."""
    try:
        protocol, plan, order = _new(pump, blob)
    except p.Refusal as refusal:
        pump.link.decline(LOAD_END, refusal.code, refusal.where, refusal.detail & 0xFFFFFFFF)
        pump.log(events.LOAD_REFUSED, refusal.code, refusal.where)
        return
    pump.orders.adopt(order)
    take_over(pump, blob, protocol, plan)
    pump.saved.adopt(blob)
    pump.log(events.LOADED, 0, plan.count, pump.fingerprint + (order or b"")[:ORDER_SHOWN])
    pump.lost.seen()
    pump.attention.anew()
    for _ in range(LINES):  # so that what is not drawn yet differs from what is shown
        pump.display.compose(pump)


def take_over(pump, blob, protocol, plan):
    """Every room takes an accepted protocol."""
    pump.session.adopt(plan)
    collect()
    pump.guard.adopt(blob)
    monitoring = pump.conditions.monitoring
    pump.vitals.adopt(protocol, monitoring.on)
    monitoring.on_end = pump.vitals.leave
    pump.vitals.seal.close()
    pump.guard.compare(protocol, pump.vitals, plan)
    pump.fingerprint = fingerprint(blob).encode()


def _new(pump, blob):
    """Protocol, plan and the key of its order, which is a new one. Raises Refusal."""
    if pump.lost.must:
        raise p.Refusal(refusals.UNSEEN)
    protocol, plan, order = judged(pump, blob)
    return protocol, plan, _new_order(pump, order)


def judged(pump, blob):
    """Protocol, plan and the key of its order (None: there is none). Raises Refusal for what the pump does not take."""
    protocol = p.decode(blob)
    try:
        admit(protocol, blob, pump.bench, pump.keyring.people())
    except p.Refusal as refusal:
        if refusal.code == refusals.APPROVAL:
            pump.link.recorder.told = refusal.where + 1  # a replay has no keys
        raise
    collect()
    return protocol, Plan(protocol, pump.pl_pulse), key_of(protocol, blob)


def _new_order(pump, key):
    """The key of an order. Raises Refusal when this pump has given any of it, or cannot know (SES-15)."""
    if key is None:
        return None
    orders, session = pump.orders, pump.session
    if session.progress.total:
        orders.book(session.case.dose_ppm(), False)
    given = orders.given(key)
    if given == UNREAD:
        raise p.Refusal(refusals.ORDER_UNREAD)
    if given != UNKNOWN:
        raise p.Refusal(refusals.ORDER_GIVEN, 0, given)
    if orders.due:  # what was given of the order before is on its way into the memory
        raise p.Refusal(refusals.BUSY)
    return key
