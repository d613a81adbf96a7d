"""People's keys and the pump's keyring: never seen by others, never two of one person, whole on the pump."""

import hashlib
import hmac
import json
import os
import stat
from pathlib import Path

import pytest
from fake_pump import FakePump
from fake_repl import FakeRepl
from hypothesis import given
from hypothesis import strategies as st

from pump.protocol import approval
from toleramp import cli
from toleramp.approval import key_files
from toleramp.device import service_mode
from toleramp.errors import UserError

pytest_plugins = ("fake_pump",)
pytestmark = pytest.mark.usefixtures("world")


def run(*words: object) -> int:
    """Exit code of `toleramp keys ...`."""
    return cli.main(["keys", *map(str, words)])


def make(folder: Path, *names: str) -> list[Path]:
    """Key files of these people."""
    for name in names:
        assert run("new", name, "-o", folder / f"{name}.key") == 0
    return [folder / f"{name}.key" for name in names]


# -- a person's key


@pytest.mark.req("PRO-1")
def test_a_key_is_fresh_private_and_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else anybody signs in anybody's name."""
    assert run("new", "afischer", "--name", 'Anna "Ännchen" Fischer', "-o", tmp_path / "a.key") == 0
    out = capsys.readouterr().out
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    person = key_files.read_person(tmp_path / "a.key")
    assert (person.id, person.name, len(person.key)) == ("afischer", 'Anna "Ännchen" Fischer', 32)
    assert str(person) in out and person.key.hex() not in out and "key=" not in repr(person)
    assert key_files.key_print(person.key) in out
    (other,) = make(tmp_path, "other")
    assert key_files.read_person(other).key != person.key


