"""Alarms as eye and ear get them, measured at the scan's outputs (ALM-1 to ALM-4)."""

from __future__ import annotations

import pytest

from pump.io import CYAN, NURSE_CALL, RED, YELLOW
from pump.panel import alarms as a
from pump.panel.alarms import Alarms
from pump.tables import alarms as rows
from pump.tables.events import ALARM_CLEARED, ALARM_RAISED

SCAN_MS = 20
HIGHS = [n for n, row in enumerate(rows.ROWS) if row[1] == rows.HIGH]
MEDIUMS = [n for n, row in enumerate(rows.ROWS) if row[1] == rows.MEDIUM]
OF_PATIENT = [n for n, group in enumerate(rows.GROUP) if group & rows.PATIENT]
ANSWERS = [n for n in MEDIUMS if rows.GROUP[n] & rows.AT_ONCE]
OF_DEVICE = [n for n in MEDIUMS if n not in (*OF_PATIENT, *ANSWERS)]
LOWS = [n for n, row in enumerate(rows.ROWS) if row[1] == rows.LOW]


class Room:
    """Alarms in a room: lights and tone of each scan, and the events logged."""

    def __init__(self) -> None:
        self.events: list[tuple[int, int]] = []
        self.alarms = Alarms(lambda name, code, arg: self.events.append((name, code)))

    def listen(self, seconds: float) -> tuple[list[int], list[int]]:
        """Lights and tone, one value a scan."""
        lights, tones = [], []
        for _ in range(round(seconds * 1000 / SCAN_MS)):
            self.alarms.update(SCAN_MS)
            lights.append(self.alarms.lights)
            tones.append(self.alarms.tone_hz)
        return lights, tones


def edges(levels: list[int], bit: int = -1) -> list[int]:
    """Scans at which the level (or a bit of it) goes up."""
    return [n for n, level in enumerate(levels) if level & bit and not (n and levels[n - 1] & bit)]


def raised(*numbers: int) -> Room:
    """A room with these alarms up."""
    room = Room()
    for number in numbers:
        room.alarms.set(number, True)
    return room


@pytest.mark.req("ALM-1")
@pytest.mark.parametrize(
    ("number", "bit", "slowest", "fastest"), [(HIGHS[0], RED, 1.4, 2.8), (MEDIUMS[0], YELLOW, 0.4, 0.8)]
)
def test_the_light_flashes_at_its_priority(number: int, bit: int, slowest: float, fastest: float) -> None:
    """Else a glance takes an emergency for a reminder."""
    lights, _ = raised(number).listen(60)
    assert lights[0] & bit
    assert slowest <= len(edges(lights, bit)) / 60 <= fastest
    on = sum(bool(level & bit) for level in lights) / len(lights)
    assert 0.2 <= on <= 0.6
    assert not any(level & (RED | YELLOW | CYAN) & ~bit for level in lights)


@pytest.mark.req("ALM-1")
def test_a_low_alarm_is_steady_cyan() -> None:
    """Else a notice looks like an alarm."""
    lights, _ = raised(LOWS[0]).listen(60)
    assert set(lights) == {CYAN}


@pytest.mark.req("ALM-1")
def test_the_high_burst_is_five_and_five_pulses() -> None:
    """Else staff who know the standard's sound do not run."""
    _, tones = raised(HIGHS[0]).listen(a.BURST_PERIOD_MS[3] / 1000 - 0.02)
    starts = edges(tones)
    assert len(starts) == 10
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:], strict=False)]
    assert gaps.index(max(gaps)) == 4 and gaps.count(max(gaps)) == 1
    assert [gap > min(gaps) + 3 for gap in gaps] == [False, False, True, False, True, False, False, True, False]
    assert 0 < starts[-1] * SCAN_MS < 5000


@pytest.mark.req("ALM-1")
def test_the_medium_burst_is_three_pulses_and_the_low_one_two() -> None:
    """Else priorities sound alike."""
    _, tones = raised(MEDIUMS[0]).listen(a.BURST_PERIOD_MS[2] / 1000 - 0.02)
    assert len(edges(tones)) == 3
    _, tones = raised(LOWS[0]).listen(a.BURST_PERIOD_MS[1] / 1000 - 0.02)
    assert len(edges(tones)) == 2


