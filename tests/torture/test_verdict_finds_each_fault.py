"""The verdict of the benches: it is silent about a ledger that agrees with the site, and names each kind of fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.torture.verdict import Decision, Limit, Post, Receipt, Verdict, judge, longest_wait, posts_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = (
    Limit("posts in 60 min", "content", timedelta(hours=1), 3),
    Limit("posts in 24 h", "content", timedelta(hours=24), 4),
    Limit("spacing", "content", timedelta(minutes=5), 1),
    Limit("replies in 60 min", "reply", timedelta(hours=1), 1),
)
SINGLE = Decision("s", "single", ("one",), "posted", NOON)
THREAD = Decision("t", "thread", ("first", "second"), "posted", NOON)
REPLY = Decision("r", "reply", ("answer",), "posted", NOON, target_id="900")
DECISIONS = (SINGLE, THREAD, REPLY)
RECEIPTS = (Receipt("s", 0, "1"), Receipt("t", 0, "2"), Receipt("t", 1, "3"), Receipt("r", 0, "4"))


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


POSTS = (
    Post("1", "one", None, after(0)),
    Post("2", "first", None, after(5)),
    Post("3", "second", "2", after(5)),
    Post("4", "answer", "900", after(6)),
)


def rows(verdict: Verdict) -> list[str]:
    return [fault.row for fault in verdict.faults]


def singles(*minutes: float) -> tuple[list[Post], list[Decision], list[Receipt]]:
    """Return posts at these minutes with all that belongs to them."""
    names = [str(number) for number in range(len(minutes))]
    posts = [Post(name, f"text {name}", None, after(at)) for name, at in zip(names, minutes, strict=True)]
    decisions = [Decision(name, "single", (f"text {name}",), "posted", NOON) for name in names]
    return posts, decisions, [Receipt(name, 0, name) for name in names]


def test_a_ledger_that_agrees_with_the_site_has_no_fault() -> None:
    verdict = judge(POSTS, DECISIONS, RECEIPTS, LIMITS, planted=("s", "t", "r"))
    assert verdict.holds
    assert verdict.counts == dict.fromkeys(("duplicate", "lost", "astray", "cap", "uncertain"), 0)
    assert (verdict.posts, verdict.decisions) == (4, {"posted": 3})
    assert verdict.fullest["posts in 60 min"] == 2, "a thread is one publication"


@pytest.mark.parametrize("text", ["one", "second", "answer"])
def test_a_second_post_of_a_part_is_a_duplicate_and_lost_as_well(text: str) -> None:
    first = next(post for post in POSTS if post.text == text)
    verdict = judge([*POSTS, replace(first, id="9", at=after(400))], DECISIONS, RECEIPTS, LIMITS)
    assert rows(verdict) == ["duplicate", "lost"]
    owner = next(each.id for each in DECISIONS if text in each.parts)
    assert {fault.decision_id for fault in verdict.faults} == {owner}


def test_a_second_post_is_no_less_a_duplicate_because_a_failed_decision_has_the_same_text() -> None:
    failed = replace(SINGLE, id="f", status="failed", reason="refused")
    posts = [*POSTS, Post("9", "one", None, after(400))]
    assert "duplicate" in rows(judge(posts, [*DECISIONS, failed], RECEIPTS, LIMITS))


def test_two_decisions_of_one_text_with_a_receipt_each_are_no_duplicate() -> None:
    later = replace(SINGLE, id="l")
    posts = [*POSTS, Post("9", "one", None, after(400))]
    assert judge(posts, [*DECISIONS, later], [*RECEIPTS, Receipt("l", 0, "9")], LIMITS).holds


def test_a_duplicate_is_one_even_if_both_posts_have_a_receipt() -> None:
    again = Decision("s2", "single", ("other",), "posted", NOON)
    posts = [*POSTS, Post("9", "one", None, after(400))]
    verdict = judge(posts, [*DECISIONS, again], [*RECEIPTS, Receipt("s2", 0, "9")], LIMITS)
    assert rows(verdict) == ["duplicate", "astray"]


def test_a_post_without_receipt_is_lost_unless_it_was_written_by_hand() -> None:
    strange = Post("9", "from another device", None, after(400))
    assert rows(judge([*POSTS, strange], DECISIONS, RECEIPTS, LIMITS)) == ["lost"]
    assert judge([*POSTS, replace(strange, by_hand=True)], DECISIONS, RECEIPTS, LIMITS).holds


def test_a_receipt_without_its_post_is_a_loss() -> None:
    posted = replace(SINGLE, id="x", parts=("never seen",))
    assert rows(judge(POSTS, [*DECISIONS, posted], [*RECEIPTS, Receipt("x", 0, "77")], LIMITS)) == ["lost"]


@pytest.mark.parametrize(
    ("status", "reason", "is_lost"),
    [
        ("queued", "", False),
        ("failed", "proven absent after 3 attempts", False),
        ("cancelled", "stale", False),
        ("skipped", "said before", False),
        ("failed", "", True),
        ("cancelled", "", True),
        ("posted", "", True),
    ],
)
def test_a_decision_needs_its_receipts_an_open_state_or_a_reason(status: str, reason: str, *, is_lost: bool) -> None:
    other = Decision("d", "single", ("unseen",), status, NOON, reason)
    verdict = judge(POSTS, [*DECISIONS, other], RECEIPTS, LIMITS)
    assert rows(verdict) == ["lost"] * is_lost


def test_a_thread_that_counts_as_posted_without_its_second_receipt_is_lost() -> None:
    missing = [receipt for receipt in RECEIPTS if receipt.tweet_id != "3"]
    assert rows(judge(POSTS[:2] + POSTS[3:], DECISIONS, missing, LIMITS)) == ["lost"]


def test_a_planted_decision_that_is_not_in_the_ledger_is_lost() -> None:
    assert rows(judge(POSTS, DECISIONS, RECEIPTS, LIMITS, planted=("s", "gone"))) == ["lost"]


@pytest.mark.parametrize(("tweet_id", "answers"), [("3", "1"), ("3", None), ("4", "901"), ("1", "2")])
def test_a_post_that_answers_another_than_it_was_meant_to_went_astray(tweet_id: str, answers: str | None) -> None:
    posts = [replace(post, in_reply_to=answers) if post.id == tweet_id else post for post in POSTS]
    assert "astray" in rows(judge(posts, DECISIONS, RECEIPTS, LIMITS[:2]))


@pytest.mark.parametrize(("answers", "faults"), [("3", []), ("2", ["astray"])])
def test_a_part_of_a_thread_answers_the_part_before_it_and_not_the_first(answers: str, faults: list[str]) -> None:
    thread = replace(THREAD, parts=("first", "second", "third"))
    posts = [*POSTS, Post("5", "third", answers, after(6))]
    assert rows(judge(posts, [SINGLE, thread, REPLY], [*RECEIPTS, Receipt("t", 2, "5")], LIMITS)) == faults


@pytest.mark.parametrize("status", ["claimed", "publishing", "uncertain"])
def test_what_is_held_or_in_doubt_at_rest_is_a_fault(status: str) -> None:
    verdict = judge(POSTS, [*DECISIONS, Decision("d", "single", ("unseen",), status, NOON)], RECEIPTS, LIMITS)
    assert rows(verdict) == ["uncertain"]


@pytest.mark.parametrize(
    ("minutes", "broken"),
    [
        ((0, 5, 10), []),
        ((0, 5, 10, 60), []),
        ((0, 5, 10, 59.99), ["posts in 60 min"]),
        ((30, 50, 70, 85), ["posts in 60 min"]),
        ((0, 2000, 2010, 2020, 2030), ["posts in 60 min"]),
        ((0, 4.99), ["spacing"]),
        ((0, 100, 200, 300, 1439), ["posts in 24 h"]),
        ((0, 100, 200, 300, 1440), []),
    ],
)
def test_caps_are_broken_in_any_window_wherever_it_begins(minutes: tuple[float, ...], broken: list[str]) -> None:
    verdict = judge(*singles(*minutes), LIMITS)
    assert rows(verdict) == ["cap"] * len(broken)
    assert [name for name in broken if name not in verdict.faults[0].what] == []


def test_replies_have_caps_of_their_own() -> None:
    posts = [*POSTS, Post("5", "another", "901", after(30))]
    other = Decision("q", "reply", ("another",), "posted", NOON, target_id="901")
    verdict = judge(posts, [*DECISIONS, other], [*RECEIPTS, Receipt("q", 0, "5")], LIMITS)
    assert rows(verdict) == ["cap"]
    assert "replies" in verdict.faults[0].what


@pytest.mark.parametrize(
    ("minutes", "due", "waited"),
    [
        ((0, 5), 0, 0),  # the spacing held it back
        ((0, 9), 0, 4),
        ((0, 9), 7, 2),
        ((0, 5, 10, 61), 0, 1),  # the hour's cap held it back
    ],
)
def test_the_longest_wait_counts_from_when_a_post_was_due_and_allowed(
    minutes: tuple[float, ...], due: float, waited: float
) -> None:
    posts, decisions, receipts = singles(*minutes)
    decisions = [replace(each, due=after(due)) for each in decisions]
    assert longest_wait(posts, decisions, receipts, LIMITS) == timedelta(minutes=waited)


def test_who_was_late_already_waits_no_longer_than_since_the_lanes_last_publication() -> None:
    posts, decisions, receipts = singles(0, 3)
    decisions = [replace(each, due=after(-10)) for each in decisions]
    assert longest_wait(posts, decisions, receipts, ()) == timedelta(minutes=10)


def test_the_truth_of_the_site_is_read_with_and_without_its_sources() -> None:
    post = {"id": "1", "text": "one", "in_reply_to": None, "created_at": "2026-03-02T12:00:00.000Z"}
    assert posts_of({"posts": [post, {**post, "source": "hand"}, {**post, "source": "site"}]}) == [
        POSTS[0],
        replace(POSTS[0], by_hand=True),
        POSTS[0],
    ]
