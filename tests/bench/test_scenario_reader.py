"""A scenario file says what is meant, or is refused in one line, whatever is written in it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scenario_kit import CONTRACT, HEAD, event, expect, fault, scenario

from pump.protocol import protocol as p
from toleramp.errors import UserError
from toleramp_bench.places import ROOT, standard_protocol
from toleramp_bench.scenario import not_yet
from toleramp_bench.scenario.model import TARGETS, Moment, Scenario
from toleramp_bench.scenario.reader import REQUIREMENTS, read_scenario
from toleramp_bench.scenario.words import DO, codes_of, grade

pytestmark = pytest.mark.req("TST-1")

# Every word of the contract with the least that it needs, and what of it the pump cannot do yet.
WORDS = {
    'press"\nbutton = "stop': (),
    'press"\nbutton = "stop"\nwho = "Ann': ("press.who SES-12",),
    'pin"\nwho = "Ann': ("pin SES-12",),
    "checklist": ("checklist SES-1",),
    "premedicate": ("premedicate SES-13",),
    "prime": ("prime FLO-9",),
    "connect": ("connect FLO-9",),
    'observe"\nsbp = 120\nskin = "none': ("observe SES-2",),
    'reaction"\nsigns = "hives': (),
    'treat"\ndrug = "steroid"\nid = "x"\n[patient]\n# "': (),
    'decide"\nstep = 5\nchoice = "any-back': (),
    'decide"\nstep = 5\nchoice = "mild': (),
    'decide"\nbag = "B"\nrate_ml_h = 4.03\nminutes = 5\ninsert = true\nchoice = "same': (
        "decide.rate_ml_h SES-3", "decide.minutes SES-3", "decide.insert SES-3"
    ),
    'hang"\nsolution = "B': (),
    'hang"\ncode = "TLR-B-0001"\nscan = true\nsolution = "B': (),
    "flush": ("flush SES-9",),
    "handover": ("handover SES-12",),
    'unplug"\npart = "screen': (),
    'plug"\npart = "driver': (),
    'bus_stuck"\nfor_ms = 500\npart = "lights': (),
    'oximeter"\noff = true\nunplug = false\nfreeze = true\nartifact = true\nid = "x': (),
    'oximeter"\nnoise = 0.1\ndrop = 0.1\nbaud = 4800\nid = "y': (),
    'oximeter"\nsensor_out = true\npower_off = true\nout_of_track = true\nlow_battery = true\nid = "v': (),
    'oximeter"\nperfusion = "low"\nid = "w': (),
    "occlude": (), "release": (), 'air"\nul = 50\nid = "x': (), "door": ("door ALM-5",),
    "bag_empty": (), "stall": (), "slip": (),
    "free_flow": (), 'scale"\noffset_g = -2.5\ndrift_g_h = 0.5\nid = "x': (), "battery": (),
    'power"\noff = true\nid = "x': (), "cpu_stuck": (), 'flash_stall"\nms = 45\nid = "x': (), "stuck_key": (),
    'corrupt"\nwhere = "protocol': (), 'clock"\noffset_s = -3600\nid = "x': (),
    'host"\ncommand = "pause': (), "line_noise": (),
}  # fmt: skip


def test_the_contract_s_example_is_read_as_it_stands(tmp_path: Path) -> None:
    """Else a file written by the contract means something else to the bench."""
    read = scenario(tmp_path, head=CONTRACT)
    assert read.dose_scale == Fraction(1, 50) and read.shows == ("FLO-6",) and read.staff_delay_ms == 5000
    action = read.actions[0]
    assert (action.id, action.do, action.arguments) == ("desat", "oximeter", {"ramp_to": 88, "ramp_s": Decimal("4.5")})
    assert action.when == Moment(after="step_started", step=6, nth=1, plus_ms=5000)
    assert [expect.kind for expect in read.expects] == ["event", "never", "value", "count"]
    assert read.expects[0].keys["within_s"] == 15 and read.expects[2].keys["tolerance"] == Decimal("0.001")
    assert read.expects[1].text == "never step_started in step 7 before resumed"
    assert read.uses_open == () and read.targets == TARGETS and read.end is None


def test_the_protocol_is_scaled_exactly_and_compiled(tmp_path: Path) -> None:
    """Else the scenario runs another ladder than it names."""
    read = scenario(tmp_path)
    assert p.decode(bytearray(read.blob)).kind == p.BENCH and read.protocol.full_dose_pg == 10 * 10**9
    assert [step.duration_ms for step in read.protocol.steps][:2] == [18_000, 18_000]
    assert sum(step.volume_nl for step in read.protocol.steps) == 5_560_000
    whole = scenario(tmp_path, head=HEAD.replace("dose_scale = 0.02\n", ""))
    assert whole.protocol.kind != p.BENCH and whole.protocol.full_dose_pg == 500 * 10**9


def test_all_keys_beyond_the_contract_reach_the_scenario(tmp_path: Path) -> None:
    """Else a key is read and forgotten."""
    read = scenario(
        tmp_path,
        'scan_ms = 100\nbench_mode = false\ntargets = ["core", "rig"]\nlimit = "01:30:00"\nseed = 7\nstaff = "none"\n'
        '[end]\nafter = "step_completed"\nstep = 12\nplus = "00:00:01.250"\n'
        '[differences]\nallow_ms = 40\nwhy = "the screen is slow"\n[plant]\nline_dead_nl = 500000\n'
        "[plant.mechanism]\ncalibration_error = 0.05\n[patient]\nheadroom = 2.0\nhr = 70\n",
    )
    assert (read.scan_ms, read.bench_mode, read.targets, read.limit_ms) == (100, False, ("core", "rig"), 5_400_000)
    assert (read.seed, read.staff, read.allow_ms, read.why_apart) == (7, "none", 40, "the screen is slow")
    assert read.end == Moment(after="step_completed", step=12, plus_ms=1250)
    assert read.plant["mechanism"]["calibration_error"] == Decimal("0.05") and read.patient["hr"] == 70


@pytest.mark.parametrize("do", WORDS)
def test_every_word_is_known_and_says_what_is_still_open(tmp_path: Path, do: str) -> None:
    """Else a word of the contract is refused, or a run passes for what the pump cannot do."""
    assert scenario(tmp_path, event(do)).uses_open == WORDS[do]


def test_no_word_is_left_out_above() -> None:
    """Else a word of the contract goes untested."""
    assert {do.split('"')[0] for do in WORDS} == set(DO)


def test_what_is_called_open_is_open() -> None:
    """Else the bench goes on refusing to pass what the pump has learnt."""
    ids = {word.open for word in DO.values()} | {key.open for word in DO.values() for key in word.keys.values()}
    ids |= {*not_yet.MISSING.values(), *not_yet.FINAL_STATES.values()}
    ids |= {uid for codes in not_yet.CODES.values() for uid in codes.values()}
    for uid in ids - {""}:
        assert "\nstatus: open\n" in next(REQUIREMENTS.glob(f"*/{uid}.yml")).read_text(), uid


def test_a_word_s_own_step_and_code_are_not_the_moment_s(tmp_path: Path) -> None:
    """Else "decide step 5 after the pause in step 6" waits for a pause in step 5."""
    lines = 'after = "paused"\nafter_step = 6\nafter_code = "spo2-stop"\nstep = 5'
    action = scenario(tmp_path, event('decide"\nchoice = "any-back', lines)).actions[0]
    assert action.when == Moment(after="paused", step=6, code="spo2-stop") and action.arguments["step"] == 5
    plain = scenario(tmp_path, event("door", 'after = "paused"\nstep = 6')).actions[0]
    assert plain.when.step == 6 and plain.arguments == {"open": True}


def test_a_protocol_may_be_made_from_a_template(tmp_path: Path) -> None:
    """Else each scenario needs a protocol file; and two readings of one file differ."""
    table = (
        'format = 1\nname = "t"\n[protocol]\ntemplate = "bwh-12"\ndrug = "x"\ndose_mg = 200.5\nbag_ml = 100\n'
        'max_hold_min = 60\nline_dead_volume_ml = 0.05\nprimed_with = "solution"\n'
    )
    read = scenario(tmp_path, head=table)
    assert read.protocol.full_dose_pg == 200_500_000_000 and len(read.protocol.steps) == 12
    assert read.blob == scenario(tmp_path, head=table).blob
    assert "dose_mgs" in fault(tmp_path, table.replace("dose_mg ", "dose_mgs "))
    line = fault(tmp_path, table.replace("dose_mg = 200.5\n", ""))
    assert "missing: dose_mg" in line and "--" not in line
    assert "did you mean bwh-12" in fault(tmp_path, table.replace("bwh-12", "bhw-12"))


def test_a_protocol_file_beside_the_scenario_comes_first(tmp_path: Path) -> None:
    """Else a file's own protocol is not the one that runs."""
    text = standard_protocol().read_text().replace('drug = "carboplatin"', 'drug = "another"')
    (tmp_path / standard_protocol().name).write_text(text)
    assert scenario(tmp_path).protocol.drug == "another"


