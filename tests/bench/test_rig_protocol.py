"""The rig's line: whole commands act once, damaged ones not at all, and a silent laptop leaves nothing pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig_kit import LoneRig

from toleramp.errors import UserError
from toleramp_bench.boards.rig.link import _LINE, RigRefused, RigSilent
from toleramp_bench.places import pins

seal, unseal = _LINE["seal"], _LINE["unseal"]
PINS = pins("rig_pico")


@pytest.fixture(scope="module")
def lone() -> LoneRig:
    """A rig that the tests of this module share."""
    return LoneRig()


@pytest.mark.req("TST-1")
@given(st.integers(0, 9999), st.text("abcdefghijklmnopqrstuvwxyz0123456789 ", max_size=60), st.data())
def test_one_damaged_character_is_found(number: int, text: str, data: st.DataObject) -> None:
    """Else noise on the line presses a key."""
    line = seal(f"{number} x{text}")
    assert unseal(line) == f"{number} x{text}".split()
    at = data.draw(st.integers(0, len(line) - 2))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != line[at]))
    if line[at] != " " or other != "\t":
        assert unseal(line[:at] + other + line[at + 1 :]) is None


@pytest.mark.req("TST-1")
@pytest.mark.parametrize(
    ("sent", "came"), [("a", "A"), ("0", "+"), ("0", " "), ("00", "0x"), ("00", "0X"), ("00", "0_")]
)
def test_one_damaged_digit_of_the_checksum_is_found(sent: str, came: str) -> None:
    """Else noise that leaves its value as a number passes. The first line whose checksum begins so."""
    line = next(line for line in (seal(f"{number} x") for number in range(10_000)) if f"*{sent}" in line)
    assert unseal(line) and unseal(line.replace(f"*{sent}", f"*{came}")) is None


@pytest.mark.req("TST-1")
def test_a_lost_answer_does_not_press_twice(lone: LoneRig) -> None:
    """Else a bad cable makes presses that nobody asked for."""
    rises: list[int] = []
    lone.board.on_edge(PINS.START, lambda t, level: rises.append(level), undriven=0)
    lone.line.swallow = 1
    lone.link.set("start", 1, 1000)
    lone.wait(20_000)
    assert rises == [1, 0]


@pytest.mark.req("TST-1")
def test_a_damaged_command_is_sent_again(lone: LoneRig) -> None:
    """Else one flipped bit ends a run."""
    lone.line.spoil = 1
    assert lone.link.levels()["step"] in (0, 1)


@pytest.mark.req("TST-1")
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("fly",), "there is no fly"),
        (("set", "nose", "1"), "no contact nose"),
        (("set", "start", "1", *["5"] * 65), "more than 64 changes"),
        (("set", "start"), "set"),
        (("ox", "1", "0", "5", "AQID"), "3 bytes are no pieces of 5"),
        (("ox", "soon", "0", "5", "AQID"), "ox"),
        (("baud", "7"), "1200 to 115200"),
        (("weigh",), "no scale"),
        (("selftest", "maybe"), "selftest power"),
        (("edges", "door"), "edges"),
    ],
)
def test_what_the_rig_cannot_do_is_said(lone: LoneRig, words: tuple[str, ...], reason: str) -> None:
    """Else a mistyped command passes for a pump that does not react."""
    with pytest.raises(RigRefused, match=reason) as raised:
        lone.link.ask(*words)
    assert "\n" not in str(raised.value)


@pytest.mark.req("TST-1")
def test_too_much_or_too_far_ahead_is_refused(lone: LoneRig) -> None:
    """Else the oximeter's ring overwrites what was not played yet."""
    with pytest.raises(RigRefused, match="8 s ahead"):
        lone.link.play([(lone.link.now_us + 9_000_000, b"x")])
    for _ in range(5):
        lone.link.play([(lone.link.now_us + 7_000_000, bytes(400))])
    with pytest.raises(RigRefused, match="there is room for"):
        lone.link.play([(lone.link.now_us + 7_000_000, bytes(400))])
    lone.link.ask("silence")


@pytest.mark.req("TST-1")
def test_a_silent_laptop_leaves_nothing_pressed() -> None:
    """Else a crashed test keeps STOP open, or the pump without power, over night."""
    lone = LoneRig()
    for name in ("stop", "power", "up"):
        lone.link.set(name, 1)
    lone.wait(4_900_000)
    assert [lone.board.level(pin) for pin in (PINS.STOP, PINS.POWER, PINS.UP)] == [1, 1, 1]
    lone.wait(200_000)
    assert [lone.board.level(pin) for pin in (PINS.STOP, PINS.POWER, PINS.UP)] == [0, 0, 0]


@pytest.mark.req("TST-1")
def test_ctrl_c_ends_the_program_and_lets_go() -> None:
    """Else the rig cannot be flashed anew, or keeps a key down meanwhile."""
    lone = LoneRig()
    lone.link.set("start", 1)
    lone.board.usb_write(b"\x03")
    lone.wait(500_000)
    assert lone.board.level(PINS.START) == 0
    assert b">>> " in lone.board.usb_read()


@pytest.mark.req("TST-1")
def test_clocks_agree(lone: LoneRig) -> None:
    """Else presses and pulses cannot be compared with what the laptop did."""
    for _ in range(10):
        lone.link.synchronise()
        lone.wait(7_300)
    assert lone.link.uncertainty_us < 2_000
    assert abs(lone.link.now_us - lone.board.now_us) < 2_000


@pytest.mark.req("TST-1")
def test_a_rig_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Else a missing cable ends in a traceback."""
    from toleramp_bench.targets.rig import RigTarget

    missing = str(tmp_path / "ttyRIG")
    with pytest.raises(UserError, match="there is no such port") as raised:
        RigTarget.of_ports(str(tmp_path / "ttyPUMP"), missing)
    assert str(raised.value).startswith(missing) and "\n" not in str(raised.value)
    with pytest.raises(UserError, match="same port"):
        RigTarget.of_ports(missing, missing)
    with pytest.raises(UserError, match="port is missing"):
        RigTarget.of_ports(missing, None)


@pytest.mark.req("TST-1")
def test_a_silent_port_says_what_would_be_right(lone: LoneRig) -> None:
    """Else pump and rig with swapped ports look like a broken rig."""
    lone.line.spoil = 3
    with pytest.raises(RigSilent, match="the rig: no answer to time; is this the rig's port.*BOARD=rig_pico"):
        lone.link.ask("time")
