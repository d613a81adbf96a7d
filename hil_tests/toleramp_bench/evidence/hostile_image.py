"""The image's part of the hostile frames: what the pump says that it holds, its lateness and its heap."""

from __future__ import annotations

from random import Random
from typing import Any

from pump.base.calendar import FIRST_S
from pump.protocol.approval import encode_keyring
from pump.tables import messages as m
from pump.tables import states
from toleramp.device.wire import Message
from toleramp_bench.boards.provision import flash_with_keyring
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.evidence.fuzz import Finding, reference_frame
from toleramp_bench.evidence.hostile import Attacker
from toleramp_bench.evidence.signed import KEYS, PERSON, signed_blob
from toleramp_bench.people.nurse import Nurse
from toleramp_bench.people.pace import ScreenPace

LATE_US = 2_000  # the bar
_START_LOOKS = 150
_LOOK = 50  # frames between two looks
_QUIET_S = 6  # behind the flood, until the line is empty and heard as new


def image(frames: int, seed: int) -> dict[str, Any]:
    """Half of the frames at rest, half of them while the drug flows; figures. Raises Finding."""
    flash = flash_with_keyring(encode_keyring(KEYS))
    facts: dict[str, Any] = {"frames": 0, "seed": seed}
    for running in (False, True):
        sent, stats = _at(flash, frames // 2, Random(seed + running), running)
        facts["frames"] += sent
        facts["running" if running else "at rest"] = stats
    return facts


def _provisioned(flash: bytes) -> tuple[PumpBench, list[bytes]]:
    """A pump in which a person with a key has loaded and set; what went over the line."""
    bench = PumpBench(flash=flash, bench_mode=False)
    bench.boot(500)
    heard: list[bytes] = []
    bench.board.tap = lambda line, data: heard.extend(data.split(b"\0")) if line == "usb" else None
    bench.sign_as(PERSON)
    bench.ask(m.SET, setting=0, value=0)
    bench.ask(m.CLOCK_SET, wall_s=FIRST_S + 99)
    bench.load(signed_blob())
    bench.board.tap = lambda line, data: None
    bench.run_for(1)
    bodies = [reference_frame(part) for part in heard if part]
    return bench, [body for body in bodies if body]


def _at(flash: bytes, frames: int, random: Random, running: bool) -> tuple[int, dict[str, Any]]:
    bench, heard = _provisioned(flash)
    if running:
        nurse = Nurse(ScreenPace())
        for _ in range(_START_LOOKS):
            if bench.state() == states.NAMES[states.RUNNING]:
                break
            bench.ask(m.PING)
            bench.attend(nurse)
            bench.run_for(0.2)
        else:
            raise Finding(f"it did not start: {bench.status}", b"")
    attacker = Attacker(random, heard)
    before, stats = _held(bench), bench.stats()
    for number in range(frames):
        bench.board.usb_write(attacker.frame())
        bench.board.run_until(lambda: bench.board.usb.pending == 0, 4e6, 5_000)
        bench.run_for(0.04)
        if number % _LOOK == 0 and _held(bench) != before:
            raise Finding(f"by frame {number} the pump had changed: {before}, {_held(bench)}", b"")
    bench.run_for(_QUIET_S)
    after, now = _held(bench), bench.stats()
    if after != before:
        raise Finding(f"the pump changed: {before}, {after}", b"")
    if now["late_worst_us"] >= LATE_US or now["overruns"] != stats["overruns"]:
        raise Finding(f"scans were late: {now}", b"")
    if running and now["free_heap"] != stats["free_heap"]:
        raise Finding(f"memory was taken while the drug flowed: {stats}, {now}", b"")
    told = {name: now[name] for name in ("worst_us", "late_worst_us", "overruns", "rx_bad", "free_heap")}
    return frames, {**told, "free_heap_before": stats["free_heap"]}


def _held(bench: PumpBench) -> tuple[Any, ...]:
    """What the pump says of itself, asked behind a zero that ends whatever came before."""
    bench.board.usb_write(b"\0")
    said = _asked(bench, m.HELLO, contract=m.CONTRACT).fields
    status = _asked(bench, m.STATUS_GET).fields
    kept = tuple(said[name] for name in ("fingerprint", "mode", "oximeter", "reads", "kept"))
    return *kept, *(status[name] for name in ("state", "step", "question", "hung", "flags"))


def _asked(bench: PumpBench, layout: tuple[int, str, str], **fields: Any) -> Message:
    """Asked again where others have asked too often in this second."""
    for _ in range(5):
        answer = bench.ask(layout, **fields)
        if answer.type != m.REFUSED[0]:
            return answer
        bench.run_for(1.1)
    raise Finding(f"the pump does not answer any more: {answer.fields}", b"")
