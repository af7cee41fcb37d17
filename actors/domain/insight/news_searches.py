"""The searches for news: which are next, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from actors.domain.taxonomy import TOPIC_WORDS

if TYPE_CHECKING:
    from datetime import date

LIMIT = 20
"""Posts read of one search."""
_WORDS_OF_A_TOPIC = 3
_NEGATIVE = ("crypto", "nft", "betting", "airdrop", "giveaway", "casino")


@dataclass(frozen=True, slots=True)
class Search:
    """One search of the rotation; of news the newest are read, of research those the site ranks first."""

    name: str
    lane: Literal["news", "research"]
    words: str

    @property
    def is_latest(self) -> bool:
        """Return whether the newest are asked for."""
        return self.lane == "news"


_NEWS = (
    Search("studies", "news", "(study OR researchers OR findings)"),
    Search("warnings", "news", "(warning OR warns OR recall)"),
    Search("guidelines", "news", "(guidelines OR ministry OR regulator)"),
    Search("products", "news", "(launches OR startup OR device)"),
    Search("events", "news", "(summit OR conference OR campaign)"),
)
_RESEARCH = (
    Search("trials", "research", "(trial OR participants)"),
    Search("cohorts", "research", '(cohort OR "peer-reviewed")'),
    Search("papers", "research", '(journal OR published OR "meta-analysis")'),
)
ROTATION = tuple(search for research in _RESEARCH for search in (*_NEWS, research))
"""Five searches for news and three for research (domain.md 1.3, job 16).

All those for news are made in each lap: what is in the news is told by comparing days, and a search that was made for
one of them only would tilt the scales.
"""
PER_RUN = len(_NEWS) + 1


def turns(position: int) -> tuple[tuple[int, Search], ...]:
    """Return the searches of a run from this place of the endless rotation on, each with its place."""
    return tuple((place, ROTATION[place % len(ROTATION)]) for place in range(position, position + PER_RUN))


def query_of(search: Search, since: date) -> str:
    """Write a search in the site's operators: its words, any word of our topics, and no reply."""
    ours = " OR ".join(word for words in TOPIC_WORDS.values() for word in words[:_WORDS_OF_A_TOPIC])
    unwanted = " ".join(f"-{word}" for word in _NEGATIVE)
    return f"{search.words} ({ours}) since:{since} lang:en -filter:replies {unwanted}"
