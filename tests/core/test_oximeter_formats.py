"""Every oximeter format: values as they were sent, nothing that is held, frozen or flagged taken for a reading of now.

The bench's byte models are the encoders; the reference vectors are read too, where they are at hand (VIT-2, VIT-3).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from oximeter_kit import FORMS, Sample, encode, per_reading, read, stream, sure, vectors, wanted

from oximeters import nonin_df1 as df1
from oximeters.bit7_frames import BLOCK, LOCK
from oximeters.registry import module
from oximeters.registry import parser as parser_of
from pump.io import OX_MAX
from pump.tables import messages as m
from pump.tables import vitals as v
from toleramp_bench.devices import bci5, contec9, nellcor_ascii, nonin_ascii, nonin_df1, nonin_df2, nonin_df8
from toleramp_bench.devices.nonin_df2 import Values

SIXTY = ("bci5", "contec9")  # a pulse of 8 bits, of which 255 is none
TEXT = ("masimo-ascii", "nellcor-ascii", "nonin-ascii")
CLOCKLESS = ("nonin-df1", "nonin-df8")  # neither pleth nor counter nor clock
FLAGGED = tuple(form for form in FORMS if form != "nonin-ascii")  # of that one only dashes say anything
ENOUGH = 6  # packets
# Of data formats 1 and 8 one is the other with a byte more: they have a test of their own.
OTHERS = [(form, other) for form in FORMS for other in FORMS if form != other and {form, other} != set(CLOCKLESS)]


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rate", [18, 63, 64, 127, 128, 140, 254, 255, 256, 300, 321])
def test_rates_beyond_seven_and_eight_bits(form: str, rate: int) -> None:
    """Else a rate of 140 reads as 12, as in eight public drivers."""
    found = sure(read(form, b"".join(stream(form, ENOUGH, pulse=rate))))
    if form in SIXTY and rate > 254:
        assert found == []  # what cannot be said is none, not another one
    else:
        assert len(found) >= 4 and set(found) == {(97, rate)}


@pytest.mark.req("VIT-3", "VIT-2")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("spo2", "valid"), [(0, False), (1, True), (60, True), (100, True), (101, False), (126, False)]
)
def test_spo2_at_the_edges(form: str, spo2: int, valid: bool) -> None:
    """Else 100 % is missing, 60 % is implausible, or 126 % is a value."""
    samples = read(form, b"".join(stream(form, ENOUGH, spo2=spo2)))
    assert set(sure(samples)) == ({(spo2, 72)} if valid else set())
    assert valid or all(said in (m.NONE8, spo2 & ~spo2) for said, _, _ in samples)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("spo2", "rate"), [(None, 72), (97, None), (None, None)])
def test_a_missing_value_is_never_valid(form: str, spo2: int | None, rate: int | None) -> None:
    """Else half a reading keeps the drug flowing."""
    samples = read(form, b"".join(encode(form, spo2, rate, number) for number in range(1, ENOUGH)))
    assert samples and not any(flags & v.VALID for _, _, flags in samples)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", FLAGGED)
@pytest.mark.parametrize(
    ("status", "flag"),
    [
        (nonin_df2.SENSOR_ALARM, v.SENSOR_OFF), (nonin_df2.SENSOR_ALARM | nonin_df2.SENSOR_OFF, v.SENSOR_OFF),
        (nonin_df2.OUT_OF_TRACK, v.OUT_OF_TRACK),
    ],
)  # fmt: skip
def test_numbers_under_a_flag_are_no_reading(form: str, status: int, flag: int) -> None:
    """Else the numbers that a monitor still shows are a patient without a finger in the probe."""
    if form == "nonin-df1" and status == nonin_df2.SENSOR_ALARM:
        status |= nonin_df2.SENSOR_OFF  # data format 1 has one flag for both
    held = b"".join(encode(form, 97, 72, number, status) for number in range(1, ENOUGH))
    samples = read(form, held)
    assert samples and all(flags & flag and not flags & v.VALID for _, _, flags in samples)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", FORMS)
def test_weak_and_disturbed_readings_say_so(form: str) -> None:
    """Else a movement counts as a sure reading, and nobody is told of a cold finger."""
    weak = read(form, b"".join(encode(form, 97, 72, n, nonin_df2.RED) for n in range(1, ENOUGH)))
    moved = read(
        form, b"".join(encode(form, 97, 72, n, nonin_df2.GREEN | nonin_df2.ARTIFACT) for n in range(1, ENOUGH))
    )
    if form not in ("nellcor-ascii", "nonin-ascii"):  # they have no word for it
        assert all(flags & v.LOW_PERFUSION for _, _, flags in weak)
    if form not in (*SIXTY, "nonin-ascii"):
        assert moved and sure(moved) == []
    assert len(sure(weak)) >= 3


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", [form for form in FORMS if form not in CLOCKLESS])
def test_a_stream_that_repeats_itself_is_frozen(form: str) -> None:
    """Else a hung device is a steady patient."""
    good = stream(form, ENOUGH)
    again = good[-1]
    if form in SIXTY:
        again = (bci5 if form == "bci5" else contec9).stuck(good[-1])
    samples = read(form, b"".join(good) + again * 12)
    assert samples[-1][2] & v.FROZEN and not samples[-1][2] & v.VALID
    back = read(form, b"".join(good) + again * 12 + b"".join(stream(form, ENOUGH, first=40)))
    assert sure(back)[-1] == (97, 72) and not back[-1][2] & v.FROZEN


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", FORMS)
def test_the_size_of_the_pieces_does_not_matter(form: str) -> None:
    """Else a busy scan loses readings."""
    line = b"".join(stream(form, 4)) + b"".join(stream(form, 4, 88, 140, 5))
    whole = read(form, line, OX_MAX)  # the most of a scan
    expected = read(form, line, 1)
    assert len(sure(expected)) >= 4 and whole[-1] == expected[-1]
    first = len(stream(form, 1)[0])
    for cut in range(1, first):
        parser = parser_of(form)
        found = []
        for piece in (line[:cut], *(line[at : at + 64] for at in range(cut, len(line), 64))):
            if parser.take(piece, len(piece)):
                found.append((parser.spo2, parser.pulse, parser.flags))
        assert found[-1] == expected[-1] and set(found) <= set(expected), cut


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", FORMS)
def test_starting_anywhere(form: str) -> None:
    """Else plugging in at a bad moment shifts every value."""
    packets = stream(form, 1, 88, 60) + stream(form, 2 + 2 * per_reading(form), first=2)
    for cut in range(1, len(packets[0])):
        found = sure(read(form, packets[0][cut:] + b"".join(packets[1:])))
        assert found and found[-1] == (97, 72) and set(found) <= {(97, 72), (88, 60)}, cut
        assert form in SIXTY or (88, 60) not in found, cut


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", FORMS)
def test_what_was_said_before_a_silence_confirms_nothing(form: str) -> None:
    """Else the first packet of another device is believed because of the one before it."""
    parser = parser_of(form)
    line, packet = b"".join(stream(form, ENOUGH)), encode(form, 97, 72, 60)
    parser.take(line, len(line))
    parser.forget()
    if form in ("nonin-df2", "nonin-df7"):
        return  # a packet with a checksum stands by itself
    half = packet[: len(packet) // 2] if form in SIXTY else packet
    assert not (parser.take(half, len(half)) and parser.flags & v.VALID and not parser.flags & v.UNSURE_FLAGS)


# -- the reference vectors


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", [form for form in FORMS if form not in (*SIXTY, "nonin-ascii")])
def test_the_reference_vectors_are_read_as_stated(form: str, shared_folder: Path) -> None:
    """Else a real device reads otherwise than its maker wrote, or our model and our reader share a mistake."""
    rows = vectors(shared_folder, form)
    assert rows
    for row in rows:
        lock = encode(form, 97, 72, 1) if form in CLOCKLESS else b""
        for cut in range(len(row["data"])):
            parser, found = parser_of(form), []
            for piece in (lock, row["data"][:cut], row["data"][cut:]):
                for at in range(0, len(piece), 3):
                    if parser.take(piece[at : at + 3], len(piece[at : at + 3])):
                        found.append((parser.spo2, parser.pulse))
            assert found == wanted(row), (row["id"], cut)


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("form", SIXTY)
def test_a_block_of_a_reference_frame_is_read_as_stated(form: str, shared_folder: Path) -> None:
    """Else a real device reads otherwise than its maker wrote. A frame alone is no reading, 15 alike are."""
    rows = [row for row in vectors(shared_folder, form) if "first" not in row["details"]]
    assert len(rows) >= 9
    for row in rows:
        size = bci5.SIZE if form == "bci5" else contec9.SIZE
        frame = row["data"][:size]
        for piece in range(1, 64):
            found = read(form, frame * (LOCK + BLOCK), piece)
            assert [(spo2, pulse) for spo2, pulse, _ in found] == wanted(row)[:1], (row["id"], piece)
        flags = found[0][2]
        held = row["details"]["frames"]
        if isinstance(held, list):
            off = held[0].get("probe_error") or held[0].get("no_finger_or_probe_error")
            assert bool(flags & v.SENSOR_OFF) == bool(off or row["id"] == "bci5-probe-unplugged"), row["id"]
            assert not flags & v.VALID or not off, row["id"]


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("kind", [0x00, 0x03, 0x05, 0x09, 0x11, 0x21, 0x41])
def test_a_contecs_package_of_a_damaged_type_is_counted_as_lost(kind: int) -> None:
    """Else a line on which half of the packages are lost is said to lose none."""
    line, parser = bytearray(b"".join(stream("contec9", 6))), parser_of("contec9")
    hit = range(9 * 40, len(line) - 9, 9 * 20)
    for at in hit:
        line[at] = kind
    assert parser.take(line, len(line)) and parser.rejected == 9 * len(hit)


@pytest.mark.req("VIT-3")
def test_answers_to_what_others_asked_of_a_contec_are_no_loss() -> None:
    """Else a program that asks beside the pump makes its line a bad one; one that is cut short is lost."""
    parts, parser = stream("contec9", 6), parser_of("contec9")
    sizes = {0x07: 8, 0x08: 8, 0x09: 6, 0x0A: 4, 0x0B: 4, 0x0C: 2, 0x0E: 3, 0x0F: 8, 0x10: 3, 0x12: 8}
    answers = [contec9.package(kind, bytes(size - 2)) for kind, size in sizes.items()]
    line = parts[0] + parts[0].join(answers) + b"".join(parts[1:])
    assert parser.take(line, len(line)) and parser.rejected == 0
    short = parts[0] + answers[0][:-1] + parts[1]
    assert parser.take(short, len(short)) and parser.rejected == 7


@pytest.mark.req("VIT-2", "VIT-3")
def test_a_recorded_contec_is_a_patient(shared_folder: Path) -> None:
    """Else the pleth that passes through 0x40 is a fallen probe, as in a public driver."""
    row = next(row for row in vectors(shared_folder, "contec9") if row["id"] == "contec9-cms50e-capture")
    found = read("contec9", row["data"], 11)
    assert len(found) == (102 - LOCK) // BLOCK and found == [(99, 60, v.VALID)] * len(found)


@pytest.mark.req("VIT-2")
def test_sensor_flags_of_the_reference_lines(shared_folder: Path) -> None:
    """Else a monitor's "98 %, 240" with its sensor off is a patient."""
    row = next(row for row in vectors(shared_folder, "masimo-ascii") if row["id"] == "masimo-other-lines")
    flags = [flags for _, _, flags in read("masimo-ascii", row["data"])]
    assert flags[0] & v.SENSOR_OFF and flags[3] & v.SENSOR_OFF and not flags[3] & v.VALID
    assert flags[1] & v.DEGRADED and flags[1] & v.VALID  # low signal quality


