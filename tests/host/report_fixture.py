"""Makes session logs for the report's tests: a pump that keeps its plan to the pulse, and what goes wrong."""

import json
import random
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

PL_PULSE = 100_000
START_MS = 90_000  # device time of the first start: the report counts from there
FINGERPRINT = "8f3c21d0"
POWER_ON = datetime.fromisoformat("2026-11-22T09:00:00+01:00")
RATES = (2, 5, 10, 20, 5, 10, 20, 40, 10, 20, 40, 80)
DRUG_MG = ("5", "50", "496.065")  # in 250 mL each: the three bags sum to 500 mg
LAST_MINUTES = Fraction(2790, 16)

Record = dict[str, Any]


def concentration(bag: int) -> Fraction:
    """mg/mL."""
    return Fraction(DRUG_MG[bag]) / 250


def protocol(scale: Fraction = Fraction(1), **more: Any) -> Record:
    """The 12-step table as `protocol table --json` has it; `scale` multiplies the dwells."""
    steps, total = [], Fraction(0)
    used = [Fraction(0)] * 3
    for index, rate in enumerate(RATES):
        minutes = (LAST_MINUTES if index == 11 else Fraction(15)) * scale
        volume, conc = minutes * rate / 60, concentration(index // 4)
        total += volume * conc
        used[index // 4] += volume
        steps.append(
            {
                "step": index + 1,
                "solution": "ABC"[index // 4],
                "rate_ml_h": float(rate),
                "minutes": float(minutes),
                "volume_ml": float(volume),
                "dose_mg": float(volume * conc),
                "cumulative_mg": float(total),
                "dose_rate_mg_h": float(rate * conc),
                "ratio": None,
            }
        )
    bags = [
        {
            "id": "ABC"[i],
            "mg_per_ml": float(concentration(i)),
            "volume_ml": 250.0,
            "drug_mg": float(DRUG_MG[i]),
            "volume_used_ml": float(used[i]),
        }
        for i in range(3)
    ]
    table = {"name": "Carboplatin 500 mg, 12 steps", "fingerprint": FINGERPRINT, "full_dose_mg": 500.0}
    table |= {"solutions": bags, "steps": steps, "monitoring": {"spo2_stop_percent": 92}, "findings": []}
    return table | more


def session(table: Record | None, **pump: Any) -> Record:
    """The log's first line."""
    who = {
        "version": "0.1.0",
        "build": "1a2b3c4d",
        "git": "c0ffee12",
        "fingerprint": FINGERPRINT,
        "mode": 0,
    } | pump
    head = {"kind": "session", "format": 1, "wall": "2026-11-22T09:00:00.000+01:00", "tool": "toleramp 0.1.0"}
    return head | {"pump": who, "protocol": table}


class Run:
    """A session being recorded. Times in ms of the device, volumes in pulses."""

    def __init__(self, table: Record, every_ms: int = 5000, measured: bool = False, seed: int = 1) -> None:
        self.table, self.every_ms, self.measured = table, every_ms, measured
        self.records: list[Record] = [session(table)]
        self.t_ms, self.total, self.seq = START_MS, 0, 0
        self.step, self.done, self.target, self.state, self.rate = 1, 0, 0, "ready", 0.0
        self.spo2: int | None = 97
        self.flags = ["valid"]
        self.random = random.Random(seed)
        self.silent = False

    def wall(self) -> str:
        moment = POWER_ON + timedelta(milliseconds=self.t_ms)
        return moment.isoformat(timespec="milliseconds")

    def status(self) -> None:
        if self.silent:
            return
        noise = self.random.choice((-1, 0, 0, 1))
        record = {
            "kind": "status",
            "t_ms": self.t_ms,
            "wall": self.wall(),
            "state": self.state,
            "step": self.step,
            "steps": 12,
            "solution": (self.step - 1) // 4,
            "step_pulses": self.done,
            "step_target": self.target,
            "total_pulses": self.total,
            "pl_pulse": PL_PULSE,
            "rate_ml_h": self.rate,
            "hold": None,
            "alarm": None,
            "spo2": None if self.spo2 is None else self.spo2 + noise,
            "pulse": 72 + 3 * noise,
            "vitals": self.flags,
            "total_ml": self.total / 10_000,
        }
        self.records.append(record)
        self.count()

    def count(self) -> None:
        if self.measured:  # the bench sees one pulse in a thousand more
            nl = self.total * PL_PULSE // 1000 * 1001 // 1000
            self.records.append({"kind": "measured", "t_ms": self.t_ms, "volume_nl": nl})

    def event(self, name: str, code: str | None = None, arg: int = 0) -> None:
        self.seq += 1
        self.records.append(
            {
                "kind": "event",
                "t_ms": self.t_ms,
                "wall": self.wall(),
                "seq": self.seq,
                "event": name,
                "step": self.step,
                "code": code,
                "arg": arg,
                "state": self.state,
                "rate_ml_h": self.rate,
                "pulses": self.total,
                "total_ml": self.total / 10_000,
            }
        )
        self.count()

    def wait(self, ms: int) -> None:
        """Zero flow."""
        end = self.t_ms + ms
        while self.t_ms < end:
            self.status()
            self.t_ms = min(end, self.t_ms + self.every_ms)

    def start(self, step: int, target: int | None = None) -> None:
        """Starts a step from its beginning."""
        plan = self.table["steps"][step - 1]
        self.step, self.done, self.state, self.rate = step, 0, "running", plan["rate_ml_h"]
        self.target = target if target is not None else round(plan["volume_ml"] * 10_000)
        self.event("step_started", arg=(step - 1) // 4)

    def flow(self, pulses: int | None = None) -> None:
        """Runs `pulses` of the step, or the rest of it."""
        self.state, self.rate = "running", self.table["steps"][self.step - 1]["rate_ml_h"]
        pulses = self.target - self.done if pulses is None else pulses
        begin, done, total = self.t_ms, self.done, self.total
        length = round(Fraction(pulses, 10_000) / Fraction(self.rate) * 3_600_000)
        for t in range(0, length, self.every_ms):
            part = pulses * t // length
            self.t_ms, self.done, self.total = begin + t, done + part, total + part
            self.status()
        self.t_ms, self.done, self.total = begin + length, done + pulses, total + pulses

    def complete(self) -> None:
        """Ends the step."""
        self.event("step_completed")

    def hold(self, code: str, ms: int) -> None:
        """Stops the flow and waits."""
        self.event("paused", code)
        self.state, self.rate = "held", 0.0
        self.wait(ms)

    def run(self, first: int, last: int) -> None:
        """Whole steps, a bag change before each new bag."""
        for step in range(first, last + 1):
            if step % 4 == 1:
                self.step, self.state, self.rate = step, "bag", 0.0
                self.event("bag_requested", arg=(step - 1) // 4)
                self.wait(0 if step == 1 else 60_000)
                self.event("bag_confirmed", arg=(step - 1) // 4)
            self.start(step)
            self.flow()
            self.complete()

    def finish(self, name: str, code: str | None = None) -> None:
        """The last event and status."""
        self.event(name, code)
        self.state, self.rate = name, 0.0
        self.status()


def clean(every_ms: int = 5000, measured: bool = False, scale: Fraction = Fraction(1), **more: Any) -> Run:
    """Twelve steps, nothing happens."""
    run = Run(protocol(scale, **more), every_ms, measured)
    run.run(1, 12)
    run.finish("completed")
    return run


def reacting(every_ms: int = 5000, measured: bool = False) -> Run:
    """A probe falls off in step 3; in step 7, after 2 mL, a mild reaction, 10 min hold, back to step 6.

    The last step delivers what the repeats left of the 500 mg.
    """
    run = Run(protocol(), every_ms, measured)
    run.run(1, 2)
    run.start(3)
    run.flow(10_000)
    run.spo2, run.flags = None, ["sensor-off"]
    run.hold("signal-lost", 120_000)
    run.spo2, run.flags = 97, ["valid"]
    run.event("decision", "technical", 3)
    run.event("resumed", "signal-lost", 3)
    run.flow()
    run.complete()
    run.run(4, 6)
    run.start(7)
    run.flow(20_000)
    run.spo2 = 90
    run.hold("spo2-stop", 60_000)
    run.event("reaction", None, 7)
    run.spo2 = 98
    run.wait(540_000)
    run.step = 6
    run.event("decision", "mild", 6)
    run.event("resumed", "mild", 6)
    run.run(6, 11)
    run.start(12, last_target(500, run))
    run.flow()
    run.complete()
    run.finish("completed")
    return run


def last_target(dose_mg: int, run: Run) -> int:
    """Pulses of bag C that complete the dose after steps 6 and part of 7 ran twice."""
    extra_mg = (Fraction(25_000, 10_000) + Fraction(20_000, 10_000)) * concentration(1)
    full = Fraction(run.table["steps"][11]["volume_ml"])
    return int((full - extra_mg / concentration(2)) * 10_000)


def save(path: Path, records: list[Record], tail: bytes = b"") -> Path:
    """Writes a log; `tail` is what a cut power left of a last line."""
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records) + tail)
    return path
