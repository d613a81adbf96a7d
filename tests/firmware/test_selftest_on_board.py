"""The self-test of the image on the emulated board: injected failures at power-up and while it runs (INT-1)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boards.build.checksum import AT, SIZE, is_sealed
from firmware_kit import Cable, in_its_fork, tool

from pump.io import CONFIRM, START, STOP, UP
from pump.store import settings
from pump.tables import checks, parts, refusals, states
from pump.tables import messages as m
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator import Board, Repl
from toleramp_bench.boards.provision import always_service, service
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.fram import Fram
from toleramp_bench.figures.measure import run_session
from toleramp_bench.places import image, pins
from toleramp_bench.runs.forks import in_fork

Inject = Callable[[PumpBench], None]
YOUNG_S = 0.05  # the interpreter has begun, no part was asked for anything yet
START_S = 10  # INT-1
BACKGROUND_S = checks.PERIOD_S[checks.IMAGE]  # a flipped byte is found by then
FAILED_S = 8  # the slowest check is over, a stuck key named
SUM = 0x2AAAAAAA  # with which drivers/processor.py begins, as it lies in the flash
PING_S = 2
GAP_MS = 5  # a piece of the RAM at power-up takes less


def flash(bench: PumpBench, at: int, bit: int = 1) -> None:
    """A bit of the flash turns over."""
    bench.board.chip.flash[at] ^= bit


def built() -> bytes:
    """The image as it is flashed."""
    return (image().parent / "firmware.bin").read_bytes()


def wrong_sum(bench: PumpBench) -> None:
    flash(bench, built().index(SUM.to_bytes(4, "little")), 4)


def leaking_memory(bench: PumpBench) -> None:
    """A bit of the block under the pattern turns over, again and again, as soon as it is there."""
    patterns = [bytes((i * 37 ^ phase) & 255 for i in range(64)) for phase in (0x55, 0xAA)]

    def leak() -> None:
        memory = bench.board.chip.sram
        found = [at for at in (bytes(memory).find(pattern) for pattern in patterns) if at >= 0]
        if found:
            memory[found[0] + 9] ^= 16

    for ms in range(150, 500, GAP_MS):
        bench.board.at(ms * 1000, leak)


def no_watchdog(bench: PumpBench) -> None:
    for ms in range(200, 700, 10):
        bench.board.at(ms * 1000, lambda: bench.board.chip.write_uint32(0x4005_8000, 0))


def damaged_settings(bench: PumpBench) -> None:
    at = settings.FIRST_SLOT * 48
    bench.fram.contents[at : at + 96] = bytes(range(96))


def stray_pulses(bench: PumpBench) -> None:
    for level, us in ((1, 350_000), (0, 350_100), (None, 350_200)):
        bench.board.at(us, lambda level=level: bench.board.set_input(bench.pins.STEP, level))  # type: ignore[misc]


class SmallFram(Fram):
    """A part of another size: its third byte of identity says so."""

    def transfer(self, byte: int) -> int:
        said = super().transfer(byte)
        return 0x28 if said == 0x48 and self._count == 3 and self._opcode == 0x9F else said


def small_fram(bench: PumpBench) -> None:
    bench.fram.__class__ = SmallFram


def setting(pin: str, level: int) -> Inject:
    return lambda bench: bench.expander.set_input(8 + getattr(bench.pins, pin), level)


def unplugged(*rows: int) -> Inject:
    def inject(bench: PumpBench) -> None:
        for part in rows:
            bench.unplug(part, True)

    return inject


FAILURES: dict[str, tuple[int, Inject]] = {
    "a sum": (checks.PROCESSOR, wrong_sum),
    "a bit of the RAM": (checks.RAM, leaking_memory),
    # In a text: a damaged instruction of the first scan ends the pump before anything is tested.
    "a byte in the image": (checks.IMAGE, lambda bench: flash(bench, built().index(b"CLAMP DISCONNECT"))),
    "the image's last byte": (checks.IMAGE, lambda bench: flash(bench, len(built()) - 1, 128)),
    "the second stage": (checks.IMAGE, lambda bench: flash(bench, 252)),
    "the checksum": (checks.IMAGE, lambda bench: flash(bench, AT + 4)),
    "no checksum": (checks.IMAGE, lambda bench: flash(bench, AT + 8)),
    "the watchdog": (checks.WATCHDOG, no_watchdog),
    "no FRAM": (checks.FRAM, unplugged(parts.FRAM)),
    "another FRAM": (checks.FRAM, small_fram),
    "a FRAM that keeps nothing": (checks.FRAM, lambda bench: setattr(bench.fram, "status", 0x0C)),
    "both settings": (checks.SETTINGS, damaged_settings),
    "no screen": (checks.SCREEN, unplugged(parts.SCREEN)),
    "no lights": (checks.LIGHTS, unplugged(parts.LIGHTS)),
    "neither clock nor lights": (checks.LIGHTS, unplugged(parts.CLOCK, parts.LIGHTS)),
    "neither clock nor FRAM": (checks.FRAM, unplugged(parts.CLOCK, parts.FRAM)),
    "the converter": (checks.SENSORS, lambda bench: bench.board.set_adc_volts(4, 0)),
    "a flat battery": (checks.SUPPLY, lambda bench: bench.plant.do("battery_volts", {"volts": 2.8})),
    "too high a voltage": (checks.SUPPLY, lambda bench: bench.plant.do("battery_volts", {"volts": 4.7})),
    "the sounder's wire": (checks.TONE, lambda bench: bench.board.set_input(bench.pins.BUZZER, 0)),
    "a stray pulse": (checks.PULSES, stray_pulses),
    "a driver that is always on": (checks.PERMIT, setting("GPB_DRIVER_ON", 1)),
    "a driver that is never on": (checks.PERMIT, lambda bench: setattr(bench, "driver_cut", True)),
    "a permit that stays": (checks.PERMIT, lambda bench: setattr(bench.permit, "_hold_ns", 10**9)),
    "START is stuck": (checks.KEY, lambda bench: bench.keys(START, True)),
    "UP is stuck": (checks.KEY, lambda bench: bench.keys(UP, True)),
    "STOP's wire": (checks.KEY, lambda bench: bench.keys(STOP, True)),
    "the crystal": (checks.CRYSTAL, lambda bench: bench.clock.set_drift(120_000)),
}

SIMILAR = {
    "the second stage",
    "no checksum",
    "another FRAM",
    "too high a voltage",
    "UP is stuck",
    "a permit that stays",
}


@pytest.fixture(scope="module")
def young(firmware: Path) -> PumpBench:
    """A pump just switched on, nobody at its keys. Let its time pass in forks only."""
    bench = PumpBench(firmware, bench_mode=False)
    bench.run_for(YOUNG_S)
    return bench


def connect(bench: PumpBench) -> None:
    """A laptop listens from the first scan on."""
    bench.run_for(0.35)
    bench.ask(m.STREAM, period_ms=100)


def stands_failed(bench: PumpBench, check: int) -> None:
    """It has named itself, and nothing goes: no key, no load, no edge of the permit, no pulse."""
    name = checks.NAMES[check]
    for _ in range(round(FAILED_S / PING_S)):
        if bench.board.run_until(lambda: bench.state() == "failed", PING_S * 1e6):
            break
        bench.send(m.PING)  # else the laptop is taken for lost, and told nothing more
    failed_s = bench.board.now_us / 1e6
    bench.run_for(0.8)
    told = [event for event in bench.events if event["event"] == "self_test" and event["code"]]
    assert [event["code"] for event in told] == [name]
    assert bench.status["check"] == check and bench.status["priority"] == 3
    if check != checks.SCREEN:
        face = bytes(letter & 127 for letter in bench.face())
        assert face[:16].rstrip() == b"SELF-TEST " + checks.WORDS[check] and face[16:32].rstrip() == checks.TO_DO[check]
    permits = len(bench.permit.windows)
    assert permits == 0 or checks.NAMES.index(name) >= checks.PERMIT
    sounded = 0
    for key in (START, CONFIRM):
        bench.press(key)
        for _ in range(3):
            bench.run_for(0.1)
            sounded += bench.tone_hz() > 0
    refused = bench.ask(m.LOAD_BEGIN, size=100, crc=0)
    assert refused.fields["code"] == refusals.BUSY
    assert sounded or check == checks.TONE
    assert bench.state() == "failed" and len(bench.permit.windows) == permits
    assert not len(bench.motor.times) and failed_s < START_S
    assert bench.board.resets == 0


@pytest.mark.req("INT-1", "SEC-3")
@pytest.mark.parametrize(
    "failure", [pytest.param(name, marks=[pytest.mark.long] if name in SIMILAR else []) for name in FAILURES]
)
def test_each_injected_failure_is_named_and_stops(young: PumpBench, failure: str) -> None:
    """Else a pump with a broken part is taken for a good one, until a patient hangs on it."""
    check, inject = FAILURES[failure]

    def case() -> None:
        inject(young)
        connect(young)
        stands_failed(young, check)

    in_fork(case)


@pytest.mark.req("INT-1")
@pytest.mark.parametrize(
    "sixteenth", [pytest.param(k, marks=[] if k in (1, 8, 15) else [pytest.mark.long]) for k in range(1, 16)]
)
def test_wherever_a_byte_is_damaged_nothing_goes(young: PumpBench, sixteenth: int) -> None:
    """Else a damaged instruction gives drug. In code that runs before the self-test it may end the pump unnamed."""

    def case() -> None:
        flash(young, len(built()) * sixteenth // 16)
        young.run_for(0.35)
        young.send(m.STREAM, period_ms=100)
        young.run_for(2)
        young.press(START)
        young.run_for(1)
        assert not young.motor.times and not young.permit.windows
        if young.status:  # else it hangs, or starts again and again, before it says anything
            assert (young.state(), young.status["check"]) == ("failed", checks.IMAGE)

    in_fork(case)


@pytest.mark.req("INT-1")
def test_a_good_pump_is_ready_in_time(young: PumpBench) -> None:
    """Else people learn to switch off what takes so long."""

    def case() -> None:
        connect(young)
        young.run_until(young.tested, START_S, "the self-test")
        ready_s = young.board.now_us / 1e6
        pending = list(range(1, checks.COUNT))

        def over() -> bool:
            said = young.ask(m.CHECK_GET, check=pending[0]).fields
            if said.get("verdict") == checks.PASSED:
                pending.pop(0)
            return not pending

        while not over():
            young.run_for(0.05)
            assert young.board.now_us < START_S * 1e6, checks.NAMES[pending[0]]
        print(f"first scan {young.stats()['boot_ms']} ms, usable {ready_s:.2f} s, all {young.board.now_us / 1e6:.2f} s")
        assert ready_s < 2 and not young.motor.times
        assert states.NAMES[young.ask(m.STATUS_GET).fields["state"]] == "idle"

    in_fork(case)


@pytest.mark.req("INT-1", "INT-9")
def test_a_pump_without_its_clock_says_so_and_is_ready(young: PumpBench) -> None:
    """Else a session that the clock is not needed for cannot go on after a power cut."""

    def case() -> None:
        young.unplug(parts.CLOCK, True)
        connect(young)
        young.run_until(lambda: young.state() == "idle", START_S, "the self-test")
        young.run_for(1)
        assert young.ask(m.CHECK_GET, check=checks.CLOCK).fields["verdict"] == checks.FAILED
        assert young.find("alarm_raised", code="clock-lost")

    in_fork(case)


@pytest.mark.req("INT-1", "SEC-3")
def test_a_damaged_keyring_is_named(firmware: Path) -> None:
    """Else a pump that knows nobody any more says that it never knew anybody."""
    bench = PumpBench(firmware, bench_mode=False)
    service(bench.board, bench.pins)
    repl = Repl(bench.board)
    bench.board.usb.on_data(None)
    repl.enter()
    repl.run("with open('/keyring.bin', 'wb') as file: file.write(b'TLK' + bytes(60))")
    bench.board.usb.on_data(bench._received)
    bench.run_for(power_up.DONE_MS / 1000)
    bench.switch_off_and_on()
    bench.board.resets = 0
    connect(bench)
    stands_failed(bench, checks.KEYRING)


Flowing = tuple[PumpBench, Any]


def found_in_s(bench: PumpBench, stands: str) -> float:
    """A byte near the image's end turns over now; how long until it is found, and nothing moves any more."""
    flash(bench, len(built()) - 5_000)
    began = bench.board.now_us
    run_session(bench, None, lambda: bench.state() == stands, BACKGROUND_S)
    assert bench.state() == stands
    found_s = (bench.board.now_us - began) / 1e6
    pulses = len(bench.motor.times)
    bench.run_for(1)
    assert len(bench.motor.times) == pulses
    told = [event for event in bench.events if event["event"] == "self_test" and event["code"]]
    assert [event["code"] for event in told] == [checks.NAMES[checks.IMAGE]]
    return found_s


