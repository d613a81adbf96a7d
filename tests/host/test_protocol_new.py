"""`toleramp protocol templates` and `protocol new`: options, questions, what is written and what is refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from toleramp import cli
from toleramp.protocol.file import read_protocol
from toleramp.protocol.templates import BY_NAME

OPTIONS = [
    "--drug",
    "carboplatin",
    "--max-hold-min",
    "120",
    "--line-dead-volume-ml",
    "0.3",
    "--primed-with",
    "solution",
]


class Terminal(io.StringIO):
    """Typed answers."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())


def new(file: Path, *words: str, template: str = "bwh-12") -> int:
    return cli.main(["protocol", "new", "--template", template, *OPTIONS, *words, "-o", str(file)])


def test_templates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["protocol", "templates"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.startswith(name) for line in lines) for name in BY_NAME)
    assert max(map(len, lines)) <= 240
    assert cli.main(["protocol", "templates", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in document["templates"]] == list(BY_NAME)
    assert {"option": "--bag-ml", "default": "250"}.items() <= document["templates"][0]["options"][0].items()


def test_a_file_is_written_and_the_rest_of_the_tools_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.toml"
    assert new(file, "--dose-mg", "500", "--diluent", "glucose 5 %", "--code", "8F3C") == 0
    said = capsys.readouterr().out
    assert "12 steps, 278 mL, 339.375 min; fingerprint " in said and "ACCEPTED: 0 errors, 1 warning" in said
    fingerprint = said.split("fingerprint ")[1][:8]
    assert [bag.code for bag in read_protocol(file).solutions] == ["TLR-A-8F3C", "TLR-B-8F3C", "TLR-C-8F3C"]
    assert cli.main(["protocol", "table", str(file), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["fingerprint"] == fingerprint and document["total_mg"] == 500.0


def test_the_same_options_write_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert new(tmp_path / name, "--dose-mg", "500", "--code", "1") == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_bags_of_two_orders_have_different_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tails = iter(["00ff", "a1b2"])
    monkeypatch.setattr("toleramp.protocol.templates.order.secrets.token_hex", lambda _: next(tails))
    for name, tail in (("a", "00FF"), ("b", "A1B2")):
        assert new(tmp_path / name, "--dose-mg", "500") == 0
        assert read_protocol(tmp_path / name).solutions[0].code == f"TLR-A-{tail}"


def test_a_child_by_weight(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    assert (
        new(file, "--weight-kg", "12.5", "--dose-mg-per-kg", "10", "--bag-ml", "50", "--line-dead-volume-ml", "0") == 0
    )
    assert "55.6 mL (4.45 mL/kg)" in capsys.readouterr().out
    assert read_protocol(file).full_dose_pg == 125 * 10**9
    assert "weight_kg = 12.5\n" in file.read_text()


def test_nothing_is_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    file.write_text("precious")
    assert new(file, "--dose-mg", "500") == 2
    assert file.read_text() == "precious" and "--force" in capsys.readouterr().err
    assert new(file, "--dose-mg", "500", "--force") == 0
    assert file.read_text().startswith("# Written by")


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_file_is_replaced_as_a_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fails: str, force: list[str]
) -> None:
    """Else half a protocol stands where a whole one was."""
    file = tmp_path / "a.toml"
    file.write_text("precious")
    file.chmod(0o640)
    monkeypatch.setattr(f"toleramp.protocol.verbs.new.os.{fails}", _no_room)
    assert new(file, "--dose-mg", "500", *force) == 2
    error = capsys.readouterr().err
    assert ("No space left" in error) is bool(force) and error.count("\n") == 1
    assert file.read_text() == "precious" and [path.name for path in tmp_path.iterdir()] == ["a.toml"]
    monkeypatch.undo()
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert new(file, "--dose-mg", "500", "--force") == 0
    assert file.stat().st_mode & 0o777 == 0o640 and file.read_text().startswith("# Written by")
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]


def test_a_new_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next attempt finds half a file in its way."""

    class Full(io.TextIOWrapper):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    def fdopen(handle: object, mode: str = "r", **words: object) -> io.TextIOWrapper:
        raw = io.FileIO(handle, "w") if isinstance(handle, int) else handle
        return Full(io.BufferedWriter(raw))  # type: ignore[arg-type]

    monkeypatch.setattr("toleramp.protocol.verbs.new.open", fdopen, raising=False)
    assert new(tmp_path / "a.toml", "--dose-mg", "500") == 2
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else --force puts a file in the place of a device."""
    os.mkfifo(tmp_path / "pipe")
    assert new(tmp_path / "pipe", "--dose-mg", "500", "--force") == 2
    assert "this is no file" in capsys.readouterr().err and (tmp_path / "pipe").is_fifo()


def test_a_broken_rule_is_said_and_the_file_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    assert new(file, "--dose-mg", "500", "--last-bag", "run-dry") == 1
    assert "[dose-sum]" in capsys.readouterr().out and file.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dose-mg", "lots"], "--dose-mg"),
        (["--dose-mg", "500", "--first-dose-mg", "1"], "bwh-12 does not have it"),
        (["--dose-mg", "500", "--bag-ml", "10"], "12.5 mL"),
        (["--dose-mg", "500", "--last-bag", "half"], "under, full, run-dry"),
        (["--dose-mg", "500", "--drug", "a\nb"], "--drug"),
        (["--dose-mg", "500", "--drug", "x" * 41], "--drug"),
        (["--dose-mg", "500", "--max-hold-min", "1.5"], "--max-hold-min"),
        (["--dose-mg-per-kg", "5"], "give --weight-kg"),
        ([], "missing: --dose-mg"),
    ],
)
def test_wrong_options_are_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.toml"
    assert new(file, *words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not file.exists()


def test_what_is_missing_is_said_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    argv = ["protocol", "new", "--template", "bwh-12", "--dose-mg", "5"]
    assert cli.main([*argv, "-o", str(tmp_path / "a")]) == 2
    error = capsys.readouterr().err
    assert "--drug, --max-hold-min, --line-dead-volume-ml, --primed-with" in error and error.count("\n") == 1
    assert cli.main(["protocol", "new"]) == 2 and "bwh-12" in capsys.readouterr().err
    assert cli.main(["protocol", "new", "--template", "bwh-13"]) == 2 and "bwh-12" in capsys.readouterr().err
    assert cli.main(argv + OPTIONS) == 2 and "-o" in capsys.readouterr().err
    assert cli.main([*argv, *OPTIONS, "-o", str(tmp_path)]) == 2 and "folder" in capsys.readouterr().err
    assert cli.main([*argv, *OPTIONS, "-o", str(tmp_path / "no" / "a")]) == 2 and "written" in capsys.readouterr().err


ANSWERS = [
    "bwh-99", "bwh-12", "", "cisplatin", "", "", "4O0", "400", "", "180", "", "", "0,3", "0.01", "saline", "", "", "",
    "100", "", "", "", "", "", "", "", "", *[""] * 8,
]  # fmt: skip


def test_everything_is_asked_and_nonsense_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, file = tmp_path / "taken.toml", tmp_path / "a.toml"
    taken.write_text("precious")
    monkeypatch.setattr("sys.stdin", Terminal("\n".join([*ANSWERS, str(taken), str(file)]) + "\n"))
    assert cli.main(["protocol", "new"]) == 0
    asked = capsys.readouterr().err
    for text in ("'bwh-99' is not a choice", "'4O0' is not a number", "write 0.3", "the file exists", "[30]", "[250]"):
        assert text in asked
    assert asked.count("it has no default") == 2
    protocol = read_protocol(file)
    assert (protocol.drug, protocol.full_dose_pg, protocol.max_hold_min) == ("cisplatin", 400 * 10**9, 180)
    assert (protocol.line_dead_nl, protocol.primed_with_solution) == (10_000, 0)
    assert protocol.solutions[0].volume_nl == 100_000_000 and protocol.steps[0].rate_e4 == 8_000
    assert taken.read_text() == "precious"


def test_answers_that_do_not_fit_are_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, right = ["10", *[""] * 16], ["50", *[""] * 8]
    # template, weight, unit, dose, wait, gap, diluent, name, route
    first = ["bwh-12", "", "", "500", "", "", "", "", "", *small]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join([*first, *right]) + "\n"))
    assert cli.main(["protocol", "new", *OPTIONS, "--line-dead-volume-ml", "0", "-o", str(tmp_path / "a.toml")]) == 0
    assert "bags from 12.5 mL work" in capsys.readouterr().err
    assert read_protocol(tmp_path / "a.toml").solutions[0].volume_nl == 50_000_000


