"""The `do` words of a scenario, carried out on a target and on the bench's plant."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.tables import causes
from toleramp_bench.devices.happenings import Happenings
from toleramp_bench.names import CAUSES
from toleramp_bench.people.nurse import TOLD, Nurse
from toleramp_bench.people.pace import RecordPace
from toleramp_bench.scenario.model import Action
from toleramp_bench.scenario.words import grade
from toleramp_bench.targets.base import NotOnTarget

BUTTONS = {"start": START, "confirm": CONFIRM, "silence": SILENCE, "up": UP, "down": DOWN, "stop": STOP}
_BACK = {"same": 0, "one-back": 1, "two-back": 2}
_GRADES = CAUSES.at(causes.GRADES)
NOISE_BYTES = 64
BOUNCE_MS = 20.0  # of an ordinary key; the worst are 50 ms


class Actions:
    """`do(action)` carries it out now. `run` is the runner: its target, staff, plant, random draws and agenda."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def do(self, action: Action) -> None:
        """Carries an action out; what the pump cannot do yet is left out (the result names it as open)."""
        call = getattr(self, f"_do_{action.do}", None)
        if call is None:
            return
        kinds = signature(call).parameters
        everything = any(kind.kind is Parameter.VAR_KEYWORD for kind in kinds.values())
        given = {key: value for key, value in action.arguments.items() if everything or key in kinds}
        call(**given, **({"action": action} if "action" in kinds else {}))

    # -- people

    def _do_press(
        self, button: str = "", buttons: tuple[str, ...] = (), overlap_ms: int | None = None, hold_ms: int = 200,
        bounce: float | bool = 0,
    ) -> None:  # fmt: skip
        """One key, or several: each goes down `overlap_ms` before the one before it is up."""
        chatter_ms = BOUNCE_MS if bounce is True else float(bounce)
        held_ms = max(hold_ms, self.run.hold_ms)
        apart_ms = 0 if overlap_ms is None else held_ms - overlap_ms
        if button:
            self.run.press(BUTTONS[button], held_ms, chatter_ms)
        for number, name in enumerate(buttons):
            self.run.later(number * apart_ms, lambda bit=BUTTONS[name]: self.run.press(bit, held_ms, chatter_ms))

    def _do_stuck_key(self, button: str = "confirm", on: bool = True) -> None:
        self.run.target.key(BUTTONS[button], on)

    def _do_reaction(self, signs: list[str], action: Action) -> None:
        """The patient shows signs: those who attend press STOP and enter the grade that follows."""
        staff = self._entering(action)
        if staff is None:
            return
        staff.wishes.cause = CAUSES.row(grade(signs))
        if not staff.attends:
            self.run.press(STOP, self.run.hold_ms)
            self._look(staff)
        else:
            self.run.later(staff.pace.delay_ms, lambda: self.run.press(STOP, self.run.hold_ms))

    def _entering(self, action: Action) -> Any:
        """Those who enter what an action says. Where nobody attends somebody comes for an event of the file alone.

        What a patient shows (the bench's own action) is seen by nobody then.
        """
        run = self.run
        if run.staff is not None and run.staff.attends:
            return run.staff
        if not any(action is own for own in run.scenario.actions):
            return None
        if run.staff is None:
            gap_ms = 3 * run.hold_ms  # so that no key of theirs is still down
            run.staff = Nurse(RecordPace(gap_ms, gap_ms), TOLD)
        return run.staff

    def _look(self, staff: Nurse) -> None:
        staff.pace.look_at(self.run.target.now_us // 1000 + staff.pace.delay_ms)

    def _do_treat(self, drug: str) -> None:
        if self.run.patient is not None:
            self.run.patient.patient.treat(drug)

    def _do_decide(self, action: Action, choice: str = "", step: int = 0, bag: str = "") -> None:
        """What is entered at the next hold and decision."""
        staff = self._entering(action)
        if staff is None:
            return
        wishes = staff.wishes
        wishes.step = step
        if bag:
            wishes.bag = [each.id for each in self.run.scenario.protocol.solutions].index(bag)
        if choice in _BACK:
            wishes.back = _BACK[choice]
        if choice in _GRADES:
            wishes.cause = CAUSES.row(choice)
        if not staff.attends:
            self._look(staff)

    def _do_hang(self, solution: str = "", code: str = "", scan: bool = False) -> None:
        """A bag is hung; its label is picked at the next prompt by those who attend, or scanned."""
        bags = self.run.scenario.protocol.solutions
        names = [bag.code for bag in bags] if code else [bag.id for bag in bags]
        wanted = code or solution
        index = names.index(wanted) if wanted in names else len(names)
        if code or scan or self.run.staff is None or not self.run.staff.attends:
            self.run.hung(index)
            self.run.target.host("hang", code=code or (bags[index].code if index < len(bags) else solution))
        else:
            self.run.staff.wishes.wrong_bag = index + 1

    # -- the oximeter and its patient

    def _do_oximeter(self, **what: Any) -> None:
        run = self.run
        where = Happenings(run.random, run.later, lambda data: run.target.noise("oximeter", data))
        if not where.happen(run.target.oximeter, what):
            raise NotOnTarget("an oximeter without bytes has no line to spoil")

    def _do_line_noise(
        self, line: str = "oximeter", bytes: int = NOISE_BYTES, every_ms: int = 0, times: int = 1
    ) -> None:
        self.run.target.noise(line, self.run.random.randbytes(bytes))
        if times > 1:
            self.run.later(every_ms, lambda: self._do_line_noise(line, bytes, every_ms, times - 1))

    # -- the host

    def _do_host(self, command: str, code: str = "", data: str = "", times: int = 1, every_ms: int = 1) -> None:
        run = self.run
        if times > 1:
            run.later(every_ms, lambda: self._do_host(command, code, data, times - 1, every_ms))
        if command == "silence":
            run.pinging = False
        elif command == "load":
            run.load()
        elif command == "garbage":
            run.target.host(command, data=bytes.fromhex(data))
        elif command == "hang":
            run.target.host(command, code=code)
        else:
            run.pinging = run.pinging or command == "ping"
            run.target.host(command)

    # -- faults of the pump

    def _do_power(self, off: bool = False, on: bool = False) -> None:
        self.run.power(on or not off)

    def _do_cpu_stuck(self) -> None:
        self.run.target.hang()

    def _do_flash_stall(self, ms: float) -> None:
        self.run.target.stall_code(float(ms))

    def _do_corrupt(self, where: str) -> None:
        if where == "load":
            self.run.spoils_load = True
        else:
            self.run.target.corrupt(where)

    def _do_stall(self, on: bool = True) -> None:
        self.run.target.motor(on)
        self._plant("stall", on=on)

    def _do_unplug(self, part: str) -> None:
        self.run.target.unplug(part, True)

    def _do_plug(self, part: str) -> None:
        self.run.target.unplug(part, False)

    def _do_bus_stuck(self, part: str, for_ms: int) -> None:
        self.run.target.bus_stuck(part, for_ms)

    def _do_door(self, open: bool = True) -> None:
        self.run.target.door(open)

    def _do_battery(self, volts: float = 3.3, supply: bool = False) -> None:
        self.run.target.battery(float(volts), supply)

    def _do_clock(self, **what: Any) -> None:
        self.run.target.clock(**what)

    # -- faults of the plant

    def _plant(self, name: str, **fields: Any) -> None:
        self.run.plant_do(name, **fields)

    def _do_occlude(self, where: str = "downstream") -> None:
        self._plant("occlude", where=where)

    def _do_release(self) -> None:
        self._plant("release")

    def _do_air(self, ul: float) -> None:
        self._plant("air", volume_ul=float(ul))

    def _do_bag_empty(self) -> None:
        self._plant("bag_empty")

    def _do_slip(self, fraction: float = 0.05) -> None:
        self._plant("slip", fraction=float(fraction))

    def _do_free_flow(self, on: bool = True) -> None:
        self._plant("free_flow", on=on)

    def _do_scale(self, offset_g: float = 0, drift_g_h: float = 0) -> None:
        self._plant("scale_fault", offset_g=float(offset_g), drift_g_h=float(drift_g_h))
