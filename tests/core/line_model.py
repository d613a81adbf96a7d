"""What bytes on the host line must lead to, worked out beside the pump from the tables: frames, the load, answers."""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from collections import Counter
from dataclasses import dataclass, field, replace

from pump.base.calendar import FIRST_S, LAST_S
from pump.base.units import ticks_diff
from pump.link import frames
from pump.link.handlers import CODE_MAX
from pump.link.link import LOST_MS
from pump.store.journal import SLOTS
from pump.tables import checks, lines, refusals, settings
from pump.tables import messages as m
from pump.tables.states import GROUP

REQUESTS = {row[1]: row for row in m.ROWS if row[4] != m.PUMP}
SECOND_MS, CRC_BYTES = 1_000, 4
_SEQ_BITS = (1 << 30) - 1
Answer = tuple[int, int]  # type of the message; the code of a refusal, else 0
Answers = frozenset[Answer]
LATER: Answers = frozenset({(m.STORED[0], 0), (m.REFUSED[0], refusals.UNREAD)})  # some scans after the request
ACK: Answers = frozenset({(m.ACKED, 0)})
ANY_REFUSAL: Answers = frozenset((m.REFUSED[0], code) for code in range(len(refusals.ROWS)))


def refused(*codes: int) -> Answers:
    """One of these refusals."""
    return frozenset((m.REFUSED[0], code) for code in codes)


def coded(kind: int, number: int, payload: bytes) -> bytes:
    """A sound frame, its ending zero included."""
    plain = bytes((kind, number)) + payload
    plain += struct.pack("<I", zlib.crc32(plain))
    return b"".join(bytes((len(part) + 1,)) + part for part in plain.split(b"\0")) + b"\0"


def opened(part: bytes) -> bytes | None:
    """Type, number and payload of a coded frame without its zero, by COBS's definition; None for a damaged one."""
    plain, at = bytearray(), 0
    while at < len(part):
        code = part[at]
        if code == 255 or at + code > len(part):
            return None
        plain += part[at + 1 : at + code]
        at += code
        if at < len(part):
            plain.append(0)
    body, tail = bytes(plain[:-CRC_BYTES]), bytes(plain[-CRC_BYTES:])
    return body if len(body) >= frames.HEAD and struct.pack("<I", zlib.crc32(body)) == tail else None


@dataclass
class Request:
    """A sound frame that counts; `often`: one of its kind too many in this second."""

    kind: int
    number: int
    payload: bytes
    often: bool = False
    may: Answers = ACK  # what the pump may answer
    blob: bytes | None = None  # a protocol that has come in full with it
    head: bytes = b""  # of SIGNED, within which it came
    strange: bool = False  # of a type that no request has


@dataclass
class Gate:
    """Who is let through, by the keys of `people` (none: bench mode, in which nothing is asked for)."""

    people: dict[str, bytes]
    bench: bool
    nonce: bytes = b""  # as the pump drew it
    open: bool = False
    wait_s: int = 0
    failures: int = 0
    quiet_s: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    user: int = 0

    def second(self) -> None:
        """One has passed."""
        if self.wait_s:
            self.wait_s, self.quiet_s = self.wait_s - 1, 0
        elif self.failures:
            self.quiet_s += 1
            if self.quiet_s >= 300:
                self.failures = self.quiet_s = 0

    def fail(self) -> None:
        """A try that is nobody's."""
        self.failures, self.quiet_s = self.failures + 1, 0
        if self.failures >= 3:
            self.wait_s = min(64, 2 ** min(self.failures - 2, 9))

    def why(self, request: Request) -> int:
        """Why a request that takes a key is refused, 0: it is not."""
        self.user = 0
        if not request.head:
            return 0 if self.bench else refusals.KEY_NEEDED
        if self.wait_s:
            return refusals.KEY_WAIT
        if not self.open:
            return refusals.KEY_SESSION
        found = self._why(request)
        if found:
            self.fail()
        return found

    def _why(self, request: Request) -> int:
        kind, user, count, mac = struct.unpack("<BBI16s", request.head)
        names = sorted(self.people)
        if count >= 1 << 30:
            return refusals.KEY_COUNT
        if not 1 <= user <= len(names):
            return refusals.KEY_UNKNOWN
        name = names[user - 1]
        if count <= self.counts.get(name, 0):
            return refusals.KEY_COUNT
        if not hmac.compare_digest(signature(self.people[name], self.nonce, name, count, kind, request.payload), mac):
            return refusals.KEY_WRONG
        self.counts[name], self.failures, self.user = count, 0, user
        return 0


