"""Who asks: a request's HMAC-SHA256 by a person's key, over what nobody else can repeat (SEC-1, SEC-2); at rest alone.

    title | nonce 16 bytes | length u8 and text of the person's id | count u32 | type u8 | payload

The nonce is drawn from the board's random seed, for the first one who asks after power-on and after each silence of the
line. Each key counts its own requests under it: a count that is not above the last one taken is a copy, or came out of
order. So a program between, which serves several people, needs no key, and what it keeps is worth nothing.

FREE_TRIES that fail are answered at once; from then on nothing signed is looked at for FIRST_WAIT_S after a try that
fails, twice as long after each further one, MOST_WAIT_S at the most. A try that holds ends that, and FORGET_S without
one. What needs no key never comes here.
"""

import hashlib
import struct

from pump.protocol.approval import hmac_sha256, same
from pump.tables import refusals
from pump.tables.messages import SIGNED

MAC_BYTES = 16
NONCE_BYTES = 16
COUNT_MAX = (1 << 30) - 1
FREE_TRIES = 3
FIRST_WAIT_S, MOST_WAIT_S = 2, 64
FORGET_S = 300
BARE_S = 60
NOTHING_TOLD = 1
_TOLD_MASK = 255
_TITLE = b"toleramp request 1"
_HEAD = SIGNED[1]
HEAD_SIZE = struct.calcsize(_HEAD)


def request_mac(key, nonce, name, count, kind, payload):
    """The 16 bytes that prove a request: its type and payload, of the person `name`, the count-th under the nonce."""
    person = name.encode()
    head = _TITLE + nonce + bytes((len(person),)) + person + struct.pack("<IB", count, kind)
    return hmac_sha256(key, head + payload)[:MAC_BYTES]


class Authentication:
    """`missing` and `prove` return 0 or a row of tables.refusals. `user`: the number (from 1) of whom the last one that
    held came from; `fresh`: his id, when it was his first since power-on; `refused`, `kind`: a try that failed, to be
    recorded; `wait_s`: so long nothing signed is looked at."""

    def __init__(self, keyring, seed):
        self.keyring = keyring
        self.bench = False
        self.nonce = None
        self.user = 0
        self.asked = 0  # number of whom the last challenge was for
        self.fresh = b""
        self.refused = self.kind = 0
        self.wait_s = 0
        self._seed = seed
        self._drawn = 0  # nonces
        self._counts = [0] * len(keyring.people())  # of each person the last count taken under this nonce
        self._named = [False] * len(self._counts)
        self.told = NOTHING_TOLD  # whether each proof of this scan held, for the recording: a bit each behind a one
        self._failures = self._quiet_s = 0
        self._bare_s = 0

    def forget(self):
        """The line fell silent: whoever asks next gets another nonce."""
        self.nonce = None

    def second(self):
        """A second has passed."""
        if self._bare_s:
            self._bare_s -= 1
        if self.wait_s:
            self.wait_s -= 1
            self._quiet_s = 0
        elif self._failures:
            self._quiet_s += 1
            if self._quiet_s >= FORGET_S:
                self._failures = self._quiet_s = 0

    def missing(self, kind):
        """Why a request of that type does not do without a key: 0 in bench mode. That slows nothing down: no key was
        tried. It is recorded once in BARE_S."""
        if self.bench:
            return 0
        refused = self._without() or refusals.KEY_NEEDED
        if not self._bare_s:
            self._bare_s = BARE_S
            self.refused, self.kind = refused, kind
        return refused

    def _without(self):
        if self.keyring.bits:
            return refusals.KEYS_DAMAGED
        return 0 if self.keyring.there else refusals.NO_KEYS

    def challenge(self, name):
        """Somebody with that id (bytes) wants to ask: `nonce` and `count` are for him."""
        if self._without():
            return self._without()
        people = self.keyring.people()
        names = sorted(people)
        number = 0
        for k in range(len(names)):
            if names[k].encode() == name:
                number = k + 1
        if not number:
            return refusals.KEY_UNKNOWN
        if people[names[number - 1]] is None:
            return refusals.KEY_REVOKED
        if self.nonce is None:
            self._draw()
        self.asked = number
        return 0

    def _draw(self):
        """Another nonce, under which each key counts from 0."""
        self._drawn += 1
        self.nonce = hashlib.sha256(self._seed + struct.pack("<I", self._drawn)).digest()[:NONCE_BYTES]
        for k in range(len(self._counts)):
            self._counts[k] = 0

    def count(self):
        """The last count taken of whom the last challenge was for."""
        return self._counts[self.asked - 1]

    def prove(self, buf, at, length):
        """The head of SIGNED lies in buf[at:], then `length` bytes of the payload that it is for."""
        refused = self._without()
        if refused:
            return refused
        if self.wait_s:
            return refusals.KEY_WAIT
        if self.nonce is None:
            return refusals.KEY_SESSION
        refused = self._judged(buf, at, length)
        if refused:
            self.failed(refused, buf[at])
        return refused

    def _judged(self, buf, at, length):
        _, user, _, mac = struct.unpack_from(_HEAD, buf, at)
        if buf[at + 5] >= 64:  # above COUNT_MAX; it would take a number from the heap that is never needed
            return refusals.KEY_COUNT
        count = buf[at + 2] | buf[at + 3] << 8 | buf[at + 4] << 16 | buf[at + 5] << 24
        people = self.keyring.people()
        names = sorted(people)
        if not 0 < user <= len(names):
            return refusals.KEY_UNKNOWN
        name = names[user - 1]
        key = people[name]
        if key is None:
            return refusals.KEY_REVOKED
        if count <= self._counts[user - 1]:
            return refusals.KEY_COUNT
        start = at + HEAD_SIZE
        held = self.holds(key, name, count, buf[at], bytes(buf[start : start + length]), mac)
        self.told = self.told << 1 & _TOLD_MASK | held
        if not held:
            return refusals.KEY_WRONG
        self._counts[user - 1] = count
        self._held(user, name)
        return 0

    def holds(self, key, name, count, kind, payload, mac):
        """Whether those are the 16 bytes that prove the request. A replay, which has no keys, is told."""
        return same(request_mac(key, self.nonce, name, count, kind, payload), mac)

    def _held(self, user, name):
        self.user = user
        self._failures = 0
        if not self._named[user - 1]:
            self._named[user - 1] = True
            self.fresh = name.encode()

    def failed(self, code, kind):
        """A try that is nobody's, for a request of that type: it is recorded, and slows the next ones down."""
        self.refused = code
        self.kind = kind
        self._quiet_s = 0
        self._failures += 1
        if self._failures >= FREE_TRIES:
            doubled = min(self._failures - FREE_TRIES, 5)
            self.wait_s = min(FIRST_WAIT_S << doubled, MOST_WAIT_S)
