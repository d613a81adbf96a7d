"""`toleramp protocol verify`: whether two different people have signed just this content."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toleramp.errors import one_line

if TYPE_CHECKING:
    from toleramp.approval.key_files import Keys
    from toleramp.approval.table import Proof, Standing

_SAID = {
    "valid": "valid",
    "wrong": "WRONG: not this person's signature of this content",
    "unknown-person": "unknown: no such person in the keyring",
    "unchecked": "cannot be checked: the person's key was not given (--keys)",
    "missing": "missing",
}
_FITS = {
    True: "fits the content",
    False: "does NOT fit the content: it has changed since it was signed",
    None: "missing",
}
_TWO = {True: "two different people", False: "NOT two different people", None: "not two people yet"}


def add_parser(verbs: Any) -> None:
    """Adds the verb."""
    parser = verbs.add_parser("verify", help="checks the signatures of author and verifier")
    parser.add_argument("file", type=Path, metavar="FILE", help="a protocol file (.toml)")
    parser.add_argument(
        "--keys", type=Path, nargs="+", action="extend", default=[], metavar="KEYS", help="the keyring, or key files"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.set_defaults(func=run_verify)


def run_verify(args: argparse.Namespace) -> int:
    """Prints what can be said; 0 only when both signatures are proven valid."""
    from toleramp.approval.key_files import read_keys

    found = document(args.file, read_keys(args.keys))
    print(json.dumps(found, indent=1, ensure_ascii=False) if args.json else as_text(found))
    return 0 if found["approved"] else 1


def _signer(found: Standing, proof: Proof, role: str) -> dict[str, str]:
    return {"id": found.person(role), "signature": getattr(proof, role)}


def document(path: Path, keys: Keys) -> dict[str, Any]:
    """What `--json` shows. Raises UserError for what is no protocol."""
    from pump.protocol.fingerprint import fingerprint
    from pump.protocol.protocol import CLASSES
    from toleramp.approval.canonical import laptop_only
    from toleramp.approval.table import content_digest, prove, standing
    from toleramp.protocol import order
    from toleramp.protocol.file import compile_protocol, read_content, read_toml
    from toleramp.protocol.verdict import judge

    reading = read_content(path, read_toml(path))
    protocol = reading.protocol
    if protocol is None:
        raise reading.faults[0]
    blob = compile_protocol(protocol, str(path))
    digest = content_digest(protocol) or b""
    found, verdict = standing(reading.content, protocol), judge(reading)
    proof = prove(found, digest, reading.content, keys)
    return {
        "file": str(path),
        "name": protocol.name,
        "class": CLASSES[protocol.kind],
        "fingerprint": fingerprint(blob),
        "for_order": order.document(reading.content["protocol"]),
        "digest": digest.hex(),
        "digest_fits": proof.digest_fits,
        "author": _signer(found, proof, "author"),
        "verifier": _signer(found, proof, "verifier"),
        "two_people": proof.two_people,
        "problem": found.problem,
        "for_people": list(laptop_only(reading.content)),
        "not_signed": [],
        **verdict.document(),
        "reason": verdict.reason(),
        "approved": proof.approved,
    }


def as_text(found: dict[str, Any]) -> str:
    """The same for people; the last line is the verdict."""
    from toleramp.protocol import order

    lines = [f"{found['name']}    fingerprint {found['fingerprint']}"]
    lines.append(one_line(order.words(found["for_order"] or {})))
    lines.append(f"digest     {_FITS[found['digest_fits']]}")
    for role in ("author", "verifier"):
        signer = found[role]
        lines.append(f"{role:<10} {signer['id'] or 'nobody'}: {_SAID[signer['signature']]}")
    lines.append(f"people     {_TWO[found['two_people']]}")
    for text in found["for_people"]:
        lines.append(one_line(f"note: the pump does not get, and the signatures cover: {text}"))
    if found["class"] == "bench":
        lines.append("note: a protocol of class bench loads only in bench mode, whoever signs it")
    if found["verdict"] == "refused":
        lines.append(f"note: the protocol itself is REFUSED: {found['reason']}")
    lines.append(_verdict(found))
    return "\n".join(lines)


def _verdict(found: dict[str, Any]) -> str:
    """The last line: approved; else the first reason why not."""
    if found["approved"]:
        return "APPROVED by two people"
    from toleramp.approval.table import MISSING

    said = [found[role]["signature"] for role in ("author", "verifier")]
    if found["problem"]:
        return f"NOT APPROVED: {found['problem']}"
    if MISSING in said:
        return f"NOT APPROVED: {'nobody' if said[0] == MISSING else 'the author alone'} has signed it"
    if said.count("unchecked") + said.count("valid") == len(said) and found["two_people"]:
        return "NOT PROVEN: give the keyring, or the keys of both, with --keys"
    return "NOT APPROVED: see above"
