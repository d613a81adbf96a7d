"""The host line's far end: frames in, answers, stream and records out. No request can start the flow.

Bytes are taken as they come, a bounded number a scan; one frame leaves a scan. A host that has spoken and falls silent
for LOST_MS is reported, and what it had begun is forgotten; the pump goes on by itself (INT-8). Who may send a request,
in which states the pump takes it and how often in a second, stands in its row of tables.messages; one that takes a key
comes within SIGNED (link.authentication). What is taken while a session is on allocates nothing.
"""

import struct

from pump.base.compat import micropython
from pump.base.copying import copy
from pump.base.units import ticks_diff
from pump.io import COUNT_MAX, TX_MAX
from pump.link import frames, status
from pump.link.archive import Archive
from pump.link.authentication import HEAD_SIZE, Authentication
from pump.link.handlers import AT, CODE_MAX, EVENT, INPUTS, SIGNED, STATUS, Handlers, handlers
from pump.link.inputs import GOES, Recorder
from pump.link.loader import Loader
from pump.link.often import Often
from pump.store.journal import RECORD
from pump.tables import messages as m
from pump.tables import refusals
from pump.tables.causes import BIT, LINK_SILENT
from pump.tables.states import GROUP

LOST_MS = 5_000
UNASKED = 0  # sequence of what no request asked for; requests count from 1
_ACK = m.ACK[0]
_REFUSED = m.REFUSED[0]
_KEYED = m.KEYED
_STORED_GET = m.STORED_GET[0]
_STORED = m.STORED[0]
_LOST_BIT = BIT[LINK_SILENT]


class Link(Handlers):
    """`receive` bytes once a scan, `send` at most one frame; `request` is PAUSE or STOP of this scan, or 0."""

    def __init__(self, journal, build, keyring, seed):
        self.journal = journal
        self.build = build  # (version, build hash, git), bytes
        self.receiver = frames.Receiver()
        self.loader = Loader()
        self.archive = Archive(journal)
        self.recorder = Recorder()
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
        self.tests = False  # the self-test is to be made anew
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
        at, end = 0, snap.link_n
        while at < end:
            at = receiver.gather(data, at, end)
            if at < end:
                length = receiver.take(0)
                at += 1
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
        signed = kind == SIGNED and length >= HEAD_SIZE
        if signed:
            kind = buf[AT]
            length -= HEAD_SIZE
        row = None if signed and kind == SIGNED else self._requests.get(kind)
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

    def refuse(self, code, where=0, detail=0):
        """The answer due becomes a refusal: row of tables.refusals, step or record, detail."""
        self._reply = _REFUSED
        self._refusal[0] = code
        self._refusal[1] = where
        self._detail = detail

    def decline(self, layout, code, where=0, detail=0):
        """The same for a request of that layout that the controller judged after all bytes of the scan had come. The
        answer due to a later one stands: no PAUSE that acted reads as refused, no refusal has another one's reason."""
        if self._reply and self._reply != _REFUSED and self._asked == layout[0]:
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
        recorder = self.recorder
        if recorder.stands == GOES or recorder.anew:
            recorder.scan(pump, snap, out)
        else:
            recorder.scans = recorder.scans + 1 if recorder.scans < COUNT_MAX else 0

    def _answer(self, out, kind, pump):
        plain, journal = self._plain, self.journal
        if kind == EVENT and not journal.holds(self._wanted):
            self.refuse(refusals.RANGE, 0, min(self._wanted, journal.seq))
            self._reply = 0
            kind = _REFUSED
        if kind == _ACK:
            plain[AT] = self._asked
            n = 1
        elif kind == _REFUSED:
            struct.pack_into(
                m.REFUSED[1], plain, AT, self._asked, self._refusal[0], self._refusal[1], self._detail
            )  # fmt: skip
            n = struct.calcsize(m.REFUSED[1])
        elif kind == EVENT:
            n = self._record(self._wanted)
        elif kind == INPUTS:
            n = self.recorder.fill(plain, journal.boot)
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
            self._close(out, EVENT, UNASKED, n)
        elif ticks_diff(now_ms, self._status_ms) >= self._period_ms or not self._status_ms:
            self._status_ms = now_ms
            self._close(out, STATUS, UNASKED, status.fill_status(self._plain, pump))

    @micropython.native
    def _close(self, out, kind, seq, n):
        self._plain[0] = kind
        self._plain[1] = seq
        out.tx_n = frames.encode(self._plain, n, out.tx)


assert frames.MAX_CODED <= TX_MAX
