"""An expectation is met by the run that it means, and by no other; what was found is said either way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_kit import Story, event, expect, held_step, scenario, two_steps

from toleramp_bench.runs.judge import judge, look_up, sized
from toleramp_bench.runs.result import result
from toleramp_bench.scenario.model import Expect, Recording, Scenario

pytestmark = pytest.mark.req("TST-1")

DESAT = event('oximeter"\nspo2 = 88\nid = "desat')


def judged(folder: Path, recording: Recording, keys: str) -> dict[str, Any]:
    """The verdict on one expectation."""
    read = scenario(folder, DESAT + expect(keys))
    document = result(read, recording)
    assert judge(read, recording, document) == document["expectations"]
    assert document["passed"] is document["expectations"][0]["met"]
    return dict(document["expectations"][0])


# In held_step: desat 5.000 s, paused 11.050 (its last pulse 11.000), decision 20, resumed 32.050, completed 41.050.
MET = [
    ('event = "paused"', "paused (spo2-stop) in step 1 at 00:00:11.050"),
    ('event = "paused" / code = "spo2-stop" / step = 1 / state = "held"', "11.050"),
    ('event = "paused" / of = "desat" / within_s = 6.05', "6050 ms after desat"),
    ('event = "paused" / of = "desat" / not_before_s = 6.05', "6050 ms"),
    ('event = "paused" / of = "step_started" / within_s = 9.05', "9050 ms after step_started"),
    ('event = "paused" / within_s = 11.05', "after power-on"),
    ('event = "desat" / within_s = 5', "desat at 00:00:05.000"),
    ('event = "desat" / of = "armed" / within_s = 4', "4000 ms after armed"),
    ('event = "paused" / last_pulse_within_ms = 0', "no pulse after"),
    ('event = "desat" / last_pulse_within_ms = 6000', "last pulse 6000.000 ms after desat"),
    ('event = "paused" / of = "desat" / last_pulse_of_ms = 6000', "6000.000 ms after desat"),
    ('event = "resumed" / last_pulse_within_ms = 9000', "9000.000 ms"),
    ('never = "step_started" / step = 2', "none"),
    ('never = "resumed" / before = "decision"', "none"),
    ('never = "paused" / after = "resumed"', "none"),
    ('never = "paused" / before = "desat"', "none"),
    ('never = "armed" / after = "desat"', "none"),
    ('never = "fault" / before = "locked"', "none"),
    ('count = "paused" / equals = 1', "1 times"),
    ('count = "paused" / code = "stop-button" / equals = 0', "0 times"),
    ('count = "paused" / at_least = 1 / at_most = 1', "1 times"),
    ('count = "paused" / equals = 3 / tolerance = 2', "1 times"),
    ('value = "steps.1.delivered_ml" / equals = 0.01', "it is 0.01"),
    ('value = "steps.1.delivered_ml" / equals = 0.011 / tolerance = 0.001', "it is 0.01"),
    ('value = "delivered_ml" / at_least = 0.01 / at_most = 0.01', "it is 0.01"),
    ('value = "events.0.event" / equals = "armed"', "it is armed"),
    ('value = "actions.desat.t_ms" / equals = 5000', "it is 5000"),
    ('value = "final_state" / equals = "completed"', "it is completed"),
]
UNMET = [
    ('event = "paused" / of = "desat" / within_s = 1 / last_pulse_within_ms = 5000', "too late; no pulse after"),
    ('never = "paused" / after = "desat" / before = "armed"', "11.050"),
    ('event = "locked"', "none; there is no locked at all"),
    ('event = "paused" / code = "pulse-stop"', "none; the nearest is paused (spo2-stop) in step 1 at 00:00:11.050"),
    ('event = "paused" / step = 2', "the nearest is paused (spo2-stop) in step 1"),
    ('event = "paused" / state = "running"', "the nearest is"),
    ('event = "paused" / nth = 2', "only 1 of 2"),
    ('event = "paused" / of = "desat" / within_s = 6.049', "6050 ms after desat at 00:00:05.000, too late"),
    ('event = "paused" / of = "desat" / not_before_s = 6.051', "too early"),
    ('event = "paused" / of = "resumed"', "none after resumed"),
    ('event = "paused" / of = "locked"', "locked never came"),
    ('event = "armed" / of = "desat"', "none after desat"),
    ('event = "paused" / within_s = 11.049', "too late"),
    ('event = "desat" / last_pulse_within_ms = 5999', "last pulse 6000.000 ms after desat at 00:00:05.000, too late"),
    ('event = "paused" / of = "desat" / last_pulse_of_ms = 5999.9', "too late"),
    ('event = "resumed" / last_pulse_within_ms = 8999', "9000.000 ms after resumed"),
    ('never = "paused"', "paused (spo2-stop) in step 1 at 00:00:11.050"),
    ('never = "paused" / before = "locked"', "11.050"),
    ('never = "paused" / before = "resumed"', "11.050"),
    ('never = "paused" / after = "desat"', "11.050"),
    ('never = "paused" / after = "locked"', "locked never came"),
    ('never = "desat" / before = "paused"', "desat at 00:00:05.000"),
    ('count = "paused" / equals = 2', "1 times"),
    ('count = "paused" / at_least = 2', "1 times"),
    ('count = "paused" / at_most = 0', "1 times"),
    ('value = "steps.1.delivered_ml" / equals = 0.0101', "it is 0.01"),
    ('value = "steps.1.delivered_ml" / equals = 0.0112 / tolerance = 0.001', "it is 0.01"),
    ('value = "steps.2.delivered_ml" / equals = 0', "no such value"),
    ('value = "vein_mg" / at_least = 0', "no such value"),
    ('value = "events.99.t_ms" / at_least = 0', "no such value"),
    ('value = "events.0.code" / equals = "mild"', "no such value"),
    ('value = "final_state" / equals = "held"', "it is completed"),
    ('value = "simulated_s" / at_most = 99.9', "it is 100.0"),
]


@pytest.mark.parametrize(("keys", "why"), MET)
def test_what_came_meets_its_expectation(tmp_path: Path, keys: str, why: str) -> None:
    """Else a pump that does right is told off."""
    found = judged(tmp_path, held_step().told(), keys)
    assert found["met"] is True and why in found["why"], found


@pytest.mark.parametrize(("keys", "why"), UNMET)
def test_what_did_not_come_is_not_met_and_what_came_instead_is_said(tmp_path: Path, keys: str, why: str) -> None:
    """Else a pump that does wrong passes."""
    found = judged(tmp_path, held_step().told(), keys)
    assert found["met"] is False and why in found["why"] and "\n" not in found["why"], found


def test_a_pulse_after_the_stop_counts_until_the_flow_starts_again(tmp_path: Path) -> None:
    """Else a late pulse hides behind the resume, or the resume's own pulses count as late ones."""
    late = held_step()
    late.moved.append(11_050_000 + 120_000)
    keys = 'event = "paused" / last_pulse_within_ms = '
    assert "last pulse 120.000 ms" in judged(tmp_path, late.told(), keys + "119")["why"]
    assert not judged(tmp_path, late.told(), keys + "119")["met"]
    assert judged(tmp_path, late.told(), keys + "120")["met"]
    ended = Story().log(1_000, "step_started", 1).log(2_000, "stopped", 1, "end")
    ended.moved += [1_500_000, 9_000_000]
    assert not judged(tmp_path, ended.told(), 'event = "stopped" / last_pulse_within_ms = 6999')["met"]


