"""What the world asks of an audience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from actors.sandbox.post import Counts, Follow, Post, PublishedPost


class Crowd(Protocol):
    """Those who read what the operated account publishes."""

    def publish(self, post: PublishedPost) -> None:
        """Hear of an own post."""

    def counts(self, post_id: str, now: datetime) -> Counts:
        """Tell the public numbers of an own post."""

    def followers(self, now: datetime) -> int:
        """Tell how many follow the operated account."""

    def new_followers(self, until: datetime, limit: int) -> list[Follow]:
        """Name the followers, the newest first."""

    def follows(self, until: datetime) -> list[Follow]:
        """Name who came since the first own post, the oldest first."""

    def unfollows(self, until: datetime) -> list[datetime]:
        """Tell when somebody left."""

    def answers(self, until: datetime) -> list[Post]:
        """Give what others answered to own replies, the oldest first."""

    def takes_posts(self, at: datetime) -> bool:
        """Tell whether the operated account may post at all."""
