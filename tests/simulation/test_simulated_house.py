"""The simulated house by small examples: who waits for whom, what is recalled, what is due at the edges of time."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.domain.priority import Priority
from actors.domain.timetable import After
from actors.simulation.front import RECALL_S
from actors.simulation.house import House, slots_before
from actors.simulation.setting import FrontSize, Setting
from actors.simulation.summary import summarise
from tests.simulation.lives import SETTING, job, live

P0, P1, P2, P3 = Priority
ONE_CONTEXT = replace(SETTING, fronts={**SETTING.fronts, "browser": FrontSize(1, 0, 50)})


def test_slots_lie_between_the_first_due_time_and_the_horizon() -> None:
    late = job("late", P1, 600, (1, 1), offset=timedelta(seconds=2000))
    house = live(late)

    assert slots_before(late, 3600) == 3
    assert house.tally.jobs["late"].done == {0, 1, 2}


def test_what_is_due_before_the_horizon_is_done_after_it() -> None:
    house = live(job("long", P1, 3599, (500, 500)))

    assert house.tally.jobs["long"].done == {0, 1}
    assert house.agenda.now > 3600 + 490


def test_a_slot_that_comes_during_a_run_waits_and_keeps_its_due_time() -> None:
    """Runs of 150 s every 100 s: the second is due at 100 and begins at 150; the one after the buffer is missed."""
    house = live(job("slow", P1, 100, (150, 150), uses=frozenset({"database"})), days=250 / 86400)
    slow = house.tally.jobs["slow"]

    assert slow.waits == [0.0, 50.0, 100.0]
    assert (slow.done, slow.missed) == ({0, 1, 2}, set())


def test_a_second_slot_behind_the_buffer_supersedes_the_first_and_is_counted_as_missed() -> None:
    house = live(job("slow", P1, 100, (250, 250), uses=frozenset({"database"})), days=350 / 86400)
    slow = house.tally.jobs["slow"]

    assert (slow.done, slow.missed) == ({0, 2, 3}, {1})


def test_a_browser_run_is_charged_half_a_second_for_each_errand() -> None:
    house = live(job("scrape", P2, 3600, (100, 100)))

    assert house.tally.jobs["scrape"].waits == [pytest.approx(1.5)]
    assert house.tally.use.busy_s == pytest.approx(101.5)


def test_a_p0_run_is_one_errand_without_setting_up() -> None:
    house = live(job("posting", P0, 3600, (100, 100)), setting=ONE_CONTEXT)

    assert house.tally.jobs["posting"].waits == [0.0]


def test_errands_of_two_runs_alternate_so_that_the_short_one_does_not_wait_for_all_of_the_long_one() -> None:
    later = timedelta(seconds=10)
    house = live(job("long", P3, 3600, (450, 450)), job("short", P3, 3600, (40, 40), offset=later), setting=ONE_CONTEXT)

    assert house.tally.jobs["short"].waits[0] < 45


def test_p0_that_comes_unannounced_gets_the_lent_slot_and_what_was_called_back_is_done_again() -> None:
    scrapers = [job(f"scraper_{number}", P3, 3600, (200, 200)) for number in range(3)]
    house = House([*scrapers, job("posting", P0, 3600, (5, 5), offset=timedelta(seconds=10))], SETTING, days=1 / 24)
    # The news of when P0 comes is lost: the front lends the reserved slot as if it came never.
    house.fronts["browser"].arbiter.expect(math.inf, 0.0)
    house.clock._p0_at = 10.0
    house.live()

    assert house.tally.counts["recalls"] == 1
    assert house.tally.jobs["posting"].delays == [pytest.approx(RECALL_S)]
    assert all(house.tally.jobs[scraper.name].done == {0} for scraper in scrapers)


def test_an_errand_revoked_while_its_page_closes_leaves_the_slot_to_its_successor() -> None:
    # Lent at 60 s, it waits 90 s for the only connection: its time is up in the moment in which P0 calls it back.
    database, both = frozenset({"database"}), frozenset({"browser", "database"})
    holder = job("holder", P1, 3600, (300, 300), uses=database)
    lent = job("lent", P2, 3600, (30, 30), uses=both, offset=timedelta(seconds=60), attempts=1)
    posting = job("posting", P0, 3600, (60, 60), offset=timedelta(seconds=150))
    fronts = {**SETTING.fronts, "browser": FrontSize(1, 1, 50), "database": FrontSize(1, 0, 50)}
    house = live(holder, lent, posting, setting=replace(SETTING, fronts=fronts))

    assert (house.tally.counts["recalls"], house.tally.counts["revocations"]) == (1, 1)
    assert house.tally.jobs["lent"].failed == {0}
    assert house.tally.jobs["posting"].done == {0}
    assert house.tally.jobs["posting"].delays == [0.0]


def test_a_connection_that_comes_after_a_recall_is_given_back_at_once() -> None:
    """The scraper waits for the one connection when P0 takes its context; its connection comes while P0 works."""
    fronts = {**SETTING.fronts, "browser": FrontSize(1, 1, 50), "database": FrontSize(1, 0, 50)}
    database = frozenset({"database"})
    blocker = job("blocker", P1, 3600, (50, 50), uses=database)
    other = job("other", P1, 3600, (10, 10), uses=database, offset=timedelta(seconds=60))
    scraper = job("scraper", P3, 3600, (20, 20), uses=frozenset({"browser", "database"}))
    posting = job("posting", P0, 3600, (100, 100), offset=timedelta(seconds=10))
    house = House([blocker, other, scraper, posting], replace(SETTING, fronts=fronts), days=1 / 24)
    house.fronts["browser"].arbiter.expect(math.inf, 0.0)
    house.clock._p0_at = 10.0
    house.live()

    assert house.tally.counts["recalls"] == 1
    assert house.tally.jobs["other"].waits == [0.0], "no connection is held while the context is not"
    assert house.tally.jobs["scraper"].waits == [pytest.approx(110.0 + RECALL_S + 0.5)]


def test_an_errand_that_could_not_end_within_its_runs_deadline_is_not_started() -> None:
    blocker = job("blocker", P1, 3600, (200, 200), errand_s=None)
    scraper = job("scraper", P3, 3600, (20, 20), deadline_s=150.0, attempts=1, offset=timedelta(seconds=1))
    house = live(blocker, scraper, setting=ONE_CONTEXT)

    assert house.tally.counts["refused_expired"] == 1
    assert house.tally.jobs["scraper"].failed == {0}


def test_a_retry_that_would_lie_behind_the_horizon_is_made_at_it() -> None:
    options = {"uses": frozenset({"database"}), "offset": timedelta(seconds=3550), "deadline_s": 30.0}
    house = live(job("hopeless", P2, 7200, (60, 60), **options, attempts=3, backoff_s=100.0))

    assert house.tally.counts["retries"] == 2
    assert house.tally.jobs["hopeless"].failed == {0}


def test_a_dependency_holds_p0_and_the_report_says_so_without_blaming_the_arbiter() -> None:
    plan = job("plan", P0, 900, (10, 10), uses=frozenset({"database"}))
    posting = job("posting", P0, 900, (5, 5), after=(After("plan", timedelta(minutes=20), timedelta(minutes=5)),))
    p0 = summarise(live(plan, posting))["p0"]

    assert (p0["held_by_dependencies"], p0["held_max"]) == (1, 10.0)
    assert (p0["late"], p0["start_delay_max"]) == (0, 0.0)


def test_a_run_past_its_deadline_is_ended_and_tried_again_as_often_as_the_job_allows() -> None:
    hopeless = job("hopeless", P2, 3600, (60, 60), uses=frozenset({"database"}), deadline_s=30.0, attempts=3)
    house = live(hopeless)

    assert house.tally.jobs["hopeless"].failed == {0}
    assert house.tally.counts["retries"] == 2


def test_a_model_call_beyond_the_days_money_is_refused() -> None:
    poor = Setting(SETTING.fronts, usd_per_day=0.05)
    thrifty = job("plan", P0, 60, (5, 5), uses=frozenset({"openai"}), attempts=1, family="content")
    house = live(thrifty, setting=poor)

    assert house.tally.counts["refused_budget"] > 40
    assert 10 <= len(house.tally.jobs["plan"].done) <= 11
    assert house.tally.lost() == 0


def test_too_few_run_slots_make_runs_wait_but_never_exceed_them() -> None:
    narrow = replace(SETTING, fronts={**SETTING.fronts, "runs": FrontSize(2, 1, 64)})
    house = live(*(job(f"job_{n}", P2, 3600, (100, 100), uses=frozenset()) for n in range(4)), setting=narrow)

    assert sorted(wait for tally in house.tally.jobs.values() for wait in tally.waits) == [0, 100, 200, 300]
    assert house.tally.over_capacity == 0


def test_disabled_jobs_are_never_due() -> None:
    house = live(job("off", P1, 60, (1, 1), enabled=False), job("on", P1, 600, (1, 1)))

    assert house.tally.jobs["off"].due == 0
    assert not house.tally.jobs["off"].done
    assert len(house.tally.jobs["on"].done) == 6
