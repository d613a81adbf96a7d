"""A scenario run by a firmware with a defect: in a process of its own, on the core."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from multiprocessing.connection import Connection

from toleramp_bench.defects.kit import Defect
from toleramp_bench.places import ROOT
from toleramp_bench.runs.execute import execute, make_target
from toleramp_bench.scenario.reader import read_scenario

SCENARIOS = ROOT / "hil_tests" / "scenarios"
LIMIT_MS = 300_000  # a broken pump may wait for ever; the longest of these scenarios takes 207 s,
LONGER_MS = {"screen-out.toml": 600_000}  # but for this one, 445 s


def caught(defect: Defect) -> list[str]:
    """What its scenarios say against the defect, a line each; nothing: it was not caught."""
    here, there = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(defect, there))
    child.start()
    there.close()
    try:
        told: list[str] = here.recv()
    except EOFError:
        raise RuntimeError(f"the scenarios could not run with {defect.name}") from None
    finally:
        child.join()
    return told


def _child(defect: Defect, to_parent: Connection) -> None:
    defect.plant()
    to_parent.send([line for name in defect.scenarios for line in _missed(name)])


def _missed(name: str) -> list[str]:
    """The expectations that a scenario misses."""
    scenario = replace(read_scenario(SCENARIOS / name), limit_ms=LONGER_MS.get(name, LIMIT_MS))
    document = execute(scenario, make_target("core", scenario)).document
    return [f"{name}: {each['text']}: {each['why']}" for each in document["expectations"] if not each["met"]]
