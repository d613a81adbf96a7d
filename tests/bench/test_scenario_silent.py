"""Nothing of a scenario file passes in silence: an event that never came, one that nobody carried out, an open name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from scenario_kit import CONTRACT, HEAD, event, expect, fault, held_step, scenario, written

from toleramp_bench.names import EVENTS
from toleramp_bench.places import ROOT, standard_protocol
from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.result import result
from toleramp_bench.scenario import not_yet
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.scenario.words import codes_of
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")

SHORT = HEAD.replace("0.02", "0.004") + "staff_delay_s = 1\n"
ALONE = SHORT + 'staff = "none"\n'
START = (
    event('press"\nbutton = "start', 'at = "00:00:06"')
    + event('hang"\ncode = "TLR-A-0001', 'at = "00:00:07"')
    + event('press"\nbutton = "confirm', 'at = "00:00:08"')
)
STOPPED = event('press"\nid = "stop"\nbutton = "stop', 'after = "step_started"\nplus = "00:00:01"')


def ran(folder: Path, text: str) -> dict[str, Any]:
    """The document of a run on the core."""
    return execute(read_scenario(written(folder, text)), CoreTarget()).document


def names(document: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Names and codes of a run's records."""
    return [(record["event"], record.get("code")) for record in document["events"]]


# -- actions that never came

NEVER_CAME = [
    ('after = "paused"', "event 1 (x) comes: press after paused", "paused never came; the run ended at 00:01:"),
    ('after = "step_started"\nstep = 1\nnth = 2', "after step_started in step 1, number 2", "only 1 of 2 step_started"),
    ('at = "01:00:00"', "press at 01:00:00.000", "the run ended before, at 00:01:"),
    ('after = "completed"\nplus = "00:10:00"', "press 00:10:00.000 after completed", "completed came at 00:01:"),
    ('after = "paused"\ncode = "spo2-stop"', "press after paused (spo2-stop)", "paused (spo2-stop) never came"),
]


@pytest.mark.parametrize(("when", "text", "why"), NEVER_CAME)
def test_a_run_without_one_of_its_events_fails(tmp_path: Path, when: str, text: str, why: str) -> None:
    """Else a pump passes that never met the fault which the file is about."""
    document = ran(tmp_path, SHORT + event('press"\nid = "x"\nbutton = "stop', when) + expect('never = "fault"'))
    assert [item["met"] for item in document["expectations"]] == [True, False] and document["passed"] is False
    said = document["expectations"][1]
    assert text in said["text"] and said["why"].startswith(why), said


def test_what_waits_for_an_event_that_never_came_is_named_too(tmp_path: Path) -> None:
    """Else only the first of a chain is told, and the rest looks carried out."""
    text = event('press"\nid = "x"\nbutton = "up', 'after = "locked"') + event('release"\nid = "y', 'after = "x"')
    found = result(scenario(tmp_path, text), held_step().told())["expectations"]
    assert [item["why"].partition(";")[0] for item in found] == ["locked never came", "x never came"]


def test_an_event_at_the_very_end_has_come(tmp_path: Path) -> None:
    """Else the last event of a good file fails it."""
    text = event('press"\nid = "x"\nbutton = "up', 'at = "00:00:06"') + '[end]\nafter = "x"\n' + expect('event = "x"')
    document = ran(tmp_path, SHORT + text)
    assert document["passed"] and len(document["expectations"]) == 1


def test_a_fixed_end_before_an_event_stays_a_fault_of_the_file(tmp_path: Path) -> None:
    """Else it is found only after the run."""
    assert "30 s after the end" in fault(tmp_path, SHORT + event("release", 'at = "00:01:00"') + '[end]\nat="00:00:30"')


def test_a_file_without_expectations_runs(tmp_path: Path) -> None:
    """Else nobody can just look at a run."""
    document = ran(tmp_path, SHORT + '[end]\nat = "00:00:10"\n')
    assert document["passed"] is True and document["expectations"] == []


# -- nobody attends, but the event says it


def test_signs_are_entered_though_nobody_attends(tmp_path: Path) -> None:
    """Else the reaction that a file tells of never happens, and the drug flows on."""
    body = event('reaction"\nid = "r"\nsigns = "wheeze', 'after = "step_started"\nplus = "00:00:01"')
    document = ran(tmp_path, ALONE + START + body + '[end]\nat = "00:00:20"\n' + expect('event = "locked"'))
    assert document["passed"], document["expectations"]
    at = {action["id"]: action["t_ms"] for action in document["actions"]}["r"]
    paused = next(record for record in document["events"] if record["event"] == "paused")
    assert paused["code"] == "stop-button" and paused["t_ms"] - at <= 100  # at once: the event has its own time


def test_after_a_mild_reaction_nothing_is_pressed_that_no_event_says(tmp_path: Path) -> None:
    """Else staff = "none" has staff: a resume that the file does not tell of."""
    body = event('reaction"\nsigns = "hives', 'after = "step_started"\nplus = "00:00:01"')
    document = ran(tmp_path, ALONE + START + body + '[end]\nat = "00:01:30"\n')
    assert ("reaction", "mild") in names(document) and document["final_state"] == "held"
    assert not {"decision", "resumed"} & {name for name, _ in names(document)}


@pytest.mark.parametrize("word", ["technical", "severe", "end"])
def test_a_grade_that_an_event_decides_is_entered(tmp_path: Path, word: str) -> None:
    """Else "decide" says something that nobody does."""
    body = STOPPED + event(f'decide"\nchoice = "{word}', 'after = "stop"\nplus = "00:00:01"')
    document = ran(tmp_path, ALONE + START + body + '[end]\nat = "00:01:00"\n')
    wanted = {"technical": ("decision", word), "severe": ("locked", word), "end": ("stopped", word)}[word]
    assert wanted in names(document) and "resumed" not in dict(names(document))


