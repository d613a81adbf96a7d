"""Settings outlive power-off in two slots: a torn or damaged one leaves the other (INT-2, INT-4)."""

from __future__ import annotations

import pytest

from pump.io import FRAM_SLOT, KEPT, Outputs
from pump.store import settings
from pump.store.settings import FIRST_SLOT, Settings
from pump.tables.oximeters import NAMES
from pump.tables.settings import HIGHEST, OXIMETER

SLOTS = (FIRST_SLOT, FIRST_SLOT + 1)


def write(kept: dict[int, bytes], values: list[int]) -> Settings:
    """Sets the oximeter to each value in turn and carries the writings out."""
    made, out = Settings(), Outputs()
    made.read(lambda slot: bytearray(kept.get(slot, bytes(FRAM_SLOT))))
    for value in values:
        out.clear()
        assert made.set(OXIMETER, value)
        made.store(out)
        kept[out.fram_slot] = bytes(out.fram)
        made.settle(KEPT)
    return made


def read(kept: dict[int, bytes]) -> Settings:
    """What a pump finds at power-on."""
    made = Settings()
    made.read(lambda slot: bytearray(kept.get(slot, bytes(FRAM_SLOT))))
    return made


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("values", [[1], [1, 0], [0, 1], [1, 0, 1], [0, 1, 0, 1]])
def test_the_last_value_set_is_read_back(values: list[int]) -> None:
    """Else a pump listens for an oximeter that it has not got."""
    kept: dict[int, bytes] = {}
    write(kept, values)
    found = read(kept)
    assert found.found == settings.SOUND and found.values[OXIMETER] == values[-1]
    assert set(kept) <= set(SLOTS)


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("cut", range(FRAM_SLOT))
def test_a_torn_writing_leaves_the_value_before(cut: int) -> None:
    """Else a power cut while a setting is written loses both."""
    kept: dict[int, bytes] = {}
    write(kept, [1, 0])
    before = dict(kept)
    write(kept, [1])
    torn = next(slot for slot in SLOTS if kept[slot] != before[slot])
    kept[torn] = kept[torn][:cut] + before[torn][cut:]
    whole = kept[torn] in (before[torn], write_of(before, 1, torn))
    assert read(kept).values[OXIMETER] in ((0, 1) if whole else (0,))
    assert read(kept).found == settings.SOUND


def write_of(kept: dict[int, bytes], value: int, slot: int) -> bytes:
    """What that slot holds after the value was set."""
    copy = dict(kept)
    write(copy, [value])
    return copy[slot]


@pytest.mark.req("INT-4")
def test_two_damaged_slots_are_told_from_none() -> None:
    """Else a lost setting passes for one that nobody made."""
    kept: dict[int, bytes] = {}
    write(kept, [1, 0])
    assert read({}).found == settings.BLANK
    for slot in SLOTS:
        kept[slot] = kept[slot][:-1] + bytes((kept[slot][-1] ^ 1,))
    assert read(kept).found == settings.LOST


@pytest.mark.req("PRO-1")
def test_what_no_row_allows_is_refused() -> None:
    """Else a number from the line chooses a format that is not there."""
    made = Settings()
    assert not made.set(OXIMETER, HIGHEST[OXIMETER] + 1) and not made.set(OXIMETER + 99, 0)
    assert HIGHEST[OXIMETER] == len(NAMES) - 1 and made.values[OXIMETER] == 0


@pytest.mark.req("INT-4")
def test_an_era_is_not_written_beside_values_that_were_never_read() -> None:
    """Else a memory that did not answer at power-on loses what it holds to a clock that was set."""
    made = Settings()
    made.set_era(3)
    assert made.era == 3 and not made.due
    made.read(lambda slot: bytearray(FRAM_SLOT))
    made.set_era(4)
    assert made.due