# -- single formats


@pytest.mark.req("VIT-2")
def test_the_display_of_data_format_8_is_not_live_without_a_finger() -> None:
    """Else ten seconds of an old 97 % are believed after the finger is gone."""
    held = Values(hr_d=72, spo2_d=97)
    packets = [nonin_df8.packet(held, [nonin_df2.SENSOR_ALARM] * 25, [0] * 25) for _ in range(10)]
    samples = read("nonin-df8", b"".join(stream("nonin-df8", 3) + packets))
    assert len(sure(samples)) == 2 and all(not flags & v.VALID for _, _, flags in samples[2:])
    assert samples[-1] == (97, 72, v.SENSOR_OFF)


@pytest.mark.req("VIT-2")
def test_a_contec_that_goes_off_says_so_at_once() -> None:
    """Else a switched-off device is a reading for two more seconds."""
    line = b"".join(stream("contec9", 4))
    samples = read("contec9", line + contec9.goodbye())
    assert samples[-1] == (m.NONE8, m.NONE16, v.SENSOR_OFF)
    assert read("contec9", line + contec9.package(0x0C, ()) + line)[-1][2] == v.VALID  # an answer is no reading


@pytest.mark.req("VIT-2")
def test_probe_unplugged_or_a_fall_of_spo2() -> None:
    """Else the bit that one maker sets while SpO2 falls makes a fall look like a fallen probe."""
    falling = bytes((0xA4, 51, 6, 65, 84))
    lines = b"".join(bytes((0xA4, 40 + n % 20, 6, 65, 84)) for n in range(40))
    assert falling[0] == lines[0] and sure(read("bci5", lines)) == [(84, 65)] * 2
    gone = bytes((0xA0, 0, 0x40, 0x7F, 0x7F)) * (LOCK + BLOCK)
    assert read("bci5", gone)[0][2] & v.SENSOR_OFF


