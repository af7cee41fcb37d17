"""Remedies: what may be done about work that got stuck. Always the same: the job whose own rules free it is called.

Nothing here changes a decision. In production self-healing put rows back into the queue by the time they were made,
published ones among them, and so published live posts again (the reference's catalogue, B6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.health.symptom import Level, Symptom

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, slots=True)
class Ill:
    """Work of one kind that got stuck, and the job that frees it."""

    name: str
    text: str
    cure: str


ILLS = (
    Ill("claims", "{} claims are held longer than a run may take", "posting"),
    Ill("attempts", "{} attempts are past their click, and their run is gone", "posting"),
    Ill("doubts", "{} doubts are older than they may get", "posting"),
    Ill("threads", "{} threads stopped in their midst", "posting"),
    Ill("receipts", "{} decisions have all receipts and are not posted", "posting"),
    Ill("content_readings", "{} readings of posts are overdue for two hours", "metrics_scraper"),
    Ill("reply_readings", "{} readings of replies are overdue for two hours", "reply_metrics_scraper"),
)


@dataclass(frozen=True, slots=True)
class Hands:
    """Which jobs can be called now: those there are, without those that run, are paused or wait for another job."""

    known: Collection[str]
    busy: Collection[str]

    def can_call(self, job: str) -> bool:
        """Tell whether calling the job would do anything."""
        return job in self.known and job not in self.busy


def heal(stuck: Mapping[str, int], hands: Hands) -> tuple[list[Symptom], list[str]]:
    """Return what is stuck, and whom to call for it, each job once."""
    found: list[Symptom] = []
    called: list[str] = []
    for ill in ILLS:
        count = stuck.get(ill.name, 0)
        if not count:
            continue
        found.append(Symptom(f"{ill.name}_stuck", Level.DEGRADED, ill.text.format(count)))
        if hands.can_call(ill.cure) and ill.cure not in called:
            called.append(ill.cure)
    return found, called
