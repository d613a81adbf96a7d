"""The models of the parts on the board."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from toleramp_bench.devices.clock import RealTimeClock, from_bcd, to_bcd
from toleramp_bench.devices.expander import Expander
from toleramp_bench.devices.fram import SIZE, Fram
from toleramp_bench.devices.monostable import Monostable
from toleramp_bench.devices.motor import Motor
from toleramp_bench.devices.screen import Screen

MS = 1_000_000
SECOND = 1000 * MS


def send(part: Screen | Expander | RealTimeClock, *data: int) -> None:
    part.start(False)
    for byte in data:
        part.write(byte)
    part.stop()


def receive(part: Expander | RealTimeClock, address: int, count: int) -> bytes:
    part.start(False)
    part.write(address)
    part.start(True)
    data = bytes(part.read() for _ in range(count))
    part.stop()
    return data


# --- screen ------------------------------------------------------------------------------------------------


@pytest.fixture
def screen() -> Screen:
    part = Screen()
    send(part, 0x00, 0xAE, 0x20, 0x00, 0x21, 0, 127, 0x22, 0, 7, 0xA1, 0xC8, 0xDA, 0x12, 0x81, 0x33, 0xAF)
    return part


def test_screen_horizontal_addressing_wraps(screen: Screen) -> None:
    send(screen, 0x40, *range(256), *range(256), *range(256), *range(256))
    assert bytes(screen.ram) == bytes(range(256)) * 4
    assert screen.contrast == 0x33 and screen.written == 1024
    send(screen, 0x00, 0x21, 10, 12, 0x22, 2, 3)
    send(screen, 0x40, 1, 2, 3, 4, 5, 6, 7)
    assert screen.ram[2 * 128 + 10 : 2 * 128 + 13] == bytes((7, 2, 3))
    assert screen.ram[3 * 128 + 10 : 3 * 128 + 13] == bytes((4, 5, 6))


def test_screen_page_addressing_and_single_commands(screen: Screen) -> None:
    send(screen, 0x80, 0x20, 0x80, 0x02, 0x80, 0xB5, 0x80, 0x0E, 0x80, 0x17, 0x40, 0xAA, 0xBB, 0xCC)
    assert screen.ram[5 * 128 + 126 : 6 * 128] == b"\xaa\xbb" and screen.ram[5 * 128] == 0xCC


def test_screen_pixels(screen: Screen, tmp_path: Path) -> None:
    send(screen, 0x40, 0x03)
    rows = screen.pixels()
    assert rows[0][0] == rows[1][0] == 1 and sum(map(sum, rows)) == 2
    screen.to_png(tmp_path / "screen.png", scale=2)
    with Image.open(tmp_path / "screen.png") as image:
        assert image.size == (256, 128) and image.getpixel((1, 3)) == 255 and image.getpixel((3, 3)) == 0
    send(screen, 0x00, 0xA7)
    assert screen.pixels()[0][0] == 0 and screen.pixels()[0][1] == 1
    send(screen, 0x00, 0xA6, 0xA0, 0xC0)
    assert screen.pixels()[63][127] == 1
    assert screen.read() == 0
    send(screen, 0x00, 0xAE)
    assert not any(map(any, screen.pixels())) and screen.read() == 0x40


# --- memory ------------------------------------------------------------------------------------------------


def spi(part: Fram, *data: int) -> bytes:
    part.select()
    answer = bytes(part.transfer(byte) for byte in data)
    part.deselect()
    return answer


def test_fram_writes_only_when_enabled() -> None:
    fram = Fram()
    spi(fram, 0x02, 0, 0, 5, 1, 2, 3)
    assert not any(fram.contents)
    spi(fram, 0x06)
    assert spi(fram, 0x05, 0)[1] == 0x02
    spi(fram, 0x02, 3, 0xFF, 0xFE, 1, 2, 3)
    assert fram.contents[-2:] == b"\x01\x02" and fram.contents[0] == 3
    assert spi(fram, 0x05, 0)[1] == 0, "a write ends the permission"
    assert spi(fram, 0x03, 3, 0xFF, 0xFE, 0, 0, 0)[4:] == b"\x01\x02\x03"
    assert spi(fram, 0x0B, 3, 0xFF, 0xFE, 0, 0, 0)[5:] == b"\x01\x02"
    assert spi(fram, 0x9F, 0, 0, 0, 0)[1:] == bytes((0x04, 0x7F, 0x48, 0x03))


def test_fram_protection_and_sleep() -> None:
    fram = Fram()
    spi(fram, 0x06)
    spi(fram, 0x01, 0x04)
    spi(fram, 0x06)
    spi(fram, 0x02, 0x02, 0xFF, 0xFF, 7, 8)
    assert fram.contents[0x2FFFF] == 7 and fram.contents[0x30000] == 0
    spi(fram, 0x06)
    spi(fram, 0x04)
    assert spi(fram, 0x05, 0)[1] == 0x04
    spi(fram, 0xB9)
    assert fram.asleep and spi(fram, 0x05, 0)[1] == 0xFF and spi(fram, 0x05, 0)[1] == 0x04


def test_fram_power_cut_in_a_write_keeps_what_was_clocked() -> None:
    fram = Fram()
    spi(fram, 0x06)
    fram.select()
    for byte in (0x02, 0, 0, 0, 9, 8):
        fram.transfer(byte)
    fram.power_cut()
    again = Fram(fram.contents)
    assert again.contents[:3] == b"\x09\x08\x00" and again.status == 0
    assert fram.transfer(0x05) == 0xFF and len(fram.contents) == SIZE
    with pytest.raises(ValueError):
        Fram(bytearray(8))


# --- expander ----------------------------------------------------------------------------------------------


def test_expander_outputs_and_inputs() -> None:
    changes: list[tuple[int, int]] = []
    part = Expander(lambda pin, level: changes.append((pin, level)))
    assert receive(part, 0, 2) == b"\xff\xff" and part.output(0) is None
    send(part, 0x00, 0xF0, 0xFF)
    assert part.output(0) == 0
    changes.clear()
    send(part, 0x14, 0x05)
    assert changes == [(0, 1), (2, 1)] and receive(part, 0x12, 1)[0] & 0x0F == 5
    send(part, 0x0D, 0x0F)
    part.set_input(8, 0)
    part.set_input(12, 1)
    assert receive(part, 0x12, 2)[1] == 0x1E
    send(part, 0x03, 0xFF)
    assert receive(part, 0x13, 1)[0] == 0xE1


def test_expander_pointer_stands_or_goes_on() -> None:
    part = Expander()
    send(part, 0x14, 1, 2)
    assert receive(part, 0x14, 3) == b"\x01\x02\xff"
    send(part, 0x0A, 0x20)
    assert receive(part, 0x0A, 3) == b"\x20\x20\x20"


# --- clock -------------------------------------------------------------------------------------------------


def test_clock_goes_with_the_time_given_and_can_be_set() -> None:
    now = [0]
    start = datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)
    part = RealTimeClock(lambda: now[0], start)
    assert receive(part, 0, 7) == bytes((0x58, 0x59, 0x23, 0x06, 0x28, 0x02, 0x26))
    now[0] = 2 * SECOND
    assert receive(part, 0, 7) == bytes((0x00, 0x00, 0x00, 0x07, 0x01, 0x03, 0x26))
    send(part, 0, *to_bcd(datetime(2030, 12, 31, 12, 34, 56, tzinfo=UTC)))
    now[0] += 5 * SECOND // 2
    assert from_bcd(receive(part, 0, 7)) == datetime(2030, 12, 31, 12, 34, 58, tzinfo=UTC)


def test_clock_drifts_stops_and_says_that_it_lost_power() -> None:
    now = [0]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    part = RealTimeClock(lambda: now[0], start, ppm=1000, lost_power=True)
    assert receive(part, 0x0F, 1) == b"\x80"
    send(part, 0x0F, 0x00)
    assert receive(part, 0x0F, 1) == b"\x00"
    now[0] = 1000 * SECOND
    assert part.time == start + timedelta(seconds=1001)
    part.set_drift(0)
    part.stop_oscillator()
    now[0] = 2000 * SECOND
    assert part.time == start + timedelta(seconds=1001) and receive(part, 0x0F, 1) == b"\x80"
    send(part, 0x0F, 0x80)
    assert receive(part, 0x0F, 1) == b"\x80"


# --- permit and motor --------------------------------------------------------------------------------------


@pytest.mark.req("FLO-11")
def test_monostable_needs_its_edges() -> None:
    part = Monostable()
    assert not part.enabled_at(0)
    for t_ms in range(1000, 2000, 20):
        part.edge(t_ms * MS)
    assert not part.enabled_at(999 * MS) and part.enabled_at(1000 * MS)
    assert part.enabled_at(2079 * MS) and not part.enabled_at(2080 * MS)
    part.edge(3000 * MS)
    assert part.windows == [(1000 * MS, 2080 * MS), (3000 * MS, 3100 * MS)]


@pytest.mark.req("FLO-6")
def test_stop_contact_cuts_the_enable_without_software() -> None:
    part = Monostable()
    part.edge(1000 * MS)
    part.set_stop(1010 * MS, True)
    part.edge(1020 * MS)
    assert part.enabled_at(1009 * MS) and not part.enabled_at(1010 * MS) and not part.enabled_at(1030 * MS)
    part.set_stop(1040 * MS, False)
    assert not part.enabled_at(1050 * MS)
    part.edge(1060 * MS)
    assert part.enabled_at(1060 * MS)


def test_motor_moves_only_while_enabled() -> None:
    part = Monostable()
    moved: list[int] = []
    forward = [True]
    motor = Motor(part.enabled_at, lambda: forward[0], lambda _t, position: moved.append(position))
    part.edge(10 * MS)
    for t_ms in (5, 10, 50, 109, 110, 200):
        forward[0] = t_ms != 109
        motor.edge(t_ms * MS, 1)
        motor.edge(t_ms * MS + 5000, 0)
    assert list(motor.times) == [10 * MS, 50 * MS, 109 * MS] and motor.position == 1
    assert list(motor.blocked) == [5 * MS, 110 * MS, 200 * MS] and moved == [1, 2, 1]
    assert motor.steps_between(10 * MS, 50 * MS) == 2
