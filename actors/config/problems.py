"""What is wrong with a configuration, collected and said at once."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.domain.redaction import redact_shapes
from actors.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Given:
    """A raw value and where it was found.

    `name` is what the operator wrote (a dotted key or a variable), `source` the file, "environment" or "command
    line"; `is_text` says whether the value had no type there.
    """

    name: str
    value: object
    source: str
    is_text: bool = True

    def describe(self, *, is_secret: bool = False) -> str:
        """Write `name = value (source)`, harmless on a terminal."""
        shown = "***" if is_secret else redact_shapes(json.dumps(self.value, default=str))
        if len(shown) > _LONGEST_VALUE:
            shown = f"{shown[:_LONGEST_VALUE]}..."
        return f"{printable(self.name)} = {shown} ({self.source})"


def printable(name: str) -> str:
    """Write a name of foreign origin in plain ASCII."""
    return json.dumps(name)[1:-1]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; nearest known: X", to end a sentence with, or nothing when no known word is alike."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; nearest known: {found[0]}" if found else ""


def refusal(problems: Sequence[str]) -> ConfigError:
    """Make the one error that names all problems, a line each."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ConfigError("\n  ".join([f"the configuration is refused, {count}:", *problems]))
