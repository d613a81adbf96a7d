"""How long a pump searches for its oximeter, over the phases of the device's packets.

python -m toleramp_bench.figures --only listen

The pump is set to another format than the device's. A search begins at each phase; its time runs from the laptop's
request to the scan in which the pump has found the format and the line settings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pump.tables import lines, searches
from pump.tables import messages as m
from pump.tables.oximeters import NAMES
from toleramp_bench.boards.kept_settings import slot_for
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.devices.fram import Fram
from toleramp_bench.devices.oximeter import Oximeter, must_be_started, rates
from toleramp_bench.targets.core import START_US, CoreTarget

PHASES = 100
BOARD_PHASES = 3
LIMIT_S = 20  # more than all lines together
_STRIDE_US = 1_236_068  # two seconds, the longest period, by the golden ratio: phases lie evenly however many
_REST_US = 300_000
SLOW_BAUD, SLOW_BAR_S, BAR_S = 9_600, 5.0, 15.0


@dataclass(frozen=True)
class Case:
    """A device: its format (a row of tables.oximeters), its line (of tables.lines), whether it sends without a word."""

    form: int
    line: int
    awake: bool = True

    @property
    def name(self) -> str:
        """In words."""
        asleep = "" if self.awake else ", not yet started"
        return f"{NAMES[self.form]} at {lines.NAMES[self.line]}{asleep}"

    @property
    def settings(self) -> tuple[int, int | None]:
        """Baud and parity of the device."""
        parity = lines.PARITY[self.line]
        return lines.BAUD[self.line], None if parity == lines.NO_PARITY else parity

    @property
    def bar_s(self) -> float:
        """What the search may take."""
        return SLOW_BAR_S if lines.BAUD[self.line] == SLOW_BAUD else BAR_S

    @property
    def other(self) -> str:
        """The format that the pump is set to."""
        return NAMES[(self.form + 1) % len(NAMES)]


def cases() -> list[Case]:
    """Each format at each line of the table on which its devices speak."""
    found = [
        Case(form, line)
        for line in range(lines.AS_SET + 1, lines.COUNT)
        for form in lines.FORMATS[line]
        if lines.BAUD[line] in rates(NAMES[form])
    ]
    return [*found, *(replace(case, awake=False) for case in found if must_be_started(NAMES[case.form]))]


def device(wire: object, case: Case) -> Oximeter:
    """The oximeter of a case on a wire."""
    made = Oximeter(wire, form=NAMES[case.form])  # type: ignore[arg-type]
    made.line = case.settings
    return made


class CoreSearch:
    """A pump on the core with a device of that case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.target = target = CoreTarget()
        target.choose(case.other)
        target.oximeter = device(target.board, case)
        target.start(True)
        while target.now_us < START_US:  # bench mode is asked for by an act; else a search takes a key
            target.run_to(START_US)
        target.board.listening = True

    @property
    def search(self) -> object:
        """The pump's last search."""
        return self.target.brain.controller.oximeter.search

    def scan(self) -> None:
        """One scan passes."""
        self.pass_us(self.target.scan_us)

    def pass_us(self, us: int) -> None:
        """Time passes."""
        self.target.board.run_to(self.target.now_us + us, lambda: False)

    def ask(self, layout: tuple[int, str, str], **fields: int) -> None:
        """The laptop asks."""
        self.target.board.to_pump += self.target.line._encode(layout, **fields)

    def seconds(self, phase: int) -> float:
        """From the request to the end of a search that begins at that phase; it has to find the device."""
        target, board = self.target, self.target.board
        if not self.case.awake:
            target.oximeter.swap(NAMES[self.case.form])
        else:
            target.oximeter.wake()
        self.pass_us(_REST_US + phase * _STRIDE_US % 2_000_000)
        self.ask(m.LISTEN, wanted=1)
        began_us = target.now_us
        room = target.brain.controller.oximeter
        while not room.searches and target.now_us - began_us < 1_000_000:
            self.scan()
        heard_us = target.now_us
        while room.searches and target.now_us - began_us < LIMIT_S * 1_000_000:
            if target.now_us - heard_us > 1_000_000:
                heard_us = target.now_us
                self.ask(m.HEARD_GET, line=1)
            self.scan()
        board.sent.clear()
        self.demand(room.search)
        return (target.now_us - began_us) / 1e6

    def demand(self, search: object) -> None:
        """Raises AssertionError where it has found nothing, or something else."""
        stands, fits = search.stands, list(search.fits)  # type: ignore[attr-defined]
        found = [(form, line) for line in range(lines.COUNT) for form in range(len(NAMES)) if fits[line] >> form & 1]
        right = stands == searches.FOUND and found == [(self.case.form, self.case.line)]
        assert right, (self.case.name, searches.NAMES[stands], found)


def core_seconds(case: Case, phases: int = PHASES) -> list[float]:
    """The times of a case on the core."""
    made = CoreSearch(case)
    return [made.seconds(phase) for phase in range(phases)]


def board_pump(case: Case) -> PumpBench:
    """A pump on the emulated board with a device of that case."""
    fram = Fram()
    slot, content = slot_for(case.other)
    fram.contents[slot * len(content) : (slot + 1) * len(content)] = content
    bench = PumpBench(fram=fram, form=NAMES[case.form], oximeter=False)
    bench.oximeter.line = case.settings
    bench.oximeter.start()
    if case.awake:
        bench.oximeter.wake()
    bench.boot()
    return bench


def board_seconds(case: Case, phases: int = BOARD_PHASES) -> tuple[list[float], int]:
    """The times of a case on the emulated board, and the longest scan of its searches (us)."""
    found, worst_us = [], 0
    for phase in range(phases):
        bench = board_pump(case)
        bench.run_for(_REST_US / 1e6 + phase * _STRIDE_US % 2_000_000 / 1e6)
        began = bench.board.now_us
        bench.ask(m.LISTEN, wanted=1)
        while True:
            said = bench.ask(m.HEARD_GET, line=case.line).fields
            if searches.GROUP[said["search"]] & searches.OVER:
                break
            bench.run_for(0.1)
        assert said["search"] == searches.FOUND and said["fits"] == 1 << case.form, (case.name, said)
        found.append((bench.board.now_us - began) / 1e6)
        worst_us = max(worst_us, bench.stats()["worst_us"])
    return found, worst_us
