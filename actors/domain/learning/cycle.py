"""One learning cycle: all measured outcomes in, the next version of the weights out."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.learning.choice import EXPLORATION, choose
from actors.domain.learning.features import Context, vector
from actors.domain.learning.maturity import USUAL, Curve
from actors.domain.learning.posterior import Evidence, fit
from actors.domain.learning.reward import MeasuredOutcome, reward
from actors.domain.learning.snapshot import SCHEMA, WeightSnapshot
from actors.domain.taxonomy import FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from actors.domain.learning.reward import Reward

MINIMUM_OUTCOMES = 20
# No reward counts for more than the third best: what was reached once or twice is luck until it is reached again.
WITNESSES = 3
_CHOICES_PER_HOUR = 5


def learn(
    previous: WeightSnapshot,
    measured: Iterable[MeasuredOutcome],
    now: datetime,
    *,
    minimum: int = MINIMUM_OUTCOMES,
    exploration: float = EXPLORATION,
    curve: Curve = USUAL,
) -> WeightSnapshot | None:
    """Return the next snapshot, or None while too little is measured or nothing changed since `previous`.

    Everything is learned anew from the prior, so the result depends on the outcomes alone: not on their order, not on
    how often the cycle ran, and a later reading of a post simply takes the place of an earlier one. Takes a fraction
    of a second for a few thousand outcomes.
    """
    usable = _usable(measured, curve)
    if len(usable) < minimum:
        return None
    fingerprint = _fingerprint(usable)
    if fingerprint == previous.fingerprint:
        return None
    posterior = fit(_evidence(usable))
    snapshot = WeightSnapshot(previous.version + 1, now, len(usable), "learned", fingerprint, posterior, {})
    return replace(snapshot, generator_weights=_shares(snapshot, exploration))


def _shares(snapshot: WeightSnapshot, exploration: float) -> Mapping[str, float]:
    """Return each generator's share of the next 24 hours' choices, by trying 120 of them on a rested audience.

    `(1 - exploration) P(wins) + exploration / generators`, the formula of growth.md 2.1; the chance to win is summed
    over the whole slate of each choice, not counted from the one arm that was drawn.
    """
    generators = FACTORS["generator"]
    wins = dict.fromkeys(generators, 0.0)
    for hour in range(24):
        context = Context(snapshot.created_at + timedelta(hours=hour))
        for turn in range(_CHOICES_PER_HOUR):
            choice = choose(snapshot, context, b"shares:%d:%d" % (hour, turn), exploration=0.0)
            for arm, probability in zip(choice.slate, choice.probabilities, strict=True):
                wins[arm.generator] += probability
    total = sum(wins.values())
    return {name: (1 - exploration) * won / total + exploration / len(generators) for name, won in wins.items()}


def _usable(measured: Iterable[MeasuredOutcome], curve: Curve) -> list[tuple[MeasuredOutcome, Reward]]:
    latest: dict[str, tuple[MeasuredOutcome, Reward]] = {}
    for outcome in measured:
        value = reward(outcome, curve)
        known = latest.get(outcome.decision_id)
        if value is not None and (known is None or known[0].age < outcome.age):
            latest[outcome.decision_id] = (outcome, value)
    return sorted(latest.values(), key=lambda pair: (pair[0].posted_at, pair[0].decision_id))


def _fingerprint(usable: list[tuple[MeasuredOutcome, Reward]]) -> str:
    digest = hashlib.blake2b(SCHEMA.encode(), digest_size=16)
    for outcome, value in usable:
        digest.update(repr((outcome.decision_id, outcome.arm, outcome.posted_at, outcome.exposure, value)).encode())
    return digest.hexdigest()


def _evidence(usable: list[tuple[MeasuredOutcome, Reward]]) -> Evidence:
    z = np.array([value.z for _, value in usable])
    return Evidence(
        x=np.array([vector(outcome.arm, outcome.posted_at, outcome.exposure) for outcome, _ in usable]),
        z=np.minimum(z, np.sort(z)[-WITNESSES:][0]),
        weight=np.array([value.weight for _, value in usable]),
    )
