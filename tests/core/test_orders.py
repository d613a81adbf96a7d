"""The dose belongs to the order: what was given of it is known by its key, and a second run of it is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from core_kit import (
    classify,
    encode,
    finish,
    hang,
    host,
    name_bag,
    pump_with,
    run_to_step,
    scan_s,
    short,
    shown,
    start,
    state,
    tap,
    until,
)  # fmt: skip

from pump.controller import Controller
from pump.io import CONFIRM, FAILED, START, STOP, Outputs
from pump.protocol import protocol as p
from pump.protocol.fingerprint import fingerprint
from pump.store import journal, orders, settings
from pump.store.journal import open_log
from pump.tables import causes, messages
from pump.tables import parts as part_rows
from toleramp.protocol.order import key_of
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump

pytestmark = pytest.mark.req("SES-15")

REFUSED = "order-given"


def ladder(key: bytes | None = key_of("RX-4711", 3, "P-1"), kind: int = p.BENCH) -> p.Protocol:
    """The short ladder, of an order."""
    protocol = short()
    protocol.order, protocol.kind = key, kind
    return protocol


def power_cycle(pump: CorePump) -> CorePump:
    """The same board after power-off: its memory is new, its FRAM is not."""
    number, slot = open_log(pump.board.slot)
    pump.board.off()
    controller = Controller(
        pump.parser, PL_PULSE, pump.period_us, bench=True, first_record=number, first_slot=slot,
        read_slot=pump.board.kept_slot,
    )  # fmt: skip
    pump.boots(controller, number)
    scan_s(pump, 1)
    return pump


def refused(pump: CorePump, protocol: p.Protocol) -> bool:
    """Whether the pump takes it no more; what it holds is then what it held."""
    held = pump.controller.fingerprint
    try:
        pump.load(encode(protocol))
    except ValueError as error:
        assert str(error) == REFUSED
        assert pump.controller.fingerprint == held
        return True
    assert pump.controller.fingerprint == fingerprint(bytearray(encode(protocol))).encode()
    return False


def completed(protocol: p.Protocol) -> CorePump:
    """A pump that has given all of it."""
    pump = pump_with(protocol)
    start(pump)
    assert finish(pump) == "completed"
    scan_s(pump, 1.2)
    return pump


def ended(protocol: p.Protocol, step: int) -> CorePump:
    """A pump on which it was ended in a step."""
    pump = pump_with(protocol)
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, 5)
    tap(pump, STOP)
    classify(pump, causes.END)
    scan_s(pump, 1.2)
    assert state(pump) == "stopped"
    return pump


def same(pump: CorePump) -> CorePump:
    """Nothing happens in between."""
    return pump


@pytest.mark.parametrize("then", [same, power_cycle])
@pytest.mark.parametrize("step", [0, 1, 9], ids=["completed", "ended-in-1", "ended-in-9"])
def test_an_order_of_which_some_was_given_is_refused(step: int, then: Callable[[CorePump], CorePump]) -> None:
    """Else all of it is given again: by the same file, or one with other words on it; the next cycle is not blocked."""
    pump = then(ended(ladder(), step) if step else completed(ladder()))
    relabelled = ladder()
    relabelled.name, relabelled.solutions[0].code, relabelled.drug = "Another", "T-9", "other drug"
    relabelled.max_hold_min += 1
    assert refused(pump, ladder()) and refused(pump, relabelled)
    pump.scan()
    assert not refused(pump, ladder(key_of("RX-4711", 4, "P-1")))


@pytest.mark.parametrize("step", [2, 7, 12])
def test_what_was_given_is_told_to_a_tenth_of_a_percent(step: int) -> None:
    """Else people cannot decide what the rest is."""
    pump = ended(ladder(), step)
    given = pump.controller.session.case.dose_ppm()
    kept = pump.controller.orders.given(ladder().order)
    assert kept == given > 0
    again = power_cycle(pump).controller.orders.given(ladder().order)
    assert again == given


def test_a_power_cut_in_the_flow_forgets_no_more_than_a_second() -> None:
    """Else a cut makes the order new."""
    pump = pump_with(ladder())
    start(pump)
    scan_s(pump, 2.5)
    assert pump.controller.session.case.progress.total > 0
    assert refused(power_cycle(pump), ladder())


def test_what_is_lost_between_two_writings_is_a_thousandth() -> None:
    """Else the last figure before a cut is old."""
    pump = pump_with(ladder())
    start(pump)
    run_to_step(pump, 12)
    scan_s(pump, 30)
    given = pump.controller.session.case.dose_ppm()
    assert 0 <= given - power_cycle(pump).controller.orders.given(ladder().order) < orders.STEP_PPM + 3_000


@pytest.mark.parametrize("torn", [0, 5, 20, 47])
def test_a_torn_writing_leaves_the_one_before(torn: int) -> None:
    """Else a power cut in the writing makes the order new."""
    pump = ended(ladder(), 6)
    board = pump.board
    first = orders.FIRST_SLOT + 2 * pump.controller.orders._row
    newest = first + (pump.controller.orders._number & 1)
    assert {first, first + 1} <= set(board.fram), "two slots in turn"
    data = bytearray(board.fram[newest])
    data[torn] ^= 0x55
    board.fram[newest] = bytes(data)
    assert refused(power_cycle(pump), ladder())


def test_an_order_that_was_loaded_and_not_begun_is_new() -> None:
    """Else a look at the fingerprint costs an order."""
    pump = pump_with(ladder())
    assert not refused(pump, ladder())
    assert not refused(power_cycle(pump), ladder())


@pytest.mark.parametrize("kind", [p.MULTI_BAG, p.WIDE_STEP])
def test_a_file_without_an_order_is_known_by_its_content(kind: int) -> None:
    """Else what names no order is given as often as somebody loads it. The other content is another order."""
    protocol = ladder(None)
    board = CorePump(100_000)
    store = orders.Orders(board.board.slot)
    blob = encode(protocol)
    protocol.kind = kind
    key = orders.key_of(protocol, bytearray(blob))
    assert key is not None
    store.adopt(key)
    store.book(10, True)
    assert store.given(key) == 10
    protocol.name = "Another"
    assert orders.key_of(protocol, bytearray(encode(protocol))) != key


def test_on_the_bench_a_file_without_an_order_runs_as_often_as_it_is_loaded() -> None:
    """Else an engineer needs a new file for each run."""
    pump = completed(ladder(None))
    assert orders.key_of(ladder(None), b"") is None
    assert not refused(pump, ladder(None))


def write(store: orders.Orders, fram: dict[int, bytes]) -> None:
    """Carries out what is due, as the board does."""
    out = Outputs()
    out.clear()
    store.store(out)
    assert orders.FIRST_SLOT <= out.fram_slot <= orders.LAST_SLOT
    fram[out.fram_slot] = bytes(out.fram)
    store.settle(1)
    assert not store.due


def test_the_oldest_of_many_orders_gives_its_place_to_the_next() -> None:
    """Else the newest is forgotten, or one that is known is written over by itself."""
    fram: dict[int, bytes] = {}
    store = orders.Orders(lambda slot: bytearray(fram.get(slot, bytes(48))))
    keys = [key_of(f"RX-{number}", 1, "P") for number in range(orders.ORDERS + 3)]
    for number, key in enumerate(keys):
        store.adopt(key)
        store.begin()
        write(store, fram)
        assert not store.waits
        store.book(number + 5_000, True)
        write(store, fram)
    known = orders.Orders(store._read_slot)
    told = [known.given(key) for key in keys]
    assert told[3:] == [number + 5_000 for number in range(3, len(keys))]
    assert told[:3] == [orders.UNKNOWN] * 3


def test_its_slots_are_nobody_elses_and_within_the_memory() -> None:
    """Else an order is written over by a setting, or goes nowhere."""
    assert orders.FIRST_SLOT == settings.FIRST_SLOT + 2 > journal.SLOTS
    assert (orders.LAST_SLOT + 1) * journal.SLOT <= 256 * 1024


FRAM = part_rows.BIT[part_rows.FRAM]


def unplug(pump: CorePump, out: bool) -> None:
    """The FRAM's plug."""
    pump.board.parts = pump.board.parts & ~FRAM if out else pump.board.parts | FRAM
    scan_s(pump, 1)


