"""`protocol new`: what cannot be compiled is told by the option that is to blame, with what it may be."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_protocol_new import new, no_terminal

from toleramp.errors import UserError
from toleramp.protocol.file import compile_file
from toleramp.protocol.templates import BY_NAME, order
from toleramp.protocol.templates.exact import plain
from toleramp.protocol.templates.options import NUMBERS, Option
from toleramp.protocol.templates.write import protocol_text

__all__ = ["no_terminal"]  # for every test here
ORDER = {"drug": "x", "max_hold_min": "120", "line_dead_volume_ml": "0.3", "primed_with": "saline", "code": "1"}
CSV = "solution,rate_ml_h,minutes\nA,2,15\nA,5,15\nB,5,15\nB,10,15\nB,20,\n"
HELPS = {
    r"--([a-z-]+) may be at (?:most|least) ([\d.]+)": None,
    r"bags (?:from|of) ([\d.]+) mL work": "bag_ml",
}


def compiled(name: str, options: dict[str, str]) -> None:
    """Writes and compiles what a template makes of these options, and of usual ones. Raises UserError."""
    template = BY_NAME[name]
    keys = {option.key for option in template.every_option()}
    texts = {key: text for key, text in ORDER.items() if key in keys}
    unit = "u" if any(key in options for key in ("dose_u", "dose_u_per_kg", "first_dose_u")) else "mg"
    if not {"dose_mg", "dose_u", "dose_mg_per_kg", "dose_u_per_kg"} & options.keys():
        texts[f"dose_{unit}"] = "500"
    if "first_dose_mg" in keys and not {"first_dose_mg", "first_dose_u", "shares"} & options.keys():
        texts[f"first_dose_{unit}"] = "1"
    with TemporaryDirectory() as folder:
        (Path(folder) / "s.csv").write_text(CSV, "utf-8")
        if name == "custom":
            texts["csv"] = str(Path(folder) / "s.csv")
        values = order.read(template, order.answers(template, {**texts, **options}))
        plan, made_unit = order.build(template, values)
        (Path(folder) / "a.toml").write_text(protocol_text(name, values, plan, made_unit), "utf-8")
        compile_file(Path(folder) / "a.toml")


def demand_told(name: str, options: dict[str, str]) -> None:
    """Either it compiles, or one line names an option, and what it advises compiles."""
    try:
        compiled(name, options)
        return
    except UserError as error:
        line = str(error)
    assert "--" in line and "\n" not in line and "a.toml" not in line, (name, options, line)
    for pattern, key in HELPS.items():
        found = re.search(pattern, line)
        if found and (key is None or len(options) == 1):
            advised = {key: found[1]} if key else {found[1].replace("-", "_"): found[2]}
            compiled(name, {**options, **advised})


def extremes(option: Option) -> list[str]:
    """The bounds of an option and a few values between."""
    if option.kind == "choice":
        return list(option.choices)
    if option.kind == "text":
        return ["x" * option.longest, "é" * (option.longest // 2)]
    if option.kind not in NUMBERS:
        return []
    finest = Fraction(1, 10 ** (0 if option.kind == "whole" else option.digits))
    low, high = Fraction(option.low), Fraction(option.high)
    between = [round(high * part / finest) * finest for part in (Fraction(1, 3), Fraction(1, 100), Fraction(1, 10**5))]
    return [plain(value) for value in (low, max(low, finest), high, *between) if low <= value <= high]


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize("name", BY_NAME)
def test_every_extreme_of_every_option_is_compiled_or_told(name: str) -> None:
    """Else a value that an option takes ends in "out of bounds (range, record 32)"."""
    for option in BY_NAME[name].every_option():
        by_weight = {"weight_kg": "70"} if option.key.endswith("_per_kg") else {}
        for text in extremes(option):
            demand_told(name, {**by_weight, option.key: text})


@pytest.mark.req("PRO-6")
@settings(max_examples=150)
@given(st.sampled_from(sorted(BY_NAME)), st.data())
def test_extremes_of_several_options_are_compiled_or_told(name: str, data: st.DataObject) -> None:
    """Else two options that are possible alone fail together without a name."""
    doses = ("dose", "drug", "name", "code", "max_hold_min")
    options = [o for o in BY_NAME[name].every_option() if extremes(o) and not any(word in o.key for word in doses)]
    chosen = data.draw(st.lists(st.sampled_from(options), min_size=2, max_size=4, unique_by=lambda option: option.key))
    demand_told(name, {option.key: data.draw(st.sampled_from(extremes(option))) for option in chosen})


# By hand: the last step gives 0.93 of the bag in the BWH ladders (232.5 of 250 mL), 346.25 of 500 mL in the other.
@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("bwh-12", ["--bag-ml", "1500"], "step 12: 1395 mL are more than the 1000 mL that a step may have"),
        ("bwh-12", ["--bag-ml", "1500"], "--bag-ml may be at most 1075.2 mL"),
        ("bwh-12", ["--bag-ml", "2000"], "--bag-ml may be at most 1075 mL"),
        ("bwh-12", ["--bag-ml", "2200"], "--bag-ml may be at most 1075.2 mL"),
        ("bwh-8", ["--bag-ml", "3000"], "--bag-ml may be at most 1075.2 mL"),
        ("one-bag", ["--bag-ml", "3000"], "--bag-ml may be at most 1444 mL"),
        ("bwh-12", ["--overfill-ml", "1000"], "--overfill-ml may be at most 767.5 mL"),
        ("bwh-12", ["--overfill-ml", "2900"], "bag A: 3150 mL with its overfill is more than the 3000 mL"),
        ("bwh-12", ["--dwell-min", "600"], "bag A: its steps draw 370 mL of 250; --dwell-min may be at most 200 min"),
        ("bwh-12", ["--final-rate", "0.1"], "step 12: it would last 139500 min"),
        ("bwh-12", ["--bag-ml", "3000", "--dwell-min", "480"], "change --bag-ml, --dwell-min"),
    ],
)  # fmt: skip
def test_a_cause_by_name(
    name: str, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the reader of a record's number has to find the option by trial."""
    assert new(tmp_path / "a.toml", "--dose-mg", "500", *words, template=name) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not (tmp_path / "a.toml").exists()


@pytest.mark.req("PRO-6")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bag_ml": "1"}, "bags from 12.5 mL work (--bag-ml)"),
        ({"bag_ml": "12.475"}, "bags from 12.5 mL work (--bag-ml), or --first-rate 0.1"),
        ({"first_rate": "0.05", "bag_ml": "1"}, "--first-rate from 0.1 works"),
        ({"scaled_final_rate": "0.0001"}, "--scaled-final-rate may be at least 3.998 mL/h"),
    ],
)
def test_only_what_helps_is_advised(options: dict[str, str], words: str) -> None:
    """Else the advice is followed, and fails too."""
    with pytest.raises(UserError) as error:
        compiled("bwh-12", options)
    assert error.value.remedy == words
