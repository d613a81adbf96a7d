"""The tools as people run them, against the image on the emulated board: what works, and each way to fail."""

from __future__ import annotations

import json
import random
import signal
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from firmware_kit import Cable, Stranger, Tool, tool
from long_form import examples

from pump.base import crc
from pump.io import START
from pump.link import frames
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import fingerprint
from pump.protocol.protocol import Protocol, decode
from pump.protocol.rules import findings, total_dose
from pump.tables import messages as m
from pump.tables import refusals, states, trends, verdicts
from toleramp.device import client
from toleramp.device.wire import Wire
from toleramp.errors import Refused
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures.measure import run_session
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.patience import patience_s, stretched_s

START_S = 30  # a nurse has started it by then
TRIES_S = 2.5  # the monitor tries again each second
REPL = b"\r\nMicroPython v1.26.0; Raspberry Pi Pico with RP2040\r\n>>> "


def status(port: str) -> dict[str, object]:
    """What `toleramp status --json` says."""
    said = tool("status", "--json", "--port", port)
    assert said.process.returncode == 0, said.err
    document: dict[str, object] = json.loads(said.out)
    return document


def loaded(port: str) -> str:
    """The fingerprint that the pump shows."""
    with client.Pump(port) as pump:
        return str(pump.hello()["fingerprint"])


def put(folder: Path, data: bytes) -> str:
    """Writes a compiled protocol; returns its name."""
    path = folder / "protocol.tlp"
    path.write_bytes(data)
    return str(path)


def load(cable: Cable, folder: Path, blob: bytes) -> None:
    """Loads a good protocol."""
    said = tool("load", put(folder, blob), "--port", cable.port)
    assert said.process.returncode == 0, said.err


def skipped_step(protocol: Protocol) -> bytes:
    """Without its third step, the full dose put right: only the rise of the dose rate tells."""
    copy = decode(bytearray(encode(protocol)))
    del copy.steps[2]
    copy.full_dose_pg = int(Fraction(*total_dose(copy)))
    assert {finding[1] for finding in findings(copy)} == {"ratio-exceeded", "vein-ratio"}
    return bytes(encode(copy))


def closed(body: bytes) -> bytes:
    """A compiled protocol's head and records with length and checksum put right."""
    blob = bytearray(body + bytes(crc.SIZE))
    blob[4:6] = len(blob).to_bytes(2, "little")
    crc.put(blob, len(body))
    return bytes(blob)


def unknown_key(blob: bytes) -> bytes:
    """With one record more, of a key that no pump knows."""
    return closed(blob[: -crc.SIZE] + bytes((77, 2, 1, 2)))


def cut(blob: bytes) -> bytes:
    """Its last record cut off in the middle; length and checksum fit what is left."""
    return closed(blob[: -crc.SIZE - 2])


# -- what works


def test_devices_and_status(cable: Cable) -> None:
    listed = tool("devices", "--json")
    row = next(row for row in json.loads(listed.out) if row["port"] == cable.port)
    assert row["kind"] == "bench" and row["error"] is None and row["version"] == "0.1.0"
    said = status(cable.port)
    assert said["state"] in states.NAMES and (said["spo2"], said["pulse"]) == (97, 72)
    assert (said["quality"], said["spo2_verdict"], said["pulse_verdict"]) == (verdicts.NAMES[verdicts.GOOD],) * 3
    assert 0 <= said["age_ms"] < 2_000 and said["trend"] in trends.NAMES and "lowest" in said


def test_the_table_needs_no_pump(world: Path) -> None:
    said = tool("protocol", "table", str(standard_protocol()), "--json")
    assert said.process.returncode == 0 and len(json.loads(said.out)["steps"]) == 12


def test_load_and_read_back(cable: Cable, blob: bytes, tmp_path: Path) -> None:
    said = tool("load", put(tmp_path, blob), "--port", cable.port)
    assert said.process.returncode == 0 and fingerprint(blob) in said.out and not said.err
    assert loaded(cable.port) == fingerprint(blob)
    assert (status(cable.port)["state"], status(cable.port)["steps"]) == ("ready", 12)


