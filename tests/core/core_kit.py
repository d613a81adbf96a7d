"""Protocols with our own numbers and hands at the virtual pump, shared by the tests of the core."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pump.course.plan import Plan
from pump.io import CONFIRM, START, STOP
from pump.link import frames
from pump.panel.attention import SEEN_MS
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.senses.baseline import LEAST_S
from pump.senses.vitals import Vitals
from pump.session.bags import Bags
from pump.session.case import Case
from pump.session.question import Question
from pump.tables import alarms, causes, states
from pump.tables.vitals import VALID
from toleramp.protocol.file import scaled
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.people.seen import seen_at

NL, PG, MIN = 10**6, 10**9, 60_000

# The 12-step ladder for 500 mg: bag number, mL/h, minutes; the last step runs 232.5 mL.
RATES = ((0, 2), (0, 5), (0, 10), (0, 20), (1, 5), (1, 10), (1, 20), (1, 40), (2, 10), (2, 20), (2, 40), (2, 80))
MINUTES = (Fraction(15),) * 11 + (Fraction(1395, 8),)
BAG_ML = 250
BAG_MG = (Fraction(5), Fraction(50), Fraction(496065, 1000))

STEP_PULSES = (100, 250, 500, 1000, 250, 500, 1000, 2000, 500, 1000, 2000, 46_500)  # of 100 nL, at a fiftieth
TECHNICAL, MILD, SEVERE, END = (causes.TECHNICAL, causes.MILD, causes.SEVERE, causes.END)
StepRow = tuple[int, Fraction, Fraction]


def whole(value: Fraction) -> int:
    """An exact integer; a test's own numbers never round silently."""
    assert value.denominator == 1, value
    return int(value)


def build(
    dose_mg: Fraction | int,
    bags: list[tuple[Fraction, Fraction]],
    steps: list[StepRow],
    kind: str = "multi-bag",
) -> p.Protocol:
    """A protocol from bags (mL, mg) and steps (bag, mL/h, minutes), with all digits."""
    protocol = p.Protocol()
    protocol.name, protocol.drug, protocol.kind = "Test ladder", "testdrug", p.CLASSES.index(kind)
    protocol.full_dose_pg = whole(Fraction(dose_mg) * PG)
    for number, (ml, mg) in enumerate(bags):
        protocol.solutions.append(
            p.Solution(whole(Fraction(ml) * NL), whole(Fraction(mg) * PG), chr(65 + number), f"T-{number + 1}")
        )
    for bag, rate, minutes in steps:
        rate_e4, duration = whole(Fraction(rate) * 10_000), whole(Fraction(minutes) * MIN)
        volume = round(Fraction(rate) * Fraction(minutes) / 60 * NL)  # to the nanolitre, as the file's reader does
        protocol.steps.append(p.Step(bag, 0, rate_e4, duration, volume))
    return protocol


def standard() -> p.Protocol:
    """The standard ladder at full dwell."""
    steps = [(bag, Fraction(rate), minutes) for (bag, rate), minutes in zip(RATES, MINUTES, strict=True)]
    return build(500, [(Fraction(BAG_ML), mg) for mg in BAG_MG], steps)


def short() -> p.Protocol:
    """The standard ladder with a fiftieth of dwell and dose: 18 s a step, 209.25 s the last."""
    return scaled(standard(), Fraction(1, 50))


def mini() -> p.Protocol:
    """The standard ladder with a five-hundredth of dwell and dose: 1.8 s a step, 21 s the last: for random walks."""
    return scaled(standard(), Fraction(1, 500))


def pump_with(protocol: p.Protocol, period_us: int = 100_000, **options: int) -> CorePump:
    """A pump with the protocol loaded and readings on the line."""
    pump = CorePump(period_us, **options)
    pump.load(encode(protocol))
    shown(pump)
    return pump


