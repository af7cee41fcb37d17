"""Permission: what the ledger says of a lane, read once a run, and what of it may go out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.caps import DAY, Caps, Publication, allowed_at
from actors.domain.evidence import TOLERANCE
from actors.domain.permission import Candidate, Circumstances, Refusal, refusal_of
from actors.domain.rules import PLATFORMS
from actors.domain.text import content_hash
from actors.job import Blocked, Outcome, Snooze

if TYPE_CHECKING:
    from datetime import datetime

    from actors.config import Config
    from actors.job import JobContext

logger = logging.getLogger(__name__)

_HISTORY = timedelta(days=60)
_HISTORY_LIMIT = 500
_FEWEST_ENDED = 4

Row = dict[str, Any]


def caps_of(config: Config, lane: str) -> Caps:
    """Return the caps of a lane."""
    settings = config.publishing
    if lane == "content":
        return Caps(settings.content_per_hour, settings.content_per_day, settings.spacing)
    return Caps(
        settings.replies_per_hour,
        settings.replies_per_day,
        settings.reply_spacing,
        settings.replies_per_author_day,
        settings.replies_per_author_week,
        settings.replies_per_conversation,
    )


def call_unknown_targets(ctx: JobContext) -> None:
    """Call a person when most replies of a day ended because nobody could tell whom they would answer (B16).

    Refusing what is unknown is right for one of them; for most of them it is a page that is read wrongly.
    """
    row = ctx.database.all("unknown_targets", since=ctx.now() - DAY)[0]
    if row["ended"] >= _FEWEST_ENDED and row["unknown"] > row["ended"] / 2:
        logger.error(
            "%d of %d replies ended because their target was not shown: look at a post's page",
            *(row["unknown"], row["ended"]),
            extra={"action": "targets_unknown", "ended": row["ended"], "unknown": row["unknown"]},
        )


@dataclass(slots=True)
class Lane:
    """One lane at one moment of a run; `refresh` reads it anew after each publication."""

    ctx: JobContext
    name: str
    caps: Caps
    publications: list[Publication]
    _latest: datetime | None = None
    _published: list[tuple[str, str]] | None = None

    @classmethod
    def read(cls, ctx: JobContext, name: str) -> Lane:
        """Read what counts in the lane's caps."""
        lane = cls(ctx, name, caps_of(ctx.config, name), [])
        lane.refresh()
        return lane

    def refresh(self) -> None:
        """Read it again.

        Raises:
            AppError: it cannot be counted, and then nothing may be published.
        """
        rows = self.ctx.database.all("recent_publications", lane=self.name, since=self.ctx.now() - self.caps.span)
        self.publications = [Publication(row["at"], row["author"], row["conversation"]) for row in rows]
        self._latest = max((row["intent_at"] for row in rows), default=None)
        self._published = None

    def stop(self) -> Outcome | None:
        """Return who or what stops everything for now, or None."""
        flag = self.ctx.database.one("get_flag", name="kill_switch")
        if self.ctx.holds() or (flag is not None and flag["is_on"]):
            return Blocked("the kill switch is on")
        if self.ctx.config.publishing.shadow:
            return Blocked("this is the shadow: nothing is published (publishing.shadow)")
        return None

    def obstacle(self, *, is_begun: bool) -> Outcome | None:
        """Return why nothing of the lane may be published now, or None.

        The caps do not hold up a thread that was begun, as it counted with its first part.
        """
        stop, now = self.stop(), self.ctx.now()
        if stop is not None or is_begun:
            return stop
        if self._latest is not None and self._latest > now + TOLERANCE:
            return Blocked("the ledger knows intents of the future: schedule time went back, is clock.json lost?")
        at = allowed_at([one.at for one in self.publications], self.caps, now)
        if at is None:
            return Blocked(f"a cap of the {self.name} lane is zero")
        return Snooze(at, f"the caps of the {self.name} lane") if at > now else None

    def refuse(self, decision: Row) -> bool:
        """Bring a due decision that may never go out to its terminal state; return whether it was one."""
        refusal = self._refusal_of(decision)
        if refusal is None:
            return False
        decision_id = decision["decision_id"]
        params = {"decision_id": decision_id, "status": refusal.status, "reason": refusal.reason}
        self.ctx.database.run("skip_decision", **params)
        logger.info(
            "decision %s is %s",
            decision_id,
            refusal.status,
            extra={"action": f"decision_{refusal.status}", "decision": str(decision_id), "reason": refusal.reason},
        )
        return True

    def _refusal_of(self, decision: Row) -> Refusal | None:
        settings, database = self.ctx.config.publishing, self.ctx.database
        candidate = Candidate(
            tuple(decision["parts"]),
            decision["scheduled_at"],
            bool(decision["tweet_ids"]),
            decision["target_author"],
            decision["conversation_id"] or "",
            decision["addressed_us"],
        )
        # A thread that a restored database forgot stands there by its first part.
        opening = content_hash(decision["parts"][0])
        twin = database.one("twin_of", content_hash=decision["content_hash"])
        twin = twin or database.one("twin_of", content_hash=opening)
        author = candidate.target_author
        given = Circumstances(
            self.ctx.now(),
            PLATFORMS[self.ctx.config.platform.name],
            settings.content_stale if self.name == "content" else settings.reply_stale,
            self.caps,
            self.publications,
            self._history(),
            twin["tweet_id"] if twin is not None else None,
            bool(author) and database.one("opted_out", handle=author) is not None,
        )
        return refusal_of(candidate, given)

    def _history(self) -> list[tuple[str, str]]:
        if self._published is None:
            since: datetime = self.ctx.now() - _HISTORY
            rows = self.ctx.database.all("published_texts", lane=self.name, since=since, limit=_HISTORY_LIMIT)
            self._published = [(row["text"], row["tweet_id"]) for row in rows]
        return self._published