@pytest.mark.req("INT-1", "INT-4", "FLO-2")
@in_its_fork
def test_a_byte_of_the_image_that_flips_in_a_session_stops_it(flowing: Flowing) -> None:
    """Else the drug goes on flowing by a program that nobody has written."""
    bench, _ = flowing
    before = bench.stats()
    found_s = found_in_s(bench, "fault")
    after = bench.stats()
    print(f"found in the flow after {found_s:.1f} s")
    assert bench.find("fault", code="self-test")
    assert bench.face()[:15] == b"FAULT SELF-TEST"
    assert after["overruns"] == before["overruns"] and bench.board.resets == 0


@pytest.mark.req("INT-1", "INT-2", "SES-14")
@in_its_fork
def test_a_failed_self_test_keeps_the_session_for_a_pump_that_is_whole_again(flowing: Flowing) -> None:
    """Else a loose plug at power-on costs the patient the session."""
    bench, _ = flowing
    bench.run_for(2)
    bench.unplug(parts.LIGHTS, True)
    bench.events.clear()
    bench.status = {}
    bench.switch_off_and_on()
    connect(bench)
    bench.run_until(lambda: bench.state() == "failed", FAILED_S, "the failure")
    for _ in range(2):
        bench.press(CONFIRM)
        bench.run_for(1)
    assert bench.find("self_test", code=checks.NAMES[checks.LIGHTS]) and not bench.find("recovered")
    bench.unplug(parts.LIGHTS, False)
    bench.status = {}
    bench.switch_off_and_on()
    connect(bench)
    bench.run_until(lambda: bench.state() == "recovered", START_S, "the session")


