"""The host line's far end: frames in, answers, stream and records out. No request can start the flow.

Bytes are taken as they come, a bounded number a scan; one frame leaves a scan. A host that has spoken and falls silent
for LOST_MS is reported, and what it had begun is forgotten; the pump goes on by itself (INT-8). Who may send a request,
in which states the pump takes it and how often in a second, stands in its row of tables.messages; one that takes a key
comes within SIGNED (link.authentication). What is taken while a session is on allocates nothing.
"""

import struct

from pump.base.calendar import FIRST_S, LAST_S
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.base.units import ticks_diff
from pump.io import TX_MAX
from pump.link import frames, status
from pump.link.archive import Archive
from pump.link.authentication import HEAD_SIZE, Authentication
from pump.link.handlers import handlers
from pump.link.loader import Loader
from pump.link.often import Often
from pump.store.journal import RECORD, SLOTS
from pump.tables import lines, refusals
from pump.tables import messages as m
from pump.tables.causes import BIT, LINK_SILENT
from pump.tables.states import GROUP

LOST_MS = 5_000
CODE_MAX = 40  # bytes of a bag's code; longer ones are nobody's
STREAM_MIN_MS = 100
STREAM_OLDEST = 32  # so many records from before a stream's beginning are sent too
UNASKED = 0  # sequence of what no request asked for; requests count from 1
AT = frames.HEAD  # where a payload begins
_STOP = m.STOP[0]
_ACK = m.ACK[0]
_REFUSED = m.REFUSED[0]
_STATUS = m.STATUS[0]
_EVENT = m.EVENT[0]
_STATS = m.STATS[0]
_HELLO = m.HELLO_REPLY[0]
_HEARD = m.HEARD[0]
_CLOCK = m.CLOCK[0]
_SIGNED = m.SIGNED[0]
_CHALLENGE = m.CHALLENGE[0]
_KEYED = m.KEYED
_STORED_GET = m.STORED_GET[0]
_STORED = m.STORED[0]
_LOST_BIT = BIT[LINK_SILENT]


