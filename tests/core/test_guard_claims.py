"""What control may claim: presses, sessions, steps, decisions, targets; all else is refused at once (FLO-10, PRO-2)."""

from __future__ import annotations

import pytest
from core_kit import PL_PULSE, mini
from guard_kit import Bench, steady

from pump.guard.guard import Guard
from pump.io import CONFIRM, DOWN, SILENCE, START, STOP, UP
from pump.protocol.encoding import encode
from pump.senses.vitals import Vitals

LONG = 5_000


def ladder(dt_ms: int = 20) -> Bench:
    """Four steps of one bag."""
    return Bench(steady(100, 100, 100, LONG), dt_ms)


# -- presses


@pytest.mark.req("FLO-10", "SEC-1")
@pytest.mark.parametrize(
    ("button", "counts"),
    [(START, True), (CONFIRM, True), (UP, False), (DOWN, False), (SILENCE, False), (UP | CONFIRM, True)],
)
def test_which_presses_let_the_drug_flow(button: int, counts: bool) -> None:
    """Else who silences an alarm starts the drug."""
    bench = ladder()
    bench.scan(buttons=button)
    bench.flow(0)
    assert bench.scan() is counts and bench.trip == ("" if counts else "claim")


@pytest.mark.req("FLO-10", "SEC-1")
def test_a_key_that_stays_down_is_one_press() -> None:
    """Else a stuck key allows every start."""
    bench = ladder()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    assert bench.scan(buttons=CONFIRM)
    bench.claim.flow = False
    for _ in range(10):
        bench.scan(buttons=CONFIRM)
    bench.flow(0)
    assert not bench.scan(buttons=CONFIRM) and bench.trip == "claim"


@pytest.mark.req("FLO-10")
def test_a_key_that_was_let_go_may_be_pressed_again() -> None:
    """Else a session is held once and never goes on."""
    bench = ladder()
    for _ in range(3):
        bench.begin()
        bench.stop()
    assert not bench.trip


@pytest.mark.req("FLO-6")
def test_the_permit_comes_back_when_stop_is_let_go_while_control_still_claims() -> None:
    """Else a bounce of the contact is a trip of the guard."""
    bench = ladder()
    bench.begin()
    assert not bench.scan(buttons=STOP) and not bench.scan(buttons=STOP | UP)
    assert bench.scan() and not bench.trip


@pytest.mark.req("FLO-10")
def test_at_rest_there_is_no_permit() -> None:
    """Else the driver is enabled in a hold."""
    bench = ladder()
    assert not bench.scan(buttons=CONFIRM) and not bench.scan()
    bench.begin()
    bench.claim.flow = False
    assert not bench.scan()


# -- steps


@pytest.mark.req("PRO-2", "FLO-5")
@pytest.mark.parametrize("step", [0, 1, 2])
def test_from_rest_the_same_step_or_a_lower_one_may_begin_and_the_next_once_it_is_complete(step: int) -> None:
    """Else a repeated step is refused, or a rung is skipped."""
    for pulses, highest in ((100, 3), (99, 2)):
        bench = ladder()
        for before in range(2):
            bench.give(before, before + 1)
        bench.give(2, 3, pulses)
        bench.begin(step, entry=9)
        bench = ladder()
        for before in range(2):
            bench.give(before, before + 1)
        bench.give(2, 3, pulses)
        bench.scan(buttons=CONFIRM)
        bench.flow(3, entry=9)
        assert bench.scan() is (highest == 3) and bench.trip == ("" if highest == 3 else "claim")


@pytest.mark.req("PRO-2", "FLO-5")
@pytest.mark.parametrize(("pulses", "trip"), [(99, "claim"), (100, ""), (101, "")])
def test_in_flow_the_next_step_follows_the_last_pulse(pulses: int, trip: str) -> None:
    """Else the ladder is climbed faster than the volumes say."""
    bench = ladder()
    bench.begin()
    bench.flow(1, entry=2)
    assert bench.after(pulses) == trip


@pytest.mark.req("PRO-2")
@pytest.mark.parametrize("step", [0, 1, 3])
def test_in_flow_no_other_step_than_the_next_may_begin(step: int) -> None:
    """Else a step is begun anew for ever without a person, or one is left out."""
    bench = ladder()
    bench.give(0, 1)
    bench.begin(1, entry=2)
    bench.flow(step, entry=3)
    assert bench.after(100) == "claim"
    bench.flow(2, entry=3)
    assert bench.after(100) == ""


@pytest.mark.req("PRO-8", "PRO-2")
def test_in_flow_no_step_of_another_bag_may_begin() -> None:
    """Else the bag is changed by nobody."""
    bench = Bench(mini())
    for step in range(3):
        bench.give(step, step + 1)
    bench.begin(3, entry=4)
    bench.flow(4, entry=5)
    assert bench.after(bench.guard.plan.pulses[3]) == "claim"


