"""A device that sends the same few packets, frames or lines again and again is no patient, whatever its clock says."""

from __future__ import annotations

from itertools import product
from math import exp, sin, tau
from random import Random
from typing import Any

import pytest
from df2 import Packet
from oximeter_kit import encode, stream
from test_oximeter_frozen import SUMMED, believed, device, good

from oximeters.bit7_frames import BLOCK, REPEATS
from oximeters.device_clock import STEADY as STEADY_LINES
from oximeters.packet_counter import COUNTER_MASK, FROZEN_PACKETS, GAP, STEADY
from oximeters.registry import parser as parser_of
from pump.tables import vitals as v
from toleramp_bench.devices import bci5, contec9
from toleramp_bench.devices.sixty import Moment

CLOCKED = ("masimo-ascii", "nellcor-ascii", "nonin-ascii")
SIZE = 125  # bytes of a packet


def sure(parser: Any, packets: list[bytes]) -> list[bool]:
    """Whether each packet, frame or line made a sure reading."""
    return [bool(parser.take(data, len(data)) and good(parser)) for data in packets]


def packets_of(form: str, seconds: int) -> list[bytes]:
    """The whole packets of the bench's oximeter."""
    line = device(form, seconds)
    return [line[at : at + SIZE] for at in range(0, len(line) - SIZE + 1, SIZE)]


def lines_of(form: str, seconds: int) -> list[bytes]:
    """The lines of the bench's oximeter."""
    return [line + b"\r\n" for line in device(form, seconds).split(b"\r\n") if line]


def at(form: str, clock_s: int, spo2: int = 97) -> bytes:
    """A line of that second of the day."""
    hours, rest = divmod(clock_s % 86_400, 3600)
    time = f"{hours:02}:{rest // 60:02}:{rest % 60:02}"
    return {
        "masimo-ascii": f"02/24/18 {time} SN=0000145838 SPO2={spo2:03}% BPM=072 PI=04.96% ALARM=0000 EXC=000800\r\n",
        "nellcor-ascii": f"07-Jan-04 {time}   {spo2:3}      72      88                   AO\r\n",
        "nonin-ascii": f"{time} SPO2={spo2:03} HR=072\r\n",
    }[form].encode()


