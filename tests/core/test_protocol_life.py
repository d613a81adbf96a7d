"""An order from the file to the pump and on: loaded, refused, replaced, started, ended, cut off, loaded again (SES-15).

The laptop's real client talks to the real core over an in-memory line. Beside it stands what was given of each order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from core_kit import classify, name_bag, next_key, scan_s, shown, state, tap
from core_line import CoreLine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from long_form import examples
from shelf import KEYS, SHELF

import toleramp
from pump import loading
from pump.base.crc import SIZE as CRC_BYTES
from pump.io import FAILED, FRAM_SLOT, START, STOP, Outputs
from pump.protocol.fingerprint import fingerprint
from pump.store import orders
from pump.tables import causes, states
from toleramp.approval.key_files import Person
from toleramp.device.client import Pump
from toleramp.errors import LinkLost, Refused
from toleramp.protocol.file import compile_file, compile_protocol, read_protocol, scaled

SAMPLE = Path(toleramp.__file__).parent / "protocols" / "bwh12-500mg.toml"
ORDERS = {  # file: order, cycle, name of the protocol
    "first": ("RX-1", 1, "First"),
    "first, new words": ("rx 1", 1, "First, written anew"),
    "next cycle": ("RX-1", 2, "First"),
    "second": ("RX-2", 1, "Second"),
}
NEW, DOUBT, GIVEN = "new", "in doubt", "given"
TAKES = {  # by what was given of the order: what the pump may say to it
    NEW: {""},
    DOUBT: {"", "order-given"},
    GIVEN: {"order-given"},
}
# To shrink takes minutes.
CALM: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.generate,)}


def compiled(order: str, cycle: int, name: str) -> tuple[bytes, bytes]:
    """A file of that order as the laptop compiles it, a five-hundredth of it for the bench; its order's key."""
    text = SAMPLE.read_text("utf-8").replace('name = "Carboplatin 500 mg, 12 steps"', f'name = "{name}"', 1)
    head = f'order_id = "{order}"\ncycle = {cycle}\npatient_id = "P-1"\nroute = "IV"'
    with TemporaryDirectory() as folder:
        path = Path(folder) / "protocol.toml"
        path.write_text(text.replace('route = "IV"', head, 1), "utf-8")
        assert compile_file(path)[0]
        protocol = scaled(read_protocol(path), Fraction(1, 500))
    assert protocol.order is not None
    return compile_protocol(protocol, "protocol.toml"), protocol.order


FILES = {name: compiled(*order) for name, order in ORDERS.items()}
TORN = st.sampled_from((0, 1, 20, 44, 45, 46, 47, FRAM_SLOT))
BAD = {"forged": "approval", "steep": "ratio-exceeded", "oral": "not-run"}


