"""`toleramp oximeter simulate`: its clock, its line, its words, and a pump that is fed by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oximeter_sessions import HEAD
from simulator_kit import Kept, LateClock, Told

from oximeters.registry import module, parser
from oximeters.talk import Talk
from pump.tables import vitals
from toleramp import cli
from toleramp.errors import LinkLost, UserError
from toleramp.oximeter.samples import Decoder
from toleramp_bench.commands.oximeter_simulate import OPTIONS
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.patience import patience_s
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.simulator.lines import PortLine, PtyLine
from toleramp_bench.simulator.serve import Served, sent
from toleramp_bench.simulator.session import LAG_NS, SECOND, Session
from toleramp_bench.simulator.told import WORDS, read_script, read_words
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")
SENSOR_OFF = vitals.NAMES[1]
MS = 1_000_000


# -- the clock


def served(form: str, late_ns: int, seconds: float) -> tuple[Kept, Session, LateClock, list[str]]:
    """An oximeter that was served for so long by a clock that is always late; what was said."""
    line, clock, said = Kept(paced=False), LateClock(late_ns), list[str]()
    session = Session(form, line)
    began_ns = clock.now_ns
    line.now = lambda: clock.now_ns - began_ns
    run = Served(session, clock, clock, said.append)
    session.at_ns(round(seconds * SECOND), run.end)
    run.serve(list)
    return line, session, clock, said


def test_it_does_not_drift() -> None:
    """Else an hour of a simulated patient is not an hour: every wait is late here, and no packet the later for it."""
    late_ns, minutes = 9 * MS, 10
    line, session, _, _ = served("nonin-df1", late_ns, 60 * minutes + 0.5)
    late = [at_ns - number * SECOND for number, (at_ns, _) in enumerate(line.sent)]
    print(f"{len(line.sent)} packets in {minutes} min: drift {len(line.sent) - 60 * minutes - 1} packets")
    assert len(line.sent) == 60 * minutes + 1 and session.stood_ns == 0
    assert min(late) >= 0 and max(late) <= late_ns, "late by one wait, never by two"
    line, session, _, _ = served("nonin-df2", late_ns, 20.001)
    assert len(line.sent) == 75 * 20 + 1 and session.frames == len(line.sent)


def test_a_computer_that_slept_makes_no_burst() -> None:
    """Else the pump gets five seconds of readings in one, and its buffer runs over."""
    line, session, clock, _ = served("nonin-df2", MS, 4)
    frames = len(line.sent)
    clock.now_ns += 5 * SECOND
    for _ in range(200):
        clock.exchange(min(session.catch_up(clock()), 5 * MS) / SECOND)
    assert len(line.sent) - frames < 200 * 6 * 75 / 1000 + 2
    assert 5 * SECOND - LAG_NS < session.stood_ns < 5 * SECOND + LAG_NS
    assert "s stood still" in sent(session, "nonin-df2")


def test_bytes_come_at_the_pace_of_a_line() -> None:
    """Else a line of text is there at once, and what waits for its end is never tried."""
    told = Told("masimo-ascii")
    told.session.run_to(SECOND // 2)
    times = [at_ns for at_ns, _ in told.line.sent]
    count = sum(len(piece) for _, piece in told.line.sent)
    assert len(times) > 5 and times[-1] == pytest.approx(count * 10 * SECOND / 9600, abs=99)
    odd = Told("bci5", paced=False)
    odd.session.run_to(SECOND)
    assert odd.line.rates == {(19_200, 1)}, "the port is told rate and parity"


# -- the line


def test_a_pump_at_a_pseudo_terminal_starts_it_and_reads_it() -> None:
    """The bytes really go through the system's line, in both directions."""
    line = PtyLine(lambda data: session.hear(data))
    session = Session("contec9", line)
    form, reader = module("contec9"), parser("contec9")
    talk, samples, said = Talk(form, reader), [], b""
    port = os.open(line.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        line.exchange(0.001)  # it sees who has opened it
        for scan in range(1, 301):  # six seconds
            session.catch_up(scan * 20 * MS)
            line.exchange(0)
            try:
                data = os.read(port, 4096)
            except BlockingIOError:
                data = b""
            if data and reader.take(data, len(data)):
                samples.append((reader.spo2, reader.pulse, reader.flags))
            word = talk.due(20)
            said += word
            os.write(port, word)
    finally:
        os.close(port)
        line.close()
    assert said == form.START + form.KEEP_ALIVE and session.heard == len(said)
    assert len(samples) > 20 and set(samples) == {(97, 72, vitals.VALID)}


@pytest.fixture
def far_end() -> Iterator[tuple[int, str]]:
    """A port of this computer, and the far end of its line."""
    master, slave = os.openpty()
    os.set_blocking(master, False)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


def test_a_serial_port_has_the_settings_of_the_format(
    far_end: tuple[int, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rate, and it is ours alone; what is wrong from the start is so in the first byte."""
    master, port = far_end
    monkeypatch.setattr(sys, "stdin", None)
    line = PortLine(port, 19_200, 1, print)
    assert termios.tcgetattr(master)[4] == termios.B19200  # a pseudo-terminal has no parity
    assert cli.main(["oximeter", "simulate", "--format", "bci5", "--port", port]) == 2
    assert "in use" in capsys.readouterr().err
    line.close()
    assert (
        cli.main(["oximeter", "simulate", "--format", "bci5", "--port", port, "--seconds", "0.8", "--spo2", "91"]) == 0
    )
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"oximeter bci5 on {port}, 19200 8O1"
    assert [(each.spo2, each.pulse) for each in Decoder("bci5").read(os.read(master, 4096))][-1] == (91, 72)
    assert out[1].startswith("bci5: sent 49 frames, 245 bytes in 0.8 s")
    silent = ["oximeter", "simulate", "--format", "bci5", "--port", port, "--seconds", "0.1", "--unplug"]
    assert cli.main(silent) == 0 and "sent 0 frames" in capsys.readouterr().out


def test_a_port_that_goes_is_told() -> None:
    """Else a pulled adapter is a silent oximeter."""
    master, slave = os.openpty()
    line = PortLine(os.ttyname(slave), 9600, None, print)
    os.close(slave)
    os.close(master)
    with pytest.raises(LinkLost, match="port is gone"):
        for _ in range(3):
            line.send(b"x", 9600, None)
            line.exchange(0)
    line.close()


def read_for(port: int, decoder: Decoder, wanted: Any) -> None:
    """Reads until a sample is such."""
    until = time.monotonic() + patience_s(10)
    while time.monotonic() < until:
        time.sleep(0.02)
        try:
            if any(wanted(sample) for sample in decoder.read(os.read(port, 4096))):
                return
        except BlockingIOError:
            continue
    raise AssertionError("no such sample came")


def test_as_people_run_it(tmp_path: Path) -> None:
    """A path is printed, a line changes what happens, a wrong one is told, Ctrl-C ends it with what was sent."""
    script = tmp_path / "script.txt"
    script.write_text("# one fall\n0.2 spo2=88 pulse=140\n")
    command = [
        sys.executable,
        "-m",
        "toleramp.cli",
        "oximeter",
        "simulate",
        "--format",
        "nonin-df7",
        "--script",
        str(script),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1) as process:
        assert process.stdin and process.stdout and process.stderr
        path = process.stdout.readline().split()[3].rstrip(",")
        port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        decoder = Decoder("nonin-df7")
        read_for(port, decoder, lambda sample: sample.valid)
        process.stdin.write("dance\noff\n")
        read_for(port, decoder, lambda sample: SENSOR_OFF in sample.flags and sample.spo2 is None)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=patience_s(10))
        os.close(port)
    assert process.returncode == 0 and out.startswith("nonin-df7: sent ") and out.count("\n") == 1
    lines = [line for line in err.splitlines() if "dance" in line]
    assert len(lines) == 1 and "Traceback" not in err


# -- the words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spo2=88", {"spo2": 88}),
        ("spo2 88 pulse 120", {"spo2": 88, "pulse": 120}),
        ("off", {"off": True}),
        ("off=false freeze", {"off": False, "freeze": True}),
        ("noise", {"noise": True}),
        ("perfusion=low", {"perfusion": "low"}),
    ],
)
def test_a_line_is_read(text: str, wanted: dict[str, Any]) -> None:
    assert read_words(text, "a test") == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spo2=101", "write 0 to 100"),
        ("spo2=low", "a number"),
        ("spo2", "without a value"),
        ("spo3=88", "did you mean spo2"),
        ("freeze off", "write freeze, or freeze=false"),
        ("spo2=88 ramp_to=80", "at once"),
        ("spo2=88 spo2=89", "said twice"),
        ("trace=none.csv", "cannot be read"),
        ("trace='", "cannot be read"),
        ("perfusion=red", "perfusion"),
    ],
)
def test_a_line_that_cannot_be_is_told(text: str, words: str) -> None:
    """In one line: what, where, and what would be right."""
    with pytest.raises(UserError) as told:
        read_words(text, "standard input")
    assert words in str(told.value) and "standard input" in str(told.value) or "none.csv" in str(told.value)


@pytest.mark.parametrize(("form", "pulse", "said"), [("bci5", 300, False), ("contec9", 255, False), ("bci5", 254, True),
                                                    ("nonin-df2", 321, True)])  # fmt: skip
def test_a_pulse_that_the_format_cannot_say_is_told(
    form: str, pulse: int, said: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the pump hears that there is none, and a person looks for the fault in the pump."""
    told: list[str] = []
    session = Session(form, Kept())
    Served(session, LateClock(1), lambda: 0, told.append).told(f"pulse={pulse}")
    assert bool(told) != said
    if not said:
        assert cli.main(["oximeter", "simulate", "--format", form, "--pulse", str(pulse)]) == 2
        error = capsys.readouterr().err
        assert "write at most 254" in error and error.count("\n") == 1 and "at most 254" in told[0]


def test_every_word_of_a_scenario_is_an_option_and_a_word() -> None:
    """Else a way of failing is in the one, and not in the other."""
    assert set(WORDS) - set(OPTIONS) == {"ramp_to", "ramp_s", "swap", "counter"} and set(OPTIONS) <= set(WORDS)


def test_a_script_is_checked_before_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Times in seconds or as a clock has them, never back; the first fault is told with its line."""
    path = tmp_path / "script.txt"
    path.write_text("12.5 spo2=88  # a fall\n\n00:01:30 off\n90 pulse=254\n")
    assert read_script(path, "bci5")[:2] == [(12_500_000_000, {"spo2": 88}), (90 * SECOND, {"off": True})]
    faults = {
        "1 spo2=101\n": "line 1", "0 off\nsoon off\n": "line 2", "5\n": "nothing is said",
        "5 off\n\n4.9 off=false\n": "line 3: 4.9 is before",
        "0 swap=nonin-df2\n1 pulse=300\n2 swap=contec9 pulse=255": "line 3",
    }  # fmt: skip
    for text, words in faults.items():
        path.write_text(text)
        assert cli.main(["oximeter", "simulate", "--format", "bci5", "--script", str(path)]) == 2
        said = capsys.readouterr()
        assert words in said.err and said.err.count("\n") == 1
    assert cli.main(["oximeter", "simulate", "--format", "bci6"]) == 2
    assert "there are nonin-df2" in capsys.readouterr().err


# -- a pump at its line


class Fed(CoreTarget):
    """A pump whose oximeter is a simulated one: its bytes go on the board's line, at the times of a clock outside."""

    paced = False

    def choose(self, form: str) -> None:
        super().choose(form)
        self.session = Session(form, self)
        self.oximeter = self
        self.session.at_ns(90 * SECOND, lambda: self.session.tell(read_words("ramp_to=88 ramp_s=4", "a test")))

    def start(self, bench_mode: Any = None) -> None:  # type: ignore[override]
        if bench_mode is None:  # the oximeter's own
            self._go_on()
        else:
            super().start(bench_mode)

    def send(self, data: bytes, baud: int, parity: int | None) -> None:
        self.board.uart_send(1, data, baud)

    def hear(self, data: bytes) -> None:
        self.session.hear(data)

    def _go_on(self) -> None:
        idle_ns = self.session.catch_up(self.board.now_ns)
        self.board.at_ns(self.board.now_ns + max(idle_ns, MS), self._go_on)


EXPECTED = """[[expect]]
event = "paused"
code = "spo2-stop"
last_pulse_within_ms = 150
"""


@pytest.mark.req("VIT-1", "VIT-4")
def test_a_pump_is_fed_by_it(tmp_path: Path) -> None:
    """Its own bytes, through the pump's reader: a session runs, and holds when they say that SpO2 falls."""
    path = tmp_path / "fed.toml"
    head = HEAD.format(form="contec9", protocol=standard_protocol(), end="paused")
    path.write_text(head.replace("[end]", 'limit = "00:02:30"\n[end]') + EXPECTED)
    target = Fed()
    document = execute(read_scenario(path), target).document
    assert document["passed"], document["expectations"]
    (held,) = [event for event in document["events"] if event["event"] == "paused"]
    assert 101_000 < held["t_ms"] < 106_000 and target.session.frames > 60 * 90
