"""The [approval] of a protocol file: how far it has come, whether it fits the content, signing, and proving it.

Each person signs twice: what the pump gets (pump.protocol.fingerprint.digest), which the pump checks, and the whole
file with the warnings that were read (toleramp.approval.canonical), which every tool checks (PRO-9).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace

from pump.protocol import approval
from pump.protocol import fingerprint as identity
from pump.protocol import protocol as device
from pump.protocol.encoding import encode
from toleramp.approval.canonical import file_digest
from toleramp.approval.key_files import Keys, Person
from toleramp.protocol.reader import Table

AUTHOR, VERIFIER = "author", "verifier"
ROLES = (AUTHOR, VERIFIER)
BY_AUTHOR = ("author", "digest", "author_mac", "file_digest", "author_file_mac")
BY_BOTH = (
    "author",
    "verifier",
    "digest",
    "author_mac",
    "verifier_mac",
    "file_digest",
    "warnings",
    "author_file_mac",
    "verifier_file_mac",
)
_NEEDED = tuple(key for key in BY_BOTH if key != "warnings")  # there are none in many a file

NOBODY, HALF, BOTH, UNFIT = "nobody", "author", "both", "unfit"
RENEW = "--renew drops the old signatures and signs anew as author"

_HEX = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Standing:
    """How far the approval of a file has come. `kind`: NOBODY, HALF (the author alone), BOTH, or UNFIT: `problem`."""

    kind: str = NOBODY
    table: Table = field(default_factory=dict)
    problem: str = ""

    def person(self, role: str) -> str:
        """The id of the author or verifier; "" for none."""
        return str(self.table.get(role, ""))

    def mac(self, role: str) -> bytes:
        """The signature of the author or verifier; empty when there is none, or no 32 bytes in hexadecimal digits."""
        return _bytes(self.table.get(f"{role}_mac"))

    def approval(self) -> device.Approval | None:
        """What the compiled form carries: both signatures, or nothing."""
        if self.kind != BOTH:
            return None
        return device.Approval(self.person(AUTHOR), self.person(VERIFIER), self.mac(AUTHOR), self.mac(VERIFIER))

    def words(self) -> str:
        """Who has signed, for people."""
        if self.kind == NOBODY:
            return "nobody has signed it"
        if self.kind == HALF:
            return f"signed by {self.person(AUTHOR)} as author; a verifier has not signed"
        if self.kind == BOTH:
            return f"signed by {self.person(AUTHOR)} as author and {self.person(VERIFIER)} as verifier"
        return self.problem


def _bytes(value: object) -> bytes:
    return bytes.fromhex(value) if isinstance(value, str) and _HEX.fullmatch(value) else b""


def content_digest(protocol: device.Protocol) -> bytes | None:
    """What is signed: 32 bytes; None when the compiled form cannot hold the protocol."""
    try:
        digest: bytes = identity.digest(encode(protocol))
    except (struct.error, ValueError, OverflowError):
        return None
    return digest


_HEX_KEYS = ("digest", "author_mac", "verifier_mac", "file_digest", "author_file_mac", "verifier_file_mac")
_ONLY_PUMP = "the signatures cover what the pump gets, not the whole file: flush, premedication, expiry, labels"


def _problem(table: Table, digest: bytes | None, whole: bytes) -> str:
    """What is wrong with a table that has all keys of one or of two signatures; "" for nothing."""
    for key in _HEX_KEYS:
        if key in table and not _bytes(table[key]):
            return f"{key} is not 64 hexadecimal digits"
    if table.get("verifier", "").casefold() == table["author"].casefold():
        return f"author and verifier are the same person, {table['author']}"
    if _bytes(table["digest"]) != digest:
        return f"the content has changed since {table['author']} signed it"
    if _bytes(table["file_digest"]) != whole:
        return f"what people act on beside the pump has changed since {table['author']} signed it"
    return ""


def standing(content: Table, protocol: device.Protocol) -> Standing:
    """How far the approval in a file's content has come, and whether it fits the protocol made from that content."""
    table = content.get("approval") or {}
    if not table:
        return Standing()
    wanted = _NEEDED if any(key.startswith(VERIFIER) for key in table) else BY_AUTHOR
    missing = [key for key in wanted if key not in table]
    if missing:
        of_file = all("file" in key for key in missing)
        return Standing(UNFIT, table, _ONLY_PUMP if of_file else f"half a signature: {missing[0]} is missing")
    problem = _problem(table, content_digest(protocol), file_digest(content))
    if problem:
        return Standing(UNFIT, table, problem)
    return Standing(BOTH if wanted == _NEEDED else HALF, table)


# -- signing


class NotSigned(Exception):
    """Why a person cannot sign a file as it is: one line."""


def _same_person(before: Standing, digest: bytes, person: Person) -> None:
    """Raises NotSigned when the verifier is the author under this or another id."""
    author = before.person(AUTHOR)
    if author.casefold() == person.id.casefold():
        raise NotSigned(f"{author} has signed as author; the verifier is another person")
    if approval.author_mac(person.key, digest, author) == before.mac(AUTHOR):
        raise NotSigned(f"the key of {person.id} is the one by which {author} has signed as author")


