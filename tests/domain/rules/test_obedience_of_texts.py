"""One text against the rules of its platform: what it may hold, how long it may be, whom it may answer."""

from __future__ import annotations

import pytest

from actors.domain.rules import PLATFORMS, Answered, obeys
from actors.domain.rules.declaration import Counting
from actors.domain.rules.obedience import count

LINK = "https://example.org/a?b=c#d"
FAMILY = "👨‍👩‍👧‍👦"


def codes(name: str, text: str, *others: str, answered: Answered | None = None) -> list[str]:
    return [breach.code for breach in obeys(PLATFORMS[name], text, others=others, answered=answered)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A walk after lunch clears the head.", []),
        (f"Read this: {LINK}", []),
        (f"Read {LINK} and www.example.com", ["links"]),
        ("Walk #more #often", []),
        ("Walk #more #often #now", ["hashtags"]),
        ("Rule #1, #2 and #3 hold C#", []),
        ("Buy $ABC", []),
        ("Buy $ABC or $XYZ.A", ["cashtags"]),
        ("It costs $5, or $10, or US$20", []),
        ("Some $ here and some $ there", []),
        ("See https://example.org/@me/#one/#two/#three", []),
        ("Thanks @somebody", ["mentions"]),
        ("Write to me@example.net or me@example.gov", ["links"]),
        ("#a #b #c $A $B @d", ["hashtags", "cashtags", "mentions"]),
    ],
)
@pytest.mark.parametrize("name", ["x", "bluesky", "mastodon"])
def test_links_hashtags_cashtags_and_mentions_are_counted_each_for_itself(
    name: str, text: str, expected: list[str]
) -> None:
    assert codes(name, text) == expected
    assert codes("sandbox", text) == []


@pytest.mark.parametrize(
    ("name", "fits", "too_long"),
    [
        ("sandbox", "a" * 280, "a" * 281),
        ("x", "a" * 256 + f" {LINK}", "a" * 257 + f" {LINK}"),
        ("x", "漢" * 140, "漢" * 141),
        ("bluesky", "a" * 300, "a" * 301),
        ("bluesky", "漢" * 300, "漢" * 301),
        ("mastodon", "a" * 500, "a" * 501),
        ("mastodon", "a" * 476 + f" {LINK}", "a" * 477 + f" {LINK}"),
    ],
)
def test_a_text_is_as_long_as_its_platform_counts_and_not_one_longer(name: str, fits: str, too_long: str) -> None:
    assert codes(name, fits) == []
    assert codes(name, too_long) == ["length"]


def test_what_a_reader_sees_as_one_character_is_never_counted_as_less() -> None:
    for counting in Counting:
        assert count(FAMILY, counting) >= 1
        assert count("é", counting) >= 1
    assert count("https://x.io", Counting.LINKS_23) == 23


def test_a_breach_says_what_was_found_what_is_allowed_and_who_says_so() -> None:
    (breach,) = obeys(PLATFORMS["x"], "a" * 281)
    assert breach.text == "281 weighted characters, 280 are allowed"
    assert breach.source.url == "https://docs.x.com/fundamentals/counting-characters"
    (breach,) = obeys(PLATFORMS["x"], "@a @b")
    assert breach.text == "2 mentions, 0 are allowed"


def test_one_post_in_four_may_hold_a_link() -> None:
    assert codes("x", f"See {LINK}", "One.", "Two.", "Three.", f"Another {LINK}") == []
    assert codes("x", f"See {LINK}", "One.", "Two.", f"Another {LINK}") == ["link_too_soon"]
    assert codes("x", "See nothing", f"Another {LINK}") == []


def test_a_text_that_is_nearly_one_of_before_is_refused_where_repeats_are_forbidden() -> None:
    before, again = "A short walk after lunch clears the head.", "A short walk after lunch clears the head"
    assert codes("x", again, "Something else altogether.", before) == ["repeated"]
    assert codes("x", "Sleep is when memories settle.", before) == []
    assert codes("sandbox", again, before) == []


@pytest.mark.parametrize("name", ["x", "bluesky", "mastodon"])
def test_a_reply_may_go_only_to_who_addressed_the_account(name: str) -> None:
    assert codes(name, "Thank you.", answered=Answered("Friend", addressed_us=True)) == []
    assert codes(name, "Thank you.", answered=Answered("Stranger", addressed_us=False)) == ["stranger"]
    assert codes("sandbox", "Thank you.", answered=Answered("Stranger", addressed_us=False)) == []


def test_a_reply_may_mention_whom_it_answers_and_nobody_else() -> None:
    friend = Answered("Friend", addressed_us=True)
    assert codes("x", "@friend thank you.", answered=friend) == []
    assert codes("x", "@friend and @other thank you.", answered=friend) == ["mentions"]
    assert codes("x", "@friend thank you.") == ["mentions"]
