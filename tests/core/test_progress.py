"""What of a session forbids a resume: times of a hold and without flow, reactions; a changed bit of it is found."""

from __future__ import annotations

import pytest

from pump.session.progress import AGE_MAX_MS, Progress


@pytest.mark.req("SES-6", "SES-7")
def test_a_hold_is_timed_from_its_beginning_and_still_time_from_the_last_pulse() -> None:
    """Else a hold that is too long is a short one, or a wait for a bag counts as none."""
    progress = Progress()
    progress.stand(False, 700)
    assert (progress.held_ms, progress.still_ms) == (0, 700)
    progress.stand(True, 300)
    progress.stand(True, 50)
    assert (progress.held_ms, progress.still_ms) == (350, 1_050)
    progress.hold()
    assert (progress.held_ms, progress.still_ms) == (0, 1_050)
    progress.move()
    assert (progress.held_ms, progress.still_ms) == (0, 0)
    for _ in range(3):
        progress.stand(True, AGE_MAX_MS - 5)
    assert progress.held_ms == progress.still_ms == AGE_MAX_MS and progress.whole()


@pytest.mark.req("INT-4", "SES-6")
@pytest.mark.parametrize("name", ["reactions", "held_ms", "still_ms"])
def test_a_changed_bit_in_what_forbids_a_resume_is_found(name: str) -> None:
    """Else a third reaction is the second, or a hold of hours one of minutes."""
    progress = Progress()
    progress.react()
    progress.stand(True, 4_000)
    progress.stand(False, 4_000)
    assert progress.whole() and progress.reactions == 1
    setattr(progress, name, getattr(progress, name) ^ 1 << 12)
    assert not progress.whole()
    progress.restart()
    assert progress.whole() and (progress.reactions, progress.held_ms, progress.still_ms) == (0, 0, 0)
