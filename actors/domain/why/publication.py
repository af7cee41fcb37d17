"""The ledger's reasons: posting runs, but may or can publish nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from actors.domain.caps import Caps, allowed_at
from actors.domain.duration import format_duration
from actors.domain.escaping import escape
from actors.domain.evidence import TOLERANCE
from actors.domain.why.situation import written
from actors.domain.why.standing import UnderWay

if TYPE_CHECKING:
    from actors.domain.why.situation import Publishing, Reason, Situation, Stop

_FREE = Caps(sys.maxsize, sys.maxsize, timedelta())


def _publishing(situation: Situation) -> Publishing:
    assert situation.publishing is not None
    return situation.publishing


@dataclass(frozen=True, slots=True)
class LedgerUnknown:
    """The database does not tell what the ledger says, and so nothing may be published."""

    kind: ClassVar[str] = "ledger_unknown"
    until: ClassVar[None] = None
    detail: str = ""

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"the database does not say what was published and what is queued: {self.detail or 'no answer'}"

    def cure(self, situation: Situation) -> None:
        """It says so."""
        _publishing(situation).is_known = True


@dataclass(frozen=True, slots=True)
class KillSwitchOn:
    """Somebody stopped all publishing."""

    kind: ClassVar[str] = "kill_switch"
    until: ClassVar[None] = None
    stop: Stop

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        since = f"since {written(self.stop.at)} by {escape(self.stop.by)}"
        return f"the kill switch is on {since}, until somebody says `kill-switch off`"

    def cure(self, situation: Situation) -> None:
        """It is off."""
        _publishing(situation).kill_switch = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """The configuration says that nothing is published."""

    kind: ClassVar[str] = "shadow"
    until: ClassVar[None] = None
    text: ClassVar[str] = "this is the shadow, which publishes nothing: publishing.shadow is true"

    def cure(self, situation: Situation) -> None:
        """It is false."""
        _publishing(situation).shadow = False


@dataclass(frozen=True, slots=True)
class OtherPublisher:
    """Another process publishes; this one stands by."""

    kind: ClassVar[str] = "other_publisher"
    until: ClassVar[None] = None
    holder: str

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"process {self.holder} holds the publisher's lease; this one takes over when it stops"

    def cure(self, situation: Situation) -> None:
        """This process holds the lease."""
        _publishing(situation).publisher = ""


@dataclass(frozen=True, slots=True)
class FutureIntents:
    """The ledger knows intents of the future, so that no cap can be counted."""

    kind: ClassVar[str] = "future_intents"
    latest: datetime
    until: datetime

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"the ledger knows an intent of {written(self.latest)}: schedule time went back, is clock.json lost?"

    def cure(self, situation: Situation) -> None:
        """There are none."""
        _publishing(situation).latest_intent = None


@dataclass(frozen=True, slots=True)
class CapReached:
    """A cap of the lane does not allow another intent. `cap`: "per_hour", "per_day" or "spacing"."""

    kind: ClassVar[str] = "cap"
    cap: str
    limit: str
    until: datetime | None
    lane: str = "content"

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        name, posts = ("content", "posts") if self.lane == "content" else ("replies", "replies")
        if self.until is None:
            return f"publishing.{name}_{self.cap} is 0, so nothing is published"
        what = {"per_hour": f"{posts} in an hour", "per_day": f"{posts} in 24 hours", "spacing": f"between two {posts}"}
        return f"the cap of {self.limit} {what[self.cap]} allows the next at {written(self.until)}"

    def cure(self, situation: Situation) -> None:
        """This cap is lifted."""
        publishing = _publishing(situation)
        match self.cap:
            case "per_hour":
                publishing.caps = replace(publishing.caps, per_hour=sys.maxsize)
            case "per_day":
                publishing.caps = replace(publishing.caps, per_day=sys.maxsize)
            case _:
                publishing.caps = replace(publishing.caps, spacing=timedelta())


@dataclass(frozen=True, slots=True)
class NoDecisionDue:
    """What is queued is for later."""

    kind: ClassVar[str] = "no_decision_due"
    until: datetime

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"the next decision in the queue is due at {written(self.until)}"

    def cure(self, situation: Situation) -> None:
        """Its time has come."""
        _publishing(situation).next_decision = situation.question.moment.now


@dataclass(frozen=True, slots=True)
class AwaitingApproval:
    """What is queued waits for a person."""

    kind: ClassVar[str] = "approval"
    until: ClassVar[None] = None
    count: int

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        return f"{self.count} queued decisions wait for approval: say `approve` to see them"

    def cure(self, situation: Situation) -> None:
        """One is approved, and due."""
        _publishing(situation).next_decision = situation.question.moment.now


@dataclass(frozen=True, slots=True)
class QueueEmpty:
    """No decision is queued. `refill`: why the job that fills the queue (`filler`) is not running."""

    kind: ClassVar[str] = "queue_empty"
    refill: tuple[Reason, ...]
    now: datetime
    filler: str = "plan"

    @property
    def until(self) -> datetime | None:
        """Return when that job can run."""
        ends = [self.now, *(reason.until for reason in self.refill)]
        known = [end for end in ends if end is not None]
        return max(known) if len(known) == len(ends) else None

    @property
    def text(self) -> str:
        """Return it as a sentence for people."""
        if not self.refill:
            return f"the queue is empty, and {self.filler} is about to fill it"
        if all(isinstance(each, UnderWay) for each in self.refill):
            return f"the queue is empty, and {self.filler} is filling it: {self.refill[0].text}"
        why = ", and ".join(each.text for each in self.refill)
        return f"the queue is empty, and {self.filler} does not fill it: {why}"

    def cure(self, situation: Situation) -> None:
        """A decision is queued and due."""
        _publishing(situation).next_decision = situation.question.moment.now


def reasons_of_publishing(publishing: Publishing, now: datetime) -> list[Reason]:
    """Return why a run of posting would publish nothing of the lane at this moment.

    An attempt in doubt is no reason: it is looked for beside, and counts in the caps like any other intent.
    """
    reasons: list[Reason] = []
    if not publishing.is_known:
        reasons.append(LedgerUnknown())
    if publishing.kill_switch:
        reasons.append(KillSwitchOn(publishing.kill_switch))
    if publishing.shadow:
        reasons.append(Shadow())
    if publishing.publisher:
        reasons.append(OtherPublisher(publishing.publisher))
    latest = publishing.latest_intent
    if latest is not None and latest > now + TOLERANCE:
        reasons.append(FutureIntents(latest, latest - TOLERANCE))
    caps = publishing.caps
    each = {
        "per_hour": (replace(_FREE, per_hour=caps.per_hour), str(caps.per_hour)),
        "per_day": (replace(_FREE, per_day=caps.per_day), str(caps.per_day)),
        "spacing": (replace(_FREE, spacing=caps.spacing), format_duration(caps.spacing)),
    }
    for cap, (alone, limit) in each.items():
        at = allowed_at(publishing.publications, alone, now)
        if at is None or at > now:
            reasons.append(CapReached(cap, limit, at, publishing.lane))
    if publishing.next_decision is None and publishing.unapproved:
        reasons.append(AwaitingApproval(publishing.unapproved))
    elif publishing.next_decision is None:
        reasons.append(QueueEmpty(publishing.refill, now, publishing.filler))
    elif publishing.next_decision > now:
        reasons.append(NoDecisionDue(publishing.next_decision))
    return reasons
