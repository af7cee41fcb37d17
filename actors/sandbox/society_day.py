"""One day of the society: what everybody writes on it, who answers, and how far it carries.

A day is made whole, by a key of seed and day, and needs no other day. So any order of asking gives the same posts.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.randomness import keyed
from actors.domain.taxonomy import TOPICS
from actors.sandbox.post import Counts, Post
from actors.sandbox.society_ids import Place, id_of, moment_on
from actors.sandbox.society_words import per_day, phrase, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from actors.sandbox.society_people import Person

TURNS = 48
"""Posts of one author on one day at most; turns above are for those who address the operated account."""

_DRAWS = 28
_ON_TOPIC = 0.85
_TOPICS = tuple(TOPICS)
_EVERYDAY = ("garden", "books", "football", "code", "trains", "film")

_KINDS = {"abroad": "abroad", "newsroom": "report", "research": "study"}
"""What those write who do not write a `post`."""

_REPORTERS = ("newsroom", "research")
_NEWS_DAYS = 2 / 3
_ON_THE_NEWS = 0.55
"""Share of the days that have a topic in the news, and of the reports on such a day that are about it."""

_TALKS_A_DAY = 8
_TALK_LIKES = ((120_000, 380_000), (45_000, 110_000))
"""Every three hours one post is what everybody talks about and one comes close: no tail brings them that surely."""

_TALK_FOLLOWERS = 40_000
_MOST_LIKES = 400_000
_MOST_ANSWERS = 4
_LONGEST_WAIT = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Wording:
    """Gives each text of a day its own number; not safe in several threads."""

    seed: int
    day: int
    used: Counter[tuple[str, str, int]]

    def text(self, kind: str, area: str, choice: float, account: str = "") -> str:
        """Word a text; `choice` from 0 to 1 picks the template, the next one if its texts of the day are used up."""
        count = templates_of(kind)
        first = int(choice * count)
        for template in ((first + step) % count for step in range(count)):
            number = self.used[kind, area, template]
            if number < per_day(kind):
                break
        else:
            template, number = first, self.used[kind, area, first]
        self.used[kind, area, template] += 1
        return phrase(self.seed, kind, area, template, self.day * per_day(kind) + number, account)


@dataclass(frozen=True, slots=True)
class _Draft:
    person: Person
    turn: int
    moment: datetime
    draws: tuple[float, ...]
    normals: tuple[float, ...]
    area: str


def day_posts(seed: int, day: int, people: Sequence[Person]) -> list[Post]:
    """Write all posts of a day and the answers to them, some of which come on the next two days; by id."""
    news = topic_of_the_day(seed, day)
    drafts = [draft for person in people for draft in _drafts(seed, day, person, news)]
    talks = _talks(drafts)
    wording = Wording(seed, day, Counter())
    answerers = [person for person in people if person.role in {"wellness", "everyday"}]
    posts: list[Post] = []
    for draft in drafts:
        likes = talks.get((draft.person.number, draft.turn))
        post = _post(draft, day, wording, likes)
        posts.append(post)
        if not post.is_promoted and draft.person.role not in {"abroad", "spam"}:
            posts += _answers(draft, post, day, wording, answerers)
    return sorted(posts, key=lambda post: int(post.id))


def popularity(followers: int, draws: Sequence[float], normals: Sequence[float], likes: int | None = None) -> Counts:
    """Tell where the counts of a post end up.

    Views are log-normal around a tenth of the followers, a twelfth of the posts with a Pareto tail on top; likes about
    a twentieth of the views, and the more likes the fewer replies to each. `likes` presets them.
    """
    views = 0.1 * followers * math.exp(normals[0]) + 8 + 40 * draws[0]
    if draws[1] < 1 / 12:
        views *= 1 + min(12.0, (1 - draws[2]) ** (-1 / 1.1))
    share = min(0.12, max(0.006, 0.045 * math.exp(0.45 * normals[1])))
    if likes is None:
        likes = int(min(views * share, _MOST_LIKES * (1 - draws[2] / 2)))
        views = min(views, likes / share + 40)
    views = max(views, likes / share)
    replies = int(0.12 * likes**0.75 * math.exp(0.6 * normals[2]))
    return Counts(int(views), likes, int(likes * (0.08 + 0.14 * draws[3])), replies, int(likes * 0.2 * draws[4]))


def topic_of_the_day(seed: int, day: int) -> str | None:
    """Return what most reports of a day are about; None on one day in three, when no topic is in the news."""
    draw = keyed("society", seed, "news", day)
    return _TOPICS[int(draw.integers(len(_TOPICS)))] if draw.random() < _NEWS_DAYS else None


def _drafts(seed: int, day: int, person: Person, news: str | None) -> list[_Draft]:
    draw = keyed("society", seed, "day", day, person.number)
    count = min(TURNS, int(draw.poisson(person.rate)))
    if not count:
        return []
    hours = sorted(((person.peak + 4.5 * draw.standard_normal(count)) % 24 / 24).tolist())
    uniform, normal = draw.random((count, _DRAWS)).tolist(), draw.standard_normal((count, _MOST_ANSWERS + 4)).tolist()
    return [
        _Draft(person, turn, moment_on(day, hours[turn]), tuple(uniform[turn]), tuple(normal[turn]), area)
        for turn in range(count)
        for area in [_area(person, uniform[turn][5], uniform[turn][6], news)]
    ]


def _area(person: Person, wish: float, choice: float, news: str | None) -> str:
    if person.role in _REPORTERS:
        if news is not None and wish < _ON_THE_NEWS:
            return news
        return person.areas[int(choice * len(person.areas))]
    if person.role == "wellness" and wish > _ON_TOPIC:
        return _EVERYDAY[int(choice * len(_EVERYDAY))]
    # The favourite comes first and comes most.
    return person.areas[int(choice * choice * len(person.areas))]


def _talks(drafts: list[_Draft]) -> dict[tuple[int, int], int]:
    """Pick what everybody talks about, and how many like it in the end."""
    blocks: dict[int, list[_Draft]] = {}
    for draft in drafts:
        person = draft.person
        is_fit = person.role == "wellness" and person.attitude in {"welcoming", "indifferent"}
        if is_fit and draft.area not in _EVERYDAY and (person.account.followers or 0) >= _TALK_FOLLOWERS:
            blocks.setdefault(draft.moment.hour * _TALKS_A_DAY // 24, []).append(draft)
    likes = {}
    for block in blocks.values():
        block.sort(key=lambda draft: draft.draws[7])
        for draft, (low, high) in zip(block, _TALK_LIKES, strict=False):
            likes[draft.person.number, draft.turn] = int(low * (high / low) ** draft.draws[8])
    return likes


def _post(draft: _Draft, day: int, wording: Wording, likes: int | None) -> Post:
    person = draft.person
    return Post(
        id=id_of(Place(day, person.number, draft.turn), draft.moment),
        author=person.account.handle,
        text=wording.text(_KINDS.get(person.role, "post"), draft.area, draft.draws[9]),
        created_at=draft.moment,
        is_promoted=person.role == "shop" and draft.draws[10] < 1 / 2,
        popularity=popularity(person.account.followers or 0, draft.draws, draft.normals, likes),
        lang=person.lang,
    )


def _answers(draft: _Draft, post: Post, day: int, wording: Wording, others: list[Person]) -> list[Post]:
    """Let others answer a post, none or one as a rule, and its author answer the first of them now and then."""
    wanted = sum(draft.draws[11] > limit for limit in (0.72, 0.92, 0.98))
    found: list[Post] = []

    def add(who: Person, kind: str, parent: Post, wait: timedelta, choice: float) -> None:
        moment = parent.created_at + wait
        if moment - post.created_at < _LONGEST_WAIT:
            place = Place(day, draft.person.number, draft.turn, len(found) + 1)
            text, draws = wording.text(kind, draft.area, choice), draft.draws[12:17]
            counts = popularity((who.account.followers or 0) // 12, draws, draft.normals[1:4])
            found.append(
                Post(
                    id_of(place, moment), who.account.handle, text, moment, parent.id, popularity=counts, lang=who.lang
                )
            )

    for index in range(wanted):
        who = others[int(draft.draws[17 + index] * len(others))]
        if who.number != draft.person.number:
            add(who, "answer", post, _wait(draft.normals[4 + index]), draft.draws[20 + index])
    if found and draft.draws[24] < 1 / 3:
        add(draft.person, "back", found[0], _wait(draft.normals[7]), draft.draws[25])
    return found


def _wait(normal: float) -> timedelta:
    return timedelta(milliseconds=int(60_000 * (3 + 45 * math.exp(1.1 * normal))))
