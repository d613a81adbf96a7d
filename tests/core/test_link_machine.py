"""Any laptop at the shipped core: every request has its answer, a load stands whole or not at all, nothing flows by it.

Two clients share the line; frames are cut, glued, flipped and flooded; hands and readings come in between. What each
scan must lead to is worked out beside the pump (line_model, line_pump).
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import pytest
from core_kit import next_key, state, tap
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from line_client import KEYED, Client, damaged, payload
from line_model import REQUESTS, coded, opened
from line_pump import FRAM, LinePump
from long_form import examples
from shelf import SHELF

from pump.base.calendar import FIRST_S
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.tables import causes, checks, questions, states, vitals
from pump.tables import messages as m
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.people.pace import ScreenPace

DAMAGES = ("", "", "", "", "twice", "cut", "flip", "open", "late")
FORGED = ("again", "late", "person", "nobody", "count", "payload", "mac", "bare")
POWER = {"": (0, 0), "passes": (9, 0), "goes on": (90, 0), "fails": (5, checks.SCREEN)}  # what LinePump.cycle takes
KINDS = st.sampled_from(sorted(REQUESTS))
KEYS = st.sampled_from((START, CONFIRM, SILENCE, UP, DOWN, STOP, START | CONFIRM, STOP | CONFIRM))
WAITS = st.sampled_from((0, 0, 1, 2, 9))
FAULTS = ("",) * 9 + ("crc", "size", "order", "byte", "gap", "again", "short end", "other crc")
PASTS = {  # so long a nurse has carried on
    "none": 0, "unread": 0, "armed": 3, "ended": 7, "fault": 7, "runs": 7, "held": 7, "locked": 7, "bag": 6,
    "back": 14, "over": 30, "recovered": 7, "testing": 7, "failed": 7,
}  # fmt: skip
# To shrink takes minutes.
CALM: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.generate,)}


class Line(RuleBasedStateMachine):
    """Two clients, hands, readings and power in any order."""

    reached: Counter[tuple[str, str]] = Counter()

    @initialize(
        bench=st.sampled_from((True, True, True, False)),
        sent=st.lists(st.tuples(st.sampled_from(sorted(SHELF)), st.sampled_from(FAULTS)), min_size=2, max_size=4),
        past=st.sampled_from(sorted(PASTS.keys() - {"failed"})),  # there is no way out of it
        then=st.sampled_from((m.PAUSE[0], m.STOP[0], m.HANG[0], m.HANG[0])),
    )
    def power_on(self, bench: bool, sent: list[tuple[str, str]], past: str, then: int) -> None:
        """A pump with a past, to which a protocol is sent."""
        self.pump = LinePump(bench, self.reached)
        self.clients = (Client("afischer", self.pump), Client("bmeier", self.pump))
        if past == "unread":
            self.plug(True)
        elif past != "none":
            self.treat("first order" if bench else "signed", PASTS[past])
            self.live(past)
        for name, fault in sent:
            self.load(name, fault, 0, 1)
        self.scan(12)
        if then == m.HANG[0]:
            self.scan_bag("right", 2, False)
        else:
            self.hold(then, 2)

    def live(self, past: str) -> None:
        if past in ("held", "fault", "back"):
            self.classify(causes.MILD)
        elif past in ("ended", "locked"):
            self.classify(causes.END if past == "ended" else causes.SEVERE)
        if past == "ended":
            self.load_refused_often(40)
        if past == "back" and state(self.pump) == "decision":
            self.choose_step(4)
        if past == "fault":
            self.tap_stray()
        if past == "bag":
            for _ in range(100):
                self.scan(state(self.pump) == "running")
        if past in ("fault", "locked", "recovered", "testing", "failed"):
            self.cycle({"testing": "goes on", "failed": "fails"}.get(past, ""))

    def scan(self, count: int) -> None:
        for _ in range(count):
            self.pump.scan()

    def send(self, data: bytes, scans: int) -> None:
        self.pump.board.to_pump += data
        self.scan(scans)

    def drain(self) -> None:
        while self.pump.board.to_pump:
            self.pump.scan()

    # -- the line

    @rule(data=st.data(), kind=KINDS, who=st.booleans(), skip=st.integers(0, 2), how=st.sampled_from(DAMAGES))
    def ask(self, data: Any, kind: int, who: bool, skip: int, how: str) -> None:
        frame = self.clients[who].frame(kind, payload(kind, data.draw), skip)
        at = data.draw(st.integers(0, 250)) if how in ("cut", "flip", "late") else 0
        if how == "late":  # split at any byte over two scans
            self.send(frame[: at % len(frame)], 1)
            frame = frame[at % len(frame) :]
        self.send(damaged(frame, how, at), data.draw(WAITS))

    @rule(kind=KINDS, who=st.booleans(), scans=WAITS)
    def ask_well(self, kind: int, who: bool, scans: int) -> None:
        size = 0 if kind == m.SIGNED[0] else struct.calcsize(str(REQUESTS[kind][2]))
        self.send(self.clients[who].frame(kind, bytes(size)), scans)

    @rule(kind=st.integers(0, 255), scans=WAITS)
    def ask_unknown(self, kind: int, scans: int) -> None:
        self.send(self.clients[0].frame(kind), scans)

    @rule(kind=st.sampled_from((m.PAUSE[0], m.STOP[0], m.STATUS_GET[0])), scans=WAITS)
    def hold(self, kind: int, scans: int) -> None:
        self.send(self.clients[0].frame(kind), scans)

    @rule(period=st.sampled_from((0, 1, 100, 500, 65535)))
    def stream(self, period: int) -> None:
        self.send(self.clients[0].frame(m.STREAM[0], struct.pack("<H", period)), 2)

    @rule(back=st.sampled_from((-1, 0, 1, 2, 63, 64, 65)), scans=WAITS)
    def record(self, back: int, scans: int) -> None:
        seq = max(0, self.pump.controller.journal.seq - back)
        self.send(self.clients[1].frame(m.LOG_GET[0], struct.pack("<I", seq)), scans)

    @rule(
        code=st.sampled_from(("", "right", "right", "small", "more", "other", "A" * 40, "A" * 41)),
        scans=WAITS,
        pinged=st.booleans(),
    )
    def scan_bag(self, code: str, scans: int, pinged: bool) -> None:
        session = self.pump.controller.session
        right = session.bags.codes[session.case.solution()].decode() if session.bags.codes else "T-1"
        said = {"right": right, "small": right.lower() + " ", "more": right + "X", "other": "T-3"}.get(code, code)
        frame = self.clients[0].frame(m.HANG[0], said.encode())
        self.send(frame + (self.clients[1].frame(m.PING[0]) if pinged else b""), scans)

    @rule(wanted=st.sampled_from((0, 1, 1)), line=st.integers(0, 6), scans=WAITS)
    def search(self, wanted: int, line: int, scans: int) -> None:
        self.send(self.clients[0].frame(m.LISTEN[0], bytes((wanted,))), scans)
        self.send(self.clients[0].frame(m.HEARD_GET[0], bytes((line,))), 1)

    @rule(name=st.sampled_from(sorted(SHELF)), who=st.booleans(), fault=st.sampled_from(FAULTS))
    def begin(self, name: str, who: bool, fault: str) -> None:
        self.clients[who].begin(SHELF[name].blob, fault)

    @rule(who=st.booleans(), count=st.integers(1, 6), scans=st.sampled_from((0, 1, 3, 60)))
    def go_on(self, who: bool, count: int, scans: int) -> None:
        pieces = self.clients[who].pieces
        self.send(b"".join(pieces[:count]), scans)
        del pieces[:count]

    @rule(
        name=st.sampled_from(sorted(SHELF)),
        fault=st.sampled_from(FAULTS),
        noise=st.sampled_from((0, 0, 0, m.PAUSE[0], m.SET[0], m.PING[0], m.LOAD_BEGIN[0])),
        count=st.sampled_from((1, 1, 1, 4)),
    )
    def load(self, name: str, fault: str, noise: int, count: int) -> None:
        client = self.clients[0]
        for _ in range(count):
            self.drain()
            self.scan(4)  # four beginnings a second
            self.challenge(0)
            client.begin(SHELF[name].blob, fault)
            other = self.clients[1].frame(noise) if noise else b""
            self.send(other.join(client.pieces), 1)
        self.drain()

    @rule(who=st.booleans())
    def challenge(self, who: bool) -> None:
        """A program that has a key asks for what it needs to sign."""
        self.drain()
        self.send(self.clients[who].begins(), 2)

    @rule(kind=st.sampled_from(sorted(KEYED)), how=st.sampled_from(FORGED), count=st.integers(1, 4))
    def forge(self, kind: int, how: str, count: int) -> None:
        """Signed requests that somebody without the key makes of what he has seen, or a program with an old one."""
        self.challenge(1)
        for _ in range(count):
            if how == "late":
                self.silence()
            frame = self.clients[1].frame(kind, bytes(struct.calcsize(str(REQUESTS[kind][2]))))
            body = bytearray(opened(frame[:-1]) or b"")
            if self.pump.bench:
                how = "again"  # nothing is signed there
            if how == "again":
                self.send(frame, 4)
            if how == "person":
                body[3] += 1
            elif how == "nobody":
                body[3] = 200
            elif how == "count":
                body[4] ^= 1
            elif how == "payload":
                body += b"\1"
            elif how == "mac":
                body[-1] ^= 128
            elif how == "bare":
                body = bytearray((kind, body[1])) + body[24:]
            self.send(coded(body[0], body[1], bytes(body[2:])), 4)

    @rule(count=st.sampled_from((3, 10)))
    def load_refused_often(self, count: int) -> None:
        client = self.clients[0]
        self.challenge(0)
        for _ in range(count):
            client.begin(SHELF["short"].blob, "")
            self.send(b"".join(client.pieces), 4)

    @rule(kind=KINDS, count=st.sampled_from((9, 40, 200)), scans=st.sampled_from((1, 12, 30)))
    def flood(self, kind: int, count: int, scans: int) -> None:
        size = struct.calcsize(str(REQUESTS[kind][2]))
        self.send(b"".join(self.clients[0].frame(kind, bytes(size)) for _ in range(count)), scans)
        del self.pump.board.to_pump[640:]  # what the laptop's driver throws away, in the middle of a frame, too

    @rule(noise=st.binary(max_size=300), scans=WAITS)
    def garbage(self, noise: bytes, scans: int) -> None:
        self.send(noise, scans)

    def set_clock(self, wall_s: int) -> None:
        self.challenge(True)
        self.send(self.clients[1].frame(m.CLOCK_SET[0], struct.pack("<I", wall_s)), 1)
        self.scan(12)
        self.send(self.clients[0].frame(m.CLOCK_GET[0]), 2)

    @rule()
    def silence(self) -> None:
        self.drain()
        self.scan(55)

    # -- people, patient, power

    @rule(keys=KEYS, hold=st.integers(1, 8))
    def press(self, keys: int, hold: int) -> None:
        self.pump.press(keys, hold * 100)
        self.scan(hold + 4)

    @rule(count=st.integers(1, 12))
    def carry_on(self, count: int) -> None:
        """What a nurse would do next, so that the far states are reached."""
        for _ in range(count):
            key = next_key(self.pump)
            if key:
                self.pump.press(key)
            self.scan(9 if key else 30)

    @rule(name=st.sampled_from(("plain", "other", "first order", "second order", "signed")), count=st.integers(3, 15))
    @precondition(lambda self: state(self.pump) in ("idle", "ready", "stopped", "completed"))
    def treat(self, name: str, count: int) -> None:
        """A load that may go well, and a session of it."""
        self.pump.parser.spo2, self.pump.parser.flags = 97, vitals.VALID
        self.load(name, "", 0, 1)
        self.scan(12)
        self.carry_on(count)

    @rule(grade=st.sampled_from((causes.TECHNICAL, causes.MILD, causes.SEVERE, causes.END)))
    @precondition(lambda self: state(self.pump) in ("held", "running", "bag"))
    def classify(self, grade: int) -> None:
        self.drain()
        tap(self.pump, STOP)
        question = self.pump.controller.session.question
        for _ in range(len(causes.GRADES)):
            if question.kind == questions.CAUSE and (not question.shown or causes.GRADES[question.shown - 1] != grade):
                tap(self.pump, UP)
        for _ in range(1 + causes.TWICE[grade]):
            tap(self.pump, CONFIRM)

    @rule(back=st.integers(0, 4))
    @precondition(lambda self: state(self.pump) == "decision")
    def choose_step(self, back: int) -> None:
        nurse = Nurse(ScreenPace(0), wishes=Wishes(back=back))
        for _ in range(12):
            if state(self.pump) == "decision":
                tap(self.pump, nurse.answer(self.pump.seen()))

    @rule(spo2=st.sampled_from((97, 97, 97, 92, 84)), flags=st.sampled_from((vitals.VALID, vitals.VALID, 0)))
    def reading(self, spo2: int, flags: int) -> None:
        self.pump.parser.spo2, self.pump.parser.flags = spo2, flags
        self.scan(3)

    @rule(seconds=st.sampled_from((1, 3, 3, 20)))
    @precondition(lambda self: state(self.pump) != "idle")
    def wait(self, seconds: int) -> None:
        self.scan(seconds * 10)

    @rule(out=st.booleans())
    def plug(self, out: bool) -> None:
        board = self.pump.board
        board.parts = board.parts & ~FRAM if out else board.parts | FRAM
        self.scan(3)

    @rule(test=st.sampled_from(("", "", "passes", "passes", "goes on", "fails")))
    def cycle(self, test: str) -> None:
        self.pump.check_bounds()
        self.pump.cycle(*POWER[test])
        self.scan(12)

    @rule()
    @precondition(lambda self: state(self.pump) in ("bag", "held", "resumable"))
    def runaway(self) -> None:
        self.tap_stray()

    def tap_stray(self) -> None:
        """Pulses that nobody commanded, at rest."""
        self.scan(3)
        self.pump.stray = True
        self.pump.stepper.stray(300)
        self.scan(3)
        self.pump.stray = False

    def teardown(self) -> None:
        if hasattr(self, "pump"):
            self.pump.check_bounds()


TOUR = [[(name, fault) for fault in ("", "crc")] for name in SHELF] + [
    [("other", ""), ("plain", "byte"), ("plain", "gap")]
]


ALWAYS = [("first order", ""), ("other", ""), ("steep", ""), ("oral", ""), ("no protocol", "")]


def tour() -> None:
    """Each past with each request after it, whatever the machine draws."""
    pasts = [(True, past) for past in sorted(PASTS)] + [(False, "none"), (False, "fault"), (False, "none")]
    for number, (bench, past) in enumerate(pasts):
        for then in (m.HANG[0], m.PAUSE[0], m.STOP[0]):
            line = Line()
            line.power_on(bench, TOUR[number % len(TOUR)] + ALWAYS, past, then)
            line.set_clock(FIRST_S + number)
            for kind in sorted(REQUESTS):
                line.ask_well(kind, False, 1)
            line.press(START, 2)  # beside a self-test that was asked for just now
            for how in () if bench else FORGED:
                line.forge(m.SET[0], how, 1)
            line.teardown()


def walk(count: int, steps: int, **more: Any) -> Counter[tuple[str, str]]:
    """Lets the machine run; what it reached."""
    Line.reached = Counter()
    tour()
    run_state_machine_as_test(Line, settings=settings(max_examples=count, stateful_step_count=steps, **CALM, **more))
    return Line.reached


STATES = {*states.NAMES}
REFUSALS = {
    "truncated", "range", "checksum", "format", "busy", "too-often", "unknown-request", "bench-mode", "approval",
    "ratio-exceeded", "not-run", "order-given", "order-unread", "unseen",
    "key-needed", "key-session", "key-wrong", "key-count", "key-unknown", "key-wait",
}  # fmt: skip


@pytest.mark.req("SEC-1", "SES-15", "SES-16", "PRO-1", "INT-7", "FLO-6", "ALM-8")
def test_any_laptop_gets_its_answers_and_no_more() -> None:
    """Else some row of bytes lets the drug flow, leaves half a protocol behind, or takes the pump from its people."""
    reached = walk(examples(60), 25)
    came = {what: {name for kind, name in reached if kind == what} for what in ("state", "request", "refusal")}
    assert came["request"] >= {row[0] for row in REQUESTS.values()} | {"?"}
    assert len(came["state"] & STATES) >= len(STATES) - 1, STATES - came["state"]
    assert came["refusal"] >= REFUSALS, REFUSALS - came["refusal"]
    assert {name for kind, name in reached if kind == "answer"} == {row[0] for row in m.ROWS if row[4] == m.PUMP}
    assert reached["load", "taken"] > 50
