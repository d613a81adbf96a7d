"""`protocol new`: every key of the file can be given and asked for, and a remedy that is named has been tried."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from test_protocol_new import Terminal, new, no_terminal
from test_protocol_new_numbers import refused

from toleramp import cli
from toleramp.protocol import keys
from toleramp.protocol.file import read_file
from toleramp.protocol.templates import BY_NAME, contract, every_option
from toleramp.protocol.templates.options import ROWS
from toleramp.protocol.templates.tried import remedies

__all__ = ["no_terminal"]  # for every test here
LINE = ["--template", "bwh-12", "--drug", "x", "--dose-mg", "700", "--max-hold-min", "60", "--primed-with", "saline"]
# A file is judged for a start now: a date that is written here would run out one day.
PREPARED = f"{datetime.now(UTC).astimezone(timezone(timedelta(hours=1))) - timedelta(hours=1):%Y-%m-%dT%H:%M}:00+01:00"
ALL = {
    "--premedication": "cetirizine, 10 mg PO + famotidine, 20 mg IV, 30 min; montelukast, 10 mg PO, 20",
    "--flush-volume-ml": "20",
    "--flush-rate-ml-h": "80",
    "--prepared-at": PREPARED,
    "--expires-h": "24",
    "--checklist": "consent signed; beta-blocker held",
    "--sbp-min-mmhg": "85",
    "--temp-max-c": "38.5",
    "--observe-every-min": "15",
    "--resume-choices": "same; one-back",
    "--min-hold-min": "10",
    "--insert-allowed": "false",
    "--boundary": "rehang",
}


@pytest.mark.req("PRO-9", "SES-2")
def test_every_key_of_a_file_has_an_option() -> None:
    """Else premedication, flush or expiry are forgotten, as nobody asks for them."""
    given = {key.section: set() for key in contract.KEYS} | {"protocol": set(), "solution": set()}
    for key in contract.KEYS:
        given[key.section].add(key.name)
    repeated = set(keys.REPEATED) - {"solution"}
    for section in repeated - {keys.STEP}:
        assert any(key.section == section for key in contract.KEYS), section
    for section, table in keys.KEYS.items():
        own = contract._ELSEWHERE.get(section, set())
        for name in table:
            if section in (keys.APPROVAL, *repeated) or name.startswith("printed_"):
                continue
            assert name in given[section] | own, (section, name)
    flags = [option.flag for option in every_option()]
    assert len(flags) == len(set(flags)) and {*ALL, "--height-cm", "--line-fill-ml", "--weight-kg"} <= set(flags)
    every = BY_NAME["bwh-12"].every_option()
    infused = {option.key for option in contract.OPTIONS if option.kind != ROWS} - set(contract.without(oral=False))
    assert infused <= {option.key for option in every if option.asked}


@pytest.mark.req("PRO-9", "SES-2")
def test_what_is_given_stands_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    assert new(file, "--dose-mg", "500", *(word for pair in ALL.items() for word in pair)) == 0
    reading = read_file(file)
    content, protocol = reading.content, reading.protocol
    assert protocol and not reading.faults
    assert [(row["drug"], row["dose"], row["wait_min"]) for row in content["premedication"]] == [
        ("cetirizine", "10 mg PO", 0), ("famotidine", "20 mg IV", 30), ("montelukast", "10 mg PO", 20),
    ]  # fmt: skip
    assert {key: float(value) for key, value in content["flush"].items()} == {"volume_ml": 20, "rate_ml_h": 80}
    assert [bag["expires_h"] for bag in content["solution"]] == [24] * 3
    assert content["solution"][0]["prepared_at"] == PREPARED
    assert content["checklist"] == {"required": ["consent signed", "beta-blocker held"]}
    assert content["monitoring"]["sbp_min_mmhg"] == 85 and float(content["monitoring"]["temp_max_c"]) == 38.5
    assert (protocol.min_hold_min, protocol.insert_allowed, protocol.rehang_first) == (10, 0, 1)
    assert content["reaction"]["resume_choices"] == ["same", "one-back"] and protocol.spo2_stop == 92


@pytest.mark.req("PRO-9", "SES-13")
def test_drugs_given_together_are_one_wait(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else three drugs that are given at once are 90 min in a row."""
    file = tmp_path / "a.toml"
    three = "a, 1 mg + b, 2 mg + c, 3 mg, 30"
    assert new(file, "--dose-mg", "500", "--premedication", three) == 0
    capsys.readouterr()
    assert cli.main(["protocol", "table", str(file)]) == 0
    page = capsys.readouterr().out
    assert "  1. a 1 mg and b 2 mg and c 3 mg, together, then wait 30 min\n\n" in page and "90 min" not in page
    assert new(file, "--force", "--dose-mg", "500", "--premedication", ALL["--premedication"]) == 0
    capsys.readouterr()
    assert cli.main(["protocol", "table", str(file)]) == 0
    assert "in all 50 min of waiting, one after the other" in capsys.readouterr().out


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--flush-volume-ml", "20"], "give both"),
        (["--premedication", "cetirizine 10 mg"], "has no drug, dose and wait"),
        (["--premedication", "cetirizine, 10 mg, soon"], "'soon' is no wait in whole minutes"),
        (["--prepared-at", "yesterday"], "no time with its offset"),
        (["--prepared-at", "2026-11-29T08:00"], "no time with its offset"),
        (["--resume-choices", "same; three-back"], "'three-back' is not a choice"),
        (["--sbp-min-mmhg", "900"], "from 40 to 150 mmHg"),
        (["--checklist", "a;;b"], "not a line of printable text"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = ["protocol", "new", *LINE, "--line-dead-volume-ml", "0.2", *words, "-o", str(tmp_path / "a")]
    error = refused(full, capsys)
    assert said in error and words[0].split("-volume")[0] in error and not (tmp_path / "a").exists()


@pytest.mark.req("PRO-9", "SES-13")
def test_the_questions_come_to_premedication_flush_expiry_and_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else only who knows the file's keys by heart can say that there is a premedication."""
    file = tmp_path / "a.toml"
    order = ["bwh-12", "x", "", "", "500", "60", "", "", "0.2", "solution", "", "", "", *[""] * 10]
    more = ["", "", "24", "20", "80", "a, 1 mg, 30", "", "yes", *[""] * 7, "90", *[""] * 11, str(file)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", Terminal("\n".join([*order, *more]) + "\n"))
    assert cli.main(["protocol", "new"]) == 0
    content = read_file(file).content
    assert content["flush"] and content["premedication"][0]["wait_min"] == 30 and content["solution"][0]["expires_h"]
    assert content["monitoring"]["sbp_min_mmhg"] == 90
    assert "Flush: rate in mL/h [no default]" in capsys.readouterr().err


# -- remedies


@pytest.mark.req("PRO-7")
@pytest.mark.parametrize("dead", ["1.2", "0.6", "5"])
@pytest.mark.parametrize("template", ["bwh-12", "bwh-16"])
def test_every_remedy_that_is_named_keeps_the_rules(
    template: str, dead: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else each one is tried in its turn, and each is refused."""
    words = [*LINE, "--template", template, "--line-dead-volume-ml", dead, "-o", str(tmp_path / "a"), "--force"]
    assert cli.main(["protocol", "new", *words]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("would keep the rules, tried: ")
    named = re.sub(r"\(.*?\)", "", last.partition("tried: ")[2]).split("; or ")
    assert named[-1].startswith("--line-dead-volume-ml") and (len(named) > 1 or dead == "5")
    for remedy in named:
        assert cli.main(["protocol", "new", *words, *remedy.split()]) == 0, remedy
        assert "ACCEPTED: 0 errors, 1 warning" in capsys.readouterr().out


@pytest.mark.req("PRO-7")
def test_where_nothing_helps_nothing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a remedy is named because there has to be one."""
    tries: list[dict[str, str]] = []
    texts = {"primed_with": "saline", "line_dead_volume_ml": "1.2"}
    assert remedies(BY_NAME["bwh-12"], texts, lambda changed: bool(tries.append(changed))) == []
    assert len(tries) > 10 and {"primed_with": "solution", "line_dead_volume_ml": "1.2"} in tries
    monkeypatch.setattr("toleramp.protocol.verbs.new.tried.remedies", lambda *_: [])
    assert cli.main(["protocol", "new", *LINE, "--line-dead-volume-ml", "1.2", "-o", str(tmp_path / "a")]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("tried without success: ")
