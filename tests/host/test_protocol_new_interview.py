"""`protocol new` on a terminal: what is needed is asked, and answers are not lost when they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_protocol_new import OPTIONS, Terminal

from pump.protocol.protocol import Protocol
from toleramp import cli
from toleramp.protocol.file import read_protocol

ORAL = ["--template", "oral", "--drug", "aspirin", "--max-hold-min", "120"]
Ask = Callable[[list[str], list[str]], tuple[int, str]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Runs `protocol new` with options and typed answers: exit code, and all that was asked and said."""

    def run(words: list[str], answers: list[str]) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", Terminal("".join(answer + "\n" for answer in answers)))
        code = cli.main(["protocol", "new", *words])
        return code, capsys.readouterr().err

    return run


def doses(protocol: Protocol) -> list[int]:
    """Doses by mouth in whole mg or U."""
    return [dose.dose_pg // 10**9 for dose in protocol.doses]


@pytest.mark.req("PRO-6")
def test_the_doses_by_mouth_are_asked_for(ask: Ask, tmp_path: Path) -> None:
    """Else all else is asked, and then it fails with "which doses?"."""
    code, said = ask([*ORAL, "-o", str(tmp_path / "a")], ["", "31", "1"])
    assert code == 0 and doses(read_protocol(tmp_path / "a")) == [1, 2, 4, 8, 16]
    assert said.count("]: ") == 3 and "First dose in mg [doses in proportion]" in said
    code, said = ask([*ORAL, "-o", str(tmp_path / "b")], ["", "60", "", "", "1,2,3"])
    assert code == 0 and doses(read_protocol(tmp_path / "b")) == [10, 20, 30]
    assert "--shares: it has no default" in said


@pytest.mark.req("PRO-6")
def test_a_protocol_in_units_is_asked_for_in_units(ask: Ask, tmp_path: Path) -> None:
    """Else a drug in units cannot be ordered without knowing an option by heart."""
    code, said = ask([*ORAL, "-o", str(tmp_path / "a")], ["U", "3100", "100"])
    assert code == 0 and "Full dose of a drug in units in U" in said and " in mg" not in said
    protocol = read_protocol(tmp_path / "a")
    assert protocol.unit == 1 and doses(protocol) == [100, 200, 400, 800, 1600]
    code, said = ask(["--template", "bwh-12", *OPTIONS, "-o", str(tmp_path / "b")], ["U", "25000"])
    assert code == 0 and read_protocol(tmp_path / "b").full_dose_pg == 25000 * 10**9


@pytest.mark.req("PRO-6")
def test_units_by_weight_are_asked_for_too(ask: Ask, tmp_path: Path) -> None:
    # weight, height, unit, U/kg; wait, gap, diluent, name; the template's own
    answers = ["bwh-8", "20", "", "U", "100", *[""] * 22]
    code, said = ask([*OPTIONS, "-o", str(tmp_path / "a")], answers)
    assert code == 0 and "Dose by weight of a drug in units in U/kg" in said
    assert read_protocol(tmp_path / "a").full_dose_pg == 2000 * 10**9


@pytest.mark.req("PRO-6")
def test_the_unit_is_not_asked_when_an_option_says_it(ask: Ask, tmp_path: Path) -> None:
    code, said = ask([*ORAL, "--dose-u", "300", "-o", str(tmp_path / "a")], ["100"])
    assert code == 0 and "Unit of the doses" not in said and doses(read_protocol(tmp_path / "a")) == [100, 200]


@pytest.mark.req("PRO-6")
def test_answers_are_not_lost_with_a_template_on_the_command_line(ask: Ask, tmp_path: Path) -> None:
    """Else one first dose that does not fit costs all answers."""
    words = ["--template", "oral", "-o", str(tmp_path / "a")]
    answers = ["aspirin", "", "31", "120", "900"]  # drug, unit, dose, hold, first dose; too much: asked again
    code, said = ask(words, [*answers, "", "1", "", ""])
    assert (
        code == 0 and "0 doses from 900 mg fit" in said and "First dose in mg [900, - for doses in proportion]" in said
    )
    assert doses(read_protocol(tmp_path / "a")) == [1, 2, 4, 8, 16] and said.count("Drug") == 1


@pytest.mark.req("PRO-6")
def test_an_earlier_answer_stands_or_is_taken_back(ask: Ask, tmp_path: Path) -> None:
    words = [*ORAL, "--dose-mg", "60", "-o", str(tmp_path / "a")]
    code, said = ask(words, ["900", "", "-", "1,2,3", ""])
    assert code == 0 and doses(read_protocol(tmp_path / "a")) == [10, 20, 30]
    # bags of 1500 mL: step 12 too large; asked again, of which all but the bag stand
    own = ["1500", "", "", "", "", "20", "", "", "", *[""] * 8]
    answers = ["bwh-12", "", "", "500", "", "", "", "", "", *own, "1000", *[""] * 21]
    code, said = ask([*OPTIONS, "-o", str(tmp_path / "b")], answers)
    assert code == 0 and "--bag-ml may be at most" in said and "in min [20, - for 15]" in said
    protocol = read_protocol(tmp_path / "b")
    assert (protocol.solutions[0].volume_nl, protocol.steps[0].duration_ms) == (10**9, 1_200_000)


@pytest.mark.req("PRO-6")
def test_a_dose_that_cannot_be_is_asked_again(ask: Ask, tmp_path: Path) -> None:
    """Else the questions go round and round, and never come to what is wrong."""
    code, said = ask(
        ["--template", "bwh-20", *OPTIONS, "-o", str(tmp_path / "a")],
        ["", "0.000001", "500", *[""] * 10],
    )
    assert code == 0 and "too small" in said and read_protocol(tmp_path / "a").full_dose_pg == 500 * 10**9


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    "words",
    [["--bag-ml", "1,000"], ["--bag-ml", "x"], ["--dose-u", "5", "--dose-mg", "5"], ["--first-dose-mg", "1"]],
)
def test_what_is_wrong_on_the_command_line_is_said_before_any_question(
    ask: Ask, tmp_path: Path, words: list[str]
) -> None:
    """Else ten answers are given for nothing."""
    code, said = ask(["--template", "bwh-12", *words, "-o", str(tmp_path / "a")], ["x"])
    assert code == 2 and said.count("\n") == 1


@pytest.mark.req("PRO-6")
def test_a_file_that_cannot_be_written_is_asked_again(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the answers are lost because of a folder."""
    missing, there = tmp_path / "no" / "a", tmp_path / "a"
    code, said = ask(["--template", "bwh-12", *OPTIONS, "--dose-mg", "5"], [str(missing), "\0", str(there)])
    assert code == 0 and "no such folder" in said and "no file name" in said and there.exists()
    code, said = ask(["--template", "bwh-12", *OPTIONS, "-o", str(missing)], ["", "500"])
    assert code == 2 and "]: " not in said  # said before the first question


@pytest.mark.req("PRO-6")
def test_a_full_disk_asks_for_another_file(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from toleramp.protocol.verbs import new

    create, tried = new._create, []

    def once(target: Path, text: str) -> None:
        tried.append(target)
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        create(target, text)

    monkeypatch.setattr(new, "_create", once)
    one, two = tmp_path / "one", tmp_path / "two"
    code, said = ask(["--template", "bwh-12", *OPTIONS, "--dose-mg", "5", "-o", str(one)], [str(two)])
    assert code == 0 and tried == [one, two] and "No space left" in said and two.exists()