@pytest.mark.req("ALM-1")
@pytest.mark.parametrize("number", [HIGHS[0], MEDIUMS[0], LOWS[0]])
def test_bursts_come_again_while_the_alarm_stands(number: int) -> None:
    """Else who missed the first burst hears nothing."""
    room = raised(number)
    per_burst = (0, 2, 3, 10)[rows.ROWS[number][1]]
    _, tones = room.listen(120)
    assert len(edges(tones)) >= 5 * per_burst


@pytest.mark.req("ALM-1")
def test_only_the_highest_sounds_and_all_are_listed() -> None:
    """Else a bag change drowns a severe reaction."""
    room = raised(LOWS[0], MEDIUMS[0], HIGHS[-1])
    _, tones = room.listen(10)
    assert set(tones) == {0, a.TONE_HZ[3]}
    assert room.alarms.top == HIGHS[-1] and room.alarms.priority == rows.HIGH
    assert all(room.alarms.active[n] for n in (LOWS[0], MEDIUMS[0], HIGHS[-1]))
    room.alarms.set(HIGHS[-1], False)
    room.alarms.confirm()
    lights, tones = room.listen(10)
    assert set(tones) == {0, a.TONE_HZ[2]} and edges(lights, YELLOW) and not edges(lights, RED)


@pytest.mark.req("ALM-1")
def test_a_high_alarm_calls_the_nurse_without_a_break() -> None:
    """Else nobody outside the room knows."""
    lights, _ = raised(HIGHS[0]).listen(5)
    assert all(level & NURSE_CALL for level in lights)
    lights, _ = raised(MEDIUMS[0]).listen(5)
    assert not any(level & NURSE_CALL for level in lights)


@pytest.mark.req("ALM-2")
@pytest.mark.parametrize("row", rows.ROWS[1:], ids=[row[0] for row in rows.ROWS[1:]])
def test_every_alarm_says_what_why_and_what_to_do(row: tuple[str, int, str, str, str]) -> None:
    """Else a nurse at night reads a code."""
    name, priority, what, why, remedy = row[:5]
    assert priority in (rows.LOW, rows.MEDIUM, rows.HIGH)
    assert 0 < len(what) <= 16 and what.isascii() and what == what.upper().replace("SPO2", "SPO2")
    assert len(why) > 10 and len(remedy) > 5 and name == name.lower()


@pytest.mark.req("ALM-2")
def test_onset_is_in_the_scan_of_the_condition() -> None:
    """Else an alarm comes when it is over."""
    lights, tones = raised(HIGHS[0]).listen(0.02)
    assert lights[0] & RED and tones[0]


@pytest.mark.req("ALM-3")
def test_the_audio_pause_ends_after_120_s_and_the_light_stays() -> None:
    """Else one press silences the night."""
    room = raised(MEDIUMS[0])
    room.alarms.silence()
    lights, tones = room.listen(119.9)
    assert not any(tones) and len(edges(lights, YELLOW)) > 60
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-3")
@pytest.mark.parametrize("number", HIGHS)
def test_any_new_high_alarm_breaks_the_pause(number: int) -> None:
    """Else a desaturation in the quiet two minutes is not heard."""
    other = HIGHS[0] if number != HIGHS[0] else HIGHS[1]
    room = raised(other)
    room.alarms.silence()
    _, tones = room.listen(5)
    assert not any(tones)
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-3")
@pytest.mark.parametrize("number", OF_DEVICE)
def test_a_new_medium_alarm_of_the_device_does_not_break_the_pause(number: int) -> None:
    """Else a silenced pump beeps at each reminder."""
    room = raised(HIGHS[0])
    room.alarms.silence()
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert not any(tones)


