"""Correction: which receipts bear the id of another post, and which one is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.recovery.matching import Standing, find_parts, in_turn
from actors.domain.text import normalise

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable, Sequence

    from actors.domain.recovery.case import Case


@dataclass(frozen=True, slots=True)
class Correction:
    """A part of a decision whose receipt is to bear another id."""

    decision_id: uuid.UUID
    part: int
    wrong_id: str
    right_id: str


def corrections(
    cases: Iterable[Case],
    posts: Sequence[Standing],
    told: Collection[tuple[uuid.UUID, int]],
    receipted: Collection[str],
    account: str,
) -> list[Correction]:
    """Return what is to be corrected, all of it together: two receipts may bear each other's id.

    A receipt is wrong if it is told so, or if the post of its id says something else on our timeline. Right is
    the post that fits its part as in `find_parts` and is no other receipt's. Without such a post nothing is corrected:
    a wrong id is known to be wrong, another guess is not.

    Args:
        cases: every decision whose receipts may be wrong, or stand in the way of one.
        posts: our timeline.
        told: decision and part of each receipt that is wrong by its page, or whose post is proven not to be there.
        receipted: all ids that have a receipt.
        account: our own handle.
    """
    words = {post.id: normalise(post.text) for post in posts}
    cases = in_turn(cases)
    wrong = {
        (case.decision_id, part): kept.tweet_id
        for case in cases
        for part, kept in case.receipts.items()
        if (case.decision_id, part) in told or _says_otherwise(words.get(kept.tweet_id), case.parts[part])
    }
    taken = set(receipted) - set(wrong.values())
    found: list[Correction] = []
    for case in cases:
        sound = {part: kept.tweet_id for part, kept in case.receipts.items() if (case.decision_id, part) not in wrong}
        if len(sound) == len(case.receipts):
            continue
        for part, right_id in find_parts(case, posts, taken, account, sound).items():
            wrong_id = wrong.get((case.decision_id, part))
            if wrong_id is not None and wrong_id != right_id:
                found.append(Correction(case.decision_id, part, wrong_id, right_id))
                taken.add(right_id)
    return _possible(found, set(wrong.values()))


def _says_otherwise(seen: str | None, text: str) -> bool:
    # A card that could not be read says nothing.
    return bool(seen) and seen != normalise(text)


def _possible(found: list[Correction], wrong: set[str]) -> list[Correction]:
    """Leave out what would need an id that its present holder does not let go."""
    while True:
        freed = {each.wrong_id for each in found}
        left = [each for each in found if each.right_id not in wrong or each.right_id in freed]
        if len(left) == len(found):
            return found
        found = left
