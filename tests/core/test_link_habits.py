"""Pumps with one wrong habit on the line: the walk of test_link_machine finds each of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from test_link_machine import walk

from pump import loading, recovery
from pump.checks import Checks
from pump.guard.guard import Guard
from pump.link import frames, link
from pump.link.authentication import Authentication
from pump.link.link import Link
from pump.link.loader import Loader
from pump.protocol.protocol import Refusal
from pump.senses.budget import Budget
from pump.senses.vitals import Vitals
from pump.session import recovered
from pump.session.session import Session
from pump.store.journal import Journal
from pump.store.orders import Orders
from pump.tables import messages as m
from pump.tables import states


def takes_a_wrong_crc(patch: pytest.MonkeyPatch) -> None:
    """The loader compares nothing."""
    sound = Loader.end

    def end(self: Any, buf: bytearray, at: int, length: int) -> int:
        self._crc = zlib.crc32(self._buffer[: self._size])
        return int(sound(self, buf, at, length))

    patch.setattr(Loader, "end", end)


def takes_pieces_beyond_the_end(patch: pytest.MonkeyPatch) -> None:
    """The loader writes where nothing was announced."""
    sound = Loader.data

    def data(self: Any, buf: bytearray, at: int, length: int) -> int:
        self._received = max(self._received, buf[at] | buf[at + 1] << 8) if length > 2 else self._received
        return int(sound(self, buf, at, length))

    patch.setattr(Loader, "data", data)


def answers_again(patch: pytest.MonkeyPatch) -> None:
    """The answer is still due in the next scan."""
    sound = Link._answer

    def send(self: Any, out: Any, kind: int, pump: Any) -> None:
        sound(self, out, kind, pump)
        self._reply = kind if kind == m.REFUSED[0] else 0

    patch.setattr(Link, "_answer", send)


def answers_with_the_last_number(patch: pytest.MonkeyPatch) -> None:
    """A refusal late by a request."""
    sound = Link.refuse

    def refuse(self: Any, code: int, where: int = 0, detail: int = 0) -> None:
        sound(self, code, where, detail)
        self._reply_seq = self._reply_seq - 1 & 255

    patch.setattr(Link, "refuse", refuse)


def hears_no_pause_at_a_bag(patch: pytest.MonkeyPatch) -> None:
    """PAUSE acts while it runs alone."""
    sound = Session.update

    def update(self: Any, snap: Any, presses: int, request: int, hold: int, trip: int) -> bool:
        heard = 0 if request == m.PAUSE[0] and self.state == states.BAG else request
        return bool(sound(self, snap, presses, heard, hold, trip))

    patch.setattr(Session, "update", update)


def stops_no_held_session(patch: pytest.MonkeyPatch) -> None:
    """STOP acts while it runs alone."""
    sound = Session.update

    def update(self: Any, snap: Any, presses: int, request: int, hold: int, trip: int) -> bool:
        held = states.GROUP[self.state] & states.HOLDS
        return bool(sound(self, snap, presses, 0 if held else request, hold, trip))

    patch.setattr(Session, "update", update)


def confirms_the_bag_that_the_line_names(patch: pytest.MonkeyPatch) -> None:
    """A scanned code needs no press."""
    sound = Session.scanned

    def scanned(self: Any, code: bytes) -> bool:
        right = bool(sound(self, code))
        if right:
            self._go(self._situation[self.state]._confirmed())
        return right

    patch.setattr(Session, "scanned", scanned)


def leaves_the_guard_behind(patch: pytest.MonkeyPatch) -> None:
    """A second load reaches control alone."""
    sound = Guard.adopt
    patch.setattr(Guard, "adopt", lambda self, blob: None if self.plan else sound(self, blob))


def leaves_the_limits_behind(patch: pytest.MonkeyPatch) -> None:
    """A load leaves the patient's limits as they were."""
    patch.setattr(Vitals, "adopt", lambda self, new, on=False: None)


