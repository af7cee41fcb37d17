"""What may follow a word and its name: `for 2h` and `because the site is being moved`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from actors.domain.duration import parse_duration

FOR, BECAUSE = "for", "because"
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=31)
_MOST_SIGNS = 200


@dataclass(frozen=True, slots=True)
class Clauses:
    """How long, and why."""

    lasting: timedelta | None = None
    """None: until somebody says otherwise."""
    because: str = ""


def read_clauses(words: tuple[str, ...], allowed: tuple[str, ...]) -> Clauses | str:
    """Read `[for DURATION] [because TEXT]`, or say what is wrong with it.

    The words stay as the sender gave them, for he may have signed them: a text may come as one or as several.

    Args:
        words: what follows the name.
        allowed: which of the two may be said, in their order.
    """
    lasting, rest = None, words
    if FOR in allowed and rest[:1] == (FOR,):
        try:
            lasting = parse_duration(rest[1])
        except (IndexError, ValueError, OverflowError):
            return 'after `for` comes a duration, for example "90s", "15m", "2h" or "1d12h"'
        if not SHORTEST <= lasting <= LONGEST:
            return "a duration is from 1s to 31d"
        rest = rest[2:]
    if BECAUSE not in allowed or rest[:1] != (BECAUSE,):
        return Clauses(lasting) if not rest else f"after the name may come {' and '.join(f'`{a}`' for a in allowed)}"
    because = " ".join(rest[1:]).strip()
    if not because or len(because) > _MOST_SIGNS or not because.isprintable():
        return f"after `because` comes a printable text of at most {_MOST_SIGNS} signs"
    return Clauses(lasting, because)
