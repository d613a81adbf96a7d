"""Puts a keyring into a pump that is in service mode; reads it back and compares."""

from __future__ import annotations

from toleramp.device.service_mode import Repl, repl
from toleramp.errors import UserError

ON_PUMP = "/keyring.bin"  # where main.py reads it
_FRESH = "/keyring.new"


def _put(line: Repl, ring: bytes) -> None:
    """Writes the file beside the old one, then puts it in its place, and compares. UserError when it differs."""
    line.transport.fs_writefile(_FRESH, ring)
    line.transport.exec(f"import os\nos.rename({_FRESH!r}, {ON_PUMP!r})")
    if bytes(line.transport.fs_readfile(ON_PUMP)) != ring:
        raise UserError("the pump holds another keyring than was sent", line.port, "run this again before use")


def install(ring: bytes, port: str) -> None:
    """Copies a keyring's bytes to the pump as /keyring.bin. Raises UserError; the old ring then stays or is whole."""
    with repl(port, "no keys were sent", "the keyring was not installed") as line:
        _put(line, ring)
