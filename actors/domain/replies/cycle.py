"""One learning cycle of replies: all measured outcomes in, the next version of the weights out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from actors.domain.learning.choice import TEMPER, WIN_DRAWS
from actors.domain.learning.cycle import WITNESSES
from actors.domain.learning.posterior import Evidence, Posterior, fit
from actors.domain.randomness import keyed
from actors.domain.replies.features import SPACE, STRATEGIES
from actors.domain.replies.reward import ReplyOutcome, reward
from actors.domain.replies.snapshot import SCHEMA, ReplyWeights

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from actors.domain.learning.reward import Reward


def learn(
    previous: ReplyWeights, measured: Iterable[ReplyOutcome], now: datetime, *, minimum: int, exploration: float
) -> ReplyWeights | None:
    """Return the next weights, or None while too little is measured or nothing changed since `previous`.

    Everything is learned anew from the prior, so the result depends on the outcomes alone: not on their order, nor on
    how often the cycle ran. No reward counts for more than the third best (`WITNESSES`): one lucky reply is luck.
    """
    usable = _usable(measured)
    if len(usable) < minimum:
        return None
    fingerprint = _fingerprint(usable)
    if fingerprint == previous.fingerprint:
        return None
    z = np.array([value.z for _, value in usable])
    evidence = Evidence(
        x=np.array([outcome.features for outcome, _ in usable]),
        z=np.minimum(z, np.sort(z)[-WITNESSES:][0]),
        weight=np.array([value.weight for _, value in usable]),
    )
    posterior, version = fit(evidence, SPACE), previous.version + 1
    shares = _shares(posterior, version, exploration)
    return ReplyWeights(version, now, len(usable), "learned", fingerprint, posterior, shares)


def _shares(posterior: Posterior, version: int, exploration: float) -> dict[str, float]:
    """Return how often each strategy would win for one and the same target, with the floor of the exploration."""
    belief, block = posterior.belief, SPACE.blocks["strategy"]
    noise = keyed("strategy_shares", version).standard_normal((len(belief.mean), WIN_DRAWS))
    draws = belief.mean[block, None] + TEMPER * np.sqrt(posterior.noise) * (belief.root[block] @ noise)
    wins = np.bincount(draws.argmax(axis=0), minlength=len(STRATEGIES)) / WIN_DRAWS
    return dict(zip(STRATEGIES, ((1 - exploration) * wins + exploration / len(STRATEGIES)).tolist(), strict=True))


def _usable(measured: Iterable[ReplyOutcome]) -> list[tuple[ReplyOutcome, Reward]]:
    latest: dict[str, tuple[ReplyOutcome, Reward]] = {}
    for outcome in measured:
        value = reward(outcome) if outcome.schema == SCHEMA else None
        known = latest.get(outcome.decision_id)
        if value is not None and (known is None or known[0].age < outcome.age):
            latest[outcome.decision_id] = (outcome, value)
    return sorted(latest.values(), key=lambda pair: (pair[0].posted_at, pair[0].decision_id))


def _fingerprint(usable: list[tuple[ReplyOutcome, Reward]]) -> str:
    digest = hashlib.blake2b(SCHEMA.encode(), digest_size=16)
    for outcome, value in usable:
        digest.update(repr((outcome.decision_id, outcome.posted_at, outcome.features, value)).encode())
    return digest.hexdigest()
