"""People with keys, and what two of them signed: for runs at a pump outside bench mode."""

from __future__ import annotations

from functools import cache

from pump.protocol import approval
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import digest
from toleramp.approval.key_files import Person
from toleramp.protocol.file import compile_file
from toleramp_bench.places import standard_protocol

PERSON = Person("afischer", "", bytes(range(32)))
VERIFIER = Person("bmeier", "", bytes(range(32, 64)))
OTHER = Person("zadams", "", bytes(range(64, 96)))  # whom the pump does not know
KEYS: dict[str, bytes | None] = {PERSON.id: PERSON.key, VERIFIER.id: VERIFIER.key, "cwolf": None}


@cache
def signed_blob() -> bytes:
    """The standard protocol with two people's signatures."""
    plain, protocol = compile_file(standard_protocol())
    content = digest(bytearray(plain))
    first = approval.author_mac(PERSON.key, content, PERSON.id)
    second = approval.verifier_mac(VERIFIER.key, content, PERSON.id, VERIFIER.id, first)
    protocol.approval = p.Approval(PERSON.id, VERIFIER.id, first, second)
    return bytes(encode(protocol))
