"""What pulses came to behind the plant: the ideal one is nominal to the picolitre, each fault as its formula says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import exp
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_kit import PL, Story, event, held_step, scenario, two_steps

from pump.protocol.protocol import LINE_FILL
from toleramp.errors import UserError
from toleramp_bench.places import ROOT
from toleramp_bench.runs.compare import differences
from toleramp_bench.runs.execute import execute
from toleramp_bench.runs.pumped import Delivered, Pumped
from toleramp_bench.runs.result import result
from toleramp_bench.runs.runner import Run
from toleramp_bench.runs.walk import step_runs
from toleramp_bench.scenario.model import Recording, Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")

PG_PL_A = Fraction(5 * 10**9, 250 * 10**9)  # bag A: 5 mg in 250 mL
LIBRARY = ROOT / "hil_tests" / "scenarios"
Did = tuple[int, str, dict[str, Any]]


def played(read: Scenario, story: Story, *did: Did) -> tuple[Pumped, list[Delivered]]:
    """A story through the plant, with what was done to it; and its runs' figures."""
    recording = story.told()
    recording.plant_done = list(did)
    runs = step_runs(recording.records, recording.moved_us)
    pumped = Pumped(read, recording, runs)
    return pumped, [pumped.of(run) for run in runs]


def with_plant(folder: Path, **options: Any) -> Scenario:
    """The scaled standard protocol on another plant."""
    return replace(scenario(folder), plant=options)


# -- the ideal plant


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.sampled_from(["step_started", "paused", "resumed", "flush_started"]),
                       st.integers(1, 12)), max_size=20),
    st.lists(st.integers(0, 90_000_000), max_size=60),
    st.lists(st.tuples(st.integers(0, 80_000_000), st.sampled_from("ABC")), max_size=5),
)  # fmt: skip
def test_the_ideal_plant_is_pulses_times_volume_to_the_picolitre(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, str, int]],
    pulses: list[int],
    bags: list[tuple[int, str]],
) -> None:
    """Else a healthy pump seems to err, or the steps do not add up to what was delivered."""
    story = Story()
    for t_ms, name, step in sorted(rows):
        story.log(t_ms, name, step)
    story.moved = pulses
    read = _READ(tmp_path_factory)
    pumped, figures = played(read, story, *((t_us, "swap_bag", {"bag_id": bag}) for t_us, bag in bags))
    told = story.told()
    runs = step_runs(told.records, told.moved_us)
    assert pumped.total.pl == len(pulses) * PL == 1000 * pumped.plant.delivered_nl
    assert [figure.pl for figure in figures] == [run.pulses * PL for run in runs]
    assert pumped.before(runs).pl == PL * (runs[0].first if runs else len(pulses))
    assert pumped.total.pg == sum((_hung_pg_pl(read, bags, t_us) * PL for t_us in pulses), Fraction(0))


_KEPT: list[Scenario] = []


def _READ(factory: pytest.TempPathFactory) -> Scenario:
    if not _KEPT:
        _KEPT.append(scenario(factory.mktemp("scenario")))
    return _KEPT[0]


def _hung_pg_pl(read: Scenario, bags: list[tuple[int, str]], t_us: int) -> Fraction:
    """Concentration of the bag that hangs when a pulse comes; one hung at the same microsecond comes after it."""
    before = [bag for at_us, bag in sorted(bags, key=lambda row: row[0]) if at_us < t_us]
    hung = next(bag for bag in read.protocol.solutions if bag.id == (before[-1] if before else "A"))
    return Fraction(hung.drug_pg, 1000 * hung.volume_nl)


def test_the_dose_is_of_the_bag_that_hangs_and_not_of_the_record_s(tmp_path: Path) -> None:
    """Else a wrong bag gives the right dose."""
    pumped, (first, second) = played(scenario(tmp_path), two_steps(), (20_000_000, "swap_bag", {"bag_id": "B"}))
    assert first == Delivered(100 * PL, 100 * PL * PG_PL_A)
    assert second == Delivered(250 * PL, 250 * PL * 10 * PG_PL_A)
    recording = two_steps().told()
    recording.plant_done = [(20_000_000, "swap_bag", {"bag_id": "B"})]
    assert result(scenario(tmp_path), recording)["delivered_mg"] == 0.0002 + 0.005


def test_a_line_fill_is_no_dose_whatever_hangs(tmp_path: Path) -> None:
    """Else what fills the line is counted as given."""
    read = scenario(tmp_path)
    read.protocol.steps[0].flags |= LINE_FILL
    found = result(read, two_steps().told())
    assert (found["steps"][0]["delivered_mg"], found["delivered_mg"]) == (0.0, 0.0005)


# -- faults, each by its formula


def test_a_slipping_motor_loses_just_its_share(tmp_path: Path) -> None:
    """Else slip, which no pulse count shows, is not in the dose."""
    pumped, (first, second) = played(scenario(tmp_path), two_steps(), (20_000_000, "slip", {"fraction": 0.05}))
    assert (first.pl, second.pl) == (100 * PL, 238 * PL)  # 250 less a twentieth: the 12 whole steps of 12.5
    assert pumped.total == Delivered(338 * PL, 338 * PL * PG_PL_A)


