"""Judges a session by what was measured at motor and plant. The pump's records serve as marks in time, no more.

`limits` of the ratio: a dose rate may be 2.6 times what was tolerated (PRO-2), or what the protocol's own class allows.
"""

from __future__ import annotations

from fractions import Fraction

from pump.protocol import protocol as p
from pump.tables import messages as m
from toleramp_bench.campaign import judge_rate, judge_still
from toleramp_bench.campaign.course import Quiet, Rung, flows, overlap, quiets, rungs
from toleramp_bench.campaign.judge_rate import share
from toleramp_bench.campaign.model import Finding
from toleramp_bench.campaign.session import CampaignRun
from toleramp_bench.scenario.model import Recording
from toleramp_bench.targets.campaign import SCAN_US

MOTOR_STEPS = 1  # pulses that the dose may be beyond the order, or short of it
SEAM_US = 2 * SCAN_US
ENDS = ("completed", "stopped", "locked", "abandoned")


class Case:
    """What all judgements look at."""

    def __init__(self, run: CampaignRun, recording: Recording) -> None:
        self.run, self.recording, self.protocol = run, recording, run.protocol
        self.moved, self.pin, self.pl_pulse = recording.moved_us, recording.pin_us, recording.pl_pulse
        self.end_us = recording.end_ms * 1000
        self.quiets: list[Quiet] = quiets(recording.records, run.cuts, self.end_us)
        self.flows = flows(self.quiets, self.end_us)
        self.rungs: list[Rung] = rungs(recording)
        self.final = final_of(run, recording)

    def count(self, start_us: int, end_us: int) -> int:
        """Pulses that moved the motor after `start_us`, up to and including `end_us`."""
        return int(self.moved.count_until(end_us) - self.moved.count_until(start_us))

    def lost(self, start_us: int, end_us: int) -> int:
        """Pulses at the pin that did not move it."""
        at_pin = int(self.pin.count_until(end_us) - self.pin.count_until(start_us))
        return max(0, at_pin - self.count(start_us, end_us))


def final_of(run: CampaignRun, recording: Recording) -> str:
    """The final state; a session that a power cut has ended is abandoned."""
    gone = run.cuts and recording.final_state in ("idle", "ready", "off")
    return "abandoned" if gone else recording.final_state


def findings(run: CampaignRun, recording: Recording) -> list[Finding]:
    """Every violated invariant, the first occurrence of each."""
    case = Case(run, recording)
    judges = (_dose, _volumes, _end, _people, judge_still.judge, judge_rate.judge)
    found: dict[str, Finding] = {}
    for judge in judges:
        for finding in judge(case):
            found.setdefault(finding.invariant, finding)
    return list(found.values())


def motor_pg(run: CampaignRun) -> Fraction:
    """Dose that the motor's pulses stand for, by the bag that really hung."""
    bags = zip(run.pulses_of, run.protocol.solutions, strict=True)
    doses = (Fraction(n * run.target.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl) for n, bag in bags)
    return sum(doses, Fraction(0))


def pulse_pg(run: CampaignRun) -> Fraction:
    """Dose of one motor step from the strongest bag."""
    return max(Fraction(run.target.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl) for bag in run.protocol.solutions)


def _mg(dose_pg: Fraction | float) -> str:
    return f"{float(dose_pg) / 1e9:.6f} mg"


# -- dose and volume


def _dose(case: Case) -> list[Finding]:
    run, order = case.run, case.protocol.full_dose_pg
    filled, step, found = _filled_pg(case), pulse_pg(run), []
    given, end_s = motor_pg(run) - filled, case.end_us / 1e6
    if given > order + MOTOR_STEPS * step:
        found.append(Finding("overdose-pumped", end_s, f"{_mg(given)} at the motor, ordered {_mg(order)}"))
    vein, most = run.plant.vein_pg(), _vein_most(run, order + filled + MOTOR_STEPS * step)
    if vein > most:
        found.append(Finding("overdose-vein", end_s, f"{_mg(vein)} at the vein, at most {_mg(most)}"))
    if case.final == "completed":
        cut = case.lost(0, case.end_us)
        if given < order - (MOTOR_STEPS + cut) * step:
            text = f"completed with {_mg(given)} at the motor, ordered {_mg(order)}; {cut} pulses cut off by STOP"
            found.append(Finding("dose-short", end_s, text))
    return found


