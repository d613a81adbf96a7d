"""No pulse where nothing may flow, and nothing flows for longer than allowed with a bad reading."""

from __future__ import annotations

from bisect import bisect_right

from pump.tables import events
from toleramp_bench.campaign.case import Case
from toleramp_bench.campaign.model import Finding
from toleramp_bench.campaign.stills import STILL_US
from toleramp_bench.names import ALARMS, CAUSES, EVENTS
from toleramp_bench.runs.walk import StepRun
from toleramp_bench.targets.campaign import SCAN_US, WatchedOximeter

KEY_US = 50_000  # from the edge of STOP to the last pulse (FLO-6)
SEEN_US = 2 * SCAN_US  # a cause is seen at the next scan, and acts by then
INVALID_US = 15_000_000  # VIT-2
DEEP_US = 3_000_000  # VIT-1
SILENT_US = 8_000_000  # the pump says so after five seconds and a scan or two (INT-8)
JUST_US = 4_000_000
PRESSES = 2
_OVER = EVENTS.of(events.ENDS | events.STARTS)


def judge(case: Case) -> list[Finding]:
    """All of it."""
    judges = (_quiet, _stop, _opened, _readings, _causes, _wrong_bag, _host)
    return [finding for one in judges for finding in one(case)]


def _pulses(case: Case, start_us: int, end_us: int) -> int:
    return case.count(start_us, end_us) if end_us > start_us else 0


def _quiet(case: Case) -> list[Finding]:
    found = []
    for quiet in case.quiets:
        late = 0 if quiet.why == "power off" else STILL_US
        pulses = _pulses(case, quiet.start_us + late, quiet.end_us)
        if pulses:
            text = f"{pulses} pulses between {quiet.why} ({quiet.code}) and {quiet.end_us / 1e6:.1f} s"
            found.append(Finding("flow-while-held", quiet.start_us / 1e6, text))
    return found


def _stop(case: Case) -> list[Finding]:
    """After the key's edge nothing flows until people have let it."""
    opens, found = [start for start, _ in case.flows], []
    for t_us in case.run.stops:
        k = bisect_right(opens, t_us)
        end_us = opens[k] if k < len(opens) else case.end_us
        pulses = _pulses(case, t_us + KEY_US, end_us)
        if pulses:
            found.append(Finding("stop-ignored", t_us / 1e6, f"{pulses} pulses after STOP"))
    return found


def _opened(case: Case) -> list[Finding]:
    """Flow begins after two presses, made since it ended."""
    found, presses = [], case.run.presses
    for before, (start_us, _) in zip(case.quiets, case.flows, strict=False):
        made = bisect_right(presses, start_us) - bisect_right(presses, before.start_us)
        if made < PRESSES:
            text = f"flow after {made} presses since {before.why}"
            found.append(Finding("flow-unasked", start_us / 1e6, text))
    return found


# -- readings


def _readings(case: Case) -> list[Finding]:
    """Too low, or none, for longer than the protocol's delay: no flow."""
    ox, delay_us = case.run.campaign_target.watched, case.protocol.delay_s * 1_000_000
    kinds = (
        ("low-saturation", ox.low.spans, delay_us),
        ("low-saturation", ox.deep.spans, DEEP_US),
        ("pulse-limit", ox.beats.spans, delay_us),
        ("no-reading", ox.gaps, INVALID_US),
    )
    found = []
    for name, spans, allowed_us in kinds:
        for flow in case.flows:
            for span in spans:
                found += _reading(case, name, span, flow, allowed_us)
    return found


def _reading(case: Case, name: str, span: tuple[int, int], flow: tuple[int, int], allowed_us: int) -> list[Finding]:
    """A gap counts from its beginning, what is timed from readings anew with each flow."""
    start_us = span[0] if name == "no-reading" else max(span[0], flow[0])
    end_us = min(span[1], flow[1])
    pulses = _pulses(case, max(flow[0], start_us + allowed_us + SEEN_US + STILL_US), end_us)
    if not pulses:
        return []
    text = f"{pulses} pulses later than {allowed_us // 1_000_000} s into {name}, of {(end_us - start_us) / 1e6:.0f} s"
    return [Finding(name, start_us / 1e6, text)]


