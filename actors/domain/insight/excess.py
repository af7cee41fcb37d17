"""Excess: by how much a post did better than was to be expected of its author, and how far authors count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from actors.domain.insight.peers import WEIGHTS, tier_of
from actors.domain.insight.reach import AUTHORS_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Vector = npt.NDArray[np.float64]

FEWEST_AUTHORS = 10
"""With fewer, one of them has more than that share."""
_FEWEST_REPEATS = 10
_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Example:
    """A post whose counts were read when it was a day old or older.

    Args:
        author: folded handle.
        followers: of the author; None is unknown.
        is_picked: whether it was found only because it is liked.
        engagement: its likes, reposts and replies together.
        values: by factor, what the taxonomy calls it; what it has no name for is left out.
    """

    author: str
    followers: int | None
    is_picked: bool
    engagement: int
    values: Mapping[str, str]
    characters: int
    line_breaks: int
    has_emoji: bool


def weights_of(examples: Sequence[Example]) -> Vector:
    """Return what each example counts by the tier of its author."""
    return np.array([WEIGHTS[tier_of(each.followers)] for each in examples])


def capped(weights: Vector, authors: npt.NDArray[np.int64]) -> Vector:
    """Return the weights with those of the loudest authors cut until none has more than `AUTHORS_SHARE` of the sum.

    Of fewer than `FEWEST_AUTHORS` all are made alike, which is as near as it gets. `authors` are numbers from 0 on.
    """
    totals = np.bincount(authors, weights)
    present = np.sort(totals[totals > 0])[::-1]
    limit = present[-1]
    for above in range(min(FEWEST_AUTHORS, len(present))):
        # So many authors are cut to a tenth of what that leaves: limit = share * (rest + above * limit).
        limit = AUTHORS_SHARE * present[above:].sum() / (1 - AUTHORS_SHARE * above)
        if present[above] <= limit:
            break
    else:
        limit = present[-1]
    factor = np.ones_like(totals)
    np.divide(limit, totals, out=factor, where=totals > limit)
    return np.asarray(weights * factor[authors])


def numbered(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """Number the authors of these examples from 0 on."""
    return np.unique([each.author for each in examples], return_inverse=True)[1].astype(np.int64)


def excesses(examples: Sequence[Example]) -> Vector:
    """Return `log1p(E)` of each example less what was to be expected of it (growth.md 4, viral and peer posts).

    Expected is `a + b log followers + c picked + author`, with a `c` of its own for each topic. The first three are
    least squares. `picked` is there because what was found for being liked is liked, whatever it is made like, and as
    much as the search for its topic asks for; and an author's own level is the mean of what is left, shrunk by how much
    authors differ at all (moments), so that one post alone says little of its author. Age is no term: at a day a post
    has all but a few per cent of its engagement (growth.md 3.1), and younger ones are none of the examples.
    """
    authors, weights = numbered(examples), weights_of(examples)
    scores = np.log1p([float(each.engagement) for each in examples])
    known = np.array([each.followers is not None for each in examples], dtype=float)
    sizes = np.log1p([float(each.followers or 0) for each in examples])
    sizes = known * (sizes - (known @ sizes) / max(1.0, known.sum()))
    searched = sorted({each.values.get("topic", "") for each in examples if each.is_picked})
    picked = [
        np.array([each.is_picked and each.values.get("topic", "") == topic for each in examples], dtype=float)
        for topic in searched
    ]
    terms = np.column_stack([np.ones_like(scores), sizes, known, *picked])
    # A term without any spread, such as `known` where all are, must not make the equations singular.
    weighed = terms * capped(weights, authors)[:, None]
    left = scores - terms @ np.linalg.solve(terms.T @ weighed + _RIDGE * np.eye(terms.shape[1]), weighed.T @ scores)
    return np.asarray(left - _levels(left, authors)[authors])


def _levels(left: Vector, authors: npt.NDArray[np.int64]) -> Vector:
    """Return each author's own level: his mean, shrunk towards zero.

    While hardly anybody is there with a second post, nobody can tell authors from posts, and there are no levels.
    """
    posts = np.bincount(authors)
    means = np.bincount(authors, left) / posts
    repeats = len(left) - len(posts)
    if repeats < _FEWEST_REPEATS:
        return np.zeros_like(means)
    within = float(((left - means[authors]) ** 2).sum()) / repeats
    between = float((means**2).mean() - (within / posts).mean())
    if between <= 0:
        return np.zeros_like(means)
    return np.asarray(means * posts / (posts + within / between))
