"""Which bag hangs, as the guard reads it from screen, keys and scanner, sample by sample (PRO-8, INT-6)."""

from __future__ import annotations

import pytest
from core_kit import short

from pump.guard.hanging import HEARD_MS, STABLE, Hanging
from pump.io import CONFIRM, DOWN, UP
from pump.tables.questions import CODE_LINE
from pump.tables.states import BAG, FIRST_LINE

pytestmark = pytest.mark.req("PRO-8")

SCAN_MS = 20
CODES = ("T-1", "T-2", "T-3")


class Desk:
    """What the guard reads of a pump: four lines of 16, keys, a scanner."""

    def __init__(self, codes: tuple[str, ...] = CODES) -> None:
        protocol = short()
        for bag, code in zip(protocol.solutions, codes, strict=True):
            bag.code = code
        self.screen = bytearray(b" " * 64)
        self.hanging = Hanging(protocol, self.screen)

    def say(self, line: int, text: bytes) -> None:
        """A line of the screen, blank to its end."""
        self.screen[16 * line : 16 * line + 16] = text.ljust(16)

    def ask(self, letter: bytes = b"A") -> None:
        """The screen asks for a bag."""
        self.say(0, FIRST_LINE[BAG] + letter)
        self.look()

    def show(self, code: str) -> None:
        """The screen shows a bag's code."""
        self.say(1, CODE_LINE + code.encode())

    def look(self, raw: int = 0, samples: int = 1, dt_ms: int = SCAN_MS) -> int:
        """So many samples with those keys down; the bag that hangs."""
        for _ in range(samples):
            self.hanging.look(raw, dt_ms)
        return int(self.hanging.bag)

    def confirm(self, samples: int = 5) -> int:
        """CONFIRM for so many samples, and let go; the bag that hangs."""
        self.look(CONFIRM, samples)
        return self.look()

    def take(self, code: str) -> int:
        """A code is shown and confirmed twice."""
        self.show(code)
        self.confirm()
        return self.confirm()


def test_a_bag_hangs_when_its_code_was_confirmed_twice() -> None:
    """Else one press, or the question alone, names a bag."""
    desk = Desk()
    assert desk.look() == -1
    desk.ask()
    desk.show("T-2")
    assert desk.look(samples=10) == -1
    assert desk.confirm() == -1
    assert desk.confirm() == 1


@pytest.mark.req("INT-6")
@pytest.mark.parametrize(("samples", "counts"), [(STABLE - 1, False), (STABLE, True), (STABLE + 5, True)])
def test_a_key_counts_once_after_three_samples(samples: int, counts: bool) -> None:
    """Else a bounce is a press, or a long press two."""
    desk = Desk()
    desk.ask()
    desk.show("T-1")
    assert desk.confirm(samples) == -1
    assert (desk.confirm() == 0) is counts
    desk = Desk()
    desk.ask()
    desk.show("T-1")
    assert desk.confirm(200) == -1, "held for ever it is one press"


@pytest.mark.req("INT-6")
def test_what_stands_on_the_screen_at_the_third_sample_is_confirmed() -> None:
    """Else the code that comes while the finger is still down is taken."""
    desk = Desk()
    desk.ask()
    desk.show("T-1")
    desk.look(CONFIRM, STABLE)
    desk.show("T-2")
    desk.look(CONFIRM, 3)
    desk.look()
    desk.show("T-1")
    assert desk.confirm() == 0


@pytest.mark.parametrize("button", [UP, DOWN])
def test_only_confirm_confirms(button: int) -> None:
    """Else who turns through the codes has chosen one."""
    desk = Desk()
    desk.ask()
    desk.show("T-1")
    for _ in range(4):
        desk.look(button, 5)
        assert desk.look() == -1


def test_another_code_begins_anew() -> None:
    """Else two presses at two codes are a bag confirmed twice."""
    desk = Desk()
    desk.ask()
    assert desk.take("T-1") == 0
    desk.show("T-2")
    assert desk.confirm() == -1
    desk.show("T-3")
    assert desk.confirm() == -1 and desk.confirm() == 2


def test_the_second_press_may_find_another_second_line() -> None:
    """Else the bag is confirmed on the screen and the guard has not seen it."""
    desk = Desk()
    desk.ask()
    desk.show("T-2")
    desk.confirm()
    desk.say(1, b"CONFIRM AGAIN")
    assert desk.confirm() == 1


def test_confirm_where_no_code_stands_is_nothing() -> None:
    """Else the first press names a bag that nobody read."""
    desk = Desk()
    desk.ask()
    for text in (b"CHOOSE", b"NO SPO2", CODE_LINE, CODE_LINE + b"X-9", b"C0DE T-1"):
        desk.say(1, text)
        assert desk.confirm() == -1 and desk.confirm() == -1, text


def test_without_a_request_nothing_is_confirmed() -> None:
    """Else a code on the screen in a hold changes the bag."""
    desk = Desk()
    desk.say(0, b"HELD BY STOP")
    assert desk.take("T-1") == -1
    desk.ask()
    assert desk.take("T-1") == 0
    desk.say(0, b"STEP 1")
    assert desk.look(samples=5) == 0, "in flow it goes on hanging"
    assert desk.take("T-2") == 0


