"""Pauses: what is paused at a time, and what is left of a pause when a part of it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.author import ANYBODY, HOLDER
from actors.domain.pauses import Pause, jobs_of, next_end, paused_jobs, resumed

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAMILIES = {
    "content": frozenset({"plan", "viral_thread"}),
    "publishing": frozenset({"posting"}),
    "health": frozenset({"health_monitor", "job_watchdog"}),
}
NAMES = ["all", *FAMILIES, *sorted(frozenset().union(*FAMILIES.values()))]


def pause(name: str, until: datetime | None = None) -> Pause:
    return Pause(name, until, "me", "a reason")


def names(pauses: tuple[Pause, ...]) -> list[str]:
    return [each.name for each in pauses]


def test_a_pause_stands_for_a_job_a_family_or_all_of_them() -> None:
    assert jobs_of("plan", FAMILIES) == {"plan"}
    assert jobs_of("content", FAMILIES) == {"plan", "viral_thread"}
    assert jobs_of("all", FAMILIES) == {"plan", "viral_thread", "posting", "health_monitor", "job_watchdog"}


def test_a_pause_is_over_at_its_end_and_not_before() -> None:
    brief = pause("plan", NOW + HOUR)

    assert set(paused_jobs([brief], FAMILIES, NOW + HOUR - timedelta(microseconds=1))) == {"plan"}
    assert paused_jobs([brief], FAMILIES, NOW + HOUR) == {}


def test_of_several_pauses_of_a_job_the_one_that_lasts_longest_counts() -> None:
    brief, whole, endless = pause("plan", NOW + HOUR), pause("content", NOW + 2 * HOUR), pause("all")

    assert paused_jobs([whole, brief], FAMILIES, NOW)["plan"] == whole
    assert paused_jobs([endless, whole, brief], FAMILIES, NOW)["plan"] == endless


def test_what_anybody_says_of_a_job_prolongs_what_a_known_author_stopped_and_hides_neither_him_nor_his_reason() -> None:
    hold = Pause("posting", NOW + HOUR, HOLDER, "legal hold")
    equal, longer = (Pause("posting", until, ANYBODY, "lunch") for until in (NOW + HOUR, None))

    for pauses in ([hold, equal], [equal, hold]):
        assert paused_jobs(pauses, FAMILIES, NOW)["posting"] == hold
    for pauses in ([hold, longer], [longer, hold]):
        found = paused_jobs(pauses, FAMILIES, NOW)["posting"]
        assert (found.until, found.by) == (None, "holder of the control key, then anybody")
        assert found.because == "legal hold; then lunch"
    assert paused_jobs([hold, longer], FAMILIES, NOW + HOUR)["posting"] == longer


def test_what_is_left_of_a_pause_takes_the_place_of_none_of_another_author() -> None:
    whole, alone = Pause("content", None, ANYBODY, "lunch"), Pause("viral_thread", None, HOLDER, "legal hold")

    left = resumed([whole, alone], "plan", FAMILIES, NOW)

    assert set(left) == {alone, Pause("viral_thread", None, ANYBODY, "lunch")}


def test_the_next_end_is_that_of_the_first_that_ends_by_itself() -> None:
    assert next_end([pause("plan"), pause("posting", NOW + HOUR), pause("all", NOW + 2 * HOUR)], NOW) == NOW + HOUR
    assert next_end([pause("plan")], NOW) is None


def test_resuming_a_job_leaves_the_rest_of_its_family_paused_as_it_was() -> None:
    whole = pause("content", NOW + HOUR)

    assert resumed([whole], "plan", FAMILIES, NOW) == (pause("viral_thread", NOW + HOUR),)


def test_resuming_a_job_of_all_leaves_other_families_paused_as_a_whole() -> None:
    assert names(resumed([pause("all")], "plan", FAMILIES, NOW)) == ["health", "publishing", "viral_thread"]


def test_resuming_a_family_resumes_its_jobs_that_were_paused_one_by_one() -> None:
    assert names(resumed([pause("plan"), pause("posting")], "content", FAMILIES, NOW)) == ["posting"]


def test_what_is_left_of_one_pause_shortens_no_other() -> None:
    left = resumed([pause("content", NOW + HOUR), pause("viral_thread")], "plan", FAMILIES, NOW)

    assert left == (pause("viral_thread"),)


@given(
    st.lists(st.builds(pause, st.sampled_from(NAMES), st.sampled_from([None, NOW - HOUR, NOW + HOUR])), max_size=6),
    st.sampled_from(NAMES),
)
def test_resuming_a_name_resumes_exactly_its_jobs(pauses: list[Pause], name: str) -> None:
    before, after = paused_jobs(pauses, FAMILIES, NOW), paused_jobs(resumed(pauses, name, FAMILIES, NOW), FAMILIES, NOW)

    assert after.keys() == before.keys() - jobs_of(name, FAMILIES)
    assert {job: kept.until for job, kept in after.items()} == {job: before[job].until for job in after}
