"""Patterns: what posts of a kind are made like where they do well, and whether the kind does better than others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.domain.insight.excess import FEWEST_AUTHORS, capped, excesses, numbered, weights_of
from actors.domain.insight.finding import Advice, Finding, confidence_of
from actors.domain.taxonomy import FACTORS, LENGTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actors.domain.insight.excess import Example, Vector
    from actors.domain.insight.finding import Source

    Kind = tuple[tuple[str, str], ...]
    Places = npt.NDArray[np.int64]

FEWEST = 10
"""Posts of a kind that anything is said of."""
_FALSE_SHARE = 0.1
"""Of all that is preferred, how much may be luck (Benjamini and Hochberg; growth.md 4)."""
_INTERVAL = 1.2816
"""Standard errors on both sides that hold 80 %."""
_LEAST_SPREAD = 0.1
"""Standard deviation between values of a factor that is believed before anything is known: ten per cent."""
_SINGLE = ("hook", "format", "length", "topic")
_SEARCHED = "topic"
"""The factor by whose values posts are looked for."""
_RANGE = (0.1, 0.9)
_WIDE = 20
"""Characters that a range of lengths spans at least: a narrower one is no advice."""
_MOST_LINES = 20
_PARAGRAPH = "plain"
"""The format without line breaks: what foreign ones have between paragraphs is no advice for it."""
_WITH_EMOJI, _WITHOUT_EMOJI = 0.6, 0.1


@dataclass(frozen=True, slots=True)
class _Difference:
    """By how much posts of a kind differ from all others, with its standard error."""

    mean: float
    error: float

    @property
    def chance(self) -> float:
        """Return the probability of one so far from zero without any effect."""
        return 2 * NormalDist().cdf(-abs(self.mean) / self.error)


@dataclass(frozen=True, slots=True)
class _Posts:
    """Posts that are compared with each other, with what is known of each of them."""

    examples: Sequence[Example]
    excess: Vector
    authors: Places
    weights: Vector

    @classmethod
    def of(cls, examples: Sequence[Example]) -> _Posts:
        """Return these posts, which may be none."""
        if not examples:
            return cls((), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0))
        return cls(examples, excesses(examples), numbered(examples), weights_of(examples))

    def difference(self, places: Places) -> _Difference | None:
        """Return by how much the posts at these places differ from all others, None if that cannot be told."""
        others = np.setdiff1d(np.arange(len(self.examples)), places)
        if not _is_enough(self.authors[others]):
            return None
        difference = _difference(self.excess, self.weights, self.authors, (places, others))
        return difference if difference.error > 0 else None

    def advice(self, kind: Kind, places: Places, *, prefer: bool) -> Advice:
        """Return what the better half of the posts at these places, which are of this kind, is made like."""
        better = _better_half(self.excess, places)
        heavy = capped(self.weights[better], self.authors[better])
        return _advice(kind, [self.examples[place] for place in better], heavy, prefer=prefer)


def patterns(examples: Sequence[Example], source: Source = "observed") -> list[Finding]:
    """Return what these posts teach: of each value of hook, format, length and topic, and of each hook with a format.

    A kind is spoken of from ten posts by ten authors on, none of whom has more than a tenth of its weight. Its effect
    is the mean excess (see `excess`) of its posts less that of all others; the author is the unit of the error. Effects
    of one factor are shrunk towards zero by how far they differ beyond their errors. Preferred is what is better by
    its 80 % interval, as far as the false discovery rate over all kinds lets it stand. What the posts are made like is
    told from the better half of them.

    Of topics only the posts tell that were not picked for being liked: we search topic by topic, each with a threshold
    of its own, which the likes of what is found show and not what they are worth.
    """
    everything = _Posts.of(examples)
    unpicked = _Posts.of([each for each in examples if not each.is_picked])
    families = [
        *(_family(unpicked if factor == _SEARCHED else everything, (factor,)) for factor in _SINGLE),
        _family(everything, ("format", "hook")),
    ]
    differences = {
        kind: difference
        for posts, family in families
        for kind, places in family.items()
        if (difference := posts.difference(places)) is not None
    }
    sure = _discoveries(differences)
    found = []
    for posts, family in families:
        spread = _spread([differences[kind] for kind in family if kind in differences])
        for kind, places in family.items():
            effect = _shrunk(differences[kind], spread) if kind in differences else None
            is_better = effect is not None and effect[1] > 0 and kind in sure
            advice = posts.advice(kind, places, prefer=is_better)
            found.append(Finding(source, kind, advice, len(places), confidence_of(len(places)), effect))
    return found


def _family(posts: _Posts, factors: tuple[str, ...]) -> tuple[_Posts, dict[Kind, Places]]:
    """Return the kinds of these factors that there is enough of, with the places of their posts."""
    kinds = _kinds(posts.examples, factors)
    return posts, {kind: places for kind, places in kinds if _is_enough(posts.authors[places])}


def _kinds(examples: Sequence[Example], factors: tuple[str, ...]) -> Iterable[tuple[Kind, Places]]:
    """Yield each combination of values of these factors that there is, with the places of its posts."""
    places: dict[Kind, list[int]] = {}
    for place, example in enumerate(examples):
        kind = tuple((factor, example.values.get(factor, "")) for factor in factors)
        if all(value in FACTORS[factor] for factor, value in kind):
            places.setdefault(kind, []).append(place)
    for kind in sorted(places):
        yield kind, np.array(places[kind])


def _is_enough(authors: Places) -> bool:
    return len(authors) >= FEWEST and len(np.unique(authors)) >= FEWEST_AUTHORS


def _difference(excess: Vector, weights: Vector, authors: Places, sides: tuple[Places, Places]) -> _Difference:
    """Return the weighted mean of one side less that of the other, and the error of that.

    Each author is one witness: what his posts on both sides have in common is added up before it is squared. Never
    less than the error of as many independent posts.
    """
    means, pulls = [], np.zeros_like(excess)
    for places, sign in zip(sides, (1, -1), strict=True):
        heavy = capped(weights[places], authors[places])
        means.append(float(heavy @ excess[places] / heavy.sum()))
        pulls[places] = sign * heavy * (excess[places] - means[-1]) / heavy.sum()
    witnesses = min(len(np.unique(authors[places])) for places in sides)
    by_author = float((np.bincount(authors, pulls) ** 2).sum()) * witnesses / (witnesses - 1)
    return _Difference(means[0] - means[1], math.sqrt(max(by_author, float((pulls**2).sum()))))


def _discoveries(differences: dict[Kind, _Difference]) -> set[Kind]:
    """Return the kinds that differ, of which no more than `_FALSE_SHARE` are expected to be luck."""
    order = sorted(differences, key=lambda kind: differences[kind].chance)
    last = 0
    for rank, kind in enumerate(order, start=1):
        if differences[kind].chance <= _FALSE_SHARE * rank / len(order):
            last = rank
    return set(order[:last])


def _spread(differences: Sequence[_Difference]) -> float:
    """Return the standard deviation of the true effects of a factor's values, by moments."""
    if not differences:
        return _LEAST_SPREAD
    seen = sum(each.mean**2 for each in differences) / len(differences)
    noise = sum(each.error**2 for each in differences) / len(differences)
    return math.sqrt(max(_LEAST_SPREAD**2, seen - noise))


