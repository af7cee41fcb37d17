"""Carrying: which tone and which type of angle the posts of a kind do well with."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.insight.agreement import Standing
from actors.domain.insight.finding import Advice, Finding, confidence_of
from actors.domain.insight.reach import without_loud_authors
from actors.domain.taxonomy import ANGLES, FACTORS, TONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEAST_POSTS = LEAST_SUCCESSES = 5
"""Posts, and successes among them, that a kind must have (domain.md 5.5)."""
LEAST_SHARE = 0.4
"""Weighted share of the successes that a value must have to be what carries them."""
MOST_LUCK = 0.01
"""Chance that so many successes show a value by luck, from which on they say nothing.

Some 44 kinds are asked about two fields each, so that luck answers less than one question of all.
"""
_STRENGTH = 10.0
"""Posts that the use of a value in all posts is worth, beside those of the kind that did not do well."""
_VALUES = {"tone": tuple(TONES), "angle": tuple(ANGLES)}


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled post: what it is like in our words, and how it did."""

    author: str
    features: Mapping[str, str]
    label: Mapping[str, str]
    weight: float
    is_success: bool


def findings_of(examples: Sequence[Example], standings: Mapping[str, Standing]) -> list[Finding]:
    """Return what carries each kind of posts, those of one value of topic, hook or format and of a hook and a format.

    Args:
        examples: the newest first.
        standings: how far the fields of their labels are to be used. Nothing rests on a dropped one, and what rests on
            one that is not proven has a low confidence.
    """
    heard = without_loud_authors(examples)
    fields = [field for field in _VALUES if standings.get(field, Standing.UNPROVEN) is not Standing.DROPPED]
    usual = {field: _usual(field, heard) for field in fields}
    findings = []
    for kind, members in sorted(_kinds(examples).items()):
        posts = without_loud_authors(members)
        if len(posts) < LEAST_POSTS or sum(post.is_success for post in posts) < LEAST_SUCCESSES:
            continue
        carried = {field: value for field in fields if (value := _carrier(field, posts, usual[field])) is not None}
        if carried:
            is_proven = all(standings.get(field) is Standing.PROVEN for field in carried)
            confidence = confidence_of(len(posts)) if is_proven else "low"
            advice = Advice(tone=carried.get("tone"), angle=carried.get("angle"))
            findings.append(Finding("labelled", kind, advice, len(posts), confidence))
    return findings


def _kinds(examples: Iterable[Example]) -> dict[tuple[tuple[str, str], ...], list[Example]]:
    """Return the members of each kind, in their order."""
    kinds: dict[tuple[tuple[str, str], ...], list[Example]] = defaultdict(list)
    for example in examples:
        known = {name: value for name, value in example.features.items() if value in FACTORS.get(name, ())}
        for factor in ("topic", "hook", "format"):
            if factor in known:
                kinds[((factor, known[factor]),)].append(example)
        if "hook" in known and "format" in known:
            kinds[("format", known["format"]), ("hook", known["hook"])].append(example)
    return kinds


def _usual(field: str, examples: Sequence[Example]) -> dict[str, float]:
    """Return the share of all posts that show each value; each is given one more, for none is impossible."""
    labelled = [example.label[field] for example in examples if field in example.label]
    values = _VALUES[field]
    return {value: (labelled.count(value) + 1) / (len(labelled) + len(values)) for value in values}


def _carrier(field: str, posts: Sequence[Example], usual: Mapping[str, float]) -> str | None:
    """Return the value that has the most weight among the successes, if it has enough and more than by luck.

    Luck is that a success shows a value as often as posts of the kind do that did not do well, with the share of all
    posts as the belief before any was seen.
    """
    labelled = [post for post in posts if field in post.label]
    wins = [post for post in labelled if post.is_success]
    if len(wins) < LEAST_SUCCESSES:
        return None
    weights = {value: sum(post.weight for post in wins if post.label[field] == value) for value in usual}
    best = max(weights, key=weights.__getitem__)
    if weights[best] < LEAST_SHARE * sum(post.weight for post in wins):
        return None
    others = [post for post in labelled if not post.is_success]
    shown = sum(post.label[field] == best for post in others)
    chance = (shown + _STRENGTH * usual[best]) / (len(others) + _STRENGTH)
    hits = sum(post.label[field] == best for post in wins)
    return best if luck(hits, len(wins), chance) <= MOST_LUCK else None


def luck(hits: int, tries: int, chance: float) -> float:
    """Return how likely at least so many hits are, each try having that chance, above 0 and below 1."""

    def likelihood(count: int) -> float:
        ways = math.lgamma(tries + 1) - math.lgamma(count + 1) - math.lgamma(tries - count + 1)
        return math.exp(ways + count * math.log(chance) + (tries - count) * math.log1p(-chance))

    return math.fsum(likelihood(count) for count in range(hits, tries + 1))
