"""The plant in the loop: what a board reads of it while it runs, and that loop and replay come to the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenario_kit import HEAD, event, written

from toleramp_bench.places import ROOT
from toleramp_bench.plant.assembly import Plant
from toleramp_bench.plant.readings import READINGS
from toleramp_bench.runs.pumped import Pumped
from toleramp_bench.runs.result import result
from toleramp_bench.runs.runner import Run
from toleramp_bench.runs.walk import step_runs
from toleramp_bench.scenario.model import Recording, Scenario
from toleramp_bench.scenario.reader import read_scenario
from toleramp_bench.targets.core import CoreTarget

pytestmark = pytest.mark.req("TST-1")

LIBRARY = ROOT / "hil_tests" / "scenarios"
# Bags, an occlusion, free flow, a tube drawn flat, lost steps, a stalled motor, air, a wrong calibration, a power cut.
NAMES = (
    "standard-session", "occlusion-bolus", "free-flow", "closed-clamp", "slipping-motor", "stalled-motor", "empty-bag",
    "wrong-calibration", "back-over-a-bag", "power-cut", "blind-start",
)  # fmt: skip


class ReadingRun(Run):
    """A run whose pump reads every sensor in each scan."""

    def go(self) -> Recording:
        """Runs it to its end."""
        self.book(0, self._read)
        return super().go()

    def _read(self) -> None:
        for name in READINGS:
            self.live.reading(name)
        self.later(20, self._read)


def ran(read: Scenario, kind: type[Run] = Run) -> tuple[Run, Pumped]:
    """A run on the core, and its recording played again."""
    run = kind(read, CoreTarget())
    recording = run.go()
    return run, Pumped(read, recording, step_runs(recording.records, recording.moved_us))


def account(plant: Plant) -> tuple[Any, ...]:
    """Everything that was delivered, to the last digit."""
    return plant.liquid_pl, plant.delivered_pg, plant.vein_pg(), plant.encoder.counts, plant.flow.bags.left_pl


@pytest.mark.parametrize("kind", [Run, ReadingRun], ids=["unread", "read-each-scan"])
@pytest.mark.parametrize("name", NAMES)
def test_loop_and_replay_deliver_the_same(name: str, kind: type[Run]) -> None:
    """Else the pump reads another world than the one it is judged by, or looking changes what is delivered."""
    read = read_scenario(LIBRARY / f"{name}.toml")
    run, pumped = ran(read, kind)
    assert account(run.plant) == account(pumped.plant)


@pytest.mark.parametrize("name", ["occlusion-bolus", "slipping-motor"])
def test_looking_changes_no_figure_of_the_result(name: str) -> None:
    """Else a pump with sensors is measured by another rule."""
    read = read_scenario(LIBRARY / f"{name}.toml")
    documents = []
    for kind in (Run, ReadingRun):
        run, pumped = ran(read, kind)
        documents.append(result(read, run.recording, pumped))
    assert documents[0] == documents[1]


def readings(folder: Path, body: str, *times_s: float, plant: str = "") -> list[dict[str, int]]:
    """What each sensor reads at these times of a run of the standard ladder (a fiftieth), on the core."""
    read = read_scenario(written(folder, HEAD + plant + body))
    run = Run(read, CoreTarget())
    found: list[dict[str, int]] = []
    for t_s in times_s:
        run.book(round(t_s * 1e6), lambda: found.append({name: run.live.reading(name) for name in READINGS}))
    run.go()
    return found


def test_every_sensor_reads_the_plant_while_the_pump_runs(tmp_path: Path) -> None:
    """Else the firmware sees nothing of what the bench says happens."""
    body = "".join(
        event(f'{do}"\nid = "{do}', f'at = "00:00:{at}"{more}')
        for do, at, more in (
            ("occlude", "20", ""), ("door", "21", ""), ("battery", "22", "\nvolts = 3.3"), ("release", "30", ""),
            ("air", "35", "\nul = 4000"),
        )
    )  # fmt: skip
    end = '[end]\nat = "00:02:40"\n'
    plant = "plant = {air_sensor_nl = 20, air = {beam_nl = 1}}\n"
    before, shut, freed, air = readings(tmp_path, body + end, 19.9, 29.9, 31, 100, plant=plant)
    assert before["encoder"] > 0 and shut["encoder"] > before["encoder"]
    assert shut["pressure"] > before["pressure"] == freed["pressure"]
    assert (before["door"], shut["door"]) == (0, 1)
    assert (before["battery"], shut["battery"]) == (round(2.1 / 3.3 * 4095), round(1.65 / 3.3 * 4095))
    assert before["scale"] > shut["scale"] > freed["scale"]
    assert (before["air"], freed["air"], air["air"]) == (0, 0, 1)


def test_a_plant_is_in_time_whenever_somebody_looks(tmp_path: Path) -> None:
    """Else a sensor that is read now and then shows what was, not what is: its edges are those of the pulses so far."""
    read = read_scenario(written(tmp_path, HEAD + '[end]\nat = "00:01:00"\n'))
    run = Run(read, CoreTarget())
    seen: list[tuple[int, int]] = []
    for k in range(400):
        run.book(
            10_000_000 + 123_457 * k,
            lambda: seen.append((run.target.moved.count_until(run.target.now_us), run.live.reading("encoder"))),
        )
    run.go()
    assert seen[-1][0] > 300 and all(edges == pulses * 2400 // 3200 for pulses, edges in seen)
