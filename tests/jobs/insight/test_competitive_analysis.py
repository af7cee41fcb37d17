"""Comparing ourselves with the largest of our field: who is read, what is counted, and what plan hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from actors.domain.outcome import Blocked, Done, Nothing
from actors.errors import LoggedOutError
from actors.jobs.content.plan import plan
from actors.jobs.insight.competitive_analysis import competitive_analysis
from tests.jobs.doors import draw_ids
from tests.jobs.insight.test_format_learning_scraper import ASKED, SECRET, asked, know, lessons, old, study, viral
from tests.jobs.searches import results
from tests.jobs.writer import Writer

if TYPE_CHECKING:
    from tests.jobs.doors import Bench

EMPTY = results()


def competitors(bench: Bench, *script: Any) -> Any:
    bench.browser.script = list(script)
    return bench.run(competitive_analysis)


def teach(bench: Bench) -> None:
    """Study a library in which questions do well, and competitors that ask them."""
    library = lessons(authors=30)
    for start in range(0, len(library), 20):
        viral(bench, results(*library[start : start + 20]), EMPTY, EMPTY)
    know(bench, "giant", followers=900_000)
    bench.browser.errands.clear()
    assert isinstance(competitors(bench, results(*(old("giant", 50 + n, text=ASKED) for n in range(4)))), Done)


def test_the_largest_accounts_that_nobody_else_studies_are_competitors_and_none_who_opted_out(bench: Bench) -> None:
    for number in range(11):
        know(bench, f"a{number:02}", followers=1_000 * (number + 1))
    study(bench, "a10")
    bench.database.run("add_opt_out", handle="a09", now=bench.now, by="test")
    competitors(bench, *[results(old(f"a{number:02}")) for number in range(1, 9)])

    chosen = bench.rows("SELECT handle FROM studied_accounts WHERE role = 'competitor' ORDER BY handle")
    assert [row["handle"] for row in chosen] == [f"a{number:02}" for number in range(1, 9)]
    assert len(asked(bench)) == 8
    assert bench.rows("SELECT DISTINCT lane FROM external_posts") == [{"lane": "competitor"}]


def test_whom_the_operator_names_is_compared_and_nobody_else(bench: Bench) -> None:
    know(bench, "giant", followers=900_000)
    know(bench, "rival", followers=10)
    bench.config = replace(bench.config, insight=replace(bench.config.insight, competitors=("@Rival",)))
    competitors(bench, results(old("Rival")))

    assert asked(bench) == ["from:rival -filter:replies"]


def test_without_anybody_to_compare_with_it_says_so(bench: Bench) -> None:
    assert competitors(bench) == Nothing("no account is known yet that could be a competitor")


def test_e4_a_wall_blocks_it_and_is_no_fault_of_who_stands_behind_it(bench: Bench) -> None:
    know(bench, "giant", followers=900_000)
    assert isinstance(competitors(bench, LoggedOutError("wall")), Blocked)
    assert bench.rows("SELECT failures FROM studied_accounts") == [{"failures": 0}]


def test_h8_competitive_analysis_answers_differently_when_studied_accounts_changes(bench: Bench) -> None:
    know(bench, "giant", followers=900_000)
    study(bench, "giant")
    assert isinstance(competitors(bench), Nothing)
    bench.database.sql("UPDATE studied_accounts SET role = 'competitor'")
    competitors(bench, results(old("giant")))
    assert asked(bench) == ["from:giant -filter:replies"]


def test_what_competitors_hardly_write_is_left_to_others_to_speak_of(bench: Bench) -> None:
    teach(bench)
    kinds = {row["key"] for row in bench.rows("SELECT key FROM format_intelligence WHERE source = 'competitive'")}
    assert "hook=question" in kinds
    assert "hook=story" not in kinds
    assert not [row for row in bench.rows("SELECT advice FROM format_intelligence") if SECRET in str(row)]


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
def test_h8_what_competitors_do_changes_what_plan_writes(
    bench: Bench, is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_ids(monkeypatch)
    bench.model = Writer()  # type: ignore[assignment]
    if is_on:
        teach(bench)
        bench.database.sql("DELETE FROM format_intelligence WHERE source <> 'competitive'")
    assert isinstance(bench.run(plan), Done)

    rows = bench.rows("SELECT choice FROM decisions")
    preferred = {value for row in rows for value in row["choice"]["context"]["preferred"].get("hook", ())}
    assert ("question" in preferred) is is_on
