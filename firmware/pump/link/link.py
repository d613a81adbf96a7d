"""The host line's far end: frames in, answers, stream and records out. No request can start the flow.

Bytes are taken as they come, a bounded number a scan; one frame leaves a scan. A host that has spoken and falls silent
for LOST_MS is reported, and what it had begun is forgotten; the pump goes on by itself (INT-8). Who may send a request,
in which states the pump takes it and how often in a second, stands in its row of tables.messages. What is taken while a
session is on allocates nothing.
"""

import struct

from pump.base.calendar import FIRST_S, LAST_S
from pump.base.compat import micropython
from pump.base.copying import copy
from pump.base.units import ticks_diff
from pump.io import TX_MAX
from pump.link import frames, status
from pump.link.archive import Archive
from pump.link.loader import Loader
from pump.store.journal import RECORD, SLOTS
from pump.tables import checks, lines, refusals
from pump.tables import messages as m
from pump.tables.causes import BIT, LINK_SILENT
from pump.tables.states import GROUP

LOST_MS = 5_000
SECOND_MS = 1_000
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
_CHECK = m.CHECK[0]
_STORED_GET = m.STORED_GET[0]
_STORED, _STORED_HEAD = m.STORED[:2]
_STORED_SIZE = struct.calcsize(_STORED_HEAD)
_LOST_BIT = BIT[LINK_SILENT]


class Link:
    """`receive` bytes once a scan, `send` at most one frame; `request` is PAUSE or STOP of this scan, or 0."""

    def __init__(self, journal, build):
        self.journal = journal
        self.build = build  # (version, build hash, git), bytes
        self.receiver = frames.Receiver()
        self.loader = Loader()
        self.archive = Archive(journal)
        self.request = 0
        self.lost = False
        self.bits = 0  # conditions of tables.causes
        self.loading = False  # this scan handled a part of a load or a setting, which may have allocated
        self.hung = None  # the code of a bag as scanned (a view of bytes), for the controller to judge
        self.setting = -1  # a row of tables.settings that is asked for, for the controller to judge, or -1
        self.value = 0
        self.wanted = -1  # LISTEN came: 1 for a search to begin, 0 to end it; -1: none came
        self.clock_s = 0  # the time to which the clock is to be set, for the controller to judge, or 0
        self.tests = False  # the self-test is to be made anew
        self._plain = bytearray(frames.MAX_PLAIN)
        self._heard_ms = -1
        self._period_ms = 0
        self._status_ms = 0
        self._reply = 0  # type of the answer that is due
        self._reply_seq = 0
        self._refusal = bytearray(2)
        self._asked = 0
        self._wanted = 0
        self._detail = 0
        self._requests = self._handlers()
        self._taken = bytearray(len(m.ROWS))  # how many of each row were taken in this second
        self._second_ms = -1
        code = memoryview(bytearray(CODE_MAX))
        self._codes = [code[:n] for n in range(CODE_MAX + 1)]  # made once: a slice is an object

    def _handlers(self):
        """Type of a request -> its handler, which takes the payload's length; the states in which it is taken; its row.

        The handler of a row is the method of its name.
        """
        made = {}
        for k in range(len(m.ROWS)):
            row = m.ROWS[k]
            if row[4] != m.PUMP:
                made[row[1]] = (getattr(self, "on_" + row[0].lower()), row[5], k)
        return made

    # -- receiving

    @micropython.native
    def receive(self, snap, state):
        """Takes the bytes of this scan; what they ask for stands in `request`, `loader.loaded` and the answer due."""
        self.request = 0
        self.loading = False
        receiver, data = self.receiver, snap.link
        if self._second_ms < 0 or ticks_diff(snap.now_ms, self._second_ms) >= SECOND_MS:
            self._begin_second(snap.now_ms)
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

    def _begin_second(self, now_ms):
        self._second_ms = now_ms
        taken = self._taken
        for row in range(len(taken)):
            taken[row] = 0

    def _count(self, row):
        """How many of the row's requests this second are beyond its number; the first of those is refused, the rest are
        as if they had not come: the line is the stream's, too, and others' answers stand."""
        most, taken = m.MOST[row], self._taken
        if taken[row] <= most:
            taken[row] += 1
            return taken[row] - most
        return 2

    def _handle(self, length, state):
        """A whole frame: what its row allows is handled, the rest refused."""
        buf = self.receiver.buf
        kind = buf[0]
        row = self._requests.get(kind)
        beyond = self._count(row[2]) if row else 0
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
        else:
            row[0](length)

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

    def on_self_test(self, length):
        """The self-test anew."""
        self.loading = self.tests = True

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
        self._load(self.loader.begin, length)

    def on_load_data(self, length):
        """A piece of it."""
        self._load(self.loader.data, length)

    def on_load_end(self, length):
        """It has come in full."""
        self._load(self.loader.end, length)

    def _load(self, part, length):
        self.loading = True
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
        elif kind == _HELLO:
            n = status.fill_hello(plain, pump)
        elif kind == _HEARD:
            n = status.fill_heard(plain, pump, self._wanted)
        elif kind == _CLOCK:
            n = status.fill_clock(plain, pump)
        elif kind == _CHECK:
            n = status.fill_check(plain, pump, self._wanted)
        else:
            n = status.fill_status(plain, pump) if kind == _STATUS else status.fill_stats(plain, pump)
        self._close(out, kind, self._reply_seq, n)

    @micropython.native
    def _stored(self, out):
        """What was read from the FRAM, or that it does not answer."""
        archive, journal, plain = self.archive, self.journal, self._plain
        archive.forget()
        if archive.unread:
            self._asked = _STORED_GET
            self.refuse(refusals.UNREAD)
            self._reply, self._reply_seq = 0, archive.number
            self._answer(out, _REFUSED, None)
            return
        lost = min(journal.lost, m.NONE16)
        struct.pack_into(
            _STORED_HEAD, plain, AT, archive.first, max(journal.slot, 0), lost, journal.seq - journal.stored
        )  # fmt: skip
        size = archive.got * RECORD
        copy(plain, AT + _STORED_SIZE, archive.data, 0, size)
        self._close(out, _STORED, archive.number, _STORED_SIZE + size)

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
