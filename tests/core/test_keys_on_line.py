"""Who may send what: every request at every level in every state, and nothing changes beyond the table (SEC-1)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from core_kit import encode, host, scan_s, standard, start, state, tap
from line_model import coded, opened, signature
from test_approval import signed

from pump.base.calendar import FIRST_S
from pump.io import STOP
from pump.link.authentication import FREE_TRIES, MOST_WAIT_S
from pump.tables import events, refusals, states
from pump.tables import messages as m
from toleramp_bench.boards.core_pump import CorePump

KEYS = {"afischer": bytes(range(32)), "bmeier": bytes(range(32, 64)), "cwolf": None}
USER = {name: number + 1 for number, name in enumerate(sorted(KEYS))}
REQUESTS = [row for row in m.ROWS if row[4] != m.PUMP and row[0] not in ("SIGNED", "HANG")]
PAYLOADS = {
    "SET": struct.pack("<BH", 0, 3),
    "LISTEN": b"\1",
    "CLOCK_SET": struct.pack("<I", FIRST_S + 5),
    "LOAD_BEGIN": struct.pack("<HI", 90, 7),
    "LOAD_DATA": b"\0\0abc",
    "CHALLENGE_GET": b"afischer",
}
LEVELS = (
    "none", "right", "wrong key", "revoked", "unknown", "replayed", "other session", "reordered", "other payload",
    "other type", "truncated",
)  # fmt: skip
HOLDS = {
    "wrong key": refusals.KEY_WRONG, "revoked": refusals.KEY_REVOKED, "unknown": refusals.KEY_UNKNOWN,
    "replayed": refusals.KEY_COUNT, "other session": refusals.KEY_WRONG, "reordered": refusals.KEY_COUNT,
    "other payload": refusals.KEY_WRONG, "other type": refusals.KEY_WRONG, "truncated": refusals.TRUNCATED,
    "none": refusals.KEY_NEEDED,
}  # fmt: skip


class Laptop:
    """Asks a pump's core; knows the keys it is given."""

    def __init__(self, pump: CorePump) -> None:
        self.pump, self.count = pump, 0
        pump.board.link_bytes = 64

    def say(self, frame: bytes) -> tuple[int, int]:
        """Type of the answer, and the code of a refusal (else 0)."""
        self.pump.board.to_pump += frame
        while self.pump.board.to_pump:
            self.pump.scan()
        out = self.pump.out
        body = opened(bytes(out.tx[: out.tx_n]).split(b"\0")[0]) if out.tx_n else b""
        assert body is not None
        return (body[0], body[3] if body[0] == m.REFUSED[0] else 0) if body else (0, 0)

    def challenge(self, name: str = "afischer") -> bytes:
        """Asks for one; the nonce."""
        assert self.say(coded(m.CHALLENGE_GET[0], 1, name.encode()))[0] == m.CHALLENGE[0]
        return bytes(self.pump.controller.link.auth.nonce)

    def sign(self, kind: int, payload: bytes, name: str = "afischer", **other: object) -> bytes:
        """A signed request; `other`: what of it is another than it should be."""
        self.count += 1
        key = other.get("key") or KEYS[name] or bytes(32)
        nonce = other.get("nonce") or self.pump.controller.link.auth.nonce or bytes(16)
        count = int(str(other.get("count", self.count)))
        mac = signature(key, nonce, name, count, kind, payload)  # type: ignore[arg-type]
        user = int(str(other.get("user", USER[name])))
        return coded(m.SIGNED[0], 1, struct.pack("<BBI16s", kind, user, count, mac) + payload)

    def at(self, level: str, kind: int, payload: bytes) -> bytes:
        """The request as somebody of that level sends it."""
        if level == "none":
            return coded(kind, 1, payload)
        if level == "wrong key":
            return self.sign(kind, payload, key=bytes(31) + b"\1")
        if level == "revoked":
            return self.sign(kind, payload, "cwolf")
        if level == "unknown":
            return self.sign(kind, payload, user=9)
        if level == "other session":
            return self.sign(kind, payload, nonce=bytes(15) + b"\1")
        if level in ("replayed", "reordered"):
            frame = self.sign(kind, payload)
            then = frame if level == "replayed" else self.sign(m.SET[0], PAYLOADS["SET"])
            self.say(then)
            scan_s(self.pump, 1.2)
            return frame
        frame = self.sign(kind, payload)
        body = bytearray(opened(frame[:-1]) or b"")
        if level == "other payload":
            body[-1] ^= 1 if len(body) > 24 else 128
        elif level == "other type":
            body[2] = m.SET[0] if kind != m.SET[0] else m.LOAD_BEGIN[0]
        elif level == "truncated":
            body = body[:20]
        return coded(body[0], body[1], bytes(body[2:]))


