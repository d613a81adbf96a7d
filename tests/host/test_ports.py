"""Finding and opening ports: what stands in the way is told apart, and no stranger's port is opened."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial

from toleramp.device import ports
from toleramp.errors import PortError


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of our own, no named port and no USB."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("TOLERAMP_PORT", raising=False)
    plug(monkeypatch)
    return tmp_path


def plug(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int, int, str | None]) -> None:
    """Lets the system show these USB ports: (device, vid, pid, product)."""
    infos = [SimpleNamespace(device=d, vid=v, pid=p, product=name, serial_number="E66") for d, v, p, name in found]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: infos)


@pytest.fixture
def pty() -> str:
    _, slave = os.openpty()
    return os.ttyname(slave)


def test_named_port_first(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, ("/dev/ttyACM0", *ports.USB_ID, None))
    monkeypatch.setenv("TOLERAMP_PORT", "/dev/ttyACM7")
    assert ports.choose("/dev/ttyACM9") == "/dev/ttyACM9"
    assert ports.choose() == "/dev/ttyACM7"
    monkeypatch.delenv("TOLERAMP_PORT")
    assert ports.choose() == "/dev/ttyACM0"


def test_no_pump(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, ("/dev/ttyS0", 0x0403, 0x6001, "FT232"))  # a stranger is nobody
    with pytest.raises(PortError, match="no pump found"):
        ports.choose()


def test_several_pumps_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, ("/dev/ttyACM0", *ports.USB_ID, None), ("/dev/ttyACM1", *ports.USB_ID, None))
    with pytest.raises(PortError, match="2 pumps found.*ttyACM0.*ttyACM1.*--port"):
        ports.choose()


def test_the_product_string_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    pico = ("/dev/ttyACM0", *ports.USB_ID, "Board in FS mode")
    plug(monkeypatch, pico, ("/dev/ttyACM1", *ports.USB_ID, "Toleramp pump"))
    assert ports.choose() == "/dev/ttyACM1"


def test_a_bench_is_found_and_forgotten(pty: str) -> None:
    path = ports.register_bench(pty)
    assert json.loads(path.read_text())["port"] == pty
    assert ports.choose() == pty
    ports.unregister_bench()
    ports.unregister_bench()
    assert ports.bench_ports() == []


@pytest.mark.parametrize("text", ["{}", "not json", "[]", '{"pid": "x", "port": 1}'])
def test_stale_and_broken_files_are_removed(pty: str, text: str) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = ports.register_bench(pty).parent
    stale, broken = folder / f"bench-{ended.pid}.json", folder / "bench-1.json"
    stale.write_text(json.dumps({"port": pty, "pid": ended.pid, "started": 0}))
    broken.write_text(text)
    assert [c.port for c in ports.bench_ports()] == [pty]
    assert not stale.exists() and not broken.exists()


def test_a_process_number_used_again_is_stale(pty: str) -> None:
    path = ports.register_bench(pty)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"ticks": 1}))
    assert ports.bench_ports() == []


def test_somebody_elses_folder_is_not_believed(pty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ports.register_bench(pty).parent
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    monkeypatch.setattr(ports, "runtime_dir", lambda: folder)
    assert ports.bench_ports() == []


def test_a_port_that_does_not_exist() -> None:
    with pytest.raises(PortError, match="/dev/ttyNONE: there is no such port.*toleramp devices"):
        ports.open_port("/dev/ttyNONE")


def test_a_file_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"precious")
    with pytest.raises(PortError, match="not a serial port"):
        ports.open_port(str(file))
    assert file.read_bytes() == b"precious"


def test_no_permission_prints_the_command(pty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port")

    monkeypatch.setattr("serial.Serial", denied)
    monkeypatch.setattr("getpass.getuser", lambda: "nurse")
    with pytest.raises(PortError, match="sudo usermod -aG dialout nurse, then log out and in"):
        ports.open_port(pty)


HOLD = """
import serial, sys
port = serial.Serial(sys.argv[1], exclusive=True)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_port_in_use_names_the_program(pty: str) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, pty], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdin
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(PortError, match=rf"in use by .*\(process {other.pid}\)"):
            ports.open_port(pty)
        other.stdin.close()
    ports.open_port(pty).close()
