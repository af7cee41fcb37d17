"""News: how fresh a report is, how far it went, how far it is to be believed, and which topic is in the news.

What a report says is never used: it counts for its topic, by its age and by numbers (domain.md 1.3, job 16).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from actors.domain.insight.finding import Advice, Finding, confidence_of
from actors.domain.text import URL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from actors.domain.taxonomy import Arm

Credibility = Literal["high", "medium", "low"]

KINDS = ("finding", "warning", "policy", "product", "event", "opinion")
OLDEST = timedelta(hours=48)
LEAST_FRESHNESS, LEAST_SCORE = 60, 20.0
"""What is staler, or has gone less far, is not looked at."""
DAY = timedelta(hours=24)
TRENDING = 1.5
"""How many times as many who report of it as the day before put a topic into the news."""
LEAST_REPORTS = 3

STUDY_HOSTS = frozenset(
    {
        *("journal.example", "doi.org", "nih.gov", "nature.com", "thelancet.com", "bmj.com", "nejm.org"),
        *("jamanetwork.com", "cochranelibrary.com", "plos.org", "science.org", "cell.com", "who.int"),
    }
)
"""Hosts of studies; a host below one of them counts, too. Their pages are never opened."""

_FRESHNESS = ((6, 100), (12, 90), (24, 80), (48, 60), (72, 40))
_STALE = 20
_OUTLETS = frozenset({"news", "post", "times", "herald", "gazette", "tribune", "wire", "press", "journal"})
_RUN_TOGETHER = frozenset(
    {
        *("bbcnews", "skynews", "abcnews", "nbcnews", "cbsnews", "usnews", "yahoonews", "googlenews", "medicalnews"),
        *("nytimes", "thetimes", "latimes", "irishtimes", "japantimes", "timesofindia", "washingtonpost", "huffpost"),
        *("nypost", "chicagotribune", "bostonherald", "nzherald", "newswire", "businesswire", "prnewswire"),
    }
)
"""Newsrooms that write their name in one word, in which no part can be told: `impostor` holds a post, too."""
_PART = re.compile(r"[a-z]+")
_NEED_OF_OUTLET, _NEED_OF_STUDY, _NEED = (1_000, 500), (5_000, 1_000), (10_000, 3_000)


@dataclass(frozen=True, slots=True)
class Report:
    """A curated report."""

    topic: str
    kind: str
    credibility: Credibility
    posted_at: datetime
    is_used: bool
    author: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A topic in the news.

    Args:
        reports: how many authors have reported of it in the last 24 hours.
        score: how many times as many as in the 24 hours before.
        unused: how many of the reports are to be believed and were taken up by no post of ours.
    """

    topic: str
    reports: int
    score: float
    unused: int


def freshness(age: timedelta) -> int:
    """Return 100, 90, 80, 60, 40 below 6, 12, 24, 48, 72 hours, 20 beyond."""
    return next((points for hours, points in _FRESHNESS if age < timedelta(hours=hours)), _STALE)


def viral_score(likes: int | None, reposts: int | None, replies: int | None) -> float:
    """Return likes + 2 reposts + 1.5 replies; a count that is unknown adds nothing, so this is the least it can be."""
    return (likes or 0) + 2 * (reposts or 0) + 1.5 * (replies or 0)


def is_outlet(handle: str) -> bool:
    """Tell whether a handle is that of a newsroom: a whole part of it is a word newsrooms call themselves by."""
    parts = _PART.findall(handle.casefold())
    return not (_OUTLETS | _RUN_TOGETHER).isdisjoint(parts)


def has_study(text: str) -> bool:
    """Tell whether a text links to a study: a page of one of `STUDY_HOSTS`, over https."""
    return any(_is_study(address) for address in URL.findall(text))


def credibility(score: float, *, is_outlet: bool, has_study: bool) -> Credibility:
    """Return how far a report is to be believed: by its viral score alone, never by what is said of it.

    A newsroom needs more than 1,000 for high and 500 for medium, a link to a study 5,000 and 1,000, anybody else 10,000
    and 3,000 (domain.md 1.3, job 16); what is both needs the less of the two.
    """
    needs = [_NEED] + [_NEED_OF_OUTLET] * is_outlet + [_NEED_OF_STUDY] * has_study
    high, medium = min(needs)
    return "high" if score > high else "medium" if score > medium else "low"


def trends(reports: Iterable[Report], now: datetime) -> tuple[Trend, ...]:
    """Return the topics in the news, the fastest first.

    A topic is in the news with at least three authors of reports in the last 24 hours, that are 1.5 times as many as
    those of the 24 hours before, of which one counts at least: an account that writes three times is one account. An
    opinion is no report. A topic of which we took up all that is to be believed is in the news no longer. Nothing is if
    no post at all is known of the 24 hours before: then it is not known what is usual.
    """
    known = [report for report in reports if report.posted_at <= now]
    if not any(DAY <= now - report.posted_at < 2 * DAY for report in known):
        return ()
    told = [report for report in known if report.kind != "opinion"]
    recent = [report for report in told if now - report.posted_at < DAY]
    today = _authors(recent)
    before = _authors(report for report in told if DAY <= now - report.posted_at < 2 * DAY)
    unused = Counter(report.topic for report in recent if not report.is_used and report.credibility != "low")
    found = [Trend(topic, count, count / max(before[topic], 1), unused[topic]) for topic, count in today.items()]
    chosen = [trend for trend in found if trend.reports >= LEAST_REPORTS and trend.score >= TRENDING and trend.unused]
    return tuple(sorted(chosen, key=lambda trend: (-trend.score, -trend.reports, trend.topic)))


def _authors(reports: Iterable[Report]) -> Counter[str]:
    """Return how many authors report of each topic."""
    return Counter(topic for topic, _ in {(report.topic, report.author) for report in reports})


def findings_of(found: Iterable[Trend]) -> list[Finding]:
    """Return what the news mean for the planner: these topics are to be tried more often."""
    return [
        Finding("news", (("topic", trend.topic),), Advice(prefer=True), trend.unused, confidence_of(trend.unused))
        for trend in found
    ]


def taken_up(arm: Arm, slot: str, findings: Iterable[Finding]) -> Finding | None:
    """Return the news that a post takes up: the reporter's voice, or the slot for news, on a topic in the news."""
    if arm.generator != "newsReporter" and slot != "news":
        return None
    return next((each for each in findings if each.source == "news" and each.is_about(arm)), None)


def _is_study(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in STUDY_HOSTS)