def refused_load_is_shown(patch: pytest.MonkeyPatch) -> None:
    """The fingerprint of what was refused."""
    sound = loading.judged

    def judged(pump: Any, blob: bytearray) -> Any:
        try:
            return sound(pump, blob)
        except Refusal:
            pump.fingerprint = b"REFUSED!"
            raise

    patch.setattr(loading, "judged", judged)


def loads_in_a_session(patch: pytest.MonkeyPatch) -> None:
    """A load is taken in each state."""
    sound = link.handlers

    def handlers(owner: Any) -> dict[int, Any]:
        made = sound(owner)
        return {kind: (row[0], row[1] & ~states.AT_REST, row[2]) for kind, row in made.items()}

    patch.setattr(link, "handlers", handlers)


def forgets_the_order_at_power_off(patch: pytest.MonkeyPatch) -> None:
    """What was given is in RAM alone."""
    patch.setattr(Orders, "_kept", lambda self: iter(()))


def keeps_each_refusal(patch: pytest.MonkeyPatch) -> None:
    """A list of refusals that nobody empties."""
    sound = Link.refuse

    def refuse(self: Any, code: int, where: int = 0, detail: int = 0) -> None:
        sound(self, code, where, detail)
        self.kept = [*getattr(self, "kept", ()), code]

    patch.setattr(Link, "refuse", refuse)


def writes_each_refused_load(patch: pytest.MonkeyPatch) -> None:
    """No budget for records."""
    patch.setattr(Budget, "take", lambda self, kind: True)


def drops_what_follows_a_damaged_frame(patch: pytest.MonkeyPatch) -> None:
    """The receiver never finds the next frame's beginning."""
    sound = frames.Receiver.take

    def take(self: Any, byte: int) -> int:
        bad = self.bad
        length = int(sound(self, byte))
        self.n = 1 if self.bad != bad else self.n
        return length

    patch.setattr(frames.Receiver, "take", take)


def takes_a_request_again(patch: pytest.MonkeyPatch) -> None:
    """No key's requests are counted."""
    sound = Authentication._judged

    def judged(self: Any, buf: bytearray, at: int, length: int) -> int:
        self._counts = [0] * len(self._counts)
        return int(sound(self, buf, at, length))

    patch.setattr(Authentication, "_judged", judged)


def answers_with_another_record(patch: pytest.MonkeyPatch) -> None:
    """Each record of this power-on is thought to be in RAM still."""
    patch.setattr(Journal, "holds", lambda self, seq: self._first <= seq < self.seq)


def takes_up_more_than_was_given(patch: pytest.MonkeyPatch) -> None:
    """After a power cut the pulses of the step are counted twice."""
    sound = recovered.restore

    def restore(case: Any, record: Any, turns: Any) -> bool:
        record.total += record.done + 1
        return bool(sound(case, record, turns))

    patch.setattr(recovery, "restore", restore)


def starts_before_its_self_test(patch: pytest.MonkeyPatch) -> None:
    """START counts while checks are awaited."""
    sound = Checks.look

    def look(self: Any, pump: Any, snap: Any, out: Any, presses: int) -> int:
        sound(self, pump, snap, out, presses)
        return presses

    patch.setattr(Checks, "look", look)


SEEDED: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    takes_a_wrong_crc, takes_pieces_beyond_the_end, answers_again, answers_with_the_last_number,
    hears_no_pause_at_a_bag, stops_no_held_session, confirms_the_bag_that_the_line_names, leaves_the_guard_behind,
    leaves_the_limits_behind, refused_load_is_shown, loads_in_a_session, forgets_the_order_at_power_off,
    keeps_each_refusal, writes_each_refused_load, drops_what_follows_a_damaged_frame, takes_a_request_again,
    answers_with_another_record, takes_up_more_than_was_given, starts_before_its_self_test,
)  # fmt: skip


@pytest.mark.req("SEC-1", "SES-15", "SES-16", "PRO-1", "INT-7", "FLO-6", "ALM-8")
@pytest.mark.parametrize("spoil", SEEDED, ids=lambda spoil: spoil.__name__)
def test_a_pump_with_one_wrong_habit_is_found(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the walk above looks at nothing."""
    spoil(monkeypatch)
    with pytest.raises(AssertionError):
        walk(20, 8)
