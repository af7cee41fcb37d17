"""When the next post is due, and its editorial frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.planning import Theme, advised, free_times, theme_for
from actors.domain.taxonomy import ANGLES, CALENDAR, SLOT_GENERATORS, TONES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SPACING = timedelta(hours=2)


def test_the_first_post_of_an_empty_queue_is_due_at_once() -> None:
    assert free_times(2, NOW, None, SPACING) == [NOW, NOW + SPACING]


def test_c8_a_full_queue_gets_no_more_posts_however_often_it_is_asked() -> None:
    assert [free_times(room, NOW, NOW, SPACING) for room in (0, -3)] == [[], []]


@given(room=st.integers(0, 20), ahead=st.integers(-600, 600))
def test_due_times_keep_their_spacing_from_each_other_and_from_what_is_there(room: int, ahead: int) -> None:
    last = NOW + timedelta(minutes=ahead)
    times = free_times(room, NOW, last, SPACING)
    assert len(times) == room
    assert all(later - earlier == SPACING for earlier, later in pairwise(times))
    assert all(time >= NOW and time >= last + SPACING for time in times)


@given(day=st.integers(0, 13), seed=st.integers(0, 1000), length=st.integers(0, 40))
def test_a_theme_follows_the_calendar_and_repeats_no_recent_angle_or_tone(day: int, seed: int, length: int) -> None:
    rng, recent = np.random.default_rng(seed), []
    for number in range(length + 1):
        at = NOW + timedelta(days=day, hours=3 * number)
        theme = theme_for(at, recent, rng)
        assert theme.slot in CALENDAR[at.weekday()]
        assert theme.angle not in [old.angle for old in recent[:20]]
        assert theme.tone not in [old.tone for old in recent[:10]] or _cluster_is_used_up(theme, recent)
        recent.insert(0, theme)


def _cluster_is_used_up(theme: Theme, recent: list[Theme]) -> bool:
    cluster = next(tones for tones in TONES.values() if theme.tone in tones)
    return set(cluster) <= {old.tone for old in recent[:10]}


def test_the_slot_of_the_last_theme_gives_way_to_another_of_that_day() -> None:
    first, *others = CALENDAR[NOW.weekday()]
    recent = [Theme(first, "", "")]
    assert theme_for(NOW, recent, np.random.default_rng(1)).slot in others or not others


def test_angles_start_over_when_all_are_used_up() -> None:
    every = [angle for group in ANGLES.values() for angle in group]
    recent = [Theme("", angle, "") for angle in every]
    assert theme_for(NOW, recent, np.random.default_rng(1)).angle in every


@given(seed=st.integers(0, 1000), tone=st.sampled_from(sorted(TONES)), angle=st.sampled_from(sorted(ANGLES)))
def test_an_advised_frame_has_a_fresh_tone_and_angle_of_what_is_advised_until_there_is_none(
    seed: int, tone: str, angle: str
) -> None:
    rng = np.random.default_rng(seed)
    recent: list[Theme] = []
    for _ in range(len(TONES[tone])):
        recent.insert(0, advised(theme_for(NOW, recent, rng), tone, angle, recent, rng))
    assert {theme.tone for theme in recent} == set(TONES[tone])
    assert {theme.angle for theme in recent} <= set(ANGLES[angle])
    assert len({theme.angle for theme in recent}) == len(recent)
    drawn = Theme("news", "drawn", "drawn")
    assert advised(drawn, tone, None, recent, rng) == drawn
    assert advised(drawn, None, None, [], rng) == drawn


def test_equal_seeds_give_equal_themes() -> None:
    themes = [theme_for(NOW, [], np.random.default_rng(7)) for _ in range(2)]
    assert themes[0] == themes[1]


def test_a_theme_prefers_the_generators_of_its_slot() -> None:
    slot = next(iter(SLOT_GENERATORS))
    assert Theme(slot, "", "").preferred == {"generator": SLOT_GENERATORS[slot]}