def test_without_any_pulse_record_nothing_is_said_of_pulses(tmp_path: Path) -> None:
    """Else a target that records no pulses shows that the flow stops at once."""
    blind = held_step().told()
    blind.moved_us = None
    assert judged(tmp_path, blind, 'event = "paused" / last_pulse_within_ms = 50')["why"].endswith("were recorded")
    assert not judged(tmp_path, blind, 'event = "paused" / last_pulse_within_ms = 50')["met"]


def test_the_nth_counts_what_fits_after_the_origin(tmp_path: Path) -> None:
    """Else the second reaction is judged by the first one's time."""
    story = two_steps().act(5_000, "desat", "oximeter")
    assert judged(tmp_path, story.told(), 'event = "step_started" / nth = 2 / within_s = 20')["met"]
    assert not judged(tmp_path, story.told(), 'event = "step_started" / nth = 2 / within_s = 19.9')["met"]
    assert judged(tmp_path, story.told(), 'event = "step_started" / of = "step_started" / step = 2')["met"]
    assert not judged(tmp_path, story.told(), 'event = "step_started" / of = "step_started" / step = 1')["met"]


def test_a_repeated_step_s_path_is_that_of_its_last_run(tmp_path: Path) -> None:
    """Else the volume of the run that was cut short is judged."""
    story = held_step().log(50_000, "step_started", 1).pulses(50_000, 7, 180_000)
    assert judged(tmp_path, story.told(), 'value = "steps.1.delivered_ml" / equals = 0.0007')["met"]
    assert judged(tmp_path, story.told(), 'value = "steps.1.run" / equals = 2')["met"]