CODES = [
    ("SD", v.SENSOR_OFF), ("SO", v.SENSOR_OFF), ("PS", v.OUT_OF_TRACK), ("LP", v.OUT_OF_TRACK), ("LM", v.OUT_OF_TRACK),
    ("MO", v.ARTIFACT), ("LB", v.LOW_BATTERY), ("PH", 0), ("SL", 0), ("AS", 0), ("BU", 0), ("XY", v.DEGRADED),
    ("S", v.DEGRADED), ("SDX", v.DEGRADED),
]  # fmt: skip


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("code", "flag"), CODES)
@pytest.mark.parametrize("beside", [(), ("AS",), ("SL", "PH")])
def test_the_codes_of_a_nellcor(code: str, flag: int, beside: tuple[str, ...]) -> None:
    """Else one of two codes is dropped, and a code that nobody knows is a good reading."""
    first = b"".join(stream("nellcor-ascii", 2))
    line = nellcor_ascii.line(Values(hr=72, spo2=97, tmr=30), [*beside, code])
    spo2, pulse, flags = read("nellcor-ascii", first + line)[-1]
    valid = 0 if flag & v.VALUELESS_FLAGS else v.VALID
    assert (spo2, pulse, flags) == (97, 72, flag | valid)


@pytest.mark.req("VIT-3")
def test_a_nellcors_head_and_stars_are_no_rubbish() -> None:
    """Else every fifty seconds the line is called bad, and a value beyond the monitor's own limit is none."""
    parser = parser_of("nellcor-ascii")
    line = nellcor_ascii.HEAD * 3 + b"".join(stream("nellcor-ascii", 3, 84, 140))
    assert parser.take(line, len(line)) and parser.rejected == 0
    starred = nellcor_ascii.line(Values(hr=140, spo2=84, tmr=90)).replace(b" 84 ", b" 84*").replace(b"140 ", b"140*")
    assert b"*" in starred and parser.take(starred, len(starred)) and (parser.spo2, parser.pulse) == (84, 140)
    assert parser.flags == v.VALID


