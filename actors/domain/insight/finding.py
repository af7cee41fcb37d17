"""Findings: what insight has to say to the planner, in words of this program alone.

Whoever studies the posts of others ends here. A finding names posts by values of the taxonomy and advises in a closed
vocabulary, so that no sentence anybody wrote can come through it into a prompt, nor into a weight.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from actors.domain.insight.vocabulary import DEVICES
from actors.domain.taxonomy import ANGLES, FACTORS, TONES
from actors.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from actors.domain.taxonomy import Arm

Source = Literal["observed", "labelled", "deep", "news", "expert", "competitive"]
SOURCES: tuple[Source, ...] = get_args(Source)
Confidence = Literal["high", "medium", "low"]
MOST_PREFERRED = 3
"""Values of one factor that are preferred at a time: a preference for everything is none."""
PLACE_KEPT: tuple[Source, ...] = ("news", "expert")
"""Sources of which one value of each factor is tried however weak it is.

News are a few reports and an open hypothesis is nobody's evidence yet, so that by strength they would never be tried.
"""
_RANKS: tuple[Confidence, ...] = ("high", "medium", "low")


class FindingError(PermanentError):
    """A finding says what the vocabulary does not know."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is to be done about posts of a kind; what is None is not advised.

    Args:
        prefer: whether the values of the key are to be tried more often.
        characters: how long they are, from and to, in characters (1 to 280).
        line_breaks: how many they have.
        has_emoji: whether they carry one.
        tone: the cluster of tones that carries them (`taxonomy.TONES`).
        angle: the type of angle (`taxonomy.ANGLES`).
        device: by what they work (`vocabulary.DEVICES`).
    """

    prefer: bool = False
    characters: tuple[int, int] | None = None
    line_breaks: int | None = None
    has_emoji: bool | None = None
    tone: str | None = None
    angle: str | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("tone", self.tone, TONES),
            ("angle", self.angle, ANGLES),
            ("device", self.device, DEVICES),
        ):
            if value is not None and value not in known:
                raise FindingError(f"no {name} is named {value!r}")
        if self.characters is not None and not 1 <= self.characters[0] <= self.characters[1] <= 280:
            raise FindingError(f"no post has from {self.characters[0]} to {self.characters[1]} characters")
        if self.line_breaks is not None and not 0 <= self.line_breaks <= 20:
            raise FindingError(f"no post has {self.line_breaks} line breaks")

    def record(self) -> dict[str, Any]:
        """Return the advice as JSON can hold it."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Advice:
        """Return the advice that `record` recorded.

        Raises:
            FindingError: it has a field or a value that nobody knows.
        """
        if unknown := set(record) - {each.name for each in fields(cls)}:
            raise FindingError(f"no advice is about {', '.join(sorted(unknown))}")
        characters = record.get("characters")
        return cls(**{**record, "characters": tuple(characters) if characters is not None else None})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one source found of posts of one kind.

    Args:
        source: who found it.
        kind: the posts it is about, as values of factors; at least one.
        posts: how many it rests on, at least one.
        effect: on the log of the reward, with the ends of its 80 % interval, as (mean, low, high); None: not of this
            sort.
    """

    source: Source
    kind: tuple[tuple[str, str], ...]
    advice: Advice
    posts: int
    confidence: Confidence
    effect: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if not self.kind or self.posts < 1:
            raise FindingError("a finding is about posts of some kind, and rests on some")
        for factor, value in self.kind:
            if value not in FACTORS.get(factor, ()):
                raise FindingError(f"the taxonomy knows no {factor} {value!r}")

    @property
    def key(self) -> str:
        """Return the one name of its kind, factors in alphabetical order: `hook=question|topic=sleep`."""
        return "|".join(f"{factor}={value}" for factor, value in sorted(self.kind))

    def is_about(self, arm: Arm) -> bool:
        """Tell whether a post of this arm is of its kind."""
        return all(getattr(arm, factor) == value for factor, value in self.kind)


def parse_kind(key: str) -> tuple[tuple[str, str], ...]:
    """Return the kind that `Finding.key` named."""
    return tuple((factor, value) for factor, _, value in (part.partition("=") for part in key.split("|")))


def confidence_of(posts: int) -> Confidence:
    """Return how far a finding on so many posts is to be trusted (domain.md 5.5): 20, 10, or fewer."""
    return "high" if posts >= 20 else "medium" if posts >= 10 else "low"


def preferences(findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """Return the values of each factor that are to be tried more often, the best founded first.

    Of each factor at most three. One place is kept for the best founded value of each of `PLACE_KEPT`, if it names one;
    all else goes by strength. Only a finding about a single value can be followed without saying anything of other
    factors.
    """
    wanted: dict[str, list[Finding]] = {}
    for finding in _strongest_first(findings):
        if finding.advice.prefer and len(finding.kind) == 1:
            wanted.setdefault(finding.kind[0][0], []).append(finding)
    return {factor: _places(each) for factor, each in sorted(wanted.items())}


def _places(wanted: Sequence[Finding]) -> tuple[str, ...]:
    """Return the values of one factor that get a place, in the order in which they are wanted."""
    order = list(dict.fromkeys(finding.kind[0][1] for finding in wanted))
    first = {finding.source: finding.kind[0][1] for finding in reversed(wanted)}
    kept = [first[source] for source in PLACE_KEPT if source in first]
    chosen = list(dict.fromkeys([*kept, *order]))[:MOST_PREFERRED]
    return tuple(value for value in order if value in chosen)


def advice_for(arm: Arm, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what is advised for a post of this arm, a line each: of the most special kind, then the surest.

    Of tone and angle nothing is said here: a post has one of each, see `frame_for`.
    """
    lines: dict[str, str] = {}
    for finding in _about(arm, findings):
        for name, line in _lines(finding.advice):
            lines.setdefault(name, line)
    return tuple(lines.values())


