"""What a person's keys do beside the session: alarms are heard and silenced, monitoring ends, what was lost is seen."""

from pump.base.compat import micropython
from pump.io import CONFIRM, SILENCE
from pump.tables import events
from pump.tables.states import GROUP


@micropython.native
def monitor(pump):
    """Each look: the second press to end monitoring lapses; a probe off on purpose. `pump`: the controller."""
    monitoring, group = pump.conditions.monitoring, GROUP[pump.session.state]
    if not monitoring.on:
        return
    there = not pump.vitals.alert
    monitoring.tick(pump.t_s, group, there)
    if pump.buttons.stable == SILENCE and monitoring.probe_off(pump.buttons.held_ms, group, there):
        pump.log(events.PROBE_OFF, 0, monitoring.probe_s // 60)
        _confirm(pump)


@micropython.native
def follow(pump):
    """By turns: how the patient goes, for people and for the log."""
    pump.vitals.trend.look(pump.t_s, pump.vitals)
    pump.minutes.look(pump)


def _confirm(pump):
    """A person's act took conditions back: their alarms are over, and confirmed by it."""
    session = pump.session
    pump.conditions.judge(session.state, session.progress.cause, pump.t_s)
    pump.alarms.confirm()


@micropython.native
def presses(pump, keys):
    """Keys that went down in this scan (bits of pump.io)."""
    pump.log(events.PRESSED, keys, 0)
    alarms = pump.alarms
    if keys & SILENCE and alarms.silence():
        pump.vitals.mark()
    alarms.press()
    if keys & CONFIRM and pump.lost.step:
        pump.lost.seen()  # it answers what stands there, and nothing else
    elif pump.conditions.monitoring.press(keys, GROUP[pump.session.state], alarms.named()):
        pump.log(events.MONITORING_ENDED, 0, 0)
        _confirm(pump)
