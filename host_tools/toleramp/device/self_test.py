"""The pump's self-test as a laptop reads it: each check's verdict, value, age; and made anew, at rest."""

import time
from dataclasses import dataclass
from typing import Any

from pump.tables import checks, messages, refusals
from toleramp.device.client import Pump
from toleramp.errors import NoAnswer, Refused, UserError
from toleramp.words import checks as words

_ANEW_S = 30.0  # 4 s on the pump; an emulated one runs slower than real time
_LOOK_S = 0.5
_SAID = {checks.NOT_YET: "not made", checks.PASSED: "passed", checks.FAILED: "FAILED"}


@dataclass(frozen=True)
class Check:
    """A row of pump.tables.checks, its verdict, its value, and how long ago that was (None: not made)."""

    row: int
    verdict: int
    value: int
    age_s: int | None

    @property
    def name(self) -> str:
        """The row's name."""
        return str(checks.NAMES[self.row])

    @property
    def stops(self) -> bool:
        """It has failed, and the pump stands until it is switched off and on."""
        return self.verdict == checks.FAILED and checks.DOES[self.row] == checks.STOPS

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        made = self.verdict != checks.NOT_YET
        return {
            "check": self.name,
            "verdict": _SAID[self.verdict].lower(),
            "value": self.value if made else None,
            "age_s": self.age_s,
            "stops": checks.DOES[self.row] == checks.STOPS,
            "anew_within_s": checks.PERIOD_S[self.row] or None,
        }

    def text(self) -> str:
        """The same for people, in a line."""
        made = self.verdict != checks.NOT_YET
        said = words.value(self.row, self.value) if made else ""
        ago = f"{self.age_s} s ago" if made and self.age_s is not None else ""
        line = f"{self.name:14} {_SAID[self.verdict]:9} {words.WORDS[self.row].what:54} {said:32} {ago}".rstrip()
        return f"{line}\n{'':15}{words.WORDS[self.row].remedy}" if self.verdict == checks.FAILED else line


def read(pump: Pump) -> list[Check]:
    """All checks, asked one by one."""
    return [_read(pump, row) for row in range(1, checks.COUNT)]


def _read(pump: Pump, row: int) -> Check:
    said = pump.check(row)
    age_s = None if said["age_s"] == messages.NONE16 else said["age_s"]
    return Check(said["check"], said["verdict"], said["value"], age_s)


def anew(pump: Pump) -> list[Check]:
    """All made anew, at rest. UserError in a session, or when a check is still not made after a while."""
    try:
        pump.self_test()
    except Refused as refusal:
        if refusal.row == refusals.BUSY:
            remedy = "ask without --again, or when it is at rest"
            raise UserError("a session runs, or the self-test has failed", pump.port, remedy) from None
        raise
    until = time.monotonic() + _ANEW_S
    while time.monotonic() < until:
        time.sleep(_LOOK_S)
        found = read(pump)
        if any(check.stops for check in found) or all(check.verdict != checks.NOT_YET for check in found):
            return found
    raise NoAnswer(f"the self-test is not over after {_ANEW_S:g} s", pump.port, "free all keys, then try again")
