"""Judges a session by what was measured at motor and plant. The pump's records serve as marks in time, no more.

`limits` of the ratio: a dose rate may be 2.6 times what was tolerated (PRO-2), or what the protocol's own class allows.
"""

from __future__ import annotations

from fractions import Fraction

from pump.protocol import protocol as p
from pump.tables import causes, states
from toleramp_bench.campaign import judge_rate, judge_still
from toleramp_bench.campaign.case import Case, Measured
from toleramp_bench.campaign.judge_rate import share
from toleramp_bench.campaign.model import Finding
from toleramp_bench.campaign.stills import overlap
from toleramp_bench.names import EVENTS, REFUSALS, STATES
from toleramp_bench.targets.campaign import SCAN_US

MOTOR_STEPS = 1  # pulses that the dose may be beyond the order, or short of it
SEAM_US = 2 * SCAN_US
UNSURE_MOST_NL = 50_000  # INT-2: after a power cut
ENDS = (STATES.of(states.OVER) - {STATES.FAULT}) | {"abandoned"}


def findings(case: Case) -> list[Finding]:
    """Every violated invariant, the first occurrence of each."""
    judges = (_dose, _volumes, _end, _people, judge_still.judge, judge_rate.judge)
    found: dict[str, Finding] = {}
    for judge in judges:
        for finding in judge(case):
            found.setdefault(finding.invariant, finding)
    return list(found.values())


def motor_pg(run: Measured) -> Fraction:
    """Dose that the motor's pulses stand for, by the bag that really hung."""
    bags = zip(run.pulses_of, run.protocol.solutions, strict=True)
    doses = (Fraction(n * run.campaign_target.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl) for n, bag in bags)
    return sum(doses, Fraction(0))


def pulse_pg(run: Measured) -> Fraction:
    """Dose of one motor step from the strongest bag."""
    pl_pulse = run.campaign_target.pl_pulse
    return max(Fraction(pl_pulse * bag.drug_pg, 1000 * bag.volume_nl) for bag in run.protocol.solutions)


def _mg(dose_pg: Fraction | float) -> str:
    return f"{float(dose_pg) / 1e9:.6f} mg"


# -- dose and volume


def _dose(case: Case) -> list[Finding]:
    run, order = case.run, case.protocol.full_dose_pg
    filled, step, found = _filled_pg(case), pulse_pg(run), []
    given, end_s = motor_pg(run) - filled, case.end_us / 1e6
    unsure = _unsure_pg(case)
    if given > order + MOTOR_STEPS * step + unsure:
        found.append(Finding("overdose-pumped", end_s, f"{_mg(given)} at the motor, ordered {_mg(order)}"))
    vein, most = run.plant.vein_pg(), _vein_most(run, order + filled + MOTOR_STEPS * step + unsure)
    if vein > most:
        found.append(Finding("overdose-vein", end_s, f"{_mg(vein)} at the vein, at most {_mg(most)}"))
    if case.final == STATES.COMPLETED:
        cut = case.lost(0, case.end_us)
        if given < order - (MOTOR_STEPS + cut) * step:
            text = f"completed with {_mg(given)} at the motor, ordered {_mg(order)}; {cut} pulses cut off by STOP"
            found.append(Finding("dose-short", end_s, text))
    return found


def _unsure_pg(case: Case) -> Fraction:
    """Dose that a session which was taken up again says may have flowed besides what it counted, of the strongest bag:
    each time no more than INT-2 allows."""
    per_nl = pulse_pg(case.run) * 1000 / case.pl_pulse
    said_nl = (record["arg"] for record in case.recording.records if record["event"] == EVENTS.RECOVERED)
    return sum((min(nl, UNSURE_MOST_NL) * per_nl for nl in said_nl), Fraction(0))


def _filled_pg(case: Case) -> Fraction:
    """Dose of the line-fills that ran: it is pumped, and counts as none, once (PRO-3)."""
    total, planned = Fraction(0), planned_pulses(case.protocol, case.pl_pulse)
    for run in case.runs:
        step = case.protocol.steps[run.number - 1]
        if step.flags & p.LINE_FILL:
            bag = case.protocol.solutions[step.solution]
            pulses = min(case.count(run.started_us, case.until_us(run)), planned[run.number - 1])
            planned[run.number - 1] -= pulses
            total += Fraction(pulses * case.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl)
    return total


