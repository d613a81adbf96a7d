"""The monitor: what it shows and logs, what it asks for again, and how it outlives a pulled cable."""

import errno
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_pump import FakePump, event_fields, run_when, status_fields

import toleramp
from pump.tables import causes, states
from pump.tables import messages as m
from toleramp import cli
from toleramp.live import log_file, session_log
from toleramp_bench.runs.patience import patience_s, stretched_s

PROTOCOL = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")


def completed(fake: FakePump, seq: int = 0) -> Callable[[], None]:
    """Lets the session complete, with its event."""

    def act() -> None:
        fake.emit(m.EVENT, event_fields(seq, "completed", state=states.COMPLETED))
        fake.status = status_fields(state=states.COMPLETED)

    return act


def test_monitor_until_completed(fake: FakePump, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["load", str(PROTOCOL), "--port", fake.port]) == 0
    fake.events = {n: event_fields(n, e) for n, e in enumerate(("boot", "load_refused", "loaded", "armed"))}
    fake.events[5] = event_fields(5, "paused", code=causes.SPO2_STOP)
    fake.status = status_fields(journal_seq=4)

    def end() -> None:
        fake.emit(m.EVENT, event_fields(4, "step_started", arg=1))
        completed(fake, 6)()  # 5 got lost

    run_when(lambda: fake.streaming, end)
    log = tmp_path / "a.jsonl"
    argv = [
        "monitor",
        "--port",
        fake.port,
        "--log",
        str(log),
        "--until",
        "completed",
        "--timeout-s",
        str(patience_s(2)),
    ]
    assert cli.main(argv) == 0
    read = session_log.read(log)
    assert [(r["seq"], r["event"]) for r in read.of("event")] == [
        (2, "loaded"), (3, "armed"), (4, "step_started"), (5, "paused"), (6, "completed"),
    ]  # fmt: skip
    session = next(read.of("session"))
    assert session["protocol"]["fingerprint"] == session["pump"]["fingerprint"] == fake.fingerprint
    text = capsys.readouterr().out
    assert "02:14.0  clock not set  step 3 started: 10 mL/h from bag B" in text
    assert "02:15.0  clock not set  held: SpO2 at or below the stop limit" in text
    assert fake.asked(m.LOG_GET) == 3


