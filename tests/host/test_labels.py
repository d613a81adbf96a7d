"""Labels: amounts that agree, the code in the QR, every text escaped, no other file lost."""

import contextlib
import io
import os
import re
from fractions import Fraction
from pathlib import Path

import pytest
import segno

import toleramp
from pump.protocol.fingerprint import fingerprint
from toleramp import cli
from toleramp.errors import UserError
from toleramp.preparation.labels import demand_agreement, patient, qr_svg
from toleramp.protocol.file import compile_file

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"


def labels(folder: Path, *options: str, changes: tuple[tuple[str, str], ...] = ()) -> str:
    """The page of labels for the sample with texts replaced."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "p.toml").write_text(text, "utf-8")
    argv = ["protocol", "prepare", str(folder / "p.toml"), "--labels", str(folder / "l.html"), "--force", *options]
    assert cli.main(argv) == 0
    return (folder / "l.html").read_text("utf-8")


def cells(svg: str, size: int, border: int) -> set[tuple[int, int]]:
    """The dark modules (row, column) of a QR drawn as one path of horizontal lines."""
    dark, x, y = set(), Fraction(0), Fraction(0)
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", re.findall(r' d="([^"]*)"', svg)[0]):
        values = [Fraction(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            dark |= {(int(y) - border, int(x) + i - border) for i in range(int(values[0]))}
            x += values[0]
    assert all(0 <= row < size and 0 <= column < size for row, column in dark)
    return dark


@pytest.mark.req("PRO-8")
@pytest.mark.parametrize("code", ["TLR-A-0001", "TLR-Z-8F3C", "x", "ABCDEFGHIJKLMNOPQRSTUVWX"])
def test_the_qr_holds_the_code_that_is_scanned(code: str) -> None:
    matrix = segno.make_qr(code, error="m", boost_error=False).matrix
    wanted = {(r, c) for r, row in enumerate(matrix) for c, dark in enumerate(row) if dark}
    assert cells(qr_svg(code), len(matrix), 4) == wanted


@pytest.mark.req("PRO-8")
def test_one_label_a_bag_with_its_own_code(tmp_path: Path) -> None:
    parts = labels(tmp_path).split('<section class="label">')[1:]
    assert len(parts) == 3
    for part, letter, number in zip(parts, "ABC", "123", strict=True):
        assert f"Bag<b>{letter}</b>{number} of 3" in part
        assert f"<b>TLR-{letter}-0001</b>" in part and qr_svg(f"TLR-{letter}-0001") in part
        assert f"Protocol <b>{fingerprint(compile_file(SAMPLE)[0])}</b>" in part


def test_amount_volume_and_concentration_agree(tmp_path: Path) -> None:
    """Else 694 stands large beside 694.491, and nobody knows which of them was ordered."""
    page = labels(tmp_path, "--stock-mg-per-ml", "10", "--holds-ml", "A=275")
    rows = re.findall(r"([\d.]+) mg in ([\d.]+) mL</div>\n<div class=\"amount\">([\d.]+) mg/mL", page)
    assert [row[0] for row in rows] == ["5", "50", "496.065"]
    for amount, volume, strength in rows:
        assert abs(Fraction(strength) * Fraction(volume) / Fraction(amount) - 1) < Fraction(1, 100_000)
    assert page.count("496.065 mg in 250 mL") == 1 and "496 mg" not in page and "NOT AS THE PROTOCOL" not in page


def test_the_trap_of_a_nominal_dose_is_refused() -> None:
    demand_agreement("bag C", "1984.26", "250", "7.937")
    with pytest.raises(UserError, match="is not 7.937 per mL"):
        demand_agreement("bag C", "2000", "250", "7.937")


def test_a_dilution_that_does_not_fit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.toml").write_text(SAMPLE.read_text("utf-8").replace("1:100", "1:1000"), "utf-8")
    argv = ["protocol", "prepare", str(tmp_path / "p.toml"), "--labels", str(tmp_path / "l.html")]
    assert cli.main(argv) == 1
    assert "dilution 1:1000 does not fit" in "".join(capsys.readouterr()) and not (tmp_path / "l.html").exists()


def test_times_from_the_file_or_lines_to_write_on(tmp_path: Path) -> None:
    blank = labels(tmp_path)
    assert 'Prepared <span class="blank">' in blank and 'Patient <span class="blank">' in blank
    moment = 'id = "A"\nprepared_at = "2026-11-22T20:00:00+01:00"\nexpires_h = 8.5'
    page = labels(tmp_path, "--now", "2026-11-22T20:30:00+01:00", changes=(('id = "A"', moment),))
    assert "Prepared <b>2026-11-22 20:00 +01:00</b>" in page
    assert "Expires <b>2026-11-23 04:30 +01:00</b>" in page


def test_every_text_is_escaped(tmp_path: Path) -> None:
    nasty = "<script>x</script> & \"q\" 'a'"
    changes = (('drug = "carboplatin"', "drug = 'carbo<b> & \"q\"'"), ('"glucose 5 %"', '"<i>5 %</i>"'))
    page = labels(tmp_path, "--patient", nasty, "--patient-id", "1<2&3", changes=changes)
    assert "<script" not in page and "<i>" not in page and "carbo<b>" not in page
    assert "&lt;script&gt;x&lt;/script&gt; &amp; &#34;q&#34; &#39;a&#39;" in page and "1&lt;2&amp;3" in page
    assert "carbo&lt;b&gt; &amp; &#34;q&#34;" in page


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = labels(tmp_path).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|<script|<link|src=|url\((?!#)", page)
    assert "size: 100mm 60mm" in page


def test_a_patient_needs_name_and_identifier() -> None:
    assert patient("A B", ["1", "born 2000"]) == ("A B", ("1", "born 2000"))
    assert patient(None, []) == ("", ())
    for name, identifiers in (("A", []), (None, ["1"]), ("A", ["1", "2", "3"]), ("A" * 61, ["1"])):
        with pytest.raises(UserError):
            patient(name, list(identifiers))


def test_a_page_that_cannot_be_written_is_one_line_and_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol", "prepare", str(SAMPLE), "--labels", str(tmp_path / "none" / "l.html")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "cannot be written" in err


# -- where labels may be written


def run(*words: object) -> tuple[int, str, str]:
    """Exit code, output and messages of `protocol prepare`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(["protocol", "prepare", *map(str, words)])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the sample."""
    path = tmp_path / "p.toml"
    path.write_bytes(SAMPLE.read_bytes())
    return path


def refused(file: Path, *words: object) -> str:
    """The one line of a refusal; the file is as it was."""
    before = file.read_bytes()
    code, out, err = run(file, "--stock-mg-per-ml", "10", *words)
    assert code == 2 and out == "" and err.count("\n") == 1 and file.read_bytes() == before
    return err


def test_labels_never_replace_the_protocol(file: Path, tmp_path: Path) -> None:
    """Else the protocol is a page of labels, whatever name it is called by."""
    soft, hard, named = tmp_path / "soft.html", tmp_path / "hard.html", tmp_path / "named.html"
    soft.symlink_to(file)
    os.link(file, hard)
    for force in ((), ("--force",)):
        assert "name a .html file" in refused(file, "--labels", file, *force)
        assert f"this links to {file}" in refused(file, "--labels", soft, *force)
        assert "this is the protocol" in refused(file, "--labels", hard, *force)
        hard.rename(named)
        assert "this is the protocol" in refused(named, "--labels", tmp_path / "." / ".." / tmp_path.name / named.name)
        named.rename(hard)


def test_labels_replace_no_other_file(file: Path, tmp_path: Path) -> None:
    """Else a key or last week's labels are gone."""
    victim = tmp_path / "victim.toml"
    victim.write_text("precious")
    for name in ("victim.toml", "labels", "labels.html.toml", "labels.pdf"):
        assert "name a .html file" in refused(file, "--labels", tmp_path / name, "--force")
    link = tmp_path / "link.html"
    link.symlink_to(victim)
    assert "links to" in refused(file, "--labels", link, "--force") and victim.read_text() == "precious"
    old = tmp_path / "old.HTML"
    old.write_text("old")
    assert "the file exists; give --force to overwrite it, or another name" in refused(file, "--labels", old)
    assert old.read_text() == "old"
    assert run(file, "--labels", old, "--force")[0] == 0 and "<html" in old.read_text("utf-8")
    os.mkfifo(tmp_path / "pipe.html")
    assert "a pipe or a device" in refused(file, "--labels", tmp_path / "pipe.html", "--force")
    (tmp_path / "folder.html").mkdir()
    assert "a folder" in refused(file, "--labels", tmp_path / "folder.html", "--force")


def test_labels_are_written_whole_or_not_at_all(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a full disk leaves the labels of two bags out of three."""

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    names, old = {"p.toml", "old.html"}, tmp_path / "old.html"
    old.write_text("old")
    monkeypatch.setattr("toleramp.whole_files.os.replace", fails)
    assert "No space left" in refused(file, "--labels", tmp_path / "l.html")
    assert "No space left" in refused(file, "--labels", old, "--force") and old.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_picture_never_replaces_the_protocol(file: Path, tmp_path: Path) -> None:
    """Else the protocol is a picture."""
    link, hard, picture = tmp_path / "x.png", tmp_path / "y.png", tmp_path / "z.svg"
    link.symlink_to(file)
    os.link(file, hard)
    before = file.read_bytes()
    for target in (link, hard, file, tmp_path):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            assert cli.main(["protocol", "plot", str(file), "-o", str(target)]) == 2
        assert err.getvalue().count("\n") == 1 and file.read_bytes() == before
    for _ in range(2):  # a picture is drawn again without asking
        with contextlib.redirect_stderr(io.StringIO()):
            assert cli.main(["protocol", "plot", str(file), "-o", str(picture)]) == 0
        assert "<svg" in picture.read_text("utf-8")
