"""`protocol sign`: two different people, a sound protocol, and not a byte of the file touched beside their table."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from approval_kit import SAMPLE, Office
from hypothesis import given
from hypothesis import strategies as st

from pump.base import crc
from pump.protocol import approval
from pump.protocol import fingerprint as identity
from pump.protocol import protocol as device
from pump.protocol.encoding import encode
from toleramp import whole_files
from toleramp.approval.key_files import Person, read_ring
from toleramp.approval.table import BOTH, HALF, UNFIT, standing
from toleramp.approval.text import Untouchable, with_approval
from toleramp.errors import UserError
from toleramp.protocol.file import compile_file, read_content, read_file
from toleramp.protocol.findings import file_findings

pytest_plugins = ("approval_kit",)
TEXT = SAMPLE.read_text("utf-8")
AUTHOR, VERIFIER = Person("afischer", "", bytes(range(32))), Person("bmeier", "", bytes(range(32, 64)))


def table(path: Path) -> dict[str, str]:
    """The [approval] of a file."""
    found: dict[str, str] = tomllib.loads(path.read_text("utf-8")).get("approval", {})
    return found


# -- who signs as what


@pytest.mark.req("PRO-1", "SES-1")
def test_first_the_author_then_the_verifier(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else one person's word is taken for two."""
    assert office.sign("afischer") == 0
    out = capsys.readouterr().out
    print_ = identity.fingerprint(compile_file(SAMPLE)[0])
    assert f"signed by afischer as author; fingerprint {print_}" in out and "still missing" in out
    assert read_file(office.file).standing.kind == HALF
    assert office.sign("bmeier") == 0
    out = capsys.readouterr().out
    assert f"signed by bmeier as verifier; fingerprint {print_}" in out and "still missing" not in out
    assert read_file(office.file).standing.kind == BOTH
    blob, protocol = compile_file(office.file)
    approval.demand(protocol, bytearray(blob), read_ring(office.ring)[1])  # as the pump does it
    assert device.decode(bytearray(blob)).approval.author == "afischer"


@pytest.mark.req("PRO-1")
def test_a_half_signed_file_compiles_unsigned(office: Office) -> None:
    """Else a form goes to the pump that it cannot read."""
    assert office.sign("afischer") == 0
    blob, protocol = compile_file(office.file)
    assert protocol.approval is None and blob == compile_file(SAMPLE)[0]


