"""Draws one session: seed, faults and plant; and makes the scenario of it that the runner runs."""

from __future__ import annotations

import hashlib
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

from pump.protocol.protocol import Protocol
from toleramp_bench.campaign.model import FAULTS, Campaign, Drawn, Fault, Rate, Span
from toleramp_bench.names import EVENTS
from toleramp_bench.scenario.model import Action, Moment, Scenario

FIRST_S = 60.0  # nothing happens before the pump is loaded
AFTER_S = 600.0  # faults come until so long after the planned end: holds make a session longer
LIMIT_MS = 14 * 3600 * 1000
UNWEIGHED_US = 600_000_000  # nobody reads the scale


def session_seed(campaign_seed: int, number: int) -> int:
    """The seed of one session, whatever the others are."""
    digest = hashlib.sha256(f"toleramp campaign {campaign_seed} {number}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def draw(campaign: Campaign, protocol: Protocol, number: int) -> Drawn:
    """Everything about session `number` that does not depend on what happens in it."""
    seed = session_seed(campaign.seed, number)
    rng = random.Random(f"{seed} faults")
    end_s = sum(step.duration_ms for step in protocol.steps) / 1000 + AFTER_S
    calibration = round(rng.uniform(-1, 1) * campaign.plant.calibration, 6)
    faults = [
        fault
        for kind, rate in sorted(campaign.faults.items())
        for fault in _faults(rng, kind, rate, end_s, len(protocol.solutions))
    ]
    if rng.random() < campaign.plant.slip_chance:
        share = round(_within(rng, campaign.plant.slip_share), 6)
        faults.append(Fault("slip", _moment(rng, end_s), 0.0, share))
    faults.sort(key=lambda fault: (fault.at_s, fault.kind))
    return Drawn(number, seed, calibration, tuple(faults))


def _within(rng: random.Random, span: Span) -> float:
    return rng.uniform(*span)


def _moment(rng: random.Random, end_s: float) -> float:
    return round(rng.uniform(FIRST_S, end_s), 3)


def _faults(rng: random.Random, kind: str, rate: Rate, end_s: float, bags: int) -> list[Fault]:
    if rng.random() >= rate.chance:
        return []
    return [_fault(rng, kind, rate, end_s, bags) for _ in range(round(_within(rng, rate.times)))]


def _fault(rng: random.Random, kind: str, rate: Rate, end_s: float, bags: int) -> Fault:
    if kind == "wrong_bag":  # when the nth bag is asked for, another is hung; `at_s` counts the bags here
        return Fault(kind, float(rng.randint(1, bags)), 0.0, float(rng.randrange(1, max(2, bags))))
    seconds = round(_within(rng, rate.seconds), 3) if FAULTS[kind].lasts else 0.0
    size = round(_within(rng, rate.points), 2) if kind == "desaturation" else 0.0
    return Fault(kind, _moment(rng, end_s), seconds, size)


# -- as a scenario


def scenario_of(campaign: Campaign, protocol: Protocol, drawn: Drawn) -> Scenario:
    """The session as a scenario; what only patient and people do is not in it."""
    return Scenario(
        name=f"{campaign.name} {drawn.number}",
        path=Path(campaign.name),
        text="",
        blob=campaign.blob,
        protocol=protocol,
        dose_scale=Fraction(1),
        actions=tuple(action for k, fault in enumerate(drawn.faults) for action in _actions(k, fault, protocol)),
        limit_ms=LIMIT_MS,
        plant={"mechanism": {"calibration_error": drawn.calibration}, "scale": {"sample_us": UNWEIGHED_US}},
    )


def _actions(k: int, fault: Fault, protocol: Protocol) -> list[Action]:
    start, end = Moment(at_ms=round(fault.at_s * 1000)), Moment(at_ms=round((fault.at_s + fault.seconds) * 1000))
    name = f"{fault.kind} {k}"

    def one(do: str, **what: Any) -> list[Action]:
        return [Action(name, do, start, what)]

    key = FAULTS[fault.kind].oximeter if fault.kind in FAULTS else ""
    if key:
        return [*one("oximeter", **{key: True}), Action(f"{name} ends", "oximeter", end, {key: False})]
    if fault.kind == "host_silent":
        return [*one("host", command="silence"), Action(f"{name} ends", "host", end, {"command": "ping"})]
    if fault.kind == "power_cut":
        return [*one("power", off=True), Action(f"{name} ends", "power", end, {"on": True})]
    if fault.kind == "wrong_bag":
        nth = round(fault.at_s)
        hung = protocol.solutions[(nth - 1 + round(fault.size)) % len(protocol.solutions)].id
        return [Action(name, "hang", Moment(after=EVENTS.BAG_REQUESTED, nth=nth), {"solution": hung})]
    simple: dict[str, tuple[str, dict[str, Any]]] = {
        "stop_pressed": ("press", {"button": "stop"}),
        "host_pause": ("host", {"command": "pause"}),
        "slip": ("slip", {"fraction": fault.size}),
    }
    return one(simple[fault.kind][0], **simple[fault.kind][1]) if fault.kind in simple else []
