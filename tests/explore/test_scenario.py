"""Each fault that once landed, as a scenario file: it fails on the wrong core, and passes on the shipped one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.explore.explorer import Found, Hung, hung_is_noticed
from tests.explore.people import reach
from tests.explore.protocol_file import protocol_text
from tests.explore.protocols import ALL
from tests.explore.scenario import scenario_of, told, write
from tests.explore.spaces import Space, shortened
from tests.explore.test_once_landed import found_with
from tests.explore.wrong import ONCE_LANDED, planted

from pump.protocol.encoding import encode
from toleramp.errors import UserError
from toleramp.protocol.file import read_file
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.scenario.reader import read_scenario

HUNG_CPU_S = 3  # the whole run of the fault that hangs takes 1
# The inputs after the milestone, as test_once_landed prints them, of those that take long to be found.
STORED: dict[str, tuple[str, ...]] = {
    "h1": ("UP", "CONFIRM", "START", "CONFIRM"),
    "h3": ("UP", "UP", "CONFIRM"),
    "h5": ("hang B", "scan", "CONFIRM"),
    "h7": ("UP", "CONFIRM", "START", "fall", "CONFIRM"),
    "h15": ("UP", "CONFIRM", "START", "CONFIRM", "hang C", "scan", "CONFIRM"),
}
SAID = sorted(set(ONCE_LANDED) - {"h7"})
# Of the files that the wrong core wrote, what it misses at least: the expectation's first words.
MISSES = {
    "h1": "never step_started", "h2": "alarm_raised (spo2-stop)", "h5": "never step_started", "h8": "never resumed",
    "h15": "never step_started in step 5", "h18": "never armed",
}  # fmt: skip


@cache
def found_of(fault: str) -> Found:
    """What the explorer finds, from power-on."""
    if fault not in STORED:
        return found_with(fault)[0][0]
    landed = ONCE_LANDED[fault]
    with shortened(), planted(landed.plant):
        way = reach(Space(landed.protocol, landed.words, 1, "dead-volume").world(), landed.milestone)
    return Found(landed.invariant, "stored", way + STORED[fault])


def missed(path: Path, most_cpu_s: int = 60) -> list[str]:
    """What a run on the core in this process did not meet; "hung" for a run that does not end."""
    scenario = read_scenario(path)
    with hung_is_noticed():
        signal.setitimer(signal.ITIMER_VIRTUAL, most_cpu_s)
        try:
            document = execute(scenario, lambda: make_target("core", scenario)).document
        except Hung:
            return ["hung"]
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    assert not document["open"]
    return [one["text"] for one in document["expectations"] if not one["met"]]


def on_the_wrong_core(fault: str, call: Callable[[], Any]) -> Any:
    """What a call gives with the fault put back."""
    with planted(ONCE_LANDED[fault].plant):
        return call()


@pytest.mark.req("PRO-8", "ALM-7", "SES-6", "VIT-2", "PRO-2", "SES-1", "FLO-10")
@pytest.mark.parametrize("fault", SAID)
def test_what_the_wrong_core_wrote_fails_on_it_and_passes_on_the_shipped_one(fault: str, tmp_path: Path) -> None:
    """The explorer writes with the core that it has found wrong: its own account of the way may be wrong, too."""
    found = found_of(fault)
    path = on_the_wrong_core(fault, lambda: write(found, ONCE_LANDED[fault].protocol, tmp_path))
    assert missed(path) == []
    wrong = on_the_wrong_core(fault, lambda: missed(path, 60 if fault in MISSES else HUNG_CPU_S))
    assert any(text.startswith(MISSES.get(fault, "hung")) for text in wrong), wrong


@pytest.mark.req("ALM-7", "SES-1", "SES-6")
@pytest.mark.parametrize("fault", ["h2", "h18"])
def test_what_the_shipped_core_wrote_says_its_way_and_fails_on_the_wrong_one(fault: str, tmp_path: Path) -> None:
    path = write(found_of(fault), ONCE_LANDED[fault].protocol, tmp_path)
    assert 'value = "final_state"' in path.read_text()
    assert missed(path) == []
    assert on_the_wrong_core(fault, lambda: missed(path))


@pytest.mark.req("INT-4", "FLO-12")
def test_what_no_target_can_do_is_refused_in_one_line(tmp_path: Path) -> None:
    """A counter that falls back; people are told, and the path stands there all the same."""
    found = found_of("h7")
    with pytest.raises(UserError, match=r"input 24 \(fall\): no target lets its count of pulses fall back"):
        scenario_of(found, "three-bags")
    path_told, scenario_told = told(found, "three-bags", tmp_path).splitlines()
    assert path_told.endswith(", ".join(found.path))
    assert scenario_told.startswith("no scenario: ") and not list(tmp_path.iterdir())


@pytest.mark.req("FLO-10")
def test_times_that_are_shortened_are_noticed() -> None:
    """Else the file would have the explorer's times."""
    with shortened(), pytest.raises(UserError, match="shortened"):
        scenario_of(Found("what-starts-was-seen", "stored", ("START load", "wait")), "three-bags")


@pytest.mark.req("PRO-1", "PRO-4")
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_tiny_protocol_is_the_same_from_its_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(protocol_text(ALL[name]()))
    reading = read_file(path)
    assert not reading.faults and reading.protocol
    assert encode(reading.protocol) == encode(ALL[name]())
