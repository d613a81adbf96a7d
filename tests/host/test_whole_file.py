"""Both signatures cover all that a person acts on, also what stays on the laptop (PRO-9 of SAFETY.md)."""

import copy
import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from approval_kit import SAMPLE, Office

from toleramp.approval.canonical import file_digest, laptop_only
from toleramp.approval.table import UNFIT
from toleramp.protocol.file import read_file

pytest_plugins = ("approval_kit",)
START = "2026-11-22T09:00:00+01:00"
Capture = pytest.CaptureFixture[str]
MORE = """[flush]
volume_ml = 0.3
rate_ml_h = 60

[[premedication]]
drug = "famotidine"
dose = "20 mg"
wait_min = 20

[checklist]
required = ["peak flow meter"]

[monitoring]
rr_max = 30
temp_max_c = 38.5"""
CHANGES = [
    ("expires_h = 24", "expires_h = 240"),
    ("2026-11-22T08:00", "2026-11-23T08:00"),
    ('dose = "20 mg"', 'dose = "200 mg"'),
    ("weight_kg = 70", "weight_kg = 7"),
    ('diluent = "glucose 5 %"', 'diluent = "saline 0.9 %"'),
    ("\nvolume_ml = 0.3\n", "\nvolume_ml = 0.4\n"),
    ('required = ["peak flow meter"]', "required = []"),
    ("rr_max = 30", "rr_max = 60"),
    ('route = "IV"', 'route = "SC"'),
]


@pytest.fixture
def full(office: Office, capsys: Capture) -> Office:
    """The sample with all that people act on, signed by two."""
    office.change("[monitoring]", MORE)
    office.change('id = "A"', 'id = "A"\nprepared_at = "2026-11-22T08:00:00+01:00"\nexpires_h = 24')
    office.change('route = "IV"', 'route = "IV"\nweight_kg = 70')
    for person in ("afischer", "bmeier"):
        assert office.sign(person, "--now", START) == 0
    capsys.readouterr()
    return office


def verify(office: Office, capsys: Capture) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `protocol verify` with the keyring."""
    code = office.run("protocol", "verify", office.file, "--keys", office.ring, "--json")
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.req("PRO-1", "SES-1")
def test_what_two_people_signed_is_approved(full: Office, capsys: Capture) -> None:
    """Else nothing is."""
    code, document = verify(full, capsys)
    assert code == 0 and document["approved"] and document["not_signed"] == []
    page = full.folder / "labels.html"
    words = ("protocol", "prepare", full.file, "--now", START, "--labels", page)
    assert full.run(*words) == 0 and page.exists()


@pytest.mark.req("PRO-1", "PRO-8", "SES-1")
@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_whatever_changes_after_signing_is_not_approved(full: Office, capsys: Capture, old: str, new: str) -> None:
    """Else ten days are printed on a label that two people signed for one."""
    before = read_file(full.file)
    full.change(old, new)
    after = read_file(full.file)
    if after.protocol is None:  # a value that the reader refuses (an empty list) is not approved either
        assert after.faults
        return
    assert after.standing.kind == UNFIT and "beside the pump has changed" in after.standing.problem
    assert before.protocol is not None and after.protocol.full_dose_pg == before.protocol.full_dose_pg
    code, document = verify(full, capsys)
    assert code == 1 and not document["approved"] and document["digest_fits"] is False
    assert document["author"]["signature"] == document["verifier"]["signature"] == "wrong"
    page = full.folder / "labels.html"
    words = ("protocol", "prepare", full.file, "--now", START, "--labels", page)
    assert full.run(*words) == 1 and not page.exists()
    assert "NOT TO BE PREPARED" in capsys.readouterr().out


@pytest.mark.req("PRO-1", "SES-1")
def test_a_changed_file_with_a_digest_made_to_fit_is_found_by_the_keys(full: Office, capsys: Capture) -> None:
    """Else whoever can compute a digest signs for two others."""
    full.change("expires_h = 24", "expires_h = 240")
    content = tomllib.loads(full.file.read_text("utf-8"), parse_float=Decimal)
    full.change(content["approval"]["file_digest"], file_digest(content).hex())
    code, document = verify(full, capsys)
    assert code == 1 and document["digest_fits"] is True
    assert document["author"]["signature"] == document["verifier"]["signature"] == "wrong"


@pytest.mark.req("PRO-1", "SES-1")
def test_signatures_of_the_pump_s_part_alone_do_not_do(full: Office, capsys: Capture) -> None:
    """Else a file signed by an older tool prints labels that nobody signed."""
    lines = full.file.read_text("utf-8").splitlines(keepends=True)
    full.file.write_text("".join(line for line in lines if "file_" not in line), "utf-8")
    assert "not the whole file" in read_file(full.file).standing.problem
    assert verify(full, capsys)[0] == 1


@pytest.mark.req("PRO-1", "PRO-8")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("expires_h = 24", "expires_h = 240", "beside the pump has changed since afischer signed it"),
        ("", "", "REFUSED: 1 error"),  # the day has passed: the bag has expired
    ],
)
def test_such_a_file_does_not_reach_the_pump(full: Office, capsys: Capture, old: str, new: str, said: str) -> None:
    """Else the pump, which knows neither expiry nor diluent, runs it as approved."""
    if old:
        full.change(old, new)
    assert full.run("load", full.file, "--port", full.folder / "no-port") == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and "no-port" not in err


def leaves(content: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Each place of a value in a file's content: (container, key)."""
    for key, value in content.items():
        tables = value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]
        for table in tables:
            if isinstance(table, dict):
                yield from ((table, name) for name in table)
            else:
                yield content, key


