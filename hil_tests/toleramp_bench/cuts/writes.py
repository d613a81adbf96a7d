"""A power cut at every write of the store, on the core: a short session with a bag change, a hold and a reaction.

    python -m toleramp_bench.cuts.writes --every 1 --jobs 2

Where a write is handed to the FRAM the process forks: the child loses the power with a part of the write done, comes
up, loses it again in the middle of a later write, and is carried to the session's end; the walk goes on. What flowed is
counted at the motor, what hung is what people hung: nothing is taken from the pump's own word. Exit codes: 0 nothing
found, 1 findings.
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
from typing import Any

from pump.io import FRAM_SLOT, STOP, Outputs
from pump.protocol import protocol as p
from pump.protocol.doses import total_dose
from pump.protocol.encoding import encode
from pump.store.journal import SLOTS, valid
from pump.tables import causes, states
from toleramp_bench.boards.core_pump import PL_PULSE, CorePump
from toleramp_bench.facts import keep_facts
from toleramp_bench.figures.measure import attend
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.people.pace import ScreenPace
from toleramp_bench.records import is_part, unpack_record
from toleramp_bench.runs.forked import Crew, crew

POWER_ON = 1
MOST_NL = 50_000  # INT-2: to within so much the volume is known at each cut
OFF_S = 20
SCAN_US, SAMPLE_US = 20_000, 1_000_000
LIMIT_S = 1_200
QUIET_S = 3
STEPS = ((0, 20, 1), (0, 60, 6), (1, 20, 120))  # bag, mL/h, seconds
STRENGTHS = (1, 9)
# step, pulses that have flowed in it, why: from there on each is done once, in this order
_HOLD = (2, 500, causes.TECHNICAL)
_REACTION = (3, 300, causes.MILD)
TO_HOLD = (_HOLD, _REACTION)
NEVER = (99, 0, 0)
BACK_TO = 2
AGAIN = (3, 11, 29, 2, 5, 17, 1, 40, 7, 13)  # writes after the first power-on until the second cut
PARTS = (0, 1, 24, 43, 47, FRAM_SLOT)  # bytes of a write that are done
SHOWN = 20


def protocol() -> p.Protocol:
    """Three steps from two bags; the shared line holds 1 uL of saline."""
    made = p.Protocol()
    made.name, made.drug, made.kind = "power cuts", "bench", p.BENCH
    for bag, strength in enumerate(STRENGTHS):
        made.solutions.append(p.Solution(20_000_000, 20_000_000 * strength, chr(65 + bag), f"T-{bag + 1}"))
    for bag, rate, seconds in STEPS:
        made.steps.append(p.Step(bag, 0, rate * 10_000, seconds * 1000, rate * seconds * 1_000_000 // 3600))
    made.steps[-1].flags |= p.TO_FULL_DOSE
    dose = total_dose(made)
    made.full_dose_pg = dose[0] // dose[1]
    made.delay_s, made.max_hold_min, made.max_wait_min = 1, 30, 10
    made.line_dead_nl = 1_000
    return made


class PowerCut(Exception):
    """The power went in the middle of a write."""


@dataclass
class Outcome:
    """One cut, and what it brought to light. `part`: bytes of the write that were done; `again`: the write at the
    second cut; `unknown_nl`: what has flowed of which the pump does not know, at all cuts; `worst_nl`: at one."""

    write: int
    part: int
    state: str
    again: int = 0
    recovered: int = 0
    unknown_nl: int = 0
    worst_nl: int = 0
    findings: list[str] = field(default_factory=list)


class Session:
    """A pump, the people at it, and what they and the motor know. `on_write(number)` is called before each write; what
    it returns is how many bytes of that are done before the power goes (None: it does not go)."""

    def __init__(self, on_write: Callable[[int], int | None]) -> None:
        self.pump = CorePump(SCAN_US, sample_us=SAMPLE_US)
        self.on_write = on_write
        self.writes = 0
        self.held = 0  # how often STOP was pressed
        self.flowed = [0] * len(STRENGTHS)  # pulses at the motor, from each bag that hung
        self.hung = -1
        self._before = 0  # pulses of this power-on's motor that are booked
        self.nurse = self._person()
        self._write = self.pump.board._write
        self.pump.board._write = self._tear  # type: ignore[method-assign]

    def _person(self) -> Nurse:
        return Nurse(ScreenPace(), on_hang=self._hang)

    def _hang(self, bag: int) -> None:
        self.book()
        self.hung = bag

    def _tear(self, out: Outputs) -> int:
        self.writes += 1
        part = self.on_write(self.writes)
        if part is None:
            return self._write(out)
        board, slot = self.pump.board, out.fram_slot
        board.fram[slot] = bytes(out.fram[:part]) + bytes(board.slot(slot))[part:]
        raise PowerCut

    @property
    def session(self) -> Any:
        """The core's."""
        return self.pump.controller.session

    @property
    def state(self) -> str:
        """The session's state."""
        return str(states.NAMES[self.session.state])

    def book(self) -> None:
        """Books what the motor moved to the bag that hangs."""
        new = self.pump.stepper.moved - self._before
        self._before += new
        if new:
            self.flowed[self.hung] += new

    @property
    def moved(self) -> int:
        """All pulses of all power-ons."""
        self.book()
        return sum(self.flowed)

    def people(self, _: CorePump) -> None:
        """Hold once, react once, and answer what is asked; one who comes back after a cut tells what stands."""
        progress = self.session.progress
        here = progress.step + 1, progress.done
        if self.state == STATES.RUNNING and self.pump.keys_free():
            step, pulses, cause = TO_HOLD[self.held] if self.held < len(TO_HOLD) else NEVER
            if here[0] == step and here[1] >= pulses:
                self.held += 1
                wishes = Wishes(cause=cause)
                if cause == causes.MILD:
                    wishes.step, wishes.bag = BACK_TO, STEPS[BACK_TO - 1][0]
                self.nurse.wishes = wishes
                self.pump.press(STOP)
                return
        if self.nurse.wishes.cause == 0 and self.state == STATES.HELD:
            self.nurse.wishes.cause = causes.TECHNICAL
        if self.state == STATES.DECISION and not self.nurse.wishes.step:
            self.nurse.wishes.step, self.nurse.wishes.bag = BACK_TO, STEPS[BACK_TO - 1][0]
        attend(self.pump, self.nurse)

    def run(self, until: Callable[[CorePump], bool], limit_s: int = LIMIT_S) -> bool:
        """Until that; the bag that is asked for hangs when it is named."""
        return self.pump.run(self.people, until, limit_s)

    def over(self, _: CorePump) -> bool:
        """The session is over."""
        return states.GROUP[self.session.state] & states.OVER != 0

    def cycle(self) -> None:
        """The power is off for a while, and comes back; nobody is there for a moment."""
        self.book()
        pump, board = self.pump, self.pump.board
        board.off()
        self.book()
        board.key(board.keys, False)
        board._calls.clear()
        board.run_to(pump.now_us + OFF_S * 1_000_000, lambda: False)
        pump.again(POWER_ON)
        pump._release_us = pump.now_us
        self._before, self.hung = 0, -1
        self.nurse = self._person()