def code_of(pump: CorePump, protocol: p.Protocol) -> str:
    """Why it is refused."""
    with pytest.raises(ValueError, match="order|busy") as caught:
        pump.load(encode(protocol))
    return str(caught.value)


def end(pump: CorePump) -> None:
    """STOP, then the session is ended."""
    tap(pump, STOP)
    classify(pump, causes.END)
    tap(pump, CONFIRM)
    scan_s(pump, 2)


def test_a_memory_that_does_not_answer_takes_no_order() -> None:
    """Else an order that was given counts as new while the plug is loose; an engineer's file runs all the same."""
    pump = power_cycle(completed(ladder()))
    unplug(pump, True)
    assert code_of(pump, ladder()) == code_of(pump, ladder(key_of("RX-2", 1, "P"))) == "order-unread"
    assert not refused(pump, ladder(None))
    unplug(pump, False)
    assert refused(pump, ladder())


def test_nothing_flows_of_an_order_before_its_beginning_is_kept() -> None:
    """Else the first pulses leave no trace."""
    pump = pump_with(ladder())
    unplug(pump, True)
    tap(pump, START)
    hang(pump)
    tap(pump, CONFIRM)
    assert state(pump) == "armed" and not pump.stepper.pulses
    lines = bytes(byte & 127 for byte in pump.controller.display.lines)
    assert lines[16:32].rstrip() == b"WAIT: LOG LOST", "else the screen asks for a press that does nothing"
    unplug(pump, False)
    scan_s(pump, 3)
    tap(pump, CONFIRM)
    assert state(pump) == "running"


