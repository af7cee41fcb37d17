"""Which posts of competitors did far better than expected, and which kinds are theirs."""

from __future__ import annotations

from dataclasses import replace

from actors.domain.insight.competition import compared, largest, over_performers
from actors.domain.insight.peers import Candidate
from tests.domain.insight.test_patterns import world


def test_the_largest_come_first_and_whose_size_nobody_knows_last() -> None:
    known = [Candidate("b", 10), Candidate("c", None), Candidate("a", 10), Candidate("d", 99)]
    assert [each.handle for each in largest(known, 3)] == ["d", "a", "b"]
    assert largest(known, -1) == []


def test_only_what_lies_far_above_its_authors_own_level_is_an_over_performer() -> None:
    posts = world(posts=300)
    quiet = over_performers(posts, [True] * len(posts))
    loud = [replace(each, engagement=each.engagement * 500) if place < 9 else each for place, each in enumerate(posts)]
    assert quiet < 15, "about one in forty of what is normally spread"
    assert over_performers(loud, [place < 9 for place in range(len(loud))]) == 9
    assert over_performers(loud, [False] * len(loud)) == 0


def test_nothing_is_far_where_everything_is_alike() -> None:
    alike = [replace(each, engagement=10, followers=1_000) for each in world(posts=40)]
    assert over_performers(alike, [True] * len(alike)) == 0
    assert over_performers([], []) == 0


def test_a_kind_is_theirs_from_three_posts_on() -> None:
    posts = world(effect=1.0)
    asking = [place for place, each in enumerate(posts) if each.values["hook"] == "question"]
    for count, is_told in ((2, False), (3, True)):
        theirs = [place in asking[:count] for place in range(len(posts))]
        assert ("hook=question" in {finding.key for finding in compared(posts, theirs)}) is is_told
    assert {finding.source for finding in compared(posts, [True] * len(posts))} == {"competitive"}


def test_of_what_is_rare_nothing_is_said_and_of_all_that_is_said_hardly_anything_by_luck() -> None:
    lucky = 0
    for seed in range(40):
        posts = world(seed=1000 + seed)
        told = compared(posts, [each.author in {"a0", "a1", "a2"} for each in posts])
        assert all(finding.posts >= 30 for finding in told)
        lucky += any(finding.advice.prefer for finding in told)
    assert lucky <= 8, "one in ten is expected to, at most"
    rare = compared(world(posts=60, effect=2.0), [True] * 60)
    assert not [finding for finding in rare if dict(finding.kind).get("hook")]
