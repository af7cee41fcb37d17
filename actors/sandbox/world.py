"""The state of the site, rebuilt from its event log; every change is on disk before it shows."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from actors.errors import ConfigError, PermanentError
from actors.sandbox.audience_people import is_readers, reader
from actors.sandbox.growth import grown, matured
from actors.sandbox.post import Account, Answered, Counts, Post, PublishedPost, Repost
from actors.sandbox.seeding import read_seeded, seeded_event
from actors.sandbox.snowflake import SnowflakeMint
from actors.sandbox.society import Society

if TYPE_CHECKING:
    from collections.abc import Callable

    from actors.sandbox.crowd import Crowd
    from actors.sandbox.society_people import Attitude
    from actors.sandbox.store import Event, EventLog

LENGTH_LIMIT = 280
"""Weighted length of the longest text that the site takes."""

RATE_LIMITED = 88
"""Code of the refusal that comes with HTTP status 429."""

_DUPLICATE_WINDOW = timedelta(hours=24)


class RefusedError(PermanentError):
    """The site does not take the post; `code` is the number its API gives the reason."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnknownAccountError(PermanentError):
    """Nobody on the site has that handle."""


class World:
    """Accounts, posts and marks; safe in any thread.

    Posts of the operated account arrive from outside, others only from backstage. Readers get values and lists of
    their own, so nobody holds the lock while a page is made.

    Args:
        log: the event log to replay; an empty one is first given a past.
        now: the schedule clock.
        audience: hears of every own post in order, at once and again at replay.
        length: weighted length of a text.
        account: handle of the operated account.
        seed: decides the background's past and the society; in a world that has them already it changes neither.
        is_peopled: whether a world without a society gets one.

    Raises:
        ConfigError: the log belongs to another account.
    """

    def __init__(
        self,
        log: EventLog,
        now: Callable[[], datetime],
        audience: Crowd,
        length: Callable[[str], int],
        account: str,
        seed: int,
        *,
        is_peopled: bool = False,
    ) -> None:
        self.account = account
        self.now = now
        self._log = log
        self._audience = audience
        self._length = length
        self._mention = re.compile(rf"(?<!\w)@{re.escape(account)}(?!\w)", re.IGNORECASE)
        self._lock = threading.RLock()
        self._mint = SnowflakeMint()
        self._accounts: dict[str, Account] = {}
        self._posts: dict[str, Post] = {}
        self._own: list[Post] = []
        self._answers: defaultdict[str, list[Post]] = defaultdict(list)
        self._born = now()
        self._society: Society | None = None
        self._by_hand: set[str] = set()
        self._reposts: list[Repost] = []
        self._marks: set[tuple[str, str]] = set()
        for event in log.replay():
            self._apply(event)
        if not self._accounts:
            self._record(seeded_event(account, seed, now()))
        if is_peopled and self._society is None:
            self._record({"event": "peopled", "seed": seed, "born": self._born.isoformat()})

    def create(self, text: str, in_reply_to: str | None = None) -> Post:
        """Publish a post of the operated account by the site's own create call; when this returns it is durable.

        Raises:
            RefusedError: empty, too long, the same text within 24 schedule hours, the parent does not exist, or the
                platform takes no posts from the account for a while.
        """
        if not self._audience.takes_posts(self.now()):
            raise RefusedError(RATE_LIMITED, "Rate limit exceeded")
        return self._post(self.account, text, in_reply_to, {})

    def write(self, author: str, text: str, in_reply_to: str | None = None) -> Post:
        """Publish a post of anybody's, as if that person sat at another device; when this returns it is durable.

        Raises:
            UnknownAccountError: nobody has that handle.
            RefusedError: as for `create`, but nobody's hands are refused for what they did before; the same text counts
                by author.
        """
        account = self.account_of(author)
        if account is None:
            raise UnknownAccountError(f"there is no account {author!r}")
        return self._post(account.handle, text, in_reply_to, {"author": account.handle, "source": "hand"})

    def mark(self, kind: str, post_id: str, *, is_on: bool) -> None:
        """Set or take back the operated account's "like", "repost" or "bookmark" of a post.

        Raises:
            RefusedError: the post does not exist.
        """
        with self._lock:
            if self.post(post_id) is None:
                raise RefusedError(144, "No status found with that ID.")
            if ((kind, post_id) in self._marks) != is_on:
                at = self.now().isoformat()
                self._record({"event": "marked", "kind": kind, "post": post_id, "on": is_on, "at": at})

    def account_of(self, handle: str) -> Account | None:
        """Find an account by its handle in any spelling; followers of the operated one are those of now."""
        with self._lock:
            account = self._accounts.get(handle.lower())
            if account is None and self._society is not None:
                person = self._society.person(handle)
                account = person.account if person else None
            if account is None:
                return reader(handle.lower()) if is_readers(handle.lower()) else None
            if account.followers is not None:
                return account
            return replace(account, followers=self._audience.followers(self.now()))

    def followers(self, limit: int) -> list[Account]:
        """Who follows the operated account, the newest first, at most `limit`; who left again is still listed."""
        with self._lock:
            newest = self._audience.new_followers(self.now(), limit)
        return [self.account_of(follow.handle) or reader(follow.handle) for follow in newest]

    def somebody_but(self, handle: str) -> str:
        """Give the handle of a background account that is not this one, the same in every world of a seed."""
        with self._lock:
            others = (account.handle for account in self._accounts.values())
            return next(other for other in others if other not in {handle, self.account})

    def post(self, post_id: str) -> Post | None:
        """Find a post by its id, however old it is."""
        with self._lock:
            return self._found(post_id, self.now())

    def posts(self) -> list[Post]:
        """All posts that timelines and search reach, oldest first: those of the society's last ten days, all others."""
        with self._lock:
            now = self.now()
            societys = [] if self._society is None else self._society.posts(now)
            every = [*self._posts.values(), *societys, *self._audience.answers(now)]
            return sorted(every, key=attrgetter("created_at"))

    def thread_of(self, post: Post) -> list[Post]:
        """The post, those it answers up to the first one, and the answers to it, oldest first."""
        with self._lock:
            above = [post]
            while (parent := self.post(above[-1].in_reply_to or "")) is not None:
                above.append(parent)
            return [*reversed(above), *self._answers_to(post)]

    def attitude(self, handle: str) -> Attitude:
        """Tell how an author takes an answer by an automated account."""
        with self._lock:
            return self._society.attitude(handle) if self._society else "indifferent"

    def own_posts(self) -> list[Post]:
        """All that was ever published by the operated account, oldest first."""
        with self._lock:
            return list(self._own)

    def reposts(self) -> list[Repost]:
        """Who passed on what."""
        with self._lock:
            return list(self._reposts)

    def marked(self, kind: str, post_id: str) -> bool:
        """Whether the operated account has marked a post."""
        with self._lock:
            return (kind, post_id) in self._marks

    def likes(self, post: Post) -> int:
        """Tell the likes among the `counts` of a post; a search asks this of thousands."""
        with self._lock:
            now = self.now()
            if post.author == self.account:
                likes = self._audience.counts(post.id, now).likes
            else:
                likes = int(post.popularity.likes * matured(now - post.created_at))
            return likes + (("like", post.id) in self._marks)

    def counts(self, post: Post) -> Counts:
        """Tell the public numbers of a post as of now, the operated account's own marks included."""
        with self._lock:
            now = self.now()
            if post.author == self.account:
                counts = self._audience.counts(post.id, now)
                replies = sum(other.author != self.account for other in self._answers_to(post))
            else:
                counts = grown(post.popularity, now - post.created_at)
                replies = len(self._answers_to(post))
            return replace(
                counts,
                replies=counts.replies + replies,
                likes=counts.likes + (("like", post.id) in self._marks),
                reposts=counts.reposts + (("repost", post.id) in self._marks),
                bookmarks=counts.bookmarks + (("bookmark", post.id) in self._marks),
            )

    def truth(self) -> dict[str, Any]:
        """Tell all that was ever published by the operated account, and who followed and left until now.

        The source of a post is "site" when it came by the create call, "hand" when it was written backstage. The cause
        of a follow is the id of the own post that did it, or null; of those who left there is only the instant. Who
        wants no bots says so in his profile.
        """
        with self._lock:
            now = self.now()
            posts = [
                {
                    "id": post.id,
                    "author": post.author,
                    "text": post.text,
                    "in_reply_to": post.in_reply_to,
                    "created_at": iso(post.created_at),
                    "source": "hand" if post.id in self._by_hand else "site",
                }
                for post in self._own
            ]
            follows = [{"at": iso(follow.at), "cause": follow.cause} for follow in self._audience.follows(now)]
            return {
                "posts": posts,
                "followers": self._audience.followers(now),
                "follows": follows,
                "unfollows": [iso(at) for at in self._audience.unfollows(now)],
                "want_no_bots": self._society.of_attitude("opted_out") if self._society else [],
            }

    def _post(self, author: str, text: str, in_reply_to: str | None, origin: Event) -> Post:
        text = text.strip()
        with self._lock:
            self._check(author, text, in_reply_to)
            post_id, created_at = self._mint.mint(self.now())
            self._record(
                {
                    "event": "posted",
                    "id": post_id,
                    "text": text,
                    "in_reply_to": in_reply_to,
                    "created_at": created_at.isoformat(),
                    **origin,
                }
            )
            return self._posts[post_id]

    def _check(self, author: str, text: str, in_reply_to: str | None) -> None:
        if not text:
            raise RefusedError(38, "text parameter is missing.")
        if self._length(text) > LENGTH_LIMIT:
            raise RefusedError(186, "Your post needs to be a bit shorter.")
        if in_reply_to is not None and self.post(in_reply_to) is None:
            raise RefusedError(385, "You attempted to reply to a post that is deleted or not visible to you.")
        since = self.now() - _DUPLICATE_WINDOW
        recent = (post for post in self._posts.values() if post.author == author and post.created_at > since)
        if any(post.text == text for post in recent):
            raise RefusedError(187, "Status is a duplicate.")

    def _record(self, event: Event) -> None:
        self._log.append(event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        match event["event"]:
            case "seeded":
                self._settle(event)
            case "posted":
                self._publish(event)
            case "marked":
                self._set_mark(event)
            case "peopled":
                born = datetime.fromisoformat(event["born"])
                self._society = Society(event["seed"], born, self.account, list(self._accounts), lambda: self._own)
            case unknown:
                raise ConfigError(f"the event log holds an unknown event {unknown!r}", "a newer release wrote it")

    def _settle(self, event: Event) -> None:
        if event["account"] != self.account:
            message = f"this world belongs to @{event['account']}, not to @{self.account}"
            raise ConfigError(message, "name that account, or use another data directory")
        self._born = datetime.fromisoformat(event["at"])
        accounts, posts, self._reposts = read_seeded(event)
        self._accounts = {account.handle.lower(): account for account in accounts}
        for post in posts:
            self._add(post)

    def _publish(self, event: Event) -> None:
        created_at = datetime.fromisoformat(event["created_at"])
        post = Post(event["id"], event.get("author", self.account), event["text"], created_at, event["in_reply_to"])
        self._add(post)
        if post.author != self.account:
            return
        if event.get("source") == "hand":
            self._by_hand.add(post.id)
        ordinal = len(self._own)
        self._own.append(post)
        answered = self._answered(post)
        self._audience.publish(PublishedPost(post.id, ordinal, post.text, created_at, post.in_reply_to, answered))

    def _answered(self, reply: Post) -> Answered | None:
        """Describe what an own reply answers, unless it is an own post."""
        target = self._found(reply.in_reply_to or "", reply.created_at)
        if target is None or target.author == self.account:
            return None
        parent = self._found(target.in_reply_to or "", reply.created_at)
        is_addressed = parent is not None and parent.author == self.account
        return Answered(
            target.id,
            target.author,
            self.attitude(target.author),
            target.created_at,
            target.popularity.views,
            target.text,
            is_addressed=is_addressed or self._mention.search(target.text) is not None,
        )

    def _found(self, post_id: str, at: datetime) -> Post | None:
        """Find a post that exists at an instant, which at replay is not now."""
        post = self._posts.get(post_id)
        if post is None and self._society is not None:
            post = self._society.post(post_id, at)
        return post or next((answer for answer in self._audience.answers(at) if answer.id == post_id), None)

    def _set_mark(self, event: Event) -> None:
        kind, post_id = event["kind"], event["post"]
        if event["on"]:
            self._marks.add((kind, post_id))
        else:
            self._marks.discard((kind, post_id))
        if kind == "repost":
            self._reposts = [entry for entry in self._reposts if (entry.by, entry.of) != (self.account, post_id)]
            if event["on"]:
                self._reposts.append(Repost(self.account, post_id, datetime.fromisoformat(event["at"])))

    def _add(self, post: Post) -> None:
        self._mint.seen(post.id)
        self._posts[post.id] = post
        if post.in_reply_to is not None:
            self._answers[post.in_reply_to].append(post)

    def _answers_to(self, post: Post) -> list[Post]:
        now = self.now()
        answers = [
            *self._answers.get(post.id, []),
            *([] if self._society is None else self._society.answers_to(post, now)),
        ]
        answers += [answer for answer in self._audience.answers(now) if answer.in_reply_to == post.id]
        return sorted(answers, key=attrgetter("created_at"))


def iso(moment: datetime) -> str:
    """Write an instant the way the site's API does: UTC, milliseconds, `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
