"""Finds the pump's serial port, opens it, and says in one line what stands in the way.

A port is opened only when somebody named it (`--port`, TOLERAMP_PORT), when its USB identity is a pump's, or
when `toleramp bench` registered it: other devices do not like bytes from strangers.
"""

import errno
import getpass
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toleramp.errors import PortError

if TYPE_CHECKING:
    import serial

USB_ID = (0x2E8A, 0x0005)  # Raspberry Pi, MicroPython
BAUD = 115_200
READ_S = 0.05  # one read waits so long at most: Ctrl-C and timeouts stay prompt

_GONE = (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO)
_DENIED = (errno.EACCES, errno.EPERM)
_IN_USE = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)


@dataclass(frozen=True)
class Candidate:
    """A port that says it is a pump's; `kind` is "usb" or "bench"."""

    port: str
    kind: str
    product: str
    serial: str = ""

    def __str__(self) -> str:
        return f"{self.port} ({', '.join(filter(None, (self.product, self.serial)))})"


# -- emulated pumps


def runtime_dir() -> Path:
    """The folder where running benches leave their ports."""
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(base) / f"toleramp-{os.getuid()}"


def _bench_file(pid: int) -> Path:
    return runtime_dir() / f"bench-{pid}.json"


def register_bench(port: str) -> Path:
    """Makes this process's emulated pump on `port` known to other commands; returns the file that says so."""
    folder = runtime_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _bench_file(os.getpid())
    record = {"port": port, "pid": os.getpid(), "started": time.time(), "ticks": _start_ticks(os.getpid())}
    path.with_suffix(".new").write_text(json.dumps(record))
    path.with_suffix(".new").replace(path)
    return path


def unregister_bench() -> None:
    """Takes this process's emulated pump off the list; nothing happens when it was not on it."""
    _bench_file(os.getpid()).unlink(missing_ok=True)


def _start_ticks(pid: int) -> int | None:
    """When the process started, in ticks since boot: tells a process from a later one with its number."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def _alive(pid: int, ticks: int | None) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return ticks is None or _start_ticks(pid) == ticks


def _bench_records() -> Iterator[dict[str, object]]:
    folder = runtime_dir()
    try:
        if folder.stat().st_uid != os.getuid():  # somebody else's folder in /tmp may name any port
            return
    except OSError:
        return
    for path in sorted(folder.glob("bench-*.json")):
        try:
            record = json.loads(path.read_text())
            alive = _alive(int(record["pid"]), record.get("ticks"))
            record["port"] = str(record["port"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            alive = False
        if alive:
            yield record
        else:
            path.unlink(missing_ok=True)


def bench_ports() -> list[Candidate]:
    """The emulated pumps that run now; forgets those whose process is gone."""
    ports = ((str(record["port"]), record["pid"]) for record in _bench_records())
    return [Candidate(port, "bench", "emulated pump", f"process {pid}") for port, pid in ports if Path(port).exists()]


# -- USB


def usb_ports() -> list[Candidate]:
    """The USB ports with a pump's identity; when some carry Toleramp's name, only those."""
    from serial.tools import list_ports

    found = [
        Candidate(info.device, "usb", info.product or "Raspberry Pi Pico", info.serial_number or "")
        for info in list_ports.comports()
        if (info.vid, info.pid) == USB_ID
    ]
    return [c for c in found if "toleramp" in c.product.lower()] or found


def candidates() -> list[Candidate]:
    """Every port that says it is a pump's."""
    return usb_ports() + bench_ports()


def named_port(named: str | None) -> str | None:
    """The port that somebody named: on the command line, else in TOLERAMP_PORT."""
    return named or os.environ.get("TOLERAMP_PORT") or None


def choose(named: str | None = None) -> str:
    """The port to use; PortError when there is no pump, or more than one and none was named."""
    port = named_port(named)
    if port:
        return port
    found = candidates()
    if not found:
        raise PortError("no pump found", remedy="plug one in, name its port with --port, or run `toleramp bench`")
    if len(found) > 1:
        listed = ", ".join(map(str, found))
        raise PortError(f"{len(found)} pumps found: {listed}", remedy="choose one with --port")
    return found[0].port


# -- opening


def _holders(port: str) -> list[tuple[int, str]]:
    """Processes that have the port open, as far as /proc shows them."""
    target = os.path.realpath(port)
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.path.realpath(fd) == target for fd in (folder / "fd").iterdir()):
                found.append((int(folder.name), (folder / "comm").read_text().strip()))
        except OSError:
            continue  # another user's process, or one that just ended
    return found


def holder(port: str) -> str:
    """Who uses the port: "screen (process 4711)", or "another program" where that cannot be seen."""
    own = {os.getpid()} | {record["pid"] for record in _bench_records()}  # a bench keeps its own line open
    others = [f"{name} (process {pid})" for pid, name in _holders(port) if pid not in own]
    return ", ".join(others) or "another program"


def _group(port: str) -> str:
    """The group that may use the port: dialout on most systems, uucp on some."""
    try:
        import grp

        name = grp.getgrgid(os.stat(port).st_gid).gr_name
    except (ImportError, OSError, KeyError):
        return "dialout"
    return name if name in ("dialout", "uucp", "plugdev") else "dialout"


def explain(port: str, error: OSError) -> PortError:
    """Why the port could not be opened, and what helps."""
    if not os.path.exists(port) or error.errno in _GONE:
        return PortError("there is no such port", port, "run `toleramp devices` to see the pumps there are")
    if error.errno in _DENIED:
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            user = "$USER"
        return PortError("no permission", port, f"run: sudo usermod -aG {_group(port)} {user}, then log out and in")
    if error.errno in _IN_USE:
        return PortError(f"in use by {holder(port)}", port, "end that program, or wait until it is done")
    if error.errno is None or not Path(port).is_char_device():
        return PortError("not a serial port", port, "run `toleramp devices` to see the pumps there are")
    return PortError(f"cannot be opened: {os.strerror(error.errno)}", port, "plug the pump in again")


def parity_of(port: str, parity: int | None) -> str:
    """pyserial's letter for a parity (1 odd, 0 even, None none). A pseudo-terminal has none: the system refuses it."""
    if os.path.realpath(port).startswith("/dev/pts/"):
        return "N"
    return {None: "N", 0: "E", 1: "O"}[parity]


def open_port(port: str, baud: int = BAUD, parity: int | None = None) -> "serial.Serial":
    """Opens the port raw, 8 data bits, 1 stop bit, for this program alone; PortError in one line when that fails.

    `parity`: 1 odd, 0 even, None none.
    """
    import serial

    letter = parity_of(port, parity)
    try:
        return serial.Serial(port, baud, parity=letter, timeout=READ_S, write_timeout=2.0, exclusive=True)
    except OSError as error:  # serial.SerialException is one
        raise explain(port, error) from None
    except Exception as error:  # termios.error, which is no OSError: the settings are refused
        raise PortError(f"it does not take {baud} baud 8{letter}1 ({error})", port, "use another adapter") from None
