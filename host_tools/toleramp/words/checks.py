"""What each check of the self-test looks at, what its value is, what to do; for each row of pump.tables.checks.

In the text of a value {v} is the number itself.
"""

from typing import NamedTuple

from pump.tables import checks
from toleramp.words import rows


class Words(NamedTuple):
    """What is looked at, the value of a check that has passed, what to do when it failed."""

    what: str
    value: str
    remedy: str


_SERVICE = "use another pump; this one goes to service"
NO_CLOCK = -1000  # permille: there was no clock to compare with

WORDS: dict[int, Words] = {}
WORDS[checks.PROCESSOR] = Words("the processor's sums", "{v} wrong", _SERVICE)
WORDS[checks.RAM] = Words("the RAM, each bit both ways", "{v} KB", _SERVICE)
WORDS[checks.IMAGE] = Words("the firmware in the flash", "{v} KB", "use another pump; flash this one's firmware anew")
WORDS[checks.WATCHDOG] = Words("the watchdog runs", "{v} ms left", _SERVICE)
WORDS[checks.CLOCK] = Words("the clock answers", "", "see the alarm of the clock")
WORDS[checks.FRAM] = Words("the log's memory keeps what is written", "", _SERVICE)
WORDS[checks.SETTINGS] = Words("the settings can be read", "", "use another pump; set this one up anew in service mode")
WORDS[checks.KEYRING] = Words(
    "the keyring can be read", "{v} people", "use another pump; install this one's keys anew in service mode"
)
WORDS[checks.SCREEN] = Words("the screen answers", "", _SERVICE)
WORDS[checks.LIGHTS] = Words("lights and nurse call answer", "", _SERVICE)
WORDS[checks.SENSORS] = Words("the sensors' converter", "{v} degrees C in the processor", _SERVICE)
WORDS[checks.SUPPLY] = Words(
    "the battery's voltage",
    "{v} mV",
    "connect it to the mains, switch it on in an hour; if that fails, to service",
)
WORDS[checks.TONE] = Words("the sounder's tone", "", _SERVICE)
WORDS[checks.PULSES] = Words("no pulse that nobody asked for", "{v} pulses", _SERVICE)
WORDS[checks.PERMIT] = Words("the motor's driver is off, on with the permit, off again", "", _SERVICE)
WORDS[checks.KEY] = Words("no key is stuck", "", "free the key, then switch the pump off and on")
WORDS[checks.CRYSTAL] = Words("the pump's time against its clock's", "{v} permille apart", _SERVICE)

# What a value means that is no number.
OF_VALUE: dict[tuple[int, int], str] = {}
OF_VALUE[checks.CRYSTAL, NO_CLOCK] = "no clock to compare with"
OF_VALUE[checks.FRAM, 1] = "another part, or none"
OF_VALUE[checks.FRAM, 2] = "it did not keep what was written"
OF_VALUE[checks.SETTINGS, 2] = "both copies are damaged"
OF_VALUE[checks.KEYRING, -1] = "it is damaged"
OF_VALUE[checks.PERMIT, 1] = "it is on without the permit"
OF_VALUE[checks.PERMIT, 2] = "it does not go on"
OF_VALUE[checks.PERMIT, 3] = "it stays on"


def named(name: str) -> str:
    """A check that failed, by its name, and what to do."""
    row = WORDS.get(rows.number(checks, name))
    return f"self-test: {name}" + (f"; {row.remedy}" if row else "")


def failed(name: str | None, number: int) -> str:
    """What the event of a self-test says behind its name: which check failed, what it found."""
    if not name:
        return " begun"
    at = rows.number(checks, name)
    said = value(at, number) if at in WORDS else str(number)
    return f" failed: {name}" + (f" ({said})" if said else "")


def value(check: int, number: int) -> str:
    """A check's value in words."""
    said = OF_VALUE.get((check, number))
    return WORDS[check].value.format(v=number) if said is None else said
