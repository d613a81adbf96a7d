"""The keyring in the pump: two copies, what is damaged is told and never opens anything (INT-4, SEC-3)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from core_kit import scan_s
from line_model import coded
from test_keys_on_line import KEYS, PAYLOADS, Laptop, idle

from pump.protocol.approval import encode_keyring
from pump.store.keyring import LOOK_S, Keyring
from pump.tables import alarms, events, refusals, states
from pump.tables import messages as m
from pump.tables.causes import BIT, KEYS_DAMAGED


@pytest.mark.req("INT-4", "SEC-3")
def test_one_damaged_copy_is_told_and_the_other_counts_two_are_a_fault_with_a_name() -> None:
    """Else a flipped bit in the flash opens the pump, or takes it from its people in silence."""
    ring = encode_keyring(KEYS)
    for at in range(0, len(ring), 7):
        torn = bytearray(ring)
        torn[at] ^= 4
        for copies, bad in (([torn, ring], 1), ([ring, torn], 2)):
            made = Keyring(copies)
            assert (made.people(), made.bad, made.bits) == (KEYS, bad, 0)
        both = Keyring([torn, torn])
        assert (both.people(), both.there, both.bits) == ({}, True, BIT[KEYS_DAMAGED])
    assert Keyring([None, ring]).people() == KEYS and Keyring([None, None]).bits == 0
    old = encode_keyring({"afischer": KEYS["afischer"]})
    assert Keyring([ring, old]).people() == KEYS, "an installation that was broken off: the new one counts"


@pytest.mark.req("INT-4", "SEC-1")
def test_a_flipped_bit_in_the_memory_is_found_before_use_and_in_the_background() -> None:
    """Else a person's key is another one, and nobody knows why."""
    pump = idle()
    laptop = Laptop(pump)
    keyring = pump.controller.keyring
    keyring._copies[0][20] ^= 1
    laptop.challenge()
    assert laptop.say(laptop.sign(m.SET[0], PAYLOADS["SET"])) == (m.ACKED, 0), "the other copy counts"
    scan_s(pump, 61)
    assert keyring.bad == 1
    keyring._copies[1][20] ^= 1
    scan_s(pump, 61)
    assert keyring.bits and laptop.say(coded(m.SET[0], 1, PAYLOADS["SET"])) == (m.REFUSED[0], refusals.KEYS_DAMAGED)
    assert laptop.say(coded(m.CHALLENGE_GET[0], 1, b"afischer")) == (m.REFUSED[0], refusals.KEYS_DAMAGED)
    told = [(event["event"], event["arg"]) for event in pump.events if "keys" in str(event["event"])]
    assert told == [(events.NAMES[events.KEYS_DAMAGED], 1), (events.NAMES[events.KEYS_DAMAGED], 3)]
    assert pump.controller.alarms.active[alarms.KEYRING]


@pytest.mark.req("INT-4", "SEC-1")
def test_a_second_copy_that_differs_is_what_a_broken_installation_left() -> None:
    """Else a person whose key was taken back counts again as soon as the first copy is damaged."""
    now, before = encode_keyring({"afischer": bytes(range(32))}), encode_keyring({"cwolf": bytes(range(32))})
    ring = Keyring([now, before])
    assert list(ring.people()) == ["afischer"] and ring.bad == 2
    ring._copies[0][20] ^= 1
    assert ring.people() == {}


def told(ring: Keyring) -> list[int]:
    """What it says of itself, to the last copy."""
    to: list[int] = []
    ring.put(to.append, lambda put, name: put(name[0]))
    return to


@pytest.mark.req("SEC-3")
def test_it_says_which_copies_are_there_and_who_has_a_key() -> None:
    """Else a reader of the log takes a damaged copy for a sound one."""
    ring = encode_keyring({"b": None, "a": bytes(range(32))})
    torn = bytearray(ring)
    torn[9] ^= 1
    people = [2, ord("a"), 1, ord("b"), 0]
    for copies, states_of in (([ring, ring], [1, 1]), ([torn, ring], [2, 1]), ([ring, torn], [1, 2]), ([ring], [1])):
        assert told(Keyring(copies)) == [len(copies), *states_of, *people]
    assert told(Keyring([None, ring])) == [2, 0, 1, *people]
    assert told(Keyring([torn, None])) == [2, 2, 0, 0]


class Pump:
    """What the ring looks at of a controller; `said`: what it has recorded."""

    def __init__(self) -> None:
        self.t_s, self.said = 0, list[tuple[int, ...]]()
        self.session, self.link = SimpleNamespace(state=states.READY), SimpleNamespace(loading=False)

    def log(self, *record: int) -> None:
        self.said.append(record)


@pytest.mark.req("INT-4", "SEC-1")
@pytest.mark.parametrize("busy", ["", "running", "loading", "early"])
def test_it_is_looked_at_once_a_minute_and_only_at_rest(busy: str) -> None:
    """Else a look that takes milliseconds falls into a scan of the flow."""
    ring, pump = Keyring([encode_keyring(KEYS)] * 2), Pump()
    ring.look(pump)
    ring._copies[0][20] ^= 1
    pump.t_s = LOOK_S - (busy == "early")
    pump.session.state = states.RUNNING if busy == "running" else states.READY
    pump.link.loading = busy == "loading"
    ring.look(pump)
    assert ring.bad == (0 if busy else 1) and pump.said == ([] if busy else [(events.KEYS_DAMAGED, 0, 1)])


@pytest.mark.req("INT-4", "SEC-1")
def test_damage_found_in_use_is_told_with_the_next_look() -> None:
    """Else people wonder for a minute why nobody's key counts."""
    ring, pump = Keyring([encode_keyring(KEYS)] * 2), Pump()
    ring.look(pump)
    ring._copies[0][20] ^= 1
    assert ring.people() == KEYS
    pump.t_s = 1
    ring.look(pump)
    assert pump.said == [(events.KEYS_DAMAGED, 0, 1)]
