"""What a person reads whose key is missing, wrong or not known; and where the tools find the right one (SEC-1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from core_kit import scan_s
from core_line import CoreLine
from test_keys_on_line import KEYS

from pump.store.keyring import Keyring
from toleramp import cli
from toleramp.approval.key_files import Person, key_text
from toleramp.device import ports


def tool(monkeypatch: pytest.MonkeyPatch, line: CoreLine, *words: str) -> int:
    """Exit code of a command at that pump."""
    monkeypatch.setattr(ports, "open_port", line.open)
    return cli.main([*words, "--port", "core"])


@pytest.mark.req("SEC-1", "SEC-2")
@pytest.mark.parametrize(
    "what, said",
    [
        ("missing", "it takes a person's key; name your key file with --key or in TOLERAMP_KEY"),
        ("no file", "no such file"),
        ("wrong", "the key is another one than the pump has for this person"),
        ("revoked", "this person's key was revoked"),
        ("unknown", "the pump does not know this person's key"),
        ("slow", "it looks at none for a while; run it again in "),
        ("no keys", "no key is installed in the pump; toleramp keys install in service mode"),
        ("damaged", "the pump's keyring is damaged, both copies"),
    ],
)
def test_what_is_wrong_with_a_key_is_one_line(
    what: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a person does not know whether to take another key, wait, or call somebody."""
    line = CoreLine(False, KEYS)
    scan_s(line.pump, 1)
    file = tmp_path / "my.key"
    names = {"wrong": "afischer", "revoked": "cwolf", "unknown": "zadams"}
    key = bytes(31) + b"\1" if what == "wrong" else KEYS.get(names.get(what, "afischer")) or bytes(32)
    if what != "no file":
        file.write_text(key_text(Person(names.get(what, "afischer"), "", key)))
        file.chmod(0o600)
    if what == "slow":
        line.pump.controller.link.auth.wait_s = 8
    if what == "no keys":
        line.pump.controller.link.auth.keyring = line.pump.controller.keyring = Keyring()
    if what == "damaged":
        line.pump.controller.keyring.__init__([b"TLK", b"TLK"])  # type: ignore[misc]
    for number, words in enumerate((["oximeter", "set", "bci5"], ["clock", "--set"], ["oximeter", "listen"])):
        if what == "wrong" and number:
            break  # the next ones are slowed down
        assert tool(monkeypatch, line, *words, *([] if what == "missing" else ["--key", str(file)])) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and said in err, err
    assert line.pump.controller.settings.values == [0]


@pytest.mark.req("SEC-1")
def test_the_right_key_sets_from_each_place_where_it_may_lie(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else people type their key's place each time, or another person's key is used unasked."""
    home = tmp_path
    usual = home / "toleramp" / "my.key"
    usual.parent.mkdir()
    usual.write_text(key_text(Person("afischer", "", KEYS["afischer"] or b"")))
    usual.chmod(0o600)
    line = CoreLine(False, KEYS)
    scan_s(line.pump, 1)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "none"))
    assert tool(monkeypatch, line, "oximeter", "set", "bci5") == 2
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    assert tool(monkeypatch, line, "oximeter", "set", "bci5") == 0
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "none"))
    monkeypatch.setenv("TOLERAMP_KEY", str(usual))
    assert tool(monkeypatch, line, "oximeter", "set", "contec9") == 0
    bench = CoreLine(True, {})
    scan_s(bench.pump, 1)
    assert tool(monkeypatch, bench, "oximeter", "set", "bci5") == 0, "no key is needed in bench mode"
    capsys.readouterr()