def frame_for(arm: Arm, findings: Iterable[Finding]) -> tuple[str | None, str | None]:
    """Return the cluster of tones and the type of angle that are advised for a post of this arm, None where none is."""
    advice = [finding.advice for finding in _about(arm, findings)]
    tone = next((each.tone for each in advice if each.tone is not None), None)
    angle = next((each.angle for each in advice if each.angle is not None), None)
    return tone, angle


def _about(arm: Arm, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings about this arm, those of the most special kind first, then the surest."""
    fitting = _strongest_first(finding for finding in findings if finding.is_about(arm))
    return sorted(fitting, key=lambda each: -len(each.kind))


def _strongest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return them by confidence, then in the order of `SOURCES`, then by posts.

    `competitive` counts the posts of `observed` again beside its own, and less often. By posts it would always speak
    first of a kind; it speaks after `observed` instead, as one of the same strength.
    """
    known = list(findings)
    observed = {each.key: each for each in known if each.source == "observed"}

    def weakness(finding: Finding) -> tuple[int, int, int, float, str, int]:
        rival = observed.get(finding.key, finding) if finding.source == "competitive" else finding
        mean = rival.effect[0] if rival.effect is not None else 0.0
        place = SOURCES.index(rival.source)
        own_place = SOURCES.index(finding.source)
        return _RANKS.index(rival.confidence), place, -rival.posts, -mean, finding.key, own_place

    return sorted(known, key=weakness)


def _lines(advice: Advice) -> Iterable[tuple[str, str]]:
    if advice.characters is not None:
        yield "characters", f"about {advice.characters[0]} to {advice.characters[1]} characters"
    if advice.line_breaks is not None:
        yield "line_breaks", f"{advice.line_breaks} line breaks"
    if advice.has_emoji is not None:
        yield "has_emoji", "one emoji" if advice.has_emoji else "no emoji"
    if advice.device is not None:
        yield "device", DEVICES[advice.device]
