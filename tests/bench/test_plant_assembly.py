"""The plant put together: exact when ideal, conserving always, and each fault seen where it should be."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pump.protocol import protocol as p
from pump.protocol import vein
from toleramp.protocol.file import compile_file
from toleramp_bench.places import mechanism_pl_pulse, standard_protocol
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.bags import Bag, GravityConfig
from toleramp_bench.plant.config import PlantConfig, for_protocol, typical
from toleramp_bench.plant.line import SALINE
from toleramp_bench.plant.mechanism import MechanismConfig
from toleramp_bench.plant.sensors import AirConfig
from toleramp_bench.plant.tubing import TubingConfig

PL = MechanismConfig().pl_pulse
TWO_BAGS = PlantConfig(bags=(Bag("A", 2_000, 7), Bag("B", 100_000_000, 10**9)), line_dead_nl=3_000)


def standard() -> p.Protocol:
    _, protocol = compile_file(standard_protocol())
    return protocol


def session(plant: Plant, protocol: p.Protocol, chunk: int) -> list[Fraction]:
    """Runs a protocol's pulses in chunks of so many; dose at the vein in each step."""
    doses = []
    for step in protocol.steps:
        bag, before = protocol.solutions[step.solution], plant.vein_pg()
        if bag.id != plant.flow.bags.hung:
            plant.swap_bag(bag.id)
        rest, interval_us = step.volume_nl * 1000 // plant.config.mechanism.pl_pulse, PL * 36_000 // step.rate_e4
        while rest:
            pulses = min(chunk, rest)
            plant.advance(plant.t_us + pulses * interval_us, pulses)
            rest -= pulses
        doses.append(plant.vein_pg() - before)
    return doses


@pytest.mark.parametrize("chunk", [997, 10**9])
def test_the_ideal_plant_gives_the_standard_protocol_to_the_picolitre(chunk: int) -> None:
    """Else results differ from the plan by the bench's own errors."""
    protocol = standard()
    plant = Plant(for_protocol(protocol, mechanism_pl_pulse()))
    assert session(plant, protocol, chunk) == [Fraction(*dose) for dose in vein.doses(protocol)]
    total_nl = sum(step.volume_nl for step in protocol.steps)
    assert plant.flow.pumped_pl == plant.flow.delivered_pl == 1000 * total_nl == plant.flow.mechanism.exact_pl
    assert plant.delivered_nl == plant.pumped_nl == total_nl
    assert {event.kind for event in plant.events} == {"bag_swapped"}
    left = {bag.id: bag.volume_nl for bag in protocol.solutions}
    for step in protocol.steps:
        left[protocol.solutions[step.solution].id] -= step.volume_nl
    assert {name: Fraction(pl, 1000) for name, pl in plant.flow.bags.left_pl.items()} == left
    plant.advance(plant.t_us + 100_000, 0)
    assert plant.scale_g == pytest.approx(left["C"] / 1e6)


moves = st.lists(
    st.tuples(
        st.integers(0, 400_000),
        st.integers(-60, 400),
        st.sampled_from(["", "", "swap", "occlude", "narrow", "upstream", "release", "air", "leak", "slip", "stall"])
        | st.sampled_from(["run", "free", "held", "empty"]),
    ),
    max_size=25,
)


def act(plant: Plant, what: str) -> None:
    """Does one of the things that may happen."""
    {
        "": lambda: None,
        "swap": lambda: plant.swap_bag("B" if plant.flow.bags.hung == "A" else "A"),
        "occlude": plant.occlude,
        "narrow": lambda: plant.occlude("downstream", 0.5),
        "upstream": lambda: plant.occlude("upstream", 3.0),
        "release": plant.release,
        "air": lambda: plant.air(0.7),
        "leak": lambda: plant.air(0.3, 1_000),
        "slip": lambda: plant.slip(0.25),
        "stall": plant.stall,
        "run": lambda: plant.stall(False),
        "free": plant.free_flow,
        "held": lambda: plant.free_flow(False),
        "empty": plant.bag_empty,
    }[what]()


