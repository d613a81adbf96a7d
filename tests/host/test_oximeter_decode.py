"""`toleramp oximeter decode`: what a recorded stream says, by the pump's own readers (VIT-2, VIT-3)."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pump.tables import vitals
from pump.tables.oximeters import NAMES
from toleramp import cli
from toleramp.oximeter.samples import HELD
from toleramp_bench.devices import nonin_df2, nonin_df8
from toleramp_bench.devices.nonin_df2 import FRAMES, Values
from toleramp_bench.evidence.oximeter_lines import per_reading, stream
from toleramp_bench.names import OXIMETERS

SENSOR_OFF = vitals.NAMES[1]
SUMMED = (OXIMETERS.NONIN_DF2, OXIMETERS.NONIN_DF7)


@pytest.fixture
def decoded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command makes of some bytes: exit code, JSON objects, standard error."""

    def run(form: str, data: bytes) -> tuple[int, list[dict[str, Any]], str]:
        path = tmp_path / "stream.bin"
        path.write_bytes(data)
        code = cli.main(["oximeter", "decode", "--format", form, str(path), "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return run


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", NAMES)
def test_every_format_is_decoded_a_line_a_sample(form: str, decoded: Any) -> None:
    """Else nobody can see what a device says but on the pump's screen."""
    packets = stream(form, 10 * per_reading(form), 91, 140)
    code, rows, err = decoded(form, b"".join(packets[:5]) + b"\xff\xfe\xff" + b"".join(packets[5:]))
    *samples, last = rows
    assert code == 0 and not err
    assert {row["format"] for row in samples} == {form}
    said = [(row["spo2"], row["pulse"], row["valid"], row["flags"]) for row in samples]
    assert said[-1] == (91, 140, True, []) and len(samples) >= 3
    assert [row["byte"] for row in samples] == sorted({row["byte"] for row in samples})
    assert last["summary"]["samples"] == len(samples) and last["summary"]["rejected"] >= 3
    assert last["summary"]["resyncs"] == 1 and last["summary"]["fits"]
    clocks = [row["time"] for row in samples]
    assert clocks == sorted(set(clocks)) if form.endswith("-ascii") else set(clocks) == {None}
    counted = [row["since_s"] for row in samples]
    if form in SUMMED:
        assert counted[0] == 0 and counted[-1] == 3, "a packet was lost, and its time was not"
    else:
        assert set(counted) == {None}


@pytest.mark.req("VIT-2")
def test_a_held_value_is_none_that_counts(decoded: Any) -> None:
    """Else ten seconds of an empty probe look like a patient."""
    alarm = [nonin_df2.SENSOR_ALARM] * FRAMES
    held = Values(spo2_d=96, hr_d=70)
    _, rows, _ = decoded("nonin-df8", nonin_df8.packet(held, alarm, []) * 4 + nonin_df8.packet(Values(), alarm, []))
    for row in rows[:-2]:
        assert (row["spo2"], row["pulse"], row["valid"]) == (96, 70, False) and row["flags"] == [SENSOR_OFF, HELD]
    assert (rows[-2]["spo2"], rows[-2]["valid"], rows[-2]["flags"]) == (None, False, [SENSOR_OFF])


@pytest.mark.req("VIT-2")
def test_people_read_what_counts_and_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a pipe."""
    off = nonin_df2.packet(Values(tmr=3), [nonin_df2.SENSOR_ALARM] * FRAMES, range(FRAMES))
    line = b"".join(stream("nonin-df2", 2)) + off
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
    assert cli.main(["oximeter", "decode", "--format", "nonin-df2", "-"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "     0.00 s  SpO2  97 %  pulse  72/min  valid" and rows[1].startswith("     0.33 s ")
    assert f"SpO2  -- %  pulse  --/min  not valid: {SENSOR_OFF}" in rows[2]
    said = "nonin-df2 fits: 3 readings, 2 of them valid; 0 of 375 bytes rejected; lock lost 0 times"
    assert rows[3:] == [said]


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(
    ("form", "first"), [("bci5", "byte 90        "), ("masimo-ascii", "00:00:01  "), ("nonin-df8", "byte 8         ")]
)
def test_where_a_reading_stands(form: str, first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else nobody finds in a recording what a line is about: by the device's clock, or else by the byte."""
    path = tmp_path / "stream.bin"
    path.write_bytes(b"".join(stream(form, 4 * per_reading(form))))
    assert cli.main(["oximeter", "decode", "--format", form, str(path)]) == 0
    assert capsys.readouterr().out.startswith(first)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("other", NAMES)
def test_no_format_but_its_own_fits_a_device_s_bytes(other: str, decoded: Any) -> None:
    """Else somebody sets a format that the pump then does not read. The last line and the exit code say so."""
    line = b"".join(stream(other, 9 * per_reading(other)))
    for form in NAMES:
        code, rows, err = decoded(form, line)
        assert (code, rows[-1]["summary"]["fits"]) == ((0, True) if form == other else (1, False)), form
        assert (f"{other} fits these bytes" in err) == (form != other)


@pytest.mark.req("VIT-2")
def test_a_stream_that_is_mostly_rubbish_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else a script takes a recording at a wrong rate for a good one, because a packet of it could be read."""
    path = tmp_path / "stream.bin"
    path.write_bytes(b"".join(stream("nonin-df2", 3)) + b"\x55" * 900)
    assert cli.main(["oximeter", "decode", "--format", "nonin-df2", str(path)]) == 1
    out, err = capsys.readouterr()
    last = out.splitlines()[-1]
    assert last.startswith("nonin-df2 does not fit: 3 readings, 3 of them valid; 89") and "of 1275 bytes" in last
    assert err.count("\n") == 1 and "mostly damaged" in err


class Pipe:
    """A pipe from a device: some bytes, then somebody presses Ctrl-C."""

    def __init__(self, data: bytes) -> None:
        self.buffer, self._data = self, [data]

    def read1(self, size: int) -> bytes:
        if not self._data:
            raise KeyboardInterrupt
        return self._data.pop()


def test_ctrl_c_ends_a_pipe_with_what_was_lost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who reads a live device never sees the losses."""
    monkeypatch.setattr(sys, "stdin", Pipe(b"".join(stream("nonin-df2", 2))))
    assert cli.main(["oximeter", "decode", "--format", "nonin-df2", "-", "--json"]) == 130
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["summary"]["samples"] == 2
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["oximeter", "decode", "--format", "nonin-df2", "-"]) == 2


def test_no_sample_is_told_with_what_is_there(decoded: Any) -> None:
    """Else a wrong format is a broken device."""
    for other in ("nonin-df7", "contec9", "masimo-ascii", "nellcor-ascii", "nonin-df8"):
        code, rows, err = decoded(
            "nellcor-ascii" if other != "nellcor-ascii" else "masimo-ascii", b"".join(stream(other, 9))
        )
        assert code == 1 and len(rows) == 1 and rows[0]["summary"]["samples"] == 0
        assert f"{other} fits these bytes: " in err, err
    code, _, err = decoded("nonin-df2", b"".join(stream("nonin-df2", 3)).hex().encode())
    assert code == 1 and "hexadecimal" in err
    code, _, err = decoded("nonin-df2", bytes(300))
    assert code == 1 and "no other format fits" in err


def test_what_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What, where, and what would be right."""
    empty = tmp_path / "empty.bin"
    empty.touch()
    for form, name, words in (
        ("nonin-df3", str(empty), "there are nonin-df2"),
        ("nonin-df2", str(empty), "not one byte"),
        ("nonin-df2", str(tmp_path), "cannot be read"),
        ("nonin-df2", str(tmp_path / "none"), "No such file"),
        ("nonin-df2", "a\0b", "no file name"),
    ):
        assert cli.main(["oximeter", "decode", "--format", form, name]) == 2
        said = capsys.readouterr()
        assert not said.out and said.err.count("\n") == 1 and words in said.err, said.err


def test_reference_vectors(shared_folder: Path, decoded: Any) -> None:
    """Each vector of whole packets is decoded as stated; frames that the pump reads in blocks are repeated."""
    rows = json.loads((shared_folder / "oximeters" / "vectors.json").read_text())["vectors"]
    compared = 0
    for row in rows:
        if row["format"] not in ("nonin-df2", "nonin-df7", "masimo-ascii", "nellcor-ascii") or not row.get("samples"):
            continue
        text = bytes.fromhex(row["hex"]) if "hex" in row else "".join(f"{x}\r\n" for x in row["lines"]).encode()
        _, (*samples, _), _ = decoded(row["format"], text)
        wanted = [(each["spo2"], each["pulse"]) for each in row["samples"]]
        assert [(each["spo2"], each["pulse"]) for each in samples] == wanted, row["id"]
        compared += 1
    assert compared > 20
