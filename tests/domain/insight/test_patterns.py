"""What is told of posts of others: structure alone, by no single author, and no luck."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.insight.excess import Example, capped, excesses, weights_of
from actors.domain.insight.patterns import patterns
from actors.domain.insight.reach import AUTHORS_SHARE
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from actors.domain.insight.finding import Finding


def example(author: str, engagement: int, **changes: Any) -> Example:
    values = {"hook": "story", "format": "plain", "length": "short", "topic": "sleep", **changes.pop("values", {})}
    row = Example(author, 30_000, False, engagement, values, 150, 0, False)
    return replace(row, **changes)


def world(seed: int = 1, effect: float = 0.0, authors: int = 20, posts: int = 400, **changes: Any) -> list[Example]:
    """Return posts of authors of every size and level, those that open with a question better by `effect`."""
    draw = np.random.default_rng(seed)
    followers, level = 10 ** draw.uniform(3, 6, authors), draw.normal(0, 0.5, authors)
    found = []
    for _ in range(posts):
        who, hook = int(draw.integers(authors)), str(draw.choice(["question", "story", "myth"]))
        score = 0.7 * np.log(followers[who]) + level[who] + draw.normal() + effect * (hook == "question")
        text = {"values": {"hook": hook}, "followers": int(followers[who]), "characters": int(draw.integers(60, 180))}
        found.append(example(f"a{who}", int(np.exp(score)), **{**text, **changes}))
    return found


def told(examples: list[Example]) -> dict[str, Finding]:
    return {finding.key: finding for finding in patterns(examples)}


def preferred(examples: list[Example]) -> set[str]:
    return {key for key, finding in told(examples).items() if finding.advice.prefer}


def test_what_does_better_for_every_author_is_preferred_with_an_interval_above_zero() -> None:
    found = told(world(effect=1.0))["hook=question"]

    assert found.advice.prefer
    assert found.effect is not None
    assert 0 < found.effect[1] < found.effect[0] < found.effect[2]
    assert found.effect[0] == pytest.approx(1.0, abs=0.2), "of the logarithm, against all others"
    assert (found.source, found.confidence) == ("observed", "high")


def test_what_does_worse_is_told_and_never_preferred() -> None:
    found = told(world(effect=-1.0))["hook=question"]

    assert found.effect is not None
    assert found.effect[2] < 0
    assert not found.advice.prefer


def test_of_all_that_is_looked_at_hardly_anything_is_preferred_by_luck() -> None:
    draw = np.random.default_rng(5)
    lucky, factors = 0, ("hook", "topic", "format", "length")
    for _ in range(10):
        level, authors, noise = draw.normal(0, 0.5, 30), draw.integers(30, size=600), draw.normal(6, 1, 600)
        arms = zip(*(draw.choice(FACTORS[factor], 600).tolist() for factor in factors), strict=True)
        likes = np.exp(noise + level[authors])
        posts = [
            example(f"a{who}", int(much), values=dict(zip(factors, arm, strict=True)))
            for who, much, arm in zip(authors, likes, arms, strict=True)
        ]
        lucky += len(preferred(posts))

    # About one kind in each world is above zero by its 80 % interval.
    assert lucky <= 3


def test_twenty_posts_of_one_author_are_not_twenty_witnesses() -> None:
    # Eight authors do better with questions and four do worse: that is twelve witnesses and no clear majority.
    found = []
    for who in range(12):
        for number in range(40):
            is_question = number % 2 == 0
            likes = 1_000 * np.exp((1 if who < 8 else -1) * is_question + 0.1 * (number % 5))
            found.append(example(f"a{who}", int(likes), values={"hook": "question" if is_question else "story"}))

    assert preferred(found) == set()


@pytest.mark.parametrize("posts", [1, 10])
def test_that_large_accounts_ask_questions_is_no_merit_of_the_question(posts: int) -> None:
    draw = np.random.default_rng(3)
    found = []
    for who in range(400 // posts):
        is_large = who % 2 == 0
        for _ in range(posts):
            hook = "question" if draw.random() < (0.8 if is_large else 0.2) else "story"
            followers = 1_000_000 if is_large else 2_000
            likes = int(followers * 0.01 * np.exp(draw.normal()))
            found.append(example(f"a{who}", likes, values={"hook": hook}, followers=followers))

    assert told(found)["hook=question"].effect is not None
    assert preferred(found) == set()


def test_that_a_post_was_found_for_being_liked_is_no_merit_of_what_it_is_made_like() -> None:
    draw = np.random.default_rng(4)
    found = []
    for who in range(60):
        is_picked = who >= 20
        for _ in range(1 if is_picked else 10):
            hook = "question" if draw.random() < (0.8 if is_picked else 0.2) else "story"
            likes = int(300 * np.exp(draw.normal() + 4 * is_picked))
            found.append(example(f"a{who}", likes, values={"hook": hook}, is_picked=is_picked))

    assert preferred(found) == set()


def test_that_we_search_a_topic_with_a_higher_threshold_is_no_merit_of_the_topic() -> None:
    draw = np.random.default_rng(6)
    thresholds = {"sleep": 10_000, "walking": 500, "stress": 500}
    lucky = 0
    for _ in range(10):
        found = []
        for who in range(120):
            first, *others = draw.choice(list(thresholds), 4).tolist()
            liked = int(thresholds[first] * np.exp(draw.exponential()))
            found.append(example(f"a{who}", liked, values={"topic": first}, is_picked=True))
            found += [example(f"a{who}", int(300 * np.exp(draw.normal())), values={"topic": topic}) for topic in others]
        assert told(found)["topic=sleep"].effect is not None
        lucky += any(key.startswith("topic=") for key in preferred(found))

    assert lucky <= 3, "one in ten is expected to, at most"


def test_that_a_topic_with_a_higher_threshold_is_asked_about_is_no_merit_of_the_question() -> None:
    draw = np.random.default_rng(8)
    found = []
    for who in range(240):
        topic, threshold, share = (("sleep", 10_000, 0.7), ("walking", 500, 0.2))[who % 2]
        values = {"topic": topic, "hook": "question" if draw.random() < share else "story"}
        likes = int(threshold * np.exp(draw.exponential()))
        found.append(example(f"a{who}", likes, values=values, is_picked=True))

    assert told(found)["hook=question"].effect is not None
    assert preferred(found) == set()


def test_a_topic_that_does_better_among_posts_that_nobody_picked_is_preferred() -> None:
    draw = np.random.default_rng(7)
    found = []
    for number in range(300):
        topic = str(draw.choice(["sleep", "walking", "stress"]))
        likes = int(300 * np.exp(draw.normal() + (topic == "sleep")))
        found.append(example(f"a{number % 30}", likes, values={"topic": topic}))

    assert "topic=sleep" in preferred(found)
    assert "topic=sleep" not in told([replace(each, is_picked=True) for each in found])


def test_an_author_who_writes_most_of_a_kind_and_is_loved_for_something_else_teaches_nothing() -> None:
    posts = world(effect=0.0, posts=300)
    star = [example("star", 900_000, values={"hook": "myth"}) for _ in range(200)]

    assert "hook=myth" not in preferred([*posts, *star])


@given(
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=120),
)
def test_no_author_has_more_than_a_tenth_of_the_examples(posts: list[tuple[int, float]]) -> None:
    authors, weights = np.array([who for who, _ in posts]), np.array([weight for _, weight in posts])
    cut = capped(weights, authors)
    totals = np.bincount(authors, cut)
    heads = np.count_nonzero(totals)

    assert (cut <= weights + 1e-12).all()
    assert (cut > 0).all()
    assert totals.max() <= max(AUTHORS_SHARE, 1 / heads) * totals.sum() + 1e-9
    if np.bincount(authors, weights).max() <= AUTHORS_SHARE * weights.sum():
        assert cut == pytest.approx(weights)


def test_a_kind_of_nine_authors_is_not_spoken_of_and_of_ten_it_is() -> None:
    posts = world(posts=400)
    few = [example(f"b{number % 9}", 500, values={"hook": "reveal"}) for number in range(40)]

    assert "hook=reveal" not in told([*posts, *few])
    assert "hook=reveal" in told([*posts, *few, example("b9", 500, values={"hook": "reveal"})])


def test_nothing_is_said_of_what_the_taxonomy_has_no_name_for() -> None:
    assert not [key for key in told(world(values={"hook": "ignore all rules", "topic": ""})) if "hook" in key]
    assert patterns([]) == []


def test_how_long_the_better_half_is_becomes_advice_within_what_we_call_that_length() -> None:
    better = [example(f"a{number}", 5_000, characters=100 + 3 * number) for number in range(30)]
    worse = [example(f"a{number}", 5, characters=60) for number in range(30)]
    found = told([*better, *worse])

    assert found["length=short"].advice.characters == (125, 178)
    assert found["hook=story"].advice.characters is None, "an arm with this hook may be of any length"
    assert told([replace(each, characters=70) for each in better])["length=short"].advice.characters is None


def test_line_breaks_and_emoji_are_those_of_the_better_half() -> None:
    listed = {"values": {"format": "list"}, "line_breaks": 4, "has_emoji": True}
    better = [example(f"a{number}", 5_000, **listed) for number in range(30)]
    worse = [example(f"a{number}", 5, values={"format": "list"}, line_breaks=9) for number in range(30)]
    found = told([*better, *worse])

    assert (found["format=list"].advice.line_breaks, found["format=list"].advice.has_emoji) == (4, True)
    assert found["hook=story"].advice.line_breaks is None
    assert told(worse)["format=list"].advice.has_emoji is False
    half = [replace(each, has_emoji=number % 2 == 0) for number, each in enumerate(worse)]
    assert told(half)["format=list"].advice.has_emoji is None


def test_of_line_breaks_nothing_is_advised_for_the_format_that_has_none() -> None:
    posts = [example(f"a{number}", 500, line_breaks=2) for number in range(30)]
    found = told(posts)

    assert found["format=plain"].advice.line_breaks is None
    assert found["format=plain|hook=story"].advice.line_breaks is None


def test_how_one_author_breaks_his_lines_is_not_how_it_is_done() -> None:
    once = [("b", number, 2) for number in range(12)]
    often = [("star", 0, 9)] * 30
    posts = [
        example(f"{name}{number}", likes, values={"format": "list"}, line_breaks=lines if likes > 10 else 1)
        for name, number, lines in (*once, *often)
        for likes in (10, 1_000)
    ]

    assert told(posts)["format=list"].advice.line_breaks == 2


def test_a_post_of_a_small_account_counts_four_times_one_of_a_large_one() -> None:
    sizes = [("s", 5_000, 2)] * 20 + [("l", 5_000_000, 6)] * 30
    posts = [
        example(f"{tier}{number}", likes, followers=followers, values={"format": "list"}, line_breaks=lines)
        for number, (tier, followers, lines) in enumerate(sizes)
        for likes in (10, 1_000)
    ]

    assert weights_of(posts[:1]) == 4 * weights_of(posts[-1:])
    assert told(posts)["format=list"].advice.line_breaks == 2
    unknown = [replace(each, followers=None) for each in posts]
    assert told(unknown)["format=list"].advice.line_breaks == 6


def test_an_excess_is_what_is_left_after_size_and_author() -> None:
    found = excesses([example(f"a{n % 10}", 1_000 if n % 10 else 90_000, followers=10_000) for n in range(50)])

    assert np.abs(found).max() < 0.35, "each author is as he always is"
    assert excesses([example("a", 10, followers=None), example("b", 10, followers=None)]) == pytest.approx(
        [0, 0], abs=1e-2
    )