# -- the judge


@dataclass(frozen=True)
class Truth:
    """What was true when the power went: of the motor, and of the core whose memory is gone."""

    moved: int
    step: int
    turn: int
    state: int

    @property
    def goes_on(self) -> bool:
        """Whether a session was under way that has given something."""
        group = states.GROUP[self.state]
        return bool(group & states.ON and group & (states.SUPERVISED | states.HOLDS) and self.moved)


def truth(session: Session) -> Truth:
    """As it is now."""
    progress = session.session.progress
    return Truth(session.moved, progress.step, progress.turn, session.session.state)


def logged_reactions(session: Session) -> int:
    """How many of them the log in the FRAM tells of."""
    held = [
        bytes(data) for slot, data in session.pump.board.fram.items() if slot < SLOTS and valid(bytearray(data), slot)
    ]
    return sum(unpack_record(data)["event"] == EVENTS.REACTION for data in held if not is_part(data))


def come_up(session: Session, before: Truth, outcome: Outcome) -> bool:
    """Brings the pump up: it stands as it stood, nothing flows by itself, what was given is known. True when a session
    goes on."""
    reactions, found = logged_reactions(session), outcome.findings
    session.pump.events.clear()
    session.cycle()
    session.pump.run(lambda pump: None, lambda pump: False, QUIET_S)
    if session.moved != before.moved or session.pump.out.permit:
        found.append("it flows by itself")
    if session.state != STATES.RECOVERED:
        lost = [event["code"] for event in session.pump.events if event["event"] == EVENTS.SESSION_LOST]
        if lost or before.goes_on:
            found.append(f"it was {states.NAMES[before.state]} and is {session.state} {lost}")
        return False
    outcome.recovered += 1
    progress, told_nl = session.session.progress, session.session.recovered.unsure_nl
    unknown_nl = (before.moved - progress.total) * PL_PULSE // 1000 - outcome.unknown_nl
    outcome.unknown_nl += unknown_nl
    outcome.worst_nl = max(outcome.worst_nl, unknown_nl)
    if not 0 <= unknown_nl <= min(MOST_NL, told_nl):
        found.append(f"{unknown_nl} nL more than it knows have flowed; it says up to {told_nl}")
    if not before.step - 1 <= progress.step <= before.step and progress.turn == before.turn:
        found.append(f"it stands in step {progress.step + 1}, it was in {before.step + 1}")
    if progress.reactions < reactions:
        found.append(f"it knows of {progress.reactions} reactions, the log of {reactions}")
    if session.session.case.held_too_long():
        found.append(f"{OFF_S} s without power are too long for it")
    return True


