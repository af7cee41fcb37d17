"""Which posts are looked into, and what those of a kind have in common."""

from __future__ import annotations

from dataclasses import replace

from actors.domain.insight.agreement import Standing
from actors.domain.insight.depth import FIELDS, Analysed, findings_of, strongest
from actors.domain.insight.finding import Advice
from actors.domain.insight.reach import Figures

PROVEN = dict.fromkeys(FIELDS, Standing.PROVEN)
POST = Figures(followers=10_000, views=1_000, likes=20, reposts=0, replies=0)


def analysed(number: int, **label: str) -> list[Analysed]:
    return [Analysed(f"author{place}", "question", "plain", label) for place in range(number)]


def test_a_post_is_strong_by_the_engagement_of_its_views() -> None:
    assert strongest({"2": replace(POST, likes=19), "1": POST}) == ["1"]
    assert strongest({str(number): replace(POST, likes=20 + number) for number in range(3)}) == ["2", "1", "0"]


def test_the_best_tenth_for_their_size_are_strong_too() -> None:
    many = {str(number): replace(POST, likes=1, followers=100_000 - number) for number in range(20)}
    assert strongest(many) == ["18", "19"]


def test_an_unknown_count_is_not_zero_and_more_events_than_views_are_no_rate() -> None:
    unknown = replace(POST, replies=None, likes=900)
    wrong = replace(POST, views=10, likes=900, followers=None)
    assert strongest({"2": unknown, "3": wrong, "1": POST}) == ["1"]


def test_five_posts_of_a_kind_say_by_what_it_works() -> None:
    assert findings_of(analysed(4, device="surprise"), PROVEN) == []
    found = {each.key: each for each in findings_of(analysed(5, device="surprise", tone="warm"), PROVEN)}
    assert set(found) == {"hook=question", "format=plain", "format=plain|hook=question"}
    assert {each.advice for each in found.values()} == {Advice(device="surprise", tone="warm")}
    assert {each.source for each in found.values()} == {"deep"}


def test_what_is_neither_common_nor_the_commonest_is_not_advised() -> None:
    mixed = [*analysed(3, device="surprise"), *analysed(3, device="relief")]
    posts = [replace(each, author=str(place)) for place, each in enumerate(mixed)]
    assert findings_of(posts, PROVEN) == []
    rare = [*analysed(3, device="surprise"), *analysed(6)]
    assert findings_of([replace(each, author=str(place)) for place, each in enumerate(rare)], PROVEN) == []


def test_one_author_is_one_voice_of_a_few() -> None:
    loud = [replace(each, author="loud") for each in analysed(9, device="surprise")]
    assert findings_of(loud, PROVEN) == []
    quiet = [replace(each, author=f"q{place}") for place, each in enumerate(analysed(5, device="relief"))]
    found = findings_of([*loud, *quiet], PROVEN)
    assert {(each.advice.device, each.posts) for each in found} == {("relief", 6)}


def test_however_much_one_author_writes_he_has_a_tenth_of_what_is_heard() -> None:
    loud = [replace(each, author="loud") for each in analysed(91, device="surprise")]
    quiet = [replace(each, author=f"q{place}") for place, each in enumerate(analysed(9, device="relief"))]
    found = findings_of([*loud, *quiet], PROVEN)
    assert {(each.advice.device, each.posts) for each in found} == {("relief", 10)}


def test_a_field_on_which_the_labeller_does_not_agree_with_itself_is_left_out() -> None:
    posts = analysed(12, device="surprise", tone="warm")
    found = findings_of(posts, {**PROVEN, "device": Standing.DROPPED})
    assert {(each.advice, each.confidence) for each in found} == {(Advice(tone="warm"), "medium")}
    unproven = findings_of(posts, {**PROVEN, "tone": Standing.UNPROVEN})
    assert {each.confidence for each in unproven} == {"low"}


def test_a_word_that_the_taxonomy_does_not_know_is_no_kind_and_no_advice() -> None:
    posts = [replace(each, hook="shouting", format="") for each in analysed(6, device="surprise")]
    assert findings_of(posts, PROVEN) == []
    assert findings_of(analysed(6, device="buy now"), PROVEN) == []
