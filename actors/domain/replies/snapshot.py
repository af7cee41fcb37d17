"""A version of what was learned about replies, as it is stored and as choices are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from actors.domain.learning.posterior import Posterior, prior
from actors.domain.learning.snapshot import posterior_of, stored_posterior
from actors.domain.replies.features import SPACE, STRATEGIES, schema
from actors.domain.replies.reward import REWARD_VERSION
from actors.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = schema(REWARD_VERSION)


@dataclass(frozen=True, slots=True)
class ReplyWeights:
    """One version; `reply_posting` chooses from it and each reply records its version.

    Args:
        version: 0 is the prior; each learned one is one more than its predecessor.
        created_at: schedule time.
        outcomes: how many measured replies are in it.
        source: `prior` until enough was measured.
        fingerprint: of the outcomes it was learned from.
        strategy_weights: the share of the next choices each strategy would get, other things equal; they sum to 1.
        schema: what the numbers mean.
    """

    version: int
    created_at: datetime
    outcomes: int
    source: Literal["prior", "learned"]
    fingerprint: str
    posterior: Posterior
    strategy_weights: Mapping[str, float]
    schema: str = SCHEMA

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, bit for bit."""
        return {
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "source": self.source,
            "outcomes": self.outcomes,
            "fingerprint": self.fingerprint,
            "schema": self.schema,
            "strategy_weights": dict(self.strategy_weights),
            **stored_posterior(self.posterior),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ReplyWeights:
        """Return what `to_dict` stored.

        Raises:
            PermanentError: it was learned from other features or another reward, so its numbers mean nothing now.
        """
        version = int(stored["version"])
        if stored["schema"] != SCHEMA:
            message = f"reply weights {version} were learned for schema {stored['schema']}, this program has {SCHEMA}"
            raise PermanentError(message, "start from prior_weights(version) and let reply_learning run")
        outcomes = int(stored["outcomes"])
        return cls(
            version=version,
            created_at=datetime.fromisoformat(stored["created_at"]),
            outcomes=outcomes,
            source=stored["source"],
            fingerprint=stored["fingerprint"],
            posterior=posterior_of(stored, outcomes, SPACE.dimension),
            strategy_weights=dict(stored["strategy_weights"]),
        )


def prior_weights(version: int = 0) -> ReplyWeights:
    """Return what to choose from before anything is learned; every strategy has the same share."""
    shares = dict.fromkeys(STRATEGIES, 1 / len(STRATEGIES))
    return ReplyWeights(version, datetime.fromtimestamp(0, UTC), 0, "prior", "", prior(SPACE), shares)
