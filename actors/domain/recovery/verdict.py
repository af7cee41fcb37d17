"""Verdict: what the page of a known id says of it, and when it is opened again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from actors.domain.caps import DAY

if TYPE_CHECKING:
    from datetime import datetime

Verdict = Literal["unread", "unseen", "right", "differs", "wrong", "missing", "gone", "deleted"]
"""What is known of an id: nothing yet (`unread`), that our timeline did not show it (`unseen`), or what its page shows:
our post with our words (`right`), ours with other words (`differs`), another post for certain (`wrong`), not this post
(`missing`), the page's own word that there is nothing (`gone`); `deleted` is concluded, by hand."""

Page = Literal["unread", "right", "differs", "foreign", "missing", "gone"]
"""What one look at the page shows."""

DOUBTS: frozenset[Verdict] = frozenset({"unseen", "differs", "missing", "gone"})
ABSENT: frozenset[Verdict] = frozenset({"missing", "gone"})

REACH = 2 * DAY
"""How far back a wrong id is put right: what our timeline can be asked to show."""
_SOON = timedelta(hours=1)
_WEEK = 7 * DAY


def judge(former: Verdict | None, page: Page) -> Verdict:
    """Return the verdict after a look at the page.

    Other words are another post's when they were seen twice. What is known to be wrong is so until its page shows our
    words, and so is what was deleted.
    """
    if page == "unread":
        return former or "unread"
    if page == "right":
        return "right"
    if page == "foreign" or former == "wrong" or (page == "differs" and former == "differs"):
        return "wrong"
    if page != "differs" and former == "deleted":
        return "deleted"
    return page


def opened_again_at(verdict: Verdict, minted_at: datetime, now: datetime) -> datetime:
    """Return when an id is opened next.

    A doubt comes back in an hour as long as our timeline can answer it. A settled one comes back ever more rarely, at
    three times its age: a day, three, and nine after its post.
    """
    age = now - minted_at
    if verdict == "deleted":
        return now + _WEEK
    if verdict == "right" or (verdict == "wrong" and age >= REACH):
        return now + max(DAY, 2 * age)
    return now + (_SOON if age < REACH else DAY)


def is_deleted(former: Verdict | None, verdict: Verdict, *, is_proven_absent: bool) -> bool:
    """Say whether a person deleted the post: its page lacks it twice, and our timeline proves that it is not there.

    For one that is too old for the timeline, the page's own word that there is nothing, said twice, will do.
    """
    if former not in ABSENT or verdict not in ABSENT:
        return False
    return is_proven_absent or former == verdict == "gone"
