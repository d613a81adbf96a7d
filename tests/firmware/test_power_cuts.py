"""Power cuts on the running image, and the forks from which they start; that each fault would be found is shown too."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from long_form import some

from pump.tables import messages as m
from pump.tables import states
from toleramp_bench.boards.pump import PumpBench
from toleramp_bench.cuts import __main__ as power_cuts
from toleramp_bench.cuts.after import (
    POWER_ON,
    RECORD,
    RECORD_BYTES,
    SLOT,
    Cut,
    Prepared,
    TearableFram,
    Verdict,
    fram_of,
    judge,
    log_length,
    old_log,
)  # fmt: skip
from toleramp_bench.cuts.walks import RINGS, Case, FlashWalk, partly
from toleramp_bench.figures.measure import running_bench
from toleramp_bench.runs.forked import Crew, crew
from toleramp_bench.runs.forks import Twin, booted, in_fork
from toleramp_bench.targets.base import TargetFault

CUTS, SEED = 24, 28  # some of them while it is held; `make evidence` has a thousand
BEYOND = 700
DAMAGED = 15  # the first slot within the log at which the search for its end looks, in a log of 16 to 31 records


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids that this process forks from now on; other tests' children are none of this test's business."""
    pids: list[int] = []
    fork = os.fork

    def noted() -> int:
        pid = fork()
        if pid:
            pids.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", noted)
    return pids


def gone(pid: int) -> bool:
    """Whether a child of this process has ended and was waited for."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


# -- the cuts


@pytest.mark.req("INT-2", "INT-5", "SES-14")
def test_no_cut_costs_a_record_or_starts_anything(
    firmware: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a power failure loses part of the chart, or drug flows to a patient whom nobody looks after."""
    words = ["--cuts", str(CUTS), "--seed", str(SEED), "--jobs", "2", "--out", str(tmp_path)]
    assert power_cuts.main(words) == 0, capsys.readouterr().out
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["cuts"] == CUTS and set(facts["kinds"]) == set(power_cuts.KINDS)
    assert {"running", "held"} <= set(facts["states"])
    assert facts["torn_records_dropped"] >= 5 and facts["records_kept"] > CUTS
    assert "findings        0" in capsys.readouterr().out


def test_the_same_seed_draws_the_same_cuts() -> None:
    """Else a finding cannot be repeated."""
    assert power_cuts.draw(50, 3) == power_cuts.draw(50, 3) != power_cuts.draw(50, 4)
    assert power_cuts.draw(50, 3) == power_cuts.draw(90, 3)[:50]


@pytest.mark.long
@pytest.mark.req("INT-2")
def test_a_prepared_board_ends_as_one_brought_up_from_nothing(firmware: Path) -> None:
    """Else what makes the cuts fast changes what they show."""
    cases = [Case(0, "instant", 0.2), Case(1, "record", 0.1, after=20), Case(4, "instant", 0.05)]
    warm, cold = (power_cuts.carry_out(cases, 2, 40, prepare) for prepare in (True, False))
    assert all(outcome.verdict.warm for outcome in warm) and not any(outcome.verdict.warm for outcome in cold)
    for one, other in zip(warm, cold, strict=True):
        one.verdict.warm = False
        assert one == other and not one.verdict.findings
    assert warm[1].verdict.dropped and warm[0].state == "running"


# -- what would be found


@pytest.fixture(scope="module")
def cut(firmware: Path) -> Cut:
    """A pump with twenty old records whose power was cut at rest."""
    bench = PumpBench(fram=TearableFram(old_log(20)), bench_mode=False)
    bench.boot()
    return Cut(bench.fram, bench.board.flash_image(), {}, time=bench.clock.time)


def told(cut: Cut, change: Callable[[bytearray], None], **more: Any) -> str:
    """What the judge says of a pump whose FRAM was changed so."""
    contents = bytearray(cut.fram.contents)
    change(contents)
    changed = dataclasses.replace(cut, fram=TearableFram(contents), **more)
    return "; ".join(in_fork(lambda: judge(changed)).findings)


