"""One write a scan for all who write: a place that cannot be written keeps nothing else from the memory (INT-12)."""

from __future__ import annotations

from collections.abc import Callable, Container

import pytest
from core_kit import classify, encode, pump_with, react, run_to_step, scan_s, short, start, tap
from test_orders import ladder

from pump.io import FAILED, STOP, Outputs
from pump.store import orders, settings
from pump.store.entries import GUARD_NOW, GUARD_TURN, NOW, PLACES, PROTOCOL, TURN
from pump.store.journal import SLOTS
from pump.tables import causes
from pump.tables.settings import OXIMETER
from toleramp_bench.boards.core_pump import CorePump

pytestmark = pytest.mark.req("INT-12", "INT-2")


def place(kind: bytes) -> range:
    """Both places of an entry."""
    first, slots = PLACES[kind]
    return range(first, first + 2 * slots)


WRITERS = {
    "log": range(SLOTS),
    "session": place(NOW),
    "guard": place(GUARD_NOW),
    "setting": range(settings.FIRST_SLOT, settings.FIRST_SLOT + 2),
    "order": range(orders.FIRST_SLOT, orders.LAST_SLOT + 1),
    "account": place(TURN),
    "guard's account": place(GUARD_TURN),
    "protocol": place(PROTOCOL),
}


def spoiled(pump: CorePump, bad: Container[int]) -> Callable[[], set[str]]:
    """From now on no slot of `bad` keeps what is written; whose writings are kept."""
    sound, kept = pump.board._write, set[str]()

    def write(out: Outputs) -> int:
        if out.fram_slot in bad:
            return FAILED
        kept.update(name for name, slots in WRITERS.items() if out.fram_slot in slots)
        return sound(out)

    pump.board._write = write  # type: ignore[method-assign]
    return lambda: kept


def session(pump: CorePump) -> None:
    """A step, a hold, a reaction; a setting beside it: each writes."""
    pump.load(encode(ladder()))
    start(pump)
    pump.controller.settings.set(OXIMETER, 1)
    scan_s(pump, 20)
    tap(pump, STOP)
    classify(pump, causes.TECHNICAL)
    scan_s(pump, 20)


@pytest.mark.parametrize("period_us", [20_000, 160_000])
@pytest.mark.parametrize("bad", ["", "session", "guard", "setting", "account", "guard's account", "protocol", "log"])
def test_a_bad_place_of_one_takes_no_turn_from_the_others(bad: str, period_us: int) -> None:
    """Else one worn byte ends the log, or a session cannot be taken up after a power cut."""
    pump = pump_with(short(), period_us)
    kept = spoiled(pump, WRITERS.get(bad, ()))
    session(pump)
    pair = {"session", "guard"} if bad in ("session", "guard") else set()  # they count, and are tried, together
    assert {"log", "session", "guard", "setting", "order", "protocol"} - {bad} - pair <= kept()
    journal = pump.controller.journal
    if bad == "log":
        assert journal.stored < journal.seq
    else:
        assert journal.stored >= journal.seq - 1 and not journal.lost


@pytest.mark.parametrize("bad", [("session", "setting"), ("guard", "order"), ("session", "protocol", "setting")])
def test_nor_do_several(bad: tuple[str, ...]) -> None:
    """Else two of them take turns, and the log has none."""
    pump = pump_with(short(), 20_000)
    start(pump)
    kept = spoiled(pump, {slot for name in bad for slot in WRITERS[name]})
    pump.controller.settings.set(OXIMETER, 1)
    run_to_step(pump, 6)
    react(pump, 4)
    scan_s(pump, 5)
    assert {"log", "account", "guard's account"} <= kept()
    assert pump.controller.journal.stored >= pump.controller.journal.seq - 2
