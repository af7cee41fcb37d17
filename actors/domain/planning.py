"""Planning: when the next post is due, and what it is about apart from the learner's arm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from actors.domain.taxonomy import ANGLES, CALENDAR, SLOT_GENERATORS, TONES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

Item = TypeVar("Item")

_ANGLES_AVOIDED, _TONES_AVOIDED = 20, 10


@dataclass(frozen=True, slots=True)
class Theme:
    """The editorial frame of one decision: content slot, angle and tone."""

    slot: str
    angle: str
    tone: str

    @property
    def preferred(self) -> dict[str, tuple[str, ...]]:
        """Return the arms the slot would rather see, for the exploring half of the learner's slate."""
        return {"generator": SLOT_GENERATORS[self.slot]}


def merged(*preferences: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the preferred values of all, each once, those of the earlier ones first."""
    together: dict[str, tuple[str, ...]] = {}
    for each in preferences:
        for factor, values in each.items():
            together[factor] = tuple(dict.fromkeys((*together.get(factor, ()), *values)))
    return together


def free_times(room: int, now: datetime, last: datetime | None, spacing: timedelta) -> list[datetime]:
    """Return the due times of `room` more decisions: at once if nothing is ahead, then one `spacing` apart.

    `last` is the latest due time or intent there is.
    """
    first = now if last is None else max(now, last + spacing)
    return [first + index * spacing for index in range(room)]


def theme_for(at: datetime, recent: Sequence[Theme], rng: np.random.Generator) -> Theme:
    """Return the frame of a decision due at `at`: the weekday's slot not used last, an angle and a tone unused lately.

    `recent` is newest first. Avoids the last 20 angles and, within a cluster used as rarely as any, the last 10 tones
    (domain.md 1.3, job 2); a list that is exhausted starts over.
    """
    slots = CALENDAR[at.weekday()]
    slot = next((slot for slot in slots if not recent or slot != recent[0].slot), slots[0])
    angles = [angle for group in ANGLES.values() for angle in group]
    angle = _fresh(angles, [theme.angle for theme in recent[:_ANGLES_AVOIDED]], rng)
    tones = _tones_of_the_rarest_cluster([theme.tone for theme in recent[:20]])
    return Theme(slot, angle, _fresh(tones, [theme.tone for theme in recent[:_TONES_AVOIDED]], rng))


def advised(
    theme: Theme, tone: str | None, angle: str | None, recent: Sequence[Theme], rng: np.random.Generator
) -> Theme:
    """Return the frame with its tone and its angle drawn from what is advised for the arm that was chosen.

    What was said lately is avoided as in `theme_for`: with nothing fresh among what is advised, what was drawn stays.

    Args:
        theme: as it was drawn without advice.
        tone: a cluster of `taxonomy.TONES`, None if none is advised.
        angle: a type of `taxonomy.ANGLES`, None if none is advised.
        recent: the newest first.
        rng: another one than the frame was drawn with.
    """
    used_angles = [each.angle for each in recent[:_ANGLES_AVOIDED]]
    used_tones = [each.tone for each in recent[:_TONES_AVOIDED]]
    angles = [each for each in (ANGLES[angle] if angle is not None else ()) if each not in used_angles]
    tones = [each for each in (TONES[tone] if tone is not None else ()) if each not in used_tones]
    return Theme(
        theme.slot,
        _fresh(angles or [theme.angle], (), rng),
        _fresh(tones or [theme.tone], (), rng),
    )


def _tones_of_the_rarest_cluster(used: Sequence[str]) -> list[str]:
    uses = {cluster: sum(tone in tones for tone in used) for cluster, tones in TONES.items()}
    fewest = min(uses.values())
    return [tone for cluster, count in uses.items() if count == fewest for tone in TONES[cluster]]


def _fresh(every: Sequence[Item], used: Sequence[Item], rng: np.random.Generator) -> Item:
    unused = [item for item in every if item not in used] or list(every)
    return unused[int(rng.integers(len(unused)))]