def _filled_pg(case: Case) -> Fraction:
    """Dose of the line-fills that ran: it is pumped, and counts as none, once (PRO-3)."""
    total, planned = Fraction(0), planned_pulses(case.protocol, case.pl_pulse)
    for rung in case.rungs:
        step = case.protocol.steps[rung.step - 1]
        if step.flags & p.LINE_FILL:
            bag = case.protocol.solutions[step.solution]
            pulses = min(case.count(rung.start_us, rung.until_us), planned[rung.step - 1])
            planned[rung.step - 1] -= pulses
            total += Fraction(pulses * case.pl_pulse * bag.drug_pg, 1000 * bag.volume_nl)
    return total


def _vein_most(run: CampaignRun, order_pg: Fraction) -> Fraction:
    """The order, and what the line was primed with, on a mechanism that gives more than it was calibrated for."""
    first = run.protocol.solutions[run.protocol.steps[0].solution]
    primed = Fraction(run.protocol.line_dead_nl * first.drug_pg, first.volume_nl)
    more = max(Fraction(0), Fraction(str(run.drawn.calibration)))
    return (order_pg + primed * run.protocol.primed_with_solution) * (1 + more) + pulse_pg(run)


def _volumes(case: Case) -> list[Finding]:
    """No step before the volume and the dwell of the one before it."""
    found, planned = [], planned_pulses(case.protocol, case.pl_pulse)
    for rung, following in zip(case.rungs, case.rungs[1:], strict=False):
        if following.step <= rung.step:
            continue
        step, until = case.protocol.steps[rung.step - 1], rung.until_us
        given = case.count(rung.start_us, until) + case.lost(rung.start_us, until)
        if step.flags & p.LINE_FILL and not given:
            continue  # after a reaction the line may hold that bag already
        due = planned[rung.step - 1] * share(case.protocol, step.solution, rung.bag)
        if given < due - MOTOR_STEPS or following.step > rung.step + 1:
            text = f"step {following.step} began after {given} of {due:.0f} pulses of step {rung.step}"
            found.append(Finding("step-early", until / 1e6, text))
        flowed_us = overlap(case.flows, rung.start_us, until)
        if flowed_us < step.duration_ms * 1000 - SEAM_US:
            text = f"step {rung.step} lasted {flowed_us / 1e6:.1f} s, ordered {step.duration_ms / 1000:g} s"
            found.append(Finding("dwell-short", until / 1e6, text))
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
    if case.final == "fault":
        code = next((record["code"] for record in case.recording.records if record["event"] == "fault"), None)
        return [Finding("fault", end_s, f"the pump stopped with a fault ({code}); nothing that it can see was wrong")]
    if case.final not in ENDS:
        return [Finding("no-end", end_s, f"still {case.final} after {end_s / 3600:.1f} h")]
    if case.final == "stopped" and [code for _, code in case.run.staff.causes()][-1:] != [m.HOLD["end"]]:
        return [Finding("stopped", end_s, "the session was ended, and nobody had asked for it")]
    return []


def _people(case: Case) -> list[Finding]:
    """A severe reaction locks, and so does the last mild one that the protocol allows; no hold is outlasted."""
    entered, found = case.run.staff.causes(), []
    words = [code for _, code in entered]
    locks = m.HOLD["severe"] in words or words.count(m.HOLD["mild"]) >= case.protocol.decision_after_count
    if locks and case.final not in ("locked", "abandoned"):
        text = f"{words.count(m.HOLD['severe'])} severe, {words.count(m.HOLD['mild'])} mild; ended {case.final}"
        found.append(Finding("not-locked", entered[-1][0] / 1000, text))
    for quiet in case.quiets:
        held_s = (quiet.end_us - quiet.start_us) / 1e6
        if quiet.why == "paused" and held_s > case.protocol.max_hold_min * 60 + 60 and quiet.end_us < case.end_us:
            found.append(Finding("held-too-long", quiet.end_us / 1e6, f"flowed again after {held_s / 60:.0f} min"))
    return found
