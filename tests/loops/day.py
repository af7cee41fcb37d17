"""The day that was lived, read from its ledger and held against the site's truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actors.commands.loading import load_all
from tests.loops.inventory import IDLE_WHEN_WELL, NameDay, days_of, findings_of, intervals
from tests.soak.invariants import Finding, Rules, ledger_findings, most_within

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.acceptance.engine import Engine

LEAST_MEASURED = 0.95
MOST_MISSED = 0.02
"""Share of the slots behind P0 that may pass without a run."""

Row = dict[str, Any]


@dataclass(slots=True)
class JobDay:
    """One job's day: how many of its slots ended how, the longest real delay of a start, and all counts added up."""

    job: str
    priority: str
    done: int = 0
    nothing: int = 0
    blocked: int = 0
    failed: int = 0
    snooze: int = 0
    missed: int = 0
    late_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why slots were missed."""
    failures: Counter[str] = field(default_factory=Counter)
    """Why runs failed."""


class Day:
    """What is found out about a supervisor at rest, whose site and database still answer."""

    HELD = "SELECT 1 FROM decisions WHERE status IN ('claimed', 'publishing', 'uncertain')"
    """What is still under way."""

    def __init__(self, engine: Engine, since: datetime, until: datetime) -> None:
        """Look at the slots between two schedule times: when it was ready, and when it was about to be stopped.

        A slot from before is caught up with at the start, and the first one in its own time takes its place.
        """
        self._engine, self._since, self._until = engine, since, until
        self._config, self._registry = load_all()

    def jobs(self) -> list[JobDay]:
        """Return every job's day, in the order of their names."""
        return [self._jobs[name] for name in sorted(self._jobs)]

    def findings(self) -> list[Finding]:
        """Return every finding."""
        settings = self._config.publishing
        hour = settings.content_per_hour + settings.replies_per_hour
        day = settings.content_per_day + settings.replies_per_day
        return [
            *ledger_findings(self._engine, Rules(hour, day, 0.0, {})),
            *self._work(),
            *findings_of(self.names()),
            intervals(self._engine, self._config, self._until - self._since),
            *self._replies(),
            *self._learning(),
            *self._measuring(),
            *self._manners(),
            self._attribution(),
        ]

    def names(self) -> list[NameDay]:
        """Return the day of every name of the inventory."""
        return days_of(self._engine, self._registry)

    @cached_property
    def _jobs(self) -> dict[str, JobDay]:
        days = {name: JobDay(name, job.priority.name) for name, job in self._registry.items()}
        query = (
            "SELECT job, outcome, late_s, counts, reason FROM job_runs "
            f"WHERE slot < '{self._until}' AND (slot >= '{self._since}' OR outcome <> 'missed')"
        )
        rows = self._engine.query(query)
        for row in rows:
            day = days[row["job"]]
            setattr(day, row["outcome"], getattr(day, row["outcome"]) + 1)
            day.counts.update(row["counts"])
            if row["outcome"] == "missed":
                day.reasons[row["reason"][:60]] += 1
            else:
                day.late_s = max(day.late_s, row["late_s"])
            if row["outcome"] == "failed":
                day.failures[row["reason"][:120]] += 1
        return days

    def _work(self) -> Iterable[Finding]:
        jobs = self._jobs.values()
        idle = [day.job for day in jobs if not any(day.counts.values()) and day.job not in IDLE_WHEN_WELL]
        urgent = sum((day.reasons for day in jobs if day.priority == "P0"), Counter[str]())
        figures = f"{len(self._jobs)} jobs, idle: {idle or 'none'}"
        yield Finding("work", "every job has done real work", not idle, figures)
        late = {day.job: round(day.late_s, 1) for day in jobs if day.priority == "P0"}
        figures = f"{urgent.total()} missed {dict(urgent) or ''}; longest delays in real s {late}"
        yield Finding("P0", "no slot of P0 was missed", not urgent, figures)
        behind = [day for day in jobs if day.priority != "P0"]
        missed = sum(day.missed for day in behind)
        slots = missed + sum(day.done + day.nothing + day.blocked + day.failed + day.snooze for day in behind)
        reasons: Counter[str] = Counter()
        for day in behind:
            reasons.update(day.reasons)
        is_good = missed <= MOST_MISSED * slots
        figures = f"{missed} of {slots}: {dict(reasons)}"
        yield Finding("slots", "at most 2 % of the others were missed", is_good, figures)
        failed = {day.job: dict(day.failures) for day in jobs if day.failed}
        yield Finding("runs", "runs that failed (reported)", holds=True, figures=str(failed or "none"))

    def _replies(self) -> Iterable[Finding]:
        replies = self._engine.query(
            "SELECT d.tweet_id, d.target_id, d.target_author, d.conversation_id, d.posted_at, d.weight_version, "
            "(SELECT count(*) FROM metric_snapshots m WHERE m.decision_id = d.decision_id AND m.tweet_id = d.tweet_id) "
            "AS readings, (SELECT count(*) FROM metric_snapshots m WHERE m.decision_id = d.decision_id "
            "AND m.tweet_id <> d.tweet_id) AS strays FROM decisions d WHERE lane = 'reply' AND status = 'posted'"
        )
        under = {post["id"]: post["in_reply_to"] for post in self._engine.truth()["posts"]}
        wrong = [row["tweet_id"] for row in replies if under.get(row["tweet_id"]) != row["target_id"]]
        figures = f"{len(replies)} replies, {len(wrong)} elsewhere"
        yield Finding("replies", "replies stand under the posts they are for", bool(replies) and not wrong, figures)
        caps, settings = self._fullest(replies), self._config.publishing
        limits = {
            "of an hour": settings.replies_per_hour,
            "of a day": settings.replies_per_day,
            "to an author in a day": settings.replies_per_author_day,
            "in a conversation": settings.replies_per_conversation,
        }
        within = all(caps[name] <= limit for name, limit in limits.items())
        figures = ", ".join(f"{name} {caps[name]}/{limit}" for name, limit in limits.items())
        yield Finding("replies", "caps of replies hold in every sliding window", within, figures)
        measured, strays = sum(row["readings"] > 0 for row in replies), sum(row["strays"] for row in replies)
        sentence = "replies are measured by their own id"
        yield Finding("replies", sentence, measured > 0 and not strays, f"{measured} measured, {strays} by another id")
        targeted = sum(row["weight_version"] > 0 for row in replies)
        sentence = "what was measured has chosen later targets"
        yield Finding("replies", sentence, targeted > 0, f"{targeted} of {len(replies)} drawn from learned weights")

    def _fullest(self, replies: list[Row]) -> dict[str, int]:
        by_author, by_conversation = defaultdict(list), Counter(row["conversation_id"] for row in replies)
        for row in replies:
            by_author[row["target_author"].lower()].append(row["posted_at"])
        times = sorted(row["posted_at"] for row in replies)
        day = timedelta(hours=24)
        return {
            "of an hour": most_within(times, timedelta(hours=1)),
            "of a day": most_within(times, day),
            "to an author in a day": max((most_within(sorted(each), day) for each in by_author.values()), default=0),
            "in a conversation": max(by_conversation.values(), default=0),
        }

    def _learning(self) -> Iterable[Finding]:
        row = self._engine.query(
            "SELECT count(*) FILTER (WHERE lane = 'content' AND weight_version > 0) AS content, "
            "count(*) FILTER (WHERE lane = 'content') AS planned, "
            "(SELECT max(version) FROM weight_snapshots) AS versions, "
            "(SELECT max(version) FROM reply_weights) AS reply_versions "
            "FROM decisions"
        )[0]
        yield Finding("learning", "posts were planned with learned weights", row["content"] > 0, str(row))

    def _measuring(self) -> Iterable[Finding]:
        row = self._engine.query(
            f"SELECT count(*) AS posts, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM metric_snapshots m "
            f"WHERE m.decision_id = d.decision_id)) AS measured FROM decisions d "
            f"WHERE status = 'posted' AND posted_at < timestamptz '{self._until}' - interval '2 hours'"
        )[0]
        is_good = row["measured"] >= LEAST_MEASURED * row["posts"] > 0
        yield Finding("measuring", "at least 95 % of what is two hours old was measured", is_good, str(row))

    def _manners(self) -> Iterable[Finding]:
        answered = self._engine.query(
            "SELECT DISTINCT lower(target_author) AS author FROM decisions WHERE lane = 'reply' AND status = 'posted'"
        )
        left_alone = {handle.lower() for handle in self._engine.truth()["want_no_bots"]}
        wronged = [row["author"] for row in answered if row["author"] in left_alone]
        figures = f"{len(answered)} authors answered, {wronged or 'none'} of them had said so"
        yield Finding("manners", "nobody was answered whose profile wants no bots", not wronged, figures)
        row = self._engine.query(
            "SELECT count(*) FILTER (WHERE status = 'held_out') AS held_out, count(*) AS drawn FROM opportunities "
            "WHERE assigned_at IS NOT NULL AND NOT addressed_us"
        )[0]
        share = self._config.replies.holdout
        spread = 3 * (share * (1 - share) * row["drawn"]) ** 0.5
        is_fair = abs(row["held_out"] - share * row["drawn"]) <= spread and row["drawn"] > 0
        figures = f"{row['held_out']} of {row['drawn']}, {share:.0%} is asked for"
        yield Finding("manners", "chance left its share of the targets alone", is_fair, figures)

    def _attribution(self) -> Finding:
        truth = self._engine.truth().get("follows", [])
        actual = sum(follow["cause"] is not None for follow in truth)
        row = self._engine.query(
            "SELECT (SELECT sum(credit) FROM follower_credits) AS credited, "
            "(SELECT sum(credit) FROM follower_backgrounds) AS background, "
            "(SELECT sum(gross) FROM follower_gains g WHERE EXISTS "
            "(SELECT 1 FROM follower_backgrounds b WHERE b.until = g.until)) AS gross"
        )[0]
        credited, background, gross = (row[name] or 0.0 for name in ("credited", "background", "gross"))
        figures = (
            f"{credited:.1f} credited + {background:.1f} background = {gross:.1f} gross; the site says "
            f"{actual} of {len(truth)} follows came from posts"
        )
        return Finding("follows", "credits and background add up", abs(credited + background - gross) < 1e-6, figures)
