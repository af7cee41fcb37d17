"""Measuring accounts: sums over mature posts, shrunk to what all accounts have; unknown stays unknown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.harvest.engagement import engagement_of, prior_of
from actors.domain.outcome import Blocked, Done, Failed, Nothing
from actors.errors import PlatformClosedError, SiteBusyError
from actors.jobs.metrics.engagement_calculator import engagement_calculator
from tests.jobs.doors import START, Bench
from tests.jobs.searches import found, results

if TYPE_CHECKING:
    from actors.domain.outcome import Outcome
    from actors.pages.search import FoundPost

DAY = 24 * 60
CLOSED = PlatformClosedError("cooling", "cooling", 0.0)


def know(bench: Bench, *handles: str) -> None:
    bench.database.run("note_accounts", handles=list(handles), found_by="search", now=START)


def measure(bench: Bench, *script: Any) -> Outcome:
    bench.browser.script = list(script)
    return bench.run(engagement_calculator)


def mature(handle: str, **counts: int | None) -> FoundPost:
    return found(handle, minutes=2 * DAY, **{"views": 1_000, "likes": 30, "reposts": 5, "replies": 5, **counts})


def rows(bench: Bench) -> dict[str, Any]:
    return {row["handle"]: row for row in bench.rows("SELECT * FROM accounts ORDER BY handle")}


def test_nobody_to_measure_is_nothing(bench: Bench) -> None:
    assert measure(bench) == Nothing("every account was measured lately")


def test_an_account_is_measured_by_its_sums_and_shrunk_to_what_all_have(bench: Bench) -> None:
    know(bench, "ada", "bo")
    young = found("ada", minutes=60, likes=999)
    outcome = measure(bench, results(mature("ada"), young), results(mature("bo", likes=90)))

    assert outcome == Done({"measured": 2, "silent": 0, "unread": 0, "estimated": 2})
    assert [errand.query for errand in bench.browser.errands] == [
        f"from:{handle} -filter:replies" for handle in ("ada", "bo")
    ]
    prior, ada = prior_of([(40, 1_000), (100, 1_000)]), rows(bench)["ada"]
    expected = engagement_of(40, 1_000, prior)
    estimate = {"engagement": expected.rate, "engagement_low": expected.low, "engagement_high": expected.high}
    sums = {"engagement_posts": 1, "engagement_events": 40, "engagement_views": 1_000, "engagement_at": START}
    assert ada == {**ada, **estimate, **sums}
    assert ada["posts_per_day"] == pytest.approx(2 / 7)
    assert 0.04 < ada["engagement"] < rows(bench)["bo"]["engagement"] < 0.1


def test_h4_without_a_mature_post_engagement_is_unknown_and_no_placeholder(bench: Bench) -> None:
    know(bench, "ada")
    outcome = measure(bench, results(mature("ada", views=None), found("ada", minutes=30)))

    assert outcome == Done({"measured": 0, "silent": 1, "unread": 0, "estimated": 0})
    ada = rows(bench)["ada"]
    unknown = dict.fromkeys(("engagement", "engagement_low", "engagement_high", "engagement_posts"))
    assert ada == {**ada, **unknown, "engagement_at": START}
    assert isinstance(measure(bench), Nothing), "asked again at once"


def test_every_account_is_estimated_anew_when_others_are_measured(bench: Bench) -> None:
    know(bench, "ada")
    measure(bench, results(mature("ada", likes=10)))
    before = rows(bench)["ada"]["engagement"]
    know(bench, *(handles := [f"b{number}" for number in range(5)]))
    measure(bench, *(results(mature(handle, likes=300)) for handle in handles))

    assert rows(bench)["ada"]["engagement"] > before


def test_h8_engagement_calculator_answers_differently_when_accounts_changes(bench: Bench) -> None:
    know(bench, "ada", "bo")
    bench.database.sql("UPDATE accounts SET engagement_at = %s WHERE handle = 'ada'", START - timedelta(days=8))
    bench.database.sql("UPDATE accounts SET engagement_at = %s WHERE handle = 'bo'", START - timedelta(days=6))
    bench.database.run("add_opt_out", handle="cy", now=START, by="test")
    know(bench, "cy", "di")
    measure(bench, results(), results())

    assert [errand.query.split()[0] for errand in bench.browser.errands] == ["from:di", "from:ada"]


def test_a_run_measures_at_most_fifty_accounts(bench: Bench) -> None:
    know(bench, *(f"a{number}" for number in range(51)))
    measure(bench, *[results()] * 50)

    assert len(bench.browser.errands) == 50


def test_c3_an_account_that_cannot_be_read_or_stored_holds_up_no_other(bench: Bench) -> None:
    know(bench, "ada", "bo", "cy")
    broken = mature("bo", views=10**30)
    outcome = measure(bench, SiteBusyError("busy"), results(broken), results(mature("cy")))

    assert outcome == Done({"measured": 1, "silent": 0, "unread": 2, "estimated": 1})
    assert rows(bench)["ada"]["engagement_at"] is None


@pytest.mark.parametrize(("error", "kind"), [(SiteBusyError("busy"), Failed), (CLOSED, Blocked)])
def test_e4_a_run_that_could_read_nothing_is_no_success(bench: Bench, error: Exception, kind: type) -> None:
    know(bench, "ada")

    assert isinstance(measure(bench, error), kind)


def test_e4_a_wall_ends_the_run_with_what_it_has(bench: Bench) -> None:
    know(bench, "ada", "bo", "cy")

    assert measure(bench, results(mature("ada")), CLOSED) == Done(
        {"measured": 1, "silent": 0, "unread": 1, "estimated": 1}
    )


def test_i4_no_account_is_begun_after_half_of_the_interval(bench: Bench) -> None:
    know(bench, "ada", "bo")

    def slow(errand: Any, _: Any) -> Any:
        bench.now += timedelta(hours=12)
        return results(found("ada", at=bench.now, minutes=2 * DAY))

    assert isinstance(measure(bench, slow), Done)
    assert len(bench.browser.errands) == 1
