"""Bytes that nobody can guess, as well as the chip can: its ring oscillator's random bit, many times over, and what
differs from power-on to power-on. One bit alone is biased and hangs on its neighbours; the digest is of thousands."""

import hashlib
from os import urandom
from time import ticks_us

import machine

SEED_BYTES = 32
_TAKEN = 512  # bytes of the oscillator for the seed: an eighth of a bit in each bit of them is enough


def seed():
    """SEED_BYTES for the nonces of this power-on; at power-on, it takes some ms."""
    drawn = hashlib.sha256(machine.unique_id())
    for _ in range(_TAKEN // SEED_BYTES):
        drawn.update(urandom(SEED_BYTES))
        drawn.update(ticks_us().to_bytes(4, "little"))
    return drawn.digest()
