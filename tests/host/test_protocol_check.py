"""`protocol check`: every fault at once, each with its place; what cannot be a protocol file is one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from approval_kit import Office

import toleramp
from toleramp import cli

pytest_plugins = ("approval_kit",)
SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"


def changed(folder: Path, *changes: tuple[str, str], count: int = 1) -> Path:
    """The sample with texts replaced."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, count)
    path = folder / "checked.toml"
    path.write_text(text, "utf-8")
    return path


def check(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document."""
    code = cli.main(["protocol", "check", str(path), "--json", *more])
    out, err = capsys.readouterr()
    assert err == ""
    return code, json.loads(out)


def places(document: dict[str, Any]) -> set[tuple[str, str]]:
    """(code, where) of all findings."""
    return {(row["code"], row["where"]) for row in document["findings"]}


def test_the_sample_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = check(SAMPLE, capsys)
    assert code == 0 and places(document) == {("approval", "approval")}
    assert document["errors"] == 0 and document["warnings"] == 1
    assert cli.main(["protocol", "check", str(SAMPLE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warning: approval: not approved: loads only in bench mode (nobody has signed it)")
    assert lines[1:] == [f"ACCEPTED: 0 errors, 1 warning, fingerprint {document['fingerprint']}"]


@pytest.mark.req("PRO-1", "SES-1")
def test_an_approval_is_a_warning_until_two_have_signed(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else an unsigned protocol is found out at the bedside."""
    assert office.sign("afischer") == 0
    capsys.readouterr()
    code, document = check(office.file, capsys)
    (row,) = document["findings"]
    assert code == 0 and row["severity"] == "warning" and "a verifier has not signed" in row["message"]
    assert office.sign("bmeier") == 0
    capsys.readouterr()
    assert check(office.file, capsys)[1]["findings"] == []
    office.change("max_hold_min = 120", "max_hold_min = 90")
    code, document = check(office.file, capsys)
    (row,) = document["findings"]
    assert code == 1 and row["severity"] == "error" and row["code"] == "approval"


@pytest.mark.req("PRO-6")
def test_all_faults_of_the_file_at_once_with_near_matches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(
        tmp_path,
        ("[reaction]", "[reacton]"),
        ('name = "Carb', 'nam = "Carb'),
        ("drug_mg = 50.0", 'drug_mg = "50 mg"'),
        ("rate_ml_h = 20.0\nminutes", "rate_ml_h = 20.0\nminuts"),
    )
    code, document = check(path, capsys)
    assert code == 1 and document["fingerprint"] == ""
    found = {(row["code"], row["where"]): row["message"] for row in document["findings"]}
    assert "did you mean reaction?" in found[("unknown-key", "top level")]
    assert "did you mean name?" in found[("unknown-key", "protocol")]
    assert "did you mean minutes?" in found[("unknown-key", "step 4")]
    assert ("missing", "protocol") in found
    assert any(where.startswith("solution 2") for _, where in found)


@pytest.mark.req("PRO-2", "PRO-6")
def test_rules_and_printed_cells_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = "rate_ml_h = 2.0\nminutes = 15.0\nprinted_dose_mg = 0.02"
    path = changed(tmp_path, ("drug_mg = 50.0", "drug_mg = 500.0"), ("rate_ml_h = 2.0\nminutes = 15.0", printed))
    code, document = check(path, capsys)
    assert code == 1
    assert {("ratio-exceeded", "step 5"), ("printed-mismatch", "step 1"), ("order", "step 9")} <= places(document)
    severities = [row["severity"] for row in document["findings"]]
    assert severities == sorted(severities)  # "error" before "warning"
    assert severities.count("error") == document["errors"] and severities.count("warning") == document["warnings"]


@pytest.mark.req("PRO-8")
def test_an_expired_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = 'id = "A"\nprepared_at = "2020-01-01T08:00:00+01:00"\nexpires_h = 8'
    path = changed(tmp_path, ('id = "A"', old))
    code, document = check(path, capsys)
    assert code == 1 and ("expired", "solution 1") in places(document)


@pytest.mark.req("PRO-8")
def test_the_start_may_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a protocol for the day after tomorrow cannot be checked today. Bag A is in use for the first hour."""
    path = changed(tmp_path, ('id = "A"', 'id = "A"\nprepared_at = "2020-01-01T08:00:00+01:00"\nexpires_h = 8'))
    for now, expired in (("2020-01-01T14:59:00+01:00", False), ("2020-01-01T14:01:00Z", True)):
        code, document = check(path, capsys, "--now", now)
        assert code == expired and (("expired", "solution 1") in places(document)) == expired
    for now in ("", "tomorrow", "2020-01-01T15:00:00", "1", "9999-01-01T00:00:00Z"):
        assert cli.main(["protocol", "check", str(path), "--now", now]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "--now" in err


def test_the_file_is_read_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is judged is not what was found readable."""
    opened, read_bytes = [], Path.read_bytes

    def counted(path: Path) -> bytes:
        opened.append(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    assert check(SAMPLE, capsys)[0] == 0
    assert opened == [SAMPLE]


def test_people_read_errors_first_and_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(tmp_path, ("drug_mg = 50.0", "drug_mg = 500.0"))
    assert cli.main(["protocol", "check", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    kinds = [line.partition(":")[0] for line in lines]
    assert kinds == ["error"] * kinds.count("error") + ["warning"] * kinds.count("warning") + ["REFUSED"]
    assert lines[0].startswith("error: step 5: ") and lines[0].endswith("[ratio-exceeded]")
    assert "fingerprint" in lines[-1]


def test_a_warning_alone_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(tmp_path, ("rate_ml_h = 5.0", "rate_ml_h = 5.4"))  # 2.7-fold over 2 mL/h
    code, document = check(path, capsys)
    assert code == 0 and ("ratio-two-person", "step 2") in places(document)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"= nonsense", b"#" * 400_000, None])
def test_what_is_no_protocol_file_is_one_line_and_2(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path
    if content is not None:
        path = tmp_path / "bad.toml"
        path.write_bytes(content)
    for file in (path, tmp_path / "none.toml"):
        assert cli.main(["protocol", "check", str(file), "--json"]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and err.startswith("error: ")


def test_names_cannot_break_the_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(tmp_path, ("[reaction]", '["rea\\nction\\u001b[31m"]'))
    assert cli.main(["protocol", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.count("\n") == 2 and "\x1b" not in out
