"""Puts a keyring into a pump that is in service mode; reads it back and compares."""

from __future__ import annotations

from toleramp.device.service_mode import Repl, repl
from toleramp.errors import UserError

ON_PUMP = ("/keyring.bin", "/keyring.2nd")  # where drivers.loop reads its copies; the first of them first
_FRESH = "/keyring.new"


def _put(line: Repl, ring: bytes) -> None:
    """Writes each copy beside the old one, then puts it in its place, and compares. UserError when one differs."""
    for place in ON_PUMP:
        line.transport.fs_writefile(_FRESH, ring)
        line.transport.exec(f"import os\nos.rename({_FRESH!r}, {place!r})")
        if bytes(line.transport.fs_readfile(place)) != ring:
            raise UserError("the pump holds another keyring than was sent", line.port, "run this again before use")


def install(ring: bytes, port: str) -> None:
    """Copies a keyring's bytes to the pump, twice. Raises UserError; the old ring then stays, or the new one is whole:
    a pump whose copies differ takes the first (pump.store.keyring)."""
    with repl(port, "no keys were sent", "the keyring was not installed") as line:
        _put(line, ring)
