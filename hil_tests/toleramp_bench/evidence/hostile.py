"""Hostile frames at a pump with a keyring: changed, replayed, reordered, cut, forged, flooding; nothing comes of them.

    hostile core     the core in five situations; what the pump holds is compared behind each frame
    hostile image    the image on the emulated board, at rest and in a session: what it holds, its lateness, its heap

What is sent is made of what somebody on the line has heard: a session of a person with a key, and the pump's answers.
What needs no key and acts (PAUSE, STOP, a scanned code) is left out: it is to act.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from pump.base.calendar import FIRST_S
from pump.io import STOP
from pump.tables import messages as m
from pump.tables import refusals
from toleramp.device.loading import load_requests
from toleramp.device.signing import Signer
from toleramp.device.wire import pack
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.evidence.fuzz import Finding, coded_frame, damage, reference_frame
from toleramp_bench.evidence.signed import KEYS, OTHER, PERSON, signed_blob

# Requests without fields that anybody may send and that are only acknowledged: what they do is theirs to do.
ACTS = [row[1] for row in m.ROWS if row[4] == m.ANYBODY and row[6] == m.ACKED and not row[2]]
WAYS = ("changed", "remade", "replayed", "reordered", "cut", "forged", "bare", "flood", "noise", "other key")
SITUATIONS = ("blank", "with a protocol", "flowing", "on hold", "ended")
_FORGET = 8  # one frame in so many comes as if much later: nothing slows it down
_REQUEST = {row[1] for row in m.ROWS if row[4] != m.PUMP}


def body_of(layout: tuple[int, str, str], fields: dict[str, Any], number: int = 1) -> bytes:
    """Type, number and payload of a request."""
    return bytes((layout[0], number)) + pack(layout, fields)


def requests_of(blob: bytes) -> list[tuple[tuple[int, str, str], dict[str, Any]]]:
    """What a person with a key asks for in a session."""
    asked: list[tuple[tuple[int, str, str], dict[str, Any]]] = [(m.SET, {"setting": 0, "value": 3})]
    asked.append((m.CLOCK_SET, {"wall_s": FIRST_S + 99}))
    asked.append((m.LISTEN, {"wanted": 1}))
    asked.append((m.LISTEN, {"wanted": 0}))
    asked += load_requests(blob)
    return asked


@dataclass
class Attacker:
    """`heard`: frames of a session, without their zeros; `frame` makes the next one."""

    random: Random
    heard: list[bytes]
    tried: Counter[str] = field(default_factory=Counter)

    def frame(self) -> bytes:
        """One hostile frame as it goes over the line, or several: nothing that is to act is in it."""
        while True:
            way = self.random.choice(WAYS)
            made = getattr(self, "_" + way.replace(" ", "_"))()
            if not any(_acts(part) for part in made.split(b"\0")):
                self.tried[way] += 1
                return b"\0" + made + b"\0"

    def _some(self) -> bytes:
        return self.random.choice(self.heard)

    def _changed(self) -> bytes:
        return damage(self.random, coded_frame(self._some()))

    def _remade(self) -> bytes:
        """Changed, and its checksum made anew."""
        body = damage(self.random, self._some())[:202]
        return coded_frame(body) if len(body) >= 2 else b""

    def _replayed(self) -> bytes:
        return coded_frame(self._some())

    def _reordered(self) -> bytes:
        some = self.random.sample(self.heard, min(4, len(self.heard)))
        return b"".join(coded_frame(body) for body in some)

    def _cut(self) -> bytes:
        if self.random.random() < 0.5:
            coded = coded_frame(self._some())
            return coded[: self.random.randrange(len(coded))]
        body = self._some()
        return coded_frame(body[: self.random.randrange(2, len(body) + 1)])

    def _forged(self) -> bytes:
        """Of any person, with any count, by a drawn MAC."""
        random = self.random
        kind = random.choice(sorted(_REQUEST))
        head = struct.pack("<BBI16s", kind, random.randrange(5), random.randrange(1 << 10), random.randbytes(16))
        return coded_frame(bytes((m.SIGNED[0], 7)) + head + random.randbytes(random.choice((0, 1, 3, 4, 6, 40))))

    def _bare(self) -> bytes:
        """What was signed, without the signature."""
        body = self._some()
        return coded_frame(body[2:3] + body[1:2] + body[24:]) if body[0] == m.SIGNED[0] else coded_frame(body)

    def _flood(self) -> bytes:
        if self.random.random() < 0.5:
            return coded_frame(body_of(m.STATUS_GET, {})) * 3
        return coded_frame(body_of(m.CHALLENGE_GET, {"data": PERSON.id.encode()})) * 3

    def _noise(self) -> bytes:
        return self.random.randbytes(self.random.choice((1, 9, 60)))

    def _other_key(self) -> bytes:
        """Signed by somebody whom the pump does not know, under the pump's own nonce."""
        signer = Signer(OTHER)
        signer.take({"nonce": self.nonce, "user": self.random.randrange(1, 4), "count": self.random.randrange(400)})
        layout, fields = self.random.choice(requests_of(b"x" * 60))
        return coded_frame(body_of(m.SIGNED, signer.sign(layout, fields)))

    nonce = bytes(16)


def _acts(part: bytes) -> bool:
    body = reference_frame(part) if part else None
    if body is None:
        return False
    return body[0] in ACTS or (body[0] == m.SIGNED[0] and len(body) > 2 and body[2] in ACTS)


# -- the core


def core_in(situation: str) -> CorePump:
    """A pump with a keyring, outside bench mode."""
    pump = CorePump(20_000, bench=False, keys=KEYS)
    pump.board.link_bytes = 64
    if situation != "blank":
        pump.load(signed_blob())
        _pass(pump, 60)
    if situation not in ("blank", "with a protocol"):
        standard_start(pump)
    if situation == "on hold":
        pump.press(STOP)
        _pass(pump, 30)
    if situation == "ended":
        say(pump, coded_frame(bytes((m.STOP[0], 1))))
        _pass(pump, 30)
    return pump