EXCEPTIONS = [
    (0x801, v.SENSOR_OFF), (0x802, v.SENSOR_OFF), (0x820, v.SENSOR_OFF), (0x880, v.SENSOR_OFF), (0x900, v.SENSOR_OFF),
    (0x1800, v.SENSOR_OFF), (0x4800, v.SENSOR_OFF), (0x10800, v.SENSOR_OFF), (0x80800, v.SENSOR_OFF),
    (0x808, v.OUT_OF_TRACK), (0x840, v.OUT_OF_TRACK), (0x20800, v.OUT_OF_TRACK), (0x804, v.LOW_PERFUSION),
    (0x810, v.DEGRADED), (0xC00, v.DEGRADED), (0xA00, v.DEGRADED), (0x800, 0), (0x42800, 0), (0, 0),
]  # fmt: skip


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("exception", "flag"), EXCEPTIONS)
def test_the_exceptions_of_a_masimo(exception: int, flag: int) -> None:
    """Else the bit that says "all is well" is a fault, or a fallen sensor is none."""
    first, line = b"".join(stream("masimo-ascii", 2)), encode("masimo-ascii", 97, 72, 3)
    line = line.replace(b"EXC=000800", b"EXC=%06X" % exception)
    valid = 0 if flag & v.VALUELESS_FLAGS else v.VALID
    assert read("masimo-ascii", first + line)[-1] == (97, 72, flag | valid)


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize(("more", "doubt"), [("00000000", False), ("00000001", True), ("80000000", True)])
@pytest.mark.parametrize("end", ["", "  "])
def test_a_bit_of_a_masimo_that_nobody_knows_is_a_doubt(more: str, doubt: bool, end: str) -> None:
    """Else what a newer model says of its reading is not heard."""
    head, tail = "09/15/10 15:10:%02d SPO2=097%% BPM=064 ALARM=000020 EXC=0000800", f" EXC1={more}{end}\r\n"
    samples = read("masimo-ascii", "".join((head % second) + tail for second in range(3)).encode())
    assert samples[1:] == [(97, 64, v.VALID | (v.DEGRADED if doubt else 0))] * 2


