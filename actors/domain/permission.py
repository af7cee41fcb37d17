"""Permission: may this decision go out now. The commit point asks the ledger again, in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.caps import Caps, Publication, target_cap
from actors.domain.duration import format_duration
from actors.domain.gates.repetition import original_of
from actors.domain.rules import Answered, Rules, obeys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Candidate:
    """A decision that is due. `is_begun`: a thread of which a part is published already."""

    parts: tuple[str, ...]
    due: datetime
    is_begun: bool = False
    target_author: str = ""
    conversation: str = ""
    addressed_us: bool = False
    """Whether the target mentions, quotes or answers us."""

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "\n\n".join(self.parts)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What it is held against; times are schedule time."""

    now: datetime
    rules: Rules
    """Of the platform."""

    stale_after: timedelta
    """How late a decision of this lane may be."""

    caps: Caps
    publications: Sequence[Publication]
    """Of the lane, within `caps.span`."""

    published: Sequence[tuple[str, str]]
    """(text, id) of what stands on the account, the newest first."""

    twin: str | None = None
    """Id of a post outside of the ledger that says exactly the same, however old."""

    has_opted_out: bool = False
    """Whether the target's author wants no replies."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """It is never published: its terminal state, "skipped" or "cancelled", and why."""

    status: str
    reason: str


def refusal_of(candidate: Candidate, given: Circumstances) -> Refusal | None:
    """Return why the decision may never go out, or None. What its lane must wait for is not judged here.

    A thread that was begun is gone on with whatever its age: half of it stands there already.
    """
    if candidate.is_begun:
        return None
    if given.has_opted_out:
        return Refusal("skipped", f"opted_out: @{candidate.target_author} wants no replies")
    late = given.now - candidate.due
    if late > given.stale_after:
        # Written to the second: the age is for people.
        return Refusal("cancelled", f"stale: more than {format_duration(given.stale_after)} late")
    author = candidate.target_author
    answered = Answered(author, addressed_us=candidate.addressed_us) if author else None
    others = [text for text, _ in given.published]
    for part in candidate.parts:
        for breach in obeys(given.rules, part, others=others, answered=answered):
            return Refusal("skipped", f"{breach.code}: {breach.text}")
    original = given.twin or original_of(candidate.text, given.published)
    if original is not None:
        return Refusal("skipped", f"duplicate: of {original or 'a post under way'}")
    scope = target_cap(given.publications, given.caps, author, candidate.conversation, given.now) if author else ""
    return Refusal("skipped", f"{scope}_cap: enough replies to @{author} there") if scope else None
