"""be an oximeter: the bench's own, on a serial port or a pseudo-terminal, with all that may go wrong"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp import terminal
from toleramp.words import formats

if TYPE_CHECKING:
    from toleramp_bench.simulator.lines import PortLine, PtyLine
    from toleramp_bench.simulator.session import Session

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_S = 10_000_000
SPO2, PULSE = 97, 72
# The options that are words of the scenarios' `oximeter`; each may be said while it runs, too.
OPTIONS = {
    "spo2": f"SpO2 in percent (default: {SPO2})",
    "pulse": f"beats a minute (default: {PULSE})",
    "off": "the finger is out of the probe: values that a device holds for display stay for 10 s",
    "sensor_out": "the sensor is unplugged from the device",
    "unplug": "the cable is out: silence",
    "power_off": "it is switched off",
    "freeze": "it hangs: the last packet again and again",
    "artifact": "each beat is disturbed",
    "out_of_track": "so disturbed that it has no values",
    "perfusion": "good, weak or low",
    "low_battery": "its battery is low",
    "noise": "share of bytes with one bit wrong (without a number: 0.02)",
    "drop": "share of bytes that are lost",
    "baud": "the rate to which it is set by mistake",
    "rubbish_bytes": "so many bytes of another device's text come first",
    "trace": "a recording that it says: CSV of time (s),spo2,pulse, or .csv.gz",
    "repeat": "so often",
}


def add_parser(verbs: Any) -> None:
    """Describes the verb."""
    parser = verbs.add_parser(
        "simulate",
        help="be an oximeter, on a serial port or a pseudo-terminal",
        description="Sends the stream of an oximeter in real time until Ctrl-C. What happens to it is said by options, "
        "by a script, and by lines on standard input: spo2=88, ramp_to=88 ramp_s=5, off, off=false; `help` lists the "
        "words. Line settings are the format's.",
    )
    parser.add_argument("--format", metavar="NAME", required=True, help="as `toleramp oximeter formats` names it")
    parser.add_argument("--port", help="a serial port (default: a new pseudo-terminal, whose path is printed)")
    parser.add_argument("--script", type=Path, metavar="FILE", help="lines of TIME WORDS, in order of time")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="ends by itself after so long")
    parser.add_argument("--seed", type=int, default=1, help="of all damages: the same bytes again (default: 1)")
    for name, text in OPTIONS.items():
        _add_option(parser, name, text)
    parser.set_defaults(func=run)


def _add_option(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """One for a word: a flag, or with a value as a line has it."""
    from toleramp_bench.scenario.oximeter_word import KEYS

    option, kind = "--" + name.replace("_", "-"), KEYS[name].kind
    if kind == "flag":
        parser.add_argument(option, dest=name, action="store_true", default=None, help=text)
    else:
        optional: dict[str, Any] = {"nargs": "?", "const": "true"} if kind == "amount" else {}
        parser.add_argument(option, dest=name, metavar="FILE" if name == "trace" else "N", help=text, **optional)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, as 30 or 0.5")
    return seconds


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What the options say, checked as a line is."""
    from toleramp_bench.simulator.told import checked, value_of

    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    said = {
        name: value_of(value) if isinstance(value, str) and name != "trace" else value for name, value in given.items()
    }
    return checked(said, "the options")


def _opened(args: argparse.Namespace, given: dict[str, Any]) -> tuple[Session, PtyLine | PortLine]:
    """The oximeter and its line, at the beginning of its time; UserError when the port cannot be opened."""
    from toleramp_bench.devices.oximeter import settings
    from toleramp_bench.simulator.lines import PortLine, PtyLine
    from toleramp_bench.simulator.session import Session

    heard: list[Session] = []
    line: PtyLine | PortLine
    if args.port:
        line = PortLine(args.port, *settings(args.format), lambda data: heard[0].hear(data))
    else:
        line = PtyLine(lambda data: heard[0].hear(data))
    spo2, pulse = float(given.get("spo2", SPO2)), float(given.get("pulse", PULSE))
    heard.append(Session(args.format, line, spo2, pulse, args.seed))
    return heard[0], line


def _announce(session: Session, args: argparse.Namespace, path: str) -> None:
    from toleramp_bench.simulator.lines import PARITIES

    device = session.oximeter
    print(f"oximeter {args.format} on {path}, {device.baud} 8{PARITIES[device.parity]}1", flush=True)
    if device.must_be_started:
        terminal.say(f"{args.format} is silent until the pump starts it")
    terminal.say("say what happens, a line each, or help; Ctrl-C ends it")


@contextmanager
def _ends_on_signals(end: Any) -> Iterator[None]:
    """Ctrl-C and its kin call `end`; those that are ignored stay so (nohup)."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in _ENDING:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: end())
    try:
        yield
    finally:
        for number in _ENDING:
            signal.signal(number, before[number])


def run(args: argparse.Namespace) -> int:
    """Simulates it until it is told to end; 0."""
    formats.demanded(args.format, "--format")
    from toleramp_bench.line_input import LineInput
    from toleramp_bench.simulator.serve import SECOND, Served, sent
    from toleramp_bench.simulator.told import demand_sayable, read_script

    given = _given(args)
    demand_sayable(args.format, given, "the options")
    script = read_script(args.script, args.format) if args.script else []
    session, line = _opened(args, given)
    try:
        served = Served(session, line, time.monotonic_ns, terminal.say)
        session.tell(given)
        for at_ns, what in script:
            session.at_ns(at_ns, lambda what=what: session.tell(what))  # type: ignore[misc]
        if args.seconds:
            session.at_ns(round(args.seconds * SECOND), served.end)
        with _ends_on_signals(served.end):
            _announce(session, args, line.path)
            served.serve(LineInput(_stdin()).lines)
    finally:
        line.close()
    print(sent(session, args.format, getattr(line, "overrun", 0)))
    return 0


def _stdin() -> int:
    """Standard input; where it is closed, nothing."""
    return sys.stdin.fileno() if sys.stdin else os.open(os.devnull, os.O_RDONLY)
