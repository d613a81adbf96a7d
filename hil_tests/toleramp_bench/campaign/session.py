"""One drawn session on the core target, with patient and people; it measures as it goes."""

from __future__ import annotations

import random
from typing import Any, cast

from pump.io import STOP
from pump.protocol import protocol as p
from pump.tables import states
from toleramp_bench.campaign.case import NOTHING_LEFT, Window
from toleramp_bench.campaign.draws import scenario_of
from toleramp_bench.campaign.model import Campaign, Drawn
from toleramp_bench.names import EVENTS, STATES
from toleramp_bench.people.body import TICK_S, Body
from toleramp_bench.people.eyes import REACT_MS, DrawnPace, Eyes
from toleramp_bench.people.nurse import Nurse, Wishes
from toleramp_bench.runs.actions import Actions
from toleramp_bench.runs.runner import FINAL, Run
from toleramp_bench.scenario.model import Action, Moment, Recording
from toleramp_bench.targets.base import Target
from toleramp_bench.targets.campaign import CampaignTarget

PING_MS = 3_000
WATCH_MS = 60_000  # a session is watched so long after its end
RESTORED_MS = 60_000  # so long after power came back people have seen whether anything is left of the session


class CampaignRun(Run):
    """One session. Afterwards `windows`, `pulses_of` (motor pulses by bag), `presses`, `stops`, `cuts` hold what was
    measured: presses of START and CONFIRM, of STOP, and (off, on) of the power, in us.
    """

    def __init__(self, campaign: Campaign, protocol: p.Protocol, drawn: Drawn, target: CampaignTarget) -> None:
        super().__init__(scenario_of(campaign, protocol, drawn), cast(Target, target), drawn.seed)
        self.protocol, self.drawn, self.campaign_target = protocol, drawn, target
        self.body = Body(campaign, drawn.seed, protocol.full_dose_pg, drawn.faults)
        rng = random.Random(f"{drawn.seed} staff")
        self.eyes, wishes = Eyes(self.body, campaign.staff, rng, protocol.max_hold_min * 60_000), Wishes()
        pace = DrawnPace(0, 10 * target.scan_us // 1000, eyes=self.eyes, wishes=wishes)
        self.staff: Nurse = Nurse(pace, self.eyes.wants, wishes, self.hung)
        self.windows: list[Window] = []
        self.pulses_of = [0] * len(protocol.solutions)
        self.presses: list[int] = []
        self.stops: list[int] = []
        self.cuts: list[list[int]] = []
        self._signs = Actions(self)
        self._pg_pl = {bag.id: bag.drug_pg / (1000 * bag.volume_nl) for bag in protocol.solutions}
        self._index = {bag.id: k for k, bag in enumerate(protocol.solutions)}
        self._vein_pg = self._felt_pg = 0.0
        self._felt_us = self._moved = 0

    def go(self) -> Recording:
        """Runs it to its end."""
        self.book(0, self._tick)
        return super().go()

    # -- measuring

    def _flow(self, t_us: int | None = None) -> None:
        plant, before, start_us = self.plant, self._moved, self.plant.t_us
        super()._flow(t_us)
        self._moved = self.target.moved.count_until(plant.t_us)
        pulses = self._moved - before
        if not pulses:
            return
        bag = self._index[plant.flow.bags.hung]
        now_pg = sum(volume_pl * self._pg_pl.get(name, 0.0) for name, volume_pl in plant.flow.line.out_pl().items())
        self.windows.append(Window(start_us, plant.t_us, pulses, bag, now_pg - self._vein_pg))
        self.pulses_of[bag] += pulses
        self._vein_pg = now_pg

    def press(self, button: int, hold_ms: float, bounce_ms: float = 0) -> None:
        """A key; the bench notes when."""
        (self.stops if button == STOP else self.presses).append(self.target.now_us)
        super().press(button, hold_ms, bounce_ms)

    def power(self, on: bool) -> None:
        """Cuts or restores the power; what is left of the session is seen a minute later."""
        now = self.target.now_us
        if on == (self.target.state() != "off"):
            return
        if on:
            self.cuts[-1][1] = now
            self.later(RESTORED_MS, self._restored)
        else:
            self.cuts.append([now, now])
        super().power(on)

    def _restored(self) -> None:
        if self.target.state() in NOTHING_LEFT:
            self._end_us = self.target.now_us

    # -- the patient, every ten seconds

    def _tick(self) -> None:
        self._flow()
        now, target, body = self.target.now_us, self.target, self.body
        body.advance(now, now - self._felt_us, self._vein_pg - self._felt_pg)
        self._felt_us, self._felt_pg = now, self._vein_pg
        target.oximeter.ramp(TICK_S, spo2=body.spo2(now + TICK_S * 1_000_000), pulse=body.pulse)
        self.eyes.look(target.state(), self.later, self._react)
        self.later(TICK_S * 1000, self._tick)

    def _react(self) -> None:
        """The signs were noticed: STOP, unless the pump holds already."""
        if self.body.grade and self.target.state() in STATES.of(states.SUPERVISED):
            self.staff.pace.delay_ms = REACT_MS
            self._signs.do(Action("signs", "reaction", Moment(), {"signs": self.eyes.signs}))

    def _ping(self) -> None:
        if self.pinging and self.target.state() != "off":
            self.target.host("ping")
        self.later(PING_MS, self._ping)

    def _note(self, record: dict[str, Any]) -> None:
        ended = self._ended
        if record["event"] == EVENTS.BASELINE:
            self.campaign_target.watched.baseline(record["arg"])
        super()._note(record)
        if record["event"] in FINAL and not ended:
            self._end_us = (record["t_ms"] + WATCH_MS) * 1000

    def _close(self) -> Recording:
        self.campaign_target.watched.close()
        return super()._close()
