"""Caps: how much may be published in any window of time, counted over publications and failing closed.

A publication counts from the latest moment at which its post can have appeared: the time its id carries, and before
that is known the end of the time in which its click was allowed. So the caps hold for what stands on the site, in
every sliding window, and not only for our own intents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(hours=24), timedelta(days=7)
MONTH = timedelta(days=30)


class Scope(StrEnum):
    """Whose publications a window counts: the whole lane's, those to one author, or those in one conversation."""

    LANE = "lane"
    AUTHOR = "author"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` publications of `scope` in any `span` of schedule time."""

    span: timedelta
    most: int
    scope: Scope = Scope.LANE


@dataclass(frozen=True, slots=True)
class Publication:
    """One that counts; `author` (lower case) and `conversation` of the target, if it was a reply."""

    at: datetime
    author: str = ""
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class Caps:
    """Rolling limits of one lane. `spacing` is the least time between two publications; 0 of an author's: no replies.

    A window is open at its old end, so a publication leaves it exactly one span after it was made.
    """

    per_hour: int
    per_day: int
    spacing: timedelta
    per_author_day: int | None = None
    per_author_week: int | None = None
    per_conversation: int | None = None

    @property
    def windows(self) -> tuple[Window, ...]:
        """Return all of them as windows; a spacing is a window that holds one."""
        lane = (Window(HOUR, self.per_hour), Window(DAY, self.per_day))
        spacing = (Window(self.spacing, 1),) if self.spacing else ()
        target = (
            (DAY, self.per_author_day, Scope.AUTHOR),
            (WEEK, self.per_author_week, Scope.AUTHOR),
            (MONTH, self.per_conversation, Scope.CONVERSATION),
        )
        return lane + spacing + tuple(Window(span, most, scope) for span, most, scope in target if most is not None)

    @property
    def pace(self) -> timedelta:
        """Return the time between two publications of a lane that publishes all it may."""
        return max(self.gap, DAY / self.per_day) if self.per_day else self.gap

    @property
    def gap(self) -> timedelta:
        """Return the time between two publications while the day has room."""
        return max(self.spacing, HOUR / self.per_hour) if self.per_hour else self.spacing

    @property
    def silence(self) -> timedelta:
        """Return how long of each day a lane stands still that publishes whenever it may, its day being used up."""
        return max(timedelta(0), DAY - self.gap * self.per_day) if self.per_hour and self.per_day else timedelta(0)

    @property
    def span(self) -> timedelta:
        """Return how far back publications must be known."""
        return max(window.span for window in self.windows)


def allowed_at(times: Iterable[datetime], caps: Caps, now: datetime) -> datetime | None:
    """Return when the lane's caps allow the next publication: `now` or later. None: never, because one is zero.

    `times` are those of the lane's publications within `caps.span`, in any order; proven absent ones do not count.
    """
    lane = [window for window in caps.windows if window.scope is Scope.LANE]
    return free_at(sorted(times), lane, now)


def free_at(times: Sequence[datetime], windows: Iterable[Window], now: datetime) -> datetime | None:
    """Return when `windows` allow another one beside these (ascending) times; None: never."""
    bounds = [now]
    for window in windows:
        if window.most < 1:
            return None
        if len(times) >= window.most:
            bounds.append(times[-window.most] + window.span)
    return max(bounds)


def target_cap(publications: Iterable[Publication], caps: Caps, author: str, conversation: str, now: datetime) -> str:
    """Name the scope whose cap forbids a reply to this author in this conversation now; empty: none does."""
    known = list(publications)
    for window in caps.windows:
        of_scope = {
            Scope.AUTHOR: lambda one: one.author.lower() == author.lower(),
            Scope.CONVERSATION: lambda one: one.conversation == conversation,
        }.get(window.scope)
        if of_scope is not None and sum(of_scope(one) and one.at > now - window.span for one in known) >= window.most:
            return window.scope.value
    return ""
