"""Files that are not what a command takes them for: devices without an end, the source itself, somebody's notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp import cli
from toleramp.errors import UserError
from toleramp.live import session_log
from toleramp.pump_log import form, keeping

HELLO = {"version": "0.1.0", "build": "b1", "git": "abc", "contract": 1}
ENDLESS = Path("/dev/zero")
FULL = Path("/dev/full")
LINE = b'{"kind":"link","t_ms":0}\n'

pytestmark = pytest.mark.skipif(not FULL.is_char_device(), reason="no such devices here")


@pytest.mark.parametrize(
    "words",
    [
        ["log", "check"],
        ["log", "show"],
        ["log", "export", "--csv"],
        ["report"],
        ["replay"],
        ["oximeter", "simulate", "--format", "nonin-df2", "--script"],
        ["oximeter", "simulate", "--format", "nonin-df2", "--trace"],
        ["bench", "--keys"],
    ],
)
@pytest.mark.parametrize("device", [ENDLESS, FULL])
def test_a_device_is_not_read_to_its_end(words: list[str], device: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the laptop's memory fills until another program is ended."""
    assert cli.main([*words, str(device)]) == 2
    said = capsys.readouterr().err
    assert "this is no file but a device; name a file" in said and said.count("\n") == 1


@pytest.mark.parametrize("which", ["--csv", "--jsonl"])
@pytest.mark.parametrize("linked", [False, True])
def test_a_log_is_not_exported_over_itself(
    which: str, linked: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the only place where cleared records are is gone."""
    log, out = tmp_path / "log.jsonl", tmp_path / "again.jsonl"
    keeping.Keeper.create(log, form.opening(HELLO, 100_000)).close()
    held = log.read_bytes()
    if linked:
        out.symlink_to(log)
    else:
        out = tmp_path / "." / "log.jsonl"
    assert cli.main(["log", "export", str(log), which, "-o", str(out), "--force"]) == 2
    assert "this is the log itself" in capsys.readouterr().err and log.read_bytes() == held


@pytest.mark.parametrize("notes", [b"# Notes\nof mine\n", b"[1, 2]\n", b'{"a": 1}\nmore\n', b"\n", b"of mine", b'{"a"'])
def test_nothing_is_added_to_a_file_of_another_kind(notes: bytes, tmp_path: Path) -> None:
    """Else a typing slip writes an hour of readings behind somebody's notes."""
    path = tmp_path / "notes.md"
    path.write_bytes(notes)
    with pytest.raises(UserError, match="no session log"):
        session_log.Writer(path)
    assert path.read_bytes() == notes


@pytest.mark.parametrize(
    "before", [b"", b'{"kind":"link","t_ms":0}\n', b'{"kind":"link","t_ms":0}\n{"ki', b'{"kind":"li']
)
def test_a_session_log_goes_on_whole_or_torn(before: bytes, tmp_path: Path) -> None:
    """Else a pulled plug costs the rest of the session's log."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(before)
    with session_log.Writer(path) as writer:
        writer.write({"kind": "link", "t_ms": 1})
    lines = path.read_bytes().split(b"\n")
    assert lines[-2:] == [b'{"kind":"link","t_ms":1}', b""] and path.read_bytes().startswith(before)


def test_a_full_disk_is_one_line_and_closes() -> None:
    """Else who watches reads of a bug to be reported."""
    writer = session_log.Writer(FULL)
    with pytest.raises(UserError, match="No space left"):
        writer.write({"kind": "link"})
    writer.close()
