"""Approval on the image: a keyring written in service mode, signed protocols outside bench mode, time it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pump.base import crc
from pump.protocol import approval
from pump.protocol import protocol as p
from pump.protocol.approval import encode_keyring
from pump.protocol.encoding import encode
from pump.protocol.fingerprint import digest
from pump.tables import messages as m
from pump.tables import refusals
from toleramp.approval.key_files import Person
from toleramp.protocol.file import compile_file
from toleramp_bench.boards.provision import flash_with_keyring
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.figures.measure import check_ms
from toleramp_bench.places import standard_protocol

KEYS = {"afischer": bytes(range(32)), "bmeier": bytes(range(32, 64))}
ANNA = Person("afischer", "", KEYS["afischer"])
LIMIT_MS = 300  # issue's bar for checking and accepting


def _signed() -> tuple[bytes, bytes]:
    """The standard protocol without and with two signatures."""
    plain, protocol = compile_file(standard_protocol())
    content = digest(bytearray(plain))
    first = approval.author_mac(KEYS["afischer"], content, "afischer")
    second = approval.verifier_mac(KEYS["bmeier"], content, "afischer", "bmeier", first)
    protocol.approval = p.Approval("afischer", "bmeier", first, second)
    return plain, encode(protocol)


@pytest.fixture(scope="module")
def flash(firmware: Path) -> bytes:
    """Flash of a pump with the two people's keys."""
    return flash_with_keyring(encode_keyring(KEYS), firmware)


@pytest.mark.req("PRO-1", "SES-1", "SEC-3")
def test_a_provisioned_pump_takes_what_two_people_signed_and_nothing_else(firmware: Path, flash: bytes) -> None:
    """Else the approval exists on the laptop only."""
    plain, both = _signed()
    bench = PumpBench(firmware, flash=flash, bench_mode=False)
    bench.boot()
    refused = bench.load(both)
    assert refused.type == m.REFUSED[0] and refused.fields["code"] == refusals.KEY_NEEDED
    bench.sign_as(Person("afischer", "", bytes(32)))
    assert bench.load(both).fields["code"] == refusals.KEY_WRONG
    bench.sign_as(ANNA)
    refused = bench.load(plain)
    assert refused.type == m.REFUSED[0] and refusals.NAMES[refused.fields["code"]] == "approval"
    assert refused.fields["where"] == approval.UNSIGNED
    began = bench.board.now_us
    assert bench.load(both).type == m.ACK[0]
    assert bench.board.now_us - began < 1_000_000
    bench.run_for(1)
    assert bench.state() == "ready" and not bench.status["flags"] & m.FLAG_BENCH
    torn = bytearray(both)
    torn[-10] ^= 1

    crc.put(torn, len(torn) - crc.SIZE)
    refused = bench.load(bytes(torn))
    assert refused.fields["where"] == approval.VERIFIER_WRONG
    bench.run_for(0.5)
    assert bench.state() == "ready"


@pytest.mark.req("PRO-1")
def test_a_new_pump_takes_nothing_unless_it_was_started_in_bench_mode(firmware: Path) -> None:
    """Else a pump fresh from the box, or with its file system lost, runs whatever comes."""
    _, both = _signed()
    bench = PumpBench(firmware, bench_mode=False)
    bench.boot()
    refused = bench.load(both)
    assert refused.fields["code"] == refusals.NO_KEYS
    assert bench.ask(m.CHALLENGE_GET, data=b"afischer").fields["code"] == refusals.NO_KEYS
    other = PumpBench(firmware)
    other.boot()
    assert other.load(both).type == m.ACK[0]
    other.run_for(0.5)
    assert other.status["flags"] & m.FLAG_BENCH
    assert not other.find("pressed"), "the bench key at power-up is no press"


@pytest.mark.req("PRO-1", "SES-1")
def test_checking_a_signed_protocol_takes_a_third_of_a_second_at_most(firmware: Path, flash: bytes) -> None:
    """Else loading it stops the display and the oximeter for long."""
    _, both = _signed()
    bench = PumpBench(firmware, flash=flash, bench_mode=False)
    bench.boot()
    bench.sign_as(ANNA)
    assert check_ms(bench, both) < LIMIT_MS
