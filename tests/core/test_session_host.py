"""What the host line may and may not do to a session (SEC-1, INT-7, INT-8, PRO-1)."""

from __future__ import annotations

import pytest
from core_kit import (
    STEP_PULSES,
    finish,
    host,
    next_key,
    pulses_of_steps,
    pump_with,
    run_to_step,
    scan_s,
    short,
    standard,
    start,
    state,
    tap,
)

from pump.io import LINK_MAX, START
from pump.protocol.encoding import encode
from pump.tables import messages as m


@pytest.mark.req("SEC-1")
def test_no_request_of_the_host_lets_the_drug_flow() -> None:
    """Else a compromised laptop doses a patient."""
    for before in ((), (START,)):
        pump = pump_with(short())
        for button in before:
            tap(pump, button)
        for kind in range(256):
            for payload in (b"", b"\x01", bytes(2), bytes(4), bytes(6)):
                host(pump, kind, payload)
        scan_s(pump, 20)
        assert pump.stepper.pulses == 0


@pytest.mark.req("SEC-1", "PRO-5")
def test_a_host_that_loads_while_a_session_runs_is_refused() -> None:
    """Else the plan changes under the patient."""
    pump = pump_with(short())
    start(pump)
    before = pump.controller.fingerprint
    for kind in (m.LOAD_BEGIN[0], m.LOAD_DATA[0], m.LOAD_END[0]):
        assert host(pump, kind, bytes(6)) == m.REFUSED[0]
    assert pump.controller.fingerprint == before and state(pump) == "running"


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_refused_protocol_changes_nothing() -> None:
    """Else a faulty file leaves half of itself behind."""
    pump = pump_with(short())
    before = pump.controller.fingerprint
    worse = standard()
    del worse.steps[5]
    for blob, code in ((encode(worse), "ratio-exceeded"), (b"TLP", "truncated"), (bytes(200), "format")):
        pump.controller.link.loader.loaded = bytearray(blob)
        pump.scan()
        assert (pump.events[-1]["event"], pump.events[-1]["code"]) == ("load_refused", code)
        assert pump.controller.fingerprint == before and state(pump) == "ready"
    start(pump)
    assert finish(pump) == "completed"
    assert pulses_of_steps(pump) == list(STEP_PULSES)


@pytest.mark.req("INT-8", "INT-7")
def test_a_silent_or_noisy_host_changes_nothing() -> None:
    """Else a pulled cable stops the session, or floods steer it."""
    pump = pump_with(short())
    pump.board.link_bytes = LINK_MAX
    start(pump)
    assert host(pump, m.PING[0]) == m.ACK[0]
    for number in range(2000):
        pump.board.to_pump[:] = bytes((number * 37 + i * 101) & 255 for i in range(LINK_MAX))
        pump.scan()
        if state(pump) == "bag":
            tap(pump, next_key(pump))
    pump.board.to_pump.clear()
    assert finish(pump) == "completed"
    assert pulses_of_steps(pump) == list(STEP_PULSES)
    assert [e["code"] for e in pump.events if e["event"] == "alarm_raised"].count("link-lost") == 1


@pytest.mark.req("FLO-6", "SEC-1")
@pytest.mark.parametrize(("kind", "after"), [(m.PAUSE[0], "held"), (m.STOP[0], "stopped")])
def test_anybody_on_the_line_may_pause_and_stop(kind: int, after: str) -> None:
    """Else the laptop cannot stop what it sees going wrong."""
    pump = pump_with(short())
    start(pump)
    run_to_step(pump, 2)
    assert host(pump, kind) == m.ACK[0]
    before = pump.stepper.pulses
    assert state(pump) == after and pump.out.words == 0
    scan_s(pump, 60)
    assert pump.stepper.pulses == before
