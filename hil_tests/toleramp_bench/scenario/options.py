"""Reads [plant] and [patient]: options of the bench's models, each of its kind and within its bounds."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from toleramp.protocol.reader import brief
from toleramp_bench.plant.bounds import ORDERED, PATIENT, PLANT, Limit
from toleramp_bench.plant.config import PlantConfig
from toleramp_bench.plant.patient import PatientConfig, Traits
from toleramp_bench.scenario.checks import Checks, Table
from toleramp_bench.scenario.words import FLAG, Key


def read_plant(checks: Checks, head: Table, bags: tuple[str, ...]) -> Table:
    """[plant] as written. `typical` gives every part its ordinary errors first; the bags come from the protocol."""
    table = _table(checks, head.get("plant", {}), "plant")
    known: dict[str, Any] = {"typical": FLAG, **_keys(PlantConfig()), "primed_with": Key("text", choices=bags)}
    _demand(checks, table, known, "plant")
    return table


def read_patient(checks: Checks, head: Table) -> Table:
    """[patient] as written: parameters of the population, and traits of the one person. An empty table draws all."""
    table = _table(checks, head.get("patient", {}), "patient")
    person = {item.name: _key(None, PATIENT[Traits][item.name]) for item in fields(Traits)}
    _demand(checks, table, {**person, **_keys(PatientConfig())}, "patient")
    return table if table or "patient" not in head else {item.name: item.default for item in fields(PatientConfig)}


def _table(checks: Checks, value: Any, where: str) -> Table:
    if not isinstance(value, dict):
        form = f"write [{where.replace(', ', '.')}]"
        raise checks.fail(f"{brief(value)} is not a table", where, form)
    return value


def _keys(config: Any) -> dict[str, Any]:
    """A config's keys; a part of it is a table of its own."""
    limits = {**PLANT, **PATIENT}[type(config)]
    keys: dict[str, Any] = {}
    for item in fields(config):
        usual = getattr(config, item.name)
        if is_dataclass(usual):
            keys[item.name] = _keys(usual)
        elif isinstance(usual, bool):
            keys[item.name] = FLAG
        elif item.name in limits:
            keys[item.name] = _key(usual, limits[item.name])
    return keys


def _key(usual: Any, limit: Limit) -> Key:
    """A value of the kind of the model's own, within its limit."""
    if isinstance(usual, str):
        return Key("text", choices=limit)
    low, high = limit
    return Key("whole" if isinstance(usual, int) else "number", low, high, default=usual)


def _demand(checks: Checks, table: Table, known: dict[str, Any], where: str) -> None:
    for name, value in table.items():
        place = f"{where}, {name}"
        if name not in known:
            raise checks.unknown("key", name, where, known)
        if isinstance(known[name], Key):
            checks.value(value, known[name], place)
        else:
            _demand(checks, _table(checks, value, place), known[name], place)
    _demand_order(checks, table, known, where)


def _demand_order(checks: Checks, table: Table, known: dict[str, Any], where: str) -> None:
    """What has to lie below another option, does, as written or as the model has it."""
    for low, high in ORDERED:
        if low in table or high in table:
            least, most = (table.get(name, known[name].default) for name in (low, high))
            if least is not None and most is not None and least >= most:
                place = f"{where}, {low if low in table else high}"
                raise checks.fail(f"{low} {least} is not below {high} {most}", place, f"write {low} below {high}")
