"""Have posts of others labelled, and tell which tone and which angle carry which kind of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.insight.carrying import Example, findings_of
from actors.domain.insight.reach import Candidate, best_first
from actors.domain.insight.vocabulary import STRUCTURES
from actors.domain.priority import Priority
from actors.domain.taxonomy import ANGLES, TONES
from actors.errors import BudgetExceededError
from actors.insight.intelligence import statements
from actors.insight.labels import MOST_TRIES, Labelled, label, standings
from actors.insight.posts import figures_of
from actors.job import Done, JobContext, Nothing, Outcome, job

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSUMER = "data_collection"
FIELDS = {"tone": tuple(TONES), "angle": tuple(ANGLES), "structure": STRUCTURES}
VERSION = 1
"""Of the fields: another one has every post labelled anew."""

_LABELS = 60
"""Posts labelled in a run: three calls and a short one, about a third of a cent with the model that is shipped."""
_LOOKED_AT = 2000
"""The newest posts without a label, among which the best are chosen."""
_MEMORY = timedelta(days=30)
_EXAMPLES = 5000
_RIPE = timedelta(hours=2)
"""Age at which a post's figures are those of a post, and not of its first minutes."""
_RUNS = 4
"""Runs for which findings hold, so that one that fails takes no advice away."""


@job(priority=Priority.P3, uses=("database", "openai"), covers=("data_collection",))
def data_collection(ctx: JobContext) -> Outcome:
    """Label the best of the posts that it has not labelled yet, then build the format intelligence of all it has.

    Nothing reads a text but the labeller; what is built rests on its labels, on features and on figures. What is
    labelled is used even where the day's money for analysis is spent; that it is spent is told afterwards.
    """
    labelled, unpaid = _label(ctx)
    rows = ctx.database.all(
        "labelled_examples",
        consumer=CONSUMER,
        version=VERSION,
        since=ctx.now() - _MEMORY,
        ripe_s=_RIPE.total_seconds(),
        limit=_EXAMPLES,
    )
    examples = [example for row in rows if (example := _example(row)) is not None]
    findings = findings_of(examples, standings(ctx, CONSUMER, FIELDS, VERSION))
    every = ctx.config.jobs[ctx.job].every
    ctx.database.transact(statements("labelled", findings, ctx, lasts=_RUNS * every))
    if unpaid is not None:
        raise unpaid
    if not labelled.posts and not findings:
        return Nothing(f"no post is without a label, and {len(examples)} with one show nothing")
    return Done(
        {
            "labelled": labelled.posts,
            "blank": labelled.blank,
            "refused": labelled.refused,
            "twice": labelled.twice,
            "dropped": labelled.dropped,
            "examples": len(examples),
            "findings": len(findings),
        }
    )


def _label(ctx: JobContext) -> tuple[Labelled, BudgetExceededError | None]:
    """Return what the labeller came to, and what it met if there was no money for anything."""
    rows = ctx.database.all(
        "posts_without_label", consumer=CONSUMER, version=VERSION, tries=MOST_TRIES, limit=_LOOKED_AT
    )
    best = best_first([_candidate(row) for row in rows], _LABELS)
    try:
        posts = [(each.tweet_id, each.author, each.text) for each in best]
        return label(ctx, CONSUMER, posts, FIELDS, VERSION), None
    except BudgetExceededError as error:
        return Labelled(), error


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(row["tweet_id"], row["author"], row["text"], row["posted_at"], figures_of(row))


def _example(row: Mapping[str, Any]) -> Example | None:
    """Return a labelled post as an example; None if nobody can know how it did."""
    figures = figures_of(row)
    if figures.is_success is None:
        return None
    features = {name: row["features"][name] for name in ("topic", "hook", "format") if name in row["features"]}
    return Example(row["author"], features, row["label"], figures.weight, figures.is_success)

