"""The memory of the pump's log, from service mode: made free when all of it is in a file."""

from __future__ import annotations

from toleramp.device.service_mode import repl
from toleramp.errors import UserError

# Runs on the pump: the part of its own driver, and the log's own way to be freed. The points keep the line awake.
FREE = """import board_pins as pins
from drivers.fram import Fram
from pump.store import clearing
fram = Fram(pins.FRAM_SCK, pins.FRAM_MOSI, pins.FRAM_MISO, pins.FRAM_CS)
def tell():
    print(".", end="")
if fram.present:
    opened, digest = bytes.fromhex("%s"), bytes.fromhex("%s")
    print("", clearing.free(fram.read_slot, fram.write_slot, opened, digest, tell))
else:
    print("", -1)
"""


def program(opened: bytes, digest: bytes) -> str:
    """What runs on the pump for a file with these digests of its first line and its last record."""
    return FREE % (opened.hex(), digest.hex())


def free(port: str, opened: bytes, digest: bytes) -> None:
    """Frees it. UserError when the pump says no, or does not answer."""
    from pump.store import clearing

    refused = {
        clearing.OTHER: ("the file is not the whole log of this pump", "pull again, then clear with that file"),
        clearing.UNFINISHED: (
            "its last session is open, or nobody has seen how it ended",
            "switch it on, read its screen, press CONFIRM, pull again",
        ),
        clearing.FAILED: ("its memory does not keep what is written", "have it repaired; pull what is left"),
    }
    with repl(port, "nothing was changed", "the log may be freed in part: pull it again") as line:
        said = bytes(line.transport.exec(program(opened, digest))).split()
    code = int(said[-1]) if said and said[-1].lstrip(b"-").isdigit() else -1
    if code != clearing.FREED:
        what, remedy = refused.get(code, ("its memory does not answer", "have it repaired; nothing was changed"))
        raise UserError(what, port, remedy)
