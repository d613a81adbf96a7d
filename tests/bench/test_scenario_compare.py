"""Two targets that do the same agree; whatever they do differently is a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scenario_kit import Story, held_step, scenario, two_steps

from toleramp_bench.runs.compare import differences
from toleramp_bench.runs.result import result

pytestmark = pytest.mark.req("TST-1")


def shifted(story: Story, ms: int, since_ms: int = 0) -> Story:
    """The same run, all from `since_ms` on later."""
    for record in story.records:
        record["t_ms"] += ms * (record["t_ms"] >= since_ms)
    story.moved = [t + ms * 1000 * (t >= since_ms * 1000) for t in story.moved]
    return story


def found(folder: Path, one: Story, other: Story, states: tuple[str, str] = ("completed",) * 2) -> list[str]:
    """The differences of two runs, core and rp2040, a scan of 20 ms."""
    read = scenario(folder)
    documents: list[dict[str, Any]] = [
        result(read, story.told(state, target=target))
        for story, state, target in zip((one, other), states, ("core", "rp2040"), strict=True)
    ]
    return differences(read, documents[0], documents[1], 20)


def test_the_same_run_differs_in_nothing(tmp_path: Path) -> None:
    """Else every comparison cries."""
    assert found(tmp_path, two_steps(), two_steps()) == []
    assert found(tmp_path, held_step(), held_step()) == []


def test_times_count_from_the_start_and_loading_takes_what_it_takes(tmp_path: Path) -> None:
    """Else a slower loading line looks like a slower pump."""
    assert found(tmp_path, two_steps(), shifted(two_steps(), 700, 5)) == []  # all but boot
    unarmed = [Story().log(t_ms, "boot").log(3_000 + t_ms, "paused", 1, "stop-button") for t_ms in (0, 23)]
    assert found(tmp_path, *unarmed) == ["paused (stop-button) in step 1: 23 ms later on rp2040; 20 ms are allowed"]


@pytest.mark.parametrize(("ms", "lines"), [(0, 0), (20, 0), (23, 1)])
def test_what_a_pump_says_when_it_comes_back_counts_from_there(tmp_path: Path, ms: int, lines: int) -> None:
    """Else an image that starts 41 ms later is 41 ms late; or a late telling hides in the start."""
    back = [two_steps().log(45_000, "boot"), two_steps().log(45_041, "boot")]
    told = [story.log(at_ms, "session_lost", arg=2) for story, at_ms in zip(back, (45_000, 45_041 + ms), strict=True)]
    assert found(tmp_path, *told) == ["session_lost: 23 ms later on rp2040; 20 ms are allowed"] * lines


@pytest.mark.parametrize("other", ["clock-answers", None])
def test_a_check_that_fails_on_one_target_alone_is_told(tmp_path: Path, other: str | None) -> None:
    """Else a board whose self-test finds another thing than the core's passes for the same pump."""
    one, two = two_steps().log(45_000, "self_test", code="fram"), two_steps()
    if other:
        two.log(45_000, "self_test", code=other)
    lines = found(tmp_path, one, two)
    assert "only on core: self_test (fram) at 00:00:45.000" in lines and len(lines) == 1 + bool(other)


@pytest.mark.parametrize(("ms", "lines"), [(20, 0), (23, 1), (-20, 0), (-23, 1)])
def test_a_scan_apart_is_allowed_and_no_more(tmp_path: Path, ms: int, lines: int) -> None:
    """Else a late stop passes, or one scan's phase is a finding."""
    late = found(tmp_path, two_steps(), shifted(two_steps(), ms, 20_000))
    assert len(late) == lines
    if lines:
        late_on = "rp2040" if ms > 0 else "core"
        assert late[0] == f"step_completed in step 1: 23 ms later on {late_on}; 20 ms are allowed"


def test_a_scan_a_step_adds_up_and_alarms_come_by_turns(tmp_path: Path) -> None:
    """Else twelve steps, each a scan longer, look like one that is late; or an alarm of seconds passes."""
    steady = shifted(shifted(two_steps(), 20, 20_000), 20, 38_000)
    assert found(tmp_path, two_steps(), steady) == []
    for late_ms, lines in ((160, 0), (163, 1)):
        slow = held_step()
        slow.records[3]["t_ms"] += late_ms
        assert len(found(tmp_path, held_step(), slow)) == lines


def test_a_file_may_allow_more(tmp_path: Path) -> None:
    """Else [differences] means nothing."""
    read = replace(scenario(tmp_path), allow_ms=50)
    one = result(read, two_steps().told(target="core"))
    for ms, lines in ((50, 0), (53, 1)):
        other = result(read, shifted(two_steps(), ms, 20_000).told(target="core"))
        assert len(differences(read, one, other, 20)) == lines
        assert all("core (second)" in line for line in differences(read, one, other, 20))


@pytest.mark.parametrize(("allow_ms", "apart_ms", "lines"), [(None, 0, 2), (50, 40, 0), (50, 80, 2)])
def test_two_events_may_come_the_other_way_round_where_the_file_allows_the_time(
    tmp_path: Path, allow_ms: int | None, apart_ms: int, lines: int
) -> None:
    """Else two parts that are asked by turns are a difference, or an order that matters is forgiven."""
    read = replace(scenario(tmp_path), allow_ms=allow_ms)
    one, other = held_step(), held_step()
    held, alarm = other.records[2:4]
    other.records[2:4] = [{**alarm, "t_ms": held["t_ms"] + apart_ms}, {**held, "t_ms": alarm["t_ms"] + apart_ms}]
    documents = [result(read, story.told(target=name)) for story, name in ((one, "core"), (other, "rp2040"))]
    found_in = [line for line in differences(read, *documents, 20) if line.startswith("only on")]
    assert len(found_in) == lines


