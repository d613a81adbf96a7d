"""Generated protocols, valid and broken, and the verdicts of laptop and device on them.

A ladder of bags or doses by mouth drawn at random, signed or not, then perhaps with faults.
"""

from __future__ import annotations

import random
import struct
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pump.protocol import approval
from pump.protocol import protocol as p
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import digest
from pump.protocol.rules import demand
from toleramp_bench.places import ROOT

_ML = 1_000_000
ORAL = p.CLASSES.index("oral")
KEYS = {"ann": bytes(range(32)), "vic": bytes(range(32, 64))}  # the script on MicroPython has the same
SCRIPT = ROOT / "hil_tests" / "on_micropython" / "verdicts.py"
UNIX = ROOT / "build" / "unix" / "micropython"


def drawn(draw: random.Random) -> p.Protocol:
    """A protocol that mostly keeps the rules, then perhaps with faults: a ladder of bags, or doses by mouth."""
    oral = draw.randrange(8) == 0
    protocol = by_mouth(draw) if oral else ladder(draw)
    for _ in range(draw.choice((0, 1, 1, 2))):
        draw.choice(ORAL_FAULTS if oral else FAULTS)(protocol, draw)
    return protocol


def _head(draw: random.Random, kind: int) -> p.Protocol:
    protocol = p.Protocol()
    protocol.name, protocol.drug = f"drawn {draw.randrange(10**6)}", "drug"
    protocol.kind, protocol.unit = kind, draw.randrange(2)
    protocol.full_dose_pg = draw.randrange(10**8, 10**13)
    return protocol


def by_mouth(draw: random.Random) -> p.Protocol:
    """Doses by mouth that rise; the last one completes the full dose."""
    protocol = _head(draw, ORAL)
    dose = protocol.full_dose_pg // 2 ** draw.randrange(2, 16)
    given = 0
    while given + 2 * dose < protocol.full_dose_pg and len(protocol.doses) < p.MAX_STEPS - 1:
        protocol.doses.append(p.Dose(dose, draw.choice((900_000, 900_000, 1_200_000, 3_600_000))))
        given += dose
        dose = dose * draw.choice((150, 200, 200, 250, 260, 290)) // 100
    protocol.doses.append(p.Dose(protocol.full_dose_pg - given, 900_000))
    return protocol