def test_a_new_request_forgets_the_bag_the_same_one_does_not() -> None:
    """Else the old bag is believed after a change; or each sample of the question forgets what was confirmed."""
    desk = Desk()
    desk.ask(b"A")
    assert desk.take("T-1") == 0
    assert desk.look(samples=9) == 0
    desk.ask(b"B")
    assert desk.look() == -1
    assert desk.confirm() == -1, "nor is what was picked before the request"
    assert desk.confirm() == 0
    desk.say(0, b"STEP 5")
    desk.look()
    desk.ask(b"B")
    assert desk.look() == -1, "the same bag asked for anew, its line was gone"


def test_a_new_session_knows_nothing() -> None:
    """Else yesterday's bag hangs."""
    desk = Desk()
    desk.ask()
    desk.take("T-1")
    desk.hanging.forget()
    assert desk.hanging.bag == -1
    assert desk.look() == -1
    desk.say(1, b"CHOOSE")
    assert desk.confirm() == -1


# -- codes of which one begins another


@pytest.mark.parametrize(
    ("shown", "bag"),
    [("T-1", 0), ("T-12", 1), ("T-123", 2), ("T-1 ", 0), ("T-1 2", 0), ("T-13", -1), ("T-1234", -1), ("T-", -1)],
)
def test_the_whole_code_is_read(shown: str, bag: int) -> None:
    """Else the guard believes in the weaker bag for the whole session."""
    desk = Desk(("T-1", "T-12", "T-123"))
    desk.ask()
    assert desk.take(shown) == bag


@pytest.mark.parametrize("length", [10, 11, 12, 20])
def test_of_a_long_code_its_last_characters_are_read_to_the_line_s_end(length: int) -> None:
    """Else a code that fills its line is read on into the next one, and never found."""
    codes = tuple(("X" * 30 + str(i))[-length:] for i in range(3))
    desk = Desk(codes)
    desk.ask()
    desk.say(2, b"SPO2 97 PULSE 72")
    assert desk.take(codes[1][-11:]) == 1


# -- the scanner


def scanned(code: bytes, wait_ms: int, raw: int = 0) -> Desk:
    """A code scanned while a bag is asked for, so long ago."""
    desk = Desk()
    desk.ask()
    desk.say(1, b"CHOOSE")
    desk.look(raw)
    desk.hanging.scanned(code)
    desk.look()
    desk.look(dt_ms=wait_ms - SCAN_MS)
    return desk


@pytest.mark.req("SES-16")
@pytest.mark.parametrize(("wait_ms", "bag"), [(HEARD_MS - 61, -1), (HEARD_MS - 60, 1), (HEARD_MS + 500, 1)])
def test_a_scanned_code_counts_when_it_has_stood_so_long(wait_ms: int, bag: int) -> None:
    """Else a frame just before a press decides what the press means."""
    assert HEARD_MS == 900
    assert scanned(b"T-2", wait_ms).confirm() == bag  # the third sample of the key is 60 ms later


@pytest.mark.parametrize("code", [b"T-2", b"t-2", b" T-2\r\n"])
def test_a_scanned_code_is_compared_as_eyes_see_it(code: bytes) -> None:
    """Else the right bag is called wrong because the scanner sends small letters."""
    assert scanned(code, 1_000).confirm() == 1


@pytest.mark.parametrize("code", [b"T-4", b"T-", b"T-22", b""])
def test_a_code_of_no_bag_picks_none(code: bytes) -> None:
    """Else any label names a bag."""
    desk = scanned(code, 1_000)
    assert desk.confirm() == -1 and desk.confirm() == -1


def test_a_scanned_code_ends_what_was_picked_before() -> None:
    """Else a scan of another pump's bag leaves the old belief."""
    desk = Desk()
    desk.ask()
    assert desk.take("T-1") == 0
    desk.hanging.scanned(b"X")
    assert desk.look() == -1
    desk.say(1, b"CHOOSE")
    desk.look(dt_ms=2_000)
    assert desk.confirm() == -1


@pytest.mark.req("SEC-1")
@pytest.mark.parametrize("raw", [UP, CONFIRM])
def test_while_a_key_is_down_nothing_is_scanned(raw: int) -> None:
    """Else what a finger confirms is exchanged under it."""
    desk = scanned(b"T-2", 1_000, raw)
    assert desk.confirm() == -1 and desk.confirm() == -1


@pytest.mark.req("SEC-1")
def test_where_no_bag_is_asked_for_nothing_is_scanned() -> None:
    """Else whoever is on the line changes the bag in a step."""
    desk = Desk()
    desk.ask()
    desk.take("T-1")
    desk.say(0, b"STEP 1")
    desk.look()
    desk.hanging.scanned(b"T-3")
    assert desk.look() == 0


@pytest.mark.req("SES-16")
def test_while_a_scan_is_fresh_no_shown_code_is_taken_either() -> None:
    """Else a press meant for one code confirms the other."""
    desk = scanned(b"T-2", 100)
    desk.show("T-1")
    assert desk.confirm() == -1
    desk.look(dt_ms=1_000)
    assert desk.confirm() == -1 and desk.confirm() == 0