def signature(key: bytes, nonce: bytes, name: str, count: int, kind: int, payload: bytes) -> bytes:
    """By the definition of pump.link.authentication, with the standard library's HMAC."""
    text = b"toleramp request 1" + nonce + bytes((len(name),)) + name.encode() + struct.pack("<IB", count, kind)
    return hmac.new(key, text + payload, hashlib.sha256).digest()[:16]


@dataclass
class LineModel:
    """`take` the bytes of a scan; `bad`: damaged frames so far; `streams`: records and status come unasked."""

    gate: Gate
    bad: int = 0
    streams: bool = False
    heard_ms: int = -1
    partial: bytearray = field(default_factory=bytearray)
    _second_ms: int = -1
    _taken: Counter[int] = field(default_factory=Counter)
    _size: int = 0
    _crc: int = 0
    _came: bytearray = field(default_factory=bytearray)
    _owner: int = 0  # whose load is under way
    _first: int = -1  # who asked for something in this scan before; -1: nobody

    def take(self, data: bytes, now_ms: int, state: int) -> list[Request]:
        """The requests of a scan in their order, those that the pump must not answer left out."""
        if self._second_ms < 0 or ticks_diff(now_ms, self._second_ms) >= SECOND_MS:
            self._second_ms = now_ms
            self._taken.clear()
            self.gate.second()
        found = []
        self._first = -1
        for byte in data:
            body = self._byte(byte)
            if body is not None:
                self.heard_ms = now_ms
                found += self._counted(body)
                if found:
                    self._may(found[-1], state)
        if self.heard_ms >= 0 and ticks_diff(now_ms, self.heard_ms) > LOST_MS:
            self._forget()
        return found

    def _byte(self, byte: int) -> bytes | None:
        if byte:
            self.partial.append(byte)
            return None
        part = bytes(self.partial)
        self.partial.clear()
        body = opened(part) if len(part) < frames.MAX_CODED else None
        self.bad += bool(part) and body is None
        return body if part else None

    def _counted(self, body: bytes) -> list[Request]:
        request = Request(body[0], body[1], body[2:])
        if body[0] == m.SIGNED[0] and len(body) >= 24:
            request = Request(body[2], body[1], body[24:], head=body[2:24])
        row = REQUESTS.get(request.kind)
        if row is None or (request.head and request.kind == m.SIGNED[0]):
            return [replace(request, strange=True)]
        self._taken[request.kind] += 1
        request.often = self._taken[request.kind] > row[7]
        return [request] if self._taken[request.kind] <= row[7] + 1 else []

    def _forget(self) -> None:
        self.heard_ms, self.streams, self._size = -1, False, 0
        self.gate.open = False
        self.partial.clear()
        self._came.clear()

    def _may(self, request: Request, state: int) -> None:
        """What may be answered, as far as it needs nothing of the pump but its state."""
        row = REQUESTS.get(request.kind)
        if row is None or request.strange:
            request.may = refused(refusals.UNKNOWN_REQUEST)
        elif row[5] and not GROUP[state] & row[5]:
            request.may = refused(refusals.BUSY)
        elif request.often:
            request.may = refused(refusals.TOO_OFTEN)
        elif row[4] == m.KEYED and (why := self.gate.why(request)):
            request.may = refused(why)
        elif row[4] == m.KEYED and self._first not in (-1, self.gate.user):
            request.may = refused(refusals.BUSY)
        else:
            part = getattr(self, f"_{row[0].lower()}", None)
            request.may = part(request) if part else frozenset({(row[6], 0)})

    def _signed(self, request: Request) -> Answers:
        self.gate.fail()
        return refused(refusals.TRUNCATED)

    def _challenge_get(self, request: Request) -> Answers:
        if request.payload not in [name.encode() for name in self.gate.people]:
            return refused(refusals.KEY_UNKNOWN)
        if not self.gate.open:
            self.gate.open = True
            self.gate.counts.clear()
        return frozenset({(m.CHALLENGE[0], 0)})

    def _stream(self, request: Request) -> Answers:
        if len(request.payload) != 2:
            return refused(refusals.TRUNCATED)
        self.streams = any(request.payload)
        return ACK

    def _log_get(self, request: Request) -> Answers:
        if len(request.payload) != 4:
            return refused(refusals.TRUNCATED)
        return frozenset({(m.EVENT[0], 0)}) | refused(refusals.RANGE)  # which of them: the journal knows

    def _hang(self, request: Request) -> Answers:
        if len(request.payload) > CODE_MAX:
            return refused(refusals.RANGE)
        return ACK | refused(refusals.RANGE, refusals.BUSY)  # the bag that is asked for decides

    def _set(self, request: Request) -> Answers:
        if len(request.payload) != 3:
            return refused(refusals.TRUNCATED)
        self._first = self.gate.user
        row, value = struct.unpack("<BH", request.payload)
        sound = row < settings.COUNT and settings.LOWEST[row] <= value <= settings.HIGHEST[row]
        return ACK if sound else refused(refusals.RANGE)

    def _listen(self, request: Request) -> Answers:
        if len(request.payload) == 1:
            self._first = self.gate.user
        return ACK | refused(refusals.WATCHED) if len(request.payload) == 1 else refused(refusals.TRUNCATED)

    def _clock_set(self, request: Request) -> Answers:
        if len(request.payload) != 4:
            return refused(refusals.TRUNCATED)
        self._first = self.gate.user
        sound = FIRST_S <= int.from_bytes(request.payload, "little") <= LAST_S
        return ACK | refused(refusals.NO_CLOCK) if sound else refused(refusals.RANGE)

    def _heard_get(self, request: Request) -> Answers:
        if len(request.payload) != 1:
            return refused(refusals.TRUNCATED)
        return frozenset({(m.HEARD[0], 0)}) if request.payload[0] < lines.COUNT else refused(refusals.RANGE)

    def _inputs_get(self, request: Request) -> Answers:
        return frozenset({(m.INPUTS[0], 0)}) if len(request.payload) == 4 else refused(refusals.TRUNCATED)

    def _check_get(self, request: Request) -> Answers:
        if len(request.payload) != 1:
            return refused(refusals.TRUNCATED)
        return frozenset({(m.CHECK[0], 0)}) if request.payload[0] < checks.COUNT else refused(refusals.RANGE)

    def _self_test(self, request: Request) -> Answers:
        self._first = self.gate.user
        return ACK

    def _stored_get(self, request: Request) -> Answers:
        if len(request.payload) != 3:
            return refused(refusals.TRUNCATED)
        sound = int.from_bytes(request.payload[:2], "little") <= SLOTS and request.payload[2] <= m.STORED_MOST
        return LATER if sound else refused(refusals.RANGE)

    def _load_begin(self, request: Request) -> Answers:
        self._owner = self._first = self.gate.user
        if len(request.payload) != 6:
            return refused(refusals.TRUNCATED)
        size, self._crc = struct.unpack("<HI", request.payload)
        self._came.clear()
        self._size = size if CRC_BYTES <= size <= m.PROTOCOL_MAX else 0
        return ACK if self._size else refused(refusals.RANGE)

    def _load_data(self, request: Request) -> Answers:
        self._first = self.gate.user
        if self._owner != self.gate.user:
            return refused(refusals.ORDER)
        at = int.from_bytes(request.payload[:2], "little")
        data = request.payload[2:]
        if not data or at > len(self._came) or at + len(data) > self._size:
            return refused(refusals.TRUNCATED)
        self._came[at : at + len(data)] = data
        return ACK

    def _load_end(self, request: Request) -> Answers:
        self._first = self.gate.user
        if self._owner != self.gate.user:
            return refused(refusals.ORDER)
        if not self._size or len(self._came) != self._size:
            return refused(refusals.TRUNCATED)
        self._size = 0
        blob = bytes(self._came)
        if zlib.crc32(blob) != self._crc:
            return refused(refusals.CHECKSUM)
        request.blob = blob
        return ACK


def record_asked(request: Request) -> int:
    """The number of the record that a LOG_GET asks for."""
    return int.from_bytes(request.payload, "little") & _SEQ_BITS
