"""What of the keys of `oximeter` goes together, and the files they name: for scenarios and the simulator."""

from __future__ import annotations

from pathlib import Path

from toleramp_bench.devices.traces import read_trace
from toleramp_bench.scenario import words
from toleramp_bench.scenario.checks import Checks, Table

KEYS = words.DO["oximeter"].keys
_VALUES = ("spo2", "pulse", "ramp_to")  # of the patient
_ROWS = ("samples", "trace")  # of what it says instead


def demand_oximeter(checks: Checks, given: Table, where: str) -> None:
    """Raises UserError for keys that do not go together."""
    if "ramp_s" in given and "ramp_to" not in given:
        raise checks.fail("ramp_s without ramp_to", where, "write ramp_to = the saturation to reach")
    if "ramp_to" in given and "spo2" in given:
        raise checks.fail("spo2 and ramp_to at once", where, "leave one out")
    rows = [key for key in _ROWS if key in given]
    if "repeat" in given and not rows:
        raise checks.fail("repeat without samples", where, "write samples = [[spo2, pulse, seconds], ...]")
    if len(rows) > 1 or (rows and set(_VALUES) & set(given)):
        raise checks.fail(f"{rows[0]} and a value of the patient at once", where, "leave one out")
    if "samples" in given:
        _demand_samples(checks, given["samples"], where)


def _demand_samples(checks: Checks, rows: object, where: str) -> None:
    """[[spo2, pulse, seconds], ...], each a number within its range."""
    form = "write samples = [[spo2, pulse, seconds], ...]"
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) and len(row) == 3 for row in rows):
        raise checks.fail("it is no list of [spo2, pulse, seconds]", f"{where}, samples", form)
    for row in rows:
        for value, key in zip(row, (KEYS["spo2"], KEYS["pulse"], words.SPAN), strict=True):
            checks.value(value, key, f"{where}, samples")


def with_trace(arguments: Table, folder: Path) -> Table:
    """The arguments with the trace that they name, read; its path is beside the file that names it."""
    if "trace" not in arguments:
        return arguments
    return {**arguments, "trace": read_trace(folder / arguments["trace"])}
