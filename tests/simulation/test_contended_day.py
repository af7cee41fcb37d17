"""The contended day under the program's own machines: the figures that the arbiter was made for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.priority import Priority
from actors.simulation.summary import summarise
from tests.simulation.lives import CONTENDED_DAY, contended_day

if TYPE_CHECKING:
    from actors.simulation.house import House


@pytest.fixture(scope="module", params=[1.0, 1.8], ids=["load 1.0", "load 1.8"])
def lived(request: pytest.FixtureRequest) -> tuple[float, House, dict[str, Any]]:
    house = contended_day(request.param)
    return request.param, house, summarise(house)


def test_no_p0_run_is_late_and_each_begins_when_it_is_due(lived: tuple[float, House, dict[str, Any]]) -> None:
    p0 = lived[2]["p0"]

    assert p0["runs"] == 287 + 95
    assert p0["late"] == 0
    assert p0["start_delay_p99"] <= 1.0
    assert p0["start_delay_max"] <= 1.0


def test_the_waits_are_near_the_best_that_is_known(lived: tuple[float, House, dict[str, Any]]) -> None:
    """The limits are what a greedy omniscient scheduler gets when a run holds its context throughout."""
    load, _, document = lived
    mean, p1 = {1.0: (116, 30), 1.8: (251, 60)}[load]

    assert document["browser"]["wait_mean"] <= mean
    assert document["browser"]["wait_by_priority"]["1"] <= p1
    assert document["browser"]["wait_max"] < 3600


def test_nothing_is_missed_or_failed_or_done_twice(lived: tuple[float, House, dict[str, Any]]) -> None:
    document = lived[2]

    assert all(job["runs"] == job["due"] for job in document["jobs"].values())
    assert sum(job["due"] for job in document["jobs"].values()) > 1900
    assert document["double_runs"] == document["over_capacity"] == document["lost_slots"] == 0


def test_a_run_lasts_as_long_as_the_file_says_whatever_the_seed() -> None:
    first, second = contended_day(), contended_day(seed=2)
    scraper = next(load for load in first.loads if load.name == "metrics_scraper")

    assert first.length(scraper, 7) == random.Random("metrics_scraper/7").uniform(60, 480)
    assert [summarise(house)["browser"] for house in (first, second)] == [summarise(first)["browser"]] * 2


def test_the_load_lengthens_browser_runs_behind_p0_but_no_single_publication() -> None:
    plain = {load.name: load.length for load in contended_day(days=0.1).loads}
    loaded = {load.name: load.length for load in contended_day(1.8, days=0.1).loads}
    longer = {name for name in plain if loaded[name] != plain[name]}

    assert longer >= {"metrics_scraper", "news_scraping", "follower_snapshot"}
    assert not longer & {"posting", "plan", "reply_posting", "viral_thread", "learn", "job_watchdog"}
    assert loaded["metrics_scraper"].greatest_s == pytest.approx(480 * 1.8)


def test_uncut_runs_wait_longer_and_still_leave_p0_alone() -> None:
    cut, uncut = summarise(contended_day()), summarise(contended_day(sliced=False))

    assert uncut["browser"]["wait_mean"] > 1.15 * cut["browser"]["wait_mean"]
    assert uncut["p0"]["late"] == 0


def test_the_contexts_work_for_the_runs_and_their_setting_up_and_for_nothing_else() -> None:
    house = contended_day()
    errands = 0
    work = 0.0
    for load in house.loads:
        if "browser" not in load.uses or not load.enabled:
            continue
        lengths = [house.length(load, number) for number in range(house.tally.jobs[load.name].due)]
        work += sum(lengths)
        if load.priority is not Priority.P0:
            errands += sum(-int(-length // 45) for length in lengths)
    waited_for_connections = house.tally.use.busy_s - work - 0.5 * errands

    assert 0 <= waited_for_connections < 0.01 * house.tally.use.busy_s


def test_the_fixture_is_the_scenario_of_46_jobs() -> None:
    assert len(contended_day(days=0.01).loads) == 46
    assert CONTENDED_DAY.read_text().startswith("# The contended day")
