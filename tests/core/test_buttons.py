"""Keys: one press counts once, whatever it bounces or however long it is held (INT-6)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from long_form import examples

from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.senses.keys import Buttons

SCAN_MS = 20
KEYS = (START, CONFIRM, SILENCE, UP, DOWN)


class Key:
    """A contact that bounces for a while after each change, sampled at the scan's times."""

    def __init__(self, seed: int, bounce_ms: float) -> None:
        self.random = random.Random(seed)
        self.bounce_ms = bounce_ms
        self.edges: list[tuple[float, bool]] = []

    def change(self, t_ms: float, down: bool) -> None:
        """Goes down or up at t_ms, bouncing in flips of 0.1 ms and more."""
        self.edges.append((t_ms, down))
        at, level = t_ms, down
        while True:
            at += self.random.choice((0.1, 1, 3, 10, 25)) * self.random.random() + 0.1
            if at >= t_ms + self.bounce_ms:
                break
            level = not level
            self.edges.append((at, level))
        self.edges.append((t_ms + self.bounce_ms, down))

    def level(self, t_ms: float) -> bool:
        """The level at a sample."""
        now = False
        for at, level in self.edges:
            if at > t_ms:
                break
            now = level
        return now


def feed(buttons: Buttons, raws: list[int]) -> list[int]:
    """Presses counted over a row of samples."""
    return [press for press in (buttons.update(raw, SCAN_MS) for raw in raws) if press]


@pytest.mark.req("INT-6")
@settings(max_examples=300)
@given(st.sampled_from(KEYS), st.integers(0, 10**6), st.floats(0.1, 50), st.floats(0, 20), st.integers(110, 2000))
def test_a_bouncing_press_counts_once(bit: int, seed: int, bounce_ms: float, phase: float, held_ms: int) -> None:
    """Else one press on CONFIRM confirms twice."""
    key = Key(seed, bounce_ms)
    key.change(100, True)
    key.change(100 + held_ms, False)
    key.change(400 + held_ms, True)
    key.change(700 + held_ms, False)
    samples = range(0, held_ms + 1000, SCAN_MS)
    assert feed(Buttons(), [bit * key.level(t + phase) for t in samples]) == [bit, bit]


@pytest.mark.req("INT-6")
@given(st.sampled_from(KEYS), st.integers(1, 2))
def test_a_spike_of_two_samples_is_no_press(bit: int, length: int) -> None:
    """Else a spark starts the pump."""
    assert feed(Buttons(), ([0] * 5 + [bit] * length) * 20) == []


@pytest.mark.req("INT-6")
@pytest.mark.parametrize("bit", KEYS)
def test_a_key_held_for_a_minute_counts_once_and_is_reported(bit: int) -> None:
    """Else a thing leaning on a key presses all the time, or nobody knows why keys are dead."""
    buttons = Buttons()
    assert feed(buttons, [0] * 5 + [bit] * (59_000 // SCAN_MS)) == [bit]
    assert not buttons.stuck
    assert feed(buttons, [bit] * 100) == []
    assert buttons.stuck
    assert feed(buttons, [0] * 12) == [] and not buttons.stuck
    assert feed(buttons, [bit] * 5) == [bit]


@pytest.mark.req("INT-6")
@given(st.lists(st.sampled_from(KEYS), min_size=2, max_size=5, unique=True), st.integers(0, 2), st.integers(4, 50))
def test_two_keys_at_once_count_as_none(bits: list[int], skew: int, length: int) -> None:
    """Else a hand on the keypad starts and confirms."""
    first, both = bits[0], sum(bits)
    assert feed(Buttons(), [0] * 4 + [first] * skew + [both] * length + [0] * 5) == []


@pytest.mark.req("FLO-6", "INT-6")
def test_stop_counts_in_the_same_scan_and_once_while_held() -> None:
    """Else STOP waits for a debounce."""
    buttons = Buttons()
    assert buttons.update(0, SCAN_MS) == 0
    assert buttons.update(STOP, SCAN_MS) == STOP
    assert feed(buttons, [STOP] * 5000) == []


@pytest.mark.req("INT-6")
@settings(max_examples=100)
@given(st.integers(0, 10**6), st.floats(0.1, 50), st.floats(0, 20))
def test_a_bouncing_stop_counts_once_for_the_record(seed: int, bounce_ms: float, phase: float) -> None:
    """Else the log tells of three stops where there was one."""
    key = Key(seed, bounce_ms)
    key.change(100, True)
    key.change(400, False)
    assert feed(Buttons(), [STOP * key.level(t + phase) for t in range(0, 800, SCAN_MS)]) == [STOP]


@pytest.mark.req("FLO-6", "INT-6")
@pytest.mark.parametrize("bit", KEYS)
def test_stop_acts_over_any_other_key(bit: int) -> None:
    """Else a stuck START disables STOP."""
    buttons = Buttons()
    feed(buttons, [bit] * 50)
    assert buttons.update(bit | STOP, SCAN_MS) == STOP
    assert feed(buttons, [bit] * 10) == []


@pytest.mark.req("INT-6")
@pytest.mark.parametrize("up_ms", [133, 150, 250])
def test_quick_presses_through_a_list_all_count_at_every_phase(up_ms: int) -> None:
    """Else who presses three times a second moves nothing: each press is too close to the one before."""
    for phase in range(100):
        t_ms, edges = 500, []
        for _ in range(9):
            edges += [(t_ms, t_ms + 200)]
            t_ms += 200 + up_ms
        at = [k * SCAN_MS + phase * SCAN_MS / 100 for k in range(t_ms // SCAN_MS + 20)]
        raws = [UP * any(down <= t < up for down, up in edges) for t in at]
        assert feed(Buttons(), raws) == [UP] * 9, phase


@pytest.mark.req("INT-6")
def test_a_key_that_flickers_while_it_is_held_makes_no_second_press() -> None:
    """Else a wet contact presses again and again, with a release that nobody made."""
    flicker = [0] * 30 + [UP] * 5 + [0, 0, UP, UP, UP] * 60 + [0] * 30
    assert feed(Buttons(), flicker) == [UP]


@pytest.mark.req("INT-6")
@settings(max_examples=examples(300))
@given(
    st.lists(st.tuples(st.sampled_from([0, 0, 0, UP, CONFIRM, UP | CONFIRM, STOP]), st.integers(1, 60)), max_size=30),
    st.sampled_from([10, 20, 100]),
)
def test_time_counted_in_lumps_at_rest_changes_no_press(levels: list[tuple[int, int]], scan_ms: int) -> None:
    """Else a key is quicker or slower after a rest: every scan counted by itself is the measure."""
    lumps, each = Buttons(), Buttons()
    for level, scans in levels:
        for _ in range(scans):
            each._rested = False
            assert lumps.update(level, scan_ms) == each.update(level, scan_ms)
            assert not level or lumps.bits == each.bits
