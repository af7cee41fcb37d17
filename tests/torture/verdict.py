"""The verdict: what the site ever published held against what the ledger says. Pure, so that tables can test it.

Caps are counted from the times at which the site published, never from our own, and in every sliding window: a window
is open at its old end, so posts exactly one span apart do not share one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROWS = ("duplicate", "lost", "astray", "cap", "uncertain")
"""The kinds of fault, in the order of the table."""

OPEN = ("queued", "claimed", "publishing", "uncertain")
HELD = ("claimed", "publishing", "uncertain")
"""States that nothing at rest has."""

TERMINAL = ("failed", "cancelled", "skipped")
LANES = ("content", "reply")


@dataclass(frozen=True, slots=True)
class Post:
    """One post of ours in the site's truth; `at` is when it stored it, by its own clock."""

    id: str
    text: str
    in_reply_to: str | None
    at: datetime
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the ledger."""

    id: str
    kind: str
    parts: tuple[str, ...]
    status: str
    due: datetime
    reason: str = ""
    target_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the ledger says that one part of a decision became."""

    decision_id: str
    part: int
    tweet_id: str


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` publications of a lane in any `span`; a spacing is a limit of one."""

    name: str
    lane: str
    span: timedelta
    most: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One violation. `row` is one of `ROWS`."""

    row: str
    what: str
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is wrong, and the figures of what was looked at."""

    faults: tuple[Fault, ...]
    posts: int
    decisions: Mapping[str, int]
    """How many are in each state."""

    fullest: Mapping[str, int]
    """The most publications that any window of each limit held, by the limit's name."""

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of faults of each kind."""
        found = Counter(fault.row for fault in self.faults)
        return {row: found[row] for row in ROWS}

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class _Case:
    posts: Sequence[Post]
    decisions: Sequence[Decision]
    receipts: Sequence[Receipt]
    limits: Sequence[Limit]
    faults: list[Fault] = field(default_factory=list)

    def note(self, row: str, what: str, decision_id: str = "") -> None:
        self.faults.append(Fault(row, what, decision_id))

    def duplicates(self) -> None:
        """Count the posts of each text beyond one for each part that has this text and a receipt."""
        owners = defaultdict(list)
        for decision in self.decisions:
            for number, text in enumerate(decision.parts):
                owners[text.strip()].append((decision, number))
        found = defaultdict(list)
        for post in self.posts:
            found[post.text.strip()].append(post)
        receipted = {(each.decision_id, each.part) for each in self.receipts}
        for text, posts in found.items():
            most = max(1, sum((decision.id, number) in receipted for decision, number in owners[text]))
            for extra in sorted(posts, key=lambda post: post.at)[most:]:
                decision_id, number = (owners[text][0][0].id, owners[text][0][1]) if owners[text] else ("", 0)
                what = f"part {number} of decision {decision_id or '?'} again as {extra.id}"
                self.note("duplicate", what, decision_id)

    def losses(self, planted: Iterable[str]) -> None:
        """Find posts without receipt, receipts without post, and decisions that nobody answers for."""
        receipted, live = {each.tweet_id for each in self.receipts}, {post.id for post in self.posts}
        by_text = {text.strip(): decision.id for decision in self.decisions for text in decision.parts}
        for post in self.posts:
            if post.id not in receipted:
                self.note("lost", f"post {post.id} has no receipt", by_text.get(post.text.strip(), ""))
        for receipt in self.receipts:
            if receipt.tweet_id not in live:
                self.note("lost", f"receipt {receipt.tweet_id} has no post", receipt.decision_id)
        parts = defaultdict(set)
        for receipt in self.receipts:
            parts[receipt.decision_id].add(receipt.part)
        for decision in self.decisions:
            is_whole = parts[decision.id] == set(range(len(decision.parts)))
            is_answered = decision.status in TERMINAL and bool(decision.reason)
            if not (is_whole and decision.status == "posted") and decision.status not in OPEN and not is_answered:
                self.note("lost", f"decision {decision.id} is {decision.status} without receipt or reason", decision.id)
        for missing in set(planted) - {decision.id for decision in self.decisions}:
            self.note("lost", f"decision {missing} is gone", missing)

    def strays(self) -> None:
        """Find posts that answer another post than they were meant to: a reply's target, or the part before."""
        posts = {post.id: post for post in self.posts}
        ids = {(each.decision_id, each.part): each.tweet_id for each in self.receipts}
        decisions = {decision.id: decision for decision in self.decisions}
        for receipt in self.receipts:
            decision, post = decisions.get(receipt.decision_id), posts.get(receipt.tweet_id)
            if decision is None or post is None:
                continue
            meant = ids.get((decision.id, receipt.part - 1)) if receipt.part else decision.target_id
            if post.in_reply_to != meant:
                what = f"part {receipt.part} of decision {decision.id} answers {post.in_reply_to}, not {meant}"
                self.note("astray", what, decision.id)
            if receipt.part >= len(decision.parts) or post.text.strip() != decision.parts[receipt.part].strip():
                self.note("astray", f"post {post.id} is not part {receipt.part} of decision {decision.id}", decision.id)

    def caps(self) -> dict[str, int]:
        """Look at every window that begins with a publication: no other can hold more."""
        times = times_of(self.posts)
        fullest = {}
        for limit in self.limits:
            series = times[limit.lane]
            counts = [_within(series, start, limit.span) for start in range(len(series))]
            fullest[limit.name] = max(counts, default=0)
            for start, count in enumerate(counts):
                if count > limit.most:
                    what = f"{count} of {limit.most} in {limit.span} ({limit.name}) from {series[start].isoformat()}"
                    self.note("cap", what)
        return fullest

    def doubts(self) -> None:
        """Find what is neither free nor decided."""
        for decision in self.decisions:
            if decision.status in HELD:
                self.note("uncertain", f"decision {decision.id} is {decision.status}", decision.id)


def judge(
    posts: Iterable[Post],
    decisions: Sequence[Decision],
    receipts: Sequence[Receipt],
    limits: Sequence[Limit],
    planted: Iterable[str] = (),
) -> Verdict:
    """Return what is wrong between the site's truth and a ledger at rest.

    `planted` are ids of decisions that must be there. Posts written by hand count for nothing.
    """
    ours = [post for post in posts if not post.by_hand]
    case = _Case(ours, decisions, receipts, limits)
    case.duplicates()
    case.losses(planted)
    case.strays()
    fullest = case.caps()
    case.doubts()
    return Verdict(tuple(case.faults), len(ours), Counter(each.status for each in decisions), fullest)


def times_of(posts: Iterable[Post]) -> dict[str, list[datetime]]:
    """Return when each lane published, ascending. A thread is one publication, that of its first part."""
    ours = [post for post in posts if not post.by_hand]
    ids = {post.id for post in ours}
    lanes: dict[str, list[datetime]] = {lane: [] for lane in LANES}
    for post in ours:
        if post.in_reply_to is None:
            lanes["content"].append(post.at)
        elif post.in_reply_to not in ids:
            lanes["reply"].append(post.at)
    return {lane: sorted(times) for lane, times in lanes.items()}


def longest_wait(
    posts: Sequence[Post], decisions: Sequence[Decision], receipts: Sequence[Receipt], limits: Sequence[Limit]
) -> timedelta:
    """Return the longest time in which something was due and allowed and its lane published nothing.

    From the truth's times: a publication was possible from its due time on, but not before the lane's last one nor
    before the caps allowed it.
    """
    due = {each.id: each.due for each in decisions}
    owner = {each.tweet_id: each.decision_id for each in receipts if each.part == 0}
    ours = sorted((post for post in posts if post.id in owner), key=lambda post: post.at)
    longest, lanes = timedelta(0), times_of(ours)
    for post in ours:
        lane = "content" if post.in_reply_to is None else "reply"
        before = [at for at in lanes[lane] if at < post.at]
        bounds = [due.get(owner[post.id], post.at), *before[-1:]]
        bounds += [before[-each.most] + each.span for each in limits if each.lane == lane and len(before) >= each.most]
        longest = max(longest, post.at - max(bounds))
    return longest


def posts_of(truth: Mapping[str, Any]) -> list[Post]:
    """Read the site's `GET /_truth`; a sandbox that does not tell who wrote a post has none written by hand."""
    return [
        Post(
            each["id"],
            each["text"],
            each["in_reply_to"],
            datetime.fromisoformat(each["created_at"]),
            each.get("source", "site") == "hand",
        )
        for each in truth["posts"]
    ]


def _within(series: Sequence[datetime], start: int, span: timedelta) -> int:
    return sum(series[start] <= at < series[start] + span for at in series[start:])
