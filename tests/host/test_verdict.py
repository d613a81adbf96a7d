"""Every output of a protocol carries the verdict on it (PRO-1, PRO-6): nothing drawn or printed looks sound."""

import json
import shutil
from pathlib import Path

import pytest
from approval_kit import SAMPLE, Office
from matplotlib.text import Text

from toleramp.protocol.file import read_file
from toleramp.protocol.plot import figure
from toleramp.protocol.verdict import judge

pytest_plugins = ("approval_kit",)
STEEP = ("rate_ml_h = 40.0", "rate_ml_h = 400.0")  # of step 8
Capture = pytest.CaptureFixture[str]


@pytest.mark.req("PRO-1", "PRO-6")
def test_the_picture_of_a_refused_protocol_says_so(office: Office, tmp_path: Path, capsys: Capture) -> None:
    """Else a clean picture of a tenfold rate hangs on the wall."""
    office.change(*STEEP)
    assert office.run("protocol", "plot", office.file, "-o", tmp_path / "p.png") == 1
    assert "REFUSED: " in capsys.readouterr().err and (tmp_path / "p.png").exists()
    reading = read_file(office.file)
    made = figure(reading.protocol, "SPF5YJZZ", judge(reading))
    texts = [text.get_text() for text in made.findobj(Text)]
    assert "REFUSED" in texts and any(text.startswith("REFUSED: ") and "step 8" in text for text in texts)


@pytest.mark.req("PRO-1")
def test_the_picture_of_an_accepted_one_says_so_too(tmp_path: Path, capsys: Capture) -> None:
    """Else the absence of a word is the only sign."""
    reading = read_file(SAMPLE)
    texts = [text.get_text() for text in figure(reading.protocol, "SPF5YJZZ", judge(reading)).findobj(Text)]
    assert any(text.startswith("ACCEPTED: 0 errors") for text in texts) and "REFUSED" not in texts


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize("change", [STEEP, ("drug_mg = 50.0", "drug_mg = 500.0")])
def test_tables_and_checks_carry_it_in_both_forms(office: Office, capsys: Capture, change: tuple[str, str]) -> None:
    """Else a program that reads the table, or a page cut in two, knows nothing of it."""
    office.change(*change)
    for verb in ("table", "check"):
        assert office.run("protocol", verb, office.file, "--json") == 1
        found = json.loads(capsys.readouterr().out)
        assert found["verdict"] == "refused" and found["errors"] >= 1
        assert office.run("protocol", verb, office.file) == 1
        assert "REFUSED: " in capsys.readouterr().out
    assert office.run("protocol", "table", SAMPLE, "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "accepted"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_comparison_says_which_of_the_two_is_refused(office: Office, tmp_path: Path, capsys: Capture) -> None:
    """Else two refused protocols are `alike`, and that is all that is said."""
    office.change(*STEEP)
    shutil.copyfile(office.file, tmp_path / "b.toml")
    assert office.run("protocol", "diff", office.file, tmp_path / "b.toml") == 0
    assert capsys.readouterr().out.count("REFUSED: step 8") == 2
    assert office.run("protocol", "diff", SAMPLE, office.file, "--json") == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["a"]["verdict"], found["b"]["verdict"]) == ("accepted", "refused")


@pytest.mark.req("PRO-1", "SES-1")
def test_signatures_on_a_refused_protocol_do_not_hide_it(office: Office, capsys: Capture) -> None:
    """Else `APPROVED` stands over a bag whose content contradicts its dilution."""
    office.change('dilution = "1:10"\n', "")
    office.sign_both()
    office.change("volume_ml = 250.0", "volume_ml = 2.50")
    capsys.readouterr()
    assert office.run("protocol", "verify", office.file, "--keys", office.ring) == 1
    assert "the protocol itself is REFUSED" in capsys.readouterr().out
