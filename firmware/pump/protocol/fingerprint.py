"""What a compiled protocol is known by: the digest that two people sign, the fingerprint that people compare."""

import hashlib

from pump.base import crc
from pump.protocol.protocol import APPROVAL, HEAD, MAGIC


def digest(blob):
    """SHA-256 (32 bytes) of a compiled protocol's content: all records but the approval, which signs this."""
    position, end = HEAD, len(blob) - crc.SIZE
    while position + 1 < end and blob[position] != APPROVAL:
        position += 2 + blob[position + 1]
    content = hashlib.sha256(bytes(blob[: len(MAGIC) + 1]))
    content.update(bytes(blob[HEAD : min(position, end)]))
    return content.digest()


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread


def fingerprint(blob):
    """Eight characters (40 bits of the digest) by which people compare what tool and screen show."""
    whole = digest(blob)
    text = ""
    for i in range(8):
        bit = i * 5
        pair = whole[bit >> 3] << 8 | whole[(bit >> 3) + 1]
        text += _ALPHABET[pair >> (11 - (bit & 7)) & 31]
    return text
