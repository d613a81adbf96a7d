"""Two people's approval of a protocol: HMAC-SHA256 over its digest, a key a person (PRO-1, SES-1).

A person holds his own key, the pump all of them, in a keyring:

    "TLK" | version u8 | length u16 of everything | people | CRC-32 of all before it
    person: length u8 and text of the id | key of 32 bytes; in ascending order of the ids

A key of zeros is one that was revoked: its owner is known, and nothing counts that he signs.

The author signs the digest, the verifier the digest and the author's signature, so that neither can be exchanged.
"""

import hashlib
import struct

from pump.base import crc
from pump.protocol.fingerprint import digest
from pump.protocol.protocol import Refusal
from pump.tables import refusals

MAGIC = b"TLK"
VERSION = 2  # of 1 no firmware knew revoked keys
KEY_BYTES = 32
ID_MAX = 24
MAX_PEOPLE = 40
_HEAD = 6
_REVOKED = bytes(KEY_BYTES)
_BLOCK = 64  # of SHA-256, RFC 2104
_TITLE = b"toleramp approval 1"

# Where an approval fails: the place in a refusal of the code "approval".
UNSIGNED, NO_KEYS, SAME_PERSON, AUTHOR_UNKNOWN, VERIFIER_UNKNOWN, AUTHOR_WRONG, VERIFIER_WRONG = 1, 2, 3, 4, 5, 6, 7


def hmac_sha256(key, message):
    """HMAC-SHA256 by RFC 2104 (micropython has no hmac); key of at most 64 bytes; returns 32 bytes."""
    key = key + bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key))
    inner.update(message)
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key))
    outer.update(inner.digest())
    return outer.digest()


def _message(parts):
    text = _TITLE
    for part in parts:
        text += bytes((len(part),)) + part
    return text


def author_mac(key, content_digest, author):
    """The author's signature of a content digest: 32 bytes."""
    return hmac_sha256(key, _message((b"author", author.encode(), content_digest)))


def verifier_mac(key, content_digest, author, verifier, signed):
    """The verifier's signature of a content digest and of the author's signature `signed`: 32 bytes."""
    return hmac_sha256(key, _message((b"verifier", author.encode(), verifier.encode(), content_digest, signed)))


def same(a, b):
    """True when two byte strings are equal; takes as long wherever they differ."""
    different = len(a) ^ len(b)
    for x, y in zip(a, b):
        different |= x ^ y
    return not different


def encode_keyring(keys):
    """The keyring's bytes from a dict of id to key, None for one that was revoked."""
    people = b""
    for name in sorted(keys):
        people += bytes((len(name.encode()),)) + name.encode() + (keys[name] or _REVOKED)
    length = _HEAD + len(people) + crc.SIZE
    blob = bytearray(MAGIC + bytes((VERSION,)) + struct.pack("<H", length) + people + bytes(crc.SIZE))
    crc.put(blob, length - crc.SIZE)
    return bytes(blob)


def decode_keyring(blob):
    """Dict of id to key (None: revoked) from a keyring (a bytearray). Raises ValueError naming what is wrong."""
    n = len(blob)
    if n < _HEAD + crc.SIZE or bytes(blob[:3]) != MAGIC:
        raise ValueError("not a keyring")
    if not 0 < blob[3] <= VERSION:
        raise ValueError("a keyring of another version")
    if blob[4] | blob[5] << 8 != n:
        raise ValueError("its length")
    if not crc.holds(blob, n - crc.SIZE):
        raise ValueError("checksum")
    keys = {}
    at, end = _HEAD, n - crc.SIZE
    while at < end:
        length = blob[at]
        key = bytes(blob[at + 1 + length : at + 1 + length + KEY_BYTES])
        if not 0 < length <= ID_MAX or at + 1 + length + KEY_BYTES > end or len(keys) == MAX_PEOPLE:
            raise ValueError("a person of the keyring")
        keys[bytes(blob[at + 1 : at + 1 + length]).decode()] = None if key == _REVOKED else key
        at += 1 + length + KEY_BYTES
    return keys


def demand(protocol, blob, keys):
    """Raises Refusal(refusals.APPROVAL, where) unless two different people of `keys` have signed this very content."""
    approval = protocol.approval
    if not approval:
        raise Refusal(refusals.APPROVAL, UNSIGNED)
    if not keys:
        raise Refusal(refusals.APPROVAL, NO_KEYS)
    author, verifier = keys.get(approval.author), keys.get(approval.verifier)
    if author is None or verifier is None:
        raise Refusal(refusals.APPROVAL, AUTHOR_UNKNOWN if author is None else VERIFIER_UNKNOWN)
    if approval.author == approval.verifier or same(author, verifier):
        raise Refusal(refusals.APPROVAL, SAME_PERSON)
    content = digest(blob)
    if not same(author_mac(author, content, approval.author), approval.author_mac):
        raise Refusal(refusals.APPROVAL, AUTHOR_WRONG)
    wanted = verifier_mac(verifier, content, approval.author, approval.verifier, approval.author_mac)
    if not same(wanted, approval.verifier_mac):
        raise Refusal(refusals.APPROVAL, VERIFIER_WRONG)
