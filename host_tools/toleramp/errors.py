"""What can go wrong, as one line a person can act on: where, what, and what to do about it."""

from pump.protocol import approval, protocol
from pump.tables import messages

# What the pump found, for each code of messages.REFUSALS.
FOUND = {
    "none": "no reason given",
    "ratio-exceeded": "the dose rate rises too steeply",
    "ratio-two-person": "this rise of the dose rate needs two people's approval",
    "dose-sum": "the steps do not add up to the full dose",
    "bag-short": "the bag holds less than its steps draw",
    "bag-sum": "the bags do not add up to the full dose",
    "dead-volume": "the line's dead volume swallows the first step after a bag change",
    "first-step": "the first step is larger than the protocol's class allows",
    "dwell-short": "a step is too short",
    "dwell-long": "a step lasts many times as long as the others",
    "class": "a protocol of class one-bag has one bag",
    "step-volume": "a step's volume is not what its rate and time make",
    "rate-range": "the rate is outside the pump's range",
    "rate-resolution": "the mechanism cannot hold this rate exactly",
    "order": "out of order",
    "unknown-key": "an entry it does not know",
    "missing": "something is missing",
    "unit": "a wrong unit",
    "expired": "a bag expires before it is used up",
    "approval": "it is not approved",
    "signature": "a signature does not fit",
    "printed-mismatch": "a printed cell differs from the arithmetic",
    "truncated": "the end is missing",
    "checksum": "the checksum is wrong",
    "format": "not the form of a compiled protocol",
    "range": "a value is out of range",
    "busy": "the pump is busy with a session",
    "contract": "tool and firmware do not speak the same version",
    "unknown-request": "a request it does not know",
    "duplicate": "the same thing twice",
    "vein-ratio": "the dose rate rises too steeply where the line meets the vein",
    "oral": "bags and doses by mouth in one protocol",
    "bench-mode": "a protocol of class bench loads only in bench mode: hold UP at power-up",
    "not-run": "this pump does not run oral doses; print the table",
}

_KEYRING = "put a keyring with this person's key into it: `toleramp keys install`"
_PROVE = "see `toleramp protocol verify --keys`, and have it signed anew"
# What an approval lacks, by the place in a refusal "approval": what, and what helps.
APPROVAL = {
    approval.UNSIGNED: (
        "it is not signed",
        "load it in bench mode (hold UP at power-up) or have two people sign it",
    ),
    approval.NO_KEYS: ("there is no keyring in the pump", "put one into it: `toleramp keys install`"),
    approval.SAME_PERSON: ("author and verifier are the same person", "have another person sign as verifier"),
    approval.AUTHOR_UNKNOWN: ("the pump does not know the author", _KEYRING),
    approval.VERIFIER_UNKNOWN: ("the pump does not know the verifier", _KEYRING),
    approval.AUTHOR_WRONG: ("the author's signature does not fit", _PROVE),
    approval.VERIFIER_WRONG: ("the verifier's signature does not fit", _PROVE),
}


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


# What the device names by the number of a record of the compiled form instead of a step, and that record's name.
_OF_A_RECORD = ("range", "truncated", "unknown-key", "duplicate", "format")
_RECORDS = {
    protocol.NAME: "name",
    protocol.DRUG: "drug",
    protocol.KIND: "class and unit",
    protocol.FULL_DOSE: "full dose",
    protocol.LIMITS: "longest hold, wait and gap",
    protocol.LINE: "line",
    protocol.SOLUTION: "bags",
    protocol.STEP: "steps",
    protocol.DOSE: "doses by mouth",
    protocol.MONITORING: "monitoring",
    protocol.REACTION: "reaction",
    protocol.APPROVAL: "approval",
}


def _place(code: str, where: int, detail: int) -> str:
    """A refusal's place in words: a step, or what the record with this number holds."""
    if code in _OF_A_RECORD or (code == "missing" and detail != protocol.SOLUTION):
        return _RECORDS.get(where, f"record {where}")
    return f"step {where}"


def place_of(refusal: protocol.Refusal) -> str:
    """Where a refusal of the compiled form is, in words."""
    return _place(refusal.name, refusal.where, refusal.detail)


class Refused(UserError):
    """The pump says no: `code` of messages.REFUSALS (a name), `step` (0 = the whole), `detail` a number.

    For the code "approval" `step` is the place where it fails, of pump.protocol.approval.
    """

    def __init__(self, code: int, step: int = 0, detail: int = 0, asked: str = "", where: str = "") -> None:
        self.code = messages.REFUSALS[code] if code < len(messages.REFUSALS) else f"code {code}"
        self.step, self.detail = step, detail
        head = f"the pump refused {asked or 'the request'}: "
        if self.code == "approval" and step in APPROVAL:
            what, remedy = APPROVAL[step]
            super().__init__(f"{head}approval: {what}", where, remedy)
            return
        place = f"{_place(self.code, step, detail)}: " if step else ""
        number = f" ({detail})" if detail else ""
        found = FOUND.get(self.code, "no explanation known")
        super().__init__(f"{head}{place}{self.code}, {found}{number}", where)
