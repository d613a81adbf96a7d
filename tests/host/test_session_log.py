"""The session log: what is written is read, torn lines included, and the names are those of the contract."""

from pathlib import Path

import pytest
from fake_pump import PL_PULSE, event_fields, status_fields

from pump.io import START, STOP, UP
from pump.tables import causes, oximeters, refusals
from pump.tables import messages as m
from toleramp.errors import UserError
from toleramp.live import session_log as log
from toleramp_bench.names import OXIMETERS

PUMP = {"version": "0.1.0", "build": "b1", "git": "abc", "fingerprint": "8F3C0000", "mode": 1}
HELLO = PUMP | {"contract": 1, "oximeter": oximeters.BCI5, "reads": oximeters.NONIN_DF2, "kept": 1}


def written(path: Path) -> log.Log:
    with log.Writer(path) as writer:
        writer.write(log.session_record(HELLO, {"name": "x", "fingerprint": "8F3C0000"}))
        writer.write(log.status_record(status_fields()))
        writer.write(log.event_record(event_fields(5, "step_started"), PL_PULSE))
        writer.write(log.link_record("lost", 130_400))
    return log.read(path)


def test_round_trip(tmp_path: Path) -> None:
    read = written(tmp_path / "a.jsonl")
    assert [r["kind"] for r in read.records] == ["session", "status", "event", "link"]
    assert not read.torn
    session = read.records[0]
    assert session["format"] == 1
    assert session["pump"].pop("oximeter") == {"set": OXIMETERS.BCI5, "reads": OXIMETERS.NONIN_DF2, "kept": True}
    assert session["pump"] == PUMP | {"contract": "00000001"}
    assert next(read.of("link"))["what"] == "lost"


def test_status_has_names_and_figures() -> None:
    record = log.status_record(status_fields(hold_code=causes.SPO2_STOP, vitals=1 | 8, alarm=1))
    assert (record["state"], record["hold"], record["alarm"]) == ("running", "spo2-stop", "spo2-stop")
    assert record["vitals"] == ["valid", "artifact"]
    assert (record["t_ms"], record["t_s"], record["t_part_ms"]) == (130_400, 130, 400)
    assert (record["rate_ml_h"], record["step_ml"], record["target_ml"]) == (10.0, 0.1234, 2.5)
    assert (record["total_ml"], record["rate_e4"], record["total_pulses"]) == (1.8734, 100_000, 18_734)
    assert set(m.STATUS[2].split()) <= set(record)


def test_absent_is_null() -> None:
    record = log.status_record(status_fields(spo2=255, pulse=65535, solution=255, alarm=0, hold_code=0))
    assert [record[name] for name in ("spo2", "pulse", "solution", "alarm", "hold")] == [None] * 5
    assert log.status_record(status_fields(alarm=255))["alarm"] is None


@pytest.mark.parametrize(
    ("event", "code", "name"),
    [
        ("paused", causes.SPO2_STOP, "spo2-stop"),
        ("reaction", causes.SEVERE, "severe"),
        ("alarm_raised", 1, "spo2-stop"),
        ("load_refused", refusals.DOSE_SUM, "dose-sum"),
        ("completed", 0, None),
        ("boot", 3, None),
        ("stopped", 0, None),
        ("pressed", START, "start"),
        ("pressed", STOP | UP, "up+stop"),
        ("pressed", 0, None),
        ("paused", 200, "200"),  # a code of a newer pump
    ],
)
def test_codes_by_event(event: str, code: int, name: str | None) -> None:
    record = log.event_record(event_fields(1, event, code=code, arg=-4), PL_PULSE)
    assert (record["event"], record["code"], record["arg"]) == (event, name, -4)
    assert record["total_ml"] == 1.8734


@pytest.mark.req("INT-5")
def test_a_torn_last_line_is_dropped_and_a_later_run_goes_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    whole = written(path).records
    path.write_bytes(path.read_bytes()[:-9])
    torn = log.read(path)
    assert torn.torn and torn.records == whole[:-1]
    again = written(path)
    assert not again.torn and [r["kind"] for r in again.records].count("session") == 2


def test_every_cut_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    whole = written(path).records
    data = path.read_bytes()
    for cut in range(data.index(b"\n"), len(data)):
        path.write_bytes(data[:cut])
        read = log.read(path)
        assert read.records == whole[: len(read.records)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: does not begin"),
        ("{}\n", "line 1: not a record"),
        ('{"kind":"status"}\n', "line 1: does not begin"),
        ('{"kind":"session","format":2}\n', "log format 2"),
        ('{"kind":"session","format":1}\nrubbish\n{"kind":"status"}\n', "line 2: not a record"),
    ],
)
def test_what_is_no_log(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        log.read(path)
    assert said in str(caught.value)


def test_a_log_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write the log"):
        log.Writer(tmp_path / "none" / "a.jsonl")
    with pytest.raises(UserError, match="cannot be read"):
        log.read(tmp_path / "none.jsonl")
