"""People's keys as files: one TOML file a person, and the pump's keyring of all of them (pump.protocol.approval)."""

from __future__ import annotations

import json
import re
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pump.protocol import approval
from toleramp.errors import UserError
from toleramp.whole_files import read_private

_LARGEST = 64 * 1024
_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{approval.ID_MAX - 1}}}")
_NAME_MAX = 60
_HEX = re.compile(rf"[0-9a-fA-F]{{{2 * approval.KEY_BYTES}}}")
_HEAD = "# A key by which one person approves protocols. Whoever holds this file signs in that person's name.\n"
_NEW = "make one with `toleramp keys new`"


@dataclass(frozen=True)
class Person:
    """Who signs: the id that the pump knows, a name for people ("" for none), the key of 32 bytes."""

    id: str
    name: str
    key: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.id} ({self.name})" if self.name else self.id


@dataclass(frozen=True)
class Keys:
    """Keys by id; `complete`: a keyring is among them, so that who is missing is unknown to the pump."""

    by_id: dict[str, bytes] = field(repr=False)
    complete: bool


def key_print(key: bytes) -> str:
    """Eight digits by which people tell keys apart; they give nothing of the key away."""
    text = approval.hmac_sha256(key, b"toleramp key print").hex()
    return f"{text[:4]}:{text[4:8]}"


def new_person(name: str, full_name: str) -> Person:
    """A person with a fresh key. Raises UserError for an id or name that cannot be used."""
    if not _ID.fullmatch(name):
        remedy = f"write 1 to {approval.ID_MAX} letters, digits, dots, dashes or underscores, such as afischer"
        raise UserError("not an id", ascii(name), remedy)
    if len(full_name) > _NAME_MAX or not full_name.isprintable():
        raise UserError("not a name", ascii(full_name[:_NAME_MAX]), f"write at most {_NAME_MAX} characters")
    return Person(name, full_name, secrets.token_bytes(approval.KEY_BYTES))


def key_text(person: Person) -> str:
    """The key file of a person."""
    pairs = {"id": person.id, "name": person.name, "key": person.key.hex()}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in pairs.items() if value]
    return _HEAD + "".join(lines)


def _person(data: bytes, path: Path) -> Person:
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
    except ValueError:
        raise UserError("not a key file", str(path), _NEW) from None
    texts = {key: value for key, value in content.items() if isinstance(value, str)}
    if set(texts) - {"name"} != {"id", "key"} or len(texts) != len(content):
        raise UserError("a key file has the texts id, name and key", str(path), _NEW)
    if not _ID.fullmatch(texts["id"]) or not texts.get("name", "").isprintable():
        raise UserError("its id or name cannot be used", str(path), _NEW)
    if not _HEX.fullmatch(texts["key"]):
        raise UserError(f"its key is not {2 * approval.KEY_BYTES} hexadecimal digits", str(path), _NEW)
    return Person(texts["id"], texts.get("name", ""), bytes.fromhex(texts["key"]))


def read_person(path: Path) -> Person:
    """The person of a key file. Raises UserError."""
    data = read_private(path, _LARGEST)
    if data.startswith(approval.MAGIC):
        raise UserError("this is a keyring", str(path), "name the key file of one person")
    return _person(data, path)


def _ring(data: bytes, path: Path) -> dict[str, bytes | None]:
    try:
        keys: dict[str, bytes | None] = approval.decode_keyring(bytearray(data))
    except (ValueError, IndexError) as error:
        raise UserError(f"a damaged keyring ({error})", str(path), "make it anew with `toleramp keys ring`") from None
    return keys


def read_ring(path: Path) -> tuple[bytes, dict[str, bytes | None]]:
    """A keyring's bytes and its keys by id, None for one that was revoked. Raises UserError."""
    data = read_private(path, _LARGEST)
    if not data.startswith(approval.MAGIC):
        raise UserError("not a keyring", str(path), "make one with `toleramp keys ring`")
    return data, _ring(data, path)


def people_of(path: Path) -> dict[str, bytes | None]:
    """Keys by id of a keyring (None: revoked), or of one person's key file. Raises UserError."""
    data = read_private(path, _LARGEST)
    if data.startswith(approval.MAGIC):
        return _ring(data, path)
    person = _person(data, path)
    return {person.id: person.key}


def read_keys(paths: Sequence[Path]) -> Keys:
    """The keys of key files and keyrings together, without those that were revoked. Raises UserError, also for two keys
    of one id."""
    found: dict[str, bytes] = {}
    complete = False
    for path in paths:
        data = read_private(path, _LARGEST)
        ring = data.startswith(approval.MAGIC)
        complete = complete or ring
        for name, key in people_of(path).items():
            if key and found.setdefault(name, key) != key:
                raise UserError(f"another key of {name} than in a file before", str(path), "leave one of them out")
    return Keys(found, complete)


def make_ring(paths: Sequence[Path], revoked: Sequence[str] = ()) -> tuple[bytes, dict[str, bytes | None]]:
    """The keyring of the people of some key files, and its keys by id (None: revoked). Raises UserError for one person
    twice."""
    people: list[tuple[Person, Path]] = []
    for path in paths:
        person = read_person(path)
        for other, where in people:
            if other.id.casefold() == person.id.casefold():
                raise UserError(f"the id {person.id} is that of {where} too", str(path), "each person has one key")
            if other.key == person.key:
                what = f"the key of {person.id} is that of {other.id} in {where}"
                raise UserError(what, str(path), "each person has a key of his own")
        people.append((person, path))
    keys: dict[str, bytes | None] = {person.id: person.key for person, _ in people}
    for name in revoked:
        if not _ID.fullmatch(name):
            raise UserError("not an id", ascii(name), "name the person whose key was revoked by the id in his key file")
        if name in keys:
            raise UserError(f"the key of {name} is given, and revoked", "--revoked", "leave one of them out")
        keys[name] = None
    if len(keys) > approval.MAX_PEOPLE:
        raise UserError(f"{len(keys)} people", "keyring", f"a pump holds at most {approval.MAX_PEOPLE}")
    return approval.encode_keyring(keys), keys
