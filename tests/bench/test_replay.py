"""A recorded run, run again: every decision is the pump's, and what was changed, lost or of another pump is told."""

from __future__ import annotations

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from long_form import some

from pump.io import CONFIRM
from pump.link import inputs
from pump.tables import messages as m
from toleramp.approval.key_files import Person
from toleramp.cli import main
from toleramp.device.loading import load_requests
from toleramp.device.signing import Signer
from toleramp.errors import UserError
from toleramp.live.session_log import Record
from toleramp.replay.scans import Bytes, beginning, scan
from toleramp.replay.whole import Piece, replay
from toleramp_bench.boards.core_pump import SEED, CorePump, keyring_of
from toleramp_bench.evidence.replays import FAULTS, equal, recorded
from toleramp_bench.evidence.signed import KEYS, OTHER, PERSON, signed_blob
from toleramp_bench.figures.measure import standard_blob
from toleramp_bench.targets import core
from toleramp_bench.targets.recorded import RecordedCore

SECOND_US = 1_000_000
FORGER = Person(PERSON.id, "", OTHER.key)


@pytest.mark.parametrize("name", some(FAULTS, 4))
def test_the_core_decides_again_what_it_decided(name: str, tmp_path: Path) -> None:
    """Else a replay shows differences that are its own."""
    pieces = recorded(name, "core", tmp_path / "log.jsonl")
    assert equal(pieces) and pieces[0].outcome.begins == "power-on"
    assert sum(piece.outcome.records for piece in pieces) >= 10


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """The log of a run in which the patient's saturation falls."""
    path = tmp_path_factory.mktemp("replay") / "log.jsonl"
    recorded("desaturation-deep", "core", path)
    return [json.loads(line) for line in path.read_text().splitlines()]


def joined(lines: list[Record]) -> bytes:
    """The bytes of its one recording."""
    return b"".join(base64.b64decode(line["data"]) for line in lines if line["kind"] == "inputs")


def put_back(lines: list[Record], data: bytes, path: Path) -> Path:
    """The log with these bytes instead."""
    kept = [line for line in lines if line["kind"] != "inputs"]
    one = next(line for line in lines if line["kind"] == "inputs")
    kept.append(one | {"at": 0, "data": base64.b64encode(data).decode()})
    path.write_text("".join(json.dumps(line) + "\n" for line in kept))
    return path


def places(data: bytes) -> list[int]:
    """Where each scan begins."""
    source, found = Bytes(data), []
    beginning(source)
    while source.at < len(data):
        found.append(source.at)
        scan(source)
    return found


@pytest.mark.parametrize("which", [1, 400, 1200])
def test_a_changed_byte_is_found_at_its_scan(which: int, lines: list[Record], tmp_path: Path) -> None:
    """Else a recording proves what never happened."""
    data = bytearray(joined(lines))
    at = places(bytes(data))[which - 1]
    data[at + 3] ^= 1
    piece = replay(str(put_back(lines, bytes(data), tmp_path / "log.jsonl")))[0]
    found = piece.outcome.difference
    assert found and found.damage and found.scan == which and not piece.proved


def with_another_key(data: bytes, which: int) -> bytes:
    """A recording in which CONFIRM goes down in a scan, and up in the next, each sum as if the pump had written it."""
    from pump.link import inputs, laid

    source = Bytes(data)
    beginning(source)
    made, total = bytearray(data[: source.at]), 1
    for number in range(1, which + 8):
        given = scan(source)
        body = bytearray(given.data[:-1])
        if number in (which, which + 6) and not given.bits & inputs.KEYS:
            body[0] |= inputs.KEYS
            body[2:2] = bytes([CONFIRM if number == which else 0])
        total = laid.sum_of(body, len(body), total)
        made += body + bytes([total & 255])
    return bytes(made)


def test_another_input_is_another_decision(lines: list[Record], tmp_path: Path) -> None:
    """Else the sums are all that is compared: a key that nobody pressed, well told, changes what the core does."""
    piece = replay(str(put_back(lines, with_another_key(joined(lines), 500), tmp_path / "log.jsonl")))[0]
    found = piece.outcome.difference
    assert found and not found.damage and 500 < found.scan <= 506
    assert found.pump != found.core and "records" in found.core
    assert any(values.get("buttons") == CONFIRM for _, values in found.before)


def watched(seconds_without: int) -> tuple[RecordedCore, list[Record]]:
    """A pump whose laptop is away for so long."""
    target = RecordedCore()
    target.start(True)
    target.board.run_to(3 * SECOND_US, lambda: False)  # bench mode is given
    assert target.load(standard_blob()) == ""

    def passes(seconds: int, pings: bool) -> None:
        for _ in range(seconds):
            if pings:
                target.host("ping")
            until = target.now_us + SECOND_US
            while target.now_us < until:
                target.run_to(until)
                target.records()

    passes(20, True)
    passes(seconds_without, False)
    passes(40, True)
    target.tap.head(target.form, target.build)
    return target, target.tap.lines


def of(target: RecordedCore, path: Path) -> list[Piece]:
    """The replay of what it has recorded."""
    target.tap.save(path)
    return replay(str(path))