def test_options_that_do_not_fit_end_it_when_nothing_is_left_to_ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    for option in BY_NAME["four-bag"].options:
        words += [option.flag, {"bag_ml": "250", "overfill_ml": "1; 2", "last_bag": "under"}.get(option.key, "60")]
    monkeypatch.setattr("sys.stdin", Terminal("four-bag\n" + "\n" * 14))
    argv = ["protocol", "new", *OPTIONS, "--dose-mg", "5", *words, "-o", str(tmp_path / "a.toml")]
    assert cli.main(argv) == 2
    assert "2 numbers for 4 bags" in capsys.readouterr().err


def test_only_what_is_missing_is_asked_with_a_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("mg\n500\n"))
    assert new(tmp_path / "a.toml") == 0
    assert capsys.readouterr().err.count("]: ") == 2


def test_answers_that_end_are_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("bwh-12\ncisplatin\n"))
    assert cli.main(["protocol", "new"]) == 2
    assert "the input ended" in capsys.readouterr().err


@pytest.mark.req("PRO-3", "PRO-6")
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--flush-volume-ml", "20", "--flush-rate-ml-h", "100"), "[flush-rate]"),
        (("--first-rate", "8", "--final-rate", "320"), "[usual-range]"),
        (("--line-dead-volume-ml", "2"), "[dead-volume]"),
        ((), "[approval]"),
    ],
)
def test_new_says_what_check_says(
    options: tuple[str, ...], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a file is written as sound that the next command refuses."""
    status = new(tmp_path / "a.toml", "--dose-mg", "500", *options)
    made = capsys.readouterr().out
    assert cli.main(["protocol", "check", str(tmp_path / "a.toml")]) == status
    checked = capsys.readouterr().out
    assert code in checked and checked in made