def test_an_action_that_was_not_carried_out_meets_nothing(tmp_path: Path) -> None:
    """Else a fault that the bench never put in shows as one that the pump stands."""
    story = held_step()
    story.done.clear()
    for keys in ('event = "desat"', 'event = "paused" / of = "desat"', 'never = "locked" / after = "desat"'):
        assert not judged(tmp_path, story.told(), keys)["met"]


def test_decimals_are_compared_exactly() -> None:
    """Else 0.3 is not 0.1 + 0.2, and a tolerance is off by a binary digit."""
    from decimal import Decimal

    assert sized(Decimal("0.3"), {"equals": Decimal("0.1"), "tolerance": Decimal("0.2")})
    assert not sized(Decimal("0.3000000001"), {"equals": Decimal("0.1"), "tolerance": Decimal("0.2")})


_NAMES = st.sampled_from(["paused", "step_started", "resumed", "desat", "locked", "step_completed"])
_KEYS = st.fixed_dictionaries(
    {},
    optional={
        "of": _NAMES,
        "before": _NAMES,
        "after": _NAMES,
        "step": st.integers(1, 3),
        "nth": st.integers(1, 3),
        "within_s": st.integers(1, 50),
        "last_pulse_within_ms": st.integers(0, 9999),
        "equals": st.one_of(st.integers(0, 5), st.just("held")),
    },
)
_PATHS = st.sampled_from(["steps.1.run", "steps.3.ended_ms", "events.3.arg", "vein_mg", "final_state", "actions.x.do"])


@given(
    st.lists(st.tuples(st.integers(0, 99), _NAMES, st.integers(0, 3))),
    st.sampled_from(["event", "never", "value", "count"]),
    _NAMES,
    _PATHS,
    _KEYS,
)
def test_judging_never_raises(
    rows: list[tuple[int, str, int]], kind: str, name: str, path: str, keys: dict[str, Any]
) -> None:
    """Else one odd run takes the whole report with it."""
    story = Story().act(30_000, "desat")
    for t_s, record, step in sorted(rows):
        story.log(t_s * 1000, record, step).pulses(t_s * 1000, 3, 100_000)
    if kind != "value" and isinstance(keys.get("equals"), str):
        keys["equals"] = 1
    wanted = Expect(kind, path if kind == "value" else name, keys, "it is so")
    read = Scenario("s", Path("s.toml"), "", b"", _protocol(), 1, expects=(wanted,))  # type: ignore[arg-type]
    document = result(read, story.told("held"))
    assert document["expectations"][0]["met"] in (True, False) and document["expectations"][0]["why"]
    assert look_up(document, "steps.9.delivered_ml") is None


def _protocol() -> Any:
    from toleramp.protocol.file import read_protocol
    from toleramp_bench.places import standard_protocol

    return read_protocol(standard_protocol())
