"""Who is asked and does not answer is silent; who could not be watched is not blamed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.progress import Finding, Progress


def test_who_answers_is_asked_again_at_the_next_look() -> None:
    progress = Progress(limit_s=3.0)
    assert progress.look(0.0) is Finding.ASK
    progress.answered()
    assert progress.look(1.0) is Finding.ASK


def test_who_gives_no_answer_within_the_limit_is_silent_and_then_asked_anew() -> None:
    progress = Progress(limit_s=3.0)
    findings = [progress.look(float(second)) for second in range(5)]
    assert findings == [Finding.ASK, Finding.WAIT, Finding.WAIT, Finding.SILENT, Finding.ASK]


def test_a_pause_in_which_the_observer_stood_still_too_is_nobodys_silence() -> None:
    progress = Progress(limit_s=3.0)
    progress.look(100.0)
    assert progress.look(160.0) is Finding.WAIT
    assert progress.look(161.0) is Finding.WAIT
    assert progress.look(162.0) is Finding.SILENT


def test_who_has_answered_is_asked_anew_after_a_pause_too() -> None:
    progress = Progress(limit_s=3.0)
    progress.look(100.0)
    progress.answered()
    assert progress.look(160.0) is Finding.ASK


def test_looks_that_are_a_little_late_do_not_prolong_the_limit() -> None:
    progress = Progress(limit_s=6.0)
    findings = [progress.look(2.0 * number) for number in range(4)]
    assert findings[-1] is Finding.SILENT


@given(st.lists(st.floats(0.0, 1.9), min_size=10, max_size=60))
def test_whoever_never_answers_is_found_silent_within_the_limit_and_one_look(pauses: list[float]) -> None:
    progress, now, asked_at = Progress(limit_s=5.0), 0.0, None
    for pause in pauses:
        now += pause
        finding = progress.look(now)
        if finding is Finding.ASK:
            asked_at = now
        assert asked_at is not None
        assert (finding is Finding.SILENT) == (now - asked_at >= 5.0)
