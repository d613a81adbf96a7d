"""The pump of `toleramp bench`: on a pseudo-terminal, told by lines of text what people and the patient do.

One thread: between slices of simulated time it looks for a line, and lets the nurse answer what the pump asks.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.tables import messages as m
from toleramp.device.wire import Message
from toleramp_bench.boards import power_up
from toleramp_bench.boards.emulator.pty import serve
from toleramp_bench.boards.kept_settings import memory_for
from toleramp_bench.boards.provision import flash_with_keyring
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.oximeter import Oximeter, most_pulse
from toleramp_bench.line_input import LineInput
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import image as default_image

BUTTONS = {"start": START, "confirm": CONFIRM, "silence": SILENCE, "up": UP, "down": DOWN, "stop": STOP}
SPO2, PULSE = (1, 100), (18, 321)  # what the oximeter can show
RAMP_S = (0, 3600)
NURSE_MS = 1500
HOLD_MS, APART_US = 200, 450_000  # a press, and the time from one press to the next command
HELP = (
    "commands: press start|confirm|silence|up|down|stop, spo2 N [SECONDS], pulse N, finger off|on,"
    " power (off and on), screen FILE.png, hang, quit, help"
)
_LOOK_US = 20_000
_UP_US = power_up.DONE_MS * 1000
_SHOWN = 40  # of a line that is not understood


class Wrong(ValueError):
    """A command that cannot be carried out; says why in one line."""


def _number(text: str, limits: tuple[int, int], what: str) -> int:
    low, high = limits
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
        raise Wrong(f"{what} is a whole number from {low} to {high}, not {text[:_SHOWN]!r}")
    return int(text)


def pulses(form: str) -> tuple[int, int]:
    """The lowest and highest pulse (1/min) that a format's devices say."""
    low, high = PULSE
    return low, most_pulse(form) or high


def _fits(act: Callable[..., None], words: list[str]) -> bool:
    try:
        inspect.signature(act).bind(*words)
    except TypeError:
        return False
    return True


