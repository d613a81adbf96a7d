"""The pump's log on the laptop: pulled whole in however many pieces, and no change of the file stays unseen (INT-5)."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import signal
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fake_pump import PL_PULSE, FakePump

from pump.base import crc
from pump.base.calendar import EPOCH
from pump.io import FRAM_SLOT, KEPT, Outputs
from pump.store.journal import BLOCK, SLOTS, Journal
from pump.tables import alarms, events, states
from pump.tables import messages as m
from toleramp import cli
from toleramp.device import service_mode
from toleramp.errors import UserError
from toleramp.pump_log import form, keeping, pull, reading

pytest_plugins = ("fake_pump",)
pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.req("INT-5")]
RECORDS = 230


def written(records: int, first: int = 0, contract: int = m.SIGNED_CONTRACT) -> list[bytes]:
    """What a power-on stores, as the pump writes it: a boot, then alarms and rejected bags with their codes."""
    journal, out, found = Journal(first, 0), Outputs(), []
    journal.wall_s = int(datetime(2026, 11, 30, 8, tzinfo=UTC).timestamp()) - EPOCH
    journal.context(130, 400, states.RUNNING, 3, 1, 100_000, 18_734, 5_000)
    journal.event(events.BOOT, 1, contract)
    while len(found) < records:
        if journal.seq == journal.stored:
            kind = (events.ALARM_RAISED, events.BAG_REJECTED)[journal.seq % 5 == 0]
            journal.event(kind, alarms.BAG * (kind == events.ALARM_RAISED), 1, int(kind == events.BAG_REJECTED))
            if kind == events.BAG_REJECTED:
                journal.more(kind, b"TLR-X-9999")
        out.fram_slot = -1
        journal.store_next(out)
        found.append(bytes(out.fram))
        journal.settle(KEPT)
    return found


@pytest.fixture(scope="module")
def memory() -> list[bytes]:
    """Two power-ons."""
    return written(RECORDS - 70) + written(70, BLOCK)


def tool(*words: object) -> int:
    """The exit code of `toleramp log`."""
    return cli.main(["log", *map(str, words)])


def pulled(fake: FakePump, path: Path) -> int:
    """The exit code of a pull."""
    return tool("pull", "--port", fake.port, "-o", path)


def put(path: Path, records: list[bytes]) -> Path:
    """A file with these records, as a pull leaves it."""
    hello = {"version": "0.1.0", "build": "b1", "git": "abc", "contract": m.CONTRACT}
    with keeping.Keeper.create(path, form.opening(hello, PL_PULSE)) as keeper:
        for at in range(0, len(records), m.STORED_MOST):
            keeper.append(records[at : at + m.STORED_MOST])
    return path


@pytest.fixture
def file(fake: FakePump, memory: list[bytes], tmp_path: Path) -> Path:
    """A file with all that the pump has."""
    fake.memory = list(memory)
    return put(tmp_path / "pump-log.jsonl", memory)


def said(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `check` says of a file that is not whole: its last line."""
    capsys.readouterr()
    assert tool("check", path) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert "NOT WHOLE" in last
    return last


# -- pulling


