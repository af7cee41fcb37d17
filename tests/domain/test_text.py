from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.text import URL, content_hash, normalise, overlap, similarity, weighted_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("日本", 4),
        ("👋", 2),
        ("see https://example.com/a/very/long/path?with=query", 27),
        ("é", 1),
    ],
)
def test_length_is_weighted_as_the_platform_does(text: str, length: int) -> None:
    assert weighted_length(text) == length


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  Light\n\nfirst  ", "light first"),
        ("ＬＩＧＨＴ first", "light first"),
        ("light\u200b fi\u202erst", "light first"),
        ("light first https://example.com/x @someone", "light first"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
    ],
)
def test_equal_texts_have_one_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert content_hash(text) == content_hash(normal)


@given(st.text(), st.sampled_from([" ", "\n\n", "\t", "\u200b", " \u2066"]))
def test_white_space_and_invisible_characters_around_a_text_do_not_change_its_hash(text: str, padding: str) -> None:
    assert content_hash(f"{padding}{text}{padding}") == content_hash(text)


def test_different_texts_have_different_hashes() -> None:
    assert content_hash("light first") != content_hash("first light")


def test_word_order_does_not_change_similarity() -> None:
    assert similarity("light comes first", "First, light comes!") == 1
    assert similarity("light comes first", "beans feed microbes") < 0.6


def test_overlap_is_the_share_of_common_words() -> None:
    assert overlap("a b c", "b c d") == 0.5
    assert overlap("", "") == 0


def test_no_part_of_a_name_is_longer_than_a_name_may_have_so_that_a_long_text_takes_no_longer_for_each_sign() -> None:
    assert URL.search("a" * 63 + ".com") is not None
    assert URL.search("a" * 64 + ".com") is None