@pytest.mark.req("SEC-1")
def test_monitor_pause_and_stop(cable: Cable, blob: bytes, tmp_path: Path) -> None:
    load(cable, tmp_path, blob)
    log = tmp_path / "session.jsonl"
    monitor = Tool(
        "monitor",
        "--port",
        cable.port,
        "--log",
        str(log),
        "--until",
        "step_started",
        "--timeout-s",
        str(patience_s(10)),
    )
    monitor.says("  ready  step 1/12")
    Tool("stop", "--port", cable.port).refuses("in use by", f"process {monitor.process.pid}", "press STOP at the pump")
    cable.attend(Nurse(ScreenPace()), lambda: bool(cable.bench.find("step_started")), START_S)
    assert monitor.end() == 0 and "START pressed; waiting for the bag" in monitor.out
    codes = [record.get("code") for record in map(json.loads, log.open()) if record.get("event") == "pressed"]
    assert codes == ["start", *["up"] * (len(codes) - 3), "confirm", "confirm"] and "up" in codes
    cable.pass_s(2)
    assert "the pump holds" in tool("pause", "--port", cable.port).out
    held = cable.do(lambda: len(cable.bench.motor.times))
    assert held > 0 and status(cable.port)["hold"] == "host-pause"
    Tool("load", put(tmp_path, blob), "--port", cable.port).refuses("busy")
    assert "stopped" in tool("stop", "--port", cable.port).out
    assert status(cable.port)["state"] == "stopped"
    assert cable.do(lambda: len(cable.bench.motor.times)) == held


# -- what the pump refuses


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_skipped_step_is_refused_by_the_pump(
    cable: Cable, blob: bytes, bench_protocol: Protocol, tmp_path: Path
) -> None:
    load(cable, tmp_path, blob)
    bad = put(tmp_path, skipped_step(bench_protocol))
    Tool("load", bad, "--port", cable.port).refuses("the pump refused", "step 3", "ratio-exceeded")
    assert loaded(cable.port) == fingerprint(blob)


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize(
    ("damage", "code"),
    [(unknown_key, "unknown-key"), (cut, "truncated"), (lambda blob: blob[:-9], "truncated")],
    ids=["unknown-key", "cut-record", "cut-end"],
)
def test_damage_is_refused_by_the_tool_and_by_the_pump(
    cable: Cable, blob: bytes, tmp_path: Path, damage: Callable[[bytes], bytes], code: str
) -> None:
    load(cable, tmp_path, blob)
    Tool("load", put(tmp_path, damage(blob)), "--port", cable.port).refuses(code, "protocol.tlp")
    with client.Pump(cable.port) as pump, pytest.raises(Refused) as refused:
        pump.load(damage(blob))  # what a tool without checks would send
    assert refused.value.code == code
    assert loaded(cable.port) == fingerprint(blob)


@pytest.mark.req("PRO-1", "SEC-2")
def test_a_truncated_frame_is_dropped_and_counted(cable: Cable, blob: bytes, tmp_path: Path) -> None:
    """Else a person sees another state, or no protocol, where a frame was torn on the line."""
    load(cable, tmp_path, blob)
    seen = tool("status", "--port", cable.port).out
    whole = Wire().encode(m.LOAD_BEGIN, 9, size=64, crc=1)
    with client.Pump(cable.port) as pump:
        before = pump.stats()["rx_bad"]
        pump._write(whole[:-4] + b"\0")
        assert pump.stats()["rx_bad"] == before + 1
    *head, state = tool("status", "--port", cable.port).out.splitlines()
    assert head == seen.splitlines()[:-1] and f"protocol {fingerprint(blob)}" in head[1]
    assert state.split()[1] == seen.splitlines()[-1].split()[1] == "ready"


# -- what is not a pump, or no longer there


def test_a_wrong_port_is_named(cable: Cable, tmp_path: Path) -> None:
    """Else a person who mistyped it plugs the pump in again."""
    (tmp_path / "plain").write_text("no port")
    for port, what in (
        ("/dev/tty-no-such", "there is no such port"),
        (str(tmp_path / "plain"), "not a serial port"),
        (str(tmp_path), "not a serial port"),
    ):
        Tool("status", "--port", port).refuses(f"{port}: {what}; run `toleramp devices` to see the pumps there are")


