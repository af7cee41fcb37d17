"""The society: accounts that keep posting while schedule time goes on, and answer each other and us.

Nothing is recorded of it but its seed and its birth: each post follows from a key, its id tells where it stands. So it
is the same after a restart, in whatever order it is asked.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from actors.sandbox.society_address import addressed
from actors.sandbox.society_day import TURNS, day_posts
from actors.sandbox.society_ids import DAYS_KEPT, day_of, place_of, start_of
from actors.sandbox.society_people import people

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from actors.sandbox.post import Account, Post
    from actors.sandbox.society_people import Attitude, Person

WINDOW = timedelta(days=10)
"""How far back timelines and search reach, and how old the society is when the world is born."""

_DAYS_CACHED = 24
_ALL = -2
"""Stands for how many own posts a day's questions were picked from, once no later post can change them."""

_created = attrgetter("created_at")


class _Day:
    """A day's posts by id, and their answers by what they answer."""

    def __init__(self, posts: list[Post], start: datetime) -> None:
        self.by_id: dict[str, Post] = {}
        self.answers: dict[str, list[Post]] = defaultdict(list)
        for post in posts:
            # What answers a post from before the beginning is left out with it.
            if post.created_at >= start and (post.in_reply_to is None or post.in_reply_to in self.by_id):
                self.by_id[post.id] = post
            if post.id in self.by_id and post.in_reply_to is not None:
                self.answers[post.in_reply_to].append(post)


class Society:
    """Everybody on the site but the operated account and the background; the world serialises the calls.

    Args:
        seed: decides everything.
        born: when the world was born; the society is `WINDOW` older.
        account: handle of the operated account, which is addressed now and then, once the world is born.
        taken: handles that others have.
        own: gives what the operated account has published, oldest first.
    """

    def __init__(
        self, seed: int, born: datetime, account: str, taken: Collection[str], own: Callable[[], Sequence[Post]]
    ) -> None:
        self._seed = seed
        self._born = born
        self._start = born - WINDOW
        self._account = account
        self._own = own
        self._people = people(seed, {handle.lower() for handle in (account, *taken)})
        self._by_handle = {person.account.handle.lower(): person for person in self._people}
        self._days: OrderedDict[int, _Day] = OrderedDict()
        self._addressing: dict[int, tuple[int, list[Post]]] = {}
        self._recent: tuple[int, list[Post]] = (0, [])

    def accounts(self) -> list[Account]:
        """List everybody's account."""
        return [person.account for person in self._people]

    def person(self, handle: str) -> Person | None:
        """Find somebody by a handle in any spelling."""
        return self._by_handle.get(handle.lower())

    def followers_of(self, handle: str) -> int:
        """Tell how many follow somebody; nobody follows who is not here."""
        person = self.person(handle)
        return (person.account.followers or 0) if person else 0

    def of_attitude(self, attitude: Attitude) -> list[str]:
        """Return the handles of all who take bots that way."""
        return [person.account.handle for person in self._people if person.attitude == attitude]

    def attitude(self, handle: str) -> Attitude:
        """Tell how an author takes an answer by an automated account; the background's do not mind."""
        person = self.person(handle)
        if person is not None:
            return person.attitude
        return "welcoming" if zlib.crc32(handle.lower().encode()) % 2 else "indifferent"

    def posts(self, until: datetime) -> list[Post]:
        """Give what was posted in the `WINDOW` before an instant, oldest first, answers and mentions included."""
        today = day_of(until)
        if self._recent[0] != today:
            # An answer may be of a conversation that began on an earlier day.
            span = range(today - WINDOW.days - DAYS_KEPT + 1, today + 1)
            self._recent = today, sorted((post for day in span for post in self._day(day).by_id.values()), key=_created)
        posts = _between(self._recent[1], until - WINDOW, until)
        ours = (post for day in range(today - WINDOW.days, today + 1) for post in self._addressed(day, until))
        return sorted([*posts, *(post for post in ours if post.created_at > until - WINDOW)], key=_created)

    def answers(self, until: datetime) -> list[Post]:
        """Give those of `posts` that answer another one."""
        return [post for post in self.posts(until) if post.in_reply_to is not None]

    def post(self, post_id: str, until: datetime) -> Post | None:
        """Find a post of any age by its id, if it exists by then."""
        place = place_of(post_id)
        if place is None or day_of(self._start) > place.day + DAYS_KEPT or place.day > day_of(until):
            return None
        if place.turn >= TURNS:
            post = next((post for post in self._addressed(place.day, until) if post.id == post_id), None)
        else:
            post = self._day(place.day).by_id.get(post_id)
        return post if post is not None and post.created_at <= until else None

    def answers_to(self, post: Post, until: datetime) -> list[Post]:
        """Give the society's answers to a post of anybody's, oldest first."""
        place = place_of(post.id)
        if place is not None:
            return [answer for answer in self._day(place.day).answers.get(post.id, ()) if answer.created_at <= until]
        day = day_of(post.created_at)
        asked = [other for later in (day, day + 1) if later <= day_of(until) for other in self._addressed(later, until)]
        return [answer for answer in asked if answer.in_reply_to == post.id]

    def _day(self, day: int) -> _Day:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = _Day(day_posts(self._seed, day, self._people), self._start)
            if len(self._days) > _DAYS_CACHED:
                self._days.popitem(last=False)
        self._days.move_to_end(day)
        return found

    def _addressed(self, day: int, until: datetime) -> list[Post]:
        """Give who addresses the operated account on a day; a day that is over does not change any more."""
        if day < day_of(self._born):
            return []
        own = self._own()
        known, found = self._addressing.get(day, (-1, []))
        if known not in {_ALL, len(own)}:
            found = addressed(self._seed, day, self._account, self._people, own)
            self._addressing[day] = _ALL if until >= start_of(day + 1) else len(own), found
        return [post for post in found if self._born < post.created_at <= until]


def _between(posts: list[Post], after: datetime, until: datetime) -> list[Post]:
    return posts[bisect_right(posts, after, key=_created) : bisect_right(posts, until, key=_created)]
