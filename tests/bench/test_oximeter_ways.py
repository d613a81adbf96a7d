"""Every way in which an oximeter may fail, of every format, as the pump's own reader sees it (VIT-2, VIT-3, VIT-5)."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pytest
from oximeter_sessions import judged
from simulator_kit import Told

from oximeters import contec9 as device_side
from pump.tables import vitals
from pump.tables.oximeters import NAMES
from toleramp.errors import UserError
from toleramp.oximeter.samples import HELD
from toleramp_bench.devices import contec9
from toleramp_bench.devices.happenings import Happenings
from toleramp_bench.devices.traces import read_trace
from toleramp_bench.targets.slow_oximeter import SlowOximeter

SENSOR_OFF, OUT_OF_TRACK, ARTIFACT, LOW_PERFUSION, LOW_BATTERY, FROZEN = vitals.NAMES[1:7]
# What a format has no way to say, or says otherwise.
FRAMES_OF_60 = ("bci5", "contec9")
NO_FLAGS = ("nonin-ascii",)  # dashes are all that it has
SAYS = {
    "perfusion=low": (LOW_PERFUSION, {"nellcor-ascii"}),
    "artifact": (ARTIFACT, {*FRAMES_OF_60, "masimo-ascii", "nellcor-ascii"}),  # monitors: in doubt
    "low_battery": (LOW_BATTERY, {"nonin-df1", *FRAMES_OF_60}),
    "out_of_track": (OUT_OF_TRACK, set()),
    "off": (SENSOR_OFF, {"nonin-df1"}),
    "sensor_out": (SENSOR_OFF, set()),
    "freeze": (FROZEN, {"nonin-df1", "nonin-df8"}),
}
VALUELESS = ("out_of_track", "off", "sensor_out")


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", NAMES)
def test_what_a_device_says_of_itself_is_said(form: str) -> None:
    """Else a way of failing is tried that the bytes do not show; and each is over when it is over."""
    told = Told(form)
    assert told.run(12)[-1].valid
    for word, (flag, never) in SAYS.items():
        told.say(word)
        *before, last = told.run(7)
        if form not in never and (form not in NO_FLAGS or word == "freeze"):  # of a beat, where one is in the packet
            assert any(flag in sample.flags for sample in [*before[-2:], last]), (word, last)
        assert not (word in VALUELESS and last.valid), (word, last)
        told.say("perfusion=good" if "=" in word else f"{word}=false")
        after = told.run(9.5)[-1]
        assert (after.spo2, after.pulse, after.valid, after.flags) == (97, 72, True, ()), word


@pytest.mark.req("VIT-2")
def test_display_values_are_held_ten_seconds_and_no_longer() -> None:
    """Else the bench's hold is not the device's."""
    told = Told("nonin-df8")
    told.run(12.5)
    told.say("off")
    samples = told.run(15)
    held = [HELD in sample.flags for sample in samples]
    assert held == [True] * held.count(True) + [False] * held.count(False) and 9 <= held.count(True) <= 11
    assert not any(sample.valid for sample in samples) and samples[-1].spo2 is None


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", NAMES)
def test_a_bad_line(form: str) -> None:
    """Silence is silence, damage is damage, and each as bad as was said."""
    told = Told(form)
    told.run(12)
    for word in ("unplug", "power_off"):
        told.say(word)
        told.run(1)
        assert not told.run(2) and not told.line.take()
        told.silence()
        told.say(f"{word}=false")
        assert told.run(10)[-1].valid
    sent, wire = told.session.bytes, told.session
    told.say("noise=0.1 drop=0.05")
    before = told.rejected
    told.run(12)
    sent = told.session.bytes - sent
    assert told.rejected > before
    assert (
        abs(wire.spoilt - 0.1 * sent) < 5 * (0.1 * sent) ** 0.5
        and abs(wire.lost - 0.05 * sent) < 5 * (0.06 * sent) ** 0.5
    )
    told.say("noise=0 drop=0 baud=4800")
    told.run(3)
    assert not any(sample.valid and not sample.flags for sample in told.run(6)), "the pump listens at another rate"


@pytest.mark.req("VIT-1")
def test_a_device_that_wants_to_be_asked() -> None:
    """Silent until it is started, awake while it is spoken to, and it answers as the device does."""
    told = Told("contec9")
    assert not told.run(5, asked=False)
    told.session.hear(contec9.KEEP_ALIVE)
    assert not told.run(2, asked=False), "a keep-alive starts nothing"
    told.session.hear(device_side.START)
    assert len(told.run(25, asked=False)) > 90
    told.session.hear(device_side.KEEP_ALIVE)
    assert len(told.run(29, asked=False)) > 100
    assert len(told.run(29, asked=False)) < 8, "nobody spoke to it for thirty seconds"
    told.session.hear(device_side.START)
    told.run(2, asked=False)
    told.session.hear(contec9.STOP + contec9.command(0xAC))
    told.session.run_to(told.session.now_ns + 10**8)
    assert told.line.take().endswith(bytes.fromhex("0c80 0e8081"))
    assert not told.run(2, asked=False)
    told.session.hear(contec9.START)
    told.run(3, asked=False)
    told.say("power_off")
    (gone,) = told.run(1, asked=False)
    assert gone.flags == (SENSOR_OFF,), "it says that it goes off"


# -- recorded values

NIGHT = "0,97,72\n1.5,91,140\n3,127,255\n5,88,60\n6,88,60\n"


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", ["nonin-df2", "nonin-df8", "contec9", "masimo-ascii"])
def test_a_recording_is_said_as_it_was(form: str, tmp_path: Path) -> None:
    """Else a recorded night is not what the pump gets."""
    path = tmp_path / "night.csv.gz"
    path.write_bytes(gzip.compress(("time,spo2,pulse\n" + NIGHT.replace("1.5", "3").replace("3,127", "6,127")
                                    .replace("5,88", "12,88").replace("6,88", "20,88")).encode()))  # fmt: skip
    told = Told(form)
    told.run(9)
    told.say(f"trace={path}")
    said = [(each.spo2, each.pulse) if each.valid else (None, None) for each in told.run(18)]
    kept = [value for number, value in enumerate(said) if number == 0 or value != said[number - 1]]
    wanted = [(97, 72), (91, 140), (None, None), (88, 60)]
    assert kept == wanted, kept
    assert told.run(20)[-1].spo2 == 88, "its patient stays as the last row left it"


@pytest.mark.req("TST-1")
def test_how_a_recording_is_read(tmp_path: Path) -> None:
    """Times or intervals, with names or without; what is no value is none; bad rows are told."""
    path = tmp_path / "trace.csv"
    path.write_text(NIGHT)
    rows = read_trace(path).rows
    assert rows == ((97, 72, 1.5), (91, 140, 1.5), (None, None, 2), (88, 60, 1), (88, 60, 1))
    path.write_text("pulse,x,interval,spo2\n72,0,0.0,97\n70,0,0.8,96\n,0,0.9,---\n")
    trace = read_trace(path)
    assert trace.by_interval and trace.rows == ((97, 72, 0.8), (96, 70, 0.9), (None, None, 1))
    path.write_text("0.0,97,76,85\n0.9,97,75,3\n0.8,96,74,4\n")
    assert read_trace(path).by_interval and read_trace(path).seconds == pytest.approx(2.7)
    for text, words in (
        ("", "no row"),
        ("time,spo2\n1,2\n", "no column is called pulse"),
        ("0,97\n", "row 1: 2 columns"),
        ("0,97,72\n1,197,72\n", "row 2: 197 cannot be"),
        ("0,97,72\nsoon,97,72\n", "row 2: 'soon' is no number"),
        ("time,spo2,pulse\n5,97,72\n4,97,72\n", "the time goes back"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=words):
            read_trace(path)
    path.write_bytes(b"\x1f\x8b broken")
    with pytest.raises(UserError, match="damaged"):
        read_trace(path)


@pytest.mark.req("VIT-2", "TST-1")
def test_a_recorded_night(shared_folder: Path) -> None:
    """Where it is there: it is read, with its length, its lowest value and its gaps."""
    folder = shared_folder / "oximeters" / "traces"
    trace = read_trace(folder / "cms50dplus_night_alarm_off.csv.gz")
    assert trace.by_interval and trace.seconds / 3600 == pytest.approx(6.72, abs=0.01)
    assert min(row[0] for row in trace.rows if row[0] is not None) == 81
    assert sum(row[0] is None for row in trace.rows) > 0


FALLING = """[[event]]
id = "night"
after = "step_started"
plus = "00:00:01"
do = "oximeter"
trace = "night.csv"
[[expect]]
event = "paused"
of = "night"
code = "spo2-stop"
not_before_s = 13
within_s = 17
"""


@pytest.mark.req("TST-1", "VIT-1")
def test_a_scenario_names_a_recording(tmp_path: Path) -> None:
    """Beside it; one that is not there is a fault of the file."""
    with pytest.raises(UserError, match="cannot be read"):
        judged(tmp_path, "nonin-df2", "core", FALLING)
    (tmp_path / "night.csv").write_text("0,97,72\n4,91,72\n30,91,72\n")
    (row,) = judged(tmp_path, "nonin-df2", "core", FALLING)
    assert row["met"], row


@pytest.mark.req("TST-1")
def test_an_oximeter_without_bytes_fails_in_the_same_ways() -> None:
    """Else a slow scan, and a campaign, try another oximeter than the bench's."""

    class Clock:
        now_us = 0

    clock = Clock()
    device = SlowOximeter(clock)
    where = Happenings(Random(1), lambda ms, call: None, lambda data: None)
    wanted = {
        "perfusion": ("low", "good", LOW_PERFUSION), "out_of_track": (True, False, OUT_OF_TRACK),
        "sensor_out": (True, False, SENSOR_OFF), "freeze": (True, False, FROZEN),
    }  # fmt: skip
    for key, (begins, ends, flag) in wanted.items():
        assert where.happen(device, {key: begins}) and device.samples.take(bytearray(), 1)
        assert device.samples.flags & 1 << vitals.NAMES.index(flag), key
        where.happen(device, {key: ends})
        assert device.samples.take(bytearray(), 1) and device.samples.flags == vitals.VALID, key
    where.happen(device, {"power_off": True})
    assert not device.samples.take(bytearray(), 1)
    where.happen(device, {"power_off": False, "samples": [[90, 60, 2]], "repeat": 2})
    for at_s, said in ((1, 90), (3.9, 90), (4, 90)):
        clock.now_us = round(at_s * 1e6)
        assert device.samples.take(bytearray(), 1) and device.samples.spo2 == said
    assert not where.happen(device, {"noise": 0.5}), "there are no bytes to spoil"