@pytest.mark.req("PRO-1", "SES-1")
@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([], ["bmeier", "--as", "verifier"], "nobody has signed as author"),
        (["afischer"], ["afischer"], "the verifier is another person"),
        (["afischer"], ["twin"], "the key of twin is the one by which afischer has signed"),
        (["afischer"], ["namesake"], "the verifier is another person"),
        (["afischer"], ["bmeier", "--as", "author"], "afischer has signed as author"),
        (["afischer", "bmeier"], ["cwolf"], "as author and bmeier as verifier; --renew"),
    ],
)
def test_who_may_not_sign(
    office: Office, first: list[str], second: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else one person signs twice, or a signature is lost. What is refused leaves the file as it was."""
    key = office.key("afischer").read_text("utf-8")
    for name, text in (("twin", key.replace("afischer", "twin")), ("namesake", key.replace("afischer", "AFischer"))):
        office.key(name).write_text(text)
        office.key(name).chmod(0o600)
    for name in first:
        assert office.sign(name) == 0
    before = office.file.read_bytes()
    capsys.readouterr()
    assert office.sign(*second) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("not signed: ") and err.count("\n") == 1 and said in err
    assert office.file.read_bytes() == before


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_changed_content_is_signed_anew_or_not_at_all(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a verifier signs what the author never saw."""
    assert office.sign("afischer") == 0
    office.change("max_hold_min = 120", "max_hold_min = 90")
    assert office.sign("bmeier") == 1
    err = capsys.readouterr().err
    assert "the content has changed since afischer signed it" in err and "--renew" in err
    assert office.sign("bmeier", "--renew") == 0
    assert set(table(office.file)) == {"author", "digest", "author_mac", "file_digest", "author_file_mac"}
    assert table(office.file)["author"] == "bmeier"
    assert office.sign("cwolf") == 0
    assert office.sign("afischer", "--renew") == 0  # of a file that both have signed
    assert set(table(office.file)) == {"author", "digest", "author_mac", "file_digest", "author_file_mac"}
    assert office.sign("afischer", "--renew", "--as", "verifier") == 2


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize(
    ("old", "new"),
    [("drug_mg = 50.0", "drug_mg = 500.0"), ("rate_ml_h = 2.0", "rate = 2.0"), ("[reaction]", "[reacton]")],
)
def test_a_protocol_with_errors_is_not_signed(
    office: Office, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else people put their names to what no pump takes."""
    office.change(old, new)
    before = office.file.read_bytes()
    assert office.sign("afischer") == 1
    out, err = capsys.readouterr()
    assert out.startswith("error: ") and "mend it first" in err
    assert office.file.read_bytes() == before


def test_warnings_stand_before_the_signature(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person signs what asks for two people without having read it."""
    office.change("rate_ml_h = 5.0", "rate_ml_h = 5.4")  # 2.7-fold over 2 mL/h
    assert office.sign("afischer") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: step 2: ") and "signed by afischer" in lines[-2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.toml", "--key", "afischer.key"], "no such file"),
        (["protocol.toml", "--key", "none.key"], "no such file"),
        (["protocol.toml", "--key", "protocol.toml"], "others can read"),
        (["protocol.toml", "--key", "ring.tlk"], "this is a keyring"),
        (["protocol.toml", "--key", "afischer.key", "-o", "ring.tlk"], "the file exists"),
        (["protocol.toml", "--key", "afischer.key", "-o", "none/x.toml"], "cannot be written"),
        (["ring.tlk", "--key", "afischer.key"], "not UTF-8"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_2(
    office: Office, words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a person does not know what to mend."""
    monkeypatch.chdir(office.folder)
    before = {path: path.read_bytes() for path in office.folder.iterdir()}
    assert office.run("protocol", "sign", *words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err, err
    assert {path: path.read_bytes() for path in office.folder.iterdir()} == before


# -- the file


def fresh(text: str) -> str:
    """The text as the author leaves it."""
    return with_approval(text, {"author": "afischer", "digest": "d", "author_mac": "m"})


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n# the last word\n\n"])
def test_every_other_byte_stays(office: Office, ends: str, tail: str) -> None:
    """Else comments, by which people explain doses to each other, get lost."""
    text = TEXT.rstrip("\n") + tail + "# \"half\" [approval] 'quoted' ä"
    data = b"\xef\xbb\xbf" + text.replace("\n", ends).encode()
    office.file.write_bytes(data)
    office.sign_both()
    made = office.file.read_bytes()
    assert made.startswith(data) and made.count(b"[approval]") == 2
    assert (b"\r\n" in made) == (ends == "\r\n") and made.count(b"\r\n") in (0, made.count(b"\n"))
    assert office.sign("cwolf", "--renew") == 0
    assert office.file.read_bytes().startswith(data)
    assert read_file(office.file).standing.kind == HALF


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_table_in_the_middle_is_extended_in_its_place(ends: str) -> None:
    """Else a comment on the next section comes to stand elsewhere."""
    head, rest = TEXT.split("[monitoring]")
    own = '[approval]  # by two\nauthor = "x" # chief\ndigest = "d"\nauthor_mac = "m"\n'
    text = f"{head}{own}\n# limits for adults\n[monitoring]{rest}".replace("\n", ends)
    wanted = {"author": "x", "digest": "d", "author_mac": "m", "verifier": "y", "verifier_mac": "n"}
    made = with_approval(text, wanted)
    added = f'verifier = "y"{ends}verifier_mac = "n"{ends}'
    assert made == text.replace(f'author_mac = "m"{ends}', f'author_mac = "m"{ends}{added}')
    back = with_approval(made, {"author": "z", "digest": "e", "author_mac": "q"})
    for old, new in (('"x"', '"z"'), ('"d"', '"e"'), ('"m"', '"q"')):
        text = text.replace(f"= {old}", f"= {new}")
    assert back == text


@pytest.mark.parametrize(
    "text", ['approval = {author = "x"}\n' + TEXT, 'approval.author = "x"\n' + TEXT, TEXT + "[approval]\n"]
)
def test_what_cannot_be_extended_is_left_alone(text: str) -> None:
    """Else the rest of a file changes unseen."""
    with pytest.raises(Untouchable):
        fresh(text)


COMMENT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)


@given(st.lists(COMMENT, min_size=1, max_size=6), st.integers(0, 60), st.booleans())
def test_comments_anywhere_survive_both_signatures(comments: list[str], at: int, blank: bool) -> None:
    """Else what a pharmacist noted is gone."""
    lines = TEXT.splitlines()
    at %= len(lines)
    noted = lines[:at] + [f"# {comment}" for comment in comments] + [""] * blank + lines[at:]
    text = "\n".join(noted) + "\n"
    one = fresh(text)
    two = with_approval(one, {**tomllib.loads(one)["approval"], "verifier": "y", "verifier_mac": "n"})
    assert two.startswith(text) and two[: len(one)] == one
    assert tomllib.loads(two, parse_float=Decimal)["step"] == tomllib.loads(text, parse_float=Decimal)["step"]


def test_mode_and_link_stay(office: Office) -> None:
    """Else a file that the ward may read becomes one that it may not, or a link a copy."""
    office.file.chmod(0o640)
    link = office.folder / "link.toml"
    link.symlink_to(office.file)
    assert office.run("protocol", "sign", link, "--key", office.key("afischer")) == 0
    assert link.is_symlink() and stat.S_IMODE(office.file.stat().st_mode) == 0o640
    assert table(office.file)["author"] == "afischer"


def test_another_file_may_be_written(office: Office) -> None:
    """The signed copy goes where it is told, the original stays."""
    out = office.folder / "signed.toml"
    assert office.sign("afischer", "-o", out) == 0
    assert office.file.read_text("utf-8") == TEXT and table(out)["author"] == "afischer"
    assert office.sign("bmeier", "-o", out) == 2
    assert office.sign("bmeier", "-o", out, "--force") == 0
    assert table(out)["author"] == "bmeier"


def test_a_failure_before_the_replacement_leaves_the_old_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a full disk costs the protocol."""

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    names = sorted(os.listdir(office.folder))
    monkeypatch.setattr(whole_files.os, "replace", fails)
    assert office.sign("afischer") == 2
    assert "No space left" in capsys.readouterr().err
    assert office.file.read_text("utf-8") == TEXT and sorted(os.listdir(office.folder)) == names


def test_a_crash_between_write_and_replacement_leaves_the_old_file(office: Office) -> None:
    """Else a power cut costs the protocol."""
    code = (
        "import os, sys; from toleramp import cli, whole_files\n"
        "whole_files.os.replace = lambda *_: os._exit(77)\n"
        "cli.main(sys.argv[1:])"
    )
    words = ["protocol", "sign", str(office.file), "--key", str(office.key("afischer"))]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True)
    assert done.returncode == 77
    assert office.file.read_text("utf-8") == TEXT
    (left,) = [path for path in office.folder.iterdir() if path.name.startswith(".")]
    assert "[approval]" in left.read_text("utf-8")  # it had been written in full
    assert office.sign("afischer") == 0


def test_replace_says_why_it_cannot(tmp_path: Path) -> None:
    """One line with the path."""
    with pytest.raises(UserError, match="cannot be written"):
        whole_files.replace(tmp_path / "no" / "file", b"x", 0o644)


@pytest.mark.req("PRO-6")
def test_a_key_is_not_waited_for(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else signing with a pipe or a device for a key stands still. One line says what is right."""
    os.mkfifo(office.key("pipe"), 0o600)
    office.key("zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        assert office.sign(name) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "a pipe or a device" in err and f"{name}.key" in err
    assert office.run("protocol", "verify", office.file, "--keys", office.key("pipe")) == 2
    assert capsys.readouterr().err.count("\n") == 1 and office.file.read_text("utf-8") == TEXT


# -- what a signature covers


def sealed(text: str) -> str:
    """The text, signed by both."""
    for person in (AUTHOR, VERIFIER):
        reading = read_content(SAMPLE, tomllib.loads(text, parse_float=Decimal))
        assert reading.protocol is not None
        from toleramp.approval.canonical import file_digest
        from toleramp.approval.table import Signable, content_digest, signed

        digest = content_digest(reading.protocol)
        assert digest is not None
        what = Signable(digest, file_digest(reading.content))
        text = with_approval(text, signed(reading.standing, what, person)[1])
    return text


SEALED = sealed(TEXT)
_VALUES = [
    match.span(1)
    for match in re.finditer(r"^(?:rate_ml_h|minutes|volume_ml|drug_mg|full_dose_mg) = ([\d.]+)", SEALED, re.M)
]


@pytest.mark.req("PRO-1", "PRO-6")
@given(st.sampled_from(_VALUES), st.decimals("0.1", "900", places=1))
def test_any_changed_value_of_a_signed_file_is_found(span: tuple[int, int], value: Decimal) -> None:
    """Else a dose is changed after two people looked at it."""
    old = SEALED[span[0] : span[1]]
    content = tomllib.loads(SEALED[: span[0]] + str(value) + SEALED[span[1] :], parse_float=Decimal)
    reading = read_content(SAMPLE, content)
    if reading.protocol is None:
        assert reading.faults  # refused before anybody looks at signatures
        return
    rows = [row for row in file_findings(reading) if row["code"] == "approval"]
    if value == Decimal(old):
        assert rows == [] and reading.protocol.approval is not None
    else:
        assert reading.standing.kind == UNFIT and reading.protocol.approval is None
        assert [row["severity"] for row in rows] == ["error"]
        assert "the content has changed since afischer signed it" in rows[0]["message"]


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('digest = "', 'digest = "0', "digest is not 64 hexadecimal digits"),
        ('author_mac = "', 'author_mac = "x', "author_mac is not 64 hexadecimal digits"),
        ('verifier_mac = "', 'verifier_mac = "-', "verifier_mac is not 64 hexadecimal digits"),
        ('verifier = "bmeier"', 'verifier = "AFischer"', "the same person"),
        ('verifier = "bmeier"\n', "", "verifier is missing"),
        ('author = "afischer"\n', "", "author is missing"),
        ("verifier_mac", "# verifier_mac", "verifier_mac is missing"),
    ],
)
def test_an_approval_that_does_not_fit_is_an_error(old: str, new: str, said: str) -> None:
    """Else half an approval looks like one."""
    assert old in SEALED
    reading = read_content(SAMPLE, tomllib.loads(SEALED.replace(old, new, 1), parse_float=Decimal))
    (row,) = [row for row in file_findings(reading) if row["code"] == "approval"]
    assert row["severity"] == "error" and said in row["message"]
    assert reading.protocol is not None and reading.protocol.approval is None


@pytest.mark.req("PRO-6")
def test_an_id_longer_than_the_pump_takes_is_a_fault() -> None:
    """Else it is found out at the pump."""
    text = SEALED.replace('"bmeier"', f'"{"b" * 25}"')
    reading = read_content(SAMPLE, tomllib.loads(text, parse_float=Decimal))
    assert reading.protocol is None and "approval, verifier" in str(reading.faults[0])


@pytest.mark.req("PRO-1", "PRO-6")
def test_every_changed_byte_of_a_signed_compiled_protocol_is_refused() -> None:
    """Else a signature covers less than the pump runs. The CRC is made to fit each time."""
    content = tomllib.loads(SEALED, parse_float=Decimal)
    protocol = read_content(SAMPLE, content).protocol
    assert protocol is not None
    assert standing(content, protocol).kind == BOTH
    blob = encode(protocol)
    keys = {person.id: person.key for person in (AUTHOR, VERIFIER)}
    approval.demand(device.decode(bytearray(blob)), bytearray(blob), keys)
    for at in range(len(blob) - crc.SIZE):
        for flip in (1, 0x80, 0xFF):
            torn = bytearray(blob)
            torn[at] ^= flip
            crc.put(torn, len(torn) - crc.SIZE)
            with pytest.raises(device.Refusal):
                approval.demand(device.decode(torn), torn, keys)
