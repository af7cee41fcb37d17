"""Folding: of many equal lines in a second the first go out, and one more stands for all others.

It is for the lines that the governor never leaves out: a storm of one error would else break any limit.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from actors.domain.escaping import describe
from actors.domain.health.fingerprint import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from actors.domain.escaping import Plain

WHOLE = 10
"""Equal lines of a second that go out one by one."""
_MOST_KINDS = 200
"""Kinds of lines that are told apart in a second; a storm of more kinds goes out line by line."""
_SECOND_S = 1.0
ABOUT = ("lane", "job", "run", "stage", "attempt", "decision", "tweet", "actor", "front", "server", "resource", "slot",
         "thread_name", "id")  # fmt: skip
"""Fields that make two lines of one sentence two different ones."""

Likeness = tuple[str, ...]


def likeness_of(logger: str, action: str, sentence: str, extra: Mapping[str, Any]) -> Likeness:
    """Return what equal lines have in common: all but the time, numbers in the sentence, and what they quote."""
    return (logger, action, mask(sentence), *(describe(extra.get(name, "")) for name in ABOUT))


@dataclass(slots=True)
class Folded:
    """The line that stands for others: the first of them, and how many they are, itself among them."""

    line: dict[str, Plain]
    count: int = 0


@dataclass(slots=True)
class Folding:
    """Counts equal lines of the running second. `now` is monotonic seconds; no line is lost, nor counted twice."""

    second: float = 0.0
    seen: Counter[Likeness] = field(default_factory=Counter)
    held: dict[Likeness, Folded] = field(default_factory=dict)

    def takes(self, likeness: Likeness, make: Callable[[], dict[str, Plain]]) -> bool:
        """Take one line into account; True if it is held for the line that will stand for it. Ask `over` before.

        Args:
            likeness: see `likeness_of`.
            make: returns the line; called for the first of each kind that is held.
        """
        if likeness not in self.seen and len(self.seen) >= _MOST_KINDS:
            return False
        self.seen[likeness] += 1
        if self.seen[likeness] <= WHOLE:
            return False
        held = self.held.get(likeness)
        if held is None:
            held = self.held[likeness] = Folded(make())
        held.count += 1
        return True

    def over(self, now: float) -> list[Folded]:
        """Begin another second if this one is over, and return what stands for lines of it."""
        if now - self.second < _SECOND_S:
            return []
        self.second = now
        self.seen.clear()
        held, self.held = list(self.held.values()), {}
        return held