@pytest.mark.req("PRO-1", "PRO-6")
def test_every_value_of_the_file_is_in_what_is_signed() -> None:
    """Else one key, of this file or of a section that comes later, is forgotten again."""
    text = SAMPLE.read_text("utf-8").replace("[monitoring]", MORE, 1)
    content = tomllib.loads(text, parse_float=Decimal)
    whole, count = file_digest(content), sum(1 for _ in leaves(content))
    for at in range(count):
        changed = copy.deepcopy(content)
        table, key = list(leaves(changed))[at]
        table[key] = "something else"
        assert file_digest(changed) != whole, key
        del table[key]
        assert file_digest(changed) != whole, key
    assert count > 80


@pytest.mark.req("PRO-1")
def test_what_says_the_same_has_one_digest() -> None:
    """Else a comment or a trailing zero costs two signatures; a printed cell's zeros say how it was rounded."""
    text = SAMPLE.read_text("utf-8")
    whole = file_digest(tomllib.loads(text, parse_float=Decimal))
    same = text.replace("250.0", "250").replace("# The standard", "# A standard").replace("\n", "\r\n")
    assert file_digest(tomllib.loads(same, parse_float=Decimal)) == whole
    one, two = ({"step": [{"printed_dose_mg": Decimal(cell)}]} for cell in ("0.5", "0.50"))
    assert file_digest(one) != file_digest(two)
    signed = tomllib.loads(text + '[approval]\nauthor = "a"\n', parse_float=Decimal)
    assert file_digest(signed) == whole


@pytest.mark.req("PRO-1", "SES-1")
def test_a_signature_shows_the_values_that_it_covers(full: Office, capsys: Capture) -> None:
    """Else people sign `expires_h`, and not 24."""
    text = full.folder / "other.toml"
    text.write_text(full.file.read_text("utf-8").partition("[approval]")[0], "utf-8")
    full.file = text
    assert full.sign("afischer", "--now", START) == 0
    out = capsys.readouterr().out
    assert 'bag A: dilution "1:100"' not in out.partition("signed for people")[0]
    for said in ("expires_h 24", "weight_kg 70", 'dose "20 mg"', "flush: volume_ml 0.3, rate_ml_h 60", "rr_max 30"):
        assert said in out
    assert any("required" in line for line in laptop_only(read_file(text).content))


# -- warnings are read once


def warned(office: Office) -> None:
    """A rise that two people confirm."""
    office.change("rate_ml_h = 5.0", "rate_ml_h = 5.4")


@pytest.mark.req("PRO-2", "SES-1")
def test_a_warning_is_read_once_by_each_and_signed(office: Office, capsys: Capture) -> None:
    """Else the same words come at six places, and nobody reads them at the one that counts."""
    warned(office)
    for person in ("afischer", "bmeier"):
        assert office.sign(person) == 0
        assert "[ratio-two-person]" in capsys.readouterr().out
    for verb in ("check", "table"):
        assert office.run("protocol", verb, office.file) == 0
        out = capsys.readouterr().out
        assert "[ratio-two-person]" not in out
        assert "read and signed by afischer and bmeier" in out
    assert office.run("protocol", "check", office.file, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert [row["read_by"] for row in rows if row["code"] == "ratio-two-person"] == ["afischer and bmeier"]


@pytest.mark.req("PRO-2", "SES-1")
def test_a_warning_that_nobody_signed_is_shown(office: Office, capsys: Capture) -> None:
    """Else one signature silences what came after it, or a line put into the file does."""
    warned(office)
    assert office.sign("afischer") == 0
    assert office.run("protocol", "check", office.file) == 0
    assert "[ratio-two-person]" in capsys.readouterr().out  # the verifier has not read it
    assert office.sign("bmeier") == 0
    lines = office.file.read_text("utf-8").splitlines(keepends=True)
    mark = next(line for line in lines if line.startswith("warnings"))
    office.change(mark, mark.replace('"\n', ' 0123456789"\n'))
    capsys.readouterr()
    code, document = verify(office, capsys)
    assert code == 1 and document["author"]["signature"] == "wrong"


@pytest.mark.req("PRO-8")
def test_a_warning_of_today_is_shown_although_others_were_signed(office: Office, capsys: Capture) -> None:
    """Else a bag that is not there yet is hidden behind an old signature."""
    office.change('id = "A"', 'id = "A"\nprepared_at = "2026-11-22T08:00:00+01:00"\nexpires_h = 24')
    for person in ("afischer", "bmeier"):
        assert office.sign(person, "--now", START) == 0
    capsys.readouterr()
    assert office.run("protocol", "check", office.file, "--now", "2026-11-22T07:00:00+01:00") == 0
    assert "bag A is prepared 2026-11-22 08:00 +01:00, after this start" in capsys.readouterr().out