def play(config: PlantConfig, parts: list[tuple[int, int, str]], seed: int = 3) -> Plant:
    plant = Plant(config, seed)
    for dt_us, pulses, what in parts:
        act(plant, what)
        back = -(plant.flow.line.total_pl // (4 * PL))  # a pump turned back for ever has nothing left to draw
        plant.advance(plant.t_us + dt_us, max(pulses, back))
    return plant


@settings(max_examples=150)
@given(moves, st.booleans())
def test_nothing_is_lost_or_made_whatever_happens(parts: list[tuple[int, int, str]], rough: bool) -> None:
    """Else a fault's extra dose is an error of the bench."""
    config = typical(TWO_BAGS) if rough else TWO_BAGS
    plant = play(config, [part for part in parts if part[2] != "empty"])
    flow = plant.flow
    line, at_vein = flow.line, flow.line.out_pl()
    drawn = {bag.id: 1000 * bag.volume_nl - flow.bags.left_pl[bag.id] for bag in config.bags}
    inside = dict.fromkeys((*drawn, "air", "saline", "blood"), 0)
    for segment in line.contents():
        inside[segment.source.bag] += segment.volume_pl
    for name, volume_pl in drawn.items():
        assert volume_pl == inside[name] + at_vein.get(name, 0)
    leaked_pl = 300_000 * sum(event.value == 300_000 for event in plant.events)
    assert sum(at_vein.values()) == flow.delivered_pl + leaked_pl
    assert line.total_pl == 1000 * config.line_dead_nl + flow.pumped_pl - flow.delivered_pl
    assert abs(line.total_pl - 1000 * config.line_dead_nl - 1000 * flow.tubing.stored_nl) <= 2
    drug = sum((drawn[bag.id] * Fraction(bag.drug_pg, 1000 * bag.volume_nl) for bag in config.bags), Fraction(0))
    assert drug == plant.vein_pg() + line.content_pg()
    assert flow.air_path.reached_pl == at_vein.get("air", 0)


@settings(max_examples=30)
@given(moves)
def test_two_runs_are_the_same_to_the_last_digit(parts: list[tuple[int, int, str]]) -> None:
    """Else a finding cannot be run again."""
    one, two = play(typical(TWO_BAGS), parts), play(typical(TWO_BAGS), parts)
    assert (one.events, one.vein_pg(), one.scale_g, one.pressure_kpa) == (
        two.events, two.vein_pg(), two.scale_g, two.pressure_kpa
    )  # fmt: skip
    assert [one.pressure_code() for _ in range(3)] == [two.pressure_code() for _ in range(3)]


@pytest.mark.parametrize(("rate_ml_h", "seconds"), [(0.1, 3600), (5, 360), (80, 60), (1200, 6)])
@pytest.mark.parametrize("step_us", [1_000, 20_000, 1_000_000])
def test_pressure_and_bolus_of_an_occlusion(rate_ml_h: float, seconds: int, step_us: int) -> None:
    """Else the path from pulse to pressure is further off than 2 %."""
    interval_us = PL * 3.6 / rate_ml_h  # nL an hour are 1/3.6 pL a ms
    plant = Plant(PlantConfig(tubing=TubingConfig(compliance_ul_kpa=1.5)))
    plant.occlude()
    many = range(0, seconds * 10**6 + 1, max(step_us, 20_000) if rate_ml_h < 1 else step_us)
    for from_us, to_us in pairwise(many):
        plant.advance(to_us, int(to_us / interval_us) - int(from_us / interval_us))
    stored_ul = rate_ml_h / 3.6 * seconds
    assert plant.pressure_kpa == pytest.approx(stored_ul / 1.5, rel=0.02) and plant.delivered_nl == 0
    plant.release()
    plant.advance(plant.t_us + 30_000, 0)
    assert float(plant.delivered_nl) == pytest.approx(1000 * stored_ul * (1 - exp(-0.03 / (0.02 * 1.5))), rel=0.02)
    plant.advance(plant.t_us + 2_000_000, 0)
    assert plant.flow.delivered_pl == plant.flow.pumped_pl and plant.pressure_kpa == 0 and plant.flow.still
    assert plant.events[-1].kind == "released" and plant.events[-1].value == pytest.approx(1000 * stored_ul, rel=0.02)


def test_an_occlusion_upstream_starves_the_pump_without_pressure_downstream() -> None:
    """Else a clamp left closed at the bag looks like flow."""
    plant = Plant()
    plant.occlude("upstream")
    for k in range(1, 3001):
        plant.advance(k * 20_000, 2)
    assert 59_000 < plant.delivered_nl < 60_001 and plant.pressure_kpa == 0  # 60 uL of a flattened tube
    assert plant.flow.mechanism.exact_pl == 6000 * PL


def test_a_bubble_is_seen_by_the_detector_before_the_patient_gets_it() -> None:
    """Else the air alarm has no time."""
    plant = Plant(PlantConfig(air=AirConfig(beam_nl=10_000, response_us=10_000)))
    plant.air(60)
    for k in range(1, 1001):
        plant.advance(k * 20_000, 5)
    kinds = [(event.kind, event.t_us // 20_000) for event in plant.events]
    # 0.5 uL a step: the beam ends 20 uL behind the pump; 360 uL later all of the bubble is in the vein.
    assert kinds == [
        ("air_entered", 0),
        ("air_seen", 40),
        ("air_gone", 141),
        ("air_at_patient", 601),
        ("air_past", 721),
    ]
    assert plant.flow.air_path.reached_pl == 60_000_000 and not plant.air_seen


def test_an_empty_bag_gives_air_and_another_bag_ends_it() -> None:
    """Else nothing follows when a bag runs out."""
    plant = Plant(TWO_BAGS)
    plant.advance(1_000_000, 30)  # 3 uL of a bag with 2 uL
    assert [event.kind for event in plant.events] == ["bag_empty"] and plant.flow.line.contents()[
        -1
    ].source.bag == "air"
    plant.swap_bag("B")
    plant.advance(2_000_000, 45)
    assert plant.flow.line.out_pl() == {"saline": 3_000_000, "A": 2_000_000, "air": 1_000_000, "B": 1_500_000}
    plant.bag_empty()
    plant.bag_empty()
    assert [event.kind for event in plant.events].count("bag_empty") == 2
    assert plant.vein_pg("A") == 7 and plant.vein_pg("B") == Fraction(1500 * 10**9, 10**8)


@pytest.mark.parametrize("clamp", [False, True])
def test_free_flow_without_and_with_a_clamp(clamp: bool) -> None:
    """Else the clamp's effect cannot be shown: 800 mm through 0.02 kPa s/uL are 392.266 uL/s."""
    plant = Plant(PlantConfig(gravity=GravityConfig(clamp=clamp)))
    plant.free_flow()
    for k in range(1, 51):
        plant.advance(k * 20_000, 3)
    assert plant.flow.delivered_pl == (0 if clamp else pytest.approx(392_266_000, abs=2))
    plant.free_flow(False)
    before = plant.flow.delivered_pl
    plant.advance(2_000_000, 4)
    assert plant.flow.delivered_pl - before == 4 * PL


def test_free_flow_into_an_occluded_line_ends_at_the_head_s_pressure() -> None:
    """Else gravity fills a shut line for ever."""
    plant = Plant()
    plant.occlude()
    plant.free_flow()
    for k in range(1, 101):
        plant.advance(k * 20_000, 0)
    assert plant.pressure_kpa == pytest.approx(800 * 0.00980665, rel=1e-6) and plant.delivered_nl == 0


def test_free_flow_stops_at_a_clamp_before_the_pump() -> None:
    """Else gravity draws through a shut tube."""
    plant = Plant()
    plant.occlude("upstream")
    plant.free_flow()
    plant.advance(1_000_000, 10)
    assert plant.flow.pumped_pl == 0


def test_rounding_to_a_picolitre_never_draws_blood_and_is_made_good() -> None:
    """Else a store of half a picolitre looks like reverse delivery, or stays for ever."""
    plant = Plant(PlantConfig(mechanism=MechanismConfig(1)))
    plant.occlude()
    plant.flow.tubing.outlet.stored_nl = 0.0005
    plant.advance(1000, 1)
    assert plant.flow.line.out_pl() == {}
    plant = Plant(PlantConfig(mechanism=MechanismConfig(1)))
    plant.occlude()
    plant.advance(1000, -1)
    plant.release()
    plant.advance(2_000_000, 0)
    plant.advance(2_001_000, 1)
    assert plant.flow.still and plant.flow.delivered_pl == plant.flow.pumped_pl == 0


def test_slip_and_stall_are_seen_at_the_shaft() -> None:
    """Else the encoder has nothing to find."""
    plant = Plant()
    plant.slip(0.5)
    plant.advance(1_000_000, 3200)
    assert plant.encoder.counts == 1200 and plant.delivered_nl == 160_000
    plant.stall()
    plant.advance(2_000_000, 3200)
    assert plant.encoder.counts == 1200 and plant.delivered_nl == 160_000


def test_a_rest_makes_the_mechanism_stick_and_slow_pulses_do_not() -> None:
    """Else a slow rate never delivers, or backlash comes once."""
    plant = Plant(PlantConfig(mechanism=MechanismConfig(stiction_pulses=2)))
    for k in range(1, 11):
        plant.advance(k * 3_600_000, 1)  # 0.1 mL/h
    assert plant.flow.pumped_pl == 8 * PL
    for k in range(11, 15):
        plant.advance(k * 3_600_000, 0)
    plant.advance(15 * 3_600_000, 5)
    assert plant.flow.pumped_pl == 11 * PL


def test_a_pump_that_turns_back_draws_blood_and_fills_the_bag() -> None:
    """Else reverse delivery cannot be found (FLO-8)."""
    plant = Plant()
    plant.advance(1_000_000, 100)
    plant.advance(2_000_000, -30)
    assert plant.delivered_nl == 7_000 == plant.pumped_nl and plant.flow.bags.left_pl["A"] == 250 * 10**9 - 70 * PL
    assert plant.flow.line.out_pl() == {"saline": 10_000_000, "blood": -3_000_000}
    assert plant.flow.line.contents()[-1].volume_pl == 70 * PL


def test_back_off_behind_an_occlusion_takes_the_pressure_away_without_reverse_flow() -> None:
    """Else the back-off of FLO-8 cannot be judged."""
    plant = Plant()
    plant.occlude()
    plant.advance(1_000_000, 1000)
    assert plant.pressure_kpa == pytest.approx(50)
    plant.advance(2_000_000, -900)
    plant.release()
    plant.advance(4_000_000, 0)
    assert plant.delivered_nl == 10_000 and "blood" not in plant.flow.line.out_pl()


def test_scale_under_the_beaker_its_fault_and_the_tare() -> None:
    """Else a closed loop on the beaker weighs the bag."""
    plant = Plant(PlantConfig(scale_under="beaker", tare_g=20.0))
    plant.advance(1_000_000, 10_000)
    assert plant.scale_g == pytest.approx(21.0)
    plant.scale_fault(offset_g=3.0)
    plant.advance(2_000_000, 0)
    assert plant.scale_g == pytest.approx(24.0)


def test_sensors_can_be_broken() -> None:
    """Else faults of electronics cannot be injected."""
    plant = Plant(PlantConfig(tubing=TubingConfig(back_pressure_kpa=10)))
    assert plant.pressure_sensor.kpa(plant.pressure_code()) == pytest.approx(10, abs=0.05)
    plant.pressure_sensor.wire_off, plant.detector.stuck = True, False
    assert plant.pressure_code() == 0 and plant.air_seen


def test_time_does_not_go_back() -> None:
    """Else pulses are put to the wrong time."""
    plant = Plant()
    plant.advance(10, 0)
    with pytest.raises(ValueError, match="goes back"):
        plant.advance(9, 0)


def test_the_line_is_primed_as_the_protocol_says() -> None:
    """Else saline comes first where drug should, or the other way round."""
    protocol = standard()
    primed = Plant(for_protocol(protocol)).flow.line.contents()
    protocol.primed_with_solution, protocol.steps[0].solution = 0, 1
    assert Plant(for_protocol(protocol)).flow.bags.hung == "B"
    assert primed[0].source.bag == "A" and Plant(for_protocol(protocol)).flow.line.contents()[0].source == SALINE
