"""Reading our followers: one reading a run, and who is new on the list."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from actors.domain.followers import digest_of
from actors.domain.outcome import Done, Nothing
from actors.errors import DeadlineError, LoggedOutError
from actors.jobs.metrics.follower_snapshot import follower_snapshot
from actors.pages.followers import FollowersReading, ReadFollowers
from actors.pages.profile import ProfileReading, ReadProfile
from tests.jobs.doors import START

if TYPE_CHECKING:
    from actors.job import Outcome
    from tests.jobs.doors import Bench, Row


def look(
    bench: Bench, handles: list[str], followers: int = 500, *, has_ended: bool = False, is_rounded: bool = False
) -> Outcome:
    """Run once, half an hour after the last time."""
    bench.now += timedelta(minutes=30)
    bench.browser.script = [
        ProfileReading(followers, is_rounded, START),
        FollowersReading(tuple(handles), has_ended, START),
    ]
    return bench.run(follower_snapshot)


def readings(bench: Bench) -> list[Row]:
    return bench.rows("SELECT followers, is_rounded, follows FROM follower_readings ORDER BY taken_at")


def remembered(bench: Bench) -> dict[str, bool]:
    return {row["digest"]: row["is_counted"] for row in bench.rows("SELECT * FROM new_followers")}


def test_a_run_reads_profile_and_list_once_each(bench: Bench) -> None:
    look(bench, ["anna"])

    account = bench.config.platform.account
    assert bench.browser.errands == [ReadProfile(account), ReadFollowers(account, limit=60)]


def test_the_first_reading_remembers_who_is_there_and_counts_nobody(bench: Bench) -> None:
    assert look(bench, ["anna", "ben"]) == Done({"readings": 1, "follows": 0, "unknown": 1})

    assert readings(bench) == [{"followers": 500, "is_rounded": False, "follows": None}]
    assert remembered(bench) == {digest_of("anna"): False, digest_of("ben"): False}


def test_h8_follower_snapshot_answers_differently_when_new_followers_changes(bench: Bench) -> None:
    look(bench, ["anna", "ben"])
    assert look(bench, ["Zoe", "yan", "ANNA", "ben"], 502) == Done({"readings": 1, "follows": 2, "unknown": 0})
    assert look(bench, ["zoe", "yan", "anna", "ben"], 502) == Done({"readings": 1, "follows": 0, "unknown": 0})

    assert [row["follows"] for row in readings(bench)] == [None, 2, 0]
    assert remembered(bench)[digest_of("zoe")] is True


def test_h6_a_list_that_does_not_reach_back_says_unknown_and_the_next_one_counts_again(bench: Bench) -> None:
    look(bench, ["anna", "ben"])
    assert look(bench, ["f4", "f3", "f2"], 600) == Done({"readings": 1, "follows": 0, "unknown": 1})
    look(bench, ["f5", "f4", "f3"], 601)

    assert [row["follows"] for row in readings(bench)] == [None, None, 1]


@pytest.mark.parametrize(("followers", "follows"), [(2, 2), (40, None)])
def test_a_list_that_ends_without_anybody_known_is_believed_if_the_profile_says_the_same(
    bench: Bench, followers: int, follows: int | None
) -> None:
    look(bench, [], 0, has_ended=True)
    look(bench, ["ben", "anna"], followers, has_ended=True)

    assert readings(bench)[-1]["follows"] == follows


def test_h2_a_rounded_count_is_flagged(bench: Bench) -> None:
    look(bench, ["anna"], 12_300, is_rounded=True)

    assert readings(bench) == [{"followers": 12_300, "is_rounded": True, "follows": None}]


def test_a_profile_without_a_number_is_no_reading(bench: Bench) -> None:
    bench.browser.script = [ProfileReading(None, is_abbreviated=False, site_time=START)]

    assert isinstance(bench.run(follower_snapshot), Nothing)
    assert readings(bench) == []


@pytest.mark.parametrize("error", [LoggedOutError("wall"), DeadlineError("slow")])
def test_h6_without_its_list_a_count_is_not_stored(bench: Bench, error: Exception) -> None:
    look(bench, ["anna"])
    bench.browser.script = [ProfileReading(501, is_abbreviated=False, site_time=START), error]

    with pytest.raises(type(error)):
        bench.run(follower_snapshot)

    assert len(readings(bench)) == 1
    look(bench, ["ben", "anna"], 501)
    assert readings(bench)[-1]["follows"] == 1


def test_who_followed_long_ago_is_forgotten_but_for_the_latest_two_hundred(bench: Bench) -> None:
    look(bench, [f"old{number}" for number in range(250)])
    bench.now += timedelta(days=31)
    look(bench, ["new", *(f"old{number}" for number in range(60))])

    rows = bench.rows("SELECT count(*) AS count FROM new_followers")
    assert rows == [{"count": 200}]
    assert digest_of("new") in remembered(bench)


def test_no_handle_is_stored_anywhere(bench: Bench) -> None:
    look(bench, ["anna_walks"])
    look(bench, ["ben_runs", "anna_walks"])

    stored = str(bench.rows("SELECT * FROM new_followers")) + str(bench.rows("SELECT * FROM follower_readings"))
    assert "anna" not in stored
    assert "ben" not in stored
