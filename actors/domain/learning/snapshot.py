"""A version of everything learned, as it is stored and as choices are made from it."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from actors.domain.learning.features import BLOCKS, DIMENSION
from actors.domain.learning.posterior import Posterior, prior
from actors.domain.learning.reward import REWARD_VERSION
from actors.domain.taxonomy import FACTORS
from actors.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names what the numbers mean: another taxonomy, other blocks or another reward, and they mean nothing.
SCHEMA = hashlib.blake2b(
    repr((REWARD_VERSION, list(FACTORS.items()), [(name, block.stop) for name, block in BLOCKS.items()])).encode(),
    digest_size=8,
).hexdigest()


@dataclass(frozen=True, slots=True)
class WeightSnapshot:
    """One version of what was learned; `plan` chooses from it and each decision records its version.

    Args:
        version: 0 is the prior; each learned snapshot is one more than its predecessor.
        created_at: schedule time.
        outcomes: how many measured outcomes are in it.
        source: `prior` until enough was measured.
        fingerprint: of the outcomes it was learned from.
        generator_weights: the share of the next choices each generator would get, for the record; they sum to 1.
    """

    version: int
    created_at: datetime
    outcomes: int
    source: Literal["prior", "learned"]
    fingerprint: str
    posterior: Posterior
    generator_weights: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the snapshot as JSON can hold it, bit for bit."""
        return {
            "version": self.version,
            "created_at": self.created_at.isoformat(),
            "outcomes": self.outcomes,
            "source": self.source,
            "fingerprint": self.fingerprint,
            "schema": SCHEMA,
            **stored_posterior(self.posterior),
            "generator_weights": dict(self.generator_weights),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> WeightSnapshot:
        """Return the snapshot that `to_dict` stored.

        Raises:
            PermanentError: it was learned for another taxonomy or another reward, so its numbers mean nothing now.
        """
        version = int(stored["version"])
        if stored["schema"] != SCHEMA:
            message = f"weight snapshot {version} was learned for schema {stored['schema']}, this program has {SCHEMA}"
            raise PermanentError(message, "start from prior_snapshot(version) and let learn run")
        outcomes = int(stored["outcomes"])
        return cls(
            version=version,
            created_at=datetime.fromisoformat(stored["created_at"]),
            outcomes=outcomes,
            source=stored["source"],
            fingerprint=stored["fingerprint"],
            posterior=posterior_of(stored, outcomes, DIMENSION),
            generator_weights=dict(stored["generator_weights"]),
        )


def prior_snapshot(version: int = 0) -> WeightSnapshot:
    """Return the snapshot to choose from before anything is learned; every generator has the same share."""
    generators = FACTORS["generator"]
    weights = dict.fromkeys(generators, 1 / len(generators))
    return WeightSnapshot(version, datetime.fromtimestamp(0, UTC), 0, "prior", "", prior(), weights)


def stored_posterior(posterior: Posterior) -> dict[str, Any]:
    """Return a posterior as JSON can hold it, bit for bit; of its precision only one triangle."""
    triangle = np.tril_indices(len(posterior.shift))
    return {
        "noise": posterior.noise,
        "shift": _pack(posterior.shift),
        "precision": _pack(posterior.precision[triangle]),
    }


def posterior_of(stored: Mapping[str, Any], rows: int, dimension: int) -> Posterior:
    """Return the posterior that `stored_posterior` stored, of so many observations."""
    precision = np.zeros((dimension, dimension))
    precision[np.tril_indices(dimension)] = _unpack(stored["precision"])
    precision = precision + np.tril(precision, -1).T
    return Posterior(precision, _unpack(stored["shift"]), rows, float(stored["noise"]))


def _pack(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    # Most pairs of one-hots never occur together, so most of a precision is zeros.
    return base64.b64encode(zlib.compress(numbers.astype("<f8").tobytes())).decode("ascii")


def _unpack(text: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<f8").astype(np.float64)
