"""A site on which everybody writes payloads: posts, profiles and answers, whatever an errand looks at."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from actors.domain.snowflake import id_at
from actors.pages.profile import ReadProfile
from actors.pages.search import SearchPosts
from actors.pages.status import Answer, PostReading, ReadPost
from tests.jobs.doors import START
from tests.jobs.searches import found, profile, results

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from actors.pages.search import FoundPost

_A_PAGE = 20
_STUDIES = ("format_learning_scraper", "competitive_analysis")
_NEWSROOM = "content_analysis_scraper"
_RIPE = 49 * 60
"""Minutes: figures of a younger post are not compared with those of older ones."""
HONEST = 60
"""Posts of people who demand nothing, among those that are studied."""


def _story(place: int) -> FoundPost:
    """Return an honest post of two days ago: a question that is liked, or a statement that is not."""
    text = (
        f"Who takes a walk together {place}? We do." if place % 2 else f"Nobody must take the elevator {place} times."
    )
    return found(
        f"honest_{place}", minutes=_RIPE - 30, number=place, text=text, likes=13_000 if place % 2 else 10, reposts=0
    )


def _report(place: int) -> FoundPost:
    """Return an honest report, of today or, one in five, of yesterday."""
    text = f"New study on sleep. A dark bedroom does more for sleep than a pillow, researchers say. Part {place}."
    return found(f"desk{place}_news", minutes=60 * (5 if place % 5 else 30), number=place, text=text, likes=13_000)


@dataclass
class Town:
    """Behind the browser's door. `texts` are written by as many authors, each once as a post, a bio and an answer."""

    texts: Sequence[str]
    own: dict[str, str] = field(default_factory=dict)
    """Text of each post of ours, by its id."""

    job: str = ""
    """Whose run is under way; each job is shown all posts in turn, page by page."""

    shown: Counter[str] = field(default_factory=Counter)
    """How many posts each job has been shown."""

    def visit(self, errand: Any, on_commit: Callable[[Any], float] | None = None) -> Any:
        del on_commit
        match errand:
            case SearchPosts() if self.job in _STUDIES and (author := re.search(r"from:(\w+)", errand.query)):
                return results(self._post(int(author[1].removeprefix("crier_")), _RIPE))
            case SearchPosts() if self.job in (*_STUDIES, _NEWSROOM):
                return self._studied()
            case SearchPosts():
                return self._page()
            case ReadProfile():
                return profile(60_000, following=300, bio=self._bio(errand.account))
            case ReadPost():
                return self._status(errand)
        raise AssertionError(f"nobody here knows {errand}")

    def _page(self) -> Any:
        first = self.shown[self.job] % len(self.texts)
        last = min(first + _A_PAGE, len(self.texts))
        self.shown[self.job] += last - first
        return results(*(self._post(place, 20) for place in range(first, last)))

    def _post(self, place: int, minutes: int) -> FoundPost:
        return found(f"crier_{place}", minutes=minutes, number=place, text=self.texts[place], likes=12_000)

    def _studied(self) -> Any:
        """Return a page of posts that are old enough to be studied, the next ten of both kinds."""
        shown = self.shown[self.job]
        self.shown[self.job] += _A_PAGE // 2
        places = [(shown + number) % HONEST for number in range(_A_PAGE // 2)]
        honest, age = (_report, 6 * 60) if self.job == _NEWSROOM else (_story, _RIPE)
        return results(*map(honest, places), *(self._post(7 * place % len(self.texts), age) for place in places))

    def _bio(self, handle: str) -> str:
        place = handle.removeprefix("crier_")
        return self.texts[int(place)] if place.isdigit() else "Sleep and walking."

    def _status(self, errand: ReadPost) -> PostReading:
        counts = {"views": 100, "likes": 3, "reposts": 1, "replies": len(self.texts), "bookmarks": 0}
        answers = tuple(
            Answer(id_at(START + timedelta(minutes=1), place), f"crier_{place}", text)
            for place, text in enumerate(self.texts)
        )
        return PostReading(
            id_at(START),
            errand.account,
            self.own[errand.tweet_id],
            **counts,
            created_at=START,
            site_time=START,
            answers=answers,
        )
