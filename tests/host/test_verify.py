"""`protocol verify`: proven means two different people's signatures of just this content; nothing less says so."""

import json
import re
from typing import Any

import pytest
from approval_kit import Office

from pump.protocol import approval
from toleramp.approval.key_files import read_ring
from toleramp.protocol.file import compile_file

pytest_plugins = ("approval_kit",)


def verify(office: Office, capsys: pytest.CaptureFixture[str], *keys: object) -> tuple[int, dict[str, Any]]:
    """Exit code and document."""
    capsys.readouterr()
    code = office.run("protocol", "verify", office.file, *(("--keys", *keys) if keys else ()), "--json")
    out, err = capsys.readouterr()
    assert err == ""
    return code, json.loads(out)


def said(document: dict[str, Any]) -> tuple[str, str]:
    """What is said of both signatures."""
    return document["author"]["signature"], document["verifier"]["signature"]


@pytest.mark.req("PRO-1", "SES-1")
def test_two_people_with_the_keyring_are_proven(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody can tell before the bedside."""
    office.sign_both()
    for keys in ([office.ring], [office.key("afischer"), office.key("bmeier")]):
        code, document = verify(office, capsys, *keys)
        assert code == 0 and document["approved"] is True and said(document) == ("valid", "valid")
        assert document["digest_fits"] is True and document["two_people"] is True and document["problem"] == ""
    assert document["author"]["id"] == "afischer" and document["verifier"]["id"] == "bmeier"
    assert document["not_signed"] == [] and 'protocol: route "IV"' in document["for_people"]
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 0
    assert capsys.readouterr().out.endswith("\nAPPROVED by two people\n")


@pytest.mark.req("PRO-1", "SES-1")
@pytest.mark.parametrize(
    ("people", "keys", "said_of", "verdict"),
    [
        ([], ["ring.tlk"], ("missing", "missing"), "nobody has signed it"),
        (["afischer"], ["ring.tlk"], ("valid", "missing"), "the author alone has signed it"),
        (["afischer", "bmeier"], [], ("unchecked", "unchecked"), "NOT PROVEN"),
        (["afischer", "bmeier"], ["afischer.key"], ("valid", "unchecked"), "NOT PROVEN"),
        (["afischer", "bmeier"], ["small.tlk"], ("valid", "unknown-person"), "NOT APPROVED"),
        (["afischer", "bmeier"], ["small.tlk", "bmeier.key"], ("valid", "valid"), "APPROVED by two people"),
    ],
)
def test_what_is_not_proven_is_said(
    office: Office,
    people: list[str],
    keys: list[str],
    said_of: tuple[str, str],
    verdict: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Else "not checked" passes for "valid"."""
    small = office.folder / "small.tlk"
    assert office.run("keys", "ring", office.key("afischer"), "-o", small) == 0
    for name in people:
        assert office.sign(name) == 0
    paths = [office.folder / name for name in keys]
    code, document = verify(office, capsys, *paths)
    assert said(document) == said_of
    assert (code == 0) == document["approved"] == verdict.startswith("APPROVED")
    more = ["--keys", *paths] if paths else []
    assert office.run("protocol", "verify", office.file, *more) == code
    assert verdict in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.req("PRO-1", "PRO-6", "SES-1")
@pytest.mark.parametrize(
    ("pattern", "new", "expected"),
    [
        (r"max_hold_min = 120", "max_hold_min = 121", ("wrong", "wrong")),
        (r'author_mac = "[0-9a-f]{64}"', f'author_mac = "{"0" * 64}"', ("wrong", "wrong")),
        (r'verifier_mac = "[0-9a-f]{64}"', f'verifier_mac = "{"0" * 64}"', ("valid", "wrong")),
        (r'digest = "[0-9a-f]{64}"', f'digest = "{"0" * 64}"', ("valid", "valid")),
        (r'author = "afischer"', 'author = "cwolf"', ("wrong", "wrong")),
        (r'verifier = "bmeier"', 'verifier = "cwolf"', ("valid", "wrong")),
        (r'verifier = "bmeier"', 'verifier = "AFISCHER"', ("valid", "unknown-person")),
        (r'verifier = "bmeier"\n', "", ("valid", "missing")),
        (r'verifier_mac = ".*"\n', "", ("valid", "missing")),
        (r'verifier_mac = ".*"', 'verifier_mac = "short"', ("valid", "wrong")),
        (r'digest = ".*"\n', "", ("valid", "valid")),
    ],
)
def test_whatever_is_changed_is_not_approved_and_neither_takes_the_pump_it(
    office: Office, pattern: str, new: str, expected: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a forged approval passes the desk."""
    office.sign_both()
    text = office.file.read_text("utf-8")
    office.file.write_text(re.sub(pattern, new, text, count=1))
    assert office.file.read_text("utf-8") != text
    code, document = verify(office, capsys, office.ring)
    assert code == 1 and document["approved"] is False and said(document) == expected
    assert document["problem"] or document["digest_fits"]
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 1
    assert "NOT APPROVED" in capsys.readouterr().out.splitlines()[-1]
    blob, protocol = compile_file(office.file)
    with pytest.raises(Exception, match="approval"):
        approval.demand(protocol, bytearray(blob), read_ring(office.ring)[1])


@pytest.mark.req("PRO-1", "SES-1")
def test_one_key_under_two_ids_is_one_person(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person makes a second one of himself."""
    twin = office.key("twin")
    twin.write_text(office.key("afischer").read_text().replace("afischer", "twin"))
    twin.chmod(0o600)
    from toleramp.approval.key_files import read_person
    from toleramp.approval.table import Signable, _file_mac

    assert office.sign("afischer") == 0
    person, table = read_person(twin), {}
    for line in office.file.read_text("utf-8").partition("[approval]")[2].strip().splitlines():
        key, _, value = line.partition(" = ")
        table[key] = value.strip('"')
    digest, first = bytes.fromhex(table["digest"]), bytes.fromhex(table["author_mac"])
    mac = approval.verifier_mac(person.key, digest, "afischer", "twin", first)
    what = Signable(digest, bytes.fromhex(table["file_digest"]))
    whole = _file_mac(person.key, "verifier", what, {**table, "verifier": "twin"})
    with office.file.open("a") as file:
        file.write(f'verifier = "twin"\nverifier_mac = "{mac.hex()}"\nverifier_file_mac = "{whole.hex()}"\n')
    code, document = verify(office, capsys, office.key("afischer"), twin)
    assert said(document) == ("valid", "valid")
    assert code == 1 and document["two_people"] is False and document["approved"] is False


@pytest.mark.parametrize("name", ["none.toml", "ring.tlk", "afischer.key", "spoilt.toml"])
def test_what_is_no_protocol_is_one_line_and_2(office: Office, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script takes it for "not approved"."""
    (office.folder / "spoilt.toml").write_text(office.file.read_text("utf-8").replace("rate_ml_h", "rate", 1))
    assert office.run("protocol", "verify", office.folder / name, "--keys", office.ring) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1


def test_two_keys_of_one_id_are_refused(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else it depends on the order which one counts."""
    other = office.folder / "other.key"
    assert office.run("keys", "new", "afischer", "-o", other) == 0
    capsys.readouterr()
    assert office.run("protocol", "verify", office.file, "--keys", office.ring, other) == 2
    assert "another key of afischer" in capsys.readouterr().err


@pytest.mark.req("PRO-1", "SES-1")
def test_signatures_of_a_bench_protocol_open_no_ward(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else two signatures seem to make a bench protocol one for a patient."""
    office.change('class = "multi-bag"', 'class = "bench"')
    office.sign_both()
    capsys.readouterr()
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 0
    assert "note: a protocol of class bench loads only in bench mode" in capsys.readouterr().out
    assert office.run("protocol", "check", office.file) == 0
    assert "class bench loads only in bench mode, whoever signs it" in capsys.readouterr().out
