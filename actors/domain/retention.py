"""Retention: how long each kind of row is kept, and why; every table is here, so that none is forgotten.

Ages are schedule time. What is deleted has served every reader it has; what no reader may ever miss is in `KEPT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

BATCH = 1000
"""Rows of one transaction: what it locks is free again within moments."""
BATCHES = 50
"""Of one rule in a run: a table that has grown for months is cleared over some days, not in one long run."""

_AT_ONCE = timedelta(0)
_WEEK, _MONTH, _SEASON, _YEAR = timedelta(days=7), timedelta(days=30), timedelta(days=90), timedelta(days=400)
"""A month is as far back as anything is looked for on the account, a season as anybody looks for the cause of a thing;
the year has some weeks more, so that a day can be held against that of the year before."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """One query that clears a batch of rows of a table, or their words, once they are older than an age."""

    query: str
    table: str
    age: timedelta
    reason: str


def expiries(text_kept: timedelta, post_kept: timedelta) -> tuple[Expiry, ...]:
    """Return all of them in the order in which they are to be followed.

    Args:
        text_kept: how long the words of posts that were studied are kept.
        post_kept: how long their figures are.
    """
    return (*_of_people(text_kept, post_kept), *_OF_HISTORY)


def _of_people(text_kept: timedelta, post_kept: timedelta) -> tuple[Expiry, ...]:
    """First of all whoever asked to be left alone, the news before the posts by which their authors are known."""
    asked = "its author has asked to be left alone"
    return (
        Expiry("forget_news_of_opted_out", "news_items", _AT_ONCE, asked),
        Expiry("forget_labels_of_opted_out", "post_labels", _AT_ONCE, asked),
        Expiry("forget_posts_of_opted_out", "external_posts", _AT_ONCE, asked),
        Expiry("forget_studied_opted_out", "studied_accounts", _AT_ONCE, asked),
        Expiry("forget_accounts_opted_out", "accounts", _AT_ONCE, asked),
        Expiry("reject_opted_out", "opportunities", _AT_ONCE, asked),
        Expiry("empty_opportunities", "opportunities", _AT_ONCE, "nobody will answer it any more"),
        Expiry("empty_posts", "external_posts", text_kept, "insight.text_kept: its structure is known by then"),
        Expiry("prune_posts", "external_posts", post_kept, "insight.post_kept"),
        Expiry("prune_labels", "post_labels", post_kept, "insight.post_kept, and its post is gone"),
        Expiry("prune_news", "news_items", _WEEK, "a report of last week is no news (domain.md 1.3, job 16)"),
        Expiry("prune_studied", "studied_accounts", post_kept, "nobody has read it for as long as figures are kept"),
    )


_OF_HISTORY = (
    Expiry("prune_findings", "format_intelligence", _AT_ONCE, "it has expired, and nobody reads it then"),
    Expiry("prune_scans", "evidence_scans", _MONTH, "its attempt is settled, and nobody looks for that post any more"),
    Expiry("prune_checkpoints", "checkpoints", _SEASON, "it is done; the reading itself is kept"),
    Expiry("prune_runs", "job_runs", _SEASON, "the timetable knows a job by its last run and its last success"),
    Expiry("prune_stages", "stage_runs", _SEASON, "a stage is known by its last success"),
    Expiry("prune_searches", "harvest_searches", _MONTH, "what a search brought is remembered for two weeks"),
    Expiry("prune_weights", "weight_snapshots", _MONTH, "no decision was drawn from it, and a newer one is in force"),
    Expiry("prune_reply_weights", "reply_weights", _MONTH, "no reply was drawn from it, and a newer one is in force"),
    Expiry("prune_verdicts", "health_verdicts", _SEASON, "nobody asks how it was before the last season"),
    Expiry("prune_error_counts", "error_counts", _MONTH, "a spike is held against seven days"),
    Expiry("prune_errors", "error_fingerprints", _SEASON, "it has not come again: once more it would be news"),
    Expiry("prune_trends", "follower_trends", _SEASON, "only the last one is read"),
    Expiry("prune_calibrations", "calibrations", _SEASON, "only the last one is read"),
    Expiry("prune_curves", "maturity_curves", _SEASON, "only the last one is read"),
    Expiry("prune_effects", "reply_effects", _SEASON, "only the last one is read"),
    Expiry("prune_simulated", "simulated_outcomes", _SEASON, "it was invented, and taught nobody anything"),
    Expiry("prune_usage", "llm_usage", _YEAR, "the budget asks for a day, a forecast for a week, a bill for a year"),
    Expiry("prune_days", "factor_days", _YEAR, "a brief tells the last two weeks of it"),
    Expiry("prune_changes", "knob_changes", _YEAR, "the knob has been turned again since"),
)

KEPT: dict[str, str] = {
    "decisions": "what was said, or refused, is not to be said again, and everything refers to it",
    "publish_attempts": "what was clicked once is known for ever",
    "receipts": "what was published is known for ever",
    "own_posts": "what stands on the account is not to be said again, whenever it was written",
    "opt_outs": "a wish to be left alone has no end",
    "metric_snapshots": "what was measured is what everything is learned from",
    "reply_conversions": "what came of a target is counted once; without its row it would be counted anew",
    "follower_readings": "the growth itself, 48 rows a day",
    "follower_gains": "what the credits add up to, 48 rows a day",
    "follower_credits": "what a post came to includes them, however old it is",
    "follower_backgrounds": "with the credits it is the gain again, 48 rows a day",
    "thread_attempts": "how threads are made is learned from all of them, a few a day",
    "new_followers": "follower_snapshot forgets them after a month, all but those it knows the list by",
    "conversion_rates": "reply_conversion_tracking computes them anew and drops the rest",
    "cursors": "one row for each consumer",
    "flags": "one row for each switch",
    "publisher_lease": "one row",
    "control_audit": "a chain whose first links are gone proves nothing of the others",
    "control_pauses": "one row for each name that is paused and each of the three who may have said it",
    "sessions": "one row for each account",
    "health_symptoms": "each stage replaces its own",
    "receipt_corrections": "that an id was another one once explains what was measured of it",
    "id_verifications": "one row for each part that was published",
    "hypotheses": "one row for each value of a factor",
    "knobs": "one row for each knob",
}
"""Tables of which no row is deleted here, each with its reason."""