def test_a_broken_protocol_is_taken_only_to_be_refused(tmp_path: Path) -> None:
    """Else a typing error in a protocol shows as a run that failed, or a refusal cannot be shown at all."""
    steep = standard_protocol().read_text().replace("rate_ml_h = 5.0", "rate_ml_h = 9.0", 1)
    (tmp_path / "steep.toml").write_text(steep)
    text = HEAD.replace(standard_protocol().name, "steep.toml").replace("dose_scale = 0.02\n", "")
    assert "ratio-exceeded" in fault(tmp_path, text)
    refused = text + expect('event = "load_refused" / code = "ratio-exceeded"')
    assert scenario(tmp_path, head=refused).protocol.steps[1].rate_e4 == 90_000


@pytest.mark.req("SES-4")
def test_only_the_skin_is_mild() -> None:
    """Else staff enter a grade below what the signs mean."""
    assert grade(["hives", "itch"]) == "mild"
    assert grade(["hives", "wheeze"]) == grade(["hoarseness"]) == grade(["unheard-of"]) == "severe"


def test_codes_are_those_of_the_pump() -> None:
    """Else an expectation waits for a code that never comes."""
    assert "spo2-stop" in codes_of("paused") and "mild" not in codes_of("paused")
    assert "key-stuck" in codes_of("alarm_raised") and "none" not in codes_of("alarm_raised")
    assert codes_of("reaction") == ("mild", "severe") and codes_of("step_started") == ()
    assert "memory" in codes_of("fault") and "stop-button" not in codes_of("fault")


