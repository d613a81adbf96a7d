"""The power of a pump of the core goes and comes back: its memory is new, its FRAM and its clock are not."""

from __future__ import annotations

from core_kit import TECHNICAL, classify, hang, resume, scan_s, state, tap

from pump.io import CONFIRM
from pump.senses.vitals import RECOVER_MS
from toleramp_bench.boards.core_pump import CorePump
from toleramp_bench.names import EVENTS

POWER_ON, BY_WATCHDOG = 1, 3


def cycle(
    pump: CorePump, off_s: float = 60, cause: int = POWER_ON, scanned_s: float = 1, tests: bool = False
) -> CorePump:
    """The same board after so long without power; then it scans for a while, and `tests` itself. Nothing says that it
    is in bench mode."""
    board = pump.board
    board.off()
    board.run_to(pump.now_us + round(off_s * 1e6), lambda: False)
    board.key(board.keys, False)
    pump.again(cause, tests=tests)
    scan_s(pump, scanned_s)
    return pump


def why(pump: CorePump) -> str:
    """What the newest power-on says of the session before: a row of tables.recoveries; empty: nothing."""
    said = [e for e in pump.events if e["event"] in (EVENTS.RECOVERED, EVENTS.SESSION_LOST)]
    return str(said[-1]["code"]) if said else ""


def lines_of(pump: CorePump) -> list[str]:
    """What stands on the screen, inverted or not."""
    text = bytes(byte & 127 for byte in pump.controller.display.lines).decode("ascii")
    return [text[at : at + 16].rstrip() for at in range(0, len(text), 16)]


def looked(pump: CorePump) -> None:
    """Somebody reads the screen, looks at the patient, and says so."""
    assert state(pump) == "recovered"
    scan_s(pump, 5)
    tap(pump, CONFIRM)


def go_on(pump: CorePump) -> None:
    """Somebody has looked, says that it was technical, waits for a good minute, resumes and names the bag."""
    looked(pump)
    classify(pump, TECHNICAL)
    scan_s(pump, RECOVER_MS / 1000)
    resume(pump)
    if state(pump) == "bag":
        hang(pump)
