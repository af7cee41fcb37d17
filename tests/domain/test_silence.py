"""Which jobs have been silent for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from actors.domain.silence import LaneSilence, silent_jobs

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_job_that_succeeded_within_its_allowance_is_not_silent() -> None:
    assert silent_jobs({"plan": HOUR}, {"plan": SINCE + 5 * HOUR}, SINCE, SINCE + 6 * HOUR) == {}


def test_a_job_past_its_allowance_is_named_with_its_silence() -> None:
    allowances = {"plan": HOUR, "learn": 10 * HOUR}
    last = {"plan": SINCE + HOUR, "learn": SINCE + HOUR}
    assert silent_jobs(allowances, last, SINCE, SINCE + 4 * HOUR) == {"plan": 3 * HOUR}


def test_c7_a_job_that_never_succeeded_is_silent_since_somebody_looked() -> None:
    assert silent_jobs({"plan": HOUR}, {}, SINCE, SINCE + 2 * HOUR) == {"plan": 2 * HOUR}


def test_a_success_before_anybody_looked_does_not_make_the_silence_longer() -> None:
    assert silent_jobs({"plan": HOUR}, {"plan": SINCE - 100 * HOUR}, SINCE, SINCE + HOUR) == {}


def test_jobs_without_an_allowance_are_nobodys_alarm() -> None:
    assert silent_jobs({}, {"plan": SINCE}, SINCE, SINCE + 1000 * HOUR) == {}


def test_c7_a_silent_lane_is_called_once_in_each_allowance_until_something_is_published() -> None:
    silence = LaneSilence(2 * HOUR, SINCE)
    called = [hour for hour in range(8) if silence.look(SINCE + hour * HOUR) is not None]
    assert called == [3, 6]
    silence.published(SINCE + 8 * HOUR)
    assert silence.look(SINCE + 10 * HOUR) is None
    assert silence.look(SINCE + 11 * HOUR) == 3 * HOUR


def test_c7_a_silence_that_began_before_anybody_looked_is_called_at_the_first_word_of_it() -> None:
    silence = LaneSilence(2 * HOUR, SINCE)
    silence.published(SINCE - 25 * HOUR)
    assert silence.look(SINCE) == 25 * HOUR
    assert silence.look(SINCE + HOUR) is None


def test_c7_an_older_word_than_the_last_one_does_not_call_again() -> None:
    silence = LaneSilence(2 * HOUR, SINCE)
    for hour in (1, 0):
        silence.published(SINCE + hour * HOUR)
    assert silence.look(SINCE + 4 * HOUR) == 3 * HOUR
    silence.published(SINCE)
    assert silence.look(SINCE + 5 * HOUR) is None