def _vein_most(run: Measured, order_pg: Fraction) -> Fraction:
    """The order, and what the line was primed with, on a mechanism that gives more than it was calibrated for."""
    first = run.protocol.solutions[run.protocol.steps[0].solution]
    primed = Fraction(run.protocol.line_dead_nl * first.drug_pg, first.volume_nl)
    more = max(Fraction(0), Fraction(str(run.drawn.calibration)))
    return (order_pg + primed * run.protocol.primed_with_solution) * (1 + more) + pulse_pg(run)


def _volumes(case: Case) -> list[Finding]:
    """No step before the volume and the dwell of the one before it."""
    found, planned = [], planned_pulses(case.protocol, case.pl_pulse)
    for run, following in zip(case.runs, case.runs[1:], strict=False):
        if following.number <= run.number:
            continue
        step, until = case.protocol.steps[run.number - 1], case.until_us(run)
        given = case.count(run.started_us, until) + case.lost(run.started_us, until)
        if step.flags & p.LINE_FILL and not given:
            continue  # after a reaction the line may hold that bag already
        due = planned[run.number - 1] * share(case.protocol, step.solution, run.bag)
        if given < due - MOTOR_STEPS or following.number > run.number + 1:
            text = f"step {following.number} began after {given} of {due:.0f} pulses of step {run.number}"
            found.append(Finding("step-early", until / 1e6, text))
        flowed_us = overlap(case.flows, run.started_us, until)
        if flowed_us < step.duration_ms * 1000 - SEAM_US:
            text = f"step {run.number} lasted {flowed_us / 1e6:.1f} s, ordered {step.duration_ms / 1000:g} s"
            found.append(Finding(REFUSALS.DWELL_SHORT, until / 1e6, text))
    return found


def planned_pulses(protocol: p.Protocol, pl_pulse: int) -> list[int]:
    """Pulses of each step, by the bench's own arithmetic: differences of the rounded running volume."""
    volumes, total = [0], 0
    for step in protocol.steps:
        total += step.volume_nl
        volumes.append((2000 * total + pl_pulse) // (2 * pl_pulse))
    return [after - before for before, after in zip(volumes, volumes[1:], strict=False)]


# -- how it ended, and what people had said


def _end(case: Case) -> list[Finding]:
    end_s = case.end_us / 1e6
    if case.final == STATES.FAULT:
        code = next((record["code"] for record in case.recording.records if record["event"] == EVENTS.FAULT), None)
        return [Finding("fault", end_s, f"the pump stopped with a fault ({code}); nothing that it can see was wrong")]
    if case.final not in ENDS:
        return [Finding("no-end", end_s, f"still {case.final} after {end_s / 3600:.1f} h")]
    if case.final == STATES.STOPPED and [code for _, code in case.run.staff.causes()][-1:] != [causes.END]:
        return [Finding("stopped", end_s, "the session was ended, and nobody had asked for it")]
    return []


def _people(case: Case) -> list[Finding]:
    """A severe reaction locks, and so does the last mild one that the protocol allows; no hold is outlasted."""
    entered, found = case.run.staff.causes(), []
    words = [code for _, code in entered]
    severe = words.count(causes.SEVERE)
    mild = words.count(causes.MILD)
    locks = severe or mild >= case.protocol.decision_after_count
    if locks and case.final not in (STATES.LOCKED, "abandoned"):
        text = f"{severe} severe, {mild} mild; ended {case.final}"
        found.append(Finding("not-locked", entered[-1][0] / 1000, text))
    for quiet in case.quiets:
        held_s = (quiet.end_us - quiet.start_us) / 1e6
        if quiet.why == EVENTS.PAUSED and held_s > case.protocol.max_hold_min * 60 + 60 and quiet.end_us < case.end_us:
            found.append(Finding("held-too-long", quiet.end_us / 1e6, f"flowed again after {held_s / 60:.0f} min"))
    return found