@pytest.mark.req("PRO-2")
def test_the_step_s_number_changes_with_a_new_beginning_only() -> None:
    """Else the screen shows another step than the one that is judged."""
    bench = ladder()
    bench.begin()
    bench.claim.step = 1
    assert bench.after(0) == "claim"


@pytest.mark.req("PRO-4")
def test_there_is_no_step_after_the_last_one() -> None:
    """Else the pump looks for a step that no protocol has."""
    bench = Bench(steady(100, 100))
    for step in range(2):
        bench.give(step, step + 1)
    bench.scan(buttons=CONFIRM)
    bench.claim.flow, bench.claim.step, bench.claim.entry = True, 2, 9
    assert not bench.scan() and bench.trip == "claim"


@pytest.mark.req("PRO-4", "FLO-5")
@pytest.mark.parametrize(("more", "trip"), [(-1, "claim"), (0, ""), (1, "claim")])
def test_control_means_just_what_the_step_holds(more: int, trip: str) -> None:
    """Else control alone decides how much a step gives, or a changed bit of it ends a session with half of the dose."""
    bench = ladder(80)
    bench.begin()
    bench.claim.target += more
    assert bench.after(0) == trip


@pytest.mark.req("FLO-5")
def test_the_first_reason_stays() -> None:
    """Else the screen names what followed, not what began it."""
    bench = ladder(80)
    bench.begin()
    bench.scan(90)
    bench.scan(5_000)
    assert bench.trip == "over-delivery"
    bench.claim.session = 2
    assert not bench.scan() and bench.trip == "over-delivery"
    bench.claim.flow = False
    bench.scan(5)
    assert bench.trip == "over-delivery"


@pytest.mark.req("PRO-4", "INT-4")
@pytest.mark.parametrize(("steps", "given", "trip"), [
    (3, None, ""), (2, None, "under-delivery"), (0, None, "under-delivery"), (3, 60, "under-delivery"),
])  # fmt: skip
def test_a_session_is_complete_by_the_guards_account_too(steps: int, given: int | None, trip: str) -> None:
    """Else a changed bit of control's ends a session early, and people take it for the whole dose."""
    bench = Bench(steady(80, 80, 80))
    for step in range(steps):
        bench.give(step, step + 1, given if step == 2 else None)
    bench.claim.over = True
    assert bench.after(0) == trip


@pytest.mark.req("PRO-4", "INT-4")
@pytest.mark.parametrize("back", [0, 1])
def test_from_a_decision_on_all_that_is_left_has_to_come(back: int) -> None:
    """Else a session that was sent back is complete with what came before."""
    bench = Bench(steady(80, 80, 80))
    for step in range(2):
        bench.give(step, step + 1)
    bench.go_back(back)
    bench.claim.over = True
    assert bench.after(0) == "under-delivery"
    bench.claim.over = False
    for step in range(back, bench.guard._course.last + 1):
        bench.give(step, step + 4, bench.guard._course.pulses[step])
    bench.claim.over = True
    assert bench.after(0) == ""


# -- sessions


@pytest.mark.req("PRO-2", "PRO-4")
def test_a_new_session_begins_at_its_first_step() -> None:
    """Else what was tolerated yesterday is tolerated today."""
    bench = ladder()
    for step in range(2):
        bench.give(step, step + 1)
    bench.claim.session = 2
    bench.scan()
    for step, trip in ((0, ""), (1, "claim"), (2, "claim")):
        bench.flow(step, entry=9)
        bench.guard._pressed = True
        assert bench.after(0) == trip


@pytest.mark.req("FLO-5")
def test_a_session_that_the_guard_has_not_seen_at_rest_does_not_flow() -> None:
    """Else its account is that of another session."""
    bench = ladder()
    bench.begin()
    bench.claim.session = 2
    assert bench.after(0) == "claim"
    bench = ladder()
    bench.scan(buttons=CONFIRM)
    bench.flow(0)
    bench.claim.session = 2
    assert not bench.scan() and bench.trip == "claim"


@pytest.mark.req("PRO-3", "PRO-4")
def test_a_new_session_has_an_account_of_its_own() -> None:
    """Else the next patient's last step lacks what the one before got."""
    bench = Bench(steady(100, LONG))
    bench.give(0, 1)
    bench.give(1, 2, 50)
    bench.go_back(0)
    assert bench.guard._course.pulses[1] == LONG - 150, "what was given is not given again"
    bench.claim.session = 2
    bench.scan()
    assert list(bench.guard._course.pulses) == [100, LONG] and not any(bench.guard._tally.by_bag)
    bench.give(0, 3)
    assert bench.guard._tally.by_bag[0] == 0
    bench.go_back(0)
    assert bench.guard._tally.by_bag[0] == 100 and not bench.trip