def test_a_session_that_ends_otherwise_is_a_no(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    fake.status = status_fields(state=states.STOPPED)
    assert cli.main(["monitor", "--port", fake.port, "--until", "completed"]) == 1
    assert "the session ended stopped, without completed" in capsys.readouterr().err
    assert cli.main(["monitor", "--port", fake.port, "--until", "stopped"]) == 0


def test_time_is_up(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["monitor", "--port", fake.port, "--timeout-s", str(stretched_s(1.5)), "--json-lines"]
    assert cli.main([*argv, "--until", "completed"]) == 1
    out, err = capsys.readouterr()
    assert "no completed; the pump was running" in err
    assert {json.loads(line)["kind"] for line in out.splitlines()} == {"session", "status"}
    assert fake.asked(m.PING) >= 1
    assert fake.seen[-1] == (m.STREAM[0], {"period_ms": 0})


@pytest.mark.req("INT-8")
def test_time_is_up_while_the_cable_is_out(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script takes a session that nobody saw the end of for a good one."""
    run_when(lambda: fake.streaming, fake.pull)
    assert cli.main(["monitor", "--port", fake.port, "--timeout-s", str(stretched_s(2))]) == 1
    out, err = capsys.readouterr()
    assert "connection lost" in out and "reconnected" not in out and "time is up" in err


def test_a_stream_that_the_pump_ended_is_asked_for_again(fake: FakePump) -> None:
    def asleep() -> None:  # a laptop that slept: the pump heard nothing and streams no more
        fake.streaming = False

    run_when(lambda: fake.asked(m.STREAM) >= 1, asleep, 0.3)
    run_when(lambda: fake.asked(m.STREAM) >= 2, completed(fake))
    assert cli.main(["monitor", "--port", fake.port, "--until", "completed", "--timeout-s", str(patience_s(2))]) == 0
    assert fake.asked(m.STREAM) == 3  # begun, begun again, ended


def test_an_unknown_state_is_refused(fake: FakePump, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor", "--port", fake.port, "--until", "complete"]) == 2
    assert "did you mean completed" in capsys.readouterr().err


@pytest.mark.req("INT-8")
def test_a_pulled_cable_is_outlived(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port, log = tmp_path / "port", tmp_path / "a.jsonl"
    first, second = FakePump(), FakePump()
    port.symlink_to(first.port)
    first.status = status_fields(journal_seq=10)
    second.status = status_fields(journal_seq=12)
    second.events = {n: event_fields(n, "vitals") for n in range(20)}

    def replug() -> None:
        first.pull()
        port.unlink()
        port.symlink_to(second.port)

    run_when(lambda: first.streaming, lambda: first.emit(m.EVENT, event_fields(9, "armed")))
    run_when(lambda: log.exists() and '"armed"' in log.read_text(), replug, 0.1)  # what a line holds goes with it
    run_when(lambda: second.streaming, completed(second, 12))
    argv = [
        "monitor",
        "--port",
        str(port),
        "--until",
        "completed",
        "--timeout-s",
        str(patience_s(2)),
        "--log",
        str(log),
    ]
    with first, second:
        assert cli.main(argv) == 0
    out = capsys.readouterr().out
    assert "the pump goes on by itself; last known 0 s ago: 02:10.4  running  step 3/12" in out
    assert "\nreconnected\n" in out
    read = session_log.read(log)
    assert [r["what"] for r in read.of("link")] == ["lost", "back"]
    assert [r["seq"] for r in read.of("event")] == [9, 10, 11, 12]


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Files that take no more than a part of a line while "full" is true."""
    disk = {"full": False}
    really = session_log.Writer.write

    def write(self: session_log.Writer, record: session_log.Record) -> None:
        if disk["full"]:
            self._file.write(b'{"kind":"to')
            raise self._failed(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        really(self, record)

    monkeypatch.setattr(session_log.Writer, "write", write)
    return disk


@pytest.mark.req("INT-5", "INT-8")
@pytest.mark.parametrize("room_again", [True, False])
def test_a_full_disk_ends_no_watch_and_what_was_missed_follows(
    fake: FakePump, small_disk: dict[str, bool], tmp_path: Path, capsys: pytest.CaptureFixture[str], room_again: bool
) -> None:
    """Else the screen at the bed goes dark in the middle of a reaction, for a disk."""
    log = tmp_path / "a.jsonl"
    fake.events = {n: event_fields(n, name) for n, name in enumerate(("loaded", "armed", "step_started", "paused"))}
    fake.status = status_fields(journal_seq=2)

    def fill() -> None:
        small_disk["full"] = True
        fake.emit(m.EVENT, event_fields(2, "step_started"))
        fake.emit(m.EVENT, event_fields(3, "paused"))
        fake.status = status_fields(journal_seq=4)

    def empty() -> None:
        small_disk["full"] = not room_again

    run_when(lambda: log.exists() and '"armed"' in log.read_text() and fake.streaming, fill, 0.1)
    run_when(lambda: log.exists() and '"to' in log.read_text(), empty, 0.3)
    done = '"paused"' if room_again else '"to'
    run_when(lambda: log.exists() and done in log.read_text(), completed(fake, 4), 2 * log_file.AGAIN_S)
    argv = ["monitor", "--port", fake.port, "--log", str(log), "--until", "completed"]
    assert cli.main([*argv, "--timeout-s", str(patience_s(4))]) == (0 if room_again else 1)
    out, err = capsys.readouterr()
    assert "held" in out and "completed" in out, "people have seen all"
    assert err.count("No space left") == (1 if room_again else 2) and "make room" in err
    if room_again:
        read = session_log.read(log)
        assert [record["seq"] for record in read.of("event")] == [0, 1, 2, 3, 4]
        assert len(list(read.of("session"))) == 2 and "written again" in err


def monitor_on_terminal(fake: FakePump, *options: str) -> tuple[int, int]:
    """The monitor as its own process on a terminal: (pid, fd of the terminal)."""
    pid, fd = pty.fork()
    if not pid:
        os.environ["NO_COLOR"] = "1"
        argv = [sys.executable, "-m", "toleramp.cli", "monitor", "--port", fake.port, *options]
        os.execv(sys.executable, argv)
    return pid, fd


def read_all(fd: int, until: bytes = b"") -> bytes:
    data = b""
    while not until or until not in data:
        try:
            data += os.read(fd, 4096)
        except OSError:  # the other end closed
            break
    return data


def test_live_line_and_ctrl_c(fake: FakePump) -> None:
    pid, fd = monitor_on_terminal(fake)
    seen = read_all(fd, b"running")
    time.sleep(0.5)
    os.kill(pid, signal.SIGINT)
    seen += read_all(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert b"\r\033[K02:10.4  running" in seen
    assert b"stopped watching; the pump goes on by itself" in seen
    assert b"Traceback" not in seen


def test_a_reader_that_leaves_is_no_error(fake: FakePump) -> None:
    argv = [sys.executable, "-m", "toleramp.cli", "monitor", "--port", fake.port, "--json-lines"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as monitor:
        assert monitor.stdout and monitor.stderr
        monitor.stdout.readline()
        monitor.stdout.close()
        for seq in range(1, 40):  # it notices when it writes
            fake.emit(m.EVENT, event_fields(seq, "pressed"))
            time.sleep(0.1)
            if monitor.poll() is not None:
                break
        assert monitor.wait(patience_s(5)) == 2
        assert b"Traceback" not in monitor.stderr.read()


@pytest.mark.req("SEC-1")
@pytest.mark.parametrize(("word", "request_"), [("stop", m.STOP), ("pause", m.PAUSE)])
def test_a_word_typed_at_the_live_line_reaches_the_pump(
    fake: FakePump, monkeypatch: pytest.MonkeyPatch, word: str, request_: tuple[int, str, str]
) -> None:
    """Else a laptop cannot stop the pump that it is watching: the monitor holds the port."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "r") as keyboard:
        monkeypatch.setattr(sys, "stdin", keyboard)
        run_when(lambda: fake.streaming, lambda: os.write(master, f"{word}\n".encode()) and None)
        assert cli.main(["monitor", "--port", fake.port, "--timeout-s", str(stretched_s(2))]) == 0
    os.close(master)
    assert fake.asked(request_) == 1
