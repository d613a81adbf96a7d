"""What people at a laptop are told beside what a device refuses, and that every rule has words (PRO-6)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import toleramp
from pump.protocol import rules
from pump.protocol.protocol import LINE_FILL, Protocol, Step
from pump.tables import refusals
from toleramp.protocol.file import read_protocol
from toleramp.protocol.rule_rows import BY_MOUTH, MESSAGES, OF_STEPS, finding_rows

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
RULES = Path(rules.__file__)


def sample(folder: Path, *changes: tuple[str, str], count: int = 1) -> Protocol:
    """The shipped protocol with texts replaced."""
    text = SAMPLE.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, count)
    path = folder / "worded.toml"
    path.write_text(text, "utf-8")
    return read_protocol(path)


def told(protocol: Protocol, code: str) -> list[tuple[str, str, str]]:
    """(severity, where, message) of the rows of one code."""
    return [(row["severity"], row["where"], row["message"]) for row in finding_rows(protocol) if row["code"] == code]


@pytest.mark.req("FLO-1", "PRO-6")
@pytest.mark.parametrize(
    ("rate", "nearest", "off"),
    [
        ("1.875", "1.9", "+1.3"), ("4.6875", "4.7", "+0.3"), ("9.375", "9.4", "+0.3"), ("2.25", "2.2", "-2.2"),
        ("1.9999", "2", "+0.0"), ("0.1001", "0.1", "-0.1"), ("2.0", None, None), ("0.1", None, None),
    ],
)  # fmt: skip
def test_a_rate_that_other_pumps_cannot_be_set_to_is_told_with_the_nearest(
    tmp_path: Path, rate: str, nearest: str | None, off: str | None
) -> None:
    """Else a nurse with the spare pump learns it at the bedside."""
    protocol = sample(tmp_path, ("rate_ml_h = 2.0", f"rate_ml_h = {rate}"))
    rows = told(protocol, "rate-resolution")
    if nearest is None:
        assert rows == []
        return
    ((severity, where, message),) = rows
    assert (severity, where) == ("warning", "step 1")
    assert f"{rate} mL/h cannot be set by hand" in message and f"is {nearest} mL/h ({off} %)" in message
    assert "rate-resolution" not in {code for _, code, _, _ in rules.findings(protocol)}  # the pump itself can


@pytest.mark.req("PRO-6")
def test_the_same_step_twice_in_a_row_is_told(tmp_path: Path) -> None:
    """Else a line copied once too often lengthens a step unseen."""
    step = '[[step]]\nsolution = "A"\nrate_ml_h = 5.0\nminutes = 15.0\n'
    protocol = sample(tmp_path, (step, step + step))
    assert told(protocol, "duplicate") == [
        ("warning", "step 3", "this step is exactly the one before: is it meant twice?")
    ]
    assert "duplicate" not in {code for _, code, _, _ in rules.findings(protocol)}
    assert told(sample(tmp_path), "duplicate") == []
    apart = sample(tmp_path, (step, step + step.replace("15.0", "16.0")))
    assert told(apart, "duplicate") == []


@pytest.mark.req("PRO-6")
def test_the_same_dose_by_mouth_twice_is_told(tmp_path: Path) -> None:
    """Else a line copied once too often doubles a dose unseen."""
    from test_oral_files import ORAL

    path = tmp_path / "oral.toml"
    path.write_text(ORAL.replace("1.999999999\nminutes = 20", "1.000000001\nminutes = 15"), "utf-8")
    assert [row[1] for row in told(read_protocol(path), "duplicate")] == ["step 2"]


@pytest.mark.req("PRO-1", "PRO-6")
def test_every_code_of_the_rules_has_words() -> None:
    """Else people read "vein-ratio" and guess."""
    named = re.findall(r'(?:ERROR|WARNING), (?:"([a-z-]+)"|refusals\.([A-Z_]+))', RULES.read_text("utf-8"))
    codes = {getattr(refusals, constant or name.upper().replace("-", "_")) for name, constant in named}
    rises = {code for code in codes if refusals.GROUP[code] & refusals.RISE}
    worded = {*rises, refusals.DEAD_VOLUME, refusals.RANGE}
    assert len(codes) >= 16 and codes - worded <= set(MESSAGES) | set(OF_STEPS)
    assert set(BY_MOUTH) <= set(MESSAGES) | set(OF_STEPS)


@pytest.mark.req("PRO-2", "PRO-3", "PRO-7")
def test_the_words_fit_the_finding(tmp_path: Path) -> None:
    """Else what is said is not what was found."""
    line = ("line_dead_volume_ml = 0.3", "line_dead_volume_ml = 20")
    thick = sample(tmp_path, line)
    ((severity, where, message),) = told(thick, "vein-ratio")[-1:]
    assert (severity, where) == ("error", "step 12") and "at the vein" in message and "9.93-fold" in message
    two = sample(tmp_path, ("rate_ml_h = 5.0", "rate_ml_h = 5.4"))
    ((severity, where, message),) = told(two, "ratio-two-person")
    assert severity == "warning" and "rises 2.70-fold" in message and "above 2.6 two people" in message
    low = sample(tmp_path)
    low.full_dose_pg += low.full_dose_pg // 100
    assert told(low, "dose-sum") == [("error", "protocol", MESSAGES[refusals.DOSE_SUM])]
    filled = sample(tmp_path)
    filled.steps.insert(8, Step(2, LINE_FILL, 400_000, 450_000, 5_000_000))  # 9.9 mg of bag C
    ((severity, where, message),) = told(filled, "dose-sum")
    assert (severity, where) == (
        "error",
        "protocol",
    ) and "509.332 mg reach the vein" in message  # 0.595 mg stay in the line
    assert "4.7 mL of the new bag go into the vein" in told(filled, "line-fill")[0][2]
    late = sample(tmp_path)
    late.steps.insert(2, Step(0, LINE_FILL, 50_000, 21_600, 30_000))
    assert ("error", "step 3", "a line-fill belongs before the first infusion step of its bag") in told(late, "order")