class ServedBench:
    """Serves `bench` until `ended`; `say` hears what was done and what could not be done."""

    def __init__(
        self, bench: PumpBench, say: Callable[[str], None], *, nurse: Nurse | None, oximeter: bool, bench_mode: bool
    ) -> None:
        self.bench, self.say, self.nurse = bench, say, nurse
        self.ended = False
        self._has_oximeter, self._bench_mode = oximeter, bench_mode
        self._lines: deque[str] = deque()
        self._looked_us = 0
        self._free_us = _UP_US  # who asks for bench mode has the keys
        self._news = False
        bench.on_message = self._heard

    def serve(self, pace: float | None, commands: int, announce: Callable[[str], None]) -> None:
        """Runs until `ended` is set (by "quit", or by a signal's handler); `commands` is a file descriptor.

        It is announced once the pump is up: what is loaded before is refused, as outside bench mode.
        """
        source = LineInput(commands)
        self.bench.board.usb.attach(False)
        self.bench.board.run_to(_UP_US)
        serve(self.bench.board, pace, lambda: self._look(source), announce, self.bench._received)

    def _heard(self, message: Message) -> None:
        self.bench.inbox.clear()  # the answers are the tool's, not ours
        self._news = self._news or message.type == m.STATUS[0]

    def _look(self, source: LineInput) -> bool:
        now_us = self.bench.board.now_us
        if now_us - self._looked_us >= _LOOK_US and not self.ended:
            self._looked_us = now_us
            self._lines.extend(source.lines())
            if now_us >= self._free_us:
                self._next()
        return self.ended

    def _next(self) -> None:
        if self._lines:
            self.command(self._lines.popleft())
        elif self.nurse and self._news:
            self._news = False  # on an old status she would answer what is long answered
            self._attend(self.nurse)

    def _attend(self, nurse: Nurse) -> None:
        button = nurse.press(self.bench.seen(), self.bench.board.now_us // 1000)
        if button:
            self._press(button)
            self.say("nurse: " + next(name for name, bit in BUTTONS.items() if bit == button))

    def _press(self, button: int) -> None:
        self.bench.press(button, HOLD_MS)
        self._free_us = self.bench.board.now_us + APART_US

    # -- commands

    def command(self, line: str) -> None:
        """Does what a line says; one line to `say` when it cannot be done."""
        words = line.split()
        if not words:
            return
        act = getattr(self, f"_do_{words[0]}", None) if words[0].isalnum() else None
        try:
            if act is None:
                raise Wrong(f"unknown command {words[0][:_SHOWN]!r}; {HELP}")
            if not _fits(act, words[1:]):
                raise Wrong(f"{words[0]}: wrong number of words; {HELP}")
            act(*words[1:])
        except Wrong as wrong:
            self.say(str(wrong))

    def _do_press(self, name: str) -> None:
        if name not in BUTTONS:
            raise Wrong(f"no button is called {name[:_SHOWN]!r}; buttons are {', '.join(BUTTONS)}")
        self._press(BUTTONS[name])

    def _do_spo2(self, value: str, seconds: str = "0") -> None:
        spo2 = _number(value, SPO2, "SpO2")
        self._oximeter().ramp(_number(seconds, RAMP_S, "the time in seconds"), spo2=spo2)

    def _do_pulse(self, value: str) -> None:
        oximeter = self._oximeter()
        oximeter.set(pulse=_number(value, pulses(oximeter.form), f"the pulse of {oximeter.form}"))

    def _do_finger(self, where: str) -> None:
        if where not in ("on", "off"):
            raise Wrong(f"the finger is on or off, not {where[:_SHOWN]!r}")
        self._oximeter().finger(where == "on")

    def _oximeter(self) -> Oximeter:
        if not self._has_oximeter:
            raise Wrong("this bench has no oximeter (--no-oximeter)")
        return self.bench.oximeter

    def _do_screen(self, name: str) -> None:
        if not name.endswith(".png"):
            raise Wrong(f"the picture's name ends in .png, not {name[-_SHOWN:]!r}")
        try:
            self.bench.screen.to_png(Path(name), 6)
        except (OSError, ValueError) as error:
            raise Wrong(f"{name}: cannot be written ({error})") from None
        self.say(f"screen: {name}")

    def _do_hang(self) -> None:
        self.bench.board.hang_cpu()
        lost = ", and not in bench mode: power brings that back" if self._bench_mode else ""
        self.say(f"the processor hangs; its watchdog restarts it after a second{lost}")

    def _do_power(self) -> None:
        self.bench.switch_off_and_on()
        self._free_us = self.bench.board.now_us + _UP_US
        self.say("switched off and on" + (", in bench mode again" if self._bench_mode else ""))

    def _do_quit(self) -> None:
        self.ended = True

    def _do_help(self) -> None:
        self.say(HELP)


def start(
    image: Path, say: Callable[[str], None], *, nurse: bool, form: str | None, reads: str, keyring: bytes | None = None
) -> ServedBench:
    """A pump that runs `image`, powered up, set to the format `reads`; with a nurse, and with an oximeter of the format
    `form` on its line, where they are wanted.

    With a keyring it is provisioned as for a ward, and not in bench mode: it takes what two people have signed.
    """
    flash = flash_with_keyring(keyring, image) if keyring is not None else None
    bench_mode, fram = keyring is None, memory_for(reads)
    bench = PumpBench(
        image, fram=fram, flash=flash, oximeter=form is not None, form=form or reads, bench_mode=bench_mode
    )
    presses = Nurse(ScreenPace(NURSE_MS)) if nurse else None
    return ServedBench(bench, say, nurse=presses, oximeter=form is not None, bench_mode=bench_mode)


__all__ = ["BUTTONS", "ServedBench", "default_image", "start"]
