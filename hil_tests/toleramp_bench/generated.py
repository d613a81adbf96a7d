"""Generated protocols, valid and broken, for comparing verdicts: a ladder drawn at random, then perhaps one fault."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

from pump import protocol as p

_ML = 1_000_000


def ladder(draw: random.Random) -> p.Protocol:
    """A protocol that mostly keeps the rules: bags tenfold apart, rates that rise, the last step to the full dose."""
    protocol = p.Protocol()
    protocol.name, protocol.drug = f"drawn {draw.randrange(10**6)}", "drug"
    protocol.kind = draw.choice((0, 0, 0, 1, 3, 4))
    protocol.full_dose_pg = draw.randrange(10**8, 10**13)
    protocol.line_dead_nl = draw.choice((0, 100_000, 300_000, 700_000, 1_500_000, 20 * _ML))
    protocol.primed_with_solution = draw.randrange(2)
    bags = draw.randrange(1, 6)
    bag_nl = draw.choice((25, 50, 100, 250, 275)) * _ML
    for k in range(bags):
        drug_pg = max(1, protocol.full_dose_pg // 10 ** (bags - 1 - k))
        protocol.solutions.append(p.Solution(bag_nl, drug_pg, "ABCDE"[k], f"T-{k}"))
    _steps(protocol, draw)
    return protocol


def _steps(protocol: p.Protocol, draw: random.Random) -> None:
    first = draw.choice((5_000, 20_000, 25_000, 8_000))
    given = 0
    for bag in range(len(protocol.solutions)):
        rate = first if not bag else first * draw.choice((1, 2, 3, 5)) // 2
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


FAULTS: tuple[Callable[[p.Protocol, random.Random], None], ...] = (
    _slip, _skip, _swap, _drug, _dwell, _volume, _dose, _bag, _limits,
)  # fmt: skip


def blobs(count: int, seed: int) -> Iterator[bytes]:
    """So many compiled protocols; a tenth of them with a changed byte. The same seed gives the same bytes."""
    draw = random.Random(seed)
    made = 0
    while made < count:
        protocol = ladder(draw)
        for _ in range(draw.choice((0, 1, 1, 2))):
            draw.choice(FAULTS)(protocol, draw)
        try:
            blob = bytearray(p.encode(protocol))
        except (ValueError, OverflowError, struct.error):
            continue  # the compiled form cannot even hold it
        if draw.randrange(10) == 0:
            blob[draw.randrange(len(blob))] ^= 1 << draw.randrange(8)
        made += 1
        yield bytes(blob)