@pytest.mark.req("PRO-1")
def test_a_key_is_not_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person's signatures can never be made again."""
    (file,) = make(tmp_path, "afischer")
    before = file.read_bytes()
    assert run("new", "afischer", "-o", file) == 2
    assert "--force" in capsys.readouterr().err and file.read_bytes() == before
    file.chmod(0o644)
    assert run("new", "afischer", "-o", file, "--force") == 0
    assert file.read_bytes() != before and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["afischer.key"]


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a key lies open for years. One line says what to type."""
    (file,) = make(tmp_path, "afischer")
    assert run("ring", file, "-o", tmp_path / "ring.tlk") == 0
    capsys.readouterr()
    for path, words in ((file, ("list", file)), (tmp_path / "ring.tlk", ("list", tmp_path / "ring.tlk"))):
        path.chmod(mode)
        assert run(*words) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and f"chmod 600 {path}" in err
        path.chmod(0o600)
        assert run(*words) == 0
        capsys.readouterr()


@pytest.mark.parametrize("name", ["", "a b", "ä", "-x", "a" * 25, "a/b", "a\nb"])
def test_an_id_is_short_and_plain(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else two ids look alike, or the pump does not take it."""
    assert run("new", "-o", tmp_path / "x.key", "--", name) == 2
    assert capsys.readouterr().err.count("\n") == 1 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"= x",
        b'id = "a"',
        b'id = "a"\nkey = "00"',
        b'id = "a b"\nkey = "' + b"0" * 64 + b'"',
        b'id = "a"\nkey = "' + b"0" * 64 + b'"\nrole = "x"',
        b'id = "a"\nname = 5\nkey = "' + b"0" * 64 + b'"',
        b"TLK",
        b"TLK" + bytes(40),
        b"#" * 100_000,
    ],
)
def test_what_is_no_key_is_one_line_and_2(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a person does not know which file is wrong."""
    path = tmp_path / "x.key"
    path.write_bytes(content)
    path.chmod(0o600)
    for file in (path, tmp_path, tmp_path / "none"):
        assert run("list", file) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and str(file) in err


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("verb", ["list", "ring"])
def test_only_a_file_of_a_key_s_size_is_read(tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a pipe is waited for, or a device read, for ever."""
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    (tmp_path / "link.key").symlink_to("/dev/zero")
    (tmp_path / "huge.key").touch(0o600)
    os.truncate(tmp_path / "huge.key", 1 << 40)
    said = {"pipe.key": "a pipe or a device", "link.key": "a pipe or a device", "huge.key": "too large for a key file"}
    for name, words in said.items():
        file, more = tmp_path / name, ("-o", tmp_path / "ring.tlk") if verb == "ring" else ()
        assert run(verb, file, *more) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and words in err and str(file) in err and "name" in err
    assert run("new", "x", "-o", tmp_path / "pipe.key", "--force") == 2  # nor is it replaced
    assert "a pipe or a device" in capsys.readouterr().err and not (tmp_path / "ring.tlk").exists()


# -- the keyring


@pytest.mark.req("PRO-1")
def test_the_keyring_is_the_pumps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pump knows other people than the desk."""
    files, ring = make(tmp_path, "cwolf", "afischer", "bmeier"), tmp_path / "ring.tlk"
    assert run("ring", *files, "-o", ring) == 0
    keys = {person.id: person.key for person in map(key_files.read_person, files)}
    assert approval.decode_keyring(bytearray(ring.read_bytes())) == keys
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert run("ring", *files, "-o", ring) == 2
    capsys.readouterr()
    assert run("list", ring, "--json") == 0
    out = capsys.readouterr().out
    assert json.loads(out) == [{"id": name, "key": key_files.key_print(keys[name])} for name in sorted(keys)]
    assert run("list", ring) == 0
    out += capsys.readouterr().out
    assert not any(key.hex() in out for key in keys.values())


@pytest.mark.req("PRO-1", "SES-1")
def test_nobody_is_in_a_keyring_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else one person's two signatures count as two people's."""
    first, second = make(tmp_path, "afischer", "bmeier")
    twin, again = tmp_path / "twin.key", tmp_path / "again.key"
    twin.write_text(first.read_text().replace("afischer", "twin"))
    again.write_text(second.read_text().replace("bmeier", "AFischer"))
    for path in (twin, again):
        path.chmod(0o600)
    for other, said in ((twin, "the key of twin is that of afischer"), (again, "the id AFischer is that of")):
        assert run("ring", first, other, "-o", tmp_path / "ring.tlk") == 2
        assert said in capsys.readouterr().err
    assert run("ring", first, first, "-o", tmp_path / "ring.tlk") == 2
    assert not (tmp_path / "ring.tlk").exists()


@pytest.mark.req("PRO-1", "INT-4")
def test_a_changed_byte_of_a_keyring_is_found(tmp_path: Path) -> None:
    """Else a stranger's key slips in."""
    ring = tmp_path / "ring.tlk"
    assert run("ring", *make(tmp_path, "afischer", "bmeier"), "-o", ring) == 0
    whole = ring.read_bytes()
    for at in range(len(whole)):
        ring.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with pytest.raises(UserError):
            key_files.read_ring(ring)


def test_a_keyring_holds_no_more_than_a_pump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the pump takes the ring for damaged."""
    files = make(tmp_path, *(f"p{number}" for number in range(approval.MAX_PEOPLE + 1)))
    assert run("ring", *files, "-o", tmp_path / "ring.tlk") == 2
    assert "at most 40" in capsys.readouterr().err
    assert run("ring", *files[:-1], "-o", tmp_path / "ring.tlk") == 0
    assert len(key_files.read_ring(tmp_path / "ring.tlk")[1]) == approval.MAX_PEOPLE


@pytest.mark.req("PRO-1", "SEC-2")
@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_pumps_hmac_is_the_standard_librarys(key: bytes, message: bytes) -> None:
    """Else what is signed here is not what is checked there."""
    assert approval.hmac_sha256(key, message) == hmac.digest(key, message, hashlib.sha256)


# -- into the pump


@pytest.fixture
def ring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A keyring of two people."""
    assert run("ring", *make(tmp_path, "afischer", "bmeier"), "-o", tmp_path / "ring.tlk") == 0
    capsys.readouterr()
    return tmp_path / "ring.tlk"


@pytest.mark.req("PRO-1", "SEC-3")
def test_install_puts_the_ring_into_a_pump_in_service_mode(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the pump knows nobody. The keys themselves are never printed."""
    (tmp_path / "board").mkdir()
    board = FakeRepl(tmp_path / "board")
    try:
        assert run("install", ring, "--port", board.port) == 0
    finally:
        board.close()
    assert board.files == dict.fromkeys(("/keyring.bin", "/keyring.2nd"), ring.read_bytes())
    out, err = capsys.readouterr()
    assert "2 people" in out and "switch it off and on" in out and "afischer" in out
    assert not any(key.hex() in out + err for key in key_files.read_ring(ring)[1].values())


@pytest.mark.req("SEC-3")
def test_a_pump_that_runs_is_not_in_service_mode(
    ring: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a person waits for nothing. One line says how to get there; the running pump is not disturbed."""
    monkeypatch.setattr(service_mode, "REPL_S", 0.5)
    monkeypatch.setattr(service_mode, "ANSWER_S", 0.2)
    with FakePump() as pump:
        assert run("install", ring, "--port", pump.port) == 2
        assert pump.seen == []
        assert cli.main(["status", "--port", pump.port]) == 0
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith("error")]
    assert len(lines) == 1 and "not in service mode" in lines[0] and "hold SILENCE while switching it on" in lines[0]


@pytest.mark.req("PRO-1")
def test_keys_go_to_no_board_without_toleramp(ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a stranger's board gets everybody's keys."""
    (tmp_path / "board").mkdir()
    board = FakeRepl(tmp_path / "board", toleramp=False)
    try:
        assert run("install", ring, "--port", board.port) == 2
    finally:
        board.close()
    assert "no keys were sent" in capsys.readouterr().err and board.files == {}
    key = key_files.read_ring(ring)[1]["afischer"]
    assert not any(repr(key)[2:20] in code for code in board.ran)


@pytest.mark.req("PRO-1")
def test_another_ring_read_back_is_an_error(ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a worn flash is found out at the bedside."""
    (tmp_path / "board").mkdir()
    board = FakeRepl(tmp_path / "board")
    board.spoil = True
    try:
        assert run("install", ring, "--port", board.port) == 2
    finally:
        board.close()
    assert "another keyring than was sent" in capsys.readouterr().err


@pytest.mark.req("PRO-1", "INT-2")
@pytest.mark.parametrize("after", range(1, 5))
def test_a_cable_pulled_while_installing_leaves_the_old_ring(
    ring: Path, tmp_path: Path, after: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the pump knows nobody any more."""
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "keyring.bin").write_bytes(b"old")
    board = FakeRepl(tmp_path / "board")
    board.cut_after = after
    try:
        assert run("install", ring, "--port", board.port) == 2
    finally:
        board.close()
    err = capsys.readouterr().err
    assert "not installed" in err and "Traceback" not in err and err.count("\n") == 2
    assert board.files["/keyring.bin"] == b"old"


def test_install_of_what_is_no_ring(ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, before any port is looked for."""
    assert run("install", tmp_path / "afischer.key", "--port", "/dev/ttyNONE") == 2
    assert "not a keyring" in capsys.readouterr().err
    empty = tmp_path / "empty.tlk"
    empty.write_bytes(approval.encode_keyring({}))
    empty.chmod(0o600)
    assert run("install", empty, "--port", "/dev/ttyNONE") == 2
    assert "nobody is in it" in capsys.readouterr().err
    assert run("install", ring, "--port", "/dev/ttyNONE") == 2
    assert "no such port" in capsys.readouterr().err
