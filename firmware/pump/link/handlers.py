"""What a request asks for: its handler is the method of its row's name, which takes the payload's length.

Each leaves what it asks for where the link, or the controller, looks in the same scan, and which answer is due.
"""

import struct

from pump.base.calendar import FIRST_S, LAST_S
from pump.base.copying import copy
from pump.link import frames
from pump.store.journal import SLOTS
from pump.tables import checks, lines, refusals
from pump.tables import messages as m
from pump.tables.messages import PUMP, ROWS

CODE_MAX = 40  # bytes of a bag's code; longer ones are nobody's
STREAM_MIN_MS = 100
STREAM_OLDEST = 32  # so many records from before a stream's beginning are sent too
AT = frames.HEAD  # where a payload begins
STATUS = m.STATUS[0]  # types of messages: a frame's first byte
EVENT = m.EVENT[0]
INPUTS = m.INPUTS[0]
SIGNED = m.SIGNED[0]
_STOP = m.STOP[0]
_STATS = m.STATS[0]
_HELLO = m.HELLO_REPLY[0]
_HEARD = m.HEARD[0]
_CLOCK = m.CLOCK[0]
_CHALLENGE = m.CHALLENGE[0]
_CHECK = m.CHECK[0]


def handlers(link):
    """Type of a request -> its handler, which takes the payload's length; the states in which it is taken; its row."""
    made = {}
    for k in range(len(ROWS)):
        row = ROWS[k]
        if row[4] != PUMP:
            made[row[1]] = (getattr(link, "on_" + row[0].lower()), row[5], k)
    return made


class Handlers:
    """The part of pump.link.link.Link that takes what the requests say."""

    def on_signed(self, length):
        """One that is too short to be for any request."""
        self.proved = True
        self.auth.failed(refusals.TRUNCATED, SIGNED)
        self.refuse(refusals.TRUNCATED, 0, length)

    def on_challenge_get(self, length):
        """Somebody with a key wants to ask for something."""
        self.proved = True
        self._reply = _CHALLENGE
        refused = self.auth.challenge(bytes(self.receiver.buf[AT : AT + length]))
        if refused:
            self.refuse(refused, 0, self.auth.wait_s)

    def on_ping(self, length):
        """Heard; the answer says so."""

    def on_pause(self, length):
        """Holds the flow; STOP stands above it in one scan."""
        if self.request != _STOP:
            self.request = self._asked

    def on_stop(self, length):
        """Ends the session."""
        self.request = self._asked

    def on_hello(self, length):
        """Who are you?"""
        self._reply = _HELLO

    def on_status_get(self, length):
        """What is it doing?"""
        self._reply = STATUS

    def on_stats_get(self, length):
        """How is the loop?"""
        self._reply = _STATS

    def _short(self, length, layout):
        """True, and refused, for a payload of another size than the row's layout."""
        if length == struct.calcsize(layout):
            return False
        self.refuse(refusals.TRUNCATED, 0, length)
        return True

    def on_stream(self, length):
        """Status and records from now on, at most so often; 0 ends it."""
        if self._short(length, m.STREAM[1]):
            return
        buf = self.receiver.buf
        period_ms = buf[AT] | buf[AT + 1] << 8
        self._period_ms = max(period_ms, STREAM_MIN_MS) if period_ms else 0
        self._status_ms = 0
        oldest = max(0, self.journal.seq - STREAM_OLDEST)
        if self.journal.sent < oldest:
            self.journal.sent = oldest

    def on_log_get(self, length):
        """A record; whether it is still in RAM counts when it is sent: this scan may make one that takes its place."""
        if not self._short(length, m.LOG_GET[1]):
            buf = self.receiver.buf
            self._wanted = buf[AT] | buf[AT + 1] << 8 | buf[AT + 2] << 16 | (buf[AT + 3] & 63) << 24
            self._reply = EVENT

    def on_hang(self, length):
        """The code of a bag, as scanned."""
        if length > CODE_MAX:
            self.refuse(refusals.RANGE, 0, length)
            return
        self.hung = self._codes[length]
        copy(self._codes[CODE_MAX], 0, self.receiver.buf, AT, length)

    def on_set(self, length):
        """A setting, to be kept."""
        if not self._short(length, m.SET[1]):
            buf = self.receiver.buf
            self.loading = True
            self.setting = buf[AT]
            self.value = buf[AT + 1] | buf[AT + 2] << 8

    def on_listen(self, length):
        """A search for the oximeter, or its end."""
        if not self._short(length, m.LISTEN[1]):
            self.loading = True
            self.wanted = 1 if self.receiver.buf[AT] else 0

    def on_heard_get(self, length):
        """What a search has heard on a line."""
        self._ask_row(length, m.HEARD_GET, lines.COUNT, _HEARD)

    def on_check_get(self, length):
        """What has a check of the self-test found?"""
        self._ask_row(length, m.CHECK_GET, checks.COUNT, _CHECK)

    def _ask_row(self, length, layout, count, reply):
        if self._short(length, layout[1]):
            return
        self._wanted = self.receiver.buf[AT]
        self._reply = reply
        if self._wanted >= count:
            self.refuse(refusals.RANGE, 0, self._wanted)

    def on_self_test(self, length):
        """The self-test anew."""
        self.loading = self.tests = True

    def on_clock_get(self, length):
        """What does the clock say?"""
        self._reply = _CLOCK

    def on_clock_set(self, length):
        """The time, for the clock."""
        if self._short(length, m.CLOCK_SET[1]):
            return
        buf = self.receiver.buf
        self.loading = True
        wall_s = buf[AT] | buf[AT + 1] << 8 | buf[AT + 2] << 16 | (buf[AT + 3] & 63) << 24
        if buf[AT + 3] > 63 or not FIRST_S <= wall_s <= LAST_S:
            self.refuse(refusals.RANGE)
        else:
            self.clock_s = wall_s

    def on_stored_get(self, length):
        """Records that lie in the FRAM: the answer comes when they are read."""
        if self._short(length, m.STORED_GET[1]):
            return
        buf = self.receiver.buf
        first, count = buf[AT] | buf[AT + 1] << 8, buf[AT + 2]
        if first > SLOTS or count > m.STORED_MOST:
            self.refuse(refusals.RANGE, 0, first)
        elif self.journal.slot < 0:
            self.refuse(refusals.UNREAD)
        else:
            self._reply = 0
            self.archive.ask(first, count, self._reply_seq)

    def on_inputs_get(self, length):
        """The recording of its inputs, from a place on."""
        if not self._short(length, m.INPUTS_GET[1]):
            self.recorder.ask(self.receiver.buf, AT)
            self._reply = INPUTS

    def on_load_begin(self, length):
        """A protocol begins to come."""
        self._loads = self.user
        self._load(self.loader.begin, length)

    def on_load_data(self, length):
        """A piece of it."""
        self._load(self.loader.data, length)

    def on_load_end(self, length):
        """It has come in full."""
        self._load(self.loader.end, length)

    def _load(self, part, length):
        self.loading = True
        if self._loads != self.user:
            self.refuse(refusals.ORDER)
            return
        refused = part(self.receiver.buf, AT, length)
        if refused:
            self.refuse(refused, 0, self.loader.detail)
