"""What becomes of posts: tiers, ceilings, scores, and who is not to be answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actors.domain.harvest.funnel import Funnel, Sieve, addresses, authors_of, kept_text, sift
from actors.domain.harvest.tiers import is_crowded, score_of, tier_of
from actors.domain.outcome import Blocked, Failed
from actors.domain.pace import ending, has_time, is_wall
from actors.errors import ChallengeError, CircuitOpenError, NotFoundError, PlatformClosedError, SiteBusyError
from tests.domain.harvest.posts import NOW, post

SIEVE = Sieve(
    now=NOW, age=timedelta(hours=24), account="Commons_Daily", opted_out={"leaveme"}, known=set(), only_addressed=False
)
CLOSED = PlatformClosedError("cooling", "cooling", 0.0)


@pytest.mark.parametrize(
    ("likes", "tier"),
    [
        *[(100_000, "MEGA+"), (99_999, "MEGA"), (50_000, "MEGA"), (25_000, "VIRAL+"), (10_000, "VIRAL")],
        *[(5_000, "TRENDING+"), (2_000, "TRENDING"), (1_000, "FRESH+"), (999, "FRESH"), (0, "FRESH"), (None, "FRESH")],
    ],
)
def test_likes_decide_about_the_tier(likes: int | None, tier: str) -> None:
    assert tier_of(likes) == tier


@pytest.mark.parametrize(
    ("likes", "most"),
    [
        *[(100_000, 1600), (50_000, 1400), (25_000, 900), (10_000, 700), (5_000, 500), (2_000, 350)],
        *[(1_000, 250), (500, 180), (300, 140), (150, 110), (149, 80), (None, 80)],
    ],
)
def test_a_post_with_more_replies_than_its_size_allows_is_crowded(likes: int | None, most: int) -> None:
    assert not is_crowded(likes, most)
    assert is_crowded(likes, most + 1)
    assert not is_crowded(likes, None), "unknown is not many"


def test_the_score_is_that_of_the_card_and_the_unknown_earns_nothing() -> None:
    assert score_of(2_000, 20, "model") == 60.0
    assert score_of(90_000, 0, "model") == 100.0
    assert score_of(0, 500, "model") == 0.0
    assert score_of(None, None, "model") == 0.0


def test_i3_what_only_words_judged_ranks_behind_its_like() -> None:
    assert score_of(2_000, 20, "words") == 30.0


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 24},
        {"author": "commons_daily"},
        {"author": "LeaveMe"},
        {"replying_to": "somebody"},
        {"likes": 100, "replies": 81},
    ],
)
def test_what_may_not_be_answered_is_too_old_or_unfit(changes: dict[str, object]) -> None:
    sifted = sift([post(**changes), post(2, author="else")], SIEVE)  # type: ignore[arg-type]

    assert (sifted.parsed, sifted.aged, [found.author for found in sifted.fit]) == (2, 1, ["else"])


def test_i5_what_is_known_is_not_even_counted_as_new() -> None:
    known = post()
    sieve = Sieve(NOW, SIEVE.age, "us", (), {known.id}, only_addressed=False)

    assert sift([known], sieve).parsed == 0


def test_a_card_twice_or_without_a_real_handle_is_not_counted() -> None:
    assert sift([post(), post(), post(2, author="no handle!")], SIEVE).parsed == 1


def test_where_only_who_addressed_us_is_answered_nobody_else_is_fit() -> None:
    sieve = Sieve(NOW, SIEVE.age, "us", (), (), only_addressed=True)
    posts = [post(1, text="sleep, @us?"), post(2, text="sleep, @usher")]

    assert [found.text for found in sift(posts, sieve).fit] == ["sleep, @us?"]


@pytest.mark.parametrize(
    ("text", "does"),
    [("@Us, look", True), ("so says @us.", True), ("@usher", False), ("https://x.example/@us", False), ("us", False)],
)
def test_a_mention_addresses_us_and_a_link_does_not(text: str, does: bool) -> None:
    assert addresses(text, "us") is does


def test_a_foreign_text_is_kept_as_one_sees_it_and_not_at_any_length() -> None:
    assert kept_text("be\u202ed\x00 time\nnow") == "bed time\nnow"
    assert len(kept_text("x" * 900)) == 500


def test_authors_are_named_once_in_their_order() -> None:
    assert authors_of([post(author="Bo"), post(author="ada"), post(author="bo"), post(author="?")]) == ("bo", "ada")


def test_funnels_add_up_stage_by_stage_and_say_so() -> None:
    total = Funnel(10, 8, 3, 2, 3) + Funnel(1, 1, 0, 1, 0)

    assert total == Funnel(11, 9, 3, 3, 3)
    assert str(total) == "11 seen, 9 of them readable and new, 3 too old or unfit, 3 judged off topic, 3 kept"


def test_i4_half_of_the_interval_is_for_the_run() -> None:
    every, deadline = timedelta(hours=2), timedelta(hours=2)
    assert has_time(NOW, NOW, NOW + timedelta(minutes=59), every, deadline, 1.0)
    assert not has_time(NOW, NOW, NOW + timedelta(minutes=60), every, deadline, 1.0)


@pytest.mark.parametrize(("speed", "minutes"), [(1.0, 8), (3.0, 25), (60.0, 60)])
def test_i4_the_deadline_is_real_time_and_leaves_room_for_the_longest_errand(speed: float, minutes: int) -> None:
    every, deadline = timedelta(hours=2), timedelta(minutes=10)
    before, after = (NOW + timedelta(minutes=minutes + step) for step in (-1, 1))
    assert has_time(NOW, NOW, before, every, deadline, speed)
    assert not has_time(NOW, NOW, after, every, deadline, speed)


def test_i4_a_run_that_begins_late_has_its_whole_deadline_as_long_as_half_of_the_interval_is_left() -> None:
    every, deadline = timedelta(hours=2), timedelta(minutes=10)
    late = NOW + timedelta(minutes=20)
    assert has_time(NOW, late, late + timedelta(minutes=8), every, deadline, 1.0)
    assert not has_time(NOW, late, late + timedelta(minutes=9), every, deadline, 1.0)


def test_i4_a_run_that_catches_up_with_a_slot_of_long_ago_has_time_until_the_next_one_is_due() -> None:
    every, deadline = timedelta(hours=24), timedelta(hours=24)
    caught_up = NOW + timedelta(hours=13)
    assert has_time(NOW, caught_up, caught_up, every, deadline, 1.0)
    assert has_time(NOW, caught_up, NOW + timedelta(hours=23, minutes=59), every, deadline, 1.0)
    assert not has_time(NOW, caught_up, NOW + timedelta(hours=24), every, deadline, 1.0)
    days_later = NOW + timedelta(days=3, hours=1)
    assert has_time(NOW, days_later, NOW + timedelta(days=3, hours=11), every, deadline, 1.0)
    assert not has_time(NOW, days_later, NOW + timedelta(days=3, hours=12), every, deadline, 1.0)


@pytest.mark.parametrize(
    ("error", "wall", "kind"),
    [
        (CLOSED, True, Blocked),
        (ChallengeError("challenge"), True, Blocked),
        (CircuitOpenError("open", 1.0), True, Failed),
        (SiteBusyError("busy"), False, Failed),
        (NotFoundError("gone"), False, Blocked),
    ],
)
def test_e4_a_wall_ends_a_run_and_only_what_may_pass_is_tried_again(error: Exception, wall: bool, kind: type) -> None:
    assert is_wall(error) is wall
    assert isinstance(ending(error), kind)