class Link:
    """`receive` bytes once a scan, `send` at most one frame; `request` is PAUSE or STOP of this scan, or 0."""

    def __init__(self, journal, build, keyring, seed):
        self.journal = journal
        self.build = build  # (version, build hash, git), bytes
        self.receiver = frames.Receiver()
        self.loader = Loader()
        self.archive = Archive(journal)
        self.auth = Authentication(keyring, seed)
        self.user = 0  # number of the person whose key this scan's requests have; 0: none was needed
        self.proved = False  # this scan looked at a key, which allocates
        self.request = 0
        self.lost = False
        self.bits = 0  # conditions of tables.causes
        self.loading = False  # this scan handled a part of a load or a setting, which may have allocated
        self.hung = None  # the code of a bag as scanned (a view of bytes), for the controller to judge
        self.setting = -1  # a row of tables.settings that is asked for, for the controller to judge, or -1
        self.value = 0
        self.wanted = -1  # LISTEN came: 1 for a search to begin, 0 to end it; -1: none came
        self.clock_s = 0  # the time to which the clock is to be set, for the controller to judge, or 0
        self._plain = bytearray(frames.MAX_PLAIN)
        self._heard_ms = -1
        self._period_ms = 0
        self._status_ms = 0
        self._reply = 0  # type of the answer that is due
        self._reply_seq = 0
        self._refusal = bytearray(2)
        self._asked = 0
        self._loads = 0  # whose load is under way
        self._wanted = 0
        self._detail = 0
        self._requests = handlers(self)
        self._often = Often()
        code = memoryview(bytearray(CODE_MAX))
        self._codes = [code[:n] for n in range(CODE_MAX + 1)]  # made once: a slice is an object

    # -- receiving

    @micropython.native
    def receive(self, snap, state):
        """Takes the bytes of this scan; what they ask for stands in `request`, `loader.loaded` and the answer due."""
        self.request = self.user = 0
        self.loading = self.proved = False
        receiver, data = self.receiver, snap.link
        if self._often.begins(snap.now_ms):
            self.auth.second()
        for i in range(snap.link_n):
            length = receiver.take(data[i])
            if length >= 0:
                self._heard_ms = snap.now_ms
                self._handle(length, state)
        silent = self._heard_ms >= 0 and ticks_diff(snap.now_ms, self._heard_ms) > LOST_MS
        if silent:
            self._forget()
        self.lost = silent or (self.lost and self._heard_ms < 0)
        self.bits = _LOST_BIT if self.lost else 0

    def _forget(self):
        """The host is gone: what it wanted, and had sent the half of, was its own."""
        self._heard_ms = -1
        self._period_ms = 0
        self.receiver.n = 0
        self.loader.forget()
        self.archive.forget()
        self.auth.forget()

    def _handle(self, length, state):
        """A whole frame: what its row allows is handled, the rest refused."""
        buf = self.receiver.buf
        kind = buf[0]
        signed = kind == _SIGNED and length >= HEAD_SIZE
        if signed:
            kind = buf[AT]
            length -= HEAD_SIZE
        row = None if signed and kind == _SIGNED else self._requests.get(kind)
        beyond = self._often.beyond(row[2]) if row else 0
        if beyond > 1:
            return
        self._asked = kind
        self._reply_seq = buf[1]
        self._reply = _ACK
        if row is None:
            self.refuse(refusals.UNKNOWN_REQUEST, 0, kind)
        elif row[1] and not GROUP[state] & row[1]:
            self.refuse(refusals.BUSY)
        elif beyond > 0:
            self.refuse(refusals.TOO_OFTEN)
        elif m.WHO[row[2]] != _KEYED or self._proved(length, signed):
            if signed:
                copy(buf, AT, buf, AT + HEAD_SIZE, length)
            row[0](length)

    def _proved(self, length, signed):
        """Whether a request that takes a key has one; else it is refused."""
        auth = self.auth
        refused = auth.prove(self.receiver.buf, AT, length) if signed else auth.missing(self._asked)
        self.proved = self.proved or signed or auth.refused > 0
        user = auth.user if signed else 0
        if not refused and self.loading and user != self.user:
            refused = refusals.BUSY  # what comes in one scan is recorded as one person's
        if refused:
            self.refuse(refused, 0, auth.wait_s)
            return False
        self.user = user
        return True

    def on_signed(self, length):
        """One that is too short to be for any request."""
        self.proved = True
        self.auth.failed(refusals.TRUNCATED, _SIGNED)
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
        self._reply = _STATUS

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
        """A record that is still in RAM."""
        if self._short(length, m.LOG_GET[1]):
            return
        buf = self.receiver.buf
        seq = buf[AT] | buf[AT + 1] << 8 | buf[AT + 2] << 16 | (buf[AT + 3] & 63) << 24
        if self.journal.holds(seq):
            self._wanted = seq
            self._reply = _EVENT
        else:
            self.refuse(refusals.RANGE, 0, min(seq, self.journal.seq))

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
        if self._short(length, m.HEARD_GET[1]):
            return
        self._wanted = self.receiver.buf[AT]
        self._reply = _HEARD
        if self._wanted >= lines.COUNT:
            self.refuse(refusals.RANGE, 0, self._wanted)

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

    def refuse(self, code, where=0, detail=0):
        """The answer due becomes a refusal: row of tables.refusals, step or record, detail."""
        self._reply = _REFUSED
        self._refusal[0] = code
        self._refusal[1] = where
        self._detail = detail

    def decline(self, layout, code, where=0, detail=0):
        """The same for a request of that layout that the controller judged after all bytes of the scan had come. The
        answer due to a later one stands: no PAUSE that acted reads as refused."""
        if self._reply and self._asked == layout[0]:
            self.refuse(code, where, detail)

    # -- sending

    @micropython.native
    def send(self, out, pump, snap):
        """Puts at most one frame into the outputs: the answer due, else what the FRAM holds, else of the stream."""
        if self.archive.waits:
            self.archive.step(snap, out)
        kind = self._reply
        if kind:
            self._reply = 0
            self._answer(out, kind, pump)
        elif self.archive.ready:
            self._stored(out)
        elif self._period_ms and pump.spare:
            self._stream(out, pump, snap.now_ms)

    def _answer(self, out, kind, pump):
        plain = self._plain
        if kind == _ACK:
            plain[AT] = self._asked
            n = 1
        elif kind == _REFUSED:
            struct.pack_into(
                m.REFUSED[1], plain, AT, self._asked, self._refusal[0], self._refusal[1], self._detail
            )  # fmt: skip
            n = struct.calcsize(m.REFUSED[1])
        elif kind == _EVENT:
            n = self._record(self._wanted)
        else:
            n = status.fill(kind, plain, pump, self._wanted)
        self._close(out, kind, self._reply_seq, n)

    @micropython.native
    def _stored(self, out):
        """What was read from the FRAM, or that it does not answer."""
        archive, plain = self.archive, self._plain
        archive.forget()
        if archive.unread:
            self._asked = _STORED_GET
            self.refuse(refusals.UNREAD)
            self._reply, self._reply_seq = 0, archive.number
            self._answer(out, _REFUSED, None)
            return
        self._close(out, _STORED, archive.number, archive.fill(plain, AT))

    def _record(self, seq):
        self.journal.copy(seq, self._plain, AT)
        return RECORD

    @micropython.native
    def _stream(self, out, pump, now_ms):
        journal = self.journal
        if journal.sent < journal.seq and not journal.waits:
            if not journal.holds(journal.sent):
                journal.sent = journal.seq - 1
            n = self._record(journal.sent)
            journal.sent += 1
            self._close(out, _EVENT, UNASKED, n)
        elif ticks_diff(now_ms, self._status_ms) >= self._period_ms or not self._status_ms:
            self._status_ms = now_ms
            self._close(out, _STATUS, UNASKED, status.fill_status(self._plain, pump))

    @micropython.native
    def _close(self, out, kind, seq, n):
        self._plain[0] = kind
        self._plain[1] = seq
        out.tx_n = frames.encode(self._plain, n, out.tx)


assert frames.MAX_CODED <= TX_MAX