def shown(pump: CorePump) -> None:
    """Waits until START's question has been on the screen long enough for a press to count, and the patient's own SpO2
    is known where there are readings."""
    pump.scan()
    assert until(pump, lambda c: c.controller.attention.seen_ms >= SEEN_MS, 4)
    until(pump, lambda c: c.controller.vitals.settled(), LEAST_S + 1)


def state(pump: CorePump) -> str:
    """The session's state by its name in the contract."""
    return states.NAMES[pump.controller.session.state]


def up(pump: CorePump) -> set[str]:
    """Alarms that are up, by name."""
    return {alarms.NAMES[k] for k, active in enumerate(pump.controller.alarms.active) if active}


def tap(pump: CorePump, button: int) -> None:
    """Presses a button and lets go; both have settled afterwards."""
    pump.press(button)
    for _ in range(8 + 200_000 // pump.period_us):
        pump.scan()


def scan_s(pump: CorePump, seconds: float) -> None:
    """Lets time pass."""
    for _ in range(round(seconds * 1_000_000 / pump.period_us)):
        pump.scan()


def until(pump: CorePump, wanted: str | Callable[[CorePump], bool], limit_s: float = 600) -> bool:
    """Lets time pass until a state (or a condition) is there; False when it never came."""
    for _ in range(round(limit_s * 1_000_000 / pump.period_us)):
        if state(pump) == wanted if isinstance(wanted, str) else wanted(pump):
            return True
        pump.scan()
    return False


def answer(pump: CorePump, **wishes: int) -> None:
    """Answers the question on the screen: what she wants (toleramp_bench.people.nurse.Wishes) is chosen and entered."""
    nurse = Nurse(ScreenPace(0), wishes=Wishes(**wishes))
    for _ in range(100):
        if nurse.answers:
            return
        tap(pump, nurse.answer(seen_at(pump.controller)))
    raise AssertionError(f"{wishes}: no answer at {seen_at(pump.controller)}")


def name_bag(pump: CorePump, bag: int | None = None) -> None:
    """Picks the code of the bag that is asked for, or of another (from 0), and confirms that it hangs."""
    answer(pump, **({} if bag is None else {"wrong_bag": bag + 1}))


def next_key(pump: CorePump) -> int:
    """What a nurse presses next, at any question; 0: nothing."""
    return Nurse(ScreenPace(0)).answer(seen_at(pump.controller))


def hang(pump: CorePump) -> None:
    """Names the bag that is asked for and lets it run."""
    name_bag(pump)
    tap(pump, CONFIRM)


def start(pump: CorePump) -> None:
    """The presses that let the first step flow."""
    shown(pump)
    tap(pump, START)
    hang(pump)
    assert state(pump) == "running"


def run_to_step(pump: CorePump, step: int) -> None:
    """Runs, confirming each bag, until `step` (from 1) has flowed for a while."""
    for _ in range(20):
        assert until(pump, lambda c: state(c) != "running" or c.controller.session.progress.step + 1 >= step)
        if state(pump) == "bag":
            hang(pump)
        elif pump.controller.session.progress.step + 1 >= step:
            return
    raise AssertionError("step not reached: " + state(pump))


def finish(pump: CorePump, limit_s: float = 900) -> str:
    """Confirms bags until the session is over; the state it ended in."""
    while True:
        assert until(pump, lambda c: state(c) not in ("running",), limit_s)
        if state(pump) != "bag":
            return state(pump)
        for _ in range(5):
            pump.scan()
        hang(pump)


def classify(pump: CorePump, word: int) -> None:
    """At a hold: chooses the word as the screen shows it, and confirms."""
    answer(pump, cause=word)
    if pump.controller.session.question.second:
        tap(pump, CONFIRM)  # what ends the session is pressed twice


def choose_step(pump: CorePump, step: int, bag: int | None = None) -> None:
    """At a decision: moves to `step` (from 1) and confirms; where the bag is asked for, takes it (its own)."""
    answer(pump, step=step)
    if state(pump) == "boundary":
        answer(pump, bag=pump.controller.session.case.plan.solution[step - 1] if bag is None else bag)


def resume(pump: CorePump) -> None:
    """The two presses that let the drug flow again."""
    tap(pump, START)
    tap(pump, CONFIRM)


def names(pump: CorePump, *wanted: str) -> list[tuple[str, int]]:
    """Events of these names with their step."""
    return [(str(e["event"]), int(str(e["step"]))) for e in pump.events if e["event"] in wanted]


def dose_pg(protocol: p.Protocol, pulses_by_bag: list[int], pl_pulse: int = PL_PULSE) -> Fraction:
    """The exact dose of so many pulses from each bag."""
    return sum(
        (
            Fraction(pulses * pl_pulse * bag.drug_pg, bag.volume_nl * 1000)
            for pulses, bag in zip(pulses_by_bag, protocol.solutions, strict=True)
        ),
        Fraction(0),
    )


def host(pump: CorePump, kind: int, payload: bytes = b"", seq: int = 1) -> int:
    """Sends one request over the host line; the type of the answer."""
    plain, coded = bytearray(frames.MAX_PLAIN), bytearray(frames.MAX_CODED)
    plain[0], plain[1] = kind, seq
    plain[2 : 2 + len(payload)] = payload
    size = frames.encode(plain, len(payload), coded)
    answer = frames.Receiver()
    pump.board.to_pump += coded[:size]
    while pump.board.to_pump:
        pump.scan()
    for byte in pump.out.tx[: pump.out.tx_n]:
        answer.take(byte)
    return int(answer.buf[0]) if pump.out.tx_n else 0


def pulses_of_steps(pump: CorePump) -> list[int]:
    """Pulses from each step's start to its completion, as the records tell."""
    begun, taken = 0, []
    for event in pump.events:
        if event["event"] == "step_started":
            begun = int(str(event["pulses"]))
        if event["event"] == "step_completed":
            taken.append(int(str(event["pulses"])) - begun)
    return taken


def running_at(step: int, seconds: float = 5) -> CorePump:
    """A pump in the given step for so long."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, step)
    scan_s(pump, seconds)
    assert state(pump) == "running"
    return pump


def bag_pulses(pump: CorePump) -> list[int]:
    """Pulses from each bag, counted from the records alone: each flow belongs to the step that started it."""
    by_bag, last, bag = [0, 0, 0], 0, 0
    for event in pump.events:
        now = int(str(event["pulses"]))
        if event["event"] in ("step_started", "step_completed", "paused", "stopped", "fault", "completed"):
            by_bag[bag] += now - last
            last = now
        if event["event"] == "step_started":
            bag = int(str(event["arg"]))
    return by_bag


def check_dose(pump: CorePump) -> None:
    """The full dose to one pulse of the last bag, never more."""
    protocol = short()
    by_bag = bag_pulses(pump)
    assert sum(by_bag) == pump.stepper.moved
    rest = protocol.full_dose_pg - dose_pg(protocol, by_bag)
    bag = protocol.solutions[2]
    assert 0 <= rest < Fraction(PL_PULSE * bag.drug_pg, bag.volume_nl * 1000)


def react(pump: CorePump, resume_at: int, bag: int | None = None) -> None:
    """A mild reaction now; the clinician goes on at a step, from its own bag or another; what must hang is hung."""
    tap(pump, STOP)
    classify(pump, MILD)
    choose_step(pump, resume_at, bag)
    resume(pump)


def bag_question(protocol: p.Protocol, wanted: int) -> tuple[Bags, Question, list[int]]:
    """The situation in which that bag (from 0) is asked for, with a good reading; the question; events recorded."""
    said: list[int] = []
    vitals = Vitals()
    case = Case(vitals, lambda kind, *rest: said.append(kind))
    case.adopt(Plan(protocol, PL_PULSE))
    case.progress.step = next(k for k, step in enumerate(protocol.steps) if step.solution == wanted)
    bags = Bags(case)
    bags.adopt(protocol)
    vitals.sample(97, 72, VALID, 0)
    vitals.watch(0)
    bags.enter()
    said.clear()
    return bags, case.question, said
