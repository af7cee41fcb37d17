"""What the audience makes of replies to others, and what the platform bears of them."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from actors.domain.randomness import keyed
from actors.sandbox.audience import Audience
from actors.sandbox.audience_impression import impression
from actors.sandbox.audience_profile import Profile
from actors.sandbox.post import Answered, Post, PublishedPost
from actors.sandbox.reader import Reading
from actors.sandbox.snowflake import instant

START = datetime(2026, 3, 1, 8, 17, tzinfo=UTC)
LATER = START + timedelta(days=60)
MONTH = timedelta(days=30)
TARGET = "A walk before breakfast does more for my sleep than any pillow ever did."
FITTING = "That walk gave me back my sleep as well, and the breakfast afterwards tastes twice as good"
PRAISE = "Great post! So true."
PROMOTION = "Great post! Follow us and check out my profile at https://example.com"
STOPS = {"stop", "stop.", "please stop replying", "please stop replying to me.", "no bots", "no bots, please."}


def reader(text: str) -> Reading:
    """Read no more than the topic, which is quick."""
    return Reading(None, "sleep" if "sleep" in text.lower() else None, None, "plain", "short")


def target(attitude: str = "indifferent", author: str = "mira", views: int = 40_000, **fields: object) -> Answered:
    stated = {"created_at": START - timedelta(minutes=10), "text": TARGET, **fields}
    return Answered("1", author, attitude, views=views, **stated)  # type: ignore[arg-type]


def replies(
    number: int, text: str, answered: Answered, *, gap: timedelta = timedelta(days=2), day_of: datetime = START
) -> list[PublishedPost]:
    """Return replies that are far apart, each to a post that is as old as `answered` is at the start."""
    age = START - answered.created_at
    made = []
    for i in range(number):
        at = day_of + i * gap
        then = Answered(
            answered.post_id,
            answered.author,
            answered.attitude,
            at - age,
            answered.views,
            answered.text,
            is_addressed=answered.is_addressed,
        )
        made.append(PublishedPost(f"r{i}", i, f"{text} {number_word(i)}", at, "1", then))
    return made


def number_word(i: int) -> str:
    return f"x{keyed('word', i).integers(10**9)}"


def met(published: list[PublishedPost], seed: int = 1, **options: int) -> Audience:
    audience = Audience(seed, reader=reader, **options)  # type: ignore[arg-type]
    for post in published:
        audience.publish(post)
    return audience


def total(published: list[PublishedPost], kind: str, **options: int) -> int:
    audience = met(published, **options)
    end = published[-1].created_at + MONTH
    return sum(getattr(audience.counts(post.id, end), kind) for post in published)


def test_a_reply_fits_that_takes_up_the_post_and_adds_to_it() -> None:
    fitting, praise, echo, elsewhere = (
        impression(text, TARGET, 0.0, has_same_topic=reader(text).topic == "sleep").relevance
        for text in (FITTING, PRAISE, TARGET, "Compound interest rewards whoever starts saving in spring")
    )

    assert fitting == 1
    assert (praise, echo, elsewhere) == (0, 0, 0)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (FITTING, 0),
        ("Follow the evidence and the walk wins", 0),
        ("More at https://example.com", 1),
        ("@mira that walk", 1),
        ("Follow for more walks", 1),
        ("Check out this walk", 1),
        ("It's on my profile", 1),
        (PROMOTION, 3),
    ],
)
def test_promotion_is_recognised_by_its_kinds(text: str, kinds: int) -> None:
    assert impression(text, TARGET, 0.0, has_same_topic=True).promotion == kinds


def test_a_fitting_reply_is_liked_more_than_praise() -> None:
    assert total(replies(40, FITTING, target()), "likes") > 5 * total(replies(40, PRAISE, target()), "likes")


def test_the_same_reply_is_liked_less_when_it_promotes_something() -> None:
    promoted = f"{FITTING}, more on my profile"

    assert total(replies(40, FITTING, target()), "likes") > 3 * total(replies(40, promoted, target()), "likes")


def test_the_readers_of_a_welcoming_author_like_more() -> None:
    welcoming, hostile = (total(replies(40, FITTING, target(who)), "likes") for who in ("welcoming", "hostile"))

    assert welcoming > 2 * hostile


def test_views_come_from_the_readers_of_the_post_who_are_still_to_come_not_from_followers() -> None:
    def seen(views: int, hours: float, followers: int = 5000) -> int:
        answered = target(views=views, created_at=START - timedelta(hours=hours))
        return total(replies(40, FITTING, answered), "views", followers=followers)

    early = seen(20_000, 0.1)
    assert early == seen(20_000, 0.1, followers=5_000_000)
    assert early > 3 * seen(2_000, 0.1)
    assert early > 3 * seen(20_000, 1) > 3 * seen(20_000, 12) > 0
    assert seen(20_000, 24 * 9) == seen(0, 0.1) == 40, "nobody is left but the author"


def test_readers_of_a_reply_come_as_slowly_as_those_of_the_old_post_above_it() -> None:
    published = replies(40, FITTING, target(views=3_000_000, created_at=START - timedelta(hours=24)))
    audience = met(published)

    final, soon = (
        sum(audience.counts(post.id, post.created_at + timedelta(hours=hours)).views for post in published)
        for hours in (9_000, 6)
    )

    # Of the target's readers 3.9 % come after a day and 2.2 % after thirty hours: 1 - exp(-(age / 5 h)^0.75) have come.
    assert soon / final == pytest.approx(1 - 0.0216 / 0.0390, abs=0.05)


def test_the_counts_of_a_reply_never_fall_and_no_more_like_it_than_saw_it() -> None:
    published = replies(20, FITTING, target(views=2_000_000))
    audience = met(published)

    for post in published:
        last = (0,) * 5
        for minutes in (0, 1, 5, 15, 60, 240, 1440, 14_400):
            counts = audience.counts(post.id, post.created_at + timedelta(minutes=minutes))
            assert all(now >= before for now, before in zip(astuple(counts), last, strict=True))
            assert max(counts.likes, counts.reposts, counts.replies, counts.bookmarks) <= counts.views
            last = astuple(counts)
        assert last[0] > 0


def test_welcoming_authors_answer_and_follow_back_under_their_own_name_and_once() -> None:
    published = replies(60, FITTING, target("welcoming"))
    audience = met(published)
    end = published[-1].created_at + MONTH

    answers = audience.answers(end)
    assert 10 < len(answers) < 50
    assert {answer.author for answer in answers} == {"mira"}
    assert {answer.in_reply_to for answer in answers} <= {post.id for post in published}
    assert not any(answer.text.lower() in STOPS for answer in answers)
    (follow,) = [follow for follow in audience.follows(end) if follow.handle == "mira"]
    assert follow.cause in {post.id for post in published}


def test_indifferent_authors_answer_rarely_and_hostile_ones_never_and_neither_says_stop() -> None:
    def answers(attitude: str) -> list[Post]:
        published = replies(60, FITTING, target(attitude))
        return met(published).answers(published[-1].created_at + MONTH)

    assert 0 < len(answers("indifferent")) < len(answers("welcoming")) / 2
    assert answers("hostile") == []


def test_who_opted_out_says_stop_and_does_so_whatever_one_replies() -> None:
    for text in (FITTING, PROMOTION):
        published = replies(60, text, target("opted_out"))
        answers = met(published).answers(published[-1].created_at + MONTH)
        assert len(answers) > 40
        assert {answer.text.lower() for answer in answers} == STOPS


def test_replies_to_hostile_authors_and_to_those_who_opted_out_drive_followers_away() -> None:
    def left(attitude: str) -> int:
        several = [target(attitude, author=f"mira{i}") for i in range(8)]
        published = [
            PublishedPost(f"r{i}", i, FITTING + number_word(i), START + i * timedelta(hours=3), "1", several[i % 8])
            for i in range(240)
        ]
        return len(met(published).unfollows(START + MONTH))

    welcoming = left("welcoming")
    assert left("hostile") > welcoming + 25
    assert left("opted_out") > welcoming + 25


def test_answers_come_later_under_ids_that_tell_their_time_and_are_nobody_elses() -> None:
    published = replies(60, FITTING, target("welcoming"))
    answers = met(published).answers(LATER + 3 * MONTH)
    by_id = {post.id: post for post in published}

    assert len({answer.id for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.created_at == instant(answer.id)
        assert answer.created_at > by_id[answer.in_reply_to or ""].created_at
        low = int(answer.id) & (1 << 22) - 1
        assert low >> 20 == 1, "create calls count up from zero, and the bit above is the society's"
    first = answers[0]
    assert first not in met(published).answers(first.created_at - timedelta(milliseconds=1))
    assert first in met(published).answers(first.created_at)


def test_replies_come_out_the_same_after_replay_and_whatever_was_asked() -> None:
    published = replies(30, FITTING, target("welcoming"), gap=timedelta(hours=7))
    asked = Audience(1, reader=reader)
    for post in published:
        asked.publish(post)
        asked.answers(post.created_at + timedelta(hours=1))
        asked.new_followers(post.created_at + timedelta(minutes=59), 30)
        asked.takes_posts(post.created_at)
    replayed = met(published)

    assert [asked.counts(p.id, LATER) for p in published] == [replayed.counts(p.id, LATER) for p in published]
    assert asked.answers(LATER) == replayed.answers(LATER)
    assert asked.follows(LATER) == replayed.follows(LATER)
    assert asked.unfollows(LATER) == replayed.unfollows(LATER)


def unasked(number: int, *, is_addressed: bool = False) -> list[PublishedPost]:
    """Return replies to one author within three hours."""
    return replies(number, FITTING, target(is_addressed=is_addressed), gap=timedelta(minutes=20))


def test_a_third_unasked_reply_to_one_author_in_a_day_costs_reach_for_two_days() -> None:
    def reach(published: list[PublishedPost], hours: float) -> float:
        return met(published).moment(START + timedelta(hours=hours)).reach

    borne, too_many, asked = unasked(2), unasked(3), unasked(3, is_addressed=True)

    assert reach(too_many, 2) == pytest.approx(Profile().spam_reach * reach(borne, 2), rel=0.01)
    assert reach(too_many, 48) == pytest.approx(Profile().spam_reach * reach(borne, 48), rel=0.01)
    assert reach(too_many, 49) == pytest.approx(reach(borne, 49), rel=0.01)
    assert reach(asked, 2) == pytest.approx(reach(borne, 2), rel=0.01)


def test_replies_far_apart_or_to_different_authors_cost_nothing() -> None:
    apart = replies(4, FITTING, target(), gap=timedelta(hours=13))
    different = [
        PublishedPost(f"r{i}", i, FITTING + number_word(i), START, "1", target(author=f"mira{i}")) for i in range(4)
    ]

    alone = met(apart[:1])
    for published in (apart, different):
        at = published[-1].created_at + timedelta(hours=1)
        assert met(published).moment(at).reach == pytest.approx(alone.moment(at).reach, rel=0.01)


def test_beyond_a_second_threshold_no_post_is_taken_for_some_hours() -> None:
    profile = Profile()
    borne = unasked(profile.spam_per_author + profile.lock_excess)
    beyond = unasked(profile.spam_per_author + profile.lock_excess + 1)
    crossed = beyond[-1].created_at

    assert met(borne).takes_posts(crossed)
    assert not met(beyond).takes_posts(crossed)
    assert not met(beyond).takes_posts(crossed + timedelta(hours=profile.lock_hours, seconds=-1))
    assert met(beyond).takes_posts(crossed + timedelta(hours=profile.lock_hours))


def test_the_same_excess_spread_over_days_does_not_cost_the_right_to_post() -> None:
    # One too many each time: five within twelve hours, and five within twenty-eight.
    dense, thin = (replies(10, FITTING, target(), gap=timedelta(hours=gap)) for gap in (3, 7))

    assert not met(dense).takes_posts(dense[-1].created_at)
    assert met(thin).takes_posts(thin[-1].created_at)


def test_many_reports_alone_cost_reach_and_then_the_right_to_post() -> None:
    published = [
        PublishedPost(f"r{i}", i, PROMOTION + number_word(i), START, "1", target("hostile", author=f"mira{i}"))
        for i in range(40)
    ]
    audience, few = met(published), met(published[:2])
    soon, later = START + timedelta(hours=6), START + timedelta(days=6)

    assert not audience.takes_posts(soon)
    assert few.takes_posts(soon)
    assert audience.moment(soon).reach < 0.4 * few.moment(soon).reach
    assert audience.takes_posts(later)


def test_who_was_pestered_reports_what_he_welcomed_before() -> None:
    def answers(published: list[PublishedPost]) -> int:
        return len(met(published).answers(LATER))

    pestered = replies(40, FITTING, target("welcoming"), gap=timedelta(hours=4))
    spared = replies(40, FITTING, target("welcoming"), gap=timedelta(hours=13))

    assert answers(pestered) < answers(spared) / 3


@cache
def month_of(plan: str, seed: int) -> int:
    """Return the followers after a month of one plan, which posts once and then only replies."""
    audience = Audience(seed, reader=reader)
    audience.publish(PublishedPost("first", 0, "Hello, this is the first post.", START, None))
    per_day = {"nothing": 0, "modest": 4, "generic": 8, "promotion": 8, "many per author": 12, "hostile": 8}[plan]
    text = {"generic": PRAISE, "promotion": PROMOTION}.get(plan, FITTING)
    for i in range(30 * per_day):
        at = START + timedelta(hours=1 + 24 * i / per_day)
        if audience.takes_posts(at):
            mixed = ("indifferent", "hostile", "opted_out", "welcoming")[i % 4]
            attitude = {"generic": mixed, "promotion": mixed, "hostile": "hostile"}.get(plan, "welcoming")
            author = f"mira{i % (3 if plan == 'many per author' else 40)}"
            views = int(20_000 * keyed("views", seed, plan, i).lognormal(0, 1.2))
            answered = target(attitude, author, views, created_at=at - timedelta(minutes=20))
            audience.publish(PublishedPost(f"r{i}", i + 1, f"{text} {number_word(i)}", at, "1", answered))
    return audience.followers(START + MONTH)


@pytest.mark.parametrize("plan", ["generic", "promotion", "many per author", "hostile"])
def test_spam_ends_with_fewer_followers_than_silence_and_a_few_fitting_replies_with_more(plan: str) -> None:
    spam, nothing, modest = (month_of(each, seed=5) for each in (plan, "nothing", "modest"))

    assert spam < nothing - 10
    assert modest > nothing + 30
