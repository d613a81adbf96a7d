"""A setting is written once, proved, and never where the newest sound one lies (INT-2, INT-12)."""

from __future__ import annotations

import struct

import pytest

from pump.base import crc
from pump.io import FAILED, FRAM_SLOT, KEPT, Outputs
from pump.store import settings
from pump.store.settings import FIRST_SLOT, Settings
from pump.tables.settings import OXIMETER

SLOTS = {FIRST_SLOT, FIRST_SLOT + 1}


def at_power_on(kept: dict[int, bytes]) -> Settings:
    """What a pump finds."""
    found = Settings()
    found.read(lambda slot: bytearray(kept.get(slot, bytes(FRAM_SLOT))))
    return found


def handed(made: Settings) -> Outputs:
    """One scan's outputs."""
    out = Outputs()
    out.clear()
    made.store(out)
    return out


def kept_once(value: int) -> dict[int, bytes]:
    """A memory with one writing of the oximeter's format."""
    made = Settings()
    assert made.set(OXIMETER, value)
    out = handed(made)
    return {out.fram_slot: bytes(out.fram)}


@pytest.mark.req("INT-2", "INT-12")
def test_what_became_of_another_s_write_moves_no_setting() -> None:
    """Else a journal record that is proved makes the next setting overwrite the only sound one."""
    kept = kept_once(1)
    made = at_power_on(kept)
    made.settle(KEPT)  # of a record
    assert made.set(OXIMETER, 0)
    assert {handed(made).fram_slot} == SLOTS - set(kept)


@pytest.mark.req("INT-12")
def test_a_change_while_the_one_before_is_written_is_written_too() -> None:
    """Else the pump goes back at the next power-on to what was corrected."""
    made = Settings()
    assert made.set(OXIMETER, 1)
    handed(made)
    assert made.set(OXIMETER, 0)
    made.settle(KEPT)  # the first one's
    out = handed(made)
    assert out.fram_slot in SLOTS
    assert at_power_on({out.fram_slot: bytes(out.fram)}).values[OXIMETER] == 0


@pytest.mark.req("INT-12")
def test_a_writing_that_is_not_proved_is_made_again_and_a_proved_one_is_not() -> None:
    """Else a setting is lost in silence, or the memory is written in each scan."""
    made = Settings()
    assert handed(made).fram_slot == -1
    assert made.set(OXIMETER, 1)
    for outcome in (FAILED, KEPT):
        assert handed(made).fram_slot in SLOTS
        made.settle(outcome)
    assert handed(made).fram_slot == -1


@pytest.mark.req("INT-12")
def test_a_setting_waits_while_the_write_of_the_scan_is_another_s() -> None:
    """Else it takes the place of a record, which is lost."""
    made, out = Settings(), Outputs()
    assert made.set(OXIMETER, 1)
    out.clear()
    out.fram_slot = 7
    made.store(out)
    assert out.fram_slot == 7 and not any(out.fram)
    assert handed(made).fram_slot in SLOTS


@pytest.mark.req("ALM-8")
def test_what_is_kept_already_is_known_as_such() -> None:
    """Else a laptop that sets the same value again and again fills the log."""
    made = Settings()
    assert not made.holds(OXIMETER, 0)  # nobody has set it
    assert made.set(OXIMETER, 1) and not made.holds(OXIMETER, 1)  # not proved yet
    handed(made)
    made.settle(KEPT)
    assert made.holds(OXIMETER, 1) and not made.holds(OXIMETER, 0) and not made.holds(OXIMETER + 99, 1)


@pytest.mark.req("INT-2")
@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_slot_with_fewer_or_more_settings_is_read_as_far_as_both_go(count: int) -> None:
    """Else a pump with newer or older firmware forgets what was set, or does not start."""
    slot, held = next(iter(kept_once(1).items()))
    other = bytearray(held)
    other[struct.calcsize("<3sBI")] = count
    crc.put(other, FRAM_SLOT - crc.SIZE)
    found = at_power_on({slot: bytes(other)})
    assert found.found == settings.SOUND
    assert found.values == [1 if count else 0]
