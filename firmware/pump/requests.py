"""What a laptop's request changes, judged when it has come: a scanned code, a setting, the time, a self-test."""

from pump.tables import events, parts, refusals
from pump.tables.messages import CLOCK_SET, HANG, SET


def of_keys(pump):
    """A key was looked at: a try that failed is recorded; else what follows is its owner's, whose id is recorded once
    since power-on."""
    auth, journal = pump.link.auth, pump.journal
    if auth.refused:
        pump.log(events.KEY_REFUSED, auth.refused, auth.kind)
        auth.refused = 0
    journal.user = pump.link.user
    if auth.fresh:
        pump.log(events.KEY_USED, 0, 0, auth.fresh)
        auth.fresh = b""


def hang(pump, snap):
    """A scanned code is judged; of those refused the first is recorded, then each minute how many more came.

    While a key is down, or the question is not on the screen yet, it is nobody's: a press must never answer what
    came after it (SES-16). `pump`: the controller.
    """
    code = pump.link.hung
    pump.link.hung = None
    if snap.buttons or pump.buttons.stable or not pump.session.hears():
        pump.link.decline(HANG, refusals.BUSY)
        return
    pump.guard.scanned(code)
    if not pump.session.scanned(code):
        pump.link.decline(HANG, refusals.RANGE)
        pump.rejected.came(pump.session.case.solution(), code)


def set_value(pump):
    """A setting is changed, recorded and written; the oximeter's format counts from the next power-on."""
    row, value = pump.link.setting, pump.link.value
    pump.link.setting = -1
    if pump.settings.holds(row, value):
        return  # as it is already: no writing, no record
    if pump.settings.set(row, value):
        pump.log(events.SETTING, row, value)
    else:
        pump.link.decline(SET, refusals.RANGE, 0, value)


def self_test(pump, out):
    """The self-test is made anew, at rest; START counts for nothing until it has passed."""
    pump.link.tests = False
    pump.checks.again(out)


def set_clock(pump, snap, out):
    """The clock is set and the old and new time recorded, at rest."""
    wall_s = pump.link.clock_s
    pump.link.clock_s = 0
    if not snap.parts & parts.BIT[parts.CLOCK]:
        pump.link.decline(CLOCK_SET, refusals.NO_CLOCK)
        return
    out.clock_s = wall_s
    pump.wall.set(wall_s, snap, pump.journal)
