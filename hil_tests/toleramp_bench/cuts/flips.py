"""Flipped bits: one bit of what is stored, or of any field in RAM that judges, at several moments of a session (INT-4).

    python -m toleramp_bench.cuts.flips --bits 10000 --seed 1 --jobs 2

Each flipped pump is held against its twin, the same run without the flip: no more may flow at any time, nothing that
alarmed or held may fail to or come later, and what flows on has to flow alike. That it stops earlier, faults, asks or
starts anew is what is wanted. Fields are found by walking the controller's objects. Exit codes: 0 nothing found, 1
findings.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from pump.io import COUNT_MAX
from pump.packed import pack
from pump.protocol.encoding import encode
from pump.store.entries import FIRST_SLOT
from pump.tables.alarms import GROUP as ALARM_GROUP
from pump.tables.alarms import PATIENT
from pump.tables.states import GROUP, HOLDS, ON, OVER
from pump.tables.vitals import VALID
from toleramp_bench.cuts.fields import Field, fields, flip
from toleramp_bench.cuts.writes import TO_HOLD, Outcome, Session, come_up, protocol, truth
from toleramp_bench.facts import keep_facts
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.runs.forked import Crew, crew

MOMENTS = ("before START", "second step", "in a hold", "bag asked", "last step", "power back")
PATIENTS = ("well", "low", "gone")  # what the patient does PATIENT_S after the flip
PATIENT_S, WINDOW_S = 6, 40
SLACK_PULSES = 3  # between two timelines: a scan's worth at the fastest of the steps, and the pulse at the seam
LATE_S = 1.5  # alarms are judged in a turn of eight scans; a look that was missed costs some of them
STORED_SHARE = 0.15
SENT_BACK, SENT_BACK_SHARE, TO_THE_END_S = "sent back", 0.02, 260
"""Of what a course is worked out with it is a decision that makes use, and the session's end that shows it."""
SHOWN = 40
_LOW_SPO2 = 80


@dataclass
class Flip:
    """One bit, and what came of it: `verdict` is "found", "stops", "heals", "nothing", or "wrong"."""

    moment: str
    patient: str
    room: str
    place: str
    bit: str
    verdict: str = ""
    why: str = ""


@dataclass
class Trace:
    """What left a pump after the flip: pulses at each scan, when each alarm first was up and it first sounded."""

    moved: list[int] = field(default_factory=list)
    alarms: dict[int, int] = field(default_factory=dict)
    sounded: int = -1
    stopped: set[int] = field(default_factory=set)  # scans in which it was held, or over
    on: set[int] = field(default_factory=set)  # and those in which a session was on
    state: str = ""
    row: list[int] = field(default_factory=list)


# -- the moments


def at_moment(name: str) -> Session:
    """A session that stands there."""
    session = Session(lambda number: None)
    session.pump.load(encode(protocol()))
    if name == MOMENTS[0]:
        session.pump.run(lambda pump: None, lambda pump: False, 5)
        return session

    def there(_: Any) -> bool:
        progress = session.session.progress
        if name in (MOMENTS[1], MOMENTS[5]):
            return bool(session.state == STATES.RUNNING and progress.step == 1 and progress.done > 200)
        if name == MOMENTS[2]:
            return bool(session.state == STATES.HELD and progress.step == 1)
        if name == SENT_BACK:
            return bool(session.state == STATES.HELD and session.held == len(TO_HOLD))
        if name == MOMENTS[3]:
            return bool(session.state == STATES.BAG and progress.step == 2)  # noqa: PLR2004
        return bool(session.state == STATES.RUNNING and progress.step == 2 and progress.done > 100)  # noqa: PLR2004

    assert session.run(there), name
    if name == MOMENTS[5]:
        session.cycle()
        session.pump.run(lambda pump: None, lambda pump: False, 1)
    return session


