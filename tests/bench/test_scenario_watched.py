"""Scenario words for what people see, hear and press at once, and for what a pump writes: met, missed, and misspelt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toleramp.errors import UserError
from toleramp_bench.devices.glyphs import COUNT, Reader, doubled
from toleramp_bench.devices.screen import Screen
from toleramp_bench.places import standard_protocol
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.runs.shown import Shown, lines_of
from toleramp_bench.scenario.reader import read_scenario

HEAD = f"""format = 1
name = "words"
protocol = "{standard_protocol()}"
dose_scale = 0.02
staff_delay_s = 2
[end]
after = "paused"
plus = "00:00:12"
"""
LOW = """[[event]]
id = "low"
after = "step_started"
plus = "00:00:02"
do = "oximeter"
samples = [[86, 72, 4], [97, 72, 0.4]]
repeat = 5
"""


def told(folder: Path, more: str, target: str = "core") -> list[dict[str, Any]]:
    """The judged expectations of a run."""
    path = folder / "words.toml"
    path.write_text(HEAD + more, "utf-8")
    scenario = read_scenario(path)
    return list(execute(scenario, make_target(target, scenario)).document["expectations"])


def expect(*lines: str) -> str:
    """One expectation."""
    return "[[expect]]\n" + "\n".join(lines) + "\n"


MET = [
    ('screen = "HELD SPO2 STOP"', 'of = "paused"', "within_s = 2"),
    ('screen = "NO SPO2 SIGNAL"', "never = true"),
    ('event = "alarm_raised"', 'code = "spo2-stop"', 'priority = "high"', "sound = true"),
    ("sound = true", 'of = "paused"', "within_s = 3"),
    ("sound = false", "within_s = 5"),
    ("records_per_hour_under = 100",),
    ("records_per_hour_under = 3", 'event = "alarm_raised"', 'code = "spo2-stop"'),
    ('count = "paused"', "under = 2"),
    ('never = "resumed"', 'of = "low"', "within_s = 30"),
]
MISSED = [
    ('screen = "HELD SPO2 STOP"', "within_s = 5"),
    ('screen = "HELD"', "never = true"),
    ('event = "alarm_raised"', 'code = "spo2-stop"', 'priority = "low"'),
    ('event = "alarm_raised"', 'code = "spo2-stop"', "sound = false"),
    ("sound = false", 'of = "paused"', "within_s = 8"),
    ("records_per_hour_under = 10",),
    ('count = "paused"', "under = 1"),
    ('never = "paused"', 'of = "low"', "within_s = 30"),
    ('screen = "HELD"', 'of = "completed"'),
]


@pytest.mark.req("ALM-2", "ALM-7")
@pytest.mark.parametrize("target", ["core", "unix"])
def test_what_is_seen_heard_and_written_is_found(tmp_path: Path, target: str) -> None:
    """Else the text that people see and the tone that they hear are nobody's."""
    judged = told(tmp_path, LOW + "".join(expect(*lines) for lines in MET), target)
    assert all(row["met"] for row in judged), judged


@pytest.mark.req("ALM-2", "ALM-7")
@pytest.mark.parametrize("lines", MISSED)
def test_what_is_not_there_is_missed(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Else a scenario says that a text stood on the screen, and nobody looked."""
    (row,) = told(tmp_path, LOW + expect(*lines))
    assert not row["met"], row


@pytest.mark.req("ALM-2", "ALM-7")
def test_on_the_board_too(tmp_path: Path) -> None:
    """Else the pixels on the board, and the tone of the buzzer's pin, are nobody's, or never wrong."""
    judged = told(tmp_path, LOW + "".join(expect(*lines) for lines in (*MET, *MISSED[3:5])), "rp2040")
    assert [row["met"] for row in judged] == [True] * len(MET) + [False] * 2, judged


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (expect('screen = "a text that is longer"'), "16 characters"),
        (expect('event = "paused"', 'priority = "high"'), "no alarm's record"),
        (expect('event = "alarm_raised"', 'priority = "urgent"'), "priority"),
        (expect('never = "paused"', 'of = "low"', 'after = "low"'), "say the same"),
        (expect('never = "paused"', "within_s = 3"), "within_s without of"),
        (expect("records_per_hour_under = 5", 'code = "x"'), "code without event"),
        (expect("sound = 1"), "true or false"),
        (LOW.replace("[86, 72, 4]", "[86, 72]"), "[spo2, pulse, seconds]"),
        (LOW.replace("86, 72", "186, 72"), "0 to 100"),
        (LOW.replace("samples = [[86, 72, 4], [97, 72, 0.4]]", "spo2 = 90"), "repeat without samples"),
        ('[[event]]\nat = "00:00:09"\ndo = "press"\nbuttons = ["start"]\noverlap_ms = 5\n', "overlap_ms without two"),
        ('[[event]]\nat = "00:00:09"\ndo = "press"\nbuttons = ["start", "up"]\noverlap_ms = 500\n', "longer than each"),
        ('[[event]]\nat = "00:00:09"\ndo = "oximeter"\nswap = "masimo"\n', "masimo"),
    ],
)
def test_a_word_that_is_used_wrongly_is_named(tmp_path: Path, more: str, named: str) -> None:
    """Else a misspelt expectation is one that is always met."""
    with pytest.raises(UserError, match="words.toml") as fault:
        told(tmp_path, more)
    assert named in str(fault.value)


def test_a_rig_has_no_eyes() -> None:
    """Else a run on the rig says that a text stood there."""
    from toleramp_bench.targets.base import NotOnTarget
    from toleramp_bench.targets.rig import RigTarget

    with pytest.raises(NotOnTarget, match="reads the screen"):
        RigTarget.watch(object.__new__(RigTarget), lambda *_: None)


def test_letters_are_read_from_pixels() -> None:
    """Else a screen with a wrong cell reads as a right one."""
    letters = bytes((number * 7 + column * 31 + 1) % 256 for number in range(COUNT) for column in range(8))
    reader, screen = Reader(letters), Screen()
    assert reader.text(screen) == b" " * 64  # dark
    screen.on = True
    wanted = b"STEP 1/12 BAG A!" * 4
    for at, code in enumerate(wanted):
        line, column = divmod(at, 16)
        for n, bits in enumerate(letters[(code - 32) * 8 : (code - 31) * 8]):
            flip = 255 if line == 3 else 0  # an alarm's line is inverted
            screen.ram[2 * line * 128 + column * 8 + n] = doubled(bits & 15) ^ flip
            screen.ram[(2 * line + 1) * 128 + column * 8 + n] = doubled(bits >> 4) ^ flip
    assert lines_of(reader.text(screen)) == ["STEP 1/12 BAG A!"] * 4
    screen.ram[5] ^= 1
    assert lines_of(reader.text(screen))[0].startswith("?")


def test_a_stretch_of_time_is_looked_at_from_its_beginning() -> None:
    """Else what stood there before counts for nothing, or what came after for all."""
    shown = Shown()
    for t_us, face, hz in ((0, b"A" * 64, 0), (10, b"B" * 64, 660), (20, b"A" * 64, 660), (30, b"A" * 64, 0)):
        shown.look(t_us, face, hz)
    assert list(shown.with_text("B", 12, 14)) == [12] and list(shown.with_text("B", 20, 30)) == []
    assert list(shown.with_tone(25, 40)) == [25] and list(shown.with_tone(31, 40)) == []
