"""The searches of the harvest: which are due next, how much liked a post must be, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from actors.domain.rules import Rules

LIMIT = 50
"""Posts read of one search (domain.md 1.3, job 5)."""
_NEGATIVE = ("crypto", "nft", "betting", "airdrop", "giveaway", "casino", "porn", "onlyfans", "forex")
_FEW, _MANY = 2, 12
"""Fewer kept posts than `_FEW` are a poor yield, more than `_MANY` a rich one: three searches a run with twelve each
would fill the pool within the day that its posts last."""
YOUNG = timedelta(hours=2)
"""Domain.md 9.3: posts of this age are preferred."""
_ENOUGH_YOUNG = 8
"""What four replies an hour use up until the next harvest."""
_CRITICAL_POOL = 20
"""Domain.md 7, health of the harvester."""


class Kind(Enum):
    """What a search looks for."""

    WORDS = "posts about something, or about anything"
    RESCUE = "less liked posts, while hardly any are ready"
    AUTHOR = "posts of one of the best accounts"
    MENTION = "posts that mention us"


@dataclass(frozen=True, slots=True)
class Search:
    """One place of the rotation.

    `likes` is the least number of likes to begin with; its yield moves it between `low` and `high`.
    """

    name: str
    kind: Kind
    words: str = ""
    likes: int = 0
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Yield:
    """What a search brought when it was last made."""

    min_likes: int
    seen: int
    kept: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A search whose turn it is: its place in the endless rotation, and whose posts if it is about an author."""

    place: int
    search: Search
    author: str = ""

    @property
    def name(self) -> str:
        """Return the name under which its yield is remembered."""
        return f"from:{self.author}" if self.author else self.search.name


_BODY = '(sleep OR bedtime OR walking OR stairs OR hydration OR thirst OR "gut health" OR fiber)'
_STRENGTH = "(strength OR muscle OR muscles OR squat OR lifting OR stroll OR bottle OR beans)"
_BIOHACK = '(biohacking OR "body clock" OR "morning light" OR daylight OR sunlight OR sunrise OR breathing)'
_MIND = '(stress OR "mental health" OR loneliness OR friendship OR focus OR attention OR worry OR exhale)'

ROTATION: tuple[Search, ...] = (
    Search("body", Kind.WORDS, _BODY, 500, 50, 5_000),
    Search("to us", Kind.MENTION),
    Search("anything 1k", Kind.WORDS, "", 1_000, 100, 10_000),
    Search("author a", Kind.AUTHOR),
    Search("mind", Kind.WORDS, _MIND, 500, 50, 5_000),
    Search("rescue body", Kind.RESCUE, _BODY, 250, 25, 1_000),
    Search("anything 5k", Kind.WORDS, "", 5_000, 500, 50_000),
    Search("biohacking", Kind.WORDS, _BIOHACK, 500, 50, 5_000),
    Search("author b", Kind.AUTHOR),
    Search("rescue mind", Kind.RESCUE, _MIND, 200, 20, 1_000),
    Search("anything 10k", Kind.WORDS, "", 10_000, 1_000, 100_000),
    Search("strength", Kind.WORDS, _STRENGTH, 1_000, 100, 10_000),
    Search("anything 25k", Kind.WORDS, "", 25_000, 2_500, 250_000),
    Search("rescue strength", Kind.RESCUE, _STRENGTH, 150, 15, 1_000),
    Search("anything 50k", Kind.WORDS, "", 50_000, 5_000, 500_000),
)
"""The searches of domain.md 1.3 (job 5) in turn: four about health, five about anything, three to the rescue, two of
the older account variant, and one for who addressed us. Mixed, so that no run has searches of one sort only."""

_AUTHOR_TURNS = tuple(place for place, search in enumerate(ROTATION) if search.kind is Kind.AUTHOR)


def answers_only_who_addressed_us(rules: Rules) -> bool:
    """Say whether strangers are none of our business there: on every live platform, and where its rules say so."""
    return rules.is_live or not rules.replies_to_strangers.value


def is_pool_low(pool: int, minimum: int) -> bool:
    """Say whether the rescue searches have their turn."""
    return pool < minimum


def places(pool: int, young: int, searches: int, target: int) -> int:
    """Return how many searches a run makes: `searches`, and twice as many when the pool is critical.

    A pool that has its target makes none, unless hardly any of it is still `young` (posted within `YOUNG`): then it is
    one search for new posts, because an answer that comes late is hardly seen, and a pool filled once would
    otherwise be answered from oldest to older for a day.
    """
    if pool >= target:
        return 1 if young < _ENOUGH_YOUNG else 0
    return searches * 2 if pool < _CRITICAL_POOL else searches


def turns(
    position: int, places: int, *, is_low: bool, authors: Sequence[str], only_addressed: bool
) -> tuple[Turn, ...]:
    """Return the next searches from `position` of the rotation on, none of them twice.

    What has no turn now is passed over: rescue while the pool is filled, authors while none is known, and where
    nobody may be answered but who addressed us, everything else. `authors` are handles, the best first; each lap takes
    the next of them.
    """
    found: list[Turn] = []
    named: set[str] = set()
    for place in range(position, position + len(ROTATION)):
        lap, step = divmod(place, len(ROTATION))
        search = ROTATION[step]
        if only_addressed and search.kind is not Kind.MENTION:
            continue
        match search.kind:
            case Kind.RESCUE if not is_low:
                continue
            case Kind.AUTHOR if not authors:
                continue
            case Kind.AUTHOR:
                number = lap * len(_AUTHOR_TURNS) + _AUTHOR_TURNS.index(step)
                whose = authors[number % len(authors)]
                if whose not in named:
                    found.append(Turn(place, search, whose))
                    named.add(whose)
            case _:
                found.append(Turn(place, search))
        if len(found) == places:
            break
    return tuple(found)


def min_likes(turn: Turn, yields: Mapping[str, Yield]) -> int:
    """Return how much liked a post must be: as before if the yield was right, less after a poor one, more after a rich.

    A poor yield of a full page was not the threshold's doing, so it stays; of a page without any post it falls
    twice as far. Domain.md 6, I1: thresholds that never moved found nothing for days.
    """
    search, last = turn.search, yields.get(turn.name)
    if last is None:
        return search.likes
    likes = last.min_likes
    if last.kept > _MANY:
        likes *= 2
    elif last.kept < _FEW and last.seen < LIMIT:
        likes //= 2 if last.seen else 4
    return max(search.low, min(likes, search.high))


def query_of(turn: Turn, likes: int, *, account: str, since: date) -> str:
    """Write the search in the site's operators; every one leaves out replies, for only root posts are answered."""
    match turn.search.kind:
        case Kind.MENTION:
            return f"@{account} -filter:replies"
        case Kind.AUTHOR:
            return f"from:{turn.author} since:{since} -filter:replies"
        case _:
            unwanted = " ".join(f"-{word}" for word in _NEGATIVE)
            return f"{turn.search.words} min_faves:{likes} since:{since} lang:en -filter:replies {unwanted}".strip()