@pytest.mark.parametrize(
    ("options", "factor"),
    [
        ({"calibration_error": Decimal("0.05")}, 1.05),
        ({"calibration_error": Decimal("-0.2")}, 0.8),
        ({"pl_pulse": PL // 4}, 0.25),
        ({"cyclic_amplitude": Decimal("0.5"), "cyclic_period_pulses": 50}, 1.0),  # whole turns
    ],
)
def test_another_mechanism_delivers_its_own_volume(tmp_path: Path, options: dict[str, Any], factor: float) -> None:
    """Else a head that is off its calibration gives the nominal dose."""
    pumped, (first, second) = played(with_plant(tmp_path, mechanism=options), two_steps())
    for figure, pulses in ((first, 100), (second, 250), (pumped.total, 350)):
        assert figure.pl == pytest.approx(factor * pulses * PL, abs=1)
        assert figure.pg == figure.pl * PG_PL_A
    document = result(with_plant(tmp_path, mechanism=options), two_steps().told())
    assert document["steps"][1]["rate_error_percent"] == pytest.approx(100 * (factor - 1), abs=1e-6)


def test_a_mechanism_that_rested_sticks_and_one_that_paused_does_not(tmp_path: Path) -> None:
    """Else dead pulses depend on when the plant was asked."""
    sticky = with_plant(tmp_path, mechanism={"stiction_pulses": 8})
    for gap_us, dead in ((9_999_999, 8), (10_000_001, 16)):  # it sticks after 10 s
        story = Story().log(0, "step_started", 1).pulses(0, 50, 180_000)
        story.moved += [9_000_000 + gap_us + 180_000 * k for k in range(50)]
        assert played(sticky, story)[1][0].pl == (100 - dead) * PL


def test_what_an_occlusion_keeps_back_comes_with_the_release(tmp_path: Path) -> None:
    """Else a step that reached nobody counts as given, and the bolus does not."""
    shut, opened = (20_000_000, "occlude", {}), (36_000_000, "release", {})
    pumped, (first, second) = played(scenario(tmp_path), two_steps(), shut)
    assert (first.pl, second, pumped.total) == (100 * PL, Delivered(), first)
    pumped, (first, second) = played(scenario(tmp_path), two_steps(), shut, opened)
    assert second.pl == 250 * PL and pumped.total.pl == 350 * PL
    story = two_steps().log(36_000, "step_started", 3).log(36_040, "step_started", 4)
    _, figures = played(scenario(tmp_path), story, shut, opened)
    stored_pl = 222 * PL  # of 16 s with a pulse each 72 ms; it empties with 0.02 kPa s/uL * 2 uL/kPa = 40 ms
    assert figures[1].pl == 0 and figures[2].pl == pytest.approx(stored_pl * (1 - exp(-1)), abs=PL)


def test_a_bag_changed_behind_an_occlusion_keeps_its_place(tmp_path: Path) -> None:
    """Else what is released has the dose of the bag that hangs by then."""
    did: list[Did] = [
        (2_000_000, "occlude", {}),
        (20_000_000, "swap_bag", {"bag_id": "B"}),
        (36_000_000, "release", {}),
    ]
    pumped, (_, second) = played(scenario(tmp_path), two_steps(), *did)
    assert second == pumped.total == Delivered(350 * PL, 100 * PL * PG_PL_A + 250 * PL * 10 * PG_PL_A)


def test_a_shut_clamp_below_the_bag_starves_the_pump(tmp_path: Path) -> None:
    """Else a flattened tube delivers. 60 uL are in it down to -60 kPa."""
    pumped, figures = played(scenario(tmp_path), two_steps(), (0, "occlude", {"where": "upstream"}))
    assert [figure.pl / 1e6 for figure in figures] == pytest.approx(
        [60 * (1 - exp(-10 / 60)), 60 * (exp(-10 / 60) - exp(-35 / 60))], abs=1e-4
    )


def test_air_from_an_empty_bag_is_no_delivery(tmp_path: Path) -> None:
    """Else a pump that pumps air delivers what was ordered."""
    pumped, (first, second) = played(scenario(tmp_path), two_steps(), (20_000_000, "bag_empty", {}))
    assert (first.pl, second) == (100 * PL, Delivered()) and pumped.plant.delivered_nl == 350 * PL // 1000
    # Behind the 6 uL of line (0.3 mL scaled) air is at the patient after 60 pulses, one each 72 ms: 4.32 s.
    told = [(said.kind, said.t_us) for said in pumped.plant.events]
    assert told[0] == ("bag_empty", 20_000_000) and told[1][0] == "air_at_patient"
    assert told[1][1] == pytest.approx(24_320_000, abs=1_000_000)


def test_free_flow_is_gravity_s_and_a_clamp_ends_it(tmp_path: Path) -> None:
    """Else a tube out of the head delivers what the motor turns."""
    did: list[Did] = [(40_000_000, "free_flow", {}), (41_500_000, "free_flow", {"on": False})]
    pumped, (_, second) = played(scenario(tmp_path), two_steps(), *did)
    ran_pl = 9.80665e-3 * 800 / 0.02 * 1.5e6
    assert second.pl == pytest.approx(250 * PL + ran_pl, abs=2) and second.pg == second.pl * PG_PL_A
    assert played(with_plant(tmp_path, gravity={"clamp": True}), two_steps(), *did)[0].total.pl == 350 * PL


def test_a_line_that_lags_delivers_later_and_not_less(tmp_path: Path) -> None:
    """Else the size of the bench's time step is in the figures. 50 uL/kPa at 0.02 kPa s/uL lag by a second."""
    slow = with_plant(tmp_path, tubing={"lag": True, "compliance_ul_kpa": 50})
    pumped, (first, second) = played(slow, two_steps())
    assert first.pl == pytest.approx(100 * PL - 5.556e5, rel=0.01)  # 0.556 uL/s, a second behind
    assert pumped.total.pl == pytest.approx(350 * PL, abs=2)


# -- the runner, and what it leaves


def test_who_only_presses_has_hung_the_bag_that_was_asked_for(tmp_path: Path) -> None:
    """Else the dose of a session without a word of its bags is that of bag A."""
    run = Run(scenario(tmp_path), CoreTarget())
    asked = {"event": "bag_requested", "t_ms": 5_000, "step": 5, "code": None, "arg": 1}
    run._note(asked)
    run._note({**asked, "event": "bag_confirmed", "t_ms": 6_000})
    assert run.recording.plant_done == [(6_000_000, "swap_bag", {"bag_id": "B"})] and run.plant.flow.bags.hung == "B"


def test_a_bag_that_somebody_hung_stays_whatever_the_pump_believes(tmp_path: Path) -> None:
    """Else a wrong bag becomes the right one by a press."""
    run = Run(scenario(tmp_path), CoreTarget())
    asked = {"event": "bag_requested", "t_ms": 0, "step": 5, "code": None, "arg": 1}
    run._note(asked)
    run.hung(2)
    run._note({**asked, "event": "bag_confirmed", "t_ms": 6_000})
    assert [fields["bag_id"] for _, _, fields in run.recording.plant_done] == ["C"]


def test_a_recording_that_has_nothing_yet_has_figures(tmp_path: Path) -> None:
    """Else a run that was interrupted while its target started has no document."""
    read = scenario(tmp_path)
    found = result(read, Recording(interrupted=True), Pumped(read, Recording(), []))
    assert (found["delivered_ml"], found["delivered_mg"], found["vein_mg"], found["steps"]) == (0.0, 0.0, 0.0, [])


def test_when_records_come_does_not_matter(tmp_path: Path) -> None:
    """Else a board, whose records come late, has other figures than the core for the same pulses and faults."""

    class Late(CoreTarget):
        """Hands records over a while after they were made; its pulses and times are the core's."""

        def _news(self) -> bool:
            return False

        def run_to(self, t_us: int) -> None:
            super().run_to(min(t_us, self.now_us + 180_000))

    read = scenario(tmp_path, event('slip"\nfraction = 0.25\nid = "s', 'after = "step_started"\nafter_step = 1'))
    read = replace(read, limit_ms=40_000, plant={"mechanism": {"cyclic_amplitude": 0.5, "cyclic_period_pulses": 40}})
    one, other = (execute(read, target) for target in (CoreTarget(), Late()))
    assert one.document["steps"] and one.document["steps"][0]["delivered_ml"] < 0.009
    assert differences(read, one.document, other.document, 20) == []
    for key in ("delivered_ml", "delivered_mg", "vein_mg"):
        assert one.document[key] == pytest.approx(other.document[key], abs=2e-7)


@pytest.mark.long
def test_the_board_and_the_core_have_the_same_figures(tmp_path: Path) -> None:
    """Else a fault of the plant is a difference between targets: here a pulse a step at most."""
    from toleramp_bench.runs.execute import make_target

    read = read_scenario(LIBRARY / "empty-bag.toml")
    try:
        board = execute(read, lambda: make_target("rp2040", read))
    except UserError as missing:
        pytest.skip(str(missing))
    core = execute(read, lambda: CoreTarget())
    assert board.passed and core.passed and differences(read, core.document, board.document, 20) == []
    for key, pulses in (("delivered_mg", 1), ("vein_mg", 1)):
        assert board.document[key] == pytest.approx(core.document[key], abs=pulses * PL * float(PG_PL_A) / 1e9)
    swaps = [(name, fields) for _, name, fields in core.recording.plant_done]
    assert swaps == [(name, fields) for _, name, fields in board.recording.plant_done] and len(swaps) == 2


def test_the_rate_is_the_volume_s(tmp_path: Path) -> None:
    """Else an occluded step holds its rate to the last digit."""
    recording = held_step().told()
    recording.plant_done = [(0, "slip", {"fraction": 0.1})]
    assert result(scenario(tmp_path), recording)["steps"][0]["rate_error_percent"] == -10.0
    recording.plant_done = [(0, "occlude", {})]
    assert result(scenario(tmp_path), recording)["steps"][0]["rate_error_percent"] == -100.0
