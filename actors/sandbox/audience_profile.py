"""What kind of audience it is: the priors its hidden preferences are drawn from, as a strict JSON file."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _factors() -> dict[str, float]:
    return {"generator": 0.35, "topic": 0.45, "hook": 0.30, "format": 0.20, "length": 0.12}


def _by_attitude(welcoming: float, indifferent: float, hostile: float, opted_out: float) -> dict[str, float]:
    return {"welcoming": welcoming, "indifferent": indifferent, "hostile": hostile, "opted_out": opted_out}


def _reply_odds() -> dict[str, float]:
    return _by_attitude(1.6, 1.0, 0.35, 0.25)


def _author_follows() -> dict[str, float]:
    return _by_attitude(0.06, 0.006, 0.0, 0.0)


def _author_answers() -> dict[str, float]:
    return _by_attitude(0.3, 0.04, 0.0, 0.85)


def _author_reports() -> dict[str, float]:
    return _by_attitude(0.002, 0.02, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Profile:
    """Every constant of the audience model; the defaults are those of growth.md 3.1, a small account.

    Args:
        followers: at the first post.
        segments: groups of readers with tastes and hours of their own.
        factor_sd: spread of the preferences for the values of each factor.
        segment_share: how far a segment's taste strays from the common one, as a share of the spread.
        interaction_sd: spread of the combinations that matter, `interaction_share` of all (generator, topic) and
            (hook, format).
        trait_sd: spread of the preferences for what the text shows beside its arm.
        quality_sd: spread of how well single posts turn out.
        reach: share of the followers a post reaches at eight posts a day; more posts reach fewer each.
        engagement: chance that a reader to whom a post means nothing special likes it; `_rate`s are shares of that.
        fatigue_hours: how long a topic or a generator is remembered.
        churn: share of the followers that leaves in a day; `crowding_churn` adds to it beyond twelve posts a day, and
            each hide or report makes `report_churn` of a follower leave.
        reply_reach: share of a post's reach that an answer to oneself gets. All below is about answers to others.
        reply_share: share of the target's readers still to come who see a reply that was there from the start.
        reply_late_minutes: within so many the share falls to its e-th part; not below `reply_late_floor` of it.
        reply_crowd: of how many readers still to come on, answers compete; twice as many then show one to
            2^(1 - `reply_crowding`) times as many.
        reply_engagement: chance that an indifferent author's reader likes a reply of middling relevance; `reply_follow`
            is the share of those who like it that follow.
        reply_odds: factor on the odds of being liked, by the author's attitude: readers take after whom they read.
        relevance_weight: on the logit, from -1/2 for what could stand anywhere to +1/2; likewise `early_weight` times
            what `reply_late_minutes` leaves, and `promotion_weight` for each kind of promotion, which is taken off.
        reply_report: chance that a reader reports a reply that means nothing special to anybody, at most
            `reply_report_limit` for the worst.
        author_follows: chance that the author follows back, by attitude; likewise `author_answers` and
            `author_reports`.
        author_minutes: until the author takes notice, in the median.
        spam_per_author: unsolicited replies a day to one author that the platform bears.
        grudge_days: for how long an author who got more takes unsolicited replies as a hostile one does.
        spam_reports: of replies within a day that it bears.
        spam_reach: what it leaves of the reach of everything for `spam_hours` after either was exceeded.
        lock_excess: unsolicited replies beyond `spam_per_author` within a day on which it takes no post for
            `lock_hours`; so many `lock_reports` within a day do the same.
    """

    followers: int = 5000
    segments: int = 5
    factor_sd: Mapping[str, float] = field(default_factory=_factors)
    segment_share: float = 0.6
    interaction_sd: float = 0.25
    interaction_share: float = 0.25
    trait_sd: float = 0.10
    quality_sd: float = 0.35
    fatigue_topic: float = 0.35
    fatigue_generator: float = 0.20
    fatigue_hours: float = 12.0
    duplicate_penalty: float = 1.5
    duplicate_similarity: float = 0.85
    duplicate_days: float = 7.0
    claim_penalty: float = 0.4
    claim_report_factor: float = 5.0
    reach: float = 0.08
    reach_exponent: float = 0.5
    amplification_sd: float = 0.6
    viral: float = 0.02
    viral_limit: float = 0.2
    viral_shape: float = 1.5
    viral_cap: float = 200.0
    engagement: float = 0.012
    engagement_limit: float = 0.25
    repost_rate: float = 0.15
    reply_rate: float = 0.12
    bookmark_rate: float = 0.20
    follow_rate: float = 0.08
    report: float = 0.002
    maturity_hours: float = 5.0
    maturity_sd: float = 0.3
    maturity_shape: float = 0.75
    background_follows: float = 6.0
    churn: float = 0.0008
    crowding_churn: float = 0.0004
    report_churn: float = 0.5
    reply_reach: float = 0.1
    reply_share: float = 0.02
    reply_late_minutes: float = 30.0
    reply_late_floor: float = 0.15
    reply_crowd: float = 20_000.0
    reply_crowding: float = 0.7
    reply_engagement: float = 0.012
    reply_follow: float = 0.04
    reply_odds: Mapping[str, float] = field(default_factory=_reply_odds)
    relevance_weight: float = 3.0
    early_weight: float = 0.8
    promotion_weight: float = 1.5
    reply_report: float = 0.0002
    reply_report_limit: float = 0.02
    author_follows: Mapping[str, float] = field(default_factory=_author_follows)
    author_answers: Mapping[str, float] = field(default_factory=_author_answers)
    author_reports: Mapping[str, float] = field(default_factory=_author_reports)
    author_minutes: float = 40.0
    spam_per_author: int = 2
    grudge_days: float = 7.0
    spam_reports: int = 4
    spam_reach: float = 0.3
    spam_hours: float = 48.0
    lock_excess: int = 4
    lock_reports: int = 12
    lock_hours: float = 6.0


def load_profile(path: Path | None) -> Profile:
    """Return the profile in a JSON file of `Profile`'s fields; what it leaves out, or no path at all, is the default.

    Raises:
        ConfigError: the file can't be read, or has an unknown key or a value of the wrong kind.
    """
    if path is None:
        return Profile()
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"audience profile {path} cannot be read: {error}"
        raise ConfigError(message, "give the sandbox an existing JSON file with --audience") from error
    if not isinstance(given, dict):
        message = f"audience profile {path} is no JSON object"
        raise ConfigError(message, "write keys and values in braces")
    defaults = Profile()
    known = {item.name: getattr(defaults, item.name) for item in fields(Profile)}
    return replace(defaults, **{key: _checked(str(path), key, value, known) for key, value in given.items()})


def _checked(where: str, key: str, value: Any, known: Mapping[str, Any]) -> Any:
    if key not in known:
        nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)[0]
        message = f"unknown key {key!r} in audience profile {where}"
        raise ConfigError(message, f"the nearest known key is {nearest!r}")
    default = known[key]
    if isinstance(default, dict):
        if not isinstance(value, dict):
            message = f"{key} = {value!r} in audience profile {where} is no JSON object"
            raise ConfigError(message, f"it maps {', '.join(default)} to numbers")
        parts = {part: _checked(f"{where}, {key}", part, number, default) for part, number in value.items()}
        return {**default, **parts}
    kinds = (int,) if isinstance(default, int) else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < float("inf"):
        message = f"{key} = {value!r} in audience profile {where} is no {'whole ' * (kinds == (int,))}number from 0 up"
        raise ConfigError(message, f"the default is {default!r}")
    if value == 0 and key in _POSITIVE:
        message = f"{key} = 0 in audience profile {where} would divide by it"
        raise ConfigError(message, f"the default is {default!r}")
    return value


_POSITIVE = frozenset(
    {
        "segments",
        "fatigue_hours",
        "viral_shape",
        "maturity_hours",
        "maturity_shape",
        "reply_late_minutes",
        "reply_crowd",
    }
)