def test_a_log_that_is_as_it_should_be_is_not_blamed(cut: Cut) -> None:
    """Else the other tests of the judge show nothing."""
    assert told(cut, lambda contents: None) == ""


@pytest.mark.req("INT-2")
def test_a_lost_record_is_found(cut: Cut) -> None:
    """Else the judge agrees with whatever is left."""
    last = log_length(cut.fram.contents) - 1
    record = bytes(cut.fram.contents[last * SLOT :][:RECORD])

    def wipe(contents: bytearray) -> None:
        contents[last * SLOT : (last + 1) * SLOT] = bytes(SLOT)

    number = int.from_bytes(record[:4], "little")  # in the block of the power-on that wrote it
    assert f"record {number} had been sent" in told(cut, wipe, streamed={number: record})
    assert told(cut, lambda contents: None, streamed={number: record}) == ""


def test_another_reset_cause_is_found(cut: Cut) -> None:
    """Else a watchdog's reset passes for a power-on."""
    verdict = in_fork(lambda: judge(cut, cause=POWER_ON + 2))
    assert verdict.findings == [f"its boot record has the cause {POWER_ON}, not {POWER_ON + 2}"]


@pytest.mark.req("INV-1", "INT-2")
def test_a_pump_that_goes_on_by_itself_is_found(firmware: Path, cut: Cut) -> None:
    """Else an automatic resume passes: here a running pump stands for the one that came up."""

    def impostor() -> Verdict:
        bench, _, _ = running_bench(Fraction(1, 250), 100)
        bench.fram = TearableFram(bench.fram.contents)
        prepared = Prepared(cut.flash, bench)
        bench.boot = lambda stream_ms=100: None  # type: ignore[method-assign]
        return judge(dataclasses.replace(cut, fram=TearableFram(bytearray(cut.fram.contents))), prepared)

    findings = "; ".join(in_fork(impostor).findings)
    assert "pulses at the pin" in findings and "driver was enabled" in findings and "it is running" in findings


def test_a_pump_that_does_not_come_up_is_found(cut: Cut) -> None:
    """Else a dead pump passes for one at rest."""

    def dead() -> Verdict:
        prepared = Prepared.of(cut.flash)
        prepared.bench.board.hang_cpu()
        return judge(cut, prepared)

    assert in_fork(dead).findings == ["the pump does not come up: no hello from the pump within 3 s"]


def test_records_behind_a_damaged_one_stay(cut: Cut) -> None:
    """Else one flipped bit in an old record costs the newest ones: the pump writes over them (INT-4, INT-5)."""
    contents = bytearray(cut.fram.contents)
    end = log_length(contents)
    contents[DAMAGED * SLOT + 5] ^= 1

    def come_up() -> bytes:
        bench = PumpBench(fram=TearableFram(bytearray(contents)), flash=cut.flash, bench_mode=False)
        bench.boot()
        bench.run_for(0.3)
        return bytes(bench.fram.contents)

    kept = slice((DAMAGED + 1) * SLOT, end * SLOT)
    assert end > DAMAGED + 1 and in_fork(come_up)[kept] == contents[kept]


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("after", [0, 1, 4, 5, 6, 32, 33, RECORD_BYTES - 1])
def test_a_torn_record_has_just_the_bytes_that_were_clocked(after: int) -> None:
    """Else a record is never really torn."""
    fram = TearableFram()
    fram.tear(after)
    clocked = 0
    try:
        for burst in (b"\x06", bytes((2, 0, 0, 0)) + bytes(range(1, SLOT + 1))):
            fram.select()
            for byte in burst:
                fram.transfer(byte)
                clocked += 1
            fram.deselect()
    except Exception:
        pass
    assert clocked == after
    assert fram.contents[:SLOT] == bytes(range(1, SLOT + 1))[: max(0, after - 5)].ljust(SLOT, b"\0")


# -- around a flash write


