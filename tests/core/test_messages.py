"""The contract of the host line: one layout a message, one number a name, one hash for it all."""

from __future__ import annotations

import struct

import pytest

from pump.io import FRAM_SLOT as SLOT
from pump.link import frames
from pump.tables import causes, events, refusals, states, vitals
from pump.tables import messages as m
from pump.tables.alarms import ROWS as TABLE

LAYOUTS = m.TO_PUMP + m.TO_HOST


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_names_each_of_its_values_and_fits_a_frame(layout: tuple[int, str, str]) -> None:
    """Else host and pump read different fields from the same bytes."""
    size = struct.calcsize(layout[1])
    values = struct.unpack(layout[1], bytes(size)) if layout[1] else ()
    assert len(layout[2].split()) == len(values)
    assert size <= frames.MAX_PAYLOAD
    assert not layout[1] or layout[1][0] == "<"


@pytest.mark.req("SEC-1")
def test_no_type_means_two_messages() -> None:
    """Else a question is taken for an order."""
    kinds = [layout[0] for layout in LAYOUTS]
    assert len(set(kinds)) == len(kinds)
    assert all(kind < 0x80 for kind, _, _ in m.TO_PUMP)
    assert all(kind >= 0x80 for kind, _, _ in m.TO_HOST)


@pytest.mark.req("SEC-1")
def test_no_request_starts_confirms_resumes_or_unlocks() -> None:
    """Else a laptop alone can start the flow."""
    known = {"HELLO", "LOAD_BEGIN", "LOAD_DATA", "LOAD_END", "STATUS_GET", "STREAM", "PAUSE", "STOP", "PING"}
    known |= {"STATS_GET", "LOG_GET", "HANG", "SET", "LISTEN", "HEARD_GET", "CLOCK_GET", "CLOCK_SET", "STORED_GET"}
    known |= {"INPUTS_GET"}
    known |= {"CHALLENGE_GET", "SIGNED"}
    known |= {"CHECK_GET", "SELF_TEST"}
    requests = {name for name in dir(m) if getattr(m, name) in m.TO_PUMP}
    assert requests == known


@pytest.mark.req("INT-5")
@pytest.mark.parametrize("table", [states.NAMES, events.NAMES, causes.NAMES, refusals.NAMES, vitals.NAMES])
def test_no_name_stands_twice_in_a_table(table: tuple[str, ...]) -> None:
    """Else the log names the wrong event."""
    assert len(set(table)) == len(table) <= 255


@pytest.mark.req("INT-5")
def test_an_event_record_fits_a_slot_of_the_memory_with_its_checksum_last() -> None:
    """Else records do not fit the slots of the memory."""
    assert struct.calcsize(m.EVENT[1]) == struct.calcsize(m.CONTINUED[1]) == SLOT == 48
    assert m.EVENT[2].split()[-1] == "crc"


@pytest.mark.req("ALM-2")
def test_alarm_codes_fit_the_status_message() -> None:
    """Else the laptop shows another alarm than the pump."""
    assert len(TABLE) <= 255 and len({row[0] for row in TABLE}) == len(TABLE)
