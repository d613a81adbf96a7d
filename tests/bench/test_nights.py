"""Nights through the shipped core: pauses, how soon a deep desaturation holds, and a second judge beside the pump."""

from __future__ import annotations

from pathlib import Path

import pytest

from toleramp.errors import UserError
from toleramp_bench.figures import nights
from toleramp_bench.figures.night_data import Beat, Night, low_runs, read_night, synthetic_night
from toleramp_bench.figures.plain_judge import DEFAULT, RULES, PlainJudge, Rule

LOOSEST = next(rule for rule in RULES if rule.by_pump and rule.delay_s == 20)


def course(*parts: tuple[float, int | None]) -> Night:
    """A night of (seconds, SpO2), a beat a second."""
    beats = [Beat(1.0, spo2, 60) for seconds, spo2 in parts for _ in range(round(seconds))]
    return Night("made", (Beat(0.0, beats[0].spo2, 60), *beats[1:]))


@pytest.mark.req("VIT-1", "VIT-4")
@pytest.mark.parametrize(("lowest", "lasts_s"), [(84, 3), (80, 30)])
def test_three_seconds_under_85_hold_by_the_loosest_rule_there_is(lowest: int, lasts_s: float) -> None:
    """Else a long delay costs a deep desaturation: the runs of a night that no other rule has held before."""
    found = nights.replay(course((70, 96), (lasts_s + 1, lowest), (90, 97)), LOOSEST)
    assert len(found.low_s) == 1 and 2.9 < found.low_s[0] <= nights.BAR_S
    assert [why for _, _, why in found.pauses] == ["spo2-stop"] and found.pauses[0][1] - found.pauses[0][0] > 60


@pytest.mark.req("VIT-1", "VIT-2", "VIT-5")
def test_a_second_judge_agrees_with_the_pump_through_a_synthetic_night() -> None:
    """Else one of the two does not do what the requirements say."""
    night = synthetic_night(0.5, seed=3)
    found = nights.replay(night, DEFAULT)
    print(nights.HEAD, nights.row(found), sep="\n")
    assert found.pauses and found.met
    apart = nights.differences(night, found)
    assert len(apart) <= 2 * len(found.pauses), "a sample or two at a hold's beginning"


@pytest.mark.req("VIT-1", "VIT-5")
def test_the_second_judge_s_rules_are_those_of_the_requirements() -> None:
    """Else both judges are wrong together, or a rule of the table is not what its name says."""

    def held_s(rule: Rule, *parts: tuple[float, int | None]) -> float:
        judge = PlainJudge(rule, None)
        for number, (spo2, pulse) in enumerate(course((5, 97), *parts).samples()):
            judge.feed(number / 3, spo2, pulse)
            if judge.why:
                return number / 3 - 5
        return -1

    plain = Rule("plain", delay_s=20)
    assert held_s(DEFAULT, (20, 92)) == pytest.approx(10, abs=0.4)
    assert held_s(plain, (30, 84)) == pytest.approx(3, abs=0.4)
    assert held_s(plain, (30, 87)) == pytest.approx(50 / 6, abs=0.4)
    assert held_s(Rule("no sum", delay_s=20, total=False), (30, 87)) == pytest.approx(20, abs=0.4)
    dips = [(3, 91), (9, 97)] * 3
    assert held_s(plain, *dips) == pytest.approx(26, abs=0.4)
    assert held_s(Rule("no three", delay_s=20, three=False), *dips) == -1
    assert held_s(DEFAULT, (30, None)) == pytest.approx(15, abs=0.4)


@pytest.mark.req("VIT-1")
def test_runs_are_found_and_bad_files_refused(tmp_path: Path) -> None:
    """Else a figure counts what is no run, or a file with a slip is half a night."""
    assert low_runs([84] * 9 + [90] + [84] * 8 + [None] + [80] * 12) == [(0, 9), (19, 31)]
    path = tmp_path / "night.csv"
    path.write_text("0.9,97,66\n0.8,127,66\n0.8,x,66\n")
    with pytest.raises(UserError, match="is no beat"):
        read_night(path)
    path.write_text("0.9,97,66,1,2\n0.8,127,66\n")
    assert read_night(path).beats == (Beat(0.9, 97, 66), Beat(0.8, None, 66))
    with pytest.raises(UserError, match="no night"):
        nights.nights(tmp_path / "none")


@pytest.mark.req("VIT-1", "VIT-5")
def test_the_deepest_stretch_of_a_recorded_night(shared_folder: Path) -> None:
    """Else what is made up is like no patient. The first run under 85 %, and what was before; `make bench` has all."""
    for path in sorted((shared_folder / "oximeters" / "traces").glob("*.csv.gz")):
        night = read_night(path)
        lows = [number for number, beat in enumerate(night.beats) if beat.spo2 is not None and beat.spo2 < 85]
        if not lows:
            continue
        part = Night(night.name, night.beats[lows[0] - 150 : lows[0] + 60])
        found = nights.replay(part, LOOSEST)
        print(nights.row(found))
        assert found.met