def held(pump: CorePump) -> tuple[object, ...]:
    """All that a request could change: settings, clock, load, search, protocol, session, orders."""
    c, link = pump.controller, pump.controller.link
    load = link.loader._size, link.loader._received, bytes(link.loader._buffer)
    rooms = c.session.case.plan, c.fingerprint, bytes(c.guard.blob or b""), c.orders._key
    year = pump.board.clock.time.year
    return list(c.settings.values), load, c.oximeter.searches, rooms, state(pump), year, link.wanted


def idle() -> CorePump:
    return CorePump(20_000, bench=False, keys=KEYS)


def ready() -> CorePump:
    made = idle()
    made.load(encode(signed(standard())))
    scan_s(made, 1)
    return made


def running() -> CorePump:
    made = ready()
    start(made)
    scan_s(made, 1)
    return made


def held_up() -> CorePump:
    made = running()
    tap(made, STOP)
    return made


def stopped() -> CorePump:
    made = running()
    host(made, m.STOP[0])
    scan_s(made, 1)
    return made


SITUATIONS: dict[str, Callable[[], CorePump]] = {
    "idle": idle, "ready": ready, "running": running, "held": held_up, "stopped": stopped,
}  # fmt: skip


@pytest.mark.req("SEC-1", "SEC-2")
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_request_at_every_level_changes_what_the_table_says_and_nothing_else(situation: str) -> None:
    """Else somebody without a key loads, sets the clock or starts a search."""
    tried = 0
    for name, kind, _, _, who, where, answer, *_ in REQUESTS:
        if name in ("PAUSE", "STOP"):
            continue  # below: they are to act
        for level in LEVELS:
            pump = SITUATIONS[situation]()
            laptop = Laptop(pump)
            rests = bool(states.GROUP[pump.controller.session.state] & states.AT_REST)
            if rests:
                laptop.challenge()
            frame = laptop.at(level, kind, PAYLOADS.get(name, bytes(struct.calcsize(m.ROWS[m.NAMES.index(name)][2]))))
            before = held(pump)
            said = laptop.say(frame)
            scan_s(pump, 0.1)
            tried += 1
            if where and not rests:
                assert said == (m.REFUSED[0], refusals.BUSY), (name, level, said)
            elif who == m.KEYED and level != "right":
                wanted = HOLDS[level]
                assert said == (m.REFUSED[0], wanted), (name, level, refusals.NAMES[said[1]])
            elif who == m.ANYBODY and level == "none":
                assert said[0] in (answer, 0) or name in ("LOG_GET", "STORED_GET"), (name, said)
            if who != m.KEYED or level != "right" or not rests:
                assert held(pump) == before, (name, level)
            else:
                assert said[0] == m.ACKED or name in ("LISTEN", "LOAD_DATA", "LOAD_END"), (name, said)
    assert tried == (len(REQUESTS) - 2) * len(LEVELS)


@pytest.mark.req("SEC-1", "FLO-6")
@pytest.mark.parametrize("level", ["none", "wrong key", "revoked", "unknown"])
@pytest.mark.parametrize("name", ["PAUSE", "STOP"])
def test_pause_and_stop_act_whoever_signs_them_and_however(name: str, level: str) -> None:
    """Else a key that is wrong, or a pump that is slowed down, stands in the way of a stop."""
    pump = running()
    pump.controller.link.auth.wait_s = 60
    laptop = Laptop(pump)
    assert laptop.say(laptop.at(level, getattr(m, name)[0], b""))[0] == m.ACKED
    assert state(pump) == ("held" if name == "PAUSE" else "stopped")


@pytest.mark.req("SEC-1")
def test_with_the_key_each_request_does_what_it_says() -> None:
    """Else the key is for nothing."""
    pump = idle()
    laptop = Laptop(pump)
    laptop.challenge()
    assert laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"])) == (m.ACKED, 0)
    assert pump.controller.settings.values == [3]
    assert laptop.say(laptop.sign(m.LISTEN[0], b"\1"))[0] == m.ACKED and pump.controller.oximeter.searches
    assert laptop.say(laptop.sign(m.CLOCK_SET[0], PAYLOADS["CLOCK_SET"]))[0] == m.ACKED
    assert laptop.say(laptop.sign(m.LOAD_BEGIN[0], PAYLOADS["LOAD_BEGIN"]))[0] == m.ACKED
    assert pump.controller.link.loader._size == 90


