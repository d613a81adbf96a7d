"""The FRAM's turn: what became of the write before, the one write of this scan.

The order's mark before its first pulse goes first, then the session as it stands, then a record of the log, a setting,
what was given of the order, and what is long. What was given has turns of its own, too. After a decision the log waits
until the session is written. A slot that cannot be written keeps nothing else from the memory: with each failure the
next scan begins with the next of them.
"""

from pump.base.compat import micropython
from pump.io import FAILED
from pump.store.saved import SLOW_MS
from pump.tables import parts
from pump.tables.states import GROUP, UNTESTED

_FRAM = parts.BIT[parts.FRAM]
_WAIT_MOST = 16  # records in RAM, which holds 64 (pump.store.journal)
_SESSION, _LOG, _SETTING, _ORDER, _LONG, _WRITERS = range(6)  # in their order


@micropython.native
def keep(pump, snap, out):
    """Once a scan, at its end: `pump`: the controller."""
    saved, session = pump.saved, pump.session
    if snap.fram:
        settle(pump, snap.fram)
    if session.recovered.open:
        session.recovered.look(pump.wall.now_s, pump.wall.era, snap.dt_ms)
    saved.late = saved.late or pump.busy
    journal = pump.journal
    # A scan that made a record has enough to do, unless so many wait that one might be lost.
    journal.waits = pump.busy and snap.dt_ms < SLOW_MS and journal.seq - journal.stored < _WAIT_MOST
    if snap.parts & _FRAM and not journal.waits:
        if GROUP[session.state] & UNTESTED:  # what is kept of a session stays: the next power-on may take it up
            saved.pair = saved.late = False
        elif saved.pair or saved.late or not (out.flowing and pump.turn & saved.mask):
            saved.look(pump, snap.dt_ms)
        _store(pump, saved, out)


@micropython.native
def settle(pump, outcome):
    """What became of the one write of the scan before, whoever's it was: what is not due has none."""
    orders, saved = pump.orders, pump.saved
    pump.journal.settle(outcome)
    saved.begins = (saved.begins + 1) % _WRITERS if outcome == FAILED else _SESSION
    if saved.handed:
        saved.settle(outcome)
    if orders.due:
        orders.settle(outcome)
        pump.session.case.unproved = orders.waits
    if pump.settings.due:
        pump.settings.settle(outcome)


@micropython.native
def _store(pump, saved, out):
    orders, journal = pump.orders, pump.journal
    if saved.begins and _give_way(pump, saved, out):
        return
    if orders.due and (pump.turn & 1 or orders.waits):
        orders.store(out)
    if out.fram_slot < 0 and saved.pair and (pump.spare or saved.mask == 1):
        saved.store_pair(out)
    if journal.stored != journal.seq:
        journal.waits = saved.first or out.fram_slot >= 0
        if not journal.waits:
            journal.store_next(out)
    if out.fram_slot < 0 and pump.settings.due:
        pump.settings.store(out)
    if out.fram_slot < 0 and orders.due:
        orders.store(out)
    if out.fram_slot < 0 and not (out.flowing and pump.turn) and not GROUP[pump.session.state] & UNTESTED:
        saved.store_more(pump, out)


@micropython.native
def _give_way(pump, saved, out):
    """The write before was not kept: who comes behind in the order is first. True when one of them had something."""
    at, journal = saved.begins, pump.journal
    while at < _WRITERS and out.fram_slot < 0:
        if at == _LOG and not saved.first:
            journal.store_next(out)
        elif at == _SETTING:
            pump.settings.store(out)
        elif at == _ORDER and pump.orders.due:
            pump.orders.store(out)
        elif at == _LONG and not (out.flowing and pump.turn) and not GROUP[pump.session.state] & UNTESTED:
            saved.store_more(pump, out)
        at += 1
    if out.fram_slot < 0:
        return False
    journal.waits = at != _LOG + 1
    return True
