"""Input that is no protocol, or one with a slip, at the command line: one clear line each, no traceback (PRO-6)."""

from __future__ import annotations

from pathlib import Path

import pytest

import toleramp
from toleramp import cli

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
VERBS = ("check", "table", "plot", "prepare")


def run(verb: str, path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a verb."""
    more = ["-o", str(path.parent / "p.png")] if verb == "plot" else []
    code = cli.main(["protocol", verb, str(path), *more])
    out, err = capsys.readouterr()
    return code, out, err


def spoiled(folder: Path, old: str, new: str) -> Path:
    """The sample with something replaced once."""
    text = SAMPLE.read_text("utf-8")
    assert old in text
    path = folder / "spoiled.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (None, "this is a folder"),
        (50 * 2**20, "too large for a protocol"),
        ('drug = "L\u00f6sung"\n'.encode("latin-1"), "not UTF-8 text"),
        (b"format = 1\nrate = = 2\n", "not valid TOML"),
    ],
    ids=["empty", "folder", "50 MB", "Latin-1", "no TOML"],
)
def test_what_is_no_protocol_file(
    verb: str, content: bytes | int | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a wrong path or a broken file ends in a traceback."""
    path = tmp_path / "it.toml"
    if content is None:
        path.mkdir()
    elif isinstance(content, int):
        with path.open("wb") as file:
            file.truncate(content)
    else:
        path.write_bytes(content)
    code, out, err = run(verb, path, capsys)
    assert code == 2 and out == "" and said in err and str(path) in err and err.count("\n") == 1


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate_ml_h = 2.0", "rate = 2.0", "step 1: unknown key rate; write rate_ml_h: the key names the unit"),
        ("full_dose_mg = 500.0", "full_dose = 500", "protocol: unknown key full_dose; write full_dose_mg or full_dose"),
        ("volume_ml = 250.0", "volume = 250", "solution 1: unknown key volume; write volume_ml"),
        ("rate_ml_h = 2.0", "rate_ml_h = nan", "step 1, rate_ml_h: NaN is out of range"),
        ("minutes = 15.0", "minutes = 1e999", "step 1, minutes: 1E+999 is out of range"),
        ('id = "B"', 'id = "A"', "solution 2: id 'A' is named twice; each bag has its own letter"),
        ('code = "TLR-B-0001"', 'code = "TLR-A-0001"', "solution 2: code 'TLR-A-0001' is that of solution 1 too"),
    ],
)  # fmt: skip
def test_a_slip_in_a_file_is_one_line_with_its_place(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it is searched for in sixty lines."""
    path = spoiled(tmp_path, old, new)
    code, out, err = run("check", path, capsys)
    assert code == 1 and err == "" and sum(said in line for line in out.splitlines()) == 1, out
    assert "REFUSED" in out and "Traceback" not in out
    for verb in VERBS[1:]:
        code, out, err = run(verb, path, capsys)
        assert code == 2 and out == "" and err.count("\n") == 1 and err.startswith("error: ")


@pytest.mark.req("PRO-6", "PRO-8")
def test_codes_that_end_alike_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else two bags show one code on the pump."""
    path = spoiled(tmp_path, "TLR-A-0001", "WARD-A-TLR-0001-5")
    path.write_text(path.read_text("utf-8").replace("TLR-B-0001", "WARD-B-TLR-0001-5"), "utf-8")
    code, out, _ = run("check", path, capsys)
    assert code == 1 and out.splitlines()[0] == (
        "error: solution 2: the last 11 characters of code 'WARD-B-TLR-0001-5' are those of solution 1;"
        " each bag has its own code: it is what tells them apart (line 27) [duplicate]"
    )


@pytest.mark.req("PRO-6")
def test_two_steps_alike_are_one_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a line copied once too often passes unseen."""
    step = '[[step]]\nsolution = "A"\nrate_ml_h = 5.0\nminutes = 15.0\n'
    path = spoiled(tmp_path, step, step + "\n" + step)
    for verb in ("check", "table", "prepare"):
        code, out, _ = run(verb, path, capsys)
        lines = [line for line in out.splitlines() if line.startswith("warning: step 3:")]
        at = " (line 51)" if verb == "check" else ""
        said = f"warning: step 3: this step is exactly the one before: is it meant twice?{at} [duplicate]"
        assert code == 0 and lines == [said]