def test_an_event_that_only_one_has_is_named_with_its_target(tmp_path: Path) -> None:
    """Else an alarm that one target forgets goes unseen."""
    forgetful = held_step()
    del forgetful.records[3]
    said = "alarm_raised (spo2-stop) in step 1 at 00:00:11.060"
    assert found(tmp_path, held_step(), forgetful) == [f"only on core: {said}"]
    assert found(tmp_path, forgetful, held_step()) == [f"only on rp2040: {said}"]


def test_the_order_counts_even_for_what_has_no_time(tmp_path: Path) -> None:
    """Else two boots, or a self-test after the loading, go unseen."""
    twice = two_steps()
    twice.records.insert(0, dict(twice.records[0]))
    assert found(tmp_path, two_steps(), twice) == ["only on rp2040: boot at 00:00:00.000"]
    swapped = two_steps()
    swapped.records[0], swapped.records[1] = swapped.records[1], swapped.records[0]
    assert len(found(tmp_path, two_steps(), swapped)) == 2


def test_another_code_or_bag_is_another_event(tmp_path: Path) -> None:
    """Else one target may hold for another reason, or ask for another bag."""
    other = held_step()
    other.records[2]["code"] = "pulse-stop"
    assert len(found(tmp_path, held_step(), other)) == 2
    bag = two_steps()
    bag.records[3]["arg"] = 2
    assert [line.split(" in step")[0] for line in found(tmp_path, two_steps(), bag)] == [
        "only on core: bag_requested A",
        "only on rp2040: bag_requested C",
    ]


@pytest.mark.req("FLO-5")
@pytest.mark.parametrize(("pulses", "lines"), [(0, 0), (1, 0), (2, 1)])
def test_volumes_agree_to_one_pulse(tmp_path: Path, pulses: int, lines: int) -> None:
    """Else a lost pulse a step goes unseen, or the one of rounding is a finding."""
    more = two_steps()
    more.moved += [19_900_000 + n for n in range(pulses)]
    told = found(tmp_path, two_steps(), more)
    assert len(told) == lines
    if lines:
        assert told == ["step 1: 0.01 mL on core, 0.0102 mL on rp2040; 0.0001 mL are allowed"]


def test_flow_outside_all_steps_is_a_difference_too(tmp_path: Path) -> None:
    """Else a motor that creeps before the start goes unseen."""
    creeping = two_steps()
    creeping.moved += [1_100_000 + n for n in range(3)]
    assert found(tmp_path, two_steps(), creeping)[0].startswith("all: 0.035 mL on core, 0.0353 mL on rp2040")


def test_final_states_and_runs_of_steps_are_compared(tmp_path: Path) -> None:
    """Else one target may end held where the other completes."""
    told = found(tmp_path, two_steps(), two_steps(), ("completed", "held"))
    assert told == ["final state: completed on core, held on rp2040"]
    again = two_steps().log(40_000, "step_started", 2)
    assert "runs of steps: 1, 2 on core, 1, 2, 2 on rp2040" in found(tmp_path, two_steps(), again)


def test_a_run_that_went_another_way_is_told_in_a_few_lines(tmp_path: Path) -> None:
    """Else nobody reads the list."""
    long = two_steps()
    for n in range(100):
        long.log(50_000 + n, "pressed", 2)
    told = found(tmp_path, two_steps(), long)
    assert len(told) == 21 and told[-1] == "and 80 more differences"


@pytest.mark.parametrize(("at_ms", "lines"), [(40_000, 1), (40_977, 1), (40_990, 0)])
@pytest.mark.parametrize("longer", ["core", "rp2040"])
def test_what_only_the_longer_run_has_time_for_is_no_difference(
    tmp_path: Path, at_ms: int, lines: int, longer: str
) -> None:
    """Else a press in the last scan of a run is a difference of the pumps, now and then; or a missing alarm is none."""
    read = scenario(tmp_path)
    told = {target: result(read, story.told("held", 41_000, target)) for target, story in
            (("core", two_steps()), ("rp2040", two_steps()))}  # fmt: skip
    told[longer] = result(read, two_steps().log(at_ms, "pressed", 2).told("held", 41_000, longer))
    assert len(differences(read, told["core"], told["rp2040"], 20)) == lines


def test_the_end_is_counted_from_what_both_have(tmp_path: Path) -> None:
    """Else a board that starts 700 ms later has to have said all by the core's clock."""
    read = scenario(tmp_path)
    core = result(read, two_steps().log(41_000, "pressed", 2).told("held", 41_000, "core"))
    board = result(read, shifted(two_steps(), 700, 5).told("held", 41_700, "rp2040"))
    assert differences(read, core, board, 20) == []
    board = result(read, shifted(two_steps(), 700, 5).told("held", 41_900, "rp2040"))
    assert differences(read, core, board, 20) == ["only on core: pressed in step 2 at 00:00:41.000"]
