"""A second judge of SpO2 and pulse, written from the requirements alone (SAFETY: VIT-1, VIT-2, VIT-5) and not from the
pump's code: in seconds, with nothing but comparisons. It also has rules that the pump cannot be set to."""

from __future__ import annotations

from dataclasses import dataclass

SEVERE, SEVERE_S = 85, 3.0
SUM = 50.0
VIOLATION_S, THREE_WITHIN_S = 2.0, 60.0
BAND = 2
PULSE_BAND = 2
RECOVERED_S = 60.0
LOST_S = 15.0
GAP_S = 2.0  # up to which a reading still counts
ABOUT = 1e-3  # times are sums of thirds of a second


@dataclass(frozen=True)
class Rule:
    """`stop`: at or below it for `delay_s` holds; `fall`: points under the baseline that count as well.

    `severe`, `total`, `three`, `signal`: whether there are the rules of 3 s under 85 %, of 50 points in seconds, of
    three violations within a minute, of a lost signal. `by_pump`: the pump can be set to it, and is.
    """

    name: str
    stop: int = 92
    fall: int = 4
    delay_s: float = 10
    pulse_min: int = 50
    pulse_max: int = 130
    severe: bool = True
    total: bool = True
    three: bool = True
    signal: bool = True
    by_pump: bool = True


class _Timer:
    """Runs while what it watches is beyond, stands between, runs back where it is good."""

    def __init__(self) -> None:
        self.s = 0.0
        self.was = "good"

    def pass_on(self, now: str, dt_s: float) -> None:
        if self.was == "beyond":
            self.s += dt_s
        elif self.was == "good":
            self.s = max(0.0, self.s - dt_s)
        self.was = now


class PlainJudge:
    """`feed` each sample; `why`: the reason for which nothing may flow, kept until `release`."""

    def __init__(self, rule: Rule, baseline: int | None) -> None:
        self.rule, self.why = rule, ""
        self.stop = rule.stop if baseline is None else max(rule.stop, baseline - rule.fall)
        resume = min(self.stop + BAND, 100)
        self.resume = resume if baseline is None else max(self.stop + 1, min(resume, baseline - 1))
        self._low, self._severe, self._pulse = _Timer(), _Timer(), _Timer()
        self._sum, self._points = 0.0, 0
        self._inside, self._run_s, self._side = False, 0.0, "between"
        self._began: list[float] = []
        self._last_s: float | None = None
        self.good_s = 0.0
        self._was_good = False

    def release(self) -> None:
        """People let it flow again."""
        self.why = ""

    @property
    def recovered(self) -> bool:
        """Good for a minute, and now."""
        return self._was_good and self.good_s >= RECOVERED_S - ABOUT

    def feed(self, t_s: float, spo2: int | None, pulse: int) -> None:
        """A sample at that time."""
        if spo2 is None:
            self._nothing(t_s)
            return
        dt_s = 0.0 if self._last_s is None else t_s - self._last_s
        self._last_s = t_s
        rule = self.rule
        side = "beyond" if spo2 <= self.stop else "good" if spo2 >= self.stop + BAND else "between"
        self._low.pass_on(side, dt_s)
        self._severe.pass_on("beyond" if spo2 < SEVERE else "good" if spo2 > SEVERE else "between", dt_s)
        self._sum = min(SUM, max(0.0, self._sum + self._points * dt_s))
        self._points = self.stop + 1 - spo2
        third = self._violation(t_s, side, dt_s)
        low = side == "beyond" and self._low.s >= rule.delay_s - ABOUT
        low = low or (rule.severe and spo2 < SEVERE and self._severe.s >= SEVERE_S - ABOUT)
        low = low or (rule.total and self._sum >= SUM - ABOUT) or (rule.three and third)
        if low:
            self.why = "spo2"
        self._pulse_limits(pulse, dt_s)
        self._recover(spo2, pulse, dt_s)

    def _nothing(self, t_s: float) -> None:
        self._was_good = False
        gap_s = 0.0 if self._last_s is None else t_s - self._last_s
        if self.rule.signal and gap_s >= LOST_S - ABOUT:
            self.why = self.why or "signal"
            self.good_s = 0.0
        if self.rule.signal and self._low.was == "beyond":  # the signal goes while SpO2 is low: no grace
            self.why = self.why or "signal"

    def _violation(self, t_s: float, side: str, dt_s: float) -> bool:
        """Whether the third within a minute has just begun."""
        towards = "good" if self._inside else "beyond"
        if self._side == towards:
            self._run_s += dt_s
        elif self._side != "between":
            self._run_s = 0.0
        self._side = side
        if self._run_s < VIOLATION_S - ABOUT:
            return False
        self._run_s = 0.0
        self._inside = not self._inside
        if not self._inside:
            return False
        self._began = [began for began in self._began if t_s - began <= THREE_WITHIN_S + ABOUT] + [t_s]
        return len(self._began) >= 3

    def _pulse_limits(self, pulse: int, dt_s: float) -> None:
        rule = self.rule
        outside = pulse < rule.pulse_min or pulse > rule.pulse_max
        well = rule.pulse_min + PULSE_BAND <= pulse <= rule.pulse_max - PULSE_BAND
        self._pulse.pass_on("beyond" if outside else "good" if well else "between", dt_s)
        if outside and self._pulse.s >= rule.delay_s - ABOUT:
            self.why = self.why or "pulse"

    def _recover(self, spo2: int, pulse: int, dt_s: float) -> None:
        good = spo2 >= self.resume and self.rule.pulse_min <= pulse <= self.rule.pulse_max
        if not good:
            self.good_s = 0.0
        elif self._was_good and dt_s <= GAP_S:
            self.good_s += dt_s
        self._was_good = good
        if self.recovered:
            self._low.s = self._severe.s = self._pulse.s = self._sum = 0.0


DEFAULT = Rule("default: 92 % or 4 under baseline, 10 s")
RULES = (
    DEFAULT,
    Rule("90 % or 10 under baseline, 10 s", stop=90, fall=10),
    Rule("88 % or 10 under baseline, 20 s", stop=88, fall=10, delay_s=20),
    Rule("90 % or 10 under baseline, at once", stop=90, fall=10, delay_s=0),
    Rule("default without the sum", total=False, by_pump=False),
    Rule("default without three in 60 s", three=False, by_pump=False),
    Rule(
        "90 % for 15 s and nothing else",
        stop=90,
        fall=100,
        delay_s=15,
        pulse_min=0,
        pulse_max=999,
        severe=False,
        total=False,
        three=False,
        signal=False,
        by_pump=False,
    ),
)