@pytest.mark.req("VIT-3")
def test_a_masimo_is_read_by_its_keys() -> None:
    """Else another model's field is taken for the alarm word."""
    head = "09/15/10 15:10:%02d"
    kinds = (
        " SPO2=097%% BPM=064 PI=11.82%% ALARM=20 EXC=800",
        " SN=---------- SPO2=097%% BPM=064 PI=00.55 RESVD=--- PVI=--- ALARM=000020 EXC=0000800 EXC1=00000000",
        " SN=1 SPO2=097%% BPM=064 PI=--.--%% PVI=027 ALARM=0040 EXC=000800",
    )
    for kind in kinds:
        lines = "".join((head + kind) % second + "\r\n" for second in range(3)).encode()
        samples = read("masimo-ascii", b"\0\0" + lines)
        assert sure(samples) == [(97, 64)] * 2
        assert bool(samples[-1][2] & v.LOW_BATTERY) == ("ALARM=0040" in kind)
    for wrong in (b" BPM=64 ", b" BPM=0064 ", b" BPM=06 4 ", b" SPO2=97 BPM=064 "):
        spoiled = encode("masimo-ascii", 97, 64, 1).replace(b" BPM=064 ", wrong)
        assert read("masimo-ascii", spoiled) == []


MODELS = (
    " SPO2=097%% BPM=064 PI=11.82%% ALARM=20 EXC=%03X",
    " SN=---------- SPO2=097%% BPM=064 PI=00.55 RESVD=--- ALARM=000020 EXC=%07X EXC1=00000000",
    " SN=0000145838 SPO2=097%% BPM=064 PI=--.--%% ALARM=0000 EXC=%06X",
)


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("exception", [0xC00, 0x820, 0x810, 0x808])
def test_a_masimo_line_that_lost_a_part_of_its_end_is_none(model: str, exception: int) -> None:
    """Else "in doubt" or "no finger" is cut off, and the number is a sure one."""
    first = "".join(f"09/15/10 15:10:{second:02}{model % 0x800}\r\n" for second in range(3)).encode()
    line = ("09/15/10 15:10:04" + model % exception).encode()
    assert len(read("masimo-ascii", first + line + b"\r\n")) == 4
    assert len(read("masimo-ascii", first + line + b"  \r\n")) == 4
    for cut in range(1, len(line)):
        assert len(read("masimo-ascii", first + line[:-cut] + b"\r\n")) == 3, cut
    begin = line.index(b"ALARM")
    for at in range(begin, len(line)):
        assert sure(read("masimo-ascii", first + line[:at] + line[at + 1 :] + b"\r\n")) == [(97, 64)] * 2, at


