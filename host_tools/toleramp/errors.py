"""What can go wrong, as one line a person can act on: where, what, and what to do about it."""

from pump.protocol import protocol
from pump.tables import refusals
from toleramp.words import rows
from toleramp.words.refusals import APPROVAL, KEY_REMEDIES, ORDER_REMEDY, WORDS


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, so that a message stays on its line."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


class UserError(Exception):
    """Something the user can put right: `what` is wrong, `where`, and the `remedy`. Exit code 2."""

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return one_line(f"{text}; {self.remedy}" if self.remedy else text)


class PortError(UserError):
    """A port cannot be found or opened."""


class LinkLost(UserError):
    """The line broke while in use: cable pulled, pump switched off, emulator ended."""


class NoAnswer(UserError):
    """Nothing, or nothing of use, came back in time."""


class NotToleramp(NoAnswer):
    """Something answers, but not a Toleramp pump."""


class WrongContract(UserError):
    """Pump and tool were built from different message layouts."""


# What the records of the compiled form hold, for refusals whose place is a record.
_RECORDS = {
    protocol.NAME: "name",
    protocol.DRUG: "drug",
    protocol.KIND: "class and unit",
    protocol.FULL_DOSE: "full dose",
    protocol.LIMITS: "longest hold, wait and gap",
    protocol.LINE: "line",
    protocol.ORDER: "number, cycle and patient of the order",
    protocol.SOLUTION: "bags",
    protocol.STEP: "steps",
    protocol.DOSE: "doses by mouth",
    protocol.MONITORING: "monitoring",
    protocol.REACTION: "reaction",
    protocol.APPROVAL: "approval",
}


def _place(row: int, where: int, detail: int) -> str:
    """A refusal's place in words: a step, or what the record with this number holds."""
    if rows.group(refusals, row) & refusals.OF_RECORD or (row == refusals.MISSING and detail != protocol.SOLUTION):
        return _RECORDS.get(where, f"record {where}")
    return f"step {where}"


def place_of(refusal: protocol.Refusal) -> str:
    """Where a refusal of the compiled form is, in words."""
    return _place(refusal.code, refusal.where, refusal.detail)


class Refused(UserError):
    """The pump says no: `row` of refusals, `code` its name, `step` (0 = the whole), `detail` a number.

    For the row APPROVAL `step` is the place where it fails, of pump.protocol.approval.
    """

    def __init__(self, row: int, step: int = 0, detail: int = 0, asked: str = "", where: str = "") -> None:
        self.row, self.step, self.detail = row, step, detail
        self.code = rows.name(refusals, row) if row < len(refusals.NAMES) else f"code {row}"
        head = f"the pump refused {asked or 'the request'}: "
        if row == refusals.APPROVAL and step in APPROVAL:
            what, remedy = APPROVAL[step]
            super().__init__(f"{head}approval: {what}", where, remedy)
            return
        if row == refusals.ORDER_GIVEN:
            given = f"{WORDS[row]}, {detail / 10_000:.4g} % at least: a second run would give it again"
            super().__init__(f"{head}{given}", where, ORDER_REMEDY)
            return
        if row == refusals.KEY_WAIT:
            super().__init__(f"{head}{WORDS[row]}", where, f"run it again in {detail} s")
            return
        if row in KEY_REMEDIES:
            super().__init__(f"{head}{WORDS[row]}", where, KEY_REMEDIES[row])
            return
        place = f"{_place(row, step, detail)}: " if step else ""
        number = f" ({detail})" if detail else ""
        found = WORDS.get(row, "no explanation known")
        super().__init__(f"{head}{place}{self.code}, {found}{number}", where)