def follow(session: Session, patient: str, window_s: int = WINDOW_S) -> Trace:
    """Lets people go on for so long; the patient does what is said."""
    pump, trace, scans = session.pump, Trace(), 0
    start = session.moved

    def people(_: Any) -> None:
        if scans * pump.period_us >= PATIENT_S * 1_000_000:
            if patient == "low":
                pump.parser.spo2 = _LOW_SPO2
            elif patient == "gone":
                pump.parser.flags &= ~VALID
        session.people(pump)

    def look(_: Any) -> bool:
        nonlocal scans
        controller = pump.controller
        trace.moved.append(session.moved - start)
        for alarm, up in enumerate(controller.alarms.active):
            if up:
                trace.alarms.setdefault(alarm, scans)
        if pump.out.tone_hz and trace.sounded < 0:
            trace.sounded = scans
        if GROUP[controller.session.state] & (HOLDS | OVER):
            trace.stopped.add(scans)
        if GROUP[controller.session.state] & ON:
            trace.on.add(scans)
        scans += 1
        return False

    pump.run(people, look, window_s)
    trace.state = session.state
    pack(pump.controller, trace.row, pump.snap.now_ms)
    return trace


# -- the judge


def judge(twin: Trace, own: Trace, period_us: int) -> tuple[str, str]:
    """The verdict, and why."""
    late = round(LATE_S * 1_000_000 / period_us)
    fault = own.state == STATES.FAULT
    more = max(a - b for a, b in zip(own.moved, twin.moved, strict=True))
    if more > SLACK_PULSES:
        return "wrong", f"{more} pulses more"
    if fault:
        return "found", "a fault"
    for alarm, at in twin.alarms.items():
        if at not in own.on or (not ALARM_GROUP[alarm] & PATIENT and own.moved[at] == own.moved[-1]):
            continue  # no session has begun, or nothing flows that this alarm is about
        if own.alarms.get(alarm, COUNT_MAX) > at + late and not _over_before(own, at + late):
            return "wrong", f"alarm {alarm} {'late' if alarm in own.alarms else 'missing'}"
    if twin.sounded in own.on and not 0 <= own.sounded <= twin.sounded + late and not _over_before(own, twin.sounded):
        return "wrong", "it does not sound, or late"
    if own.moved[-1] < twin.moved[-1] - SLACK_PULSES:
        if own.state == STATES.COMPLETED:
            return "wrong", f"{twin.moved[-1] - own.moved[-1]} pulses less, and it says that the dose is complete"
        if own.stopped - twin.stopped or own.state != STATES.RUNNING:
            return "stops", own.state
        return "wrong", f"{twin.moved[-1] - own.moved[-1]} pulses less, and nobody knows"
    return ("nothing", "") if own.row == twin.row else ("differs", "its state differs at the end")


def _over_before(own: Trace, scan: int) -> bool:
    """Whether it was stopped for another reason before."""
    return any(at <= scan for at in own.stopped)


def flipped(
    session: Session, twin: Trace, place: Field, item: Any, one: Flip, random: Random, window_s: int = WINDOW_S
) -> Flip:
    """One flip in RAM, judged."""
    one.bit = flip(item, place.name, random)
    try:
        own = follow(session, one.patient, window_s)
    except Exception as error:  # on the board every exception takes the permit away and starts the pump anew
        one.verdict, one.why = "found", f"{type(error).__name__}: the pump starts anew"
        return one
    one.verdict, one.why = judge(twin, own, session.pump.period_us)
    return one


def stored(session: Session, one: Flip, slot: int, at: int, bit: int) -> Flip:
    """One flip in the FRAM, and the power goes and comes: the pump knows what was given, or says that it does not."""
    board = session.pump.board
    before, held = truth(session), bytearray(board.slot(slot))
    held[at] ^= 1 << bit
    board.fram[slot] = bytes(held)
    outcome = Outcome(0, 0, session.state)
    try:
        went_on = come_up(session, before, outcome)
    except Exception as error:
        one.verdict, one.why = "wrong", f"{type(error).__name__} at power-on"
        return one
    lost = session.state == STATES.IDLE or any(event["event"] == EVENTS.SESSION_LOST for event in session.pump.events)
    wrong = [said for said in outcome.findings if not (lost and said.startswith("it was"))]
    one.verdict = "wrong" if wrong else "found" if lost and before.goes_on else "nothing" if went_on else "heals"
    one.why = "; ".join(wrong)
    return one


# -- the campaign


def every(_: Field) -> bool:
    """All fields."""
    return True


def worked_out_with(place: Field) -> bool:
    """Whether a decision works the course out with that."""
    return ".plan" in place.path or "course" in place.path


