"""A pump each of whose scans is held against what the line's bytes must lead to, and what they must never do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core_kit import encode, state
from line_model import ACK, ANY_REFUSAL, LATER, Gate, LineModel, Request, opened, record_asked, refused
from shelf import KEYS, SHELF, Sheet

from pump.io import CONFIRM, DOWN, LINK_MAX, SILENCE, START, STOP, UP
from pump.protocol.fingerprint import fingerprint
from pump.store.journal import RECORD, RING
from pump.tables import causes, checks, events, parts, refusals, states
from pump.tables import messages as m
from toleramp.device.wire import unpack
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.devices.clock import EPOCH

PERIOD_US = 100_000
POWER_ON = 1  # the board's reset cause
UNKNOWN_PULSES = 50_000_000 // PL_PULSE  # 0.05 mL
TESTS_SCANS = 20  # of a self-test
OWN = 1 << checks.SUPPLY | 1 << checks.KEY  # the core's; the board says all others
PRESS_US = 1_500_000  # from a key going down to what the pump makes of it
KEYS_ALL = (START, CONFIRM, SILENCE, UP, DOWN, STOP)
FRAM = parts.BIT[parts.FRAM]
LIMITS = ("_stop", "_early", "_delay_ms", "_pulse_min", "_pulse_max", "_stop_fall", "_early_fall")
BY_BLOB = {sheet.blob: sheet for sheet in SHELF.values()}
BY_ITSELF = {  # what time and the line may lead to, with all hands off
    ("idle", "ready"), ("stopped", "ready"), ("completed", "ready"), ("armed", "ready"), ("running", "bag"),
    ("running", "held"), ("running", "completed"), ("bag", "held"), ("held", "locked"),
    ("testing", "idle"), ("testing", "recovered"), ("testing", "failed"), ("recovered", "failed"),
}  # fmt: skip
KEY_TO = {"running": CONFIRM, "armed": START, "resumable": CONFIRM, "decision": CONFIRM, "boundary": CONFIRM}
EVENT = frozenset({(m.EVENT[0], 0)})
LAYOUTS = {row[1]: row[1:4] for row in m.ROWS}


@dataclass
class Cut:
    """What stood there when the power went: the protocol, and pulses given of its session."""

    loaded: Sheet | None = None
    given: int = 0


@dataclass
class Before:
    """What stood there when a scan began."""

    state: str
    rooms: tuple[Any, ...]
    hears: bool
    code: bytes
    calls: bool
    hung: int
    made: int
    must: bool
    watched: bool


class LinePump(CorePump):
    """`scan` checks; `reached` counts what came up: states, requests, answers."""

    def __init__(self, bench: bool, reached: Counter[tuple[str, str]]) -> None:
        super().__init__(PERIOD_US, bench=bench, keys=KEYS)
        self.bench, self.reached = bench, reached
        self.board.link_bytes = LINK_MAX
        self.begun: set[bytes] = set()  # orders that a start has named
        self.given: set[bytes] = set()  # orders of which something flowed
        self.down_us: dict[int, int] = {}  # when a key last went down
        self.told: Counter[str] = Counter()  # records by their event, of this power-on
        self._on(0)

    def _on(self, first: int) -> None:
        """A controller that has just got power, and the number of its first record."""
        self.line, self.loaded, self.due = LineModel(Gate(KEYS, self.bench)), None, None
        self.told.clear()
        self.first = first  # record of this power-on
        self.zero_s = 0  # pulses that moved when the session began
        self.tests_in, self.fails = 0, 0  # scans until the board says what its self-test found; the check that fails
        self.footprint = held_bytes(self.controller.link)

    cut = Cut()
    loaded: Sheet | None
    due: Request | None  # for records of the FRAM

    def cycle(self, tests_in: int = 0, fails: int = 0) -> None:
        """Power off and on; the FRAM keeps what it holds. `tests_in`: the pump tests itself first, for so many scans;
        `fails`: the check that it does not pass."""
        if self.loaded:  # else what was cut off before that is still to be taken up
            self.cut = Cut(self.loaded, self.stepper.moved - self.zero_s)
        first, _ = self.board.log_end()
        self.board.off()
        self.again(POWER_ON, self.bench, KEYS, tests_in > 0)
        self._on(first)
        self.tests_in, self.fails = tests_in, fails
        if state(self) == "recovered":
            self._taken_up()

    def _taken_up(self) -> None:
        """What was cut off stands as it stood (SES-14, INT-2)."""
        loaded, given = self.cut.loaded, self.cut.given
        total = self.controller.session.progress.total
        assert self._stands(loaded), "a session without its protocol"
        assert 0 <= given - total <= UNKNOWN_PULSES, (given, total)
        assert self.controller.session.progress.hung < 0, "nobody knows what hangs"
        self.loaded, self.zero_s = loaded, self.stepper.moved - total

    def press(self, button: int, hold_ms: int = 200) -> None:
        """A hand; when it came is what lets the flow begin."""
        self.down_us |= {key: self.now_us for key in KEYS_ALL if button & key}
        super().press(button, hold_ms)

    def scan(self) -> None:
        """One scan, checked."""
        before, told = self._before(), len(self.events)
        self._tests()
        super().scan()
        snap = self.snap
        self.line.gate.nonce = self.controller.link.auth.nonce or b""
        asked = self.line.take(bytes(snap.link[: snap.link_n]), snap.now_ms, states.NAMES.index(before.state))
        self._loads(asked, before)
        self._answers(asked, before)
        self._acts(asked, before)
        self._flows(before)
        for event in self.events[told:]:
            self.told[str(event["event"])] += 1
        self.reached["state", state(self)] += 1

    def _tests(self) -> None:
        """What the board says of its self-test with the next scan."""
        snap = self.snap
        snap.passed = snap.failed = 0
        if self.out.tests:
            self.tests_in, self.fails = TESTS_SCANS, 0
        if self.tests_in:
            self.tests_in -= 1
            if not self.tests_in:
                snap.passed, snap.failed = 0 if self.fails else checks.AT_POWER_UP & ~OWN, self.fails

    def _before(self) -> Before:
        session = self.controller.session
        bags = session.bags.codes
        code = bags[session.case.solution()] if bags else b""
        return Before(
            state(self), self.rooms(), session.hears(), code, session.held.calls(), session.progress.hung,
            self.stepper.moved, self.controller.lost.must, self.controller.conditions.monitoring.on,
        )  # fmt: skip

    def rooms(self) -> tuple[Any, ...]:
        """All that a load puts somewhere."""
        c = self.controller
        limits = tuple(getattr(c.vitals, name) for name in LIMITS)
        return c.fingerprint, c.session.case.plan, c.guard.plan, bytes(c.guard.blob or b""), limits, c.orders._key

    # -- a load (PRO-1, SES-15)

    def _loads(self, asked: list[Request], before: Before) -> None:
        """What came in full stands whole in every room, or nowhere."""
        if before.state == "testing" and state(self) == "recovered":
            self._taken_up()
            return
        came = [request for request in asked if request.blob is not None]
        sheet = BY_BLOB.get(came[-1].blob or b"") if came else None
        if came:
            came[-1].may = self._judged(sheet, before)
        taken = bool(came) and self.rooms() != before.rooms
        if came:
            assert not taken or came[-1].may & ACK, "a load was taken that had to be refused"
            assert taken or came[-1].may != ACK or self._stands(sheet), "a sound load was dropped"
        if not taken:
            assert self.rooms() == before.rooms, "no load came, and what is loaded changed"
            return
        assert sheet is not None and self._stands(sheet), "a load stands in halves"
        self.loaded = sheet
        self.reached["load", "taken"] += 1

    def _stands(self, sheet: Sheet | None) -> bool:
        c = self.controller
        if sheet is None or not c.guard.plan or not c.session.case.plan:
            return False
        own, other = c.guard.plan.protocol, c.session.case.plan.protocol
        shown = fingerprint(bytearray(sheet.blob)).encode()
        limits = (other.spo2_stop, other.spo2_early, other.delay_s * 1000, other.pulse_min, other.pulse_max)
        whole = own is not other and encode(own) == encode(other) == sheet.blob == bytes(c.guard.blob)
        there = shown == c.fingerprint == fingerprint(c.guard.blob).encode() and c.orders._key == sheet.order
        return whole and there and self.rooms()[4][:5] == limits

    def _judged(self, sheet: Sheet | None, before: Before) -> frozenset[tuple[int, int]]:
        if before.must:
            return refused(refusals.UNSEEN)
        if sheet is None:
            return ANY_REFUSAL
        static = sheet.bench if self.bench else sheet.outside
        if static or sheet.order is None:
            return refused(static) if static else ACK
        unread = frozenset() if self.board.parts & FRAM else refused(refusals.ORDER_UNREAD)
        if sheet.order in self.given:
            return refused(refusals.ORDER_GIVEN) | unread
        if unread:
            return unread | (refused(refusals.ORDER_GIVEN) if sheet.order in self.begun else frozenset())
        waits = refused(refusals.BUSY) if self.loaded and self.loaded.order in self.begun else frozenset()
        return ACK | waits | (refused(refusals.ORDER_GIVEN) if sheet.order in self.begun else frozenset())

    # -- the answer

    def _answers(self, asked: list[Request], before: Before) -> None:
        """One frame leaves a scan: the answer to the last request that counts, else what the stream says."""
        for request in asked:
            self.reached["request", m.NAMES[list(LAYOUTS).index(request.kind)] if request.kind in LAYOUTS else "?"] += 1
        said = [opened(part) for part in bytes(self.out.tx[: self.out.tx_n]).split(b"\0") if part]
        assert len(said) <= 1 and None not in said
        self._notes_late(asked)
        late = self._late(said[0]) if said and said[0] else None
        if late:
            self._answer([late], said[0] or b"", before)
        elif not asked or asked[-1].may == LATER:
            unasked = not said or (said[0] or b"  ")[0] in (m.STATUS[0], m.EVENT[0])
            assert unasked and (not said or self.line.streams), "an answer that nobody asked for"
        else:
            assert said and said[0], "a request without an answer"
            self._answer(asked, said[0], before)

    def _notes_late(self, asked: list[Request]) -> None:
        """The newest request for records of the FRAM is answered once it is read; those before it are forgotten."""
        if self.controller.journal.slot < 0:
            for request in asked:
                request.may = refused(refusals.UNREAD) if request.may == LATER else request.may
        self.due = next((request for request in reversed(asked) if request.may == LATER), self.due)
        if self.line.heard_ms < 0:
            self.due = None

    def _late(self, body: bytes) -> Request | None:
        """The request for records that this frame answers, if it does; no other answer looks like one."""
        due = self.due
        refusal = body[0] == m.REFUSED[0] and body[2:4] == bytes((m.STORED_GET[0], refusals.UNREAD))
        if due is None or body[1] != due.number or not (body[0] == m.STORED[0] or refusal):
            return None
        self.due = None
        return due

    def _is_stored(self, fields: dict[str, Any], last: Request) -> None:
        """Records as they lie in the memory, all that were asked for and are there."""
        journal, data = self.controller.journal, fields.get("data", b"")
        first, count = int.from_bytes(last.payload[:2], "little"), last.payload[2]
        assert (fields["slot"], fields["end"]) == (first, journal.slot) and len(data) % RECORD == 0
        assert min(count, journal.slot - first) - 1 <= len(data) // RECORD <= count or first > journal.slot
        for k in range(len(data) // RECORD):
            assert bytes(self.board.slot(first + k)) == data[k * RECORD : (k + 1) * RECORD]

    def _answer(self, asked: list[Request], body: bytes, before: Before) -> None:
        last, kind = asked[-1], body[0]
        assert body[1] == last.number, "the answer has another request's number"
        fields = unpack(LAYOUTS[kind], body[2:])
        code = int(fields["code"]) if kind == m.REFUSED[0] else 0
        may = self._narrowed(asked, before)
        assert (kind, code) in may, f"{last.kind:#x}: {kind:#x} {refusals.NAMES[code]}, {sorted(may)}"
        assert fields.get("request", last.kind) == last.kind
        self.reached["answer", m.NAMES[list(LAYOUTS).index(kind)]] += 1
        if kind == m.REFUSED[0]:
            self.reached["refusal", refusals.NAMES[code]] += 1
        elif kind != m.ACKED:
            getattr(self, f"_is_{m.NAMES[list(LAYOUTS).index(kind)].lower()}")(fields, last)

    def _narrowed(self, asked: list[Request], before: Before) -> frozenset[tuple[int, int]]:
        """What the last request may be answered, now that the pump's rooms are known."""
        last = asked[-1]
        if last.kind == m.LISTEN[0] and last.may & ACK:
            return refused(refusals.WATCHED) if any(last.payload) and before.watched else ACK
        if last.kind == m.HANG[0] and last.may & ACK:
            return self._bag(last.payload, before)
        if last.kind == m.LOG_GET[0] and last.may - refused(refusals.RANGE) and len(last.payload) == 4:
            end = self.controller.journal.seq
            there = max(self.first, end - RING) <= record_asked(last) < end
            return last.may & (ANY_REFUSAL if last.often or not there else EVENT)
        return last.may

    def _bag(self, code: bytes, before: Before) -> frozenset[tuple[int, int]]:
        if self.snap.buttons or self.controller.buttons.stable or not before.hears:
            return refused(refusals.BUSY)
        seen = bytes(code.upper().translate(bytes.maketrans(b"OIL", b"011"), bytes(range(33))))
        return ACK if seen == before.code else refused(refusals.RANGE)

    def _is_hello_reply(self, fields: dict[str, Any], _: Request) -> None:
        shown = fingerprint(bytearray(self.loaded.blob)) if self.loaded else "--------"
        assert (fields["contract"], fields["fingerprint"], fields["mode"]) == (m.CONTRACT, shown, int(self.bench))

    def _is_status(self, fields: dict[str, Any], _: Request) -> None:
        """STATUS says what is: the state, what moved, what flows."""
        c, out, flags = self.controller, self.out, fields["flags"]
        assert states.NAMES[fields["state"]] == state(self) and fields["journal_seq"] == c.journal.seq
        assert bool(flags & m.FLAG_FLOW) == out.flowing and bool(flags & m.FLAG_PERMIT) == out.permit
        assert bool(flags & m.FLAG_LOADED) == bool(self.loaded)
        assert bool(flags & m.FLAG_BENCH) == self.bench and fields["t_s"] == c.t_s
        assert fields["steps"] == (c.session.case.plan.count if self.loaded else 0)
        if self.loaded and state(self) not in ("ready", "fault", "failed"):
            assert fields["total_pulses"] == self.snap.moved - self.zero_s

    def _is_challenge(self, fields: dict[str, Any], last: Request) -> None:
        gate, name = self.line.gate, last.payload.decode()
        assert fields["user"] == sorted(KEYS).index(name) + 1 and fields["nonce"] == gate.nonce
        assert fields["count"] == gate.counts.get(name, 0) and fields["wait_s"] == gate.wait_s

    def _is_stats(self, fields: dict[str, Any], _: Request) -> None:
        assert fields["rx_bad"] == self.line.bad

    def _is_heard(self, fields: dict[str, Any], last: Request) -> None:
        assert fields["line"] == last.payload[0] and fields["turn"] == self.out.ox_line, (fields, self.out.ox_line)

    def _is_check(self, fields: dict[str, Any], last: Request) -> None:
        row = last.payload[0]
        assert (fields["check"], fields["verdict"]) == (row, self.controller.checks.verdicts[row])

    def _is_clock(self, fields: dict[str, Any], _: Request) -> None:
        assert fields["t_s"] == self.controller.t_s and fields["cause"] == causes.NONE
        assert abs(EPOCH + timedelta(seconds=fields["wall_s"]) - self.board.clock.time) <= timedelta(seconds=2)

    def _is_inputs(self, fields: dict[str, Any], _: Request) -> None:
        assert fields["at"] == fields["end"] == 0, "a recording that nobody has begun"

    def _is_event(self, fields: dict[str, Any], last: Request) -> None:
        assert fields["seq"] == record_asked(last)

    # -- what the line may do to a session (SEC-1, SES-16, FLO-6)

    def _acts(self, asked: list[Request], before: Before) -> None:
        kinds = {request.kind for request in asked if not request.often}
        now, group = state(self), states.GROUP[states.NAMES.index(before.state)]
        stops = m.STOP[0] in kinds and group & states.ON and before.state != "locked" and not before.calls
        holds = m.PAUSE[0] in kinds and group & states.SUPERVISED
        assert not stops or now in ("stopped", "fault"), "STOP did not act"
        assert not holds or now in ("held", "stopped", "fault"), "PAUSE did not act"
        assert not (stops or holds) or (not self.out.words and not self.out.permit)
        assert now != "stopped" or before.state == now or stops or self._pressed(CONFIRM), "it stopped by itself"
        assert now != "failed" or self.fails, "it failed by itself"
        assert now != "fault" or before.state == now or self.stray, "a fault, and nothing was wrong"
        assert now != "armed" or not self.tests_in, "a start before the self-test had passed"
        if now != before.state and now not in ("stopped", "fault"):
            self._hands(before, now)

    def _hands(self, before: Before, now: str) -> None:
        key = KEY_TO.get(now)
        recent = any(self.now_us - t_us <= PRESS_US for t_us in self.down_us.values()) or self.keys
        by_hand = recent or (before.state, now) in BY_ITSELF
        assert by_hand, f"from {before.state} to {now} with all hands off"
        assert key is None or self._pressed(key) or now == before.state, f"{now} without its key"
        if now == "armed":
            self.zero_s = self.stepper.moved
            if self.loaded and self.loaded.order:
                self.begun.add(self.loaded.order)

    def _pressed(self, key: int) -> bool:
        return self.now_us - self.down_us.get(key, -PRESS_US - 1) <= PRESS_US

    def _flows(self, before: Before) -> None:
        now, moved = state(self), self.stepper.moved != before.made
        assert now == "running" or (not self.out.words and not self.out.permit and not self.out.flowing)
        assert before.hung >= 0 or self.controller.session.progress.hung < 0 or self._pressed(CONFIRM)
        assert not moved or before.state in ("running", "fault") or self.stray, "it flowed at rest"
        if moved and self.loaded and self.loaded.order:
            self.given.add(self.loaded.order)

    stray = False  # pulses come that nobody commanded

    # -- over time (INT-7, ALM-8)

    def check_bounds(self) -> None:
        """No record beyond its number an hour; the line's rooms hold what they held at first."""
        spans = self.controller.t_s // 360
        for kind, hour in enumerate(events.AN_HOUR):
            most = hour // 2 + spans * (hour // 20)
            assert not hour or self.told[events.NAMES[kind]] <= most, events.NAMES[kind]
        link = self.controller.link
        assert held_bytes(link) == self.footprint
        assert len(link.loader._buffer) in (0, link.loader._size), "of a protocol that comes, and no other"
        assert link.loader._size <= m.PROTOCOL_MAX and link.loader.loaded is None and link.hung is None


def held_bytes(link: Any) -> tuple[int, ...]:
    """How much the link's and the loader's containers hold, but for the half of a protocol that still comes."""
    return tuple(
        len(held)
        for room in (link, link.loader, link.receiver)
        for name, held in vars(room).items()
        if name != "_buffer" and isinstance(held, (bytearray, bytes, list, dict, memoryview))
    )