class Life(RuleBasedStateMachine):
    """A laptop, a nurse, and a hand at the plug."""

    reached: Counter[str] = Counter()

    @initialize(
        bench=st.sampled_from((True, True, False)),
        presses=st.sampled_from((0, 1, 5, 9)),
        paused=st.booleans(),
        torn=TORN,
    )
    def power_on(self, bench: bool, presses: int, paused: bool, torn: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.line = CoreLine(bench, KEYS)
        self.patch.setattr("toleramp.device.client.ports.open_port", self.line.open)
        self.marks: dict[bytes, str] = {key: NEW for _, key in FILES.values()}
        self.marks[SHELF["signed"].order or b""] = NEW
        self.touched: set[bytes] = set()  # orders of which a beginning was written once
        self.order: bytes | None = None  # of what is loaded
        self.shown = ""
        self.moved = 0
        scan_s(self.line.pump, 1)
        self.load("first", False)
        if not bench:
            self.load_signed()
        shown(self.pump)
        if not presses:
            self.power_cut_in_a_writing(torn, 9)
            return
        self.treat(presses)
        if paused:
            self.by_line(False)

    @property
    def pump(self) -> Any:
        return self.line.pump

    def look(self) -> None:
        """What flowed since the last look was of the order that is loaded."""
        if self.order and self.pump.stepper.moved != self.moved:
            self.marks[self.order] = GIVEN
        self.moved = self.pump.stepper.moved

    def settle(self) -> None:
        """At rest all that is to be written has been."""
        scan_s(self.pump, 2)
        self.look()

    def send(self, blob: bytes) -> str:
        """Loads; the refusal's code, "" when the pump shows the fingerprint."""
        with Pump("line") as client:
            if not self.line.bench:
                client.sign_as(Person("afischer", "", KEYS["afischer"]))
            try:
                said = client.load(blob)
            except Refused as refusal:
                self.reached[refusal.code] += 1
                return str(refusal.code)
        assert said["fingerprint"] == fingerprint(bytearray(blob))
        self.reached["loaded"] += 1
        return ""

    def expect(self, blob: bytes, key: bytes | None, may: set[str]) -> None:
        """A load, whose answer is one of these; what is refused leaves everything."""
        at_rest = states.GROUP[states.NAMES.index(state(self.pump))] & states.AT_REST
        self.look()
        said = self.send(blob)
        assert said in (may if at_rest else {"busy"}), (said, may, state(self.pump))
        if not said:
            self.order, self.shown = key, fingerprint(bytearray(blob))
            assert state(self.pump) == "ready" and fingerprint(self.pump.controller.guard.blob) == self.shown

    @rule(name=st.sampled_from(sorted(FILES)), hurry=st.booleans())
    def load(self, name: str, hurry: bool) -> None:
        blob, key = FILES[name]
        if not hurry:
            self.settle()
        else:
            scan_s(self.pump, 0.3)
        self.look()
        may = TAKES[self.marks[key]] | ({"busy"} if hurry else set())
        may = may | ({"order-given"} if hurry and key in self.touched else set())  # what lapsed is still being written
        self.expect(blob, key, may if self.line.bench else {"bench-mode"})

    @rule()
    def load_signed(self) -> None:
        self.settle()
        sheet = SHELF["signed"]
        self.expect(sheet.blob, sheet.order, TAKES[self.marks[sheet.order or b""]])

    @rule(name=st.sampled_from(("plain", *BAD)))
    def load_without_order(self, name: str) -> None:
        self.settle()
        plain = "" if self.line.bench else "bench-mode"
        self.expect(SHELF[name].blob, None, {BAD.get(name, plain)})

    @rule(name=st.sampled_from(sorted(FILES)), at=st.integers(0, 700))
    def power_cut_in_a_load(self, name: str, at: int) -> None:
        """The plug is pulled at any byte of the load; half of it is nothing, the whole of it was loaded and is gone."""
        self.settle()
        self.line.power_at = at
        try:
            self.send(FILES[name][0])
        except LinkLost:
            self.reached["cut in a load"] += 1
            self.off()
        else:
            self.cycle()
        self.line.power_at = -1

    def off(self) -> None:
        """What the power took along."""
        self.order, self.shown, self.moved = None, "", self.pump.stepper.moved

    def doubt(self) -> None:
        """A bag was named: one press from the first pulse the power went, so that the order counts as begun."""
        if self.order and state(self.pump) == "armed" and self.marks[self.order] == NEW:
            self.marks[self.order] = DOUBT

    @rule(seconds=st.sampled_from((0, 0.1, 0.3, 1)))
    def cycle(self, seconds: float = 0) -> None:
        scan_s(self.pump, seconds)
        self.look()
        self.doubt()
        self.line.cycle()
        self.off()

    @rule(torn=TORN, presses=st.integers(5, 14))
    @precondition(lambda self: state(self.pump) in ("ready", "armed", "running"))
    def power_cut_in_a_writing(self, torn: int, presses: int) -> None:
        """The power goes while what was given is being written: so many bytes of the slot are new."""
        board, sound, hit = self.pump.board, self.pump.board._write, []

        def write(out: Outputs) -> int:
            if not orders.FIRST_SLOT <= out.fram_slot <= orders.LAST_SLOT or hit:
                return int(sound(out))
            hit.append(out.fram_slot)
            board.fram[out.fram_slot] = bytes(out.fram[:torn]) + bytes(board.slot(out.fram_slot)[torn:])
            return FAILED

        board._write = write
        fresh = self.order is not None and self.order not in self.touched
        for scans in range(9 * presses):
            if scans % 9 == 0 and next_key(self.pump):
                self.pump.press(next_key(self.pump))
            self.pump.scan()
            if hit:
                break
        board._write = sound
        self.look()
        if hit and self.order and self.marks[self.order] == NEW and (torn > FRAM_SLOT - CRC_BYTES or not fresh):
            self.marks[self.order] = DOUBT
        self.touched |= {self.order} if self.order and torn else set()
        self.reached["torn"] += bool(hit)
        if not hit:
            self.doubt()
        self.line.cycle()
        self.off()
        for name in sorted(FILES) if self.line.bench else ():
            self.load(name, False)

    @rule(count=st.integers(5, 16))
    @precondition(lambda self: state(self.pump) in ("ready", "armed", "bag", "running"))
    def treat(self, count: int) -> None:
        """A nurse carries on."""
        for _ in range(count):
            key = next_key(self.pump)
            if key:
                self.pump.press(key)
            scan_s(self.pump, 0.9 if key else 3)
        self.look()
        self.touch()

    def touch(self) -> None:
        if self.order:
            self.touched.add(self.order)

    @rule()
    @precondition(lambda self: state(self.pump) == "ready")
    def name_and_leave(self) -> None:
        """START, the bag is named, and nobody presses again: nothing of the order has flowed."""
        shown(self.pump)
        tap(self.pump, START)
        if state(self.pump) == "armed":
            name_bag(self.pump)
            self.reached["left"] += 1
        self.touch()
        scan_s(self.pump, 33)
        self.look()
        assert state(self.pump) == "ready"

    @rule(stops=st.booleans())
    def by_line(self, stops: bool) -> None:
        with Pump("line") as client:
            client.stop() if stops else client.pause()
        scan_s(self.pump, 0.3)
        self.look()

    @rule()
    @precondition(lambda self: state(self.pump) in ("running", "bag"))
    def end(self) -> None:
        tap(self.pump, STOP)
        classify(self.pump, causes.END)
        assert state(self.pump) == "stopped"
        self.look()

    @invariant()
    def status_says_what_is(self) -> None:
        if not hasattr(self, "line"):
            return
        self.look()
        with Pump("line") as client:
            scan_s(self.pump, 0.1)
            said, status = client.hello(), client.status()
        assert said["fingerprint"] == self.shown
        assert status["state"] == self.pump.controller.session.state
        self.reached[state(self.pump)] += 1
        self.look()
        for mark in self.marks.values():
            self.reached[mark] += 1

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()


def tour() -> None:
    """A nurse carries on to the first change of bags, whatever the machine draws."""
    life = Life()
    life.power_on(True, 1, False, 0)
    for _ in range(16):
        if state(life.pump) in ("ready", "armed", "running"):
            life.treat(1)
        life.status_says_what_is()
    life.teardown()


def walk(count: int, steps: int) -> Counter[str]:
    """Lets the machine run; what it reached."""
    Life.reached = Counter()
    tour()
    run_state_machine_as_test(Life, settings=settings(max_examples=count, stateful_step_count=steps, **CALM))
    return Life.reached


@pytest.mark.req("SES-15", "PRO-1", "INT-2")
def test_an_order_of_which_something_flowed_never_loads_again_and_no_other_is_lost() -> None:
    """Else a dose is given twice, or a patient waits because of a pulled plug."""
    reached = walk(examples(30), 27)
    wanted = {"loaded", "order-given", "busy", "bench-mode", *BAD.values(), "cut in a load", "torn", "left"}
    assert reached.keys() >= wanted | {NEW, DOUBT, GIVEN}, wanted - reached.keys()
    assert reached.keys() >= {"idle", "ready", "armed", "bag", "running", "held", "stopped"}


def forgets_at_power_off(patch: pytest.MonkeyPatch) -> None:
    """What was given is in RAM alone."""
    patch.setattr(orders.Orders, "_kept", lambda self: iter(()))


def begins_unmarked(patch: pytest.MonkeyPatch) -> None:
    """The mark before the first pulse is not made, and nobody waits for it."""
    patch.setattr(orders.Orders, "begin", lambda self: setattr(self, "waits", False))
    patch.setattr(orders.Orders, "book", lambda self, ppm, flowing: None)


def takes_no_mark_back(patch: pytest.MonkeyPatch) -> None:
    """An order of which a bag was named is lost."""
    patch.setattr(orders.Orders, "release", lambda self: None)


def knows_the_file_and_not_the_order(patch: pytest.MonkeyPatch) -> None:
    """Other words on the same order make it new."""
    patch.setattr(loading, "key_of", lambda protocol, blob: bytes(blob[-16:]))


def takes_a_damaged_end_for_a_damaged_row(patch: pytest.MonkeyPatch) -> None:
    """As it was: a writing torn in its CRC."""
    patch.setattr(orders, "_whole", lambda held: orders.crc.holds(held, orders._END))


SEEDED: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    forgets_at_power_off, begins_unmarked, takes_no_mark_back, knows_the_file_and_not_the_order,
    takes_a_damaged_end_for_a_damaged_row,
)  # fmt: skip


@pytest.mark.req("SES-15", "PRO-1", "INT-2")
@pytest.mark.parametrize("spoil", SEEDED, ids=lambda spoil: spoil.__name__)
def test_a_pump_that_forgets_is_found(
    spoil: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the walk above looks at nothing."""
    spoil(monkeypatch)
    with pytest.raises(AssertionError):
        walk(60, 12)