def test_a_pull_brings_all_and_a_second_one_what_is_new(
    fake: FakePump, file: Path, memory: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what happened after the first pull is in no file, or stands there twice."""
    assert pulled(fake, file) == 0
    out = capsys.readouterr().out
    assert f"{RECORDS} records, whole and in order" in out and f"0 new; the pump's memory holds {RECORDS} of" in out
    asked = fake.asked(m.STORED_GET)
    assert fake.memory is not None
    fake.memory += written(9, 2 * BLOCK)
    assert pulled(fake, file) == 0 and "9 new" in capsys.readouterr().out
    assert fake.asked(m.STORED_GET) - asked <= 6
    assert [row.record for row in reading.read(file).kept] == fake.memory


@pytest.mark.parametrize("end", [1, 63, 64, 65, 130])
def test_a_pull_goes_on_where_the_cable_was_pulled(
    end: int, fake: FakePump, memory: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a pulled cable costs all that was pulled, or leaves a gap."""
    path = tmp_path / "log.jsonl"
    fake.memory, fake.cut_after = list(memory), 3 + -(-end // m.STORED_MOST)
    assert pulled(fake, path) == 2
    assert "run it again: it goes on there" in capsys.readouterr().err
    assert tool("check", path) == 0
    kept = len(reading.read(path).lines)
    with FakePump() as again:
        again.memory = list(memory)
        assert pulled(again, path) == 0
        assert again.asked(m.STORED_GET) <= -(-(RECORDS - kept) // m.STORED_MOST) + 4
    assert [row.record for row in reading.read(path).kept] == memory


def test_ctrl_c_keeps_what_was_pulled(
    fake: FakePump, memory: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who has no patience loses what came."""
    path, append = tmp_path / "log.jsonl", keeping.Keeper.append

    def pressed(self: keeping.Keeper, records: list[bytes]) -> None:
        append(self, records)
        if self.records > 100 and threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)

    fake.memory = list(memory)
    with monkeypatch.context() as patch:
        patch.setattr(keeping.Keeper, "append", pressed)
        assert pulled(fake, path) == 130
    assert tool("check", path) == 0 and len(reading.read(path).lines) == 104
    assert pulled(fake, path) == 0 and len(reading.read(path).lines) == RECORDS


@pytest.mark.parametrize("room", [0, 5_000, 5_001, 20_000])
def test_a_full_disk_leaves_whole_records_and_the_pull_goes_on(
    room: int, fake: FakePump, memory: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Else a full disk tears a record, and the file is taken for one that was changed."""
    path, pwrite = tmp_path / "log.jsonl", os.pwrite
    left = room

    def full(file: int, data: bytes, at: int) -> int:
        nonlocal left
        if len(data) == form.HEAD_BYTES:
            return pwrite(file, data, at)  # in its place already
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put = pwrite(file, data[:left], at)
        left -= put
        return put

    fake.memory = list(memory)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        assert pulled(fake, path) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and "make room; " in err and "goes on there" in err
    assert tool("check", path) == 0
    assert pulled(fake, path) == 0 and len(reading.read(path).lines) == RECORDS


def test_a_power_cut_of_the_laptop_costs_nothing_that_the_head_names(file: Path, fake: FakePump) -> None:
    """Else a torn last line, a torn head or a page of zeros makes a file of no use."""
    whole = file.read_bytes()
    for tail in (b'{"slot":230,"rec', b"\0" * 4096, b"\0" * 100 + b"\n"):
        file.write_bytes(whole + tail)
        assert pulled(fake, file) == 0 and file.read_bytes() == whole
    log = reading.read(file)
    older = len(log.opening) + (log.head.number + 1) % 2 * form.HEAD_BYTES
    file.write_bytes(whole[: older + 9] + b"\0\0" + whole[older + 11 :])
    assert reading.read(file).head == log.head


def test_nothing_is_added_to_a_changed_file_or_that_of_another_pump(
    fake: FakePump, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else one file holds two pumps' records, or a change is sealed with the next pull."""
    before = file.read_bytes()
    fake.memory = written(RECORDS, 5 * BLOCK)
    assert pulled(fake, file) == 2 and "another pump's log" in capsys.readouterr().err
    fake.memory = fake.memory[:20]
    assert pulled(fake, file) == 2 and "before this one was cleared" in capsys.readouterr().err
    lines = before.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:50] + lines[51:]))
    assert pulled(fake, file) == 2
    assert "nothing is added to a log that was changed: line 51, slot 48: slot 47 is missing" in capsys.readouterr().err


@pytest.mark.req("INT-9")
def test_a_memory_that_does_not_answer_is_one_line(
    fake: FakePump, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else an empty file is taken for an empty log."""
    fake.memory = None
    assert pulled(fake, tmp_path / "a.jsonl") == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and "its memory does not answer" in err


def test_a_slot_read_wrongly_is_read_again(
    fake: FakePump, memory: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what an open line reads while the memory is away stands in the file as the pump's record."""
    fake.memory = [*memory[:10], b"\xff" * FRAM_SLOT, *memory[11:]]

    def back(_: float) -> None:
        fake.memory = list(memory)

    monkeypatch.setattr("toleramp.pump_log.pull.time.sleep", back)
    assert pulled(fake, tmp_path / "a.jsonl") == 2
    assert len(reading.read(tmp_path / "a.jsonl").lines) == 8
    assert pulled(fake, tmp_path / "a.jsonl") == 0


def test_a_full_memory_is_said(fake: FakePump, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody knows that what comes now is stored nowhere."""
    told = pull.Memory(SLOTS, 64, 3).told()
    assert told.startswith(f"the pump's memory is FULL ({SLOTS} records)")
    assert told.endswith("; 64 not stored yet; 3 lost since power-on")
    fake.memory = []
    assert pulled(fake, tmp_path / "a.jsonl") == 0 and f"0 of {SLOTS} (0 %)" in capsys.readouterr().out


# -- what was changed


PLACES = (0, 1, 76, RECORDS - 2, RECORDS - 1)


@pytest.mark.parametrize("slot", PLACES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.6, 0.99])
def test_a_changed_byte_is_found_and_its_place_named(
    slot: int, share: float, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a log is what the last one who had it wants it to be."""
    lines = file.read_bytes().splitlines(keepends=True)
    line = bytearray(lines[3 + slot])
    at = int(share * len(line))
    line[at] = line[at] ^ 1 if line[at : at + 1] != b"\n" else 32
    lines[3 + slot] = bytes(line)
    file.write_bytes(b"".join(lines))
    assert f"line {4 + slot}, slot {slot}" in said(file, capsys) or share == 0.1


def test_each_byte_of_a_file_counts(memory: list[bytes], tmp_path: Path) -> None:
    """Else there is a byte that can be changed unseen."""
    path = put(tmp_path / "a.jsonl", memory[:3])
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for at in range(first, len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        found = reading.of_file(reading.read(path))
        line = 1 + whole[:at].count(b"\n")
        assert found and any(f"line {n}" in found[0].place for n in (line - 1, line, line + 1)), at
    for at in range(0, first, 29):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with contextlib.suppress(UserError):  # it is no log any more
            assert reading.of_file(reading.read(path))[0].place in ("line 1", "line 2"), at


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_changed_head_is_found(at: int, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a file is made the log of another pump, or a shorter one."""
    lines = file.read_bytes().splitlines(keepends=True)
    lines[at] = lines[at].replace(b"0", b"1", 1)
    file.write_bytes(b"".join(lines))
    assert f"line {at + 1}" in said(file, capsys)


@pytest.mark.parametrize("slot", PLACES[:-1])
def test_a_removed_record_is_found(slot: int, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else an alarm that nobody wants to have had is not there any more."""
    lines = file.read_bytes().splitlines(keepends=True)
    del lines[3 + slot]
    file.write_bytes(b"".join(lines))
    assert f"slot {slot} is missing before it" in said(file, capsys)


@pytest.mark.parametrize(("one", "other"), [(0, 1), (10, 11), (10, 77), (0, RECORDS - 1), (RECORDS - 2, RECORDS - 1)])
def test_two_records_that_changed_places_are_found(
    one: int, other: int, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what came after the alarm came before it."""
    lines = file.read_bytes().splitlines(keepends=True)
    lines[3 + one], lines[3 + other] = lines[3 + other], lines[3 + one]
    file.write_bytes(b"".join(lines))
    capsys.readouterr()
    assert tool("check", file) == 1
    out = capsys.readouterr().out
    for at, slot in ((one, other), (other, one)):
        assert f"line {4 + at}, slot {slot}: slot {at} belongs here" in out


@pytest.mark.parametrize("left", [0, 1, 77, 128, RECORDS - 1])
def test_a_cut_off_end_is_found(left: int, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a session ends before its reaction."""
    lines = file.read_bytes().splitlines(keepends=True)
    for torn in (b"", lines[3 + left][:40]):
        file.write_bytes(b"".join(lines[: 3 + left]) + torn)
        assert f"the end is cut off: slots {left} to {RECORDS - 1} are missing" in said(file, capsys)


def test_a_chain_made_anew_is_found_by_the_pump(
    fake: FakePump, file: Path, memory: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    """Else who can make a chain anew can say what he likes."""
    forged = [bytearray(record) for record in memory]
    struct.pack_into("<I", forged[100], 36, 1)
    for at in range(100, RECORDS - 70):
        if at > 100:
            forged[at][-8:-4] = forged[at - 1][-4:]
        crc.put(forged[at], FRAM_SLOT - crc.SIZE)
    fake.memory = [bytes(record) for record in forged]
    other = file.with_name("forged.jsonl")
    assert pulled(fake, other) == 0 and tool("check", other) == 0
    fake.memory = list(memory)
    capsys.readouterr()
    assert tool("check", file, "--pump", "--port", fake.port) == 0
    assert "each as the pump holds it" in capsys.readouterr().out
    assert tool("check", other, "--pump", "--port", fake.port) == 1
    assert "slot 100: the pump has another record there" in capsys.readouterr().out


def _damaged(memory: list[bytes]) -> list[bytes]:
    return [*memory[:40], b"\x5a" * FRAM_SLOT, *memory[41:]]


def _gap(memory: list[bytes]) -> list[bytes]:
    return memory[:40] + memory[43:]


def _unchained(memory: list[bytes]) -> list[bytes]:
    record = bytearray(memory[40])
    record[-8] ^= 1
    crc.put(record, FRAM_SLOT - crc.SIZE)
    return [*memory[:40], bytes(record), *memory[41:]]


def _headless(memory: list[bytes]) -> list[bytes]:
    return memory[: RECORDS - 70] + memory[RECORDS - 69 :]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (_damaged, "line 44, slot 40: damaged in the pump's memory"),
        (_gap, "line 44, slot 40: records 40 to 42 are missing: the pump could not store them"),
        (_unchained, "line 44, slot 40: record 40 is not chained to record 39"),
        (_headless, f"slot {RECORDS - 70}: record {BLOCK + 1} follows record {RECORDS - 71}: a power-on's first"),
    ],
)
def test_what_is_wrong_in_the_pump_itself_is_told_apart(
    spoil: Callable[[list[bytes]], list[bytes]], what: str, fake: FakePump, memory: list[bytes], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Else a pump that lost records is taken for a person who removed them, or the other way round."""
    monkeypatch.setattr(pull, "AGAIN_S", 0)
    fake.memory = spoil(list(memory))
    assert pulled(fake, tmp_path / "a.jsonl") == 1
    assert what in capsys.readouterr().out
    assert not reading.of_file(reading.read(tmp_path / "a.jsonl"))


# -- the pump's memory is freed


@pytest.mark.req("INT-12", "SEC-3")
def test_only_a_whole_file_and_a_pump_in_service_mode_free_the_memory(
    fake: FakePump, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a slip of the hand, or whoever is on the line, takes a pump's log away."""
    monkeypatch.setattr(service_mode, "REPL_S", 0.5)
    monkeypatch.setattr(service_mode, "ANSWER_S", 0.2)

    def refuses(*words: object) -> str:
        capsys.readouterr()
        assert tool("clear", file, "--port", fake.port, *words) == 2
        return capsys.readouterr().err

    assert "add --yes" in refuses() and fake.seen == []
    assert "not in service mode" in refuses("--yes") and fake.seen == []
    whole = file.read_bytes()
    file.write_bytes(whole + b"{")
    assert "interrupted" in refuses("--yes")
    file.write_bytes(whole[:-1000])
    assert "not whole, behind line" in refuses("--yes")


# -- what is shown


def test_show_words_the_records_as_the_monitor_does(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a reviewer has to read numbers."""
    capsys.readouterr()
    assert tool("show", file, "--from", 5, "--to", 6) == 0
    out = capsys.readouterr().out
    assert out == "    5    0     02:10.4  2026-11-30 08:00:00 UTC  wrong bag: not accepted (TLR-X-9999)\n"
    assert tool("show", file, "--kind", "boot") == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in shown] == [["0", "0"], [f"{RECORDS - 70}", "1"]]
    assert tool("show", file, "--kind", "boots") == 2 and "did you mean boot" in capsys.readouterr().err


def test_an_export_holds_every_record_once(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a table of the session lacks what was left out of it; a scanned text is a formula in a spreadsheet."""
    table, lines = tmp_path / "a.csv", tmp_path / "b.jsonl"
    assert tool("export", file, "--csv", "-o", table) == 0 and tool("export", file, "--jsonl", "-o", lines) == 0
    rows = list(csv.DictReader(table.open()))
    documents = [json.loads(line) for line in lines.open()]
    assert [int(row["slot"]) for row in rows] == [document["slot"] for document in documents]
    rejected = [document for document in documents if document["event"] == "bag_rejected"]
    assert {document["content"] for document in rejected} == {b"TLR-X-9999".ljust(m.DATA_BYTES, b"\0").hex()}
    assert len(documents) + len(rejected) == RECORDS
    assert (rows[1]["event"], rows[1]["state"], rows[1]["total_ml"]) == ("alarm_raised", "running", "1.8734")
    capsys.readouterr()
    assert tool("export", file, "--csv", "--kind", "boot") == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("slot,seq,boot,t_ms,pump_clock,event")
    assert tool("export", file, "--csv", "-o", table) == 2


def test_another_firmwares_records_are_told_apart(
    fake: FakePump, memory: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else after an update the old records are read with the new names, or taken for damage."""
    fake.memory = written(4, 0, 0x0BADCAFE) + written(70, BLOCK)
    path = tmp_path / "a.jsonl"
    assert pulled(fake, path) == 0
    capsys.readouterr()
    assert tool("show", path, "--to", 4) == 0
    shown = capsys.readouterr().out.splitlines()
    assert all("firmware with contract 0badcafe: event" in line for line in shown[:4]) and "switched on" in shown[4]
    assert tool("export", path, "--jsonl", "--to", 0) == 0
    assert json.loads(capsys.readouterr().out)["contract"] == "0badcafe"


def test_a_log_of_another_contract_is_read_with_its_own_names_and_not_gone_on_with(
    fake: FakePump, memory: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Else an old log cannot be read after an update, or is read wrongly."""
    path = tmp_path / "a.jsonl"
    fake.memory, older = written(6, 0, 0x0BADCAFE), form.names()
    older["events"][events.ALARM_RAISED] = "alarm_of_old"
    with monkeypatch.context() as patch:
        patch.setattr(form, "names", lambda: older)
        opening = form.opening({"version": "0.0.9", "build": "b", "git": "g", "contract": 0x0BADCAFE}, 100_000)
    with keeping.Keeper.create(path, opening) as keeper:
        keeper.append(fake.memory)
    assert tool("check", path) == 0 and "of firmware 0.0.9 with contract 0badcafe: read by" in capsys.readouterr().out
    assert tool("show", path, "--from", 1, "--to", 1) == 0
    assert capsys.readouterr().out.endswith("UTC  alarm_of_old\n")
    assert pulled(fake, path) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and "firmware 0.0.9 with contract 0badcafe" in err and "another file" in err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "does not begin as a pump's log"),
        (b'{"kind":"session","format":1}\n', "session log of `toleramp monitor`"),
        (b'{"kind":"pump-log","format":2}\n', "of format 2, this tool reads 1"),
        (b'{"kind":"pump-log","format":1}\n', "its first line was changed"),
        (b"[1]\n", "does not begin as a pump's log"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_log_is_one_line(
    content: bytes | None, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a traceback, or silence about a file of something else."""
    path = tmp_path / "a.jsonl"
    if content is not None:
        path.write_bytes(content)
    for verb in (["check"], ["show"], ["export", "--csv"]):
        assert tool(verb[0], path, *verb[1:]) == 2
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1 and what in err
