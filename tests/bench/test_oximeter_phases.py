"""At phases of their own: a delay that is completed, and a signal that goes, on each format's line."""

from __future__ import annotations

import pytest
from simulator_kit import Told as Simulated

from pump.tables.oximeters import NAMES
from toleramp_bench.devices.oximeter import readings
from toleramp_bench.devices.readings import Reading
from toleramp_bench.figures import loss_ways, reaction
from toleramp_bench.figures.plain_line import PlainLine, Told

ON_CORE = 3  # of the phases, in `make test`; `make evidence` has them all


@pytest.mark.req("VIT-4", "VIT-1")
@pytest.mark.parametrize("form", NAMES)
def test_the_last_pulse_comes_soon_behind_the_byte_that_completes_the_delay(form: str) -> None:
    """Else the drug flows on after a desaturation is known."""
    found = reaction.outcomes("core", form, ON_CORE)
    print(reaction.text(form, found))
    assert len(found) == ON_CORE and reaction.sound(found), reaction.text(form, found)


@pytest.mark.req("VIT-1")
def test_the_reading_that_completes_a_delay_is_reckoned_from_the_line() -> None:
    """Else the yardstick is the pump's own say."""
    told = [Told(1_000_000_000 * k, Reading(spo2)) for k, spo2 in enumerate((97, 95, 91, None, 91, 91, 91))]
    assert reaction.completing(told, 3_000_000_000) == told[5]
    with pytest.raises(ValueError, match="4 low readings of 7"):
        reaction.completing(told, 5_000_000_000)


def _one_each(form: str) -> list[loss_ways.Case]:
    """Each way once, on well, low and falling patients by turns: over the formats each way is on all three."""
    levels = tuple(loss_ways.SPO2)
    wanted = {way: levels[(NAMES.index(form) + at) % 3] for at, way in enumerate(loss_ways.WAYS)}
    return [case for case in loss_ways.cases(form, 1) if wanted[case.way] == case.level]


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", NAMES)
def test_a_signal_that_goes_is_told_and_holds_whatever_the_way(form: str) -> None:
    """Else one way of losing it is a patient whom nobody sees, and to whom the drug flows."""
    found = loss_ways.outcomes("core", form, _one_each(form))
    table = "\n".join(loss_ways.rows(form, found))
    print(table)
    assert len(found) >= 11
    can_tell = [each for each in found if loss_ways.told(each.case.way, form)]
    assert all(loss_ways.met(each) for each in can_tell), table
    believed = [each for each in found if not loss_ways.told(each.case.way, form)]
    assert all(each.alert_ms < 0 for each in believed), "no longer true: let the table say so"


class _Wire:
    now_ns = 0

    def uart_send(self, number: int, data: bytes, baud: int, parity: int | None) -> None:
        """Nobody listens."""


class _Device:
    def __init__(self, form: str) -> None:
        self._wire, self.form = _Wire(), form


@pytest.mark.req("VIT-2")
def test_the_bench_reads_a_line_plainly_and_only_what_arrives() -> None:
    """Else a damaged reading counts as the last good one, and the times are too short."""
    line = PlainLine(_Device("nonin-ascii"))
    line.uart_send(1, b"00:00:01 SPO2=097 HR=072\r\n")
    line.spoil = lambda data: data[:-3]
    line.uart_send(1, b"00:00:02 SPO2=096 HR=072\r\n")
    line.spoil = None
    line.uart_send(1, b"00:00:03 SPO2=--- HR=---\r\n")
    assert [each.reading.spo2 for each in line.told] == [97, None]
    assert line.told[0].at_ns == 26 * 10 * 1_000_000_000 // 9600


SHOWN = {"off": "spo2", "sensor_out": "spo2", "out_of_track": "spo2", "artifact": "doubtful", "freeze": "stands"}


@pytest.mark.req("VIT-2")
@pytest.mark.parametrize("form", NAMES)
def test_a_formats_own_file_says_how_it_is_read_plainly(form: str) -> None:
    """Else what the bench takes for the last good reading is none, and every time that counts from it is wrong."""
    device, said = Simulated(form), readings(form)
    line = PlainLine(device.session.oximeter)
    device.run(14)
    *_, first, _, _, last = line.told
    assert first.reading == last.reading == Reading(97)
    assert (last.at_ns - first.at_ns) / 3 == pytest.approx(said.period_ns, rel=0.01)
    told = {"doubtful": said.artifact, "stands": said.still > 0}
    for word, shows in SHOWN.items():
        device.say(word)
        device.run(6.5)
        reading = line.told[-1].reading
        shown = reading.spo2 is None if shows == "spo2" else getattr(reading, shows)
        assert shown == told.get(shows, True) and reading.good == (not shown), (word, reading)
        device.say(f"{word}=false")
        device.run(9.5)
        assert line.told[-1].reading.good, word


@pytest.mark.req("VIT-2")
def test_where_a_reading_is_not_borne_out_it_is_not_the_last_good_one() -> None:
    """Else the bench grants the pump readings that by the format are none, and misses that it alerts late."""
    line = PlainLine(_Device("nonin-df1"))
    for data in (b"\x80\x48\x61", b"\x80\x48", b"\x80\x48\x61", b"\x80\x48\x61"):
        line.spoil = None if len(data) == 3 else lambda whole: whole[:2]
        line.uart_send(1, b"\x80\x48\x61")
    assert [each.reading.good for each in line.told] == [True, False, True]
    line.other = True
    line.uart_send(1, b"\x80\x48\x61\x00")
    line.uart_send(1, b"\x80\x48\x61\x00")
    assert [each.reading.good for each in line.told[3:]] == [True], "another format's first packet begins as one"
