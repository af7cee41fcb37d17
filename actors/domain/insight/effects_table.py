"""The table of effects: all that the expert is shown, and all that its answer may rest on.

It holds values of the taxonomy and numbers, so no word of anybody can come through it into a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.learning.features import BLOCKS
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from actors.domain.insight.finding import Finding
    from actors.domain.learning.snapshot import WeightSnapshot

OURS = "ours"
"""The source of a row that our own posts are the evidence of."""
FEWEST_POSTS = 5
"""Of a value that was posted less often the learner says what it believed before (see `effects.FEWEST_POSTS`)."""
_INTERVAL = 1.2816
"""Standard deviations on both sides that hold 80 %."""
_DIGITS = 2

_SYSTEM = """\
You advise a social account about everyday wellness. You see a table of effects and nothing else: an id in brackets, a \
value of a factor, its mean effect on the log of the reward with the ends of its 80 % interval, the number of posts, \
and whose posts they are. Name up to six values that are worth a try: values that our own posts have not settled yet, \
or values of the same factor that the table does not have. Cite at least one row of that factor for each, by id, and \
give as mean the mean of a row that you cite, exactly as it stands there. Use no other number.
Answer with JSON only: {"insights": [{"factor": "hook", "value": "question", "cites": ["e1"], "mean": 0.1}]}."""

Value = tuple[str, str]
"""A factor and one of its values."""


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect on the log of the reward, with the ends of its 80 % interval.

    Args:
        posts: how many it rests on.
        source: `OURS`, or the source of a finding.
        id: in the table, such as `e3`; empty outside of it.
    """

    factor: str
    value: str
    mean: float
    low: float
    high: float
    posts: int
    source: str = OURS
    id: str = ""

    @property
    def is_clear(self) -> bool:
        """Tell whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    def numbered(self, id: str) -> EffectRow:
        """Return the row under this id, its numbers as the expert will see them."""
        mean, low, high = (round(number, _DIGITS) for number in (self.mean, self.low, self.high))
        return replace(self, mean=mean, low=low, high=high, id=id)

    @property
    def line(self) -> str:
        """Return the row as the expert sees it."""
        numbers = f"mean={self.mean:+.2f} low={self.low:+.2f} high={self.high:+.2f} n={self.posts}"
        return f"[{self.id}] {self.factor}={self.value} {numbers} of={self.source}"

    def record(self) -> dict[str, Any]:
        """Return what is kept of a row that was cited, as JSON can hold it."""
        return {"source": self.source, "mean": self.mean, "low": self.low, "high": self.high, "posts": self.posts}


def own_effects(weights: WeightSnapshot, posts: Mapping[Value, int]) -> dict[Value, EffectRow]:
    """Return the effect of each value that was posted often enough, against its factor's mean, as the learner has it.

    The learner looks at all factors together, so that a topic is not praised for the hook it was posted with.

    Args:
        weights: the snapshot in force; of the prior nothing is told.
        posts: how many posts of ours have been measured, by value.
    """
    if weights.source == "prior":
        return {}
    belief, noise = weights.posterior.belief, weights.posterior.noise
    found = {}
    for factor, values in FACTORS.items():
        contrast = np.eye(len(values)) - 1 / len(values)
        means = contrast @ belief.mean[BLOCKS[factor]]
        deviations = np.sqrt(noise * ((contrast @ belief.root[BLOCKS[factor]]) ** 2).sum(axis=1))
        for value, mean, half in zip(values, means.tolist(), (_INTERVAL * deviations).tolist(), strict=True):
            count = posts.get((factor, value), 0)
            if count >= FEWEST_POSTS:
                found[factor, value] = EffectRow(factor, value, mean, mean - half, mean + half, count)
    return found


def table_of(ours: Mapping[Value, EffectRow], findings: Iterable[Finding]) -> tuple[EffectRow, ...]:
    """Return the table: our own effects, then those that were found of single values elsewhere, all with an id.

    The expert's own findings are left out, or it would cite itself. Numbers are those that it will see.
    """
    rows = [ours[value] for value in sorted(ours)]
    rows += [
        EffectRow(*finding.kind[0], *finding.effect, finding.posts, finding.source)
        for finding in sorted(findings, key=lambda each: (each.source, each.key))
        if finding.source != "expert" and finding.effect is not None and len(finding.kind) == 1
    ]
    return tuple(row.numbered(f"e{number}") for number, row in enumerate(rows, start=1))


def advise_messages(table: Iterable[EffectRow]) -> list[dict[str, str]]:
    """Return the chat messages that show the expert the table."""
    lines = ["task: advise", *(row.line for row in table)]
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": "\n".join(lines)}]
