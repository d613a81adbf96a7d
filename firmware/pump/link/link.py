"""The host line's far end: frames in, answers, stream and records out. No request can start the flow.

Bytes are taken as they come, a bounded number a scan; one frame leaves a scan. A host that has spoken and falls silent
for LOST_MS is reported; the pump goes on by itself (INT-8). Requests for what needs time (load) are refused while a
session runs.
"""

import struct

from pump.base.compat import micropython
from pump.base.crc import SIZE as CRC_SIZE
from pump.base.units import ticks_diff
from pump.link import frames
from pump.tables import messages as m

LOST_MS = 5_000
STREAM_MIN_MS = 100
UNASKED = 0  # sequence of what no request asked for; requests count from 1


class Link:
    """`receive` bytes once a scan, `send` at most one frame; `request` is PAUSE or STOP of this scan, or 0."""

    def __init__(self, journal, build):
        self.journal = journal
        self.build = build  # (version, build hash, git), bytes
        self.receiver = frames.Receiver()
        self.request = 0
        self.lost = False
        self.loading = False  # this scan handled a part of a load, which may have allocated
        self.loaded = None  # bytes of a protocol received in full, for the controller to judge
        self.may_hang = False  # a bag is asked for
        self.hung = None  # the code of a bag as scanned, for the controller to judge
        self.load_seq = 0
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
        self._buffer = bytearray(m.PROTOCOL_MAX)
        self._size = 0
        self._crc = 0

    # -- receiving

    @micropython.native
    def receive(self, snap, may_load):
        """Takes the bytes of this scan; what they ask for stands in `request`, `loaded` and the answer due."""
        self.request = 0
        self.loading = False
        receiver, data = self.receiver, snap.link
        for i in range(snap.link_n):
            length = receiver.take(data[i])
            if length >= 0:
                self._heard_ms = snap.now_ms
                self._handle(length, may_load)
        silent = self._heard_ms >= 0 and ticks_diff(snap.now_ms, self._heard_ms) > LOST_MS
        if silent:
            self._heard_ms = -1
            self._period_ms = 0
        self.lost = silent or (self.lost and self._heard_ms < 0)

    def _handle(self, length, may_load):
        buf = self.receiver.buf
        kind, self._reply_seq = buf[0], buf[1]
        self._asked = kind
        self._reply = m.ACK[0]
        if kind == m.PAUSE[0] or kind == m.STOP[0]:
            if self.request != m.STOP[0]:
                self.request = kind
        elif kind == m.STATUS_GET[0] or kind == m.STATS_GET[0] or kind == m.HELLO[0]:
            self._reply = kind + 0x80 if kind == m.HELLO[0] else m.STATUS[0] if kind == m.STATUS_GET[0] else m.STATS[0]
        elif kind == m.STREAM[0] and length == 2:
            self._start_stream(buf[2] | buf[3] << 8)
        elif kind == m.LOG_GET[0] and length == 4:
            self._log_get(buf[2] | buf[3] << 8 | buf[4] << 16 | (buf[5] & 63) << 24)
        elif m.LOAD_BEGIN[0] <= kind <= m.LOAD_END[0]:
            self._load(kind, length, may_load)
        elif kind == m.HANG[0]:
            self._hang(length)
        elif kind != m.PING[0]:
            self.refuse("unknown-request", 0, kind)

    def _start_stream(self, period_ms):
        self._period_ms = max(period_ms, STREAM_MIN_MS) if period_ms else 0
        self._status_ms = 0
        oldest = max(0, self.journal.seq - 32)
        if self.journal.sent < oldest:
            self.journal.sent = oldest

    def _hang(self, length):
        if self.may_hang:
            self.hung = bytes(self.receiver.buf[2 : 2 + length])
        else:
            self.refuse("busy")

    def _log_get(self, seq):
        if self.journal.holds(seq):
            self._wanted = seq
            self._reply = m.EVENT[0]
        else:
            self.refuse("range", 0, min(seq, self.journal.seq))

    def refuse(self, code, where=0, detail=0):
        """The answer due becomes a refusal: code of messages.REFUSALS, step or record, detail."""
        self._reply = m.REFUSED[0]
        self._refusal[0] = m.REFUSAL[code]
        self._refusal[1] = where
        self._detail = detail

    # -- loading: only while nothing runs, so it may allocate

    def _load(self, kind, length, may_load):
        buf = self.receiver.buf
        if not may_load:
            self.refuse("busy")
            return
        self.loading = True
        if kind == m.LOAD_BEGIN[0]:
            self._load_begin(length)
        elif kind == m.LOAD_DATA[0]:
            self._load_data(buf[2] | buf[3] << 8, length - 2)
        else:
            self._load_end()

    def _load_begin(self, length):
        if length != struct.calcsize(m.LOAD_BEGIN[1]):
            self.refuse("truncated", 0, length)
            return
        size, self._crc = struct.unpack_from(m.LOAD_BEGIN[1], self.receiver.buf, 2)
        self._size = 0
        if size > m.PROTOCOL_MAX or size < CRC_SIZE:
            self.refuse("range", 0, size)
        else:
            self._size = size
            self._received = 0

    def _load_data(self, offset, count):
        if count < 1 or offset + count > self._size or offset > self._received:
            self.refuse("truncated", 0, offset)
            return
        self._buffer[offset : offset + count] = self.receiver.buf[4 : 4 + count]
        self._received = max(self._received, offset + count)

    def _load_end(self):
        if not self._size or self._received != self._size:
            self.refuse("truncated", 0, self._size)
            return
        import binascii

        data = self._buffer[: self._size]
        self._size = 0
        if binascii.crc32(data) & 0xFFFFFFFF != self._crc:
            self.refuse("checksum")
        else:
            self.loaded = data

    # -- sending

    @micropython.native
    def send(self, out, pump, now_ms):
        """Puts at most one frame into the outputs: the answer due, else a record, else the stream's status."""
        kind = self._reply
        if kind:
            self._reply = 0
            self._answer(out, kind, pump)
        elif self._period_ms:
            self._stream(out, pump, now_ms)

    def _answer(self, out, kind, pump):
        plain = self._plain
        n = 0
        if kind == m.ACK[0]:
            plain[2] = self._asked
            n = 1
        elif kind == m.REFUSED[0]:
            struct.pack_into(
                m.REFUSED[1], plain, 2, self._asked, self._refusal[0], self._refusal[1], self._detail
            )  # fmt: skip
            n = 7
        elif kind == m.EVENT[0]:
            n = self._record(self._wanted)
        elif kind == m.HELLO_REPLY[0]:
            n = self._hello(pump)
        else:
            n = pump.fill_status(plain) if kind == m.STATUS[0] else pump.fill_stats(plain)
        self._close(out, kind, self._reply_seq, n)

    def _hello(self, pump):
        version, build, git = self.build
        struct.pack_into(
            m.HELLO_REPLY[1], self._plain, 2, m.CONTRACT, version, build, git, pump.fingerprint, pump.mode()
        )  # fmt: skip
        return struct.calcsize(m.HELLO_REPLY[1])

    def _record(self, seq):
        self.journal.copy(seq, self._plain, 2)
        return 28

    @micropython.native
    def _stream(self, out, pump, now_ms):
        journal = self.journal
        if journal.sent < journal.seq:
            if not journal.holds(journal.sent):
                journal.sent = journal.seq - 1
            n = self._record(journal.sent)
            journal.sent += 1
            self._close(out, m.EVENT[0], UNASKED, n)
        elif ticks_diff(now_ms, self._status_ms) >= self._period_ms or not self._status_ms:
            self._status_ms = now_ms
            self._close(out, m.STATUS[0], UNASKED, pump.fill_status(self._plain))

    @micropython.native
    def _close(self, out, kind, seq, n):
        self._plain[0] = kind
        self._plain[1] = seq
        out.tx_n = frames.encode(self._plain, n, out.tx)