@pytest.mark.req("INT-2", "SEC-1")
def test_the_keyring_is_the_old_one_or_the_new_one(firmware: Path) -> None:
    """Else a cut while keys are installed leaves half a keyring: every third flash operation (in the long form each)
    is cut, every other of these midway."""
    walk = FlashWalk([], Crew(1), 0)
    walk.go()
    count = walk.operations
    assert count > 8
    cases = some([Case(k, "flash", (k + 0.5) / count, part=(0.4, 1.0)[k % 2]) for k in range(count)], 3)
    outcomes = power_cuts.carry_out(cases)
    assert len(outcomes) == len(cases) and [o.verdict.findings for o in outcomes if o.verdict.findings] == []


def test_half_a_flash_operation() -> None:
    """Else torn flash writes are whole ones."""
    before, after = b"\xff" * 8, b"\xff\x01\x02\xff\x03\x04\xff\xff"
    assert partly(before, after, 1.0) == after
    assert partly(before, after, 0.5) == b"\xff\x01\x02\xff\xff\xff\xff\xff"
    assert partly(before, after, 0.0) == before
    assert RINGS[0] != RINGS[1]


# -- forks


def test_what_a_fork_returns_and_raises(forked: list[int]) -> None:
    """Else a failing case in a fork is silent, or leaves a process."""
    here = os.getpid()
    assert in_fork(lambda: (os.getpid() != here, states.RUNNING)) == (True, states.RUNNING)
    with pytest.raises(KeyError) as raised:
        in_fork(lambda: {}["what is missing"])
    assert raised.value.args == ("what is missing",) and "in <lambda>" in raised.value.__notes__[0]

    class Odd(Exception):
        pass

    def odd() -> None:
        raise Odd("cannot travel")

    with pytest.raises(TargetFault, match="Odd: cannot travel"):
        in_fork(odd)
    with pytest.raises(TargetFault, match="signal 9"):
        in_fork(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert len(forked) == 4 and all(map(gone, forked))


def test_ctrl_c_leaves_no_child(tmp_path: Path, forked: list[int]) -> None:
    """Else each broken-off run goes on unseen."""
    note = tmp_path / "child"

    def wait() -> None:
        note.write_text(str(os.getpid()))
        os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        in_fork(wait)
    assert forked == [int(note.read_text())] and gone(forked[0])
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_ctrl_c_in_the_middle_of_a_fork_leaves_no_child(forked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the child of a run broken off at the wrong moment goes on unseen."""
    fork = os.fork

    def interrupted() -> int:
        pid = fork()
        if pid:
            signal.raise_signal(signal.SIGINT)
        return pid

    monkeypatch.setattr(os, "fork", interrupted)
    with pytest.raises(KeyboardInterrupt):
        in_fork(lambda: time.sleep(60))
    with pytest.raises(KeyboardInterrupt), crew(1) as busy:
        twin = busy.branch()
        if twin.child:
            twin.deliver(lambda: time.sleep(60))
    assert len(forked) == 2 and all(map(gone, forked))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_does_not_unwind_a_child(forked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what the parent has under way is torn down once more in the child, with files, rigs and processes."""
    deliver = Twin.deliver

    def late(twin: Twin, call: Callable[[], Any]) -> None:
        signal.raise_signal(signal.SIGINT)
        deliver(twin, call)

    monkeypatch.setattr(Twin, "deliver", late)
    with pytest.raises(TargetFault, match="signal 2"):
        in_fork(lambda: None)
    assert len(forked) == 1 and gone(forked[0])


def test_a_board_is_booted_once_and_each_fork_has_its_own(firmware: Path) -> None:
    """Else one case changes the next."""
    target = booted(True)
    before = target.now_us

    def later() -> tuple[int, str, int]:
        booted(True).start(True)
        booted(True).run_to(before + BEYOND * 1000)
        return booted(True).now_us, booted(True).state(), len(booted(True).records())

    assert booted(True) is target and target.build["contract"] == f"{m.CONTRACT:08x}"
    assert in_fork(later) == in_fork(later)
    assert target.now_us == before and in_fork(lambda: target.state()) == "idle"


def test_the_fram_of_another_bench_cannot_be_torn(firmware: Path) -> None:
    """Else a case silently cuts nothing."""
    with pytest.raises(AssertionError):
        fram_of(PumpBench())
