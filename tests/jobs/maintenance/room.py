"""A site in memory that remembers whatever was published on it, and damage to the ledger that no way leads to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.outcome import Done
from actors.domain.snowflake import created_at, id_at, parse_tweet_id
from actors.domain.stages import trigger_of
from actors.errors import ForeignPostError, GonePostError, NotFoundError
from actors.jobs.maintenance.id_recovery import id_recovery
from actors.jobs.publishing.posting import posting
from actors.pages.status import PostReading, ReadPost
from actors.pages.timeline import OwnPost, ReadOwnTimeline
from tests.fakes import reply, thread
from tests.jobs.doors import START, Bench, published, timeline

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from datetime import datetime

    from actors.job import Outcome

OURS = "commons_daily"
FOREIGN = id_at(START, 4000)
"""A post of somebody else's."""


@dataclass
class SmallSite:
    """Answers publishing and recovery from its posts; what is to happen at a click or a look happens once."""

    bench: Bench
    posts: list[OwnPost] = field(default_factory=list)
    errands: list[Any] = field(default_factory=list)
    before_click: Callable[[], None] | None = None
    after_click: Callable[[], None] | None = None
    before_look: Callable[[], None] | None = None
    reached_back: bool = True
    half_pages: set[str] = field(default_factory=set)
    """Ids whose pages do not show their post."""
    rewritten: dict[str, str] = field(default_factory=dict)
    """What the pages of ids say in place of their posts' words."""
    says_gone: bool = False
    """Whether a page without its post says so in so many words."""
    page_takes: timedelta = timedelta()
    hidden: set[str] = field(default_factory=set)
    """Ids that our timeline does not show."""
    begins: datetime | None = None
    """What it shows of our timeline has no word of the time before, as when a card there is unclear."""

    def visit(self, errand: Any, on_commit: Any = None) -> Any:
        self.errands.append(errand)
        if isinstance(errand, ReadOwnTimeline):
            look, self.before_look = self.before_look, None
            if look is not None:
                look()
            shown = [post for post in reversed(self.posts) if post.id not in self.hidden]
            is_past = self.begins is None or errand.since >= self.begins
            return timeline(*shown, at=self.bench.now, reached_back=self.reached_back and is_past)
        if isinstance(errand, ReadPost):
            return self._page(errand.tweet_id)
        before, self.before_click = self.before_click, None
        if before is not None:
            before()
        on_commit({"site_time": self.bench.now.isoformat(), "site_time_asked_at": time.time()})
        target = getattr(errand, "target", None)
        post = self.write(errand.text, target.author if target is not None else None)
        after, self.after_click = self.after_click, None
        if after is not None:
            after()
        return published(post.id)

    def write(self, text: str, replying_to: str | None = None) -> OwnPost:
        """Mint a post of ours."""
        tweet_id = id_at(self.bench.now, len(self.posts))
        self.posts.append(OwnPost(tweet_id, text, created_at(tweet_id), replying_to))
        return self.posts[-1]

    @property
    def looks(self) -> int:
        """Return how often our timeline was read."""
        return sum(isinstance(each, ReadOwnTimeline) for each in self.errands)

    def _page(self, tweet_id: str) -> PostReading:
        self.bench.now += self.page_takes
        if tweet_id == FOREIGN:
            raise ForeignPostError(f"{tweet_id} is somebody else's")
        post = next((each for each in self.posts if each.id == tweet_id), None)
        if self.says_gone and post is None:
            raise GonePostError(f"the site says that there is no {tweet_id}")
        if post is None or tweet_id in self.half_pages:
            raise NotFoundError(f"{tweet_id} is not on its page")
        counts: dict[str, int | None] = dict.fromkeys(("views", "likes", "reposts", "replies", "bookmarks"), 1)
        text = self.rewritten.get(tweet_id, post.text)
        return PostReading(post.id, OURS, text, **counts, created_at=post.created_at, site_time=self.bench.now)


