"""How the guard learns which bag hangs: from the screen's own text and raw keys (PRO-8)."""

from __future__ import annotations

import pytest
from core_kit import short

from pump.guard.hanging import Hanging
from pump.io import CONFIRM, UP
from pump.tables.questions import CODE_LINE
from pump.tables.states import BAG, FIRST_LINE

pytestmark = pytest.mark.req("PRO-8")


class Screen:
    """Four lines of 16, and what the guard makes of them."""

    def __init__(self) -> None:
        self.lines = bytearray(b" " * 64)
        self.hanging = Hanging(short(), self.lines)

    def ask(self, bag: str | None) -> None:
        """A bag is asked for, or nothing is."""
        text = FIRST_LINE[BAG] + bag.encode() if bag else b"RUNNING"
        self.lines[:16] = text.ljust(16)[:16]

    def show(self, code: str) -> None:
        """A code stands on the second line."""
        self.lines[16:32] = (CODE_LINE + code.encode()).ljust(16)[:16]

    def scans(self, count: int, raw: int = 0) -> None:
        """Scans at rest with these keys down."""
        for _ in range(count):
            self.hanging.look(raw, 20)

    def press(self, key: int = CONFIRM, scans: int = 10) -> None:
        """A key, and its release."""
        self.scans(scans, key)
        self.scans(5)


def asked(bag: str = "A", code: str = "T-1") -> Screen:
    """A screen that asks for a bag and shows a code."""
    screen = Screen()
    screen.scans(3)
    screen.ask(bag)
    screen.show(code)
    screen.scans(3)
    return screen


@pytest.mark.parametrize(("code", "bag"), [("T-1", 0), ("T-2", 1), ("T-3", 2)])
def test_the_bag_shown_and_confirmed_twice_hangs(code: str, bag: int) -> None:
    """Else it counts as unknown, and as the strongest; or another hangs than the one that was read."""
    screen = asked(code=code)
    assert screen.hanging.bag == -1
    screen.press()
    assert screen.hanging.bag == -1
    screen.show("")
    screen.press()
    assert screen.hanging.bag == bag


def test_a_second_press_on_the_same_code_counts_too() -> None:
    """Else a screen that has not changed yet keeps the bag unknown."""
    screen = asked()
    screen.press()
    screen.press()
    assert screen.hanging.bag == 0


@pytest.mark.parametrize("code", ["T-9", "T-11", "T-", "X T-1", ""])
def test_a_code_of_no_bag_names_none(code: str) -> None:
    """Else a code that begins like another is that one."""
    screen = asked(code=code)
    screen.press()
    screen.press()
    assert screen.hanging.bag == -1


@pytest.mark.req("INT-6")
@pytest.mark.parametrize(("scans", "counts"), [(1, False), (2, False), (3, True), (50, True)])
def test_a_key_counts_once_it_is_down_for_three_samples(scans: int, counts: bool) -> None:
    """Else a bounce confirms, or a key held down confirms twice."""
    screen = asked()
    screen.press(scans=scans)
    screen.show("")
    screen.press(scans=scans)
    assert screen.hanging.bag == (0 if counts else -1)
    held = asked()
    held.press(scans=200)
    assert held.hanging.bag == -1


def test_other_keys_and_other_screens_confirm_nothing() -> None:
    """Else a bag hangs that nobody was asked for."""
    screen = asked()
    for _ in range(3):
        screen.press(UP)
    assert screen.hanging.bag == -1
    screen.ask(None)
    for _ in range(3):
        screen.press()
    assert screen.hanging.bag == -1


def test_a_new_request_forgets_the_bag_and_the_old_one_does_not() -> None:
    """Else the bag of the step before hangs for ever, or the one just confirmed is forgotten."""
    screen = asked()
    screen.press()
    screen.press()
    screen.scans(20)
    assert screen.hanging.bag == 0
    screen.ask("B")
    screen.scans(1)
    assert screen.hanging.bag == -1
    screen.show("")
    screen.press()
    assert screen.hanging.bag == -1  # the first press of before names nothing now
    screen.show("T-2")
    screen.press()
    screen.press()
    assert screen.hanging.bag == 1
    screen.ask(None)
    screen.scans(5)
    assert screen.hanging.bag == 1
    screen.ask("B")
    screen.scans(1)
    assert screen.hanging.bag == -1


@pytest.mark.req("SES-16")
@pytest.mark.parametrize(("wait_ms", "bag"), [(800, -1), (900, 1)])
def test_a_scanned_code_counts_when_it_has_stood_for_a_while(wait_ms: int, bag: int) -> None:
    """Else a code that comes as the key goes down is confirmed by nobody."""
    screen = asked("B", "")
    screen.hanging.scanned(b"T-2")
    screen.scans(wait_ms // 20 - 3)
    screen.scans(4, CONFIRM)
    assert screen.hanging.bag == bag


def test_a_scanned_code_is_heard_only_while_asked_and_with_no_key_down() -> None:
    """Else a code sent ahead of time names the bag."""
    screen = asked("B", "")
    screen.ask(None)
    screen.scans(3)
    screen.hanging.scanned(b"T-2")
    screen.ask("B")
    screen.scans(60)
    screen.press()
    assert screen.hanging.bag == -1
    screen.scans(5, UP)
    screen.hanging.scanned(b"T-2")
    screen.scans(60)
    screen.press()
    assert screen.hanging.bag == -1


def test_another_code_takes_the_place_of_the_one_before() -> None:
    """Else the first of two codes hangs."""
    screen = asked("B", "T-1")
    screen.press()
    screen.show("T-2")
    screen.press()
    assert screen.hanging.bag == -1
    screen.press()
    assert screen.hanging.bag == 1
    screen.hanging.forget()
    assert screen.hanging.bag == -1