def of_ram(
    moment: str, count: int, seed: int, hands: Crew,
    of: Callable[[Field], bool] = every, patients: Sequence[str] = PATIENTS, window_s: int = WINDOW_S,
) -> None:  # fmt: skip
    """So many flips at a moment: each of those fields in its turn."""
    random = Random(f"{seed} {moment}")
    session = at_moment(moment)
    found = [pair for pair in fields(session.pump.controller).items() if of(pair[0])]
    random.shuffle(found)
    twins = {patient: _in_child(session, patient, window_s) for patient in patients}
    for k in range(count):
        place, item = found[k % len(found)]
        one = Flip(moment, patients[(k + k // len(found)) % len(patients)], place.room, str(place), "")
        draw = Random(random.random())
        branch = hands.branch()
        if branch.child:
            branch.deliver(lambda: flipped(session, twins[one.patient], place, item, one, draw, window_s))  # noqa: B023


def _in_child(session: Session, patient: str, window_s: int = WINDOW_S) -> Trace:
    """The twin's trace; the session stays where it is."""
    with crew(1) as hands:
        branch = hands.branch()
        if branch.child:
            branch.deliver(lambda: follow(session, patient, window_s))
    trace: Trace = hands.outcomes[0]
    return trace


def of_store(moment: str, count: int, seed: int, hands: Crew) -> None:
    """So many flips of what the FRAM holds at a moment: the slots in turn, the bytes drawn."""
    random = Random(f"{seed} {moment} stored")
    session = at_moment(moment)
    slots = sorted(session.pump.board.fram)
    for k in range(count):
        slot = slots[k % len(slots)]
        at, bit = random.randrange(len(session.pump.board.fram[slot])), random.randrange(8)
        room = "log" if slot < FIRST_SLOT else "stored"
        one = Flip(moment, PATIENTS[0], room, f"slot {slot}, byte {at}", f"bit {bit}")
        branch = hands.branch()
        if branch.child:
            branch.deliver(lambda: stored(session, one, slot, at, bit))  # noqa: B023


def campaign(bits: int, seed: int, jobs: int) -> list[Flip]:
    """So many flips in all."""
    of_stored, of_back = round(bits * STORED_SHARE), round(bits * SENT_BACK_SHARE)
    with crew(jobs) as hands:
        of_ram(SENT_BACK, of_back, seed, hands, worked_out_with, PATIENTS[:1], TO_THE_END_S)
        for k, moment in enumerate(MOMENTS):
            of_ram(moment, (bits - of_stored - of_back + k) // len(MOMENTS), seed, hands)
        for k, moment in enumerate(MOMENTS[1:3]):
            of_store(moment, (of_stored + k) // 2, seed, hands)
    return hands.outcomes


def facts(found: Sequence[Flip], seed: int, wall_s: float) -> dict[str, Any]:
    """The figures of a run, as JSON has them."""
    rooms: dict[str, Counter[str]] = {}
    for one in found:
        rooms.setdefault(one.room, Counter())[one.verdict] += 1
    return {
        "bits": len(found), "seed": seed, "wall_s": round(wall_s, 1),
        "fields": len({one.place for one in found}),
        "rooms": {room: dict(counts) for room, counts in sorted(rooms.items())},
        "verdicts": dict(Counter(one.verdict for one in found)),
        "findings": [asdict(one) for one in found if one.verdict == "wrong"],
        "differs": dict(Counter(one.place for one in found if one.verdict == "differs").most_common()),
    }  # fmt: skip


def page(told: dict[str, Any]) -> str:
    """One page for people."""
    rows = [f"flipped bits    {told['bits']} in {told['fields']} places, seed {told['seed']}: {told['wall_s']:g} s"]
    rows += [
        f"  {room:<12}  " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
        for room, counts in told["rooms"].items()
    ]
    rows.append("in all          " + ", ".join(f"{n} {name}" for name, n in sorted(told["verdicts"].items())))
    rows.append(f"findings        {len(told['findings'])}")
    rows += [
        f"  {one['moment']}, {one['patient']}: {one['place']} {one['bit']}: {one['why']}"
        for one in told["findings"][:SHOWN]
    ]
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bits", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write facts.json there")
    args = parser.parse_args(arguments)
    began = time.perf_counter()
    told = facts(campaign(args.bits, args.seed, max(1, args.jobs)), args.seed, time.perf_counter() - began)
    if args.out:
        keep_facts(args.out, told)
    print(json.dumps(told, indent=1) if args.json else page(told))
    return 1 if told["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