@pytest.mark.req("INT-1")
def test_the_image_carries_its_checksum(firmware: Path) -> None:
    """Else the firmware holds itself against what it was not built with."""
    data = built()
    assert is_sealed(data) and len(data) == int.from_bytes(data[AT : AT + 4], "little")
    other = bytearray(data)
    other[len(data) // 3] ^= 1
    assert not is_sealed(bytes(other))
    blocks = firmware.read_bytes()
    flashed = b"".join(blocks[at + 32 : at + 32 + 256] for at in range(0, len(blocks), 512))
    assert flashed[: len(data)] == data
    assert zlib.crc32(data[AT + SIZE :], zlib.crc32(data[:AT])) == int.from_bytes(data[AT + 4 : AT + 8], "little")


@pytest.mark.req("INT-1")
def test_the_tool_shows_each_check_and_has_them_made_anew(cable: Cable) -> None:
    """Else a technician sees of a pump that is out of order no more than four lines of sixteen letters."""
    cable.pass_s(3)
    shown = tool("selftest")
    assert shown.process.returncode == 0, shown.out + shown.err
    assert all(name in shown.out for name in checks.NAMES[1:]) and shown.out.splitlines()[-1] == "passed"
    again = tool("selftest", "--again", "--json")
    assert again.process.returncode == 0, again.out + again.err
    document = json.loads(again.out)
    assert document["passed"] and [row["check"] for row in document["checks"]] == list(checks.NAMES[1:])
    assert {row["verdict"] for row in document["checks"]} == {"passed"}
    cable.do(lambda: cable.bench.board.set_input(cable.bench.pins.BUZZER, 0))
    failed = tool("selftest", "--again")
    assert failed.process.returncode == 1 and "tone           FAILED" in failed.out
    status = tool("status")
    assert "failed" in status.out and "self-test: tone" in status.out
    refused = tool("selftest", "--again")
    refused.refuses("self-test has failed")


_LOCKED = """
import gc, micropython
from drivers import loop
pump = loop.Pump()
def passes(board, tests, snap):
    count = 0
    while count < 400:
        board.between(snap)
        tests.step(True, 15000)
        count += 1
    tests._turn_over()
    tests._tell_memory()
pump.tests._steps = None
took = None
gc.collect()
micropython.heap_lock()
try:
    passes(pump.board, pump.tests, pump.snap)
    took = False
except MemoryError:
    took = True
micropython.heap_unlock()
print(took)
"""


@pytest.mark.req("INT-1", "INT-11")
def test_what_is_tested_in_flow_takes_no_memory() -> None:
    """Else nothing is freed in flow, and after a minute of it the pump resets."""
    board = Board(image())
    always_service(board, pins())
    prompt = Repl(board)
    prompt.enter()
    assert prompt.run(_LOCKED).strip() == "False"


@pytest.mark.req("INT-1")
def test_a_self_test_that_is_asked_for_ends_whatever_ran_in_pieces_before(firmware: Path) -> None:
    """Else START counts for nothing until the pump is switched off and on."""
    bench = PumpBench(firmware)
    bench.boot(100)
    for seconds in (0.03, 0.07, 1.0):
        bench.run_for(seconds)
        assert bench.ask(m.SELF_TEST).type == m.ACK[0]
        bench.run_for(0.3)
        bench.run_until(lambda: not bench.status["flags"] & m.FLAG_TESTING, START_S, "the self-test")