@pytest.mark.parametrize("other", [None, key_of("RX-2", 1, "P")])
def test_a_plug_that_comes_loose_in_the_session_forgets_no_order(other: bytes | None) -> None:
    """Else the end of it is written nowhere, or over another order, and all of it is given again."""
    pump = completed(ladder(key_of("RX-0", 1, "P")))
    pump.load(encode(ladder()))
    shown(pump)
    start(pump)
    unplug(pump, True)
    scan_s(pump, 20)
    end(pump)
    if other is None:
        assert not refused(pump, ladder(None))
    else:
        assert code_of(pump, ladder(other)) == "order-unread"
    unplug(pump, False)
    scan_s(pump, 2)
    assert not refused(pump, ladder(other))
    shown(pump)
    start(pump)
    scan_s(pump, 5)
    end(pump)
    again = power_cycle(pump)
    assert refused(again, ladder()) and refused(again, ladder(key_of("RX-0", 1, "P")))


@pytest.mark.parametrize("phase", range(0, 100, 5))
def test_a_power_cut_around_the_first_pulse_blocks_what_flowed_and_nothing_else(phase: int) -> None:
    """Else the first pulses are given again without end, or a look at the bag costs an order."""
    pump = pump_with(ladder(), 20_000)
    tap(pump, START)
    name_bag(pump)
    pump.press(CONFIRM)
    for _ in range(phase):
        pump.scan()
    flowed = pump.stepper.pulses
    assert refused(power_cycle(pump), ladder()) or not flowed


def test_an_order_whose_bag_was_named_and_no_more_is_new() -> None:
    """Else who goes away at the second press has to write a new order."""
    pump = pump_with(ladder())
    tap(pump, START)
    name_bag(pump)
    scan_s(pump, 1)
    assert refused(power_cycle(pump), ladder()), "in doubt it has begun"
    pump = pump_with(ladder())
    tap(pump, START)
    name_bag(pump)
    assert until(pump, "ready", 90)
    scan_s(pump, 1)
    assert not refused(power_cycle(pump), ladder())


def test_a_slot_of_the_log_that_cannot_be_written_keeps_no_order_from_the_memory() -> None:
    """Else one bad cell makes every order new."""
    pump = pump_with(ladder())
    sound = pump.board._write
    stuck = pump.controller.journal.slot + 2
    pump.board._write = lambda out: FAILED if out.fram_slot == stuck else sound(out)  # type: ignore[method-assign]
    start(pump)
    scan_s(pump, 10)
    assert refused(power_cycle(pump), ladder())


def test_a_place_that_cannot_be_written_is_left_for_the_next() -> None:
    """Else an order never begins because another one lay badly."""
    pump = pump_with(ladder())
    sound = pump.board._write
    bad = {orders.FIRST_SLOT, orders.FIRST_SLOT + 1}
    pump.board._write = lambda out: FAILED if out.fram_slot in bad else sound(out)  # type: ignore[method-assign]
    start(pump)
    scan_s(pump, 5)
    assert refused(power_cycle(pump), ladder())


def test_what_was_given_is_exact_when_the_next_order_is_loaded_at_once() -> None:
    """Else the last second before the end is not in the figure."""
    pump = pump_with(ladder())
    start(pump)
    run_to_step(pump, 9)
    scan_s(pump, 7.3)
    host(pump, messages.STOP[0])
    given = pump.controller.session.case.dose_ppm()
    for _ in range(20):
        try:
            pump.load(encode(ladder(key_of("RX-2", 1, "P"))))
            break
        except ValueError as busy:
            assert str(busy) == "busy"
    assert orders.Orders(pump.board.kept_slot).given(ladder().order) == given


@pytest.mark.parametrize("typed", ["rx-4711", "RX 4711", "RX4711", "RX-47I1", " RX-4711 "])
def test_the_key_is_the_same_however_the_number_is_typed(typed: str) -> None:
    """Else a blank or a capital makes a new order."""
    assert key_of(typed, 3, "p-1") == key_of("RX-4711", 3, "P-1")


@pytest.mark.parametrize(
    "other", [("RX-4712", 3, "P-1"), ("RX-4711", 4, "P-1"), ("RX-4711", 3, "P-2"), ("RX-47113", 3, "P")]
)
def test_another_number_cycle_or_patient_is_another_order(other: tuple[str, int, str]) -> None:
    """Else the next cycle, or the next patient, is refused."""
    assert key_of(*other) != key_of("RX-4711", 3, "P-1")
