"""What the operator configured, held against what the platform allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from actors.domain.duration import format_duration
from actors.domain.rules.declaration import Counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from actors.domain.rules.declaration import Driver, Rules, Source, Window

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What the operator configured, as far as rules speak of it. Without replies, all that is said of them is idle."""

    driver: Driver
    content_per_hour: int
    content_per_day: int
    spacing: timedelta
    approval: bool
    """Whether nothing is published that no person approved."""
    replies_per_hour: int = 0
    replies_per_day: int = 0
    reply_spacing: timedelta = timedelta()
    replies_per_author_day: int = 0
    replies_per_author_week: int = 0
    replies_to_strangers: bool = False
    """Whether anybody is replied to who did not address the account."""
    has_leave_for_replies: bool = False
    """Whether the platform agreed to replies that a model writes."""

    @property
    def replies(self) -> bool:
        """Return whether it replies at all."""
        return self.replies_per_hour > 0 and self.replies_per_day > 0

    def most(self, counted: Counted, span: timedelta) -> int:
        """Return the most that its caps let happen in any stretch of time of this length."""
        if counted is Counted.WRITES:
            return self.most(Counted.CONTENT, span) + self.most(Counted.REPLIES, span)
        return min(cap * -(-span // each) for _, each, cap in self._caps(counted) if each)

    def about(self, counted: Counted) -> tuple[str, ...]:
        """Return the names of the fields that decide about it."""
        if counted is Counted.WRITES:
            return (*self.about(Counted.CONTENT), *(self.about(Counted.REPLIES) if self.replies else ()))
        return tuple(name for name, _, _ in self._caps(counted))

    def _caps(self, counted: Counted) -> tuple[tuple[str, timedelta, int], ...]:
        """Return (field, span, most) of every cap on what is counted; a spacing lets one happen in its span."""
        replies = (
            ("replies_per_hour", _HOUR, self.replies_per_hour),
            ("replies_per_day", _DAY, self.replies_per_day),
            ("reply_spacing", self.reply_spacing, 1),
        )
        match counted:
            case Counted.CONTENT:
                return (
                    ("content_per_hour", _HOUR, self.content_per_hour),
                    ("content_per_day", _DAY, self.content_per_day),
                    ("spacing", self.spacing, 1),
                )
            case Counted.AUTHOR:
                return (
                    ("replies_per_author_day", _DAY, self.replies_per_author_day),
                    ("replies_per_author_week", _WEEK, self.replies_per_author_week),
                    *replies,
                )
            case _:
                return replies


@dataclass(frozen=True, slots=True)
class Conflict:
    """A sentence without its source, the fields of `Practice` that make it true, and who says so."""

    about: tuple[str, ...]
    text: str
    source: Source


def conflicts(rules: Rules, practice: Practice) -> list[Conflict]:
    """Return everything that is configured against the rules; empty if nothing is."""
    return [*_general(rules, practice), *_of_replies(rules, practice), *_of_windows(rules, practice)]


def _general(rules: Rules, practice: Practice) -> Iterator[Conflict]:
    if practice.driver not in rules.drivers.value:
        allowed = " or ".join(sorted(driver.value for driver in rules.drivers.value))
        text = f"{rules.name} may not be driven by {practice.driver.value}, only by {allowed}"
        yield Conflict(("driver",), text, rules.drivers.source)
    if rules.approval.value and not practice.approval:
        text = f"on {rules.name} nothing may be published that no person has approved"
        yield Conflict(("approval",), text, rules.approval.source)


def _of_replies(rules: Rules, practice: Practice) -> Iterator[Conflict]:
    if not practice.replies:
        return
    if practice.replies_to_strangers and not rules.replies_to_strangers.value:
        text = f"on {rules.name} only those may be replied to who addressed the account"
        yield Conflict(("replies_to_strangers",), text, rules.replies_to_strangers.source)
    if rules.written_replies_need_leave.value and not practice.has_leave_for_replies:
        text = f"{rules.name} must have agreed to replies that a model writes"
        yield Conflict(("has_leave_for_replies",), text, rules.written_replies_need_leave.source)


def _of_windows(rules: Rules, practice: Practice) -> Iterator[Conflict]:
    for window in rules.windows:
        most = practice.most(window.counted, window.span)
        if most > window.most:
            yield Conflict(practice.about(window.counted), _too_many(rules, window, most), window.source)


def _too_many(rules: Rules, window: Window, most: int) -> str:
    span = format_duration(window.span)
    return f"on {rules.name} at most {window.most} {window.counted.value} in {span} are allowed, {most} are configured"