def role_of(before: Standing, wanted: str | None) -> str:
    """As what the next person signs. Raises NotSigned when nobody can, or not as `wanted`."""
    if before.kind == UNFIT:
        raise NotSigned(f"{before.problem}; {RENEW}")
    if before.kind == BOTH:
        raise NotSigned(f"it is {before.words()}; {RENEW}")
    role = VERIFIER if before.kind == HALF else AUTHOR
    if wanted == VERIFIER and role == AUTHOR:
        raise NotSigned("nobody has signed as author yet; the author comes first")
    if wanted == AUTHOR and role == VERIFIER:
        raise NotSigned(f"{before.person(AUTHOR)} has signed as author; sign as verifier, or: {RENEW}")
    return role


@dataclass(frozen=True)
class Signable:
    """What a person signs: the pump's digest, the whole file's, and the warnings read (read_warnings.marks)."""

    digest: bytes
    whole: bytes
    warnings: str = ""


def _file_mac(key: bytes, role: str, what: Signable, table: Table) -> bytes:
    """A person's signature of the whole file; the verifier's covers the author's too. 32 bytes."""
    parts = [role, table["author"], table.get("verifier", "") if role == VERIFIER else "", what.warnings]
    parts += [what.digest.hex(), what.whole.hex(), str(table.get("author_file_mac", "")) if role == VERIFIER else ""]
    text = "\n".join(["toleramp file approval 1", *(f"{len(part)} {part}" for part in parts)])
    mac: bytes = approval.hmac_sha256(key, text.encode())
    return mac


def signed(before: Standing, what: Signable, person: Person, wanted: str | None = None) -> tuple[str, dict[str, str]]:
    """(role, the keys of [approval] with this person's signatures). Raises NotSigned."""
    role = role_of(before, wanted)
    if role == AUTHOR:
        mac = approval.author_mac(person.key, what.digest, person.id)
        table = {"author": person.id, "digest": what.digest.hex(), "author_mac": mac.hex()}
        table["file_digest"] = what.whole.hex()
        if what.warnings:
            table["warnings"] = what.warnings
    else:
        _same_person(before, what.digest, person)
        mac = approval.verifier_mac(person.key, what.digest, before.person(AUTHOR), person.id, before.mac(AUTHOR))
        table = {**before.table, "verifier": person.id, "verifier_mac": mac.hex()}
        what = replace(what, warnings=str(before.table.get("warnings", "")))  # as the author has them
    return role, {**table, f"{role}_file_mac": _file_mac(person.key, role, what, table).hex()}


# -- proving

VALID, WRONG, UNKNOWN, UNCHECKED, MISSING = "valid", "wrong", "unknown-person", "unchecked", "missing"


@dataclass(frozen=True)
class Proof:
    """What can be said of a file's approval with some keys. `digest_fits` and `two_people`: None where not known."""

    author: str
    verifier: str
    digest_fits: bool | None
    two_people: bool | None

    @property
    def approved(self) -> bool:
        """True when two different people's signatures of this very content are proven valid."""
        return self.author == self.verifier == VALID and self.digest_fits is True and self.two_people is True


def _signature(found: Standing, what: Signable, keys: Keys, role: str) -> str:
    person, mac, digest = found.person(role), found.mac(role), what.digest
    if not person or f"{role}_mac" not in found.table or f"{role}_file_mac" not in found.table:
        return MISSING
    key = keys.by_id.get(person)
    if key is None:
        return UNKNOWN if keys.complete else UNCHECKED
    if role == AUTHOR:
        right = approval.author_mac(key, digest, person)
    else:
        right = approval.verifier_mac(key, digest, found.person(AUTHOR), person, found.mac(AUTHOR))
    whole = _bytes(found.table[f"{role}_file_mac"])
    both = approval.same(mac, right) and approval.same(whole, _file_mac(key, role, what, found.table))
    return VALID if both else WRONG


def _two_people(found: Standing, keys: Keys) -> bool | None:
    author, verifier = found.person(AUTHOR), found.person(VERIFIER)
    if not author or not verifier:
        return None
    if author.casefold() == verifier.casefold():
        return False
    both = keys.by_id.get(author), keys.by_id.get(verifier)
    return both[0] is None or both[0] != both[1]


def prove(found: Standing, digest: bytes, content: Table, keys: Keys) -> Proof:
    """Checks both signatures against the pump's digest, as the pump does, and against the whole file."""
    table, what = found.table, Signable(digest, file_digest(content), str(found.table.get("warnings", "")))
    recorded = table.get("digest"), table.get("file_digest")
    fits = None
    if recorded[0] is not None:
        fits = _bytes(recorded[0]) == digest and _bytes(recorded[1]) == what.whole
    author, verifier = (_signature(found, what, keys, role) for role in ROLES)
    return Proof(author, verifier, fits, _two_people(found, keys))