def _shrunk(difference: _Difference, spread: float) -> tuple[float, float, float]:
    trust = spread**2 / (spread**2 + difference.error**2)
    mean, half = trust * difference.mean, _INTERVAL * math.sqrt(trust) * difference.error
    return mean, mean - half, mean + half


def _better_half(excess: Vector, places: Places) -> Places:
    order = places[np.argsort(-excess[places], kind="stable")]
    return np.asarray(order[: (len(order) + 1) // 2])


def _advice(kind: Kind, examples: Sequence[Example], weights: Vector, *, prefer: bool) -> Advice:
    """Say how the better posts of a kind are made, but nothing that the rest of an arm may contradict.

    Of how long they are only where the kind says so, within what we call that; of line breaks only where it says
    which format, and one that has any. An arm has all factors, and `three lines` is no advice for one that is to be a
    paragraph.
    """
    values = dict(kind)
    characters = None
    if "length" in values:
        lengths = np.array([each.characters for each in examples])
        least, most = LENGTHS[values["length"]]
        low, high = (_quantile(lengths, weights, share) for share in _RANGE)
        low, high = max(low, least), min(high, most)
        characters = (low, high) if high - low >= _WIDE else None
    lines = None
    if values.get("format", _PARAGRAPH) != _PARAGRAPH:
        lines = _quantile(np.array([each.line_breaks for each in examples]), weights, 0.5)
    emoji = float(weights @ np.array([each.has_emoji for each in examples], dtype=float) / weights.sum())
    return Advice(
        prefer=prefer,
        characters=characters,
        line_breaks=lines if lines is not None and lines <= _MOST_LINES else None,
        has_emoji=True if emoji >= _WITH_EMOJI else False if emoji <= _WITHOUT_EMOJI else None,
    )


def _quantile(values: Places, weights: Vector, share: float) -> int:
    """Return the least value that so large a share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return int(values[order][int(np.searchsorted(reached, share * reached[-1]).clip(0, len(order) - 1))])
