"""A broken pump is found by a campaign: each invariant is violated once on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaign_kit import CALM, HEAD, WILD, campaign_file, made

from pump.course import plan
from pump.io import STOP
from pump.panel import alarms
from pump.senses import vitals
from pump.session import bags, held
from pump.tables.alarms import LINK
from pump.tables.causes import BIT, REACTIONS, SPO2_STOP, TECHNICAL
from toleramp_bench.campaign.model import Campaign
from toleramp_bench.campaign.work import run_session
from toleramp_bench.devices.step_generator import StepGenerator
from toleramp_bench.targets.campaign import CampaignTarget


def found_in(campaign: Campaign, sessions: range = range(1, 3)) -> set[str]:
    """The invariants violated in some sessions."""
    return {finding["invariant"] for number in sessions for finding in run_session(campaign, number)["findings"]}


def _one_percent_more(patch: pytest.MonkeyPatch) -> None:
    sound, given = StepGenerator._pulsed, [0]

    def pulsed(self: StepGenerator, first_us: int, interval_us: int, number: int) -> None:
        sound(self, first_us, interval_us, number)
        given[0] += number
        more, given[0] = divmod(given[0], 100)
        self.motor.add(first_us + interval_us * number - 1, 1, more)

    patch.setattr(StepGenerator, "_pulsed", pulsed)


def _dead_stop(patch: pytest.MonkeyPatch) -> None:
    sound = CampaignTarget.key
    patch.setattr(CampaignTarget, "key", lambda self, button, down: sound(self, button & ~STOP, down))


def _blind(patch: pytest.MonkeyPatch) -> None:
    for name in ("bits", "hold"):  # else the lease ends the flow
        patch.setattr(vitals.Vitals, name, property(lambda self: 0, lambda self, value: None), raising=False)


def _nervous(patch: pytest.MonkeyPatch) -> None:
    sound = vitals.Vitals.watch

    def watch(self: Any, now_ms: int) -> None:
        sound(self, now_ms)
        if now_ms // 1000 == 900:
            self.hold = SPO2_STOP
            self.bits |= BIT[SPO2_STOP]

    patch.setattr(vitals.Vitals, "watch", watch)


def _any_bag(patch: pytest.MonkeyPatch) -> None:
    def judge(self: Any) -> bool:
        self.case.question.second = True
        self.case.on_named()
        return True

    patch.setattr(bags.Bags, "_judge", judge)


def _short_steps(patch: pytest.MonkeyPatch) -> None:
    sound = plan.Plan._fill

    def fill(self: Any) -> None:
        sound(self)
        for k in range(self.count - 1):
            self.pulses[k] = self.pulses[k] * 9 // 10
        self._complete()

    patch.setattr(plan.Plan, "_fill", fill)


def _short_dwell(patch: pytest.MonkeyPatch) -> None:
    sound = plan.Plan._fill

    def fill(self: Any) -> None:
        sound(self)
        for k in range(self.count):
            self.interval_us[k] = self.interval_us[k] * 9 // 10
            self.duration_ms[k] = self.duration_ms[k] * 9 // 10

    patch.setattr(plan.Plan, "_fill", fill)


def _never_severe(patch: pytest.MonkeyPatch) -> None:
    sound = held.Held._classify
    patch.setattr(held.Held, "_classify", lambda self, grade: sound(self, TECHNICAL if grade in REACTIONS else grade))


def _mute(patch: pytest.MonkeyPatch) -> None:
    sound = alarms.Alarms.set

    def set_(self: Any, which: int, on: bool) -> None:
        if which != LINK:
            sound(self, which, on)

    patch.setattr(alarms.Alarms, "set", set_)


def _crashing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(plan, "TOLERANCE_NL", "nothing")


@pytest.mark.req("TST-1", "INV-3", "INV-4", "FLO-6", "FLO-10", "PRO-8", "SES-4", "VIT-1", "VIT-2", "ALM-6", "INT-8")
@pytest.mark.parametrize(
    ("break_it", "with_faults", "expected"),
    [
        (_one_percent_more, "", {"overdose-pumped", "rate-off"}),
        (_dead_stop, "stop_pressed = { chance = 1 }", {"stop-ignored"}),
        (_blind, "desaturation = { chance = 1, seconds = 120, points = 12 }", {"low-saturation"}),
        (_blind, "sensor_off = { chance = 1, seconds = 60 }", {"no-reading"}),
        (_nervous, "", {"hold-without-cause"}),
        (_any_bag, "wrong_bag = { chance = 1 }", {"wrong-bag"}),
        (_short_steps, "", {"step-early"}),
        (_short_dwell, "", {"dwell-short", "rate-off"}),
        (_mute, "host_silent = { chance = 1, seconds = 60 }", {"link-silent"}),
        (_crashing, "", {"pump-crash"}),
    ],
    ids=lambda value: (
        getattr(value, "__name__", None) or ("-".join(sorted(value)) if isinstance(value, set) else value)
    ),
)
def test_a_broken_pump_is_found(
    break_it: Callable[[pytest.MonkeyPatch], None],
    with_faults: str,
    expected: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a campaign without findings says nothing."""
    campaign = made(tmp_path, f"{HEAD}{CALM}[faults]\n{with_faults}\n")
    assert found_in(campaign) == set()
    break_it(monkeypatch)
    assert expected <= found_in(campaign)


@pytest.mark.req("TST-1", "SES-4", "SES-6")
def test_a_severe_reaction_that_does_not_lock_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing shows that the drug stays off after one."""
    campaign = made(tmp_path, HEAD + WILD)
    assert "severe" in {r["grade"] for k in range(1, 3) for r in run_session(campaign, k)["reactions"]}
    assert found_in(campaign) == set()
    _never_severe(monkeypatch)
    assert "not-locked" in found_in(campaign)


@pytest.mark.req("TST-1", "PRO-2")
def test_findings_stand_first_on_the_page_and_exit_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a finding among a thousand sessions is overlooked."""
    from toleramp.cli import main

    file, out = campaign_file(tmp_path, HEAD + CALM), tmp_path / "out"
    _short_dwell(monkeypatch)
    command = ["campaign", str(file), "--sessions", "2", "--jobs", "1", "--out", str(out)]
    assert main([*command, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((out / "summary.json").read_text())
    first = document["findings"]["listed"][0]
    page = (out / "index.html").read_text()
    assert page.index("Findings") < page.index(str(first["seed"])) < page.index("--session 1") < page.index("<svg")
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org", "")
    assert main(["campaign", str(file), "--session", "1"]) == 1
    assert f"finding: {first['invariant']}" in capsys.readouterr().out
