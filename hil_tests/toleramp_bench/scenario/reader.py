"""Reads a scenario file; every fault of it is one line: which file, where in it, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

from pump.tables import oximeters
from toleramp_bench.names import EVENTS
from toleramp_bench.places import ROOT
from toleramp_bench.scenario import not_yet, words
from toleramp_bench.scenario.checks import Checks, Table, parse, read_text
from toleramp_bench.scenario.contradictions import Outline, demand_possible
from toleramp_bench.scenario.events import Ground, demand_in_time, read_actions, read_moment
from toleramp_bench.scenario.expects import open_names, read_expects
from toleramp_bench.scenario.model import TARGETS, Moment, Scenario
from toleramp_bench.scenario.options import read_patient, read_plant
from toleramp_bench.scenario.protocols import protocol_of

REQUIREMENTS = ROOT / "hil_tests" / "requirements"


def read_scenario(path: Path, target: str | None = None) -> Scenario:
    """The scenario in a TOML file. Raises UserError for the first fault; with `target`, for one it does not run on."""
    text = read_text(path)
    content = parse(text, path)
    checks = Checks(path)
    if content.get("format") != 1 or isinstance(content["format"], bool):
        raise checks.fail("format is missing or not 1", "top level", "write: format = 1")
    head = checks.table(content, words.TOP, "")
    _demand_head(checks, head, target)
    return _scenario(checks, text, head)


def _scenario(checks: Checks, text: str, head: Table) -> Scenario:
    expect_tables = checks.tables(head.get("expect", []), "expect")
    scale = Fraction(head["dose_scale"])
    protocol, blob = protocol_of(checks, head["protocol"], scale, _refused(expect_tables))
    shown = ("signs",) if "patient" in head else ()  # what a patient shows is an action of the bench
    ground = Ground(len(protocol.steps), tuple(bag.id for bag in protocol.solutions), "patient" in head, shown)
    actions, still_open = read_actions(checks, checks.tables(head.get("event", []), "event"), ground)
    ground = replace(ground, ids=(*shown, *(action.id for action in actions)))
    end = _end(checks, head, ground)
    demand_in_time(checks, actions, end, head["limit"])
    expects = read_expects(checks, expect_tables, ground)
    demand_possible(checks, expects, Outline(ground.steps, ground.patient, actions, end, head["limit"]))
    apart = checks.table(head["differences"], words.DIFFERENCES, "differences") if "differences" in head else {}
    return Scenario(
        name=head["name"],
        path=checks.path,
        text=text,
        blob=blob,
        protocol=protocol,
        dose_scale=scale,
        shows=tuple(head["shows"]),
        oximeter=head["oximeter"],
        staff=head["staff"],
        staff_delay_ms=_whole_ms(checks, head["staff_delay_s"]),
        bench_mode=head["bench_mode"],
        scan_ms=head.get("scan_ms"),
        seed=head.get("seed"),
        actions=actions,
        expects=expects,
        end=end,
        limit_ms=head["limit"],
        targets=head.get("targets", TARGETS),
        allow_ms=apart.get("allow_ms"),
        why_apart=apart.get("why", ""),
        plant=read_plant(checks, head, ground.bags),
        patient=read_patient(checks, head),
        uses_open=tuple(dict.fromkeys([*still_open, *_open_end(end), *open_names(expects)])),
    )


# -- the head


def _demand_head(checks: Checks, head: Table, target: str | None) -> None:
    for uid in head["shows"]:
        if uid not in requirement_ids():
            raise checks.unknown("requirement", uid, "shows", requirement_ids())
    for name in head.get("targets", ()):
        if name not in TARGETS:
            raise checks.unknown("target", name, "targets", TARGETS)
    if target is not None and target not in TARGETS:
        raise checks.unknown("target", target, "--target", TARGETS)
    if target is not None and target not in head.get("targets", TARGETS):
        raise checks.fail(f"it does not run on {target}", "targets", "it runs on " + ", ".join(head["targets"]))
    if not head["limit"]:
        raise checks.fail("the limit is zero", "limit", 'write a time, "00:30:00"')
    _demand_oximeter(checks, head["oximeter"])


def _demand_oximeter(checks: Checks, name: str) -> None:
    if name not in oximeters.NAMES:
        there = ", ".join(oximeters.NAMES)
        raise checks.fail(f"no oximeter format {name!r}", "oximeter", f"there are {there}")


@cache
def requirement_ids() -> tuple[str, ...]:
    """Every requirement's and hazard's id."""
    return tuple(sorted(path.stem for path in REQUIREMENTS.glob("*/*.yml") if not path.name.startswith(".")))


def _refused(expects: list[Table]) -> bool:
    """True where the file expects the pump to refuse the protocol: it may then break the rules."""
    return any(EVENTS.LOAD_REFUSED in (table.get("event"), table.get("count")) for table in expects)


def _whole_ms(checks: Checks, seconds: int | Decimal) -> int:
    ms = Fraction(seconds) * 1000
    if ms.denominator != 1:
        raise checks.fail(f"{seconds} s is finer than a millisecond", "staff_delay_s", "write fewer decimals")
    return int(ms)


def _open_end(end: Moment | None) -> Iterable[str]:
    return not_yet.lacking(end.after, end.code) if end else ()


def _end(checks: Checks, head: Table, ground: Ground) -> Moment | None:
    end = head.get("end")
    return None if end is None else read_moment(checks, end, "end", ground)