# -- packets with a counter


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", SUMMED)
@pytest.mark.parametrize("turn", [1, 2, 3, 4, 5, 9, 60, 80])
def test_a_loop_of_packets_is_frozen_three_seconds_behind_its_first_turn(form: str, turn: int) -> None:
    """Else a buffer that hangs is a steady patient, although the module numbers its packets."""
    sent = packets_of(form, 40)
    parser = parser_of(form)
    assert all(sure(parser, sent[:20]))
    found = sure(parser, sent[20 : 20 + turn] * (600 // turn))
    assert not any(found[turn + FROZEN_PACKETS :]) and parser.flags & v.FROZEN


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("turn", [2, 3, 60])
def test_a_loop_that_the_pump_finds_when_it_is_switched_on_is_frozen(turn: int) -> None:
    """Else a device that hung before is a patient."""
    parser = parser_of("nonin-df2")
    assert not any(sure(parser, packets_of("nonin-df2", 25)[:turn] * (300 // turn))[turn + 14 :])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("turn", [2, 3, 9, 60])
def test_a_silence_makes_no_loop_live(turn: int) -> None:
    """Else a cable that is out for a moment makes a device that hangs live."""
    sent, parser = packets_of("nonin-df2", 40), parser_of("nonin-df2")
    loop = sent[20 : 20 + turn]
    sure(parser, sent[:20] + loop * (240 // turn))
    for cut in range(4):
        parser.forget()
        assert not any(sure(parser, (loop[cut % turn :] + loop * (240 // turn))[:200]))


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("step", [-1, -2, -300, 0])
def test_a_counter_that_goes_back_or_stands_is_not_live(step: int) -> None:
    """Else any change of the counter is progress."""
    parser = parser_of("nonin-df2")
    sure(parser, [Packet(counter=n).encode() for n in range(1, 20)])
    found = sure(parser, [Packet(counter=(19 + n * step) & COUNTER_MASK, wave=n).encode() for n in range(1, 200)])
    assert not any(found[FROZEN_PACKETS:])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("lost", [1, 2, 9, GAP - 1])
@pytest.mark.parametrize("first", [1, COUNTER_MASK - 20])
def test_lost_packets_are_no_frozen_device(lost: int, first: int) -> None:
    """Else a bad cable is a device that hangs."""
    parser = parser_of("nonin-df2")
    numbers = [*range(10), *range(10 + lost, 30 + lost), *range(30 + 2 * lost, 50 + 2 * lost, 2)]
    assert all(sure(parser, [Packet(counter=(first + n) & COUNTER_MASK).encode() for n in numbers]))


@pytest.mark.req("VIT-2")
def test_noise_makes_no_counting_device_frozen() -> None:
    """Else line noise stops the drug by another name."""
    random, flags = Random(3), 0
    for rate in (1e-4, 1e-3, 3e-3):
        parser, count = parser_of("nonin-df2"), 0
        for packet in packets_of("nonin-df2", 200):
            piece = bytes(random.randrange(256) if random.random() < rate else byte for byte in packet)
            if parser.take(piece, len(piece)):
                count += 1
                flags |= parser.flags
        assert count > 300 and not flags & v.FROZEN, rate


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("odd", [1, 3, 5, 20, GAP - 1, GAP, 90, 5_000, -1, -40])
@pytest.mark.parametrize("silence", [False, True])
def test_a_wrong_counter_makes_no_live_device_frozen(odd: int, silence: bool) -> None:
    """Else one wrong packet with a lucky sum stops the drug for twelve seconds, or for thirty behind a silence."""
    parser = parser_of("nonin-df2")
    sent = [Packet(counter=n, wave=n).encode() for n in range(100, 260)]
    sent[40] = Packet(counter=140 + odd, wave=140).encode()
    assert all(sure(parser, sent[:40]))
    if silence:
        parser.forget()
    found = sure(parser, sent[40:])
    assert found[1:].count(False) <= 3 and all(found[4:])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("again", [1, 5, 9_000])
def test_a_module_that_begins_anew_is_believed_behind_a_silence(again: int) -> None:
    """Else a device that was switched off and on, or the spare one, is refused."""
    parser = parser_of("nonin-df2")
    sure(parser, [Packet(counter=n).encode() for n in range(1, 60)])
    parser.forget()
    assert all(sure(parser, [Packet(counter=again + n).encode() for n in range(40)]))


@pytest.mark.req("VIT-2")
def test_without_a_silence_it_is_believed_after_half_a_minute_of_what_it_has_not_said() -> None:
    """Else a loop is a module that begins anew, each time; or one that did is refused for ever."""
    new, old = (
        [Packet(counter=n).encode() for n in range(1, 300)],
        [Packet(counter=n).encode() for n in range(500, 700)],
    )
    parser = parser_of("nonin-df2")
    sure(parser, old)
    found = sure(parser, new)
    assert not any(found[FROZEN_PACKETS:STEADY]) and all(found[STEADY + 1 :])
    parser = parser_of("nonin-df2")
    sure(parser, new)
    assert not any(sure(parser, new[:250])[FROZEN_PACKETS:])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("turn", [1, 2, 60])
def test_a_spare_module_takes_the_place_of_one_that_hung(turn: int) -> None:
    """Else nobody can go on with a patient: one without a counter at once, one that counts within half a minute."""
    hung = [Packet(counter=n).encode() for n in range(1, 70)] + [Packet(counter=69 - turn + n).encode()
            for n in range(1, turn + 1)] * (120 // turn)  # fmt: skip
    for counts in (False, True):
        parser = parser_of("nonin-df2")
        sure(parser, hung)
        parser.forget()
        spare = [Packet(counter=n * counts, wave=n + 7).encode() for n in range(1, 140)]
        assert all(sure(parser, spare)[STEADY + 2 if counts else 12 :]), counts


@pytest.mark.req("VIT-2")
def test_an_odd_counter_makes_no_loop_live() -> None:
    """Else one wrong packet with a lucky sum makes a device that hangs a patient."""
    parser = parser_of("nonin-df2")
    loop = [Packet(counter=n).encode() for n in (58, 59)]
    sure(parser, [Packet(counter=n).encode() for n in range(60)] + loop * 30)
    for odd in (60, 61, 90, 5000):
        assert not any(sure(parser, [Packet(counter=odd).encode(), *loop * 5]))


# -- lines with a clock


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("turn", [1, 2, 3, 5, 30, 60])
def test_a_loop_of_lines_is_frozen_behind_one_turn_that_a_set_clock_would_make(form: str, turn: int) -> None:
    """Else a monitor that hangs is a steady patient, although its clock goes back each time."""
    sent, parser = lines_of(form, 200), parser_of(form)
    found = sure(parser, sent[:20] + sent[20 : 20 + turn] * (300 // turn))
    assert all(found[6:20]) and not any(found[20 + 2 * turn + 2 :]) and parser.flags & v.FROZEN


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("turn", [1, 2, 5])
def test_a_silence_makes_no_loop_of_lines_live(form: str, turn: int) -> None:
    """Else a cable that is out for a moment makes a monitor that hangs live."""
    parser = parser_of(form)
    loop = [at(form, 36_000 + 2 * n) for n in range(turn)]
    sure(parser, loop * 20)
    for _ in range(5):
        parser.forget()
        assert not any(sure(parser, loop * 10))


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", CLOCKED)
def test_a_wrong_bit_makes_no_monitor_live_that_hangs(form: str) -> None:
    """Else one wrong bit of the clock is a clock that goes on."""
    parser, hung = parser_of(form), at(form, 36_008)
    sure(parser, [at(form, 36_000 + 2 * n) for n in range(5)] + [hung] * 10)
    for place in range(len(hung) - 2):
        for bit in range(8):
            wrong = bytearray(hung)
            wrong[place] ^= 1 << bit
            if wrong[place] in b"\r\n":
                continue
            assert not any(sure(parser, [bytes(wrong), hung, hung])), (place, bit)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("away_s", [-3600, 3600, -90, 90, -43_000, 43_300])
@pytest.mark.parametrize("silence", [False, True])
def test_somebody_may_set_the_clock(form: str, away_s: int, silence: bool) -> None:
    """Else the end of summer time stops the drug."""
    parser = parser_of(form)
    assert all(sure(parser, [at(form, 50_000 + 2 * n) for n in range(200)])[1:])
    if silence:
        parser.forget()
    found = sure(parser, [at(form, 50_400 + away_s + 2 * n) for n in range(100)])
    assert all(found[1:]), "at most one line is lost"


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("first_s", [86_390, 43_190, 0])
def test_midnight_and_lost_lines_are_no_frozen_clock(form: str, first_s: int) -> None:
    """Else the drug stops at midnight, or by a bad cable."""
    parser = parser_of(form)
    numbers = [*range(10), *range(15, 40), *range(60, 90)]
    assert all(sure(parser, [at(form, first_s + 2 * n) for n in numbers])[1:])


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", CLOCKED)
def test_a_wrong_digit_makes_no_live_clock_frozen_for_more_than_a_line(form: str) -> None:
    """Else damage of one line stops the drug."""
    for odd_s in (-36_000, -600, -7, 4, 40, 600, 36_000):
        parser = parser_of(form)
        clocks = [36_000 + 2 * n for n in range(200)]
        clocks[60] += odd_s
        clocks[160] += odd_s
        found = sure(parser, [at(form, clock) for clock in clocks])
        assert found[1:].count(False) <= 4 and all(found[64:160]) and all(found[164:]), odd_s


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("silence", [False, True])
def test_wrong_digits_within_a_minute_make_no_live_clock_frozen(form: str, silence: bool) -> None:
    """Else damage twice in a minute, or in the first line behind a silence, stops the drug for a minute."""
    for odd_s, other_s in product((6, 18, 40, 59, 600, -4, -40, -36_000), repeat=2):
        parser = parser_of(form)
        clocks = [36_000 + 2 * n for n in range(200)]
        clocks[60] += odd_s
        clocks[70] += other_s
        sent = [at(form, clock) for clock in clocks]
        assert all(sure(parser, sent[:60])[1:])
        if silence:
            parser.forget()
        found = sure(parser, sent[60:])
        assert found.count(False) <= 8 and all(found[5:10]) and all(found[14:]), (odd_s, other_s)


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", CLOCKED)
@pytest.mark.parametrize("time", ["24:00:00", "10:60:00", "10:00:64"])
def test_a_time_that_no_clock_says_is_in_no_line(form: str, time: str) -> None:
    """Else a line with a wrong digit is a reading, and moves what is known of the clock."""
    parser, line = parser_of(form), at(form, 36_000)
    assert not parser.take(line.replace(b"10:00:00", time.encode()), len(line)) and not parser.samples
    assert parser.take(line, len(line))


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", CLOCKED)
def test_a_monitor_that_goes_on_or_the_spare_one_is_believed_again(form: str) -> None:
    """Else nobody can go on with a patient."""
    for clock_s in (50_002, 50_500, 3_000, 49_990):
        parser = parser_of(form)
        sure(parser, [at(form, 49_900 + 2 * n) for n in range(50)] + [at(form, 50_000)] * 30)
        parser.forget()
        found = sure(parser, [at(form, clock_s + 2 * n) for n in range(80)])
        assert all(found[4 if clock_s != 49_990 else 8 :]), clock_s


@pytest.mark.req("VIT-2")
def test_a_monitor_without_a_clock_takes_the_place_of_one_that_hung() -> None:
    """Else the spare one is refused; without the time a frozen one cannot be told."""
    parser = parser_of("nonin-ascii")
    sure(parser, [at("nonin-ascii", 50_000)] * 30)
    parser.forget()
    assert all(sure(parser, [b"SPO2=097 HR=072\r\n"] * 30)[3:])
    assert STEADY_LINES == 60


# -- frames marked by bit 7

SIXTY = [("bci5", bci5.frame), ("contec9", contec9.frame)]
BLOCKS_KNOWN = REPEATS + 4


def frames(form: str, wave: list[int]) -> bytes:
    """The frames of such a pleth."""
    make = dict(SIXTY)[form]
    return b"".join(make(Moment(False, False, False, False, 5, pleth, 72, 97)) for pleth in wave)


def readings(form: str, line: bytes) -> list[bool]:
    """Whether each block makes a sure reading."""
    size = {"bci5": bci5.SIZE, "contec9": contec9.SIZE}[form] * BLOCK
    parser = parser_of(form)
    return sure(parser, [line[at : at + size] for at in range(0, len(line) - size + 1, size)])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("form", "_frame"), SIXTY)
@pytest.mark.parametrize("turn", [1, 2, 3, 5, 6, 10, 15, 30])
def test_a_loop_of_frames_is_frozen(form: str, _frame: Any, turn: int) -> None:
    """Else two buffers that are sent by turns are a patient."""
    random = Random(turn)
    live = [40 + (3 * n) % 50 for n in range(240)]
    loop = [*([20, 50] if turn > 2 else [20, 22][:turn]), *(random.randrange(20, 100) for _ in range(2, turn))]
    found = readings(form, frames(form, live + loop * (3000 // turn)))
    assert all(found[1:16]) and not any(found[16 + BLOCKS_KNOWN :])


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize(("form", "_frame"), SIXTY)
def test_a_wrong_bit_each_five_seconds_makes_no_loop_of_frames_live(form: str, _frame: Any) -> None:
    """Else damage makes a device that hangs a patient."""
    random = Random(1)
    wave = [random.randrange(20, 100) for _ in range(15)] * 400
    for place in range(0, len(wave), 300):
        wave[place + random.randrange(300)] ^= 1 << random.randrange(7)
    assert not any(readings(form, frames(form, wave))[100:])


def pulse_wave(bpm: float, high: float, spread: float, seconds: int, random: Random, breath: float) -> list[int]:
    """A pleth of so many counts; beats differ by a share `spread`, and in height by `breath` with each breath."""
    phase, found, rate = 0.0, [], bpm
    for n in range(60 * seconds):
        phase += rate / 60 / 60
        if phase >= 1:
            phase -= 1
            rate = bpm * (1 + random.gauss(0, spread))
        shape = exp(-(((phase - 0.18) / 0.09) ** 2)) + 0.45 * exp(-(((phase - 0.45) / 0.13) ** 2))
        found.append(round(40 + high * (1 + breath * sin(tau * n / 258)) * min(1.0, shape)))
    return found


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("high", [2.6, 4, 8, 60])
@pytest.mark.parametrize("bpm", [40, 60, 90, 119.9, 120, 239.9, 240])
@pytest.mark.parametrize("spread", [0.002, 0.02])
def test_a_weak_and_steady_pulse_is_not_frozen(bpm: float, high: float, spread: float) -> None:
    """Else a cold finger, or a heart that is paced, stops the drug."""
    wave = pulse_wave(bpm, high, spread, 60, Random(1), 0.02)
    assert all(readings("bci5", frames("bci5", wave))[1:])


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", ["bci5", "contec9"])
@pytest.mark.parametrize("pulse", [60, 80, 120, 240])
def test_the_benchs_own_patient_is_not_frozen(form: str, pulse: int) -> None:
    """Else a scenario with a pulse that fits the blocks is one with a device that hangs."""
    assert believed(parser_of(form), device(form, 60, pulse))
    size = {"bci5": bci5.SIZE, "contec9": contec9.SIZE}[form] * BLOCK
    line = device(form, 60, pulse)
    assert all(sure(parser_of(form), [line[at : at + size] for at in range(0, len(line), size)])[1:-1])


@pytest.mark.req("VIT-2")
def test_a_stream_of_each_kind_goes_on_behind_a_loop() -> None:
    """Else a device that goes on is frozen for ever."""
    for form in ("bci5", "contec9"):
        parser, loop = parser_of(form), encode(form, 97, 72, 4)
        believed(parser, (loop * 200)[: 15 * 200])
        assert len(believed(parser, b"".join(stream(form, 24)))) >= 20, form
