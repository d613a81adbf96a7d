"""Everything in the core that decides what it does next, as a row of integers.

Two pumps with equal rows answer equal inputs alike, from here on for ever: ages stand for time stamps and stop at the
longest limit that they are held against, numbers that are only compared stand as differences. What a protocol says is
not in it (its fingerprint is), nor what was recorded, nor where a light's or a tone's pattern stands.
"""


def pack(pump, to, now_ms):
    """Appends the row of a controller at `now_ms` (Snapshot.now_ms of its last scan) to `to`: integers below 2**30.

    Made at rest: it allocates.
    """
    to.extend(pump.fingerprint)
    to.append(pump.mode())
    to.append(pump.t_ms)
    pump.oximeter.pack(to, now_ms, pump.parser)
    pump.attention.pack(to)
    pump.buttons.pack(to)
    pump.vitals.pack(to, now_ms)
    for sense in pump.inputs:
        sense.pack(to)
    for room in (
        pump.parts,
        pump.driver,
        pump.lost,
        pump.checks,
        pump.conditions,
        pump.alarms,
        pump.session,
        pump.delivery,
    ):
        room.pack(to)
    pump.wall.pack(to, pump.t_s)
    pump.guard.pack(to, pump.session.claim)
