"""What an account is worth, and who asked for no bots."""

from __future__ import annotations

import pytest

from actors.domain.harvest.accounts import quality_of, topic_query, visits, wants_no_bots
from actors.domain.taxonomy import TOPIC_WORDS

BIO = "sleep, walking, stress, breathing, focus, friends, water, gut"


def test_the_best_known_account_has_a_hundred_and_an_empty_one_nothing() -> None:
    assert quality_of(100_000, 0.03, 3.0, BIO) == pytest.approx(100.0)
    assert quality_of(0, 0.0, 0.0, "") == 0.0


@pytest.mark.parametrize(
    ("known", "quality"),
    [
        ((100_000, 0.001, 0.1, ""), 40.0),
        ((50_000, 0.001, 0.1, ""), 30.0),
        ((10_000, 0.01, 0.1, ""), 40.0),
        ((5_000, 0.005, 1.0, ""), 30.0),
        ((4_999, 0.03, 0.5, "sleep well"), 37.0),
    ],
)
def test_points_are_those_of_the_card(known: tuple[int, float, float, str], quality: float) -> None:
    assert quality_of(*known) == pytest.approx(quality)


def test_h2_what_nobody_measured_is_no_zero() -> None:
    unknown, silent = quality_of(100_000, None, None, ""), quality_of(100_000, 0.0, 0.0, "")

    assert unknown == pytest.approx(100 * 40 / 55)
    assert silent == pytest.approx(40.0)
    assert quality_of(None, None, None, "") == 0.0


@pytest.mark.parametrize("bio", ["#nobot", "Runner. #NoBots", "No bots please!", "ＮＯ ＢＯＴＳ", "no-bots", "#no_bot"])
def test_a_bio_that_asks_for_no_bots_is_understood(bio: str) -> None:
    assert wants_no_bots(bio)


@pytest.mark.parametrize("bio", ["", "I build bots", "no bottles", "robot fan", "piano both", "casino bot"])
def test_a_bio_that_merely_speaks_of_bots_is_not(bio: str) -> None:
    assert not wants_no_bots(bio)


@pytest.mark.parametrize(
    ("unread", "stale", "expected"),
    [
        ("abcdef", "uvwxyz", "abcduv"),
        ("ab", "uvwxyz", "abuvwx"),
        ("abcdef", "", "abcdef"),
        ("abcdef", "u", "abcdeu"),
        ("", "", ""),
    ],
)
def test_h10_old_figures_keep_a_third_of_the_visits_however_many_are_new(
    unread: str, stale: str, expected: str
) -> None:
    assert visits(unread, stale, 6) == list(expected)


def test_every_topic_has_its_turn() -> None:
    found = [topic_query(place) for place in range(40, 40 + len(TOPIC_WORDS))]

    assert {topic for topic, _ in found} == set(TOPIC_WORDS)
    assert all(query.endswith(") lang:en -filter:replies") for _, query in found)
    assert '"body clock"' in dict(found)["morning_light"]