@pytest.mark.req("SEC-1")
def test_a_load_is_one_persons() -> None:
    """Else one who has a key puts his bytes into another one's load."""
    pump = idle()
    laptop = Laptop(pump)
    laptop.challenge()
    laptop.challenge("bmeier")
    assert laptop.say(laptop.sign(m.LOAD_BEGIN[0], PAYLOADS["LOAD_BEGIN"]))[0] == m.ACKED
    assert laptop.say(laptop.sign(m.LOAD_DATA[0], b"\0\0abc", "bmeier")) == (m.REFUSED[0], refusals.ORDER)
    assert pump.controller.link.loader._received == 0
    assert laptop.say(laptop.sign(m.LOAD_DATA[0], b"\0\0abc"))[0] == m.ACKED


@pytest.mark.req("SEC-2", "ALM-8")
def test_three_failures_slow_down_twice_as_long_each_and_everything_else_goes_on() -> None:
    """Else a program tries keys as fast as the line carries them."""
    pump = idle()
    laptop = Laptop(pump)
    laptop.challenge()
    wrong = {"key": bytes(31) + b"\1"}
    waits = []
    for tries in range(FREE_TRIES + 6):
        said = laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"], **wrong))
        assert said == (m.REFUSED[0], refusals.KEY_WRONG), tries
        waits.append(pump.controller.link.auth.wait_s)
        if not waits[-1]:
            continue
        assert laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"])) == (m.REFUSED[0], refusals.KEY_WAIT)
        assert laptop.say(coded(m.PING[0], 1, b""))[0] == m.ACKED
        assert laptop.say(coded(m.STATUS_GET[0], 1, b""))[0] == m.STATUS[0]
        for _ in range(waits[-1] + 1):
            laptop.say(coded(m.PING[0], 1, b""))
            scan_s(pump, 1)
        assert not pump.controller.link.auth.wait_s
    assert waits == [0, 0, 2, 4, 8, 16, 32, 64, 64] and max(waits) == MOST_WAIT_S
    assert laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"])) == (m.ACKED, 0)
    assert laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"], **wrong))[1] == refusals.KEY_WRONG
    assert not pump.controller.link.auth.wait_s, "a try that held ends it"
    told = [event for event in pump.events if event["event"] == events.NAMES[events.KEY_REFUSED]]
    assert len(told) == FREE_TRIES + 7 and {event["code"] for event in told} == {refusals.NAMES[refusals.KEY_WRONG]}


@pytest.mark.req("SEC-2", "INT-10", "ALM-8")
def test_a_flood_without_a_key_writes_a_record_a_minute() -> None:
    """Else who has no key fills the log."""
    pump = idle()
    laptop = Laptop(pump)
    for _ in range(125):
        laptop.say(coded(m.SET[0], 1, PAYLOADS["SET"]))
        scan_s(pump, 1)
    told = [event for event in pump.events if event["event"] == events.NAMES[events.KEY_REFUSED]]
    assert len(told) == 3 and {event["code"] for event in told} == {refusals.NAMES[refusals.KEY_NEEDED]}


@pytest.mark.req("SEC-2")
def test_a_nonce_ends_with_the_lines_silence_and_is_never_the_same() -> None:
    """Else what was heard yesterday counts today."""
    pump = idle()
    laptop = Laptop(pump)
    first = laptop.challenge()
    assert laptop.challenge() == first, "others on the line keep their session"
    frame = laptop.sign(m.SET[0], PAYLOADS["SET"])
    scan_s(pump, 6)
    assert laptop.say(frame) == (m.REFUSED[0], refusals.KEY_SESSION)
    second = laptop.challenge()
    assert second != first and laptop.say(frame) == (m.REFUSED[0], refusals.KEY_WRONG)
    other = Laptop(CorePump(20_000, bench=False, keys=KEYS))
    other.pump.controller.link.auth._seed = bytes(32)
    assert other.challenge() not in (first, second)


@pytest.mark.req("SEC-2", "INT-5")
def test_the_log_says_whose_key_it_was() -> None:
    """Else nobody knows who loaded, and what."""
    pump = idle()
    laptop = Laptop(pump)
    laptop.challenge("bmeier")
    for value in (3, 4):
        laptop.say(laptop.sign(m.SET[0], struct.pack("<BH", 0, value), "bmeier"))
    laptop.say(coded(m.PING[0], 1, b""))
    journal = pump.controller.journal
    records = [bytearray(48) for _ in range(journal.seq)]
    for seq, record in enumerate(records):
        journal.copy(seq, record, 0)
    rows = [(record[16], record[17], record[21]) for record in records]
    of = [(kind, user) for kind, part, user in rows if not part and kind in (events.KEY_USED, events.SETTING)]
    assert of == [(events.KEY_USED, 2), (events.SETTING, 2), (events.SETTING, 2)]
    assert any(bytes(record[18:40]).rstrip(b"\0") == b"bmeier" for record in records if record[17])
    tap(pump, STOP)
    last = bytearray(48)
    journal.copy(journal.seq - 1, last, 0)
    assert last[21] == 0, "a press is nobody's key"