def standard_start(pump: CorePump) -> None:
    """A nurse starts it."""
    from toleramp_bench.figures.measure import attend
    from toleramp_bench.people.nurse import Nurse
    from toleramp_bench.people.pace import ScreenPace

    nurse = Nurse(ScreenPace())
    assert pump.run(lambda core: attend(core, nurse), lambda core: bool(core.out.flowing), 60), "it did not start"
    _pass(pump, 50)


def _pass(pump: CorePump, scans: int) -> None:
    for _ in range(scans):
        pump.scan()


def say(pump: CorePump, data: bytes) -> list[bytes]:
    """Sends bytes; the bodies of what comes back."""
    found = []
    pump.board.to_pump += data
    while pump.board.to_pump:
        pump.scan()
        if pump.out.tx_n:
            body = reference_frame(bytes(pump.out.tx[: pump.out.tx_n]).split(b"\0")[0])
            found.append(body or b"")
    return found


def held(pump: CorePump) -> tuple[Any, ...]:
    """All that a request could change in a pump."""
    c, link = pump.controller, pump.controller.link
    load = link.loader._size, link.loader._received, bytes(link.loader._buffer)
    rooms = id(c.session.case.plan), c.fingerprint, bytes(c.guard.blob or b""), c.orders._key, c.bench
    session = c.session.state, c.session.progress.hung, c.session.question.kind, pump.out.flowing, pump.out.permit
    rest = list(c.settings.values), c.wall.era, c.oximeter.searches, link.wanted, link.setting, link.clock_s
    return load, rooms, session, rest, bytes(c.keyring._copies[0]), c.keyring.bits


def overheard(pump: CorePump) -> list[bytes]:
    """A session of a person with the key, all of whose requests were taken; as it went over the line."""
    signer, found = Signer(PERSON), []
    ask = body_of(m.CHALLENGE_GET, {"data": PERSON.id.encode()})
    answer = say(pump, coded_frame(ask))
    if not answer or answer[-1][0] != m.CHALLENGE[0]:  # in a session nobody is let in: what was heard is of another one
        return [*overheard(core_in("blank")), ask]
    values = dict(zip(m.CHALLENGE[2].split(), struct.unpack(m.CHALLENGE[1], answer[-1][2:]), strict=True))
    signer.take(values)
    for layout, fields in requests_of(signed_blob()):
        body = body_of(m.SIGNED, signer.sign(layout, fields))
        found.append(body)
        say(pump, coded_frame(body))
        _pass(pump, 3)
    _pass(pump, 120)
    return [*found, ask]


def at_core(situation: str, frames: int, random: Random) -> tuple[Counter[str], Counter[str]]:
    """How many of each way were sent, and what was answered. Raises Finding."""
    pump = core_in(situation)
    attacker = Attacker(random, overheard(pump))
    said: Counter[str] = Counter()
    auth = pump.controller.link.auth
    before, records = held(pump), pump.controller.journal.seq
    for number in range(frames):
        if number % _FORGET == 0:
            auth.wait_s = auth._failures = 0
        attacker.nonce = auth.nonce or bytes(16)
        frame = attacker.frame()
        for body in say(pump, frame):
            said[refusals.NAMES[body[3]] if body[:1] == bytes((m.REFUSED[0],)) else m.NAMES[_row(body)]] += 1
        after = held(pump)
        if after != before:
            parts = [k for k, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
            raise Finding(f"{situation}: frame {number} changed what the pump holds, part {parts}", frame)
    hours = frames * 0.1 / 3600 + 1
    if pump.controller.journal.seq - records > 500 * hours:
        raise Finding(f"{situation}: {pump.controller.journal.seq - records} records", b"")
    still_works(pump, situation)
    return attacker.tried, said


def _row(body: bytes) -> int:
    return next((k for k, row in enumerate(m.ROWS) if body and row[1] == body[0]), 0)


def still_works(pump: CorePump, situation: str) -> None:
    """Behind it all a person with the key is heard at rest, and STOP acts in a session. Raises Finding."""
    pump.controller.link.auth.wait_s = 0
    if situation in ("flowing", "on hold"):
        say(pump, b"\0" + coded_frame(bytes((m.STOP[0], 1))))
        _pass(pump, 5)
        if pump.out.flowing:
            raise Finding(f"{situation}: STOP does not act any more", b"")
        return
    _pass(pump, 300)  # the line falls silent: another nonce
    before = list(pump.controller.settings.values)
    signer = Signer(PERSON)
    answer = say(pump, b"\0" + coded_frame(body_of(m.CHALLENGE_GET, {"data": PERSON.id.encode()})))[-1]
    signer.take(dict(zip(m.CHALLENGE[2].split(), struct.unpack(m.CHALLENGE[1], answer[2:]), strict=True)))
    fields = signer.sign(m.SET, {"setting": 0, "value": 5})
    say(pump, coded_frame(body_of(m.SIGNED, fields)))
    if pump.controller.settings.values == before:
        raise Finding(f"{situation}: a person with the key is not heard any more", b"")


def core(frames: int, seed: int) -> dict[str, Any]:
    """So many frames over all situations; figures."""
    random, tried, said = Random(seed), Counter[str](), Counter[str]()
    for situation in SITUATIONS:
        ways, answers = at_core(situation, frames // len(SITUATIONS), random)
        tried += ways
        said += answers
    return {"frames": tried.total(), "ways": dict(tried), "answers": dict(said), "changed": 0, "seed": seed}
