"""In which manner a thread is written, and what past threads have to do with it."""

from __future__ import annotations

from collections import Counter

import pytest

from actors.domain.learning.reward import Reward
from actors.domain.taxonomy import FACTORS
from actors.domain.threads.manner import (
    EMOTIONS,
    FLOOR,
    HOOKS,
    MANNERS,
    STYLES,
    Manner,
    MannerChoice,
    Told,
    bounds,
    choose_manner,
)

GOOD = Manner("contrarian", "hope")


def told(manner: Manner, z: float, times: int = 1, weight: float = 1.0) -> list[Told]:
    return [Told(manner, Reward(z, weight))] * times


def choices(past: list[Told], count: int = 150) -> list[MannerChoice]:
    return [choose_manner(past, b"%d" % number) for number in range(count)]


def share(past: list[Told], manner: Manner) -> float:
    return sum(choice.manner == manner for choice in choices(past)) / 150


def test_without_a_past_every_manner_comes_up_about_as_often_as_any_other() -> None:
    counts = Counter(choice.manner for choice in choices([], 400))
    assert set(counts) == set(MANNERS)
    assert max(counts.values()) < 5 * min(counts.values())


def test_the_same_past_and_key_give_the_same_choice_and_another_key_another() -> None:
    past = told(GOOD, 5.0, 3)
    assert choices(past, 50) == choices(past, 50)
    assert len({choice.manner for choice in choices(past, 50)}) > 3


def test_h8_what_threads_came_to_changes_which_manner_is_chosen() -> None:
    past = told(GOOD, 6.0, 12) + [each for manner in MANNERS[:8] for each in told(manner, 1.0, 2)]
    assert share([], GOOD) < 0.15
    assert share(past, GOOD) > 0.5


def test_styles_and_emotions_are_learned_apart_so_that_one_helps_manners_never_tried() -> None:
    past = told(Manner("contrarian", "fear"), 6.0, 6) + told(Manner("myth_buster", "hope"), 6.0, 6)
    past += told(Manner("myth_buster", "fear"), 3.0, 6)
    assert share(past, GOOD) > 2 * share([], GOOD)


def test_h11_one_lucky_thread_takes_no_majority_and_no_manner_falls_below_its_floor() -> None:
    past = told(GOOD, 9.0) + [each for manner in MANNERS for each in told(manner, 3.0)]
    assert share(past, GOOD) < 0.5
    drowned = told(GOOD, 0.0, 60) + told(Manner("myth_buster", "fear"), 8.0, 60)
    assert min(choice.propensity for choice in choices(drowned, 100)) == pytest.approx(FLOOR)


def test_manners_are_chosen_as_often_as_their_propensities_say() -> None:
    past = told(GOOD, 5.0, 8) + told(Manner("myth_buster", "fear"), 2.0, 8)
    drawn = choices(past, 300)
    mine = [choice.propensity for choice in drawn if choice.manner == GOOD]
    assert len(mine) / 300 == pytest.approx(sum(mine) / len(mine), abs=0.07)


def test_an_early_reading_moves_less_than_a_late_one() -> None:
    rest = told(Manner("myth_buster", "fear"), 2.0, 4)
    assert share(told(GOOD, 5.0, 4, weight=0.1) + rest, GOOD) < share(told(GOOD, 5.0, 4) + rest, GOOD)


def test_a_manner_that_is_no_longer_known_teaches_nothing() -> None:
    assert choices(told(Manner("shocking", "hope"), 9.0, 20), 30) == choices([], 30)


def test_the_bounds_of_a_thread_fix_its_hook_and_rest_the_topics_used_lately() -> None:
    topics = ["sleep", "focus", "sleep", "stress", "walking", "strength", "breathing", "connection"]
    allowed = bounds(Manner("myth_buster", "hope"), topics, ["hydration", "gut_health", "hydration", "breathing"])
    assert allowed["hook"] == ("myth",)
    assert set(allowed["topic"]) == {"morning_light", "breathing", "connection"}
    assert all(set(values) <= set(FACTORS[name]) for name, values in allowed.items())


def test_whatever_was_said_lately_some_topic_is_left() -> None:
    topics = list(FACTORS["topic"])
    assert bounds(GOOD, topics, topics[::-1])["topic"]


def test_every_style_has_a_hook_of_the_grid() -> None:
    assert set(HOOKS) == set(STYLES)
    assert set(HOOKS.values()) <= set(FACTORS["hook"])
    assert len(STYLES) == len(EMOTIONS) == 4
