"""Which arm to play: Thompson sampling over a small slate, whose exact probabilities are known and logged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actors.domain.learning.calibration import Prediction
from actors.domain.learning.features import Context, Exposure, Matrix, Vector, best_arm, vector
from actors.domain.randomness import keyed
from actors.domain.taxonomy import FACTORS, Arm

if TYPE_CHECKING:
    from actors.domain.learning.posterior import Posterior
    from actors.domain.learning.snapshot import WeightSnapshot

# Growth.md 2.1: half of the slate explores, half is what draws of the posterior would play. A temper below 1 draws
# closer to the mean; at 1 the first month lost 5 to 13 points.
UNIFORM, DRAWN = 6, 6
TEMPER = 0.5
WIN_DRAWS = 400
EXPLORATION = 0.05
# How often a uniform candidate is taken from what the content slot prefers.
PREFERENCE = 0.3


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision with all that is needed to replay it and to weigh it afterwards.

    Args:
        arm: what to play.
        propensity: the exact probability it was chosen with, given the slate.
        slate: the distinct candidates, part of the context of the decision.
        probabilities: of each candidate; they sum to 1, and none is less than the exploration's even share.
        exposure: of the chosen arm, to be stored with its outcome.
    """

    arm: Arm
    propensity: float
    slate: tuple[Arm, ...]
    probabilities: tuple[float, ...]
    key: bytes
    version: int
    exploration: float
    context: Context
    exposure: Exposure
    predicted: Prediction
    """What the weights expect of the chosen arm, before it is published."""

    def record(self) -> dict[str, Any]:
        """Return the decision as JSON can hold it, bit for bit."""
        return {
            "version": self.version,
            "key": self.key.hex(),
            "exploration": self.exploration,
            "context": self.context.record(),
            "slate": [list(asdict(arm).values()) for arm in self.slate],
            "probabilities": list(self.probabilities),
            "chosen": self.slate.index(self.arm),
            "propensity": self.propensity,
            "exposure": asdict(self.exposure),
            "predicted": self.predicted.record(),
        }


def choose(snapshot: WeightSnapshot, context: Context, key: bytes, *, exploration: float = EXPLORATION) -> Choice:
    """Choose an arm; the same snapshot version, context and key give the same choice, whenever and wherever.

    The slate is six arms drawn evenly and six that draws of the posterior value highest, all among those that the
    context allows (equal ones are kept once). A candidate's probability is how often it wins the slate in further
    draws, mixed with an even share of `exploration`; the arm is then drawn from exactly these probabilities, so the
    logged propensity is no estimate.
    """
    rng = keyed("choice", snapshot.version, key)
    slate = _slate(snapshot.posterior, context, rng)
    probabilities = _probabilities(snapshot.posterior, context, slate, rng, exploration)
    chosen = int(np.searchsorted(np.cumsum(probabilities)[:-1], rng.random(), side="right"))
    arm = slate[chosen]
    return Choice(
        arm=arm,
        propensity=float(probabilities[chosen]),
        slate=slate,
        probabilities=tuple(probabilities.tolist()),
        key=key,
        version=snapshot.version,
        exploration=exploration,
        context=context,
        exposure=context.exposures.on(arm),
        predicted=predict(snapshot.posterior, arm, context),
    )


def predict(posterior: Posterior, arm: Arm, context: Context) -> Prediction:
    """Return the posterior's expectation of the log reward of posting this arm in this context."""
    x = vector(arm, context.at, context.exposures.on(arm))
    belief = posterior.belief
    spread = float(np.linalg.norm(belief.root.T @ x)) * float(np.sqrt(posterior.noise))
    return Prediction(float(x @ belief.mean), spread, posterior.noise)


def _slate(posterior: Posterior, context: Context, rng: np.random.Generator) -> tuple[Arm, ...]:
    uniform = [_any_arm(context, rng) for _ in range(UNIFORM)]
    belief = posterior.belief
    noise = rng.standard_normal((len(belief.mean), DRAWN))
    draws = belief.mean[:, None] + TEMPER * np.sqrt(posterior.noise) * (belief.root @ noise)
    drawn = [best_arm(draws[:, column], context) for column in range(DRAWN)]
    return tuple(dict.fromkeys(uniform + drawn))


def _any_arm(context: Context, rng: np.random.Generator) -> Arm:
    # Drawn whether needed or not, so that a preference changes no other candidate.
    is_preferring = rng.random() < PREFERENCE
    place = rng.random(len(FACTORS))
    arm = {}
    for name, share in zip(FACTORS, place, strict=True):
        every = context.values(name)
        preferred = tuple(value for value in context.preferred.get(name, ()) if value in every)
        values = (preferred or every) if is_preferring else every
        arm[name] = values[int(share * len(values))]
    return Arm(**arm)


def _probabilities(
    posterior: Posterior, context: Context, slate: tuple[Arm, ...], rng: np.random.Generator, exploration: float
) -> Vector:
    features: Matrix = np.array([vector(arm, context.at, context.exposures.on(arm)) for arm in slate])
    return chances(posterior, features, rng, exploration)


def chances(
    posterior: Posterior,
    features: Matrix,
    rng: np.random.Generator,
    exploration: float,
    ahead: Vector | float = 0.0,
) -> Vector:
    """Return the probability of each candidate, a row of features each.

    It is how often the candidate wins in draws of the posterior, mixed with an even share of `exploration`. `ahead` is
    what each is known to be worth besides.
    """
    belief = posterior.belief
    # The scores of a slate have the covariance F root root' F' = R'R, so a dozen numbers draw them instead of hundreds.
    upper = np.linalg.qr((features @ belief.root).T, mode="r")
    noise = rng.standard_normal((WIN_DRAWS, len(upper)))
    scores = features @ belief.mean + ahead + TEMPER * np.sqrt(posterior.noise) * (noise @ upper)
    wins = np.bincount(scores.argmax(axis=1), minlength=len(features)) / WIN_DRAWS
    return (1 - exploration) * wins + exploration / len(features)