class Damage:
    """What can be done to the ledger of a bench past all of its rules."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def damage(self, *statements: str) -> None:
        """Do this to the ledger past all of its rules, as a disk or a careless restore does."""
        body = "; ".join(statements)
        self.bench.rows(f"DO $$ BEGIN SET LOCAL session_replication_role = replica; {body}; END $$")

    def forget(self, decision_id: uuid.UUID, since: int = 0) -> None:
        """Bring a decision back to what an older copy says: waiting, nothing known of its parts from `since` on."""
        where = f"decision_id = '{decision_id}' AND part >= {since}"
        first = "" if since else ", tweet_id = NULL, posted_at = NULL"
        self.damage(
            f"DELETE FROM checkpoints WHERE decision_id = '{decision_id}'",
            f"DELETE FROM id_verifications WHERE {where}",
            f"DELETE FROM receipts WHERE {where}",
            f"DELETE FROM publish_attempts WHERE {where}",
            f"UPDATE decisions SET status = 'queued'{first} WHERE decision_id = '{decision_id}'",
        )

    def misname(self, decision_id: uuid.UUID, tweet_id: str, part: int = 0) -> None:
        """Let a receipt bear this id, and the decision with it."""
        minted: datetime = created_at(parse_tweet_id(tweet_id))
        receipt, where = (
            f"tweet_id = '{tweet_id}', minted_at = '{minted.isoformat()}'",
            f"decision_id = '{decision_id}'",
        )
        self.damage(f"UPDATE receipts SET {receipt} WHERE {where} AND part = {part}")
        if part == 0:
            self.damage(f"UPDATE decisions SET tweet_id = '{tweet_id}' WHERE {where}")


class Room(Damage):
    """A bench with such a site, where spacing and caps stand in nobody's way."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.site = SmallSite(bench)
        bench.browser = self.site  # type: ignore[assignment]
        content = {"spacing": timedelta(), "content_per_hour": 500, "content_per_day": 500}
        replies = dict.fromkeys(("replies_per_hour", "replies_per_author_day", "replies_per_author_week"), 50)
        bench.configure(**content, **replies, reply_spacing=timedelta())

    def post(self) -> Outcome:
        """Run posting once."""
        return self.bench.run(posting)

    def recover(self, *stages: str) -> Outcome:
        """Run these stages of id_recovery, all of them by default; one stage's counts are told by its own words."""
        outcome = self.bench.run(id_recovery, trigger_of("operator", *stages))
        if isinstance(outcome, Done) and len(stages) == 1:
            return Done({word.partition(".")[2]: count for word, count in outcome.counts.items()})
        return outcome

    def single(self, text: str = "") -> uuid.UUID:
        """Publish a single and return its decision."""
        decision_id = self.bench.queue(text)
        self.post()
        assert self.state(decision_id) == "posted"
        return decision_id

    def thread(self, *parts: str) -> uuid.UUID:
        """Publish a thread and return its decision."""
        row = thread(*parts, due=self.bench.now)
        self.bench.database.run("insert_decision", **row)
        self.post()
        decision_id: uuid.UUID = row["decision_id"]
        assert self.state(decision_id) == "posted"
        return decision_id

    def reply(self, text: str) -> uuid.UUID:
        """Publish a reply and return its decision."""
        row = reply(text, id_at(START, 3000 + len(self.site.posts)), "slowkitchen", due=self.bench.now)
        self.bench.database.run("insert_decision", **row)
        self.post()
        decision_id: uuid.UUID = row["decision_id"]
        assert self.state(decision_id) == "posted"
        return decision_id

    def state(self, decision_id: uuid.UUID) -> str:
        """Return a decision's state."""
        return str(self.bench.decision(decision_id)["status"])

    def ids(self, decision_id: uuid.UUID) -> list[str]:
        """Return the ids of its receipts, in the order of its parts."""
        rows = self.bench.rows(f"SELECT tweet_id FROM receipts WHERE decision_id = '{decision_id}' ORDER BY part")
        return [row["tweet_id"] for row in rows]

    def silence(self) -> None:
        """Let posting have had no success for a day, as when it is paused."""
        self.bench.jobs.seen = replace(self.bench.jobs.seen, since=self.bench.now - timedelta(days=1))

    def agree(self) -> None:
        """Insist that each part of each decision is posted once, under the id of its post."""
        said = {}
        for row in self.bench.rows("SELECT decision_id, status, parts, tweet_id FROM decisions"):
            assert row["status"] == "posted"
            ids = self.ids(row["decision_id"])
            assert row["tweet_id"] == ids[0]
            said |= dict(zip(ids, row["parts"], strict=True))
        assert said == {post.id: post.text for post in self.site.posts}
        assert self.bench.rows("SELECT tweet_id FROM own_posts") == []