@pytest.mark.req("ALM-3", "PRO-8")
@pytest.mark.parametrize("number", ANSWERS)
def test_what_answers_a_press_is_heard_though_another_alarm_is_silenced(number: int) -> None:
    """Else the wrong bag is named in silence, because the reminder of the bag change was silenced before."""
    room = raised(MEDIUMS[-1])
    room.alarms.silence()
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-4")
@pytest.mark.parametrize("number", range(1, len(rows.ROWS)))
def test_ten_times_the_condition_are_ten_alarms(number: int) -> None:
    """Else only the first occlusion of the night is heard."""
    room = Room()
    for _ in range(10):
        room.alarms.set(number, True)
        lights, tones = room.listen(1)
        assert any(lights) and any(tones)
        room.alarms.set(number, True)
        room.alarms.set(number, False)
        room.alarms.confirm()
        lights, tones = room.listen(1)
        assert not any(lights) and not any(tones)
    assert room.events == [(ALARM_RAISED, number), (ALARM_CLEARED, number)] * 10


@pytest.mark.req("ALM-6")
def test_without_a_condition_there_is_neither_light_nor_sound() -> None:
    """Else staff learn not to listen."""
    room = Room()
    for number in range(1, len(rows.ROWS)):
        room.alarms.set(number, False)
    lights, tones = room.listen(30)
    assert not any(lights) and not any(tones) and not room.events


@pytest.mark.req("ALM-3", "ALM-7")
def test_silence_while_nothing_sounds_mutes_nothing() -> None:
    """Else a hand on the wrong key mutes what comes next."""
    room = Room()
    room.alarms.silence()
    room.alarms.set(OF_DEVICE[0], True)
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-3", "ALM-7")
def test_silence_in_a_pause_makes_it_no_longer() -> None:
    """Else a key pressed each minute silences the night."""
    room = raised(MEDIUMS[0])
    room.alarms.silence()
    room.listen(100)
    room.alarms.silence()
    _, tones = room.listen(28)
    assert any(tones)


@pytest.mark.req("ALM-3", "ALM-7")
def test_a_pause_does_not_outlast_what_was_paused() -> None:
    """Else the alarm after the one that was silenced begins in silence."""
    room = raised(OF_DEVICE[0])
    room.alarms.silence()
    room.alarms.set(OF_DEVICE[0], False)
    room.alarms.set(OF_DEVICE[1], True)
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-3", "ALM-7")
@pytest.mark.parametrize("number", OF_PATIENT)
def test_a_new_alarm_of_the_patient_breaks_the_pause(number: int) -> None:
    """Else the patient gets worse in the quiet two minutes."""
    room = raised(OF_DEVICE[0])
    room.alarms.silence()
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert any(tones)


@pytest.mark.req("ALM-3", "ALM-7")
@pytest.mark.parametrize(("away_s", "sounds"), [(10, False), (29, False), (30, True)])
def test_what_returns_after_thirty_seconds_is_a_new_onset(away_s: int, sounds: bool) -> None:
    """Else a condition that flickers cannot be paused, or one that came back is not heard."""
    number = next(n for n in OF_PATIENT if n in MEDIUMS)
    room = raised(OF_DEVICE[0], number)
    room.alarms.now_s = 100
    room.alarms.silence()
    room.alarms.set(number, False)
    room.alarms.now_s += away_s
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert any(tones) is sounds


@pytest.mark.req("ALM-3", "ALM-7")
def test_a_continuing_alarm_may_be_paused_again_and_again() -> None:
    """Else people pull the plug of an alarm that they are treating."""
    room = raised(HIGHS[0])
    for _ in range(5):
        assert room.alarms.silence()
        _, tones = room.listen(119)
        assert not any(tones)
        _, tones = room.listen(9)
        assert any(tones)


@pytest.mark.req("ALM-7")
@pytest.mark.parametrize("number", HIGHS)
def test_a_high_alarm_stays_until_it_is_confirmed(number: int) -> None:
    """Else a desaturation of a minute ago leaves no trace for who was out of the room."""
    room = raised(number)
    room.alarms.set(number, False)
    lights, tones = room.listen(30)
    assert edges(lights, RED) and any(tones) and room.alarms.active[number]
    room.alarms.silence()
    assert not room.alarms.active[number] and room.alarms.paused_ms <= 0
    assert room.events[-1] == (ALARM_CLEARED, number)


