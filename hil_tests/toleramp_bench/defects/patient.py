"""Defects of how the patient is judged and watched: oximeter, vital signs, alarms."""

from __future__ import annotations

from typing import Any

from oximeters import nonin_df2, packet_counter
from pump.panel import alarms
from pump.panel.alarms import Alarms
from pump.senses import limits, vitals
from pump.senses.conditions import Conditions
from pump.senses.monitoring import Monitoring
from pump.session.ready import Ready
from pump.session.resuming import Resuming
from pump.session.session import Session
from pump.tables import causes
from pump.tables.states import GROUP, SUPERVISED
from pump.tables.vitals import VALID
from toleramp_bench.defects.kit import Defect, nothing, wrong


def _stale() -> None:
    vitals.HOLD_MS = 1 << 28


def _wait_lost_by_stop() -> None:
    @wrong(Session, "_hold")
    def hold(sound: Any, session: Session, *arguments: Any) -> None:
        session.progress.by_vitals = False
        session.case.vitals.hold = 0
        sound(session, *arguments)
        session.progress.by_vitals = arguments[0] == causes.SPO2_STOP

    @wrong(Resuming, "may")
    def may(sound: Any, resuming: Resuming) -> Any:
        vitals_now, kept = resuming.case.vitals, resuming.case.vitals.hold
        vitals_now.hold = 0
        answer = sound(resuming)
        vitals_now.hold = kept
        return answer


def _delay_restarted_by_gaps() -> None:
    @wrong(vitals.Vitals, "sample")
    def sample(sound: Any, judged: Any, spo2: int, pulse: int, flags: int, now_ms: int) -> None:
        if not flags & VALID or spo2 > judged.stop:
            judged._forget()
        sound(judged, spo2, pulse, flags, now_ms)


def _pulse_not_judged() -> None:
    nothing(vitals.Vitals, "_outside", -100)


def _deep_as_any() -> None:
    vitals.SEVERE_SPO2 = 0


def _frozen_is_good() -> None:
    nothing(packet_counter.PacketCounter, "repeats", False)
    nothing(nonin_df2.Parser, "_pleth_stuck", False)


def _no_recovery() -> None:
    vitals.RECOVER_MS = 0


def _blind_start() -> None:
    @wrong(Ready, "press")
    def press(sound: Any, ready: Ready, presses: int) -> Any:
        case = ready.case
        case.may_begin = case.vitals.settled = lambda: True
        return sound(ready, presses)


def _only_below_the_limit() -> None:
    @wrong(limits, "side_under")
    def side_under(sound: Any, spo2: int, limit: int) -> Any:
        return sound(spo2 + 1, limit)

    vitals.side_under = limits.side_under


def _own_baseline_ignored() -> None:
    nothing(vitals.Vitals, "take_baseline", 0)


def _early_flickers() -> None:
    vitals.CLEAR_MS = 0


def _alarm_follows_the_hold() -> None:
    @wrong(Conditions, "judge")
    def judge(sound: Any, conditions: Conditions, state: int, *rest: int) -> None:
        kept = conditions.bits
        if not GROUP[state] & SUPERVISED:
            conditions.bits = 0
        sound(conditions, state, *rest)
        conditions.bits = kept


def _silence_for_ever() -> None:
    @wrong(Alarms, "update")
    def update(sound: Any, panel: Alarms, dt_ms: int) -> None:
        if panel.paused_ms > 0:
            panel.paused_ms += dt_ms
        sound(panel, dt_ms)

    @wrong(Alarms, "_begin")
    def begin(sound: Any, panel: Alarms, alarm: int) -> None:
        kept = panel.paused_ms
        sound(panel, alarm)
        panel.paused_ms = kept


def _nobody_watches_at_the_end() -> None:
    nothing(Monitoring, "press", True)


def _high_clears_itself() -> None:
    alarms.HIGH = 9


PATIENT = (
    Defect("stale oximeter value accepted", "VIT-2", _stale, ("cable-out.toml", "frozen-oximeter.toml")),
    Defect(
        "recovery wait lost by a STOP in the hold", "SES-4", _wait_lost_by_stop, ("stop-inside-a-desaturation.toml",)
    ),
    Defect("delay restarted by each gap", "VIT-5", _delay_restarted_by_gaps, ("one-good-in-nine.toml", "swings.toml")),
    Defect("the pulse is not judged", "VIT-1", _pulse_not_judged, ("tachycardia.toml",)),
    Defect("a deep desaturation waits for the delay", "VIT-1", _deep_as_any, ("just-under-85.toml",)),
    Defect("a frozen reading is a reading", "VIT-2", _frozen_is_good, ("frozen-oximeter.toml",)),
    Defect("resume without the minute of recovery", "SES-4", _no_recovery, ("desaturation.toml",)),
    Defect("start without a reading", "SES-1", _blind_start, ("blind-start.toml",)),
    Defect("at the limit is above it", "VIT-1", _only_below_the_limit, ("at-the-limit.toml",)),
    Defect("the patient's own baseline ignored", "VIT-1", _own_baseline_ignored, ("asthma.toml",)),
    Defect("the early alarm flickers", "ALM-8", _early_flickers, ("to-and-fro-at-the-early-limit.toml",)),
    Defect("the patient's alarms end with the flow", "ALM-7", _alarm_follows_the_hold, ("alarm-in-a-hold.toml",)),
    Defect("SILENCE lasts, whatever comes", "ALM-3", _silence_for_ever, ("silence-ends.toml",)),
    Defect("monitoring ends with the session", "ALM-7", _nobody_watches_at_the_end, ("after-the-last-drop.toml",)),
    Defect("a high alarm goes by itself", "ALM-7", _high_clears_itself, ("alarm-in-a-hold.toml",)),
)