@pytest.mark.req("PRO-1", "PRO-2", "SES-7")
def test_a_protocol_that_is_loaded_anew_has_no_step_behind_it() -> None:
    """Else the new ladder begins where the old one was, on the bag that hung."""
    bench = ladder()
    for step in range(2):
        bench.give(step, step + 1)
    bench.guard.adopt(encode(steady(70, 80, LONG)))
    assert list(bench.guard._course.pulses) == [70, 80, LONG] and not any(bench.guard._tally.by_bag)
    bench.scan(buttons=CONFIRM)
    bench.flow(2, entry=9)
    assert bench.after(0) == "claim"
    bench.claim.flow = False
    bench.go_back(0, 0)
    assert bench.trip == "claim"


# -- decisions


@pytest.mark.req("SES-3", "PRO-2")
@pytest.mark.parametrize(("step", "trip"), [(0, ""), (1, ""), (2, ""), (3, "claim")])
def test_a_decision_leads_no_higher_than_what_was_reached(step: int, trip: str) -> None:
    """Else a reaction is answered by a rung more."""
    bench = ladder()
    for before in range(2):
        bench.give(before, before + 1)
    bench.go_back(step)
    assert bench.trip == trip


@pytest.mark.req("SES-5", "PRO-8")
@pytest.mark.parametrize(("bag", "trip"), [(-1, ""), (0, "claim"), (1, ""), (2, "claim")])
def test_a_step_runs_on_its_own_bag_or_on_the_one_that_flowed_last(bag: int, trip: str) -> None:
    """Else control's belief decides which bag the rate is worked out for."""
    bench = Bench(mini())
    for step in range(5):
        bench.give(step, step + 1)
    bench.go_back(3, bag)
    assert bench.trip == trip
    if not trip:
        assert bench.guard._course.bag[3] == max(0, bag) and bench.guard._course.bag[4] == 1


@pytest.mark.req("SES-5", "PRO-8")
def test_before_anything_flowed_no_bag_is_the_one_that_hangs() -> None:
    """Else the first step may run from any bag."""
    bench = Bench(mini())
    bench.go_back(0, 0)
    assert bench.trip == "claim"


@pytest.mark.req("SES-3")
def test_a_decision_is_taken_once() -> None:
    """Else each scan of a hold works the course out anew, and the pulses of the step count again."""
    bench = ladder()
    bench.give(0, 1)
    bench.give(1, 2, 40)
    bench.go_back(1)
    assert bench.guard._tally.by_bag[0] == 140
    bench.scan()
    assert bench.guard._tally.by_bag[0] == 140
    bench.begin(1, entry=3)
    assert bench.after(101) == "" and bench.guard._goal == 100


@pytest.mark.req("SES-3", "PRO-4")
def test_after_a_decision_the_step_s_beginning_is_a_new_one() -> None:
    """Else what came of it before the reaction counts as part of the repeat."""
    bench = ladder()
    bench.give(0, 1)
    bench.give(1, 2, 40)
    bench.go_back(1)
    bench.begin(1, entry=2)  # the number that it had before
    assert bench.guard._base == 0 and bench.guard._goal == 100


@pytest.mark.req("SES-5", "PRO-3")
def test_a_step_of_no_pulses_is_complete_as_soon_as_it_begins() -> None:
    """Else a line-fill that has nothing to fill holds the ladder for ever."""
    bench = ladder()
    bench.give(0, 1)
    bench.guard._course.pulses[1] = 0
    bench.begin(1, entry=2)
    bench.flow(2, entry=3)
    assert bench.after(0) == ""
    bench.guard._course.pulses[1] = 1
    bench.stop()
    bench.begin(1, entry=4)
    bench.flow(2, entry=5)
    assert bench.after(0) == "claim"


# -- memory


@pytest.mark.req("INT-4")
def test_a_changed_byte_of_its_own_copy_stops_the_next_step_not_the_present_one() -> None:
    """Else the checksum is reckoned in each scan, or never."""
    bench = ladder()
    bench.begin()
    bench.guard.blob[40] ^= 1
    assert bench.scan(100)
    bench.flow(1, entry=2)
    assert not bench.scan() and bench.trip == "memory"


@pytest.mark.req("INT-4")
@pytest.mark.parametrize("what", ["mirror", "sealed"])
def test_what_differs_in_the_background_is_a_fault_of_the_memory(what: str) -> None:
    """Else a difference is found, and the drug flows on."""
    bench = ladder()
    vitals = Vitals()
    own = bench.guard.plan.protocol
    vitals.adopt(own, False)
    bench.guard.compare(own, vitals)
    for _ in range(100):
        bench.guard.look()
    assert not bench.trip
    if what == "mirror":
        vitals.pulse_max += 1
    else:
        bench.guard.plan.tolerance_pulses += 1
    for _ in range(100):
        bench.guard.look()
    assert bench.trip == "memory"


@pytest.mark.req("INT-4")
def test_before_a_protocol_is_there_nothing_is_compared() -> None:
    """Else an empty pump stops at its first look."""
    guard = Guard(PL_PULSE)
    guard.look()
    guard.scanned(b"T-1")
    assert not guard.trip and guard.hanging is None
