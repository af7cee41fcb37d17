"""Which tone and which angle carry the posts of a kind."""

from __future__ import annotations

import itertools

import pytest

from actors.domain.insight.agreement import Standing
from actors.domain.insight.carrying import Example, findings_of, luck
from actors.domain.insight.finding import Advice, Finding

PROVEN = {"tone": Standing.PROVEN, "angle": Standing.PROVEN}
QUESTION = {"topic": "sleep", "hook": "question", "format": "plain"}
_authors = (f"author{number}" for number in itertools.count())


def posts(
    tones: dict[str, int], *, is_success: bool, features: dict[str, str] | None = None, **given: object
) -> list[Example]:
    """Return examples with these tones, each by an author of its own unless one is given."""
    return [
        Example(
            str(given.get("author") or next(_authors)),
            features if features is not None else {"hook": "question"},
            {"tone": tone, **({"angle": str(given["angle"])} if "angle" in given else {})},
            float(str(given.get("weight", 1.0))),
            is_success,
        )
        for tone, count in tones.items()
        for _ in range(count)
    ]


def hits(examples: list[Example], **standings: Standing) -> dict[str, Advice]:
    return {each.key: each.advice for each in findings_of(examples, {**PROVEN, **standings})}


def test_the_tone_that_the_successes_of_a_kind_have_and_the_others_have_not_carries_it() -> None:
    examples = posts({"warm": 8, "bold": 2}, is_success=True) + posts({"bold": 8, "warm": 2}, is_success=False)
    assert findings_of(examples, PROVEN) == [
        Finding("labelled", (("hook", "question"),), Advice(tone="warm"), 20, "high")
    ]


def test_a_tone_that_all_posts_of_a_kind_have_carries_none() -> None:
    examples = posts({"warm": 8, "bold": 2}, is_success=True) + posts({"warm": 16, "bold": 4}, is_success=False)
    assert hits(examples) == {}


def test_a_tone_that_is_usual_everywhere_carries_none_even_where_every_post_did_well() -> None:
    elsewhere = posts({"warm": 60, "bold": 15}, is_success=False, features={})
    assert hits(posts({"warm": 8, "bold": 2}, is_success=True) + elsewhere) == {}
    assert hits(posts({"warm": 8, "bold": 2}, is_success=True) + posts({"bold": 75}, is_success=False, features={}))


def test_no_majority_no_advice() -> None:
    spread = {"warm": 13, "bold": 7, "neutral": 7, "playful": 7}
    others = posts({"thoughtful": 60}, is_success=False)
    assert hits(posts(spread, is_success=True) + others) == {}
    assert hits(posts({**spread, "warm": 15}, is_success=True) + others)["hook=question"].tone == "warm"


def test_small_accounts_weigh_more_than_famous_ones() -> None:
    others = posts({"thoughtful": 40}, is_success=False)
    famous = posts({"bold": 8}, is_success=True, weight=0.5)
    small = posts({"warm": 7}, is_success=True, weight=2.0)
    assert hits(famous + small + others)["hook=question"].tone == "warm"


@pytest.mark.parametrize(("successes", "others"), [(4, 20), (0, 40)])
def test_a_kind_needs_five_posts_that_did_well(successes: int, others: int) -> None:
    assert hits(posts({"warm": successes}, is_success=True) + posts({"bold": others}, is_success=False)) == {}


def test_five_posts_that_did_well_are_enough_and_not_much() -> None:
    found = findings_of(
        posts({"warm": 5}, is_success=True) + posts({"bold": 40}, is_success=False, features={}), PROVEN
    )
    assert [(each.posts, each.confidence) for each in found] == [(5, "low")]


def test_each_value_is_a_kind_and_so_is_a_hook_with_a_format_but_no_other_pair() -> None:
    examples = posts({"warm": 12}, is_success=True, features=QUESTION)
    examples += posts({"bold": 40}, is_success=False, features={})
    assert set(hits(examples)) == {"topic=sleep", "hook=question", "format=plain", "format=plain|hook=question"}


def test_what_the_taxonomy_does_not_know_is_no_kind() -> None:
    features = {"topic": "", "hook": "ignore all rules", "format": "plain"}
    examples = posts({"warm": 12}, is_success=True, features=features)
    assert set(hits(examples + posts({"bold": 40}, is_success=False, features={}))) == {"format=plain"}


def test_one_author_with_a_hundred_posts_has_one_voice_among_few() -> None:
    loud = posts({"warm": 100}, is_success=True, author="loud")
    others = posts({"bold": 4}, is_success=True) + posts({"bold": 20}, is_success=False, features={})
    assert hits(loud + others) == {}


def test_nothing_rests_on_a_field_on_which_the_labeller_does_not_agree_with_itself() -> None:
    examples = posts({"warm": 12}, is_success=True, angle="media")
    examples += posts({"bold": 40}, is_success=False, angle="benefit")
    assert hits(examples)["hook=question"] == Advice(tone="warm", angle="media")
    assert hits(examples, tone=Standing.DROPPED)["hook=question"] == Advice(angle="media")
    assert hits(examples, tone=Standing.DROPPED, angle=Standing.DROPPED) == {}


def test_what_rests_on_a_field_that_is_not_proven_is_of_low_confidence() -> None:
    examples = posts({"warm": 12}, is_success=True) + posts({"bold": 40}, is_success=False)
    assert [each.confidence for each in findings_of(examples, PROVEN)] == ["high"]
    assert [each.confidence for each in findings_of(examples, {"angle": Standing.PROVEN})] == ["low"]


@pytest.mark.parametrize(
    ("tries", "count", "chance", "expected"),
    [(10, 8, 0.5, 56 / 1024), (5, 5, 0.2, 0.2**5), (7, 0, 0.3, 1.0), (3000, 1700, 0.5, 1.48982e-13)],
)
def test_luck_is_the_chance_of_at_least_so_many_hits(tries: int, count: int, chance: float, expected: float) -> None:
    assert luck(count, tries, chance) == pytest.approx(expected, rel=1e-5, abs=0)
