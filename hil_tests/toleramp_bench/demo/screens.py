"""The picture of the pump's screen: `python -m toleramp_bench.demo.screens [FILE.png]`.

The emulated pump, in bench mode, with the example as it is: ready; step 1 running; held by the oximeter; the step to
resume at. The file is the README's own one when none is named.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from pump.tables import causes
from pump.tables import messages as m
from toleramp.protocol.file import compile_file
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.screen import HEIGHT, WIDTH
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.places import ROOT, standard_protocol

PICTURE = ROOT / "hil_tests" / "pictures" / "screens.png"
SCALE, EDGE, GAP = 3, 16, 16  # pixels
GREY, WHITE = 110, 255
LOW_SPO2 = 84
_WAIT_S = 60
_DRAWN_S = 0.6  # what is new on the screen is drawn piece by piece


class Photographer:
    """A session, and the screens that were seen in it."""

    def __init__(self) -> None:
        self.bench = PumpBench()
        self.nurse = Nurse(ScreenPace())
        self.seen: list[Image.Image] = []
        self.bench.boot()
        self.bench.load(compile_file(standard_protocol())[0])

    def take(self, *words: str, nurse: bool = True) -> None:
        """Lets the nurse, if she is there, go on until these words stand on the screen, and takes a picture of it."""
        self.wait(*words, nurse=nurse)
        self.bench.run_for(_DRAWN_S)
        flat = b"".join(self.bench.screen.pixels()).translate(bytes((0, WHITE)) + bytes(254))
        self.seen.append(Image.frombytes("L", (WIDTH, HEIGHT), flat))

    def wait(self, *words: str, nurse: bool = True) -> None:
        """Until these words stand on the screen."""
        for _ in range(_WAIT_S * 10):
            if all(word.encode() in self._face() for word in words):
                return
            self.bench.run_for(0.1)
            if nurse:
                self.bench.attend(self.nurse)
            self.bench.send(m.PING)
        raise RuntimeError(f"not seen within {_WAIT_S} s: {words}; on the screen stands {self._face()!r}")

    def _face(self) -> bytes:
        return bytes(letter & 0x7F for letter in self.bench.face())  # inverse ones, too


def session() -> list[Image.Image]:
    """Four screens."""
    made = Photographer()
    made.take("START?", "97%P")
    made.take("STEP 1/", "mL/h", "97%P")
    made.bench.oximeter.ramp(1, spo2=LOW_SPO2)
    made.take("HELD SPO2", "WHAT?", "SPO2 LOW", nurse=False)
    made.bench.oximeter.ramp(1, spo2=97)
    made.nurse.wishes.cause = causes.MILD
    made.wait("97%P", nurse=False)
    made.take("RESUME AT STEP")
    return made.seen


def sheet(screens: list[Image.Image]) -> Image.Image:
    """The screens in two columns on grey."""
    wide, high = WIDTH * SCALE, HEIGHT * SCALE
    made = Image.new("L", (2 * wide + 2 * EDGE + GAP, 2 * high + 2 * EDGE + GAP), GREY)
    for number, screen in enumerate(screens):
        row, column = divmod(number, 2)
        place = EDGE + column * (wide + GAP), EDGE + row * (high + GAP)
        made.paste(screen.resize((wide, high), Image.Resampling.NEAREST), place)
    return made


def main(argv: list[str]) -> int:
    """Makes the picture."""
    path = Path(argv[0]) if argv else PICTURE
    sheet(session()).quantize(3).save(path, "PNG", optimize=True)
    print(f"screens: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
