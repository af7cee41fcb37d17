"""Read the largest accounts of our field once a day, and tell what of theirs does far better than expected."""

from __future__ import annotations

from datetime import timedelta

from actors.domain.insight.competition import PLACES, compared, largest, over_performers
from actors.domain.insight.peers import named
from actors.domain.pace import ending
from actors.domain.priority import Priority
from actors.insight.intelligence import statements
from actors.insight.observed import studied_examples
from actors.insight.studies import Studies, attempt
from actors.job import After, Done, JobContext, Nothing, Outcome, job

_LAST = timedelta(hours=60)
"""Two runs and a half: one that fails takes no advice away."""


@job(
    priority=Priority.P3,
    uses=("browser", "database"),
    after=(After("account_discovery", fresh=timedelta(days=1), patience=timedelta(hours=2)),),
    covers=("competitive_analysis",),
)
def competitive_analysis(ctx: JobContext) -> Outcome:
    """Read the newest posts of up to eight competitors, then compare all that was studied.

    Competitors are those of `insight.competitors`, else the largest accounts that were discovered and are no peers.
    What they write like reaches `plan` as structure alone; how many of their posts did far better than expected is
    counted.
    On a live platform nobody is read whom the operator does not name.
    """
    names = named(ctx.config.insight.competitors, ctx.config.platform.account)
    studies = Studies(ctx, "competitor", names, lambda known, taken: largest(known, PLACES - len(taken)))
    due = studies.due(PLACES)
    done, error = attempt(ctx, due, studies.read, studies.fail)
    examples = studied_examples(ctx, ("competitor", "peer", "viral"))
    are_theirs = [lane == "competitor" for lane, _ in examples]
    posts = [example for _, example in examples]
    findings = compared(posts, are_theirs)
    ctx.database.transact(statements("competitive", findings, ctx, lasts=_LAST))
    counts = {**studies.counts, "over_performers": over_performers(posts, are_theirs), "findings": len(findings)}
    if any(counts.values()):
        return Done({"read": done, **counts})
    if error is not None and not done:
        return ending(error)
    return Nothing("no account is known yet that could be a competitor" if not due else f"{len(due)} showed no post")
