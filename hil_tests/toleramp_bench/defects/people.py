"""Defects of what presses, requests and decisions do."""

from __future__ import annotations

from typing import Any

from pump.io import CONFIRM
from pump.link.authentication import Authentication
from pump.link.link import Link
from pump.protocol import admission, approval
from pump.senses import keys
from pump.senses.keys import Buttons
from pump.session import held
from pump.session.case import Case
from pump.session.resuming import Resuming
from pump.session.session import Session
from pump.tables import messages
from pump.tables.states import RUNNING
from toleramp_bench.defects.kit import Defect, nothing, wrong


def _no_check() -> None:
    nothing(admission, "demand")


def _no_approval() -> None:
    nothing(Authentication, "missing")  # else nobody without a key comes so far
    nothing(approval, "demand")


def _no_first_press() -> None:
    @wrong(Resuming, "press")
    def press(sound: Any, resuming: Resuming, presses: int) -> Any:
        resuming.case.question.second |= bool(presses & CONFIRM) and resuming.may()
        return sound(resuming, presses)


def _least_hold_ignored() -> None:
    @wrong(Resuming, "may")
    def may(sound: Any, resuming: Resuming) -> Any:
        resuming.case.plan.protocol.min_hold_min = 0
        return sound(resuming)


def _severe_is_mild() -> None:
    @wrong(held.Held, "_classify")
    def classify(sound: Any, situation: held.Held, grade: int) -> Any:
        if grade == held.SEVERE:
            grade = held.MILD
        return sound(situation, grade)


def _reactions_not_counted() -> None:
    @wrong(held.Held, "_mild")
    def mild(sound: Any, situation: held.Held) -> Any:
        situation.case.progress.reactions = 0
        return sound(situation)


def _hold_for_ever() -> None:
    nothing(Case, "held_too_long", False)


def _stuck_unseen() -> None:
    keys.STUCK_MS = 1 << 29

    @wrong(Buttons, "_judge")
    def judge(sound: Any, buttons: Buttons) -> None:
        sound(buttons)
        buttons.bits, buttons.stuck = 0, False


def _laptop_lost_unseen() -> None:
    @wrong(Link, "receive")
    def receive(sound: Any, link: Link, *arguments: Any) -> None:
        sound(link, *arguments)
        link.bits, link.lost = 0, False


def _laptop_lost_holds() -> None:
    @wrong(Session, "update")
    def update(sound: Any, session: Session, snap: Any, presses: int, request: int, *rest: int) -> Any:
        silent = session.state == RUNNING and session.case.deaf()  # type: ignore[attr-defined]
        return sound(session, snap, presses, messages.PAUSE[0] if silent else request, *rest)

    @wrong(Link, "receive")
    def receive(sound: Any, link: Link, *arguments: Any) -> None:
        sound(link, *arguments)
        Case.deaf = lambda _: link.lost  # type: ignore[attr-defined]

    Case.deaf = lambda _: False  # type: ignore[attr-defined]


def _stop_asks_twice() -> None:
    pressed: list[int] = []

    @wrong(Session, "_urgent")
    def urgent(sound: Any, session: Session, stop: int, *rest: int) -> Any:
        if stop:
            pressed.append(stop)
        return sound(session, stop if len(pressed) > 40 else 0, *rest)


def _start_stays_armed() -> None:
    from pump.session.bags import FirstBag

    FirstBag.lapses = 0


PEOPLE = (
    Defect("skipped protocol check", "PRO-1", _no_check, ("decimal-slip.toml",)),
    Defect("skipped approval check", "SES-1", _no_approval, ("no-approval.toml",)),
    Defect("resume without a press", "SES-3", _no_first_press, ("one-press-no-resume.toml",)),
    Defect("least hold ignored", "SES-3", _least_hold_ignored, ("least-hold.toml",)),
    Defect("a severe reaction is taken for a mild one", "SES-4", _severe_is_mild, ("severe-reaction.toml",)),
    Defect("the third reaction is the first", "SES-6", _reactions_not_counted, ("third-reaction.toml",)),
    Defect("a stuck key is not told", "INT-6", _stuck_unseen, ("stuck-key.toml",)),
    Defect("a broken STOP wire is not told", "INT-6", _stuck_unseen, ("broken-stop-wire.toml",)),
    Defect("a lost laptop is not told", "INT-8", _laptop_lost_unseen, ("laptop-gone.toml",)),
    Defect("a lost laptop holds the pump", "INT-8", _laptop_lost_holds, ("laptop-gone.toml",)),
    Defect("STOP acts after 0.8 s", "SES-11", _stop_asks_twice, ("stop-button.toml",)),
    Defect("a forgotten start waits for ever", "SES-8", _start_stays_armed, ("forgotten-start.toml",)),
)
