"""Consequences: what comes of a word that stops or restarts something, said before it is carried out.

Everything is told as sentences for people. What nobody could say in time is said to be unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.duration import format_duration

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from actors.domain.pauses import Pause

PUBLISHERS = {"posting": "content", "reply_posting": "reply"}
"""The lane of each job that publishes what its queue holds."""
_FILLERS = {"plan": "content", **PUBLISHERS}
"""The lane of each job without which a queue is not filled or not emptied."""
_SHOWN = 5
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What waits in a lane's queue; times are schedule time."""

    queued: int = 0
    due: int = 0
    next_at: datetime | None = None
    last_at: datetime | None = None


def of_stopping(
    jobs: Collection[str],
    running: Collection[str] | None,
    lanes: Mapping[str, Outlook] | None,
    next_due: Mapping[str, datetime],
    now: datetime,
) -> list[str]:
    """Return what comes of it when no run of these jobs is let begin any more.

    Args:
        jobs: those that stop.
        running: every job with a run under way; None: nobody could say.
        lanes: the queue of each lane; None: nobody could say.
        next_due: when each job is due next.
        now: schedule time.
    """
    said = of_running(jobs, running)
    affected = sorted({_FILLERS[job] for job in jobs if job in _FILLERS})
    if affected and lanes is None:
        return [*said, "what is queued is unknown just now"]
    for lane in affected:
        outlook = (lanes or {}).get(lane, Outlook())
        said += [_of_due(job, outlook, now) for job, of in PUBLISHERS.items() if of == lane and job in jobs]
        said.append(f"the {lane} queue {_lasts(outlook, now)}")
    if not affected and len(jobs) == 1:
        (job,) = jobs
        said += [f"its next slot at {next_due[job]:%Y-%m-%d %H:%M:%S} is missed"] if job in next_due else []
    return said


def of_running(jobs: Collection[str], running: Collection[str] | None) -> list[str]:
    """Return which of these jobs are under way, and go on."""
    if running is None:
        return ["what is under way is unknown just now"]
    under_way = sorted(set(jobs) & set(running))
    if not under_way:
        return []
    more = f" and {len(under_way) - _SHOWN} more" if len(under_way) > _SHOWN else ""
    verb = "is" if len(under_way) == 1 else "are"
    return [f"{', '.join(under_way[:_SHOWN])}{more} {verb} under way and may end"]


def of_triggering(job: str, pause: Pause | None, *, kill_switch: bool) -> list[str]:
    """Return what an operator who has this job run must know of what is stopped: what it passes, and what it does not.

    Args:
        job: the one that is to run.
        pause: the one that is in force for it, if there is one.
        kill_switch: whether that is on.
    """
    said = [f"it runs though {pause.name} is paused {pause.terms()}"] if pause is not None else []
    said += ["the kill switch is on: nothing is published"] if kill_switch and job in PUBLISHERS else []
    return said


def of_resuming(jobs: Collection[str], next_due: Mapping[str, datetime], *, draining: bool = False) -> list[str]:
    """Return which of these jobs begins first, and when; none does while the process drains."""
    if draining:
        return ["nothing begins all the same: the supervisor drains"]
    due = min(((next_due[job], job) for job in jobs if job in next_due), default=None)
    return [f"{due[1]} is due first, at {due[0]:%Y-%m-%d %H:%M:%S}"] if due is not None else []


def of_restarting(name: str, snapshot: Mapping[str, Any] | None) -> list[str]:
    """Return what comes of it when this actor begins a new life; `snapshot` is the board's, None: it was silent."""
    if snapshot is None:
        return ["what it does is unknown just now"]
    front, family = snapshot["fronts"].get(name), snapshot["families"].get(name)
    if front is not None:
        waiting = front.get("waiting", 0)
        return [f"{front['running']} errands are under way in it and may fail, {waiting} wait and are refused"]
    if family is not None:
        return ["its runs go on, and its pauses stay"]
    match name:
        case "clock":
            return ["nothing falls due for a moment, and retries and snoozes that wait are forgotten"]
        case "board":
            return ["what it was told stays, and questions wait for a moment"]
        case "operator":
            return ["words said meanwhile are heard afterwards if they came by the stream"]
        case "lease":
            return ["nothing is published until it holds the lease again"]
        case _:
            return ["who depends on it waits for a moment"]


def _of_due(job: str, outlook: Outlook, now: datetime) -> str:
    if outlook.due:
        return f"{job} has {outlook.due} due decision{'' if outlook.due == 1 else 's'}"
    if outlook.next_at is None:
        return f"{job} has no decision"
    return f"{job} has no due decision, the next is due in {_rounded(outlook.next_at - now)}"


def _lasts(outlook: Outlook, now: datetime) -> str:
    if outlook.last_at is None:
        return "is empty"
    return f"lasts {_rounded(outlook.last_at - now)}" if outlook.last_at > now else "is due to its end"


def _rounded(span: timedelta) -> str:
    return format_duration(span - span % _MINUTE if span >= _MINUTE else span)
