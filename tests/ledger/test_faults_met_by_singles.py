"""Each fault of the site, met by a post that stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from actors.domain.outcome import Blocked
from actors.pages.timeline import ReadOwnTimeline
from actors.sandbox.faults import FAULTS as KNOWN
from tests.jobs.doors import START
from tests.ledger.matrix import FAULTS, Expected, play

if TYPE_CHECKING:
    from tests.ledger.site_bench import SiteBench


def test_no_fault_of_the_site_is_left_out() -> None:
    assert set(FAULTS) == set(KNOWN)


@pytest.mark.parametrize("fault", FAULTS)
def test_b1_b3_b4_b15_b19_a_single_meets_each_fault_and_is_published_once(bench: SiteBench, fault: str) -> None:
    play(bench, fault, FAULTS[fault], kind="single")


@pytest.mark.parametrize(("fault", "code"), [("http_429", 88), ("logged_out", 32)])
def test_b4_what_the_site_refuses_at_the_click_is_proven_absent_before_it_is_tried_again(
    bench: SiteBench, fault: str, code: int
) -> None:
    word = {88: "rate_limited", 32: "logged_out"}[code]
    refused = Expected("uncertain", f"evidence: refused {code}", Blocked, is_stored=False, ways=("absent", "posted"))
    play(bench, fault, refused, kind="single", word=word, at_click=True)


def test_e4_a_click_that_is_answered_by_too_many_requests_closes_the_site_like_a_page_that_is(bench: SiteBench) -> None:
    bench.put("single")
    bench.browser.trouble, bench.browser.at_click = (lambda: bench.site.arm("http_429")), True
    bench.post()
    left, other = bench.site.armed("http_429"), bench.put("reply")

    outcome = bench.post()

    assert isinstance(outcome, Blocked)
    assert "cooling" in outcome.reason
    assert bench.site.armed("http_429") == left, "somebody went to the site all the same"
    assert bench.decision(other)["status"] == "queued"


@pytest.mark.parametrize(("fault", "state", "hours"), [("http_429", "cooling", 0.1), ("challenge", "challenge", 6.1)])
def test_e4_after_a_wall_before_everything_no_run_goes_to_the_site_until_its_time(
    bench: SiteBench, fault: str, state: str, hours: float
) -> None:
    decision = bench.put("single")
    bench.browser.trouble = lambda: bench.site.arm(fault)
    bench.post()
    left = bench.site.armed(fault)
    for _ in range(3):
        outcome = bench.post()
        assert isinstance(outcome, Blocked)
        assert f"the platform is {state}" in outcome.reason
    assert bench.site.armed(fault) == left, "somebody went to the site all the same"
    bench.forward(hours=hours)
    bench.post()
    assert bench.site.armed(fault) == left - 1, "one probe goes when the time is over"
    bench.site.arm(fault, 0)
    assert bench.settle(decision, 2 * hours)["status"] == "posted"
    bench.agree()


def test_b19_a_renamed_button_stops_publishing_with_its_reason_and_nothing_else(bench: SiteBench) -> None:
    decision = bench.put("single")
    bench.site.arm("renamed_testid", 1000)
    for _ in range(2):
        outcome = bench.post()
        assert isinstance(outcome, Blocked)
        assert "ui_drift" in outcome.reason
    assert len(bench.browser.errands) == 2, "one attempt a run"
    timeline = bench.browser.visit(ReadOwnTimeline("commons_daily", START, replies=True))
    assert (timeline.posts, timeline.reached_back) == ((), True)
    bench.site.arm("renamed_testid", 0)
    assert bench.settle(decision)["status"] == "posted"


def test_e1_a_session_that_ended_is_certain_after_two_runs_and_no_third_one_goes_to_the_site(bench: SiteBench) -> None:
    decision = bench.put("single")
    bench.site.arm("logged_out", 1000)
    for _ in range(2):
        assert isinstance(bench.post(), Blocked)
    left = bench.site.armed("logged_out")
    for _ in range(3):
        outcome = bench.post()
        assert isinstance(outcome, Blocked)
        assert "the platform is invalid" in outcome.reason
    assert bench.site.armed("logged_out") == left, "somebody went to the site all the same"
    assert bench.attempts(decision) == []
    bench.site.arm("logged_out", 0)
    assert bench.settle(decision)["status"] == "posted"


def test_b15_a_text_that_the_composer_loses_a_letter_of_is_told_from_a_box_that_is_gone(bench: SiteBench) -> None:
    decision = bench.put("single")
    bench.site.arm("text_dropped", 1000)
    bench.post()
    reason = bench.decision(decision)["reason"]
    assert "holds another text than was typed" in reason
    assert "no element" not in reason
