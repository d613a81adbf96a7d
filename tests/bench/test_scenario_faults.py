"""What is wrong with a scenario file is said in one line: where, what, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_kit import HEAD, event, expect, fault, scenario

from toleramp.errors import UserError
from toleramp_bench.places import standard_protocol
from toleramp_bench.scenario.reader import read_scenario

pytestmark = pytest.mark.req("TST-1")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (event("oximetr"), "did you mean oximeter?"),
        ('[[event]]\nat = "00:00:10"\n', "do is missing"),
        (event('press"\nbutton = "stop"\nhold = "x'), "did you mean hold_ms?"),
        (event('press"\nbutton = "stopp'), "did you mean stop?"),
        (event("press"), "neither button nor buttons, or both"),
        (event('air"\nul = -1\nid = "x'), "out of range"),
        (event('air"\nul = nan\nid = "x'), "out of range"),
        (event('air"\nul = 1e999999\nid = "x'), "out of range"),
        (event('air"\nul = "50'), "write a number"),
        (event("power"), "exactly one"),
        (event('power"\non = false\nid = "x'), "write true"),
        (event("oximeter"), "at least one"),
        (event('oximeter"\nramp_s = 4\nid = "x'), "ramp_s without ramp_to"),
        (event('oximeter"\nramp_to = 4\nspo2 = 90\nid = "x'), "at once"),
        (event('hang"\nscan = true\nid = "x'), "neither solution nor code"),
        (event('hang"\nsolution = "D'), "bag 'D' is unknown; known: A, B, C"),
        (event('decide"\nchoice = "mild"\nstep = 13\nid = "x'), "there is no step 13"),
        (event('decide"\nchoice = "any-back'), "needs a step"),
        (event('reaction"\nsigns = ["hive'), "not valid TOML"),
        (event('reaction"\nsigns = "hvies'), "did you mean hives?"),
        (event('host"\ncommand = "hang'), "hang needs code"),
        (event('host"\ncommand = "ping"\ndata = "00'), "data goes with garbage only"),
        (event('host"\ncommand = "garbage"\ndata = "0x'), "not hexadecimal"),
        (event('line_noise"\ntimes = 3\nid = "x'), "go together"),
        (event("door", 'at = "10 s"'), 'write a time "hh:mm:ss"'),
        (event("door", "at = 00:00:10"), 'write a time "hh:mm:ss"'),
        (event("door", "x = 1"), "key 'x' is unknown"),
        (event("door", 'id = "x"'), "neither at nor after"),
        (event("door", 'at = "00:00:01"\nafter = "boot"'), "both at and after"),
        (event("door", 'at = "00:00:01"\nplus = "00:00:01"'), "plus goes with after"),
        (event("door", 'after = "desatt"\n') + event("door", 'id = "desat"\nat = "00:00:01"'), "did you mean desat?"),
        (event("door", 'after = "pausd"'), "did you mean paused?"),
        (event("door", 'after = "paused"\nstep = 13'), "there is no step 13"),
        (event("door", 'after = "paused"\ncode = "spo2"'), "did you mean spo2-stop?"),
        (event("door", 'after = "paused"\nstep = 1\nafter_step = 1'), "say the same"),
        (event("door", 'id = "x"\nafter = "x"'), "after itself"),
        (event("door", 'id = "x"\nafter = "y"') + event("door", 'id = "y"\nafter = "x"'), "wait for each other"),
        (event("door", 'id = "x"\nat = "00:00:01"') * 2, "is that of event 1 too"),
        (event("door", 'id = "paused"\nat = "00:00:01"'), "name of a record"),
        (event("door", 'id = "a.b"\nat = "00:00:01"'), "is no name"),
        (event("door", 'id = "x"\nat = "00:00:01"') + event("door", 'after = "x"\nnth = 2'), "happens once"),
        ('[end]\nat = "00:00:09"\n' + event("door"), "1 s after the end"),
        ('[end]\nafter = "paused"\n' + event("door", 'after = "paused"\nplus = "00:00:02"'), "2 s after the end"),
        (
            '[end]\nafter = "x"\nplus = "00:00:01"\n'
            + event("door", 'id = "x"\nafter = "boot"')
            + event("door", 'after = "x"\nplus = "00:00:01.500"'),
            "0.5 s after the end",
        ),
        ('limit = "00:00:05"\n' + event("door"), "later than the limit"),
        ('limit = "00:00:05"\n[end]\nat = "00:00:06"', "beyond the limit"),
        ('limit = "00:00:00"', "the limit is zero"),
        ("event = 3", "not a list of tables"),
        ("end = 3", "is not a table"),
        ("[plant.mechanism]\ncalibration = 0.1", "did you mean calibration_error?"),
        ("[plant]\nmechanism = 3", "is not a table"),
        ("[plant]\nrest_us = 1.5", "a whole number"),
        ("[plant]\nbags = 3", "key 'bags' is unknown"),
        ("[patient]\nheadrom = 2", "did you mean headroom?"),
        ("[differences]\nallow_ms = 40", "why is missing"),
        ('shows = ["FLO-99"]', "requirement 'FLO-99' is unknown"),
        ('targets = ["rp2400"]', "did you mean rp2040?"),
        ('staf = "none"', "did you mean staff?"),
        ('staff = "some"', "known: prompt, none"),
        ("staff_delay_s = 0.0001", "finer than a millisecond"),
        ("scan_ms = true", "whole number"),
        ('oximeter = "bci6"', "nonin-df2"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_is_named_with_what_would_be_right(tmp_path: Path, body: str, said: str) -> None:
    """Else a run that is not what was meant passes, or fails for a reason nobody sees."""
    assert said in fault(tmp_path, HEAD + body)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('event = "pausd"', "did you mean paused?"),
        ('event = "paused" / code = "occlusion-x"', "unknown"),
        ('event = "paused" / code = "mild"', "paused with the code 'mild' is unknown"),
        ('event = "step_started" / code = "mild"', "step_started has no code"),
        ('event = "step_started" / step = 13', "there is no step 13"),
        ('event = "step_started" / step = 0', "there is no step 0"),
        ('event = "paused" / state = "hold"', "did you mean held?"),
        ('event = "paused" / of = "desatt"', "did you mean desat?"),
        ('event = "desat" / step = 1', "does not go with the id"),
        ('event = "desat" / of = "desat"', "counts from itself"),
        ('event = "paused" / within_s = 0', "out of range"),
        ('event = "paused" / within_s = -1.5', "out of range"),
        ('event = "paused" / not_before_s = 5 / within_s = 4', "no run can meet both"),
        ('event = "paused" / last_pulse_of_ms = 5', "without of"),
        ('event = "paused" / before = "resumed"', "key 'before' is unknown"),
        ('never = "desat"', "so it comes"),
        ('never = "paused" / before = "resumd"', "did you mean resumed?"),
        ('never = "paused" / after = "x"', "is unknown"),
        ('count = "paused"', "how much"),
        ('count = "paused" / equals = -1', "out of range"),
        ('count = "paused" / equals = 1.5', "whole number"),
        ('count = "desat" / equals = 1', "record 'desat' is unknown"),
        ('count = "paused" / at_least = 3 / at_most = 2', "no run can meet both"),
        ('count = "paused" / at_least = 3 / equals = 1 / tolerance = 1', "no run can meet both"),
        ('count = "paused" / at_most = 2 / equals = 4 / tolerance = 1', "no run can meet both"),
        ('value = "delivered_m" / equals = 1', "did you mean delivered_ml?"),
        ('value = "steps.13.delivered_ml" / equals = 1', "there is no step 13"),
        ('value = "steps.x.delivered_ml" / equals = 1', "is no number"),
        ('value = "steps.6.delivered" / equals = 1', "did you mean delivered_ml?"),
        ('value = "steps.6" / equals = 1', "value 'steps.6' is unknown"),
        ('value = "actions.desatt.t_ms" / equals = 1', "did you mean desat?"),
        ('value = "passed" / equals = 1', "value 'passed' is unknown"),
        ('value = "delivered_ml" / equals = "much"', "is a number"),
        ('value = "delivered_ml" / equals = true', "is a number"),
        ('value = "delivered_ml" / equals = 1 / tolerance = -0.1', "out of range"),
        ('value = "delivered_ml" / tolerance = 0.1', "how much"),
        ('value = "delivered_ml" / at_most = 0.1 / tolerance = 0.1', "tolerance without equals"),
        ('value = "delivered_ml" / at_most = -0.1', "never below zero"),
        ('value = "delivered_ml" / equals = nan', "out of range"),
        ('value = "final_state" / equals = "complete"', "did you mean completed?"),
        ('value = "final_state" / at_least = 1', "is a text"),
        ('value = "final_state" / equals = "held" / tolerance = 1', "does not go with a text"),
        ('events = "paused"', "did you mean event?"),
        ('event = "paused" / count = "paused" / equals = 1', "event and count in one"),
        ("equals = 1", "it expects nothing"),
    ],
)
def test_an_expectation_that_no_run_can_meet_is_a_fault(tmp_path: Path, keys: str, said: str) -> None:
    """Else it fails on each run for a reason that lies in the file, or is taken as met for ever."""
    assert said in fault(tmp_path, HEAD + event("door", 'id = "desat"\nat = "00:00:10"') + expect(keys))


@pytest.mark.parametrize(
    ("never", "wanted"),
    [
        ('never = "paused"', 'event = "paused" / code = "spo2-stop"'),
        ('never = "paused" / step = 3', 'event = "paused" / step = 3'),
        ('never = "paused"', 'count = "paused" / at_least = 1'),
        ('never = "paused" / after = "armed"', 'event = "paused" / of = "armed"'),
        ('never = "completed"', 'value = "final_state" / equals = "completed"'),
    ],
)
def test_what_one_expectation_forbids_no_other_may_ask_for(tmp_path: Path, never: str, wanted: str) -> None:
    """Else a file that contradicts itself shows as a pump that failed."""
    assert "no run can meet both" in fault(tmp_path, HEAD + expect(never) + expect(wanted))
    assert scenario(tmp_path, expect(wanted)).expects and scenario(tmp_path, expect(never)).expects


@pytest.mark.parametrize(
    ("never", "wanted"),
    [
        ('never = "paused" / before = "armed"', 'event = "paused"'),
        ('never = "paused" / step = 3', 'event = "paused" / step = 4'),
        ('never = "paused" / code = "spo2-stop"', 'event = "paused"'),
        ('never = "paused"', 'count = "paused" / equals = 0'),
    ],
)
def test_what_does_not_contradict_is_taken(tmp_path: Path, never: str, wanted: str) -> None:
    """Else a file that can be met is refused."""
    assert len(scenario(tmp_path, expect(never) + expect(wanted)).expects) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (HEAD.replace("a test", "Änderung").encode("latin-1"), "not UTF-8 text"),
        (b"\x00\x01", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"x" * 300_000, "too large"),
        ("format = 2\n", "write: format = 1"),
        (HEAD.replace("format = 1", "format = true"), "write: format = 1"),
        (HEAD.replace("format = 1\n", ""), "write: format = 1"),
        (HEAD.replace('name = "a test"\n', ""), "name is missing"),
        (HEAD.replace('name = "a test"', "name = 3"), "a text"),
        ('format = 1\nname = "x"\n', "protocol is missing"),
        (HEAD.replace("bwh12-500mg", "bwh12-50mg"), "did you mean bwh12-500mg.toml?"),
        (HEAD.replace('"bwh12-500mg.toml"', "12"), "is no protocol"),
        (HEAD.replace("bwh12-500mg", "x" * 5000), "is unknown"),
        (HEAD.replace("0.02", "0"), "out of range"),
        (HEAD.replace("0.02", "2"), "out of range"),
        (HEAD.replace("0.02", "1e-8"), "cannot be scaled exactly"),
        (HEAD.replace("0.02", "0.0200000001"), "cannot be scaled exactly"),
    ],
)
def test_a_file_that_is_no_scenario_says_so(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Else a traceback reaches the user."""
    assert said in fault(tmp_path, text)


def test_a_folder_a_missing_file_and_another_target_are_named(tmp_path: Path) -> None:
    """Else a traceback reaches the user."""
    for path, said in ((tmp_path, "a folder"), (tmp_path / "none.toml", "no such file"), (Path("\0"), "no file name")):
        with pytest.raises(UserError, match=said):
            read_scenario(path)
    assert "it runs on core" in fault(tmp_path, HEAD + 'targets = ["core"]\n', "rig")
    assert "did you mean core?" in fault(tmp_path, HEAD, "cor")


def test_a_fault_of_the_protocol_names_the_protocol_s_line(tmp_path: Path) -> None:
    """Else one looks for it in the wrong file."""
    (tmp_path / "bad.toml").write_text(standard_protocol().read_text().replace("rate_ml_h = 2.0", 'rate_ml_h = "2"'))
    with pytest.raises(UserError) as caught:
        scenario(tmp_path, head=HEAD.replace(standard_protocol().name, "bad.toml"))
    assert "bad.toml, step 1, rate_ml_h" in str(caught.value)
