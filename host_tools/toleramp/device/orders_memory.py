"""The pump's memory of orders, from service mode: emptied where it is damaged or new, and takes no order any more."""

from __future__ import annotations

from toleramp.device.service_mode import repl
from toleramp.errors import UserError

# Runs on the pump: the part of its own driver, and the orders' own way to forget.
FORGET = """import board_pins as pins
from drivers.fram import Fram
from pump.store import orders
fram = Fram(pins.FRAM_SCK, pins.FRAM_MOSI, pins.FRAM_MISO, pins.FRAM_CS)
if fram.present:
    orders.empty(fram.write_slot)
print(int(fram.present))
"""


def forget(port: str) -> None:
    """Empties the memory of orders. Raises UserError."""
    with repl(port, "nothing was changed", "the orders may be forgotten in part") as line:
        answer = bytes(line.transport.exec(FORGET)).strip()
    if answer != b"1":
        raise UserError("the pump's memory does not answer", port, "have it repaired; nothing was changed")
