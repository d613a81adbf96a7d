"""Compiled protocols as a laptop may send them, each with what the pump must say to it."""

from __future__ import annotations

from dataclasses import dataclass

from core_kit import encode, mini, standard
from test_approval import KEYS, faulty, signed

from pump.protocol import protocol as p
from pump.tables import refusals
from toleramp.protocol.order import key_of

__all__ = ["KEYS", "SHELF", "Sheet"]


@dataclass(frozen=True)
class Sheet:
    """A compiled protocol; refusal in bench mode and outside it (0: taken); its order's key, None: none."""

    blob: bytes
    bench: int
    outside: int
    order: bytes | None = None


def _bench(name: str, order: bytes | None = None, spo2_stop: int = 92) -> Sheet:
    protocol = mini()
    protocol.spo2_stop, protocol.spo2_early, protocol.delay_s = spo2_stop, spo2_stop + 2, spo2_stop - 82
    protocol.kind, protocol.name, protocol.order = p.BENCH, name, order
    return Sheet(encode(protocol), 0, refusals.BENCH_MODE, order)


def _signed(order: bytes) -> Sheet:
    protocol = standard()
    protocol.order = order
    return Sheet(encode(signed(protocol)), 0, 0, order)


def _steep() -> Sheet:
    protocol = standard()
    del protocol.steps[5]
    return Sheet(encode(signed(protocol)), refusals.RATIO_EXCEEDED, refusals.RATIO_EXCEEDED)


def _oral() -> Sheet:
    protocol = standard()
    protocol.kind, protocol.solutions, protocol.steps = p.BY_MOUTH, [], []
    total = protocol.full_dose_pg
    shares = [total >> k for k in range(1, 12)]
    protocol.doses = [p.Dose(dose, 900_000) for dose in [total - sum(shares), *shares][::-1]]
    protocol.doses.sort(key=lambda dose: dose.dose_pg)
    return Sheet(encode(signed(protocol)), refusals.NOT_RUN, refusals.NOT_RUN)


def _bad_envelope() -> Sheet:
    blob = bytearray(_bench("Torn").blob)
    blob[40] ^= 1
    return Sheet(bytes(blob), refusals.CHECKSUM, refusals.CHECKSUM)


ORDERS = [key_of(f"RX-{number}", 1, "P-1") for number in range(3)]
SHELF = {
    "plain": _bench("Plain"),
    "other": _bench("Other", None, 90),
    "first order": _bench("First", ORDERS[0]),
    "second order": _bench("Second", ORDERS[1], 91),
    "relabelled": _bench("First, relabelled", ORDERS[0]),
    "signed": _signed(ORDERS[2]),
    "steep": _steep(),
    "oral": _oral(),
    "forged": Sheet(encode(faulty("verifier's key")), refusals.APPROVAL, refusals.APPROVAL),
    "envelope": _bad_envelope(),
    "short": Sheet(b"TLP\x02", refusals.TRUNCATED, refusals.TRUNCATED),
    "no protocol": Sheet(bytes(30), refusals.FORMAT, refusals.FORMAT),
}
