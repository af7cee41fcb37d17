"""Those who live on the site and keep writing."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from actors.domain.snowflake import created_at, id_at, is_tweet_id
from actors.domain.taxonomy import TOPIC_WORDS
from actors.sandbox.model_label import label
from actors.sandbox.post import Post
from actors.sandbox.reader import read
from actors.sandbox.society import WINDOW, Society
from actors.sandbox.society_day import topic_of_the_day
from actors.sandbox.society_ids import day_of, id_of, place_of
from actors.sandbox.store import EventLog
from actors.sandbox.timelines import search
from actors.sandbox.world import RefusedError, World

from .conftest import ACCOUNT, BORN, REACTION, HandClock, PlainCrowd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOUR = timedelta(hours=1)
NEGATIVE = "-crypto -nft -betting -airdrop -giveaway -casino"
TIERS = (1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000)


def society(seed: int = 1, own: list[Post] | None = None) -> Society:
    return Society(seed, BORN, ACCOUNT, ["quietdesk"], lambda: own or [])


@pytest.fixture(scope="module")
def one() -> Society:
    return society()


@pytest.fixture
def peopled(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., World]]:
    """Open the peopled world in `tmp_path`, closing the one that was open: a restart."""
    logs: list[EventLog] = []

    def reopen(seed: int = 1, *, is_peopled: bool = True) -> World:
        for log in logs:
            log.close()
        logs[:] = [EventLog(tmp_path)]
        return World(logs[0], clock.now, PlainCrowd(), len, ACCOUNT, seed, is_peopled=is_peopled)

    yield reopen
    for log in logs:
        log.close()


def reports(society: Society, handle: str) -> bool:
    person = society.person(handle)
    return person is not None and person.role in {"newsroom", "research"}


def reported(society: Society) -> list[Post]:
    return [post for post in society.posts(BORN) if post.in_reply_to is None and reports(society, post.author)]


def opportunities(world: World, now: datetime) -> dict[str, int]:
    """What a harvester gets from fifteen searches of 50 cards: answerable fresh posts on topic, with their likes."""
    topics = [f"({' OR '.join(words)}) min_faves:500" for words in TOPIC_WORDS.values()]
    general = [f"min_faves:{likes}" for likes in (1_000, 5_000, 10_000, 25_000, 50_000)]
    found: dict[str, Post] = {}
    for query in topics + general:
        text = f"{query} lang:en -filter:replies {NEGATIVE}"
        entries = search(text, world.posts(), world.likes, is_latest=True)[:50]
        found |= {entry.post.id: entry.post for entry in entries if not entry.post.is_promoted}
    return {
        post.id: world.likes(post)
        for post in found.values()
        if now - post.created_at < 24 * HOUR
        and world.attitude(post.author) in {"welcoming", "indifferent"}
        and read(post.text).topic
    }


@pytest.mark.parametrize(("seed", "hours"), [(1, 0), (2, 15)])
def test_i1_a_harvest_of_a_fresh_world_fills_its_pool_in_every_tier(
    peopled: Callable[..., World], clock: HandClock, seed: int, hours: int
) -> None:
    world = peopled(seed)
    clock.forward(hours=hours)
    pool = opportunities(world, clock.now())
    clock.forward(hours=3)
    pool |= opportunities(world, clock.now())
    by_tier = Counter(sum(likes >= limit for limit in TIERS) for likes in pool.values())
    assert len(pool) >= 250
    assert set(by_tier) == set(range(8))


def test_what_everybody_talks_about_is_there_at_any_moment(one: Society) -> None:
    for step in range(0, 36, 3):
        now = BORN - 36 * HOUR + step * HOUR
        likes = [post.popularity.likes for post in one.posts(now) if post.created_at > now - 24 * HOUR]
        assert sum(count >= 120_000 for count in likes) >= 7
        assert sum(45_000 <= count < 120_000 for count in likes) >= 7


def test_beside_them_stands_plenty_that_must_not_be_answered(one: Society) -> None:
    posts = [post for post in one.posts(BORN) if post.created_at > BORN - 24 * HOUR]
    roots = [post for post in posts if post.in_reply_to is None and not post.is_promoted]
    english = [post for post in roots if post.lang == "en"]
    kinds = {
        "replies": len(posts) - len(roots),
        "promoted": sum(post.is_promoted for post in posts),
        "other languages": len(roots) - len(english),
        "negative words": sum(
            bool({"crypto", "giveaway", "casino"} & set(post.text.lower().split())) for post in english
        ),
        "off topic": sum(read(post.text).topic is None for post in english),
        "hostile": sum(one.attitude(post.author) == "hostile" for post in english),
        "opted out": sum(one.attitude(post.author) == "opted_out" for post in english),
    }
    assert min(kinds.values()) >= 3, kinds
    assert kinds["off topic"] > 50


def test_wellness_is_told_by_its_words_and_the_rest_by_their_absence(one: Society) -> None:
    hits: Counter[tuple[str, bool]] = Counter()
    for post in one.posts(BORN)[::20]:
        person = one.person(post.author)
        if person is not None and post.in_reply_to is None and post.lang == "en":
            hits[person.role, read(post.text).topic is not None] += 1
    assert hits["everyday", True] < 0.1 * hits["everyday", False]
    assert hits["wellness", True] > 4 * hits["wellness", False] > 0


def test_a_hundred_and_fifty_accounts_of_every_size_and_attitude_beside_those_who_report(one: Society) -> None:
    accounts = [account for account in one.accounts() if not reports(one, account.handle)]
    followers = [one.followers_of(account.handle) for account in accounts]
    assert len({account.handle.lower() for account in accounts}) == 150
    assert 300 <= min(followers) < 1_000
    assert 1_000_000 < max(followers) <= 3_000_000
    assert Counter(one.attitude(account.handle) for account in accounts).keys() == {
        "welcoming", "indifferent", "hostile", "opted_out",
    }  # fmt: skip
    for account in accounts:
        is_said = "nobot" in account.bio.lower() or "no bots please" in account.bio.lower()
        assert is_said is (one.attitude(account.handle) == "opted_out"), account
    assert one.followers_of("nobody") == 0


def test_newsrooms_and_research_accounts_report_on_our_topics_a_few_times_a_day(one: Society) -> None:
    accounts = [account for account in one.accounts() if reports(one, account.handle)]
    assert len(accounts) == 9
    assert all(20_000 <= (account.followers or 0) <= 500_000 for account in accounts)
    posts = reported(one)
    assert 10 <= len(posts) / WINDOW.days <= 25
    assert all(read(post.text).topic for post in posts)
    kinds = Counter(label("kind", post.text) for post in posts)
    assert min(kinds[kind] for kind in ("finding", "warning", "policy", "product", "event")) >= 5
    linked = [post for post in posts if "https://journal.example/" in post.text]
    assert {getattr(one.person(post.author), "role", "") for post in linked} == {"research"}
    assert len(linked) > 20
    assert len({post.popularity.likes for post in posts}) > 100


def test_on_some_days_a_topic_is_in_the_news_and_on_the_others_none_is(one: Society) -> None:
    by_day: dict[int, Counter[str | None]] = {}
    for post in reported(one):
        by_day.setdefault(day_of(post.created_at), Counter())[read(post.text).topic] += 1
    first, *whole, _ = sorted(by_day)
    said = {day: topic_of_the_day(1, day) for day in whole}
    assert None in said.values()
    rising = [
        day
        for day, topic in said.items()
        if topic and by_day[day][topic] >= 3 and by_day[day][topic] >= 1.5 * max(by_day[day - 1][topic], 1)
    ]
    assert len(rising) >= 4, (first, by_day)


def test_it_writes_the_same_in_whatever_order_it_is_asked() -> None:
    moments = [BORN + timedelta(hours=13 * step) for step in range(3)]
    forwards, backwards = society(), society()
    there = [forwards.posts(moment) for moment in moments]
    assert [backwards.posts(moment) for moment in reversed(moments)] == there[::-1]
    assert society(seed=2).posts(BORN) != there[0]


def test_what_was_posted_stays_while_more_comes(one: Society) -> None:
    earlier, later = one.posts(BORN), one.posts(BORN + 6 * HOUR)
    assert len(earlier) > 5_000
    kept = [post for post in earlier if post.created_at > BORN + 6 * HOUR - WINDOW]
    assert later[: len(kept)] == kept
    assert len(later) - len(kept) > 50
    assert all(before.created_at <= after.created_at for before, after in pairwise(later))


def test_no_two_of_its_posts_are_equal_nor_share_an_id_over_forty_days(one: Society) -> None:
    posts = {post.id: post for step in range(1, 5) for post in one.posts(BORN + step * WINDOW)}
    texts = Counter(post.text for post in posts.values())
    assert len(posts) > 30_000
    assert [text for text, count in texts.items() if count > 1] == []
    assert max(len(text) for text in texts) <= 280
    assert [text for text in texts if "{" in text] == []


def test_ids_are_valid_and_carry_the_time_and_a_create_call_never_gets_one_of_them(one: Society) -> None:
    posts = one.posts(BORN)
    for post in posts:
        assert is_tweet_id(post.id)
        assert created_at(post.id) == post.created_at  # type: ignore[arg-type]
        place = place_of(post.id)
        assert place is not None
        assert id_of(place, post.created_at) == post.id
    for post_id in ("", "12", "x", str(int(posts[0].id) & ~(2**22 - 1)), "9" * 19):
        assert one.post(post_id, BORN) is None


def test_a_post_is_found_by_its_id_long_after_timelines_forgot_it_and_not_before_it_is_written(one: Society) -> None:
    post = random.Random(1).choice(one.posts(BORN))
    answered = next(other for other in one.answers(BORN))
    assert one.post(post.id, BORN + timedelta(days=60)) == post
    assert one.post(post.id, post.created_at - HOUR) is None
    parent = one.post(answered.in_reply_to or "", BORN)
    assert parent is not None
    assert answered in one.answers_to(parent, BORN + timedelta(days=60))
    assert one.answers_to(parent, parent.created_at) == []


def test_it_begins_ten_days_before_the_world(one: Society) -> None:
    early = one.posts(BORN - timedelta(days=9))
    assert early
    assert min(post.created_at for post in early) > BORN - WINDOW
    assert one.posts(BORN - WINDOW) == []


def test_a_few_a_day_address_the_account_and_what_they_said_stays(one: Society) -> None:
    own: list[Post] = []
    ours = society(own=own)
    seen: dict[str, Post] = {}
    for hour in range(0, 96, 4):
        now = BORN + hour * HOUR
        own.append(Post(id_at(now), ACCOUNT, "A walk a day", now))
        now_said = {post.id: post for post in ours.posts(now) if _addresses(post, own)}
        assert seen.items() <= now_said.items()
        seen = now_said
    assert 8 <= len(seen) <= 30
    asked = [post for post in seen.values() if post.in_reply_to]
    assert {read(post.text).topic for post in asked} == {"walking"}
    assert all("?" in post.text for post in seen.values())
    for post in asked:
        parent = next(other for other in own if other.id == post.in_reply_to)
        assert post in ours.answers_to(parent, now)
        assert ours.post(post.id, now) == post
    again = society(own=own)
    assert {post.id: post for post in again.posts(now) if _addresses(post, own)} == seen
    assert not [post for post in ours.posts(BORN) if _addresses(post, own)], "nobody knew us before the world was born"


def test_a_restart_with_another_seed_changes_no_past(peopled: Callable[..., World], clock: HandClock) -> None:
    before = peopled(seed=1).posts()
    assert len(before) > 5_000
    clock.forward(hours=1)
    after = peopled(seed=7).posts()
    assert [post for post in before if post.created_at > clock.now() - WINDOW] == [
        post for post in after if post.created_at <= BORN
    ]
    assert after == peopled(seed=1, is_peopled=False).posts(), "who opens it does not decide"


def test_a_world_from_before_the_society_opens_and_gets_one(peopled: Callable[..., World], tmp_path: Path) -> None:
    old = peopled(is_peopled=False)
    background, own = old.posts(), old.create("I was here before them")
    world = peopled()
    assert set(background) < set(world.posts())
    assert own in world.posts()
    assert len(world.posts()) > 5_000
    peopled()
    events = [json.loads(line)["event"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert events == ["seeded", "posted", "peopled"]


def test_the_site_treats_the_society_like_anybody(peopled: Callable[..., World], clock: HandClock) -> None:
    world = peopled()
    post = next(post for post in world.posts() if not post.in_reply_to and place_of(post.id) and post.lang == "en")
    account = world.account_of(post.author.upper())
    assert account is not None
    assert account.followers
    before = world.counts(post)
    reply = world.create("That is a thought worth keeping", post.id)
    world.mark("like", post.id, is_on=True)
    after = world.counts(post)
    assert (after.replies, after.likes) == (before.replies + 1, before.likes + 1)
    clock.forward(days=30)
    again = peopled()
    assert post not in again.posts()
    assert [entry.id for entry in again.thread_of(reply)][:2] == [post.id, reply.id]
    assert reply in again.thread_of(post)
    with pytest.raises(RefusedError):
        again.create("to nobody", str(int(post.id) + 1))


def test_counts_count_the_answers_that_stand_there(peopled: Callable[..., World], clock: HandClock) -> None:
    world = peopled()
    own = world.create("A walk a day")
    for _ in range(20):
        clock.forward(hours=1)
        if answers := world.thread_of(own)[1:]:
            break
    assert answers
    assert world.counts(own).replies == REACTION.replies + len(answers)
    answered = next(post for post in world.posts() if post.in_reply_to and post.in_reply_to != own.id)
    parent = world.post(answered.in_reply_to or "")
    assert parent is not None
    before, known = world.counts(parent).replies, len(world.thread_of(parent))
    world.write("quietdesk", "And one more", parent.id)
    assert len(world.thread_of(parent)) == known + 1
    assert world.counts(parent).replies == before + 1


def _addresses(post: Post, own: list[Post]) -> bool:
    return f"@{ACCOUNT}" in post.text or post.in_reply_to in {other.id for other in own}
