"""What reaches the vein, with a flush and without one (PRO-3, PRO-7)."""

import json
from fractions import Fraction

import pytest
from approval_kit import SAMPLE, Office

from pump.protocol import vein
from toleramp.protocol.file import read_protocol
from toleramp.protocol.flush import at_vein_pg, flushed_pg

pytest_plugins = ("approval_kit",)
FILL = '[[step]]\nsolution = "{}"\nrate_ml_h = {}\nvolume_ml = {}\nkind = "line-fill"\n\n'
PG = 10**9


def filled(office: Office, fill_ml: str, dead_ml: str = "3") -> None:
    """The sample over a line of so many mL that is filled at each change of bags."""
    office.change("line_dead_volume_ml = 0.3", f"line_dead_volume_ml = {dead_ml}")
    office.change("drug_mg = 496.065 ", "drug_mg = 595.278 ")
    office.change("volume_ml = 250.0\ndrug_mg = 595", "volume_ml = 300.0\ndrug_mg = 595")
    office.change('dilution = "1:1"\n', "")
    text = office.file.read_text("utf-8")
    for letter, rate, first in (("B", 20, "5.0"), ("C", 40, "10.0")):
        step = f'[[step]]\nsolution = "{letter}"\nrate_ml_h = {first}\n'
        text = text.replace(step, FILL.format(letter, rate, fill_ml) + step, 1)
    office.file.write_text(text, "utf-8")


def found(office: Office, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(code, where) -> (severity, message) of what `protocol check` finds."""
    office.run("protocol", "check", office.file, "--json")
    rows = json.loads(capsys.readouterr().out)["findings"]
    return {(row["code"], row["where"]): (row["severity"], row["message"]) for row in rows}


@pytest.mark.req("PRO-3", "PRO-7")
def test_a_line_filled_with_just_what_it_holds_is_taken(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the right volume is refused and a smaller one passes, for mg that stay in the line."""
    filled(office, "3")
    assert not [row for row in found(office, capsys).values() if row[0] == "error"]


@pytest.mark.req("PRO-3", "PRO-7")
def test_with_a_flush_it_counts(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the flush brings 1.3 % more than was ordered, and the check says nothing."""
    filled(office, "3")
    office.change("[monitoring]", "[flush]\nvolume_ml = 3\nrate_ml_h = 80\n\n[monitoring]")
    severity, message = found(office, capsys)[("dose-sum", "flush")]
    assert severity == "error" and "506.61278 mg of 500 mg reach the vein" in message  # and 0.06, 0.6, 5.95 mg
    office.change("volume_ml = 3\nrate_ml_h = 80", "volume_ml = 0.5\nrate_ml_h = 80")
    assert ("dose-sum", "flush") not in found(office, capsys)  # 0.99 mg of the line's 5.95


@pytest.mark.req("PRO-3", "PRO-7")
def test_without_a_flush_what_stays_behind_is_told(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Else the last milligrams are thrown away with the line and count as given."""
    office.change("line_dead_volume_ml = 0.3", "line_dead_volume_ml = 1.4")
    severity, message = found(office, capsys)[("flush-missing", "flush")]
    assert severity == "warning" and "497.25 mg of 500 mg reach the vein" in message
    office.change("[monitoring]", "[flush]\nvolume_ml = 1.4\nrate_ml_h = 80\n\n[monitoring]")
    assert not [key for key in found(office, capsys) if key[1] == "flush"]


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("dead", ["0.3", "240", "260"])
def test_the_flush_empties_the_line_from_the_vein_s_end(office: Office, dead: str) -> None:
    """Else a short flush counts the strong end of the line, which it never moves."""
    protocol = read_protocol(SAMPLE)
    protocol.line_dead_nl = int(Fraction(dead) * 10**6)
    left = Fraction(*vein.left_in_line(protocol))
    assert flushed_pg(protocol, Fraction(protocol.line_dead_nl)) == left
    assert at_vein_pg(protocol) == sum(Fraction(*dose) for dose in vein.doses(protocol))
    if dead == "260":  # 9.25 mL of A have gone, then 18.75 of B: what the line ends in is C, before it B
        assert flushed_pg(protocol, Fraction(10**6)) == Fraction(2, 10) * PG