def to_last_pulse(case: Case) -> list[float]:
    """Seconds from the first low reading in flow to the last pulse of that flow, for each hold that it caused."""
    times = []
    for quiet in case.quiets:
        if quiet.why != EVENTS.PAUSED or quiet.code != CAUSES.SPO2_STOP:
            continue
        lows = [a for a, b in case.run.campaign_target.watched.low.spans if a <= quiet.start_us <= b + JUST_US]
        index = case.moved.count_until(quiet.start_us + STILL_US) - 1
        if lows and index >= 0:
            times.append(round((case.moved.at(index) - lows[0]) / 1e6, 3))
    return times


def _causes(case: Case) -> list[Finding]:
    """A hold of the pump's own has a cause that the bench saw (ALM-6)."""
    ox, found = case.run.campaign_target.watched, []
    for record in case.recording.records:
        if record["event"] != EVENTS.PAUSED:
            continue
        t_us = record["t_ms"] * 1000
        spans = _seen(ox, record["code"])
        if spans is not None and not any(a <= t_us <= b + JUST_US for a, b in spans):
            found.append(Finding("hold-without-cause", t_us / 1e6, f"held by {record['code']}, readings were good"))
    return found


def _seen(ox: WatchedOximeter, code: str) -> list[tuple[int, int]] | None:
    """When readings were such as a cause of the pump's own tells; None for another cause."""
    if code == CAUSES.SPO2_STOP:
        return ox.low.spans + ox.deep.spans
    if code == CAUSES.PULSE_STOP:
        return ox.beats.spans
    return ox.gaps if code == CAUSES.SIGNAL_LOST else None


# -- bags and the host


def _wrong_bag(case: Case) -> list[Finding]:
    """What flows comes from the bag of the step that runs, or from a stronger one at equal dose (SES-5)."""
    runs = case.runs
    starts = [run.started_us for run in runs]
    for window in case.run.windows:
        k = bisect_right(starts, (window.start_us + window.end_us) // 2) - 1
        if k >= 0 and (window.bag != runs[k].bag or not _may_run_on(case, runs[k])):
            ids = [bag.id for bag in case.protocol.solutions]
            text = f"{window.pulses} pulses from bag {ids[window.bag]} in step {runs[k].number}"
            return [Finding("wrong-bag", window.start_us / 1e6, text)]
    return []


def _may_run_on(case: Case, run: StepRun) -> bool:
    """A step's own bag, or a stronger one that hung already."""
    own, bag = case.protocol.solutions[case.protocol.steps[run.number - 1].solution], case.protocol.solutions[run.bag]
    return bag is own or bag.drug_pg * own.volume_nl > own.drug_pg * bag.volume_nl


def _host(case: Case) -> list[Finding]:
    """A silent host is told of while a session runs, and a talking one is not called silent."""
    told = [
        r["t_ms"] * 1000
        for r in case.recording.records
        if r["event"] == EVENTS.ALARM_RAISED and r["code"] == ALARMS.LINK_LOST
    ]
    silent = _silences(case)
    found = []
    for a, b in silent:
        if b - a > SILENT_US and _runs(case, a, a + SILENT_US) and not any(a <= t <= a + SILENT_US for t in told):
            found.append(Finding("link-silent", a / 1e6, f"no alarm in {SILENT_US / 1e6:g} s of the host's silence"))
    for t_us in told:
        if not any(a <= t_us <= b + JUST_US for a, b in silent):
            found.append(Finding("false-alarm", t_us / 1e6, "link-lost, while the host spoke every three seconds"))
    return found


def _silences(case: Case) -> list[tuple[int, int]]:
    """When the host said nothing: faults of the kind, and the power off."""
    spans, began = [], -1
    for done in case.recording.done:
        if done.id.startswith("host_silent"):
            if done.id.endswith("ends"):
                spans += [(began, done.t_ms * 1000)] if began >= 0 else []
                began = -1
            elif began < 0:
                began = done.t_ms * 1000
    spans += [(began, case.end_us)] if began >= 0 else []
    return spans + [(off, on + JUST_US) for off, on in case.run.cuts]


def _runs(case: Case, start_us: int, end_us: int) -> bool:
    """Whether the session ran all that time, with power."""
    armed = [r["t_ms"] * 1000 for r in case.recording.records if r["event"] == EVENTS.ARMED]
    if not armed:
        return False
    over = [r["t_ms"] * 1000 for r in case.recording.records if r["event"] in _OVER and r["t_ms"] * 1000 > armed[0]]
    off = any(a <= end_us and b + JUST_US >= start_us for a, b in case.run.cuts)
    return armed[0] < start_us and not off and all(t > end_us for t in over)