def test_the_scenarios_of_this_repository_can_be_read() -> None:
    """Else `make test` runs fewer than there are."""
    for path in sorted((ROOT / "hil_tests" / "scenarios").glob("*.toml")):
        assert read_scenario(path).expects, path


# -- whatever is written

_NASTY = st.sampled_from(
    ["-1", "0", "nan", "inf", "1e400", "1e-400", "9" * 5000, '""', '"x"', "true", "[]", "[[1]]", "{}", "00:00:01", "7",
     "2026-11-22", '"99:59:59"', '"paused"', '"desat"', '"' + "a" * 999 + '"', "[1, 2]", '["paused"]', "{a = 1}",
     '"steps.6.delivered_ml"', '"events.0.arg"', '"\\u0000"', "0.1", '"custom"', '{template = "one-bag"}']
)  # fmt: skip
_LINES = CONTRACT.splitlines()


def _mutated(draw: st.DrawFn) -> str:
    lines = list(_LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["value", "drop", "twice", "swap", "noise", "key"]))
        key, equals, _ = lines[at].partition(" = ")
        if how == "value" and equals:
            lines[at] = f"{key} = {draw(_NASTY)}"
        elif how == "key":
            lines[at] = f"{draw(st.sampled_from(_LINES)).partition(' = ')[0]} = {draw(_NASTY)}"
        elif how == "swap":
            lines[at] = draw(st.sampled_from(_LINES))
        elif how == "noise":
            lines[at] += draw(st.text(max_size=5))
        else:
            lines[at : at + 1] = [] if how == "drop" else [lines[at]] * 2
        lines = lines or [""]
    return "\n".join(lines)


@settings(max_examples=400)
@given(st.composite(_mutated)())
@example(CONTRACT)
def test_whatever_a_file_says_it_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Else some slip of a typing hand ends in a traceback."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read = read_scenario(path)
    except UserError as error:
        assert "\n" not in str(error) and str(error)
    else:
        assert isinstance(read, Scenario) and p.decode(bytearray(read.blob)).steps
