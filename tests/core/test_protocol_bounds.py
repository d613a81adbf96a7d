"""The ends of what a compiled protocol may hold: the last value is taken, the next one is refused (PRO-1, PRO-6)."""

from __future__ import annotations

import pytest
from core_kit import PG, standard
from test_protocol_form import small_oral

from pump.protocol import protocol as p
from pump.protocol.encoding import encode


def refused(protocol: p.Protocol) -> tuple[str, int]:
    """The code with which it is refused, and what that is about; empty: it is taken as it was."""
    blob = bytearray(encode(protocol))
    try:
        again = p.decode(blob)
    except p.Refusal as refusal:
        return refusal.name, refusal.where
    assert encode(again) == bytes(blob)
    return "", 0


def with_bags(count: int) -> p.Protocol:
    """The standard ladder with bags that no step draws from behind its three."""
    protocol = standard()
    for number in range(len(protocol.solutions), count):
        protocol.solutions.append(p.Solution(10**6, PG, chr(65 + number), f"X-{number}"))
    return protocol


@pytest.mark.req("PRO-1")
def test_eight_bags_are_taken_and_nine_are_refused() -> None:
    """Else a ladder has a bag that the session's account has no room for."""
    assert refused(with_bags(8)) == ("", 0)
    assert refused(with_bags(9)) == ("range", p.SOLUTION)


@pytest.mark.req("PRO-1")
def test_forty_steps_are_taken_and_forty_one_are_refused() -> None:
    """Else a step lies behind the end of what is kept over a power cut."""
    protocol = standard()
    protocol.steps += [protocol.steps[-1]] * (40 - len(protocol.steps))
    assert refused(protocol) == ("", 0)
    protocol.steps.append(protocol.steps[-1])
    assert refused(protocol) == ("range", p.STEP)


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize(("longest", "field"), [(60, "name"), (40, "drug")])
def test_a_word_may_be_one_letter_or_the_longest(longest: int, field: str) -> None:
    """Else a drug of a short name cannot be given, or a long one is cut."""
    protocol = standard()
    for length, taken in ((1, True), (longest, True), (longest + 1, False)):
        setattr(protocol, field, "A" * length)
        key = p.NAME if field == "name" else p.DRUG
        assert refused(protocol) == (("", 0) if taken else ("range", key))


@pytest.mark.req("PRO-1", "PRO-8")
def test_a_bag_s_code_may_be_one_letter_or_twenty_four() -> None:
    """Else a pharmacy's labels cannot be read."""
    protocol = standard()
    for length, taken in ((1, True), (24, True), (25, False)):
        protocol.solutions[0].code = "K" * length
        assert refused(protocol) == (("", 0) if taken else ("range", p.SOLUTION))


@pytest.mark.req("PRO-1", "PRO-6")
@pytest.mark.parametrize(
    ("field", "lowest", "highest"), [("volume_nl", 1, 3 * 10**9), ("drug_pg", 1, 10**16), ("line_nl", 0, 50_000_000)]
)
def test_what_is_in_a_bag_is_bounded(field: str, lowest: int, highest: int) -> None:
    """Else a unit mixed up gives a bag of a tonne, or one of nothing."""
    protocol = standard()
    for value, taken in ((lowest, True), (highest, True), (lowest - 1, False), (highest + 1, False)):
        if value >= 0:
            setattr(protocol.solutions[0], field, value)
            assert refused(protocol) == (("", 0) if taken else ("range", p.SOLUTION)), value


@pytest.mark.req("PRO-1")
@pytest.mark.parametrize(("size", "code"), [(p.PROTOCOL_MAX, "range"), (p.PROTOCOL_MAX + 1, "truncated")])
def test_a_protocol_is_read_up_to_its_longest(size: int, code: str) -> None:
    """Else one with too many steps is called a torn one, or more than the pump has room for is read."""
    blob = encode(padded(size))
    assert len(blob) == size
    with pytest.raises(p.Refusal, match=code):
        p.decode(bytearray(blob))


def padded(size: int) -> p.Protocol:
    """A ladder of so many bytes: far too many steps, and a name as long as needed."""
    protocol = standard()
    while len(encode(protocol)) < size - 40:
        protocol.steps.append(protocol.steps[-1])
    protocol.name = "N" * (size - len(encode(protocol)) + len(protocol.name))
    return protocol


@pytest.mark.req("PRO-1")
def test_a_ladder_without_its_rungs_says_which_it_wants() -> None:
    """Else who writes doses by mouth is told to add steps."""
    oral, infused = small_oral(), standard()
    oral.doses, infused.steps = [], []
    assert refused(oral) == ("missing", p.DOSE)
    assert refused(infused) == ("missing", p.STEP)


@pytest.mark.req("VIT-1", "SES-6", "SES-7")
def test_what_a_file_leaves_out_is_what_the_requirements_say() -> None:
    """Else a protocol that says nothing of SpO2 warns or holds at another value than people were taught."""
    plain = p.Protocol()
    assert plain.fields(p.MONITORING) == (92, 4, 94, 3, 10, 50, 130)
    assert plain.fields(p.LIMITS) == (120, 30, 48)
    assert plain.fields(p.REACTION) == (15, 3, 0, 1)
    assert plain.fields(p.LINE) == (0, 0) and plain.order is None and plain.approval is None


@pytest.mark.req("PRO-1", "PRO-6")
def test_a_protocol_in_which_nothing_is_written_is_refused() -> None:
    """Else a name or a dose that nobody entered is made up."""
    plain = p.Protocol()
    assert (plain.name, plain.drug, plain.fields(p.FULL_DOSE), plain.fields(p.KIND)) == ("", "", (0,), (0, 0))
    assert refused(plain) == ("range", p.NAME)