@pytest.mark.req("VIT-2", "VIT-3")
@pytest.mark.parametrize("code", ["SO", "MO", "PS", "XY"])
def test_a_nellcor_line_that_lost_a_part_of_its_end_is_none(code: str) -> None:
    """Else "sensor off" is cut off, and the number is a sure one."""
    first = b"".join(stream("nellcor-ascii", 2))
    line = nellcor_ascii.line(Values(hr=72, spo2=97, tmr=30), [code]).rstrip(b"\r\n")
    assert len(read("nellcor-ascii", first + line + b"\r\n")) == 3
    for cut in range(1, len(line)):
        assert len(read("nellcor-ascii", first + line[:-cut] + b"\r\n")) == 2, cut
    for at in range(len(line)):
        assert len(read("nellcor-ascii", first + line[:at] + line[at + 1 :] + b"\r\n")) == 2, at


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("marks", ["", " F", " F*", " *B", " F*B", "B"])
@pytest.mark.parametrize("time", [True, False])
def test_the_marks_of_a_nonin(marks: str, time: bool) -> None:
    """Else a line with an event's mark is no reading."""
    lines = [nonin_ascii.line(Values(hr=300, spo2=60, tmr=3 * n), marks, time) for n in range(5)]
    assert sure(read("nonin-ascii", b"".join(lines))) == [(60, 300)] * 4
    assert read("nonin-ascii", lines[0].replace(b"\r", b"x\r")) == []


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize("form", [*CLOCKLESS, *TEXT])
def test_a_value_far_from_those_before_it_is_in_doubt_until_the_next(form: str) -> None:
    """Else one damaged digit stops the drug, or one right one is never believed."""
    near, rate_near = parser_near(form)
    same = b"".join(stream(form, 3))
    for spo2, pulse in ((97 - near - 1, 72), (97, 72 + rate_near + 1)):
        once = read(form, same + encode(form, spo2, pulse, 4))[-1]
        assert once == (spo2, pulse, v.VALID | v.DEGRADED)
        twice = read(form, same + encode(form, spo2, pulse, 4) + encode(form, spo2, pulse, 5))[-1]
        assert twice == (spo2, pulse, v.VALID)
    assert read(form, same + encode(form, 97 - near, 72 + rate_near, 4))[-1][2] == v.VALID


def parser_near(form: str) -> tuple[int, int]:
    """The distance of two readings that agree: points, beats a minute."""
    return module(form).Parser.near if form in TEXT else (df1.SPO2_AGREE, df1.RATE_AGREE)


@pytest.mark.req("VIT-3")
@pytest.mark.parametrize(("form", "other"), OTHERS)
def test_another_format_on_the_line_is_no_reading(form: str, other: str) -> None:
    """Else a wrong setting makes a patient up."""
    parser = parser_of(form)
    found: list[Sample] = []
    line = b"".join(b"".join(stream(other, 4, 97, 60 + n, first=4 * n + 1)) for n in range(40))
    for at in range(0, len(line), 16):
        piece = line[at : at + 16]
        if parser.take(piece, len(piece)):
            found.append((parser.spo2, parser.pulse, parser.flags))
    assert sure(found) == []
    assert parser.rejected > len(line) // 6


@pytest.mark.req("VIT-3")
def test_data_formats_1_and_8_are_not_taken_for_each_other() -> None:
    """Else the fourth byte is somebody's status, or the flag of a fallen probe is not read."""
    assert read("nonin-df8", b"".join(stream("nonin-df1", 20))) == []
    eight = b"".join(stream("nonin-df8", 20))
    assert read("nonin-df1", eight) == []
    assert len(nonin_df1.packet(Values(), [0] * 25, [0] * 25)) == 3