def test_a_step_that_an_event_decides_is_entered_and_the_two_presses_are_the_file_s(tmp_path: Path) -> None:
    """Else the way back of a file without staff is not gone."""
    body = event('reaction"\nid = "r"\nsigns = "itch', 'after = "step_started"\nstep = 2\nplus = "00:00:01"')
    body += event('decide"\nchoice = "one-back', 'after = "r"')
    presses = event('press"\nid = "s"\nbutton = "start', 'after = "decision"\nplus = "00:00:02"')
    presses += event('press"\nid = "c"\nbutton = "confirm', 'after = "s"\nplus = "00:00:01"')
    end = '[end]\nat = "00:00:40"\n'
    document = ran(tmp_path, ALONE + START + body + presses + end + expect('event = "decision" / step = 1'))
    assert document["passed"], document["expectations"]
    resumed = next(record for record in document["events"] if record["event"] == "resumed")
    done = {action["id"]: action["t_ms"] for action in document["actions"]}
    assert done["c"] <= resumed["t_ms"] <= done["c"] + 500
    alone = ran(tmp_path, ALONE + START + body + end)
    assert ("decision", "mild") in names(alone) and "resumed" not in dict(names(alone))


def test_what_a_patient_shows_nobody_sees_where_nobody_attends(tmp_path: Path) -> None:
    """Else a patient alone is stopped by people who are not there."""
    person_of = (
        "[patient]\nsensitivity = 100000\nheadroom = 0.2\nskin = 100\nairway = 0\ncirculation = 0\nonset_s = 1\n"
    )
    decided = event('decide"\nchoice = "technical', 'at = "00:00:02"')  # by somebody who does nothing else
    for more in ("", decided):
        text = ALONE + person_of + START + more + '[end]\nat = "00:00:30"\n' + expect('event = "signs"')
        document = ran(tmp_path, text)
        assert document["passed"] and "paused" not in dict(names(document))


# -- names that are defined, for a pump that lacks them


def test_the_contract_s_own_example_is_open_for_its_occlusion_alarm(tmp_path: Path) -> None:
    """Else the first file that people copy is refused."""
    count = expect('count = "alarm_raised" / code = "occlusion" / equals = 10')
    assert scenario(tmp_path, head=CONTRACT + count).uses_open == ("alarm_raised.occlusion ALM-5",)


OPEN = {
    expect('event = "observation_due"'): ("observation_due SES-2",),
    expect('never = "flush_started"'): ("flush_started SES-9",),
    expect('event = "paused" / of = "handover"'): ("handover SES-12",),
    expect('never = "paused" / after = "recovered" / before = "unlocked"'): ("unlocked SES-4",),
    expect('event = "paused" / code = "air"'): ("paused.air ALM-5",),
    expect('value = "final_state" / equals = "abandoned"'): ("final_state.abandoned SES-8",),
    expect('value = "events.3.event" / equals = "primed"'): ("primed FLO-9",),
    event("release", 'after = "observation_overdue"'): ("observation_overdue SES-2",),
    event('press"\nbutton = "stop', 'after = "alarm_raised"\ncode = "air"'): ("alarm_raised.air ALM-5",),
    '[end]\nafter = "flush_completed"\n': ("flush_completed SES-9",),
}


@pytest.mark.parametrize("body", OPEN)
def test_a_name_whose_behaviour_is_missing_makes_the_run_open(tmp_path: Path, body: str) -> None:
    """Else a defined name is refused, or a run passes for what the pump cannot say."""
    assert set(scenario(tmp_path, body).uses_open) == set(OPEN[body])


def test_a_name_that_nobody_defined_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """Else a typing error is taken for something that is still to come."""
    line = fault(tmp_path, HEAD + expect('count = "alarm_raised" / code = "oclusion" / equals = 1'))
    assert "did you mean occlusion?" in line
    assert "did you mean observation_due?" in fault(tmp_path, HEAD + expect('event = "observation_do"'))


def test_no_name_is_called_missing_that_the_pump_says() -> None:
    """Else runs stay open for what the pump has learnt, and nobody notices."""
    pump = "".join(path.read_text() for path in (ROOT / "firmware").rglob("*.py"))
    said = {name for name in EVENTS if re.search(rf"\bevents(\.| import .*\b){name.upper()}\b", pump)}
    assert said | set(not_yet.MISSING) == set(EVENTS) and not said & set(not_yet.MISSING)
    for name, codes in not_yet.CODES.items():
        assert not set(codes) & set(codes_of(name)), name


def test_door_and_battery_are_taken_by_the_core(tmp_path: Path) -> None:
    """Else one file runs on one target and is refused on another."""
    body = event('door"\nid = "d', 'at = "00:00:02"') + event('battery"\nid = "b"\nvolts = 3.1\n# "', 'at = "00:00:03"')
    target = CoreTarget()
    document = execute(read_scenario(written(tmp_path, SHORT + body + '[end]\nat = "00:00:05"\n')), target).document
    assert document["open"] == ["door ALM-5"] and not document["passed"]
    plant = target.board.plant
    assert plant.reading("door") == 1 and plant.reading("battery") == round(3.1 / 2 / 3.3 * 4095)


def test_a_missing_protocol_is_never_answered_with_a_scenario(tmp_path: Path) -> None:
    """Else people put a scenario where a protocol belongs."""
    (tmp_path / "ladder.toml").write_text(standard_protocol().read_text())
    (tmp_path / "ladders.toml").write_text(HEAD)
    (tmp_path / "laddersx.toml").write_text("no toml at all [")
    assert "did you mean ladder.toml?" in fault(tmp_path, HEAD.replace(standard_protocol().name, "ladderss.toml"))