def test_strangers_are_told_apart(world: Path) -> None:
    """Else a person flashes a modem. All at once: a silent port takes the whole waiting time."""
    noise = bytes(random.Random(1).randrange(128, 256) for _ in range(40))
    cases = {
        b"": (
            "silent: no answer to HELLO in ",
            "check that the pump is on and runs Toleramp, and that this is its",
        ),
        REPL: ("answers, but not as a Toleramp pump", "MicroPython without Toleramp: flash the firmware"),
        noise: ("answers, but not as a Toleramp pump", "another device? run `toleramp devices` to see the pumps"),
    }
    ends = [(Stranger(answer), words) for answer, words in cases.items()]
    tools = [Tool("status", "--port", end.port) for end, _ in ends]
    for process, (end, words) in zip(tools, ends, strict=True):
        process.refuses(end.port, *words)
        end.close()


@pytest.mark.req("INT-8")
def test_a_cable_pulled_while_loading(cable: Cable, blob: bytes, tmp_path: Path) -> None:
    load(cable, tmp_path, blob)
    cable.cut_after = 2
    other = decode(bytearray(blob))
    other.name = "another"
    Tool("load", put(tmp_path, encode(other)), "--port", cable.port).refuses("connection lost", "check the cable")
    cable.pull()
    assert loaded(cable.plug()) == fingerprint(blob)


@pytest.mark.req("INT-8")
def test_a_cable_pulled_while_watching(cable: Cable) -> None:
    monitor = Tool("monitor", "--port", cable.port)
    monitor.says("SpO2")
    cable.pull()
    assert "the pump goes on by itself" in monitor.says("connection lost")
    time.sleep(stretched_s(TRIES_S))
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.end() == 130 and "reconnected" not in monitor.out
    assert len(monitor.err.splitlines()) == 1


# -- what no request can do


def fuzz(bench: PumpBench, seed: int, count: int, kinds: list[int]) -> None:
    """Whole frames of these types: right layouts with any values, other lengths, any bytes."""
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.choice(kinds)
        sizes = [0, 2, 4, 6, 8, rng.randrange(frames.MAX_PAYLOAD)]
        payload = rng.randbytes(rng.choice(sizes)) if rng.random() < 0.8 else bytes(rng.choice(sizes))
        bench.board.usb_write(Wire().encode((kind, "", ""), rng.randrange(256), data=payload))
        bench.run_for(0.03)


def kinds(*without: tuple[int, str, str]) -> list[int]:
    """Every request, some types that are none, and those of the pump's own messages."""
    known = [layout[0] for layout in m.TO_PUMP + m.TO_HOST] + [0x00, 0x0C, 0x7F, 0xFF]
    return [kind for kind in known if kind not in [layout[0] for layout in without]]


@pytest.mark.req("SEC-1")
def test_no_request_starts_the_flow(firmware: Path, blob: bytes) -> None:
    bench = PumpBench(firmware)
    bench.boot()
    fuzz(bench, 1, examples(75), kinds())
    assert bench.load(blob).type == m.ACK[0]
    fuzz(bench, 2, examples(150), kinds())
    bench.ask(m.STREAM, period_ms=100)
    bench.run_until(lambda: not bench.status["flags"] & m.FLAG_TESTING, 12, "a self-test that was asked for")
    bench.press(START)
    bench.run_until(lambda: bench.state() == "armed", 2, "the first press")
    fuzz(bench, 3, examples(75), kinds(m.PAUSE, m.STOP))
    assert bench.ask(m.STATUS_GET).fields["state"] == states.ARMED
    fuzz(bench, 4, examples(75), kinds())
    bench.run_for(5)
    assert not bench.motor.times and not bench.motor.blocked
    assert bench.board.resets == 0 and bench.find("boot") == bench.find("boot")[:1]


@pytest.mark.req("SEC-1")
def test_no_request_resumes_the_flow(firmware: Path, blob: bytes) -> None:
    bench = PumpBench(firmware)
    bench.boot(100)
    bench.load(blob)
    run_session(bench, Nurse(ScreenPace()), lambda: len(bench.motor.times) > 10, START_S)
    assert bench.motor.times and bench.state() == "running"
    assert bench.ask(m.PAUSE).type == m.ACK[0]
    bench.run_for(0.2)
    moved = len(bench.motor.times)
    fuzz(bench, 5, examples(100), kinds(m.STOP))
    assert bench.ask(m.STATUS_GET).fields["state"] == states.HELD
    assert len(bench.motor.times) == moved and bench.board.resets == 0
    refused = bench.ask(m.LOAD_BEGIN, size=len(blob), crc=zlib.crc32(blob))
    assert refused.fields["code"] == refusals.BUSY