@pytest.mark.req("ALM-7")
def test_a_latched_alarm_that_comes_back_is_an_onset() -> None:
    """Else the second desaturation in a pause is not heard."""
    room = raised(HIGHS[0])
    room.alarms.silence()
    room.alarms.set(HIGHS[0], False)
    room.alarms.set(HIGHS[0], True)
    _, tones = room.listen(8)
    assert any(tones) and room.events == [(ALARM_RAISED, HIGHS[0])] * 2


@pytest.mark.req("ALM-7", "ALM-1")
@pytest.mark.parametrize("priority", [rows.HIGH, rows.MEDIUM])
def test_at_equal_priority_the_patient_comes_first_and_both_are_shown(priority: int) -> None:
    """Else a key fault stands where the patient's oxygen should."""
    both = [n for n, row in enumerate(rows.ROWS) if row[1] == priority]
    patient, device = (next(n for n in both if (n in OF_PATIENT) is whose) for whose in (True, False))
    room = raised(device, patient)
    assert room.alarms.top == patient
    seen = set()
    for _ in range(10):
        room.listen(1)
        seen.add(room.alarms.shown)
    assert seen == {patient, device}


@pytest.mark.req("ALM-7", "SES-8")
def test_a_lock_sounds_until_one_press_and_then_reminds() -> None:
    """Else it sounds through the resuscitation, or is forgotten."""
    lock = next(n for n, group in enumerate(rows.GROUP) if group & rows.REMINDS)
    room = raised(lock)
    _, tones = room.listen(60)
    assert any(tones)
    room.alarms.press()
    lights, tones = room.listen(110)
    assert not any(tones) and edges(lights, RED)
    _, tones = room.listen(15)
    assert len(edges(tones)) == 10
    _, tones = room.listen(100)
    assert not any(tones)


@pytest.mark.req("ALM-7")
@pytest.mark.parametrize("number", [n for n in OF_PATIENT if n in HIGHS][:2])
def test_a_lock_that_was_seen_does_not_mute_the_patient(number: int) -> None:
    """Else the press that ends the lock's sound ends the desaturation's too."""
    lock = next(n for n, group in enumerate(rows.GROUP) if group & rows.REMINDS)
    room = raised(lock)
    room.alarms.press()
    room.alarms.set(number, True)
    _, tones = room.listen(8)
    assert any(tones) and room.alarms.top == number


@pytest.mark.req("INT-4", "ALM-1")
@pytest.mark.parametrize("name", ["priority", "top", "_loud", "_sum"])
@pytest.mark.parametrize("bit", range(8))
def test_a_changed_bit_of_the_ranking_is_ranked_anew(name: str, bit: int) -> None:
    """Else one bit makes the alarm of the patient a reminder, or silence."""
    room, twin = raised(HIGHS[0], MEDIUMS[0]), raised(HIGHS[0], MEDIUMS[0])
    wanted = bytes(n in (HIGHS[0], MEDIUMS[0]) for n in range(len(rows.ROWS)))
    setattr(room.alarms, name, getattr(room.alarms, name) ^ 1 << bit)
    for one in (room, twin):
        one.alarms.set_all(wanted)
    assert room.listen(8) == twin.listen(8)
    assert room.alarms.top == twin.alarms.top and room.events == twin.events


@pytest.mark.req("INT-4", "ALM-1", "SES-8")
@pytest.mark.parametrize("number", [n for n, group in enumerate(rows.GROUP) if n and not group & rows.REMINDS])
def test_only_what_reminds_falls_silent_when_told(number: int) -> None:
    """Else a changed bit of what has been told silences an alarm of the patient at the next ranking."""
    room, twin = raised(number), raised(number)
    room.alarms._told[number] = 1  # noqa: SLF001
    for one in (room, twin):
        one.alarms.set(LOWS[0], True)
        one.alarms.set(LOWS[0], False)
    assert room.listen(8) == twin.listen(8)