def ladder(draw: random.Random) -> p.Protocol:
    """Bags tenfold apart, rates that rise, the last step to the full dose; own lines and line-fills now and then."""
    protocol = _head(draw, draw.choice((0, 0, 0, 1, 3, 4)))
    protocol.line_dead_nl = draw.choice((0, 0, 10_000, 50_000, 100_000, 300_000, 700_000, 1_500_000, 20 * _ML))
    protocol.primed_with_solution = draw.randrange(2)
    bags = draw.randrange(1, 6)
    bag_nl = draw.choice((25, 50, 100, 250, 275)) * _ML
    spare = draw.choice((0, 1))  # a quarter more in each bag: room for what lines keep
    bag_nl += spare * bag_nl // 4
    for k in range(bags):
        drug_pg = max(1, protocol.full_dose_pg * (4 + spare) // 4 // 10 ** (bags - 1 - k))
        line_nl = draw.choice((0, 0, 0, 0, 500_000, 2 * _ML, 30 * _ML)) if spare else 0
        protocol.solutions.append(p.Solution(bag_nl, drug_pg, "ABCDE"[k], f"T-{k}", line_nl))
    _steps(protocol, draw)
    if draw.randrange(3) == 0:
        _fills(protocol, draw)
    return protocol


def _fills(protocol: p.Protocol, draw: random.Random) -> None:
    """Line-fills before the first step of bags, mostly of what the line holds at the rate that it had."""
    for at in reversed(range(len(protocol.steps))):
        step, before = protocol.steps[at], protocol.steps[at - 1]
        if (at and before.solution == step.solution) or draw.randrange(9) == 0:
            continue
        rate = (before if at else step).rate_e4 * draw.choice((1, 1, 1, 1, 1, 2, 3))
        volume = max(1, protocol.line_dead_nl * draw.choice((1, 1, 1, 1, 1, 2)) // draw.choice((1, 1, 1, 1, 1, 2)))
        duration = max(1, volume * 36_000 // rate)
        protocol.steps.insert(at, p.Step(step.solution, p.LINE_FILL, rate, duration, volume))


def sign(protocol: p.Protocol, draw: random.Random) -> None:
    """An approval of what the protocol says: none, a right one, or one that does not fit."""
    what = draw.randrange(10)
    if what < 4:
        return
    author, verifier = ("ann", "vic") if what < 9 else draw.choice((("ann", "ann"), ("ann", "eve"), ("vic", "ann")))
    content = digest(encode(protocol))
    first = approval.author_mac(KEYS.get(author, bytes(32)), content, author)
    second = approval.verifier_mac(KEYS.get(verifier, bytes(32)), content, author, verifier, first)
    if what == 8:
        first = bytes((first[0] ^ 1,)) + first[1:]
    protocol.approval = p.Approval(author, verifier, first, second)


def _steps(protocol: p.Protocol, draw: random.Random) -> None:
    first = draw.choice((5_000, 20_000, 25_000, 8_000))
    given = 0
    for bag in range(len(protocol.solutions)):
        if not bag or draw.randrange(8) == 0:
            rate = first * draw.choice((1, 2, 2, 2, 3, 5)) // 2
        else:  # a bag ten times as strong: the dose rate goes on rising
            rate = protocol.steps[-1].rate_e4 * draw.choice((20, 25, 25, 26, 29)) // 100
        for _ in range(draw.randrange(1, 5)):
            volume = rate * 900_000 // 36_000
            protocol.steps.append(p.Step(bag, 0, rate, 900_000, volume))
            given += volume * protocol.solutions[bag].drug_pg // protocol.solutions[bag].volume_nl
            rate = rate * draw.choice((150, 200, 200, 250, 260, 290)) // 100
    last, bag = protocol.steps[-1], protocol.solutions[-1]
    rest_nl = max(1, (protocol.full_dose_pg - given) * bag.volume_nl // bag.drug_pg + last.volume_nl)
    last.volume_nl, last.duration_ms = rest_nl, max(1, rest_nl * 36_000 // last.rate_e4)


def _scale(step: p.Step, factor: int, divisor: int) -> None:
    step.rate_e4 = max(1, step.rate_e4 * factor // divisor)
    step.volume_nl = max(1, step.rate_e4 * step.duration_ms // 36_000)


def _slip(protocol: p.Protocol, draw: random.Random) -> None:
    _scale(draw.choice(protocol.steps), *draw.choice(((10, 1), (1, 10), (3, 1), (4, 3))))


def _skip(protocol: p.Protocol, draw: random.Random) -> None:
    if len(protocol.steps) > 1:
        del protocol.steps[draw.randrange(len(protocol.steps))]


def _swap(protocol: p.Protocol, draw: random.Random) -> None:
    a, b = (draw.randrange(len(protocol.steps)) for _ in range(2))
    protocol.steps[a], protocol.steps[b] = protocol.steps[b], protocol.steps[a]


def _drug(protocol: p.Protocol, draw: random.Random) -> None:
    bag = draw.choice(protocol.solutions)
    bag.drug_pg = max(1, bag.drug_pg * draw.choice((10, 100, 1001, 1006, 999)) // draw.choice((1, 10, 1000)))


def _dwell(protocol: p.Protocol, draw: random.Random) -> None:
    step = draw.choice(protocol.steps)
    step.duration_ms = max(1, step.duration_ms - draw.choice((1, 1000, 60_000)))


def _long(protocol: p.Protocol, draw: random.Random) -> None:
    rung, factor = draw.choice(protocol.steps or protocol.doses), draw.choice((4, 8, 10))
    rung.duration_ms *= factor
    if protocol.steps:
        rung.volume_nl *= factor  # type: ignore[union-attr]


def _class(protocol: p.Protocol, draw: random.Random) -> None:
    protocol.kind = draw.choice((0, 1, 3, 4))


def _volume(protocol: p.Protocol, draw: random.Random) -> None:
    draw.choice(protocol.steps).volume_nl += draw.choice((1, 2, 1000, -1, 50_000))


def _dose(protocol: p.Protocol, draw: random.Random) -> None:
    protocol.full_dose_pg = max(
        1, protocol.full_dose_pg * draw.choice((994, 995, 996, 1004, 1005, 1006, 10_000)) // 1000
    )


def _bag(protocol: p.Protocol, draw: random.Random) -> None:
    draw.choice(protocol.steps).solution = draw.randrange(len(protocol.solutions) + 1)


def _limits(protocol: p.Protocol, draw: random.Random) -> None:
    protocol.spo2_stop, protocol.delay_s = draw.randrange(80, 102), draw.randrange(0, 30)
    protocol.spo2_early_fall, protocol.min_hold_min = draw.randrange(1, 7), draw.choice((0, 119, 120, 121, 240))


def _line(protocol: p.Protocol, draw: random.Random) -> None:
    protocol.line_dead_nl = draw.choice((0, 1, 1_250_000, 50 * _ML, 50 * _ML + 1))
    draw.choice(protocol.solutions).line_nl = draw.choice((1, 10 * _ML, 50 * _ML, 50 * _ML + 1))


def _flags(protocol: p.Protocol, draw: random.Random) -> None:
    draw.choice(protocol.steps).flags ^= draw.choice((p.LINE_FILL, p.TO_FULL_DOSE, p.LINE_FILL | p.TO_FULL_DOSE))


def _portion(protocol: p.Protocol, draw: random.Random) -> None:
    dose = draw.choice(protocol.doses)
    dose.dose_pg = max(1, dose.dose_pg * draw.choice((10, 3, 2, 1)) // draw.choice((1, 2, 10)))


def _missing(protocol: p.Protocol, draw: random.Random) -> None:
    del protocol.doses[draw.randrange(len(protocol.doses))]


def _exchanged(protocol: p.Protocol, draw: random.Random) -> None:
    a, b = (draw.randrange(len(protocol.doses)) for _ in range(2))
    protocol.doses[a], protocol.doses[b] = protocol.doses[b], protocol.doses[a]


def _wait(protocol: p.Protocol, draw: random.Random) -> None:
    draw.choice(protocol.doses).duration_ms -= draw.choice((1, 1000, 60_000))


def _mixed(protocol: p.Protocol, draw: random.Random) -> None:
    if draw.randrange(2):
        protocol.kind = draw.choice((0, 1, 3, 4))
    else:
        protocol.solutions.append(p.Solution(_ML, 1, "A", "T-0"))


FAULTS: tuple[Callable[[p.Protocol, random.Random], None], ...] = (
    _slip, _skip, _swap, _drug, _dwell, _long, _class, _volume, _dose, _bag, _limits, _line, _flags,
)  # fmt: skip
ORAL_FAULTS = (_portion, _portion, _missing, _exchanged, _wait, _long, _mixed, _dose, _limits)


def blobs(count: int, seed: int) -> Iterator[bytes]:
    """So many compiled protocols; a tenth of them with a changed byte. The same seed gives the same bytes."""
    draw = random.Random(seed)
    made = 0
    while made < count:
        protocol = drawn(draw)
        try:
            sign(protocol, draw)
            blob = bytearray(encode(protocol))
        except (ValueError, OverflowError, struct.error, IndexError):
            continue  # the compiled form cannot even hold it
        if draw.randrange(10) == 0:
            blob[draw.randrange(len(blob))] ^= 1 << draw.randrange(8)
        made += 1
        yield bytes(blob)


def verdict(blob: bytes) -> str:
    """What CPython says of a compiled protocol, in the words of the device's script (on_micropython/verdicts.py)."""
    try:
        protocol = p.decode(bytearray(blob))
        demand(protocol)
        approval.demand(protocol, bytearray(blob), KEYS)
        return "ok"
    except p.Refusal as refusal:
        return f"{refusal.name} {refusal.where} {refusal.detail}"


def compare(binary: Path, path: Path, count: int, seed: int) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Verdicts of this computer and of a MicroPython on so many protocols: the count of each kind, and what differs.

    `path`: a file to write the protocols to. Raises RuntimeError when MicroPython does not get through them all.
    """
    wanted = []
    with path.open("wb") as file:
        for blob in blobs(count, seed):
            file.write(len(blob).to_bytes(2, "little") + blob)
            wanted.append(verdict(blob))
    done = subprocess.run([str(binary), str(SCRIPT), str(path)], capture_output=True, text=True, check=False)
    got = done.stdout.splitlines()
    if done.returncode or len(got) != count:
        raise RuntimeError(f"MicroPython ended with {done.returncode} after {len(got)} verdicts: {done.stderr[-300:]}")
    kinds = Counter(verdict.split()[0] for verdict in wanted)
    return kinds, [pair for pair in zip(wanted, got, strict=True) if pair[0] != pair[1]]