def test_a_short_cut_of_the_line_costs_nothing(tmp_path: Path) -> None:
    """Else each loose plug ends a recording."""
    target, _ = watched(8)
    pieces = of(target, tmp_path / "log.jsonl")
    assert len(pieces) == 1 and pieces[0].proved and pieces[0].outcome.last > 60 * 50


def test_a_long_cut_is_told_and_a_new_recording_begins(tmp_path: Path) -> None:
    """Else what is missing counts as equal."""
    target, _ = watched(120)
    first, second = of(target, tmp_path / "log.jsonl")
    assert first.outcome.difference is None and not first.proved
    assert first.run.last_scan > first.outcome.last + 1000 and "full" in first.run.why
    assert second.outcome.begins == "within a power-on" and second.outcome.difference is None
    assert second.outcome.first >= first.run.last_scan and second.outcome.scans > 500


def test_what_cannot_be_replayed_is_one_line(lines: list[Record], tmp_path: Path) -> None:
    """Else an old recording looks like a pump that decides otherwise."""
    other = [dict(line) for line in lines]
    data = bytearray(joined(lines))
    data[3] ^= 1  # a letter of the core's name
    path = put_back(other, bytes(data), tmp_path / "core.jsonl")
    with pytest.raises(UserError, match="recorded from firmware .* core"):
        replay(str(path))
    head: dict[str, Any] = lines[0] | {"pump": lines[0]["pump"] | {"contract": "01020304"}}
    path = put_back([head, *lines[1:]], joined(lines), tmp_path / "contract.jsonl")
    with pytest.raises(UserError, match="contract 01020304"):
        replay(str(path))
    path.write_text(json.dumps(lines[0]) + "\n")
    with pytest.raises(UserError, match="no recording"):
        replay(str(path))
    path.write_text('{"kind":"pump-log","format":1}\n')
    with pytest.raises(UserError, match="not each scan's inputs"):
        replay(str(path))


def test_the_command_says_what_is_proved_and_exits_by_it(
    lines: list[Record], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a script takes a difference for none."""
    data = joined(lines)
    good, bad = put_back(lines, data, tmp_path / "good.jsonl"), tmp_path / "bad.jsonl"
    put_back(lines, with_another_key(data, 500), bad)
    assert main(["replay", str(good)]) == 0
    assert "every decision equal up to scan" in capsys.readouterr().out
    assert main(["replay", str(bad)]) == 1
    said = capsys.readouterr().out
    assert "DIFFERENCE at scan 50" in said and "keys confirm" in said and "pump" in said
    assert main(["replay", str(bad), "--json"]) == 1
    first = json.loads(capsys.readouterr().out)["runs"][0]
    assert 500 < first["difference"]["scan"] <= 506 and first["last_equal_scan"] == first["difference"]["scan"] - 1
    assert main(["replay", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl: cannot be read" in capsys.readouterr().err


def _challenged(target: RecordedCore, signer: Signer) -> None:
    """Somebody with a key asks for a challenge."""
    target.board.listening = True
    target._send(target.line._encode(m.CHALLENGE_GET, data=signer.person.id.encode()))
    for _ in range(50):
        target.board.run_to(target.now_us + target.scan_us, lambda: False)
        for message in target.line.wire.feed(target._take_sent()):
            if message.type == m.CHALLENGE[0]:
                signer.take(message.fields)
                return
    raise AssertionError("no challenge")


def _loaded(target: RecordedCore, signer: Signer, blob: bytes) -> str:
    """What the pump says to a load with that key."""
    code = ""
    for layout, fields in load_requests(blob):
        code = code or target._ask(target.line._encode(m.SIGNED, **signer.sign(layout, fields)))
    return code


@pytest.mark.req("SEC-1", "INT-5")
@pytest.mark.parametrize(
    ("person", "blob", "code"),
    [(PERSON, signed_blob(), ""), (PERSON, standard_blob(), "approval"), (FORGER, signed_blob(), "key-wrong")],
)
def test_what_keys_proved_is_taken_from_the_recording(
    person: Person, blob: bytes, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a replay needs the keys of people, or takes what the pump refused; and none of their bytes is in it."""
    monkeypatch.setattr(core, "Controller", partial(core.Controller, keyring=keyring_of(KEYS), seed=SEED))
    target = RecordedCore()
    target.start(False)
    target.board.run_to(SECOND_US, lambda: False)
    target.tap.busy = True
    signer = Signer(person)
    _challenged(target, signer)
    assert _loaded(target, signer, blob) == code
    target.tap.busy = False
    for _ in range(100):
        target.host("ping")
        target.run_to(target.now_us + SECOND_US // 10)
        target.records()
    target.tap.head(target.form, target.build)
    pieces = of(target, tmp_path / "log.jsonl")
    assert pieces[0].proved and pieces[0].outcome.records >= 1 and pieces[0].outcome.last > 50
    assert not any(bytes(key)[:8] in bytes(pieces[0].run.data) for key in KEYS.values() if key)
    assert SEED[:8] not in bytes(pieces[0].run.data)


def test_where_there_is_no_memory_there_is_no_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a laptop that asks for one resets the pump."""

    def none_left(size: int) -> bytearray:
        raise MemoryError

    pump = CorePump(20_000)
    monkeypatch.setattr(inputs, "bytearray", none_left, raising=False)
    recorder = pump.controller.link.recorder
    recorder.begin(pump.controller)
    pump.scan()
    assert recorder.stands == inputs.OFF
