"""The people whose keys count: two copies of the keyring, checked before each use and in the background (INT-4).

The first sound copy counts. One that differs from a sound first one is what an installation left that was broken off:
it is not used. Without a sound copy nobody is known, which is told by its name and never taken for an empty ring.
"""

from pump.base import crc
from pump.base.compat import micropython
from pump.protocol.approval import decode_keyring
from pump.tables import events
from pump.tables.causes import BIT, KEYS_DAMAGED
from pump.tables.states import AT_REST, GROUP

LOOK_S = 60


def _sound(held):
    try:
        decode_keyring(held)
    except (ValueError, IndexError):
        return False
    return True


class Keyring:
    """`there`: the pump has one, sound or not; `bad`: copies that are not sound, as bits; `bits`: of tables.causes."""

    secret = True  # no recording has what is in it (link.standing)

    def __init__(self, copies=()):
        """`copies`: bytes as they were read, None for one that is not there."""
        self._copies = [held and bytearray(held) for held in copies]
        self.there = any(held is not None for held in copies)
        self.bad = self.bits = self._told = 0
        self._look_s = 0
        self._check()
        if not self.bad and self._differ():
            self._copies[1] = bytearray()
            self._check()

    def _differ(self):
        held = [held for held in self._copies if held is not None]
        return len(held) > 1 and held[0] != held[1]

    def _check(self):
        """Which copies are sound now."""
        bad = sound = 0
        for k in range(len(self._copies)):
            if self._copies[k] is None:
                continue
            if _sound(self._copies[k]):
                sound += 1
            else:
                bad |= 1 << k
        self.bad = bad
        self.bits = BIT[KEYS_DAMAGED] if bad and not sound else 0

    def people(self):
        """Dict of id to key (None: revoked) of the first copy that is sound now; at rest, it allocates."""
        for held in self._copies:
            if held is not None:
                try:
                    return decode_keyring(held)
                except (ValueError, IndexError):
                    self._look_s = 0  # it is told with the next look
        return {}

    def put(self, put, put_bytes):
        """`put(byte)` takes which copies there are (0: none, 1: sound, 2: damaged), and who has a key (1) or a void one
        (0), by their ids; no key."""
        put(len(self._copies))
        for k in range(len(self._copies)):
            put(0 if self._copies[k] is None else 2 if self.bad >> k & 1 else 1)
        people = self.people()
        put(len(people))
        for name in sorted(people):
            put_bytes(put, name.encode())
            put(0 if people[name] is None else 1)

    @micropython.native
    def look(self, pump):
        """Once a minute at rest; what is found is recorded. `pump`: the controller."""
        if pump.t_s < self._look_s or not GROUP[pump.session.state] & AT_REST or pump.link.loading:
            return
        self._look_s = pump.t_s + LOOK_S
        for k in range(len(self._copies)):
            held = self._copies[k]
            if held and not self.bad >> k & 1 and not crc.holds(held, len(held) - crc.SIZE):
                self._check()
        if self.bad != self._told:
            self._told = self.bad
            pump.log(events.KEYS_DAMAGED, 0, self.bad)