def end_well(session: Session, outcome: Outcome) -> None:
    """People carry it to its end: the whole dose to within what was not known, and nobody disagrees."""
    session.run(session.over)
    if session.state != STATES.COMPLETED:
        outcome.findings.append(f"it ends {session.state} ({causes.NAMES[session.session.progress.cause]})")
        return
    session.moved  # noqa: B018 (books what has flowed)
    given = sum(pulses * strength for pulses, strength in zip(session.flowed, STRENGTHS, strict=True))
    weakest = protocol().solutions[STRENGTHS.index(min(STRENGTHS))]
    wanted = protocol().full_dose_pg * weakest.volume_nl * 1000 // (PL_PULSE * weakest.drug_pg)
    most = outcome.unknown_nl * 1000 // PL_PULSE * max(STRENGTHS)
    if not wanted - max(STRENGTHS) < given <= wanted + most:
        outcome.findings.append(f"it gave {given} of {wanted} units, where {most} were not known of")


class Walk:
    """The session, and a child for each cut."""

    def __init__(self, every: int, first: int, hands: Crew, parts: Sequence[int] = ()) -> None:
        """Each `every`th write from `first` on is cut, after each of `parts` bytes (none: of one, by turns)."""
        self._every, self._first, self._hands, self._parts = every, first, hands, parts
        self._outcome: Outcome | None = None
        self._again_at = 0
        self.session = Session(self._on_write)

    def _on_write(self, number: int) -> int | None:
        if self._outcome is not None:
            return PARTS[number % len(PARTS)] if number == self._again_at else None
        if number % self._every != self._first % self._every:
            return None
        for part in self._parts or (PARTS[number // self._every % len(PARTS)],):
            self._twin = self._hands.branch()
            if self._twin.child:
                self._outcome = Outcome(number, part, self.session.state)
                return part
        return None

    def go(self) -> None:
        """To the session's end; a child judges and leaves."""
        try:
            self.session.pump.load(encode(protocol()))
            self.session.run(self.session.over)
        except PowerCut:
            self._twin.deliver(self._judged)

    def _judged(self) -> Outcome:
        session, outcome = self.session, self._outcome
        assert outcome is not None
        if come_up(session, truth(session), outcome):
            self._again_at = session.writes + AGAIN[outcome.write % len(AGAIN)]
            try:
                session.run(session.over)
            except PowerCut:
                outcome.again = session.writes
                if come_up(session, truth(session), outcome):
                    end_well(session, outcome)
                return outcome
            end_well(session, outcome)
        return outcome


def cut_all(every: int = 1, first: int = 0, jobs: int = 2, parts: Sequence[int] = ()) -> list[Outcome]:
    """Cuts each `every`th write, in children of this process; in their order."""
    with crew(jobs) as hands:
        Walk(every, first, hands, parts).go()
    return sorted(hands.outcomes, key=lambda outcome: (outcome.write, outcome.part))


def facts(outcomes: Sequence[Outcome], wall_s: float) -> dict[str, Any]:
    """The figures of a run, as JSON has them."""
    return {
        "cuts": len(outcomes),
        "second_cuts": sum(bool(outcome.again) for outcome in outcomes),
        "recoveries": sum(outcome.recovered for outcome in outcomes),
        "states": dict(Counter(outcome.state for outcome in outcomes)),
        "worst_unknown_ul": max((outcome.worst_nl for outcome in outcomes), default=0) / 1000,
        "wall_s": round(wall_s, 1),
        "findings": [asdict(outcome) for outcome in outcomes if outcome.findings],
    }


def page(found: dict[str, Any]) -> str:
    """One page for people."""
    rows = [
        f"power cuts      {found['cuts']} writes cut, {found['second_cuts']} of the pumps a second time:"
        f" {found['wall_s']:g} s",
        f"recoveries      {found['recoveries']}, each carried on to the session's end",
        "pump's state    " + ", ".join(f"{count} {state}" for state, count in sorted(found["states"].items())),
        f"volume          known to {found['worst_unknown_ul']:g} uL at each cut",
        f"findings        {len(found['findings'])}",
    ]
    for one in found["findings"][:SHOWN]:
        rows += [
            f"  write {one['write']}, {one['part']} bytes of it ({one['state']}): {text}" for text in one["findings"]
        ]
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth write (1)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="of those, from this one on (0)")
    parser.add_argument(
        "--parts", action="store_true", help=f"each write after each of {PARTS} bytes, not one by turns"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write facts.json there")
    args = parser.parse_args(arguments)
    began = time.perf_counter()
    outcomes = cut_all(args.every, args.first, max(1, args.jobs), PARTS if args.parts else ())
    found = facts(outcomes, time.perf_counter() - began)
    if args.out:
        keep_facts(args.out, found)
    print(json.dumps(found, indent=1) if args.json else page(found))
    return 1 if found["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
