"""Sight: our own timeline as one run sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from actors.errors import AppError
from actors.pages.timeline import ReadOwnTimeline

if TYPE_CHECKING:
    from datetime import datetime

    from actors.job import JobContext
    from actors.pages.timeline import TimelineReading

_FEWEST_POSTS = 40


class Sight:
    """One look at our timeline, posts and replies, taken when it is first needed and shared by all who need it.

    Args:
        ctx: of a run that uses the browser.
        reach: how far each look goes back at least.
    """

    def __init__(self, ctx: JobContext, reach: timedelta = timedelta()) -> None:
        self._ctx, self._reach = ctx, reach
        self._since: datetime | None = None
        self._reading: TimelineReading | None = None
        self._error: AppError | None = None
        publishing = ctx.config.publishing
        # An account with more of them in a day has reached its caps.
        self.most = max(_FEWEST_POSTS, publishing.content_per_day + publishing.replies_per_day)

    def look(self, since: datetime) -> TimelineReading:
        """Return what stands there since then (the platform's time), or further back.

        Raises:
            AppError: it cannot be read; it is not tried again in this run.
        """
        if self._error is not None:
            raise self._error
        since = min(since, self._ctx.now() - self._reach)
        if self._reading is None or self._since is None or since < self._since:
            errand = ReadOwnTimeline(self._ctx.config.platform.account, since, replies=True, limit=self.most)
            try:
                self._reading, self._since = self._ctx.browser.visit(errand), since
            except AppError as error:
                self._error = error
                raise
        return self._reading


def reaches_back(reading: TimelineReading, *, has_receipts: bool) -> bool:
    """Say whether a post since the look's beginning that is not in this reading is not there.

    `has_receipts` is whether the account has published anything: an empty page is no word for one that has.
    """
    return reading.reached_back and (bool(reading.posts) or not has_receipts)
